"""Which plugins can run together: sentences for every way they cannot."""

from pathlib import Path

import pytest

from kumiko.host.manifest import Manifest
from kumiko.host.resolver import dependents, resolve


def one(name: str, *, provides=(), requires=(), wants=(), collections=(), core=False) -> Manifest:
    return Manifest(
        name=name,
        version="1",
        module=f"{name}.plugin",
        folder=Path(),
        title=name,
        prefix=name,
        provides=tuple(provides),
        requires=tuple(requires),
        wants=tuple(wants),
        collections=tuple(collections),
        core=core,
    )


DEALS = one("deals", provides=["deals/1"], requires=["parties/1"])
PARTIES = one("parties", provides=["parties/1"], core=True)
SALES = one("sales", requires=["deals/1"], wants=["tasks/1"])
CASES = {
    "a requirement that is installed but off": (
        [PARTIES, SALES],
        [DEALS],
        "sales needs 'deals/1', which no active module provides; enable deals first.",
    ),
    "a requirement nobody has": (
        [SALES],
        [],
        "sales needs 'deals/1', which no installed module provides; install one that does.",
    ),
    "another major": (
        [one("deals", provides=["deals/2"]), SALES],
        [],
        (
            "sales needs 'deals/1', and deals provides 'deals/2': the majors differ; "
            "install a sales made for 'deals/2' or a deals that provides deals/1."
        ),
    ),
    "two providers": (
        [one("deals", provides=["deals/1"]), one("acme", provides=["deals/1"])],
        [],
        (
            "acme and deals both provide the contract 'deals/1'; only one of them can be on: disable the other first, "
            "or let one take over from the other (replace). "
            "deals and acme both provide the contract 'deals/1'; only one of them can be on: disable the other first, "
            "or let one take over from the other (replace)."
        ),
    ),
    "two owners of a collection": (
        [one("deals", collections=["deals"]), one("acme", collections=["deals"])],
        [],
        (
            "acme and deals both claim the collection 'deals'; only one of them can be on: disable the other first. "
            "deals and acme both claim the collection 'deals'; only one of them can be on: disable the other first."
        ),
    ),
    "a circle": (
        [one("a", provides=["a/1"], requires=["b/1"]), one("b", provides=["b/1"], requires=["a/1"])],
        [],
        (
            "a is part of a circle of requirements (a -> b -> a); one of them must only want, not require. "
            "b is part of a circle of requirements (a -> b -> a); one of them must only want, not require."
        ),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_problem_is_a_sentence(case):
    wanted, installed, sentences = CASES[case]
    found = resolve(wanted, [*wanted, *installed])
    assert " ".join(found.sentences) == sentences


def test_requirements_come_first_and_core_before_all():
    found = resolve([SALES, DEALS, PARTIES])
    assert (found.order, dict(found.problems)) == (("parties", "deals", "sales"), {})
    assert dict(found.providers) == {"deals/1": "deals", "parties/1": "parties"}


def test_what_needs_a_broken_one_is_left_out_too_and_the_rest_stays():
    found = resolve([SALES, one("deals", provides=["deals/1"], requires=["moon/1"]), PARTIES, one("tasks")])
    assert (found.order, sorted(found.problems)) == (("parties", "tasks"), ["deals", "sales"])


def test_a_circle_takes_its_dependents_along_and_nobody_else():
    found = resolve(
        [
            one("a", provides=["a/1"], requires=["b/1"]),
            one("b", provides=["b/1"], requires=["a/1"]),
            one("c", requires=["a/1"]),
            one("d"),
        ]
    )
    assert (found.order, sorted(found.problems)) == (("d",), ["a", "b", "c"])


def test_a_core_provider_wins_against_a_plugin():
    found = resolve([PARTIES, one("acme", provides=["parties/1"])])
    assert (found.order, sorted(found.problems)) == (("parties",), ["acme"])


def test_a_wish_never_blocks():
    assert resolve([one("sales", wants=["tasks/1"])]).order == ("sales",)


def test_dependents_are_listed_with_theirs():
    enabled = [PARTIES, DEALS, one("sales", provides=["sales/1"], requires=["deals/1"]), one("x", requires=["sales/1"])]
    assert dependents("deals", enabled) == ["sales", "x"]
    assert dependents("x", enabled) == []
