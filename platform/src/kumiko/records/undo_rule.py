"""The value rule of design 2: what a field is worth by the journal, and the change that brings a record there.

A field's value is the `after` of its newest entry that is not undone, else the `before` of its first entry.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import forms
from kumiko.records.catalogue import TypeInfo
from kumiko.records.drafts import Draft
from kumiko.records.models import Entry
from kumiko.records.states import State
from kumiko.records.writer import EXISTS

_entry = table_of(Entry)
SLICE = 500

Marks = Mapping[int, frozenset[str]]  # entry id -> names that count as undone


def entries_with_a_say(ids: Sequence[int]) -> dict[int, list[Any]]:
    """All entries that the rule looks at, per record, oldest first."""
    found: dict[int, list[Any]] = {}
    columns = (
        _entry.c.id, _entry.c.record_id, _entry.c.unit_id, _entry.c.action, _entry.c.before, _entry.c.after,
        _entry.c.undone,
    )  # fmt: skip
    query = (
        select(*columns)
        .where(_entry.c.record_id.in_(bindparam("ids", expanding=True)), _entry.c.derived.is_(False))
        .order_by(_entry.c.id)
    )
    for start in range(0, len(ids), SLICE):
        for row in trusted(query, {"ids": list(ids[start : start + SLICE])}).mappings():
            found.setdefault(row["record_id"], []).append(row)
    return found


def undone_names(entry: Any, marks: Marks) -> frozenset[str]:
    """The names of an entry that do not count: as marked in the store, or as `marks` would have it."""
    found = marks.get(entry["id"])
    return frozenset(entry["undone"] or ()) if found is None else found


def ruled(name: str, history: Sequence[Any], marks: Marks) -> tuple[Any, Any]:
    """Value of a field by the rule (journal form), and the entry that holds it (None: the value before all)."""
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
        if name in after and name not in undone_names(entry, marks):
            return after[name], entry
    return first, None


def draft_of_rule(info: TypeInfo, state: State, wanted: Mapping[str, Any]) -> Draft | None:
    """The change that gives a record these values (by journal name); None when it has them already."""
    values: dict[str, Any] = {}
    many: dict[str, dict[str, Any]] = {}
    exists = not state.deleted
    wanted_exists = exists
    for name in sorted(wanted):
        if name == EXISTS:
            wanted_exists = bool(wanted[name])
        else:
            _lay(info, state, name, wanted[name], values, many)
    for field_name, elements in many.items():
        values[field_name] = _many_value(info, field_name, elements)
    values = {one: value for one, value in values.items() if value != Draft(info, "changed", {}, state).before(one)}
    if wanted_exists != exists:
        return Draft(info, "restored" if wanted_exists else "deleted", values, state)
    return Draft(info, "changed", values, state) if values else None


def is_derived(info: TypeInfo, name: str) -> bool:
    """Whether a field follows from others, so that it holds no value of its own."""
    one = info.find(forms.split_key(name)[0])
    return one is not None and one.field.derived


def value_now(info: TypeInfo, state: State, name: str) -> Any:
    """The stored value of a field, in journal form."""
    if name == EXISTS:
        return not state.deleted
    head, key = forms.split_key(name)
    one = info.find(head)
    if one is None:
        return None
    if key is not None:
        return state.many.get(one.name, {}).get(key)
    return forms.to_journal(one, state.values.get(one.name))


def names_of(entry: Any) -> Iterable[str]:
    """What an undo of the whole entry marks: a record is unmade as a whole, its first values stay known."""
    if entry["action"] == "created":
        return (EXISTS,)
    return {**(entry["before"] or {}), **(entry["after"] or {})}


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
