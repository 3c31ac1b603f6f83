"""Contracts stand in the documents as they are, and each has what a contract has."""

import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

from kumiko_contracts import suites

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("parties", "deals", "inquiries", "sales", "tasks", "processes")


def test_the_pages_say_what_the_contracts_say():
    done = subprocess.run([sys.executable, ROOT / ".ci" / "contracts", "--check"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize("word", WORDS)
def test_a_contract_has_shapes_facts_a_null_object_and_a_suite(word):
    contract = importlib.import_module(f"kumiko_contracts.{word}")
    suite = importlib.import_module(f"kumiko_contracts.suites.{word}")
    assert f"{word}/1" == contract.VERSION
    assert [shape.key.partition(".")[0] for shape in contract.SHAPES] == [word] * len(contract.SHAPES)
    assert all(fact.fields and all(fact.fields.values()) for fact in contract.FACTS)
    assert inspect.getdoc(contract.Null)
    assert len({check.__doc__ for check in suite.CHECKS}) == len(suite.CHECKS) > 0


@pytest.mark.parametrize("word", WORDS)
def test_every_check_of_a_suite_is_in_its_list(word):
    suite = importlib.import_module(f"kumiko_contracts.suites.{word}")
    public = [
        one for name, one in vars(suite).items()
        if inspect.isfunction(one) and one.__module__ == suite.__name__ and not name.startswith("_")
    ]  # fmt: skip
    assert sorted(one.__name__ for one in public) == sorted(one.__name__ for one in suite.CHECKS)


@pytest.mark.parametrize("word", WORDS)
def test_the_null_object_answers_everything_that_the_service_does(word):
    contract = importlib.import_module(f"kumiko_contracts.{word}")
    protocols = [one for one in vars(contract).values() if getattr(one, "_is_protocol", False)]
    wanted = {
        name: list(inspect.signature(method).parameters)
        for protocol in protocols if protocol.__module__ == contract.__name__
        for name, method in vars(protocol).items() if inspect.isfunction(method) and not name.startswith("_")
    }  # fmt: skip
    found = {name: list(inspect.signature(getattr(contract.Null, name)).parameters) for name in wanted}
    assert found == wanted


def test_a_check_says_what_it_wanted_and_found():
    with pytest.raises(AssertionError, match="the outcome: wanted 'won', found 'open'"):
        suites.same("open", "won", "the outcome")
