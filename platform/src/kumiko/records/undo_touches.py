"""What an undo would touch: entries with the names to be marked, and what that means for each record.

Undoing an undo (redo) touches the very names that it marked, as `records_mark` remembers them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select, func, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.operate import lifecycle
from kumiko.records import forms, rights
from kumiko.records.catalogue import TypeInfo
from kumiko.records.models import Entry, Mark, Unit
from kumiko.records.states import State, load_states
from kumiko.records.undo_rule import entries_with_a_say, is_derived, names_of, ruled, undone_names, value_now
from kumiko.records.writer import EXISTS

_unit, _entry, _mark = table_of(Unit), table_of(Entry), table_of(Mark)
SLICE = 500


@dataclass(frozen=True, slots=True)
class Touch:
    """One entry of an undo: the names to be marked as undone, or (not `undone`: a redo) to be unmarked."""

    entry: Any
    names: frozenset[str]
    undone: bool


@dataclass(slots=True)
class RecordTouch:
    """What an undo means for one record: the names whose value is looked at again, and how its entries will stand."""

    info: TypeInfo
    state: State
    names: frozenset[str]
    history: list[Any]
    marks: dict[int, frozenset[str]]  # entry id -> names that count as undone afterwards
    changed: list[Touch]  # with those names only whose mark changes
    fixed: frozenset[str]  # names that the person may not change, or wants to stay as they are

    def value(self, name: str) -> tuple[Any, Any]:
        """The value by the rule, and the entry that holds it."""
        return ruled(name, self.history, self.marks)

    @property
    def wanted(self) -> dict[str, Any]:
        """Name -> value by the rule: of the touched names, and of those that a former undo could not bring there.

        A type's rules may have had the last word then (no archived rate is the default); as things stand now they may
        agree. So the outcome does not depend on the order of undoing.
        """
        found = {name: self.value(name)[0] for name in self.names}
        marked = frozenset[str]().union(*(self._marked(entry) for entry in self.history)) - self.names - self.fixed
        for name in sorted(marked):
            if name != EXISTS and not is_derived(self.info, name) and self.info.find(forms.split_key(name)[0]):
                value = self.value(name)[0]
                if value != value_now(self.info, self.state, name):
                    found[name] = value
        return found

    def as_it_was(self, name: str) -> tuple[bool, Any]:
        """Whether the record stands exactly as after one of its entries, and the value that the journal has for then.

        So it does when all entries up to that one count, and none behind it.
        """
        counting = [entry for entry in self.history if not self._is_undone(entry)]
        if not counting or counting != self.history[: len(counting)] or any(self._marked(one) for one in counting):
            return False, None
        return True, ruled(name, counting, {})[0]

    def _marked(self, entry: Any) -> frozenset[str]:
        return undone_names(entry, self.marks)

    def _is_undone(self, entry: Any) -> bool:
        return bool(self._marked(entry)) and set(names_of(entry)) <= self._marked(entry)

    def newest(self, name: str) -> Any:
        """The newest touched entry that speaks of the name."""
        return max((one.entry for one in self.changed if name in one.names), key=lambda entry: entry["id"])

    def oldest(self, name: str) -> Any:
        return min((one.entry for one in self.changed if name in one.names), key=lambda entry: entry["id"])


@dataclass
class Left:
    """What an undo leaves. `refused`: sentence -> count; `waiting`: names of modules that are off."""

    refused: dict[str, int] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)

    def refuse(self, reason: str, count: int = 1) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + count

    def wait_for(self, plugin: str) -> None:
        if plugin not in self.waiting:
            self.waiting.append(plugin)


def units_in(head: Any) -> Select[Any]:
    """Ids of the units that a unit or group stands for."""
    return select(_unit.c.id).where(_unit.c.group_id == head["id"] if head["is_group"] else _unit.c.id == head["id"])


def is_redo(head: Any) -> bool:
    return bool(head["via"] == "undo")


def count_touched(head: Any) -> int:
    """About how many entries an undo of this looks at; for a redo the marks it takes back."""
    table = _mark if is_redo(head) else _entry
    found: int = trusted(
        select(func.count()).select_from(table).where(table.c.unit_id.in_(units_in(head)))
    ).scalar_one()
    return found


def touches_of(
    head: Any, *, entry_id: int | None = None, name: str = "", after: int = 0, limit: int | None = None
) -> list[Touch]:
    """The entries to touch. An undo goes from the newest to the oldest, so that children that an import made go before
    their parents; a redo the other way. `after`: the id of the last entry (redo: mark) of the slice before.
    """
    if is_redo(head):
        return _touches_of_redo(head, entry_id, name, after, limit)
    query = select(_entry).where(_entry.c.unit_id.in_(units_in(head)), _entry.c.derived.is_(False))
    query = query.order_by(_entry.c.id.desc())
    if entry_id is not None:
        query = query.where(_entry.c.id == entry_id)
    if after:
        query = query.where(_entry.c.id < after)
    found = []
    for entry in trusted(query.limit(limit) if limit is not None else query).mappings():
        names = frozenset(one for one in names_of(entry) if not name or one == name)
        found.append(Touch(entry, names, undone=True))
    return found


def _touches_of_redo(head: Any, entry_id: int | None, name: str, after: int, limit: int | None) -> list[Touch]:
    query = (
        select(_entry, _mark.c.names.label("marked"), _mark.c.undone.label("was_undone"), _mark.c.id.label("mark_id"))
        .join_from(_mark, _entry, _entry.c.id == _mark.c.entry_id)
        .where(_mark.c.unit_id.in_(units_in(head)), _mark.c.id > after)
        .order_by(_mark.c.id)
    )
    if entry_id is not None:
        query = query.where(_entry.c.id == entry_id)
    rows = trusted(query.limit(limit) if limit is not None else query).mappings().all()
    found = [
        Touch(row, frozenset(one for one in row["marked"] if not name or one == name), undone=not row["was_undone"])
        for row in rows
    ]
    if not found and not after:
        found = _touches_of_old_redo(head, entry_id, name)
    return found


def _touches_of_old_redo(head: Any, entry_id: int | None, name: str) -> list[Touch]:
    """Undone before marks were remembered: all entries of the units that it marked as undone."""
    units = select(_unit.c.id).where(_unit.c.undone_by == head["id"], ~_unit.c.is_group)
    query = select(_entry).where(_entry.c.unit_id.in_(units), _entry.c.derived.is_(False)).order_by(_entry.c.id)
    if entry_id is not None:
        query = query.where(_entry.c.id == entry_id)
    return [
        Touch(entry, frozenset(one for one in names_of(entry) if not name or one == name), undone=False)
        for entry in trusted(query).mappings()
    ]


def place_of(touch: Touch) -> int:
    """Where the next slice goes on behind this touch."""
    found: int = touch.entry["mark_id" if "mark_id" in touch.entry else "id"]
    return found


@dataclass(frozen=True, slots=True)
class Sentences:
    """Why something is left, in words: `gone` for good, `barred` (record) and `hidden` (field) for this person."""

    gone: str
    barred: str
    hidden: str


def plan_of(
    info: TypeInfo,
    touches: Sequence[Touch],
    left: Left,
    sentences: Sentences,
    *,
    kept: frozenset[tuple[int, str]] = frozenset(),
    lock: bool = False,
) -> list[RecordTouch]:
    """What the touches of one type mean, record by record; what must be left is counted in `left`.

    `kept`: (record id, name) that the person wants to stay as they are.
    """
    ids = sorted({one.entry["record_id"] for one in touches})
    states = editable(info, ids, lock=lock)
    missing = [record_id for record_id in ids if record_id not in states]
    if missing:
        there = _existing(info, missing)
        if there:
            left.refuse(sentences.barred, len(there))
        if len(missing) > len(there):
            left.refuse(sentences.gone, len(missing) - len(there))
    histories = entries_with_a_say(list(states))
    off_limits = _barred_fields(info)
    by_record: dict[int, list[Touch]] = {}
    for one in touches:
        by_record.setdefault(one.entry["record_id"], []).append(one)
    found: list[RecordTouch] = []
    for record_id, state in states.items():
        marks: dict[int, frozenset[str]] = {}
        changed: list[Touch] = []
        barred: set[str] = set()
        for one in by_record[record_id]:
            names = {name for name in one.names if not _waits(info, name, left)}
            barred |= {name for name in names if _plain(info, name) in off_limits}
            names -= barred
            names = {name for name in names if (record_id, name) not in kept}
            before = marks.get(one.entry["id"], undone_names(one.entry, {}))
            after = before | names if one.undone else before - names
            if after != before:
                marks[one.entry["id"]] = after
                changed.append(Touch(one.entry, before ^ after, one.undone))
        if barred:
            left.refuse(sentences.hidden, len(barred))
        if changed:
            names_touched = frozenset[str]().union(*(one.names for one in changed))
            history = histories.get(record_id, [])
            fixed = {name for one in history for name in undone_names(one, marks) if _plain(info, name) in off_limits}
            fixed |= {name for other, name in kept if other == record_id}
            found.append(RecordTouch(info, state, names_touched, history, marks, changed, frozenset(fixed)))
    return found


def _waits(info: TypeInfo, name: str, left: Left) -> bool:
    """Whether the module that keeps the field is off; it is noted then."""
    owner = owner_who_is_off(info, name)
    if owner:
        left.wait_for(owner)
    return bool(owner)


def _plain(info: TypeInfo, name: str) -> str:
    head = forms.split_key(name)[0]
    one = info.find(head)
    return one.name if one is not None else head


def _barred_fields(info: TypeInfo) -> frozenset[str]:
    """Fields that the person may not see or change by role."""
    person = context.principal()
    return person.hidden.get(info.key, frozenset()) | person.read_only_fields.get(info.key, frozenset())


def editable(info: TypeInfo, ids: Sequence[int], *, lock: bool = False) -> dict[int, State]:
    """States of the records, live or in the bin, that the person may edit today."""
    person = context.principal()
    live = load_states(info, ids, criterion=rights.criterion(info, person, "edit"), lock=lock)
    rest = [record_id for record_id in ids if record_id not in live]
    if rest:
        live |= load_states(info, rest, criterion=rights.criterion(info, person, "edit", deleted=True), lock=lock)
    return live


def _existing(info: TypeInfo, ids: Iterable[int]) -> set[int]:
    found: set[int] = set()
    listed = list(ids)
    for start in range(0, len(listed), SLICE):
        query = select(info.table.c.id).where(info.table.c.id.in_(listed[start : start + SLICE]))
        found |= set(trusted(query).scalars())
    return found


def owner_who_is_off(info: TypeInfo, name: str) -> str:
    """The module that knows this field and is off: an extension's, or another provider of the type; else ""."""
    head = forms.split_key(name)[0]
    if name == EXISTS or info.find(head) is not None:
        return ""
    if head.startswith("custom."):
        return head  # its definition lies in the bin; the value waits for it
    if ":" in head:
        return head.partition(":")[0]
    generation = context.current().generation
    word = info.key.partition(".")[0]
    for one in generation.off.values() if generation is not None else ():
        if any(each.partition("/")[0] == word for each in one.provides) and lifecycle.state_of(one.name) == "disabled":
            return one.name
    return ""


def by_type(touches: Iterable[Touch]) -> Mapping[str, list[Touch]]:
    """The touches of each type, in their order."""
    found: dict[str, list[Touch]] = {}
    for one in touches:
        found.setdefault(one.entry["type_key"], []).append(one)
    return found
