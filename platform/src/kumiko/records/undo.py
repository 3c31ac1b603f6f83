"""Undo of a field, an entry, a unit or a group, by the value rule of design 2.

A field's value is the `after` of its newest entry that is not undone, else the `before` of its first entry. Undo only
sets marks, then moves each touched field to what the rule says. So all units undone, in any order, give the start
state, and undoing an undo (redo) is taking its marks back. Entries of undo units are derived: they have no say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select, update

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Conflict, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.operate import lifecycle
from kumiko.records import forms, rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.models import Entry, Unit
from kumiko.records.service import run_rules
from kumiko.records.states import State, load_states
from kumiko.records.units import OpenUnit, unit
from kumiko.records.writer import EXISTS, write

_unit, _entry = table_of(Unit), table_of(Entry)
SLICE = 500


@dataclass
class UndoResult:
    """What an undo did. `overwritten`: [{"type", "id", "field", "by"}], fields that a later unit holds.

    `refused`: [{"count", "reason"}], records the person may not edit today. `waiting`: names of modules that are off.
    """

    unit: int | None = None
    reverted: int = 0
    overwritten: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)

    def refuse(self, reason: str, count: int = 1) -> None:
        for one in self.refused:
            if one["reason"] == reason:
                one["count"] += count
                return
        self.refused.append({"count": count, "reason": reason})

    @property
    def complete(self) -> bool:
        return not self.refused and not self.waiting


def undo(unit_or_group: int, *, entry_id: int | None = None, name: str | None = None) -> UndoResult:
    """Undo a unit or group, or only one of its entries, or one field of that entry.

    NotFound when there is none; Conflict when it is undone already. All is one unit of its own (via "undo").
    """
    head = trusted(select(_unit).where(_unit.c.id == unit_or_group)).mappings().first()
    if head is None or not _may_know(head):
        raise NotFound(_("There is no change %(id)d that you may undo.", id=unit_or_group))
    if head["undone_at"] is not None:
        raise Conflict(_("This change is undone already."))
    result = UndoResult()
    with unit(via="undo", undo_of=unit_or_group, reason=_("undo of %(id)d", id=unit_or_group)) as opened:
        heads = _units_of(head)
        redo = head["via"] == "undo"
        if redo:
            heads = _units_undone_by(head["id"])
        entries = _entries(heads, entry_id)
        if not entries and entry_id is not None:
            raise NotFound(_("There is no entry %(id)d in this change.", id=entry_id))
        postponed: list[Draft] = []
        for start in range(0, len(entries), SLICE):
            postponed += _undo_slice(entries[start : start + SLICE], name, opened, result, undone=not redo)
        _try_again(postponed, opened, result)
        _reread(entries)
        _settle_units(head, heads, opened, whole=entry_id is None, undone=not redo, result=result)
        result.unit = opened.id
    return result


def _may_know(head: Any) -> bool:
    """Own units, and for administrators everybody's; what is in them is checked record by record."""
    person = context.principal()
    if person.is_administrator or head["actor_id"] == person.user_id:
        return True
    units = select(_unit.c.id).where(_unit.c.group_id == head["id"]) if head["is_group"] else [head["id"]]
    query = select(_entry.c.type_key, _entry.c.record_id).where(_entry.c.unit_id.in_(units)).limit(SLICE)
    by_type: dict[str, list[int]] = {}
    for type_key, record_id in trusted(query):
        by_type.setdefault(type_key, []).append(record_id)
    return any(_editable(info, ids) for key, ids in by_type.items() if (info := catalogue().find(key)) is not None)


def _units_of(head: Any) -> list[int]:
    if not head["is_group"]:
        return [head["id"]]
    query = select(_unit.c.id).where(_unit.c.group_id == head["id"], _unit.c.undone_at.is_(None)).order_by(_unit.c.id)
    return list(trusted(query).scalars())


def _units_undone_by(undo_unit: int) -> list[int]:
    return list(trusted(select(_unit.c.id).where(_unit.c.undone_by == undo_unit, ~_unit.c.is_group)).scalars())


def _entries(unit_ids: Sequence[int], entry_id: int | None) -> list[Any]:
    found: list[Any] = []
    for start in range(0, len(unit_ids), SLICE):
        query = select(_entry).where(_entry.c.unit_id.in_(unit_ids[start : start + SLICE]))
        if entry_id is not None:
            query = query.where(_entry.c.id == entry_id)
        found += trusted(query.order_by(_entry.c.id)).mappings().all()
    # Newest first: an import that made parents before children takes the children back first.
    return list(reversed(found))


def _undo_slice(
    entries: Iterable[Any], name: str | None, opened: OpenUnit, result: UndoResult, *, undone: bool
) -> list[Draft]:
    """Undo some entries; gives the drafts that a rule refuses as things stand now."""
    postponed: list[Draft] = []
    by_type: dict[str, list[Any]] = {}
    for entry in entries:
        by_type.setdefault(entry["type_key"], []).append(entry)
    for type_key, listed in by_type.items():
        info = catalogue().find(type_key)
        if info is None:
            module = type_key.partition(".")[0]
            if module not in result.waiting:
                result.waiting.append(module)
            continue
        postponed += _undo_of_type(info.whole, listed, name, opened, result, undone=undone)
    return postponed


def _reread(entries: Iterable[Any]) -> None:
    """Let extensions whose tables are a reading of the journal read these records' again: their marks changed."""
    touched: dict[str, set[int]] = {}
    for entry in entries:
        touched.setdefault(entry["type_key"], set()).add(entry["record_id"])
    for type_key, ids in touched.items():
        info = catalogue().find(type_key)
        for side in info.extensions if info is not None else ():
            if side.extension.reread is not None:
                side.extension.reread(sorted(ids))


def _try_again(postponed: list[Draft], opened: OpenUnit, result: UndoResult) -> None:
    """Once the rest is written: a team may go when its members and the teams below it are gone."""
    reasons: list[str] = []
    while postponed:
        left: list[Draft] = []
        reasons = []
        for draft in postponed:
            draft.errors.clear()
            try:
                run_rules([draft])
            except (Invalid, Conflict) as fault:
                left.append(draft)
                reasons.append(fault.message)
            else:
                result.reverted += len(write(opened, [draft]))
        if len(left) == len(postponed):
            break
        postponed = left
    for reason in reasons:
        result.refuse(reason)


def _undo_of_type(
    info: TypeInfo, entries: Sequence[Any], name: str | None, opened: OpenUnit, result: UndoResult, *, undone: bool
) -> list[Draft]:
    ids = sorted({entry["record_id"] for entry in entries})
    states = _editable(info, ids, lock=True)
    barred = {record_id for record_id in ids if record_id not in states}
    if barred:
        result.refuse(_("not yours to change today"), len(barred))
    marks: dict[int, list[str]] = {}
    for entry in entries:
        if entry["record_id"] in states:
            marks[entry["id"]] = _mark(info, entry, name, result, undone=undone)
    history = _history(list(states))
    drafts: list[Draft] = []
    postponed: list[Draft] = []
    for record_id, state in states.items():
        names = {one for entry in entries if entry["record_id"] == record_id for one in marks.get(entry["id"], ())}
        draft = _draft(info, state, names, history.get(record_id, []), opened, result)
        if draft is None:
            continue
        try:
            run_rules([draft])
        except (Invalid, Conflict):
            postponed.append(draft)
            continue
        drafts.append(draft)
    result.reverted += len(write(opened, drafts))
    return postponed


def _editable(info: TypeInfo, ids: Sequence[int], *, lock: bool = False) -> dict[int, State]:
    """States of the records, live or in the bin, that the person may edit today."""
    person = context.principal()
    live = load_states(info, ids, criterion=rights.criterion(info, person, "edit"), lock=lock)
    rest = [record_id for record_id in ids if record_id not in live]
    if rest:
        live |= load_states(info, rest, criterion=rights.criterion(info, person, "edit", deleted=True), lock=lock)
    return live


def _mark(info: TypeInfo, entry: Any, name: str | None, result: UndoResult, *, undone: bool) -> list[str]:
    """Set or take back the marks of one entry; gives the names whose value must be looked at again."""
    asked = None if name is None else info.qualified(name)
    names = [one for one in {**(entry["before"] or {}), **(entry["after"] or {})} if asked is None or one == asked]
    if entry["action"] == "created":
        names = [one for one in names if one == EXISTS]  # a record is unmade as a whole; its first values stay known
    waiting = {one: owner for one in names if (owner := _owner_who_is_off(info, one))}
    for plugin in sorted(set(waiting.values())):
        if plugin not in result.waiting:
            result.waiting.append(plugin)
    names = [one for one in names if one not in waiting]
    before = set(entry["undone"] or ())
    after = before | set(names) if undone else before - set(names)
    if after != before:
        statement = update(_entry).where(_entry.c.id == entry["id"]).values(undone=sorted(after) or None)
        trusted(statement)
    return names


def _owner_who_is_off(info: TypeInfo, name: str) -> str:
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


def _history(ids: Sequence[int]) -> dict[int, list[Any]]:
    """All entries with a say, per record, oldest first, with the marks as they are now."""
    found: dict[int, list[Any]] = {}
    columns = (_entry.c.id, _entry.c.record_id, _entry.c.unit_id, _entry.c.before, _entry.c.after, _entry.c.undone)
    for start in range(0, len(ids), SLICE):
        query = (
            select(*columns)
            .where(_entry.c.record_id.in_(bindparam("ids", expanding=True)), _entry.c.derived.is_(False))
            .order_by(_entry.c.id)
        )
        for row in trusted(query, {"ids": ids[start : start + SLICE]}).mappings():
            found.setdefault(row["record_id"], []).append(row)
    return found


def ruled_value(name: str, history: Sequence[Any]) -> tuple[Any, int | None]:
    """Value of a field by the rule (journal form), and the unit that holds it (None: the value before all)."""
    first: Any = None
    seen = False
    for entry in history:
        after, before = entry["after"] or {}, entry["before"] or {}
        if not seen and (name in after or name in before):
            first, seen = before.get(name), True
            if name not in before and name in after:
                first = None if "#" in name or name == EXISTS else after.get(name)
    for entry in reversed(history):
        after = entry["after"] or {}
        if name in after and name not in (entry["undone"] or ()):
            return after[name], entry["unit_id"]
    return first, None


def _draft(
    info: TypeInfo, state: State, names: Iterable[str], history: Sequence[Any], opened: OpenUnit, result: UndoResult
) -> Draft | None:
    """The change that brings these fields to what the rule says; None when they are there already."""
    values: dict[str, Any] = {}
    many: dict[str, dict[str, Any]] = {}
    exists = not state.deleted
    wanted_exists = exists
    for name in sorted(names):
        value, holder = ruled_value(name, history)
        if name == EXISTS:
            wanted_exists = bool(value)
        else:
            _lay(info, state, name, value, values, many)
        if holder is not None and not _is_derived(info, name) and _is_later(holder, name, history):
            result.overwritten.append({"type": info.key, "id": state.id, "field": name, "by": holder})
    for field_name, wanted in many.items():
        values[field_name] = _many_value(info, field_name, wanted)
    values = {one: value for one, value in values.items() if value != Draft(info, "changed", {}, state).before(one)}
    if wanted_exists != exists:
        return Draft(info, "restored" if wanted_exists else "deleted", values, state)
    return Draft(info, "changed", values, state) if values else None


def _is_derived(info: TypeInfo, name: str) -> bool:
    one = info.find(forms.split_key(name)[0])
    return one is not None and one.field.derived


def _is_later(holder: int, name: str, history: Sequence[Any]) -> bool:
    """Whether the holding unit came after an undone entry that names the field."""
    return any(
        entry["unit_id"] < holder and name in (entry["undone"] or ()) and name in (entry["after"] or {})
        for entry in history
    )


def _lay(
    info: TypeInfo, state: State, name: str, value: Any, values: dict[str, Any], many: dict[str, dict[str, Any]]
) -> None:
    head, key = forms.split_key(name)
    one = info.find(head)
    if one is None or one.field.derived:
        return  # a field that no longer exists, or one that prepare recomputes
    plain = one.name
    if key is None:
        values[plain] = forms.from_journal(one, value)
        return
    elements = many.setdefault(plain, dict(state.many.get(plain, {})))
    if value is None:
        elements.pop(key, None)
    else:
        elements[key] = value


def _many_value(info: TypeInfo, name: str, wanted: dict[str, Any]) -> Any:
    one = info.fields[name]
    if one.kind == "list":
        rows = [{"id": int(key), **forms.item_from_journal(one, kept)} for key, kept in wanted.items()]
        return sorted(rows, key=lambda row: (row["position"], row["id"]))
    return dict(wanted) if one.kind == "external_ids" else frozenset(wanted)


def _settle_units(
    head: Any, unit_ids: Sequence[int], opened: OpenUnit, *, whole: bool, undone: bool, result: UndoResult
) -> None:
    """Mark the units whose entries are all undone now (or, at a redo, no longer)."""
    if not undone:
        values: dict[str, Any] = {"undone_at": None, "undone_by": None}
        trusted(update(_unit).where(_unit.c.undone_by == head["id"]).values(values))
        trusted(update(_unit).where(_unit.c.id == head["id"]).values(undone_at=utc_now(), undone_by=opened.id))
        return
    if not whole:
        return
    values = {"undone_at": utc_now(), "undone_by": opened.id}
    if result.complete:
        done = [*unit_ids, head["id"]]
    else:
        done = [unit_id for unit_id in unit_ids if _all_undone(unit_id)]
    for start in range(0, len(done), SLICE):
        chosen = _unit.c.id.in_(done[start : start + SLICE])
        trusted(update(_unit).where(chosen, _unit.c.undone_at.is_(None)).values(values))


def _all_undone(unit_id: int) -> bool:
    query = select(_entry.c.action, _entry.c.before, _entry.c.after, _entry.c.undone).where(_entry.c.unit_id == unit_id)
    for action, before, after, undone in trusted(query):
        names = {EXISTS} if action == "created" else set(before or ()) | set(after or ())
        if not names <= set(undone or ()):
            return False
    return True
