"""Conflicts of an undo: values that a later change holds, and records that others worked on since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import forms, history, links
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.records.models import Unit
from kumiko.records.undo_rule import is_derived, undone_names, value_now
from kumiko.records.undo_touches import RecordTouch, units_in
from kumiko.records.writer import EXISTS

_unit = table_of(Unit)


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that a later unit `by` holds, or (`field` is "@exists") a record that would go with its later changes.

    `now`: the value it has, `back`: the one it would get, both in journal form. An undo keeps such a value unless one
    asks for it to be put back; such a record goes unless one asks to keep it.
    """

    type_key: str
    record_id: int
    title: str
    field: str
    now: Any
    back: Any
    by: int

    @property
    def key(self) -> str:
        """How forms and REST name it."""
        return f"{self.record_id}:{self.field}"

    @property
    def is_existence(self) -> bool:
        return self.field == EXISTS


@dataclass(frozen=True, slots=True)
class ToldConflict:
    """A conflict in words, with who made the later change, when and by which way."""

    conflict: Conflict
    label: str
    now: str
    back: str
    actor: str
    at: datetime
    via: str
    may_put_back: bool
    now_json: Any = None
    back_json: Any = None


def conflicts_of(plan: RecordTouch, head: Any) -> list[Conflict]:
    """The conflicts in one record, by field; `head`: the unit or group that is undone."""
    found: list[Conflict] = []
    for name in sorted(plan.names):
        if name == EXISTS:
            found += _existence(plan, head)
            continue
        _value, holder = plan.value(name)
        newest = plan.newest(name)
        if holder is None or holder["id"] <= newest["id"] or is_derived(plan.info, name):
            continue
        undone = next(one.undone for one in plan.changed if one.entry["id"] == newest["id"])
        side = (plan.oldest(name)["before"] if undone else newest["after"]) or {}
        now = value_now(plan.info, plan.state, name)
        found.append(_conflict(plan, name, now, side.get(name), holder["unit_id"]))
    return found


def _existence(plan: RecordTouch, head: Any) -> list[Conflict]:
    """The record would go into the bin, and somebody else changed it since it was made."""
    value, _holder = plan.value(EXISTS)
    if value or plan.state.deleted:
        return []
    made = plan.newest(EXISTS)["id"]
    later = [
        entry for entry in plan.history
        if entry["id"] > made and EXISTS not in (entry["after"] or {})
        and not set(entry["after"] or ()) <= undone_names(entry, plan.marks)
    ]  # fmt: skip
    if not later:
        return []
    units = list({entry["unit_id"] for entry in later})
    own = set(trusted(units_in(head)).scalars()) if head["is_group"] else {head["id"]}
    query = select(_unit.c.id, _unit.c.actor_id).where(_unit.c.id.in_(units)).order_by(_unit.c.id.desc())
    me = context.principal().user_id
    others = [row.id for row in trusted(query) if row.id not in own and row.actor_id != me]
    return [_conflict(plan, EXISTS, True, False, others[0])] if others else []


def _conflict(plan: RecordTouch, name: str, now: Any, back: Any, by: int) -> Conflict:
    return Conflict(plan.info.key, plan.state.id, plan.state.title, name, now, back, by)


def told(conflicts: Sequence[Conflict]) -> list[ToldConflict]:
    """The conflicts in words, without fields that the person may not see."""
    units = {one.by for one in conflicts}
    heads = {
        row["id"]: row
        for start in range(0, len(units), 500)
        for row in trusted(select(_unit).where(_unit.c.id.in_(sorted(units)[start : start + 500]))).mappings()
    }
    names = links.names_of(_linked(conflicts))
    found: list[ToldConflict] = []
    for one in conflicts:
        info, head = catalogue().find(one.type_key), heads.get(one.by)
        if info is None or head is None:
            continue
        field = info.find(forms.split_key(one.field)[0])
        person = context.principal()
        if field is not None and field.name not in info.readable(person):
            continue
        label = _("The record itself") if one.is_existence else str(field.field.label) if field else one.field
        now = _("kept") if one.is_existence else history.readable_text(field, one.now, names)
        back = _("into the bin") if one.is_existence else history.readable_text(field, one.back, names)
        may = one.is_existence or (field is not None and field.name in info.writable(person))
        found.append(
            ToldConflict(
                one, label, now, back, head["actor"] or _("Kumiko"), head["at"], head["via"], may,
                history.json_form(field, one.now, names), history.json_form(field, one.back, names),
            )
        )  # fmt: skip
    return found


def _linked(conflicts: Iterable[Conflict]) -> list[tuple[TypeInfo, TypeInfo, int]]:
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    for one in conflicts:
        info = catalogue().find(one.type_key)
        field = info.find(forms.split_key(one.field)[0]) if info is not None else None
        if info is None or field is None:
            continue
        for value in (one.now, one.back):
            target = catalogue().find(field.field.to) if field.kind == "link" else None
            if target is not None and isinstance(value, int):
                wanted.append((info, target, value))
    return wanted
