"""The leak walk: every exit that a generation registers, asked by somebody who may not see the planted records.

`plant` makes one foreign record of every type, each text in it carrying a sentinel; `walk` asks every rule of the
application with every filling that could lead to them, and reports each answer that holds a sentinel, a planted amount,
or anything but a refusal for a planted record's own address. A new route is walked on arrival: nothing is listed here.
"""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, insert
from werkzeug.routing import IntegerConverter

from kumiko.files.models import FILE
from kumiko.files.services import attach_file
from kumiko.host import context
from kumiko.host.columns import UtcDateTime, utc_now
from kumiko.host.context import Principal
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.records import history, queries, rights, service
from kumiko.records.catalogue import TEAM, USER, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.hanging import hangs_on_any
from kumiko.records.together import new_ids
from kumiko.records.units import unit

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

    @property
    def all_ids(self) -> list[int]:
        return [*self.ids.values(), *self.binned.values()]


@dataclass(frozen=True)
class Leak:
    """One answer that gave something away."""

    method: str
    address: str
    status: int
    found: str
    exit: str = ""  # the rule that answered


def plant(
    *,
    owner_id: int,
    team_id: int | None = None,
    refused: Callable[[str, Exception], None] | None = None,
    read_by: Principal | None = None,
    force: bool = False,
) -> Planted:
    """Make foreign records of every type that is not public; called in a context that may create everything.

    `refused(type key, error)` is told of types that take no made-up record; without it the first such raises.
    `force`: types that only their module writes get a row all the same.
    `read_by`: who will walk; what their role reads whoever owns it (costs, for a head) is nothing foreign to them.
    """
    planted = Planted(owner_id=owner_id)
    for info in sorted(catalogue().types.values(), key=lambda one: hangs_on_any(one.type) is not None):
        if info.type.public or (read_by is not None and rights.level(info, read_by, "read") == "all"):
            continue
        planted.types[info.collection] = info.key
        for store in (planted.ids, planted.binned):
            try:
                store[info.collection] = _make(info, owner_id, team_id, planted)
            except Exception as error:
                if (refused is None or force) and isinstance(error, _KeptByModule):
                    store[info.collection] = _put(info, owner_id, team_id, planted, binned=store is planted.binned)
                    continue
                if refused is None:
                    raise
                refused(info.key, error)
                break
        if info.board is not None:
            places = [(scope.key, str(lane.value)) for scope in info.board.scopes() for lane in scope.lanes]
            planted.lanes[info.collection] = places
    for collection, record_id in planted.binned.items():
        made = [entry.unit for entry in history.history(planted.types[collection], record_id)]
        planted.units += made
        if made:  # rows that were put in without the service lie in the bin already
            service.delete(planted.types[collection], record_id)
    for collection, record_id in planted.ids.items():
        planted.units += [entry.unit for entry in history.history(planted.types[collection], record_id)]
    return planted


def _make(info: TypeInfo, owner_id: int, team_id: int | None, planted: Planted) -> int:
    if info.key == FILE:  # on a record of each type in turn: live ones on the first, those in the bin on another
        on = [name for name, key in planted.types.items() if name in planted.ids and key != FILE]
        collection = on[len(planted.binned) % len(on)]
        content = f"{WORD} content".encode()
        return attach_file(planted.types[collection], planted.ids[collection], f"{WORD} file.txt", content)
    values: dict[str, Any] = {}
    for one in info.writable(context.principal()).values():
        value = _value(one, planted)
        if value is not None:
            values[one.name] = value
    values |= {"owner": owner_id, "tags": [f"{WORD} tag"]}
    if team_id is not None:
        values["team"] = team_id
    values = {name: value for name, value in values.items() if name in info.fields}
    faults: Mapping[str, Any] = {}
    for attempt in range(12):
        external_id = f"{WORD}-{info.collection}-{attempt}-{len(planted.binned)}"
        try:
            return service.create(info.key, {**values, "external_id": external_id}).id
        except Invalid as refused:
            faults = refused.errors
            _try_other_values(info, values, faults, attempt)
    sentence = f"no foreign {info.key} could be planted: {faults}"
    raise (_KeptByModule if "name" in faults and not info.fields["name"].field.writable else AssertionError)(sentence)


class _KeptByModule(AssertionError):
    """Records of this type are written by their module alone."""


def _put(info: TypeInfo, owner_id: int, team_id: int | None, planted: Planted, *, binned: bool) -> int:
    """A row of a type that only its module writes (what came in, what goes out), with the sentinel in its texts."""
    number, now = len(planted.ids) + len(planted.binned), utc_now()
    with unit(reason=WORD):
        record_id = new_ids(1)[0]
        choices = {one.columns[0].name: one.field.choices[0].key for one in info.fields.values()
                   if one.field.choices and one.columns}  # fmt: skip
        row: dict[str, Any] = {"id": record_id, "owner_id": owner_id, "team_id": team_id, "created_at": now,
                               "updated_at": now, "version": 1, "deleted_at": now if binned else None}  # fmt: skip
        for column in info.table.columns:
            if column.name in row or column.name == "custom":
                continue
            if column.name in choices:
                row[column.name] = choices[column.name]
            elif isinstance(column.type, String):
                row[column.name] = f"{WORD} {number}"[: column.type.length or 200]
            elif not column.nullable and column.default is None:
                row[column.name] = now if isinstance(column.type, UtcDateTime) else 1
        trusted(insert(info.table).values(row))
    return record_id


#: A refusal that says what would do: "wanted one of the channels integrations.chat, integrations.mail, found ..."
_OFFERED = re.compile(r"wanted one of .*?([\w.-]+)(?:, [\w.-]+)*, found")


def _try_other_values(info: TypeInfo, values: dict[str, Any], faults: Mapping[str, Any], attempt: int) -> None:
    """A refused text is tried as one plain word first, then left out; what is missing and needed comes back so."""
    for name in {one.partition(".")[0] for one in faults}:
        one = info.find(name)
        plain = f"{WORD}{attempt}"
        offered = _OFFERED.search(" ".join(map(str, faults.get(name, ()))))
        if offered is not None and one is not None and one.kind == "text":
            values[name] = offered[1]
        elif one is not None and one.kind == "text" and (name not in values or " " in str(values[name])):
            values[name] = plain
        elif one is not None and one.kind in ("integer", "number") and name not in values:
            values[name] = 1
        else:
            values.pop(name, None)


def _value(one: FieldInfo, planted: Planted) -> Any:
    kind = one.kind
    if kind in ("text", "longtext"):
        limit = one.field.max_length or (getattr(one.columns[0].type, "length", None) if one.columns else None) or 200
        number = len(planted.ids) + len(planted.binned)  # what names a message elsewhere is taken in once
        return f"{WORD} {one.name} {number}" if limit >= 40 else (WORD if limit >= len(WORD) else None)
    if kind == "email":
        return f"{WORD}@{WORD}.example"
    if kind == "url":
        return f"https://{WORD}.example"
    if kind == "phone":
        return "+49 30 9876543"
    if kind == "money":
        return {"value": "9876543.21", "currency": "EUR"}
    if kind in ("integer", "number"):
        return AMOUNT if (one.field.maximum or AMOUNT) >= AMOUNT else None
    if kind == "link" and one.field.to == USER and one.name != "owner":
        return planted.owner_id
    if kind == "link" and one.field.to == TEAM:
        return None  # a share with the walker's own team would be no leak
    if kind == "link" and one.name not in ("owner", "team"):
        collection = next((name for name, key in planted.types.items() if key == one.field.to), "")
        return planted.ids.get(collection) or _public_value(one.field.to)
    if kind == "choice" and one.field.required and one.choices:
        return next(iter(one.choices))
    if kind in ("date", "moment") and one.field.required:  # a day of its own for each record: some may not overlap
        day = date(2031, 3, 4) + timedelta(days=len(planted.ids) + len(planted.binned))
        return day.isoformat() if kind == "date" else f"{day}T10:30:00Z"
    if kind == "record":
        able = [name for name in planted.ids if name in ("persons", "organizations")]
        if len(planted.ids) > len(planted.binned):
            able.reverse()  # the one for the bin names another record: some may be named once only
        collection = able[0] if able else ""
        return {"type": planted.types[collection], "id": planted.ids[collection]} if collection else None
    if kind == "list":
        row = {item.name: _value(item, planted) for item in item_fields(one)}
        return [{name: value for name, value in row.items() if value is not None}]
    return None


def _public_value(type_key: str) -> int | None:
    """Some value of a public list (a stage, a source), for the links that lead there."""
    info = catalogue().find(type_key)
    if info is None or not info.type.public:
        return None
    return next(iter(queries.all_ids(info)), None)


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
    own = [store.get(one) for one in collections for store in (planted.ids, planted.binned)]
    return not collections or all(value in own for value in values if value in planted.all_ids)


def _queries(planted: Planted) -> list[str]:
    return [
        f"q={ASKED}",
        f'filter={{"f":"name","op":"contains","v":"{ASKED}"}}',
        "limit=200&count=true",
        "sort=-created_at",
        f"ids={planted.all_ids[0]}",
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
