"""The leak walk: every exit that a generation registers, asked by somebody who may not see the planted records.

`leak_plant` makes one foreign record of every type, each text in it carrying a sentinel; `walk` asks every rule of the
application with every filling that could lead to them, and reports each answer that holds a sentinel, a planted amount,
or anything but a refusal for a planted record's own address. A new route is walked on arrival: nothing is listed here.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.routing import IntegerConverter

WORD = "leakqzx"
#: What questions ask for: found in every planted text, but an echo of the question is no leak.
ASKED = WORD[:-1]
AMOUNT = 987_654_321
MARKS = (WORD, WORD.upper(), WORD.capitalize(), "9876543.21", "9,876,543.21", "9.876.543,21", str(AMOUNT), "9876543")
METHODS = ("GET", "POST", "PATCH", "DELETE", "PUT")


@dataclass
class Planted:
    """Ids of planted records by collection, live and in the bin, their entries' units, and the words to ask for."""

    ids: dict[str, int] = field(default_factory=dict)
    binned: dict[str, int] = field(default_factory=dict)
    units: list[int] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)  # collection -> type key
    lanes: dict[str, list[tuple[str, str]]] = field(default_factory=dict)  # collection -> (scope, lane) of its board
    owner_id: int | None = None
    views: list[int] = field(default_factory=list)  # the owner's own lists
    own: dict[str, int] = field(default_factory=dict)  # records of the walker; fields hidden from them hold the words

    @property
    def all_ids(self) -> list[int]:
        return [*self.ids.values(), *self.binned.values(), *self.own.values()]


@dataclass(frozen=True)
class Leak:
    """One answer that gave something away."""

    method: str
    address: str
    status: int
    found: str
    exit: str = ""  # the rule that answered


Ask = Callable[[str, str, Mapping[str, Any] | None], tuple[int, str]]

#: Fillings per rule that name an id below a collection which it is not of, taken from all over the list.
CROSSED = 60


@contextlib.contextmanager
def errors_drawn_once(generation: Any) -> Iterator[None]:
    """Inside, an error page is drawn the first time its sentence comes, and is the bare sentence from then on.

    Most answers of a walk are refusals in few words, and drawing the page around them is most of its time.
    """
    draw, seen = generation.state["error_page"], set()

    def once(problem: Any) -> Any:
        mark = (problem.status, problem.type, problem.detail)
        if mark in seen:
            return f"{problem.detail} {problem.errors}"
        seen.add(mark)
        return draw(problem)

    generation.state["error_page"] = once
    try:
        yield
    finally:
        generation.state["error_page"] = draw


def walk(
    rules: Iterable[Any],
    planted: Planted,
    ask: Ask,
    *,
    thorough: bool = True,
    noted: Callable[[Any, Leak | None], None] | None = None,
) -> list[Leak]:
    """Ask every rule in every filling; `ask(method, address, json body or None)` gives status and text.

    `noted(rule, leak or None)` is told of every answer.

    Not `thorough`: no id is asked for below a collection that it is not of, and no question is put to an address that
    is refused without one. That is the platform's own affair, and a quarter of the time.
    """
    leaks: list[Leak] = []
    refused: set[str] = set()
    for rule, method, address, body in _questions(list(rules), planted, crossed=thorough):
        plain, _, question = address.partition("?")
        if question and plain in refused and not thorough and "/board" not in plain:  # rows are there by question only
            continue
        status, text = ask(method, address, body)
        if method == "GET" and status in (401, 403, 404):
            refused.add(address)
        found = next((mark for mark in MARKS if mark in text), "")
        if status >= 500 and status != 503:
            found = "a server error"
        leak = Leak(method, address, status, found, rule.rule) if found else None
        if leak is not None:
            leaks.append(leak)
        if noted is not None:
            noted(rule, leak)
    return leaks


def _questions(
    rules: list[Any], planted: Planted, *, crossed: bool
) -> Iterator[tuple[Any, str, str, dict[str, Any] | None]]:
    for rule in sorted(rules, key=lambda one: one.rule):
        if rule.endpoint == "static" or rule.rule.startswith("/a/"):
            continue
        fillings = [_fillings(name, converter, planted) for name, converter in rule._converters.items()]
        methods = [method for method in METHODS if method in (rule.methods or ())]
        combined = _combined(fillings)
        own = [values for values in combined if _belong_together(values, planted)]
        others = [values for values in combined if not _belong_together(values, planted)] if crossed else []
        for values in [*own, *others[:: max(len(others) // CROSSED, 1)]]:
            address = address_of(rule, dict(zip(rule._converters, values, strict=True)))
            together = _belong_together(values, planted)
            queries = _queries(planted) if together else []
            if rule.rule.endswith(("/<collection>", "/group", "/palette")) and "/api/" not in rule.rule:
                queries = [*queries, _query_of_lists(planted)]
            if "/board" in rule.rule:
                queries += _queries_of_board(planted, str(values[0]))
            for method in methods:
                if method == "GET":
                    yield rule, method, address, None
                    for query in queries:
                        yield rule, method, f"{address}?{query}", None
                else:
                    yield rule, method, address, {}


def _combined(fillings: list[list[Any]]) -> list[tuple[Any, ...]]:
    """Each filling of a place with each of the others; but ids of several places with themselves and the next ones.

    Whoever may not read the first record is not asked for the second: each with each was four fifths of all questions.
    """
    longest = max((len(one) for one in fillings), default=0)
    wide = [place for place, one in enumerate(fillings) if len(one) == longest > CROSSED]
    if len(wide) < 2:
        return list(itertools.product(*fillings))
    ids = fillings[wide[0]]
    found: list[tuple[Any, ...]] = []
    for shift in range(3):
        moved = {place: ids[shift * turn :] + ids[: shift * turn] for turn, place in enumerate(wide)}
        for number in range(len(ids)):
            narrow = ([moved[place][number]] if place in moved else one for place, one in enumerate(fillings))
            found += itertools.product(*narrow)
    return found


def _belong_together(values: tuple[Any, ...], planted: Planted) -> bool:
    """False for an id under a collection that it is not of: asked once, plainly, which is enough for a refusal."""
    collections = [value for value in values if value in planted.types]
    own = [store.get(one) for one in collections for store in (planted.ids, planted.binned, planted.own)]
    return not collections or all(value in own for value in values if value in planted.all_ids)


def _queries(planted: Planted) -> list[str]:
    return [
        f"q={ASKED}",
        f'filter={{"f":"name","op":"contains","v":"{ASKED}"}}',
        "limit=200&count=true",
        "sort=-created_at",
        f"ids={planted.all_ids[0]}",
        *(f'filter={{"f":"segment","op":"eq","v":{view_id}}}' for view_id in planted.views[:1]),
    ]


def _query_of_lists(planted: Planted) -> str:
    """A list in groups, the rows of one, and cards said to have been opened lately."""
    cards = ",".join(f"/{collection}/{record_id}" for collection, record_id in [*planted.ids.items()][:9])
    return f"group_by=owner&_group={planted.owner_id}&recent={cards}"


def _queries_of_board(planted: Planted, collection: str) -> list[str]:
    """Every lane unfolded and asked for, together and by owner."""
    found: list[str] = []
    for scope, lane in planted.lanes.get(collection, ())[:8]:
        found += [f"scope={scope}&open={lane}&_lane={lane}", f"scope={scope}&open={lane}&by=owner&_owner=others"]
    return found


def filling(name: str, converter: Any, record_id: int) -> Any:
    """A value for one place of a rule: the id where it wants a number, else a word."""
    return record_id if isinstance(converter, IntegerConverter) else ("name" if "field" in name else ASKED)


def _fillings(name: str, converter: Any, planted: Planted) -> list[Any]:
    if isinstance(converter, IntegerConverter):  # the host's own converter is derived from it
        if "unit" in name or "group" in name:
            return planted.units[:4] or [1]
        if "view" in name and planted.views:
            return planted.views[:2]
        return planted.all_ids
    if "collection" in name:
        return [*planted.types]
    if "field" in name:
        return ["name", "owner", "tags"]
    return [ASKED, "name"]


def address_of(rule: Any, values: dict[str, Any]) -> str:
    parts = []
    for is_dynamic, data in rule._trace:
        if data == "|":
            continue
        parts.append(str(values[data]) if is_dynamic else data)
    address = "".join(parts)
    return address if address.startswith("/") else "/" + address.lstrip("|")
