"""Which values a merged record has: what the winner has, what it lacks from the others, unless somebody chose."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko.duplicates.declaring import Matching
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.drafts import Draft
from kumiko.records.record_refs import RecordRef

ALL = "all"
_STAMPS = frozenset({"created_at", "created_by", "updated_at", "updated_by"})
_ADDED_UP = frozenset({"money", "number", "percent"})
Take = int | str  # id of the record whose value is kept, or ALL for lists


@dataclass
class Choice:
    """One field of a merge: what each record has, and whose value is kept. `fixed`: nobody chooses."""

    field: FieldInfo
    values: dict[int, Any]  # record id -> value as a draft holds it
    taken: Take
    fixed: str = ""
    follows: str = ""  # name of the field whose choice it follows
    result: Any = None
    differs: bool = False


def choices(info: TypeInfo, matching: Matching, olds: Sequence[Draft], take: Mapping[str, Take]) -> list[Choice]:
    """The choice for every field. `olds`: drafts without changes, the winner's first. Invalid for what cannot be."""
    found: list[Choice] = []
    allowed = info.writable(principal())
    ids = [draft.record_id or 0 for draft in olds]
    errors = [_wrong(info, allowed, ids, name, wanted) for name, wanted in take.items()]
    if any(errors):
        raise Invalid(_("Some values are not accepted."), {"take": [one for one in errors if one]})
    leaders = {name: group[0] for group in (("owner", "team"), *matching.together) for name in group[1:]}
    first = _first(matching, olds)
    by_name: dict[str, Choice] = {}
    for one in sorted(info.fields.values(), key=lambda one: one.name in leaders):
        if one.field.derived or one.name in _STAMPS:
            continue
        values = {draft.record_id or 0: draft.before(one.name) for draft in olds}
        made = Choice(one, values, ids[0])
        if one.name in matching.first_touch:
            made.taken, made.fixed = first, _("the first touch stays")
        elif one.name in leaders and leaders[one.name] in by_name:
            leader = by_name[leaders[one.name]]
            made.taken, made.follows = leader.taken, leader.field.name
        else:
            made.taken = take.get(one.name, _usual(one, made, ids))
        made.result = _result(info, made, ids)
        made.differs = len({_plain(one, value) for value in values.values() if not _empty(value)}) > 1
        by_name[one.name] = made
        found.append(made)
    order = list(info.fields)
    return sorted(found, key=lambda one: order.index(one.field.name))


def _wrong(info: TypeInfo, allowed: Collection[str], ids: Sequence[int], name: str, wanted: Take) -> str:
    one = info.find(name)
    if one is None or one.name not in allowed or one.field.derived:
        return _("there is no field %(name)r here that you may choose", name=name)
    if wanted == ALL and not one.is_many:
        return _("only lists can be put together; for %(name)r name one of the records", name=name)
    if wanted != ALL and wanted not in ids:
        return _("%(name)r: wanted the id of one of the records, found %(found)r", name=name, found=wanted)
    return ""


def _first(matching: Matching, olds: Sequence[Draft]) -> int:
    """The record that came first and knows where from."""
    by_age = sorted(olds, key=lambda draft: (draft.before("created_at"), draft.record_id))
    for draft in by_age:
        if any(not _empty(draft.before(name)) for name in matching.first_touch if name in draft.info.fields):
            return draft.record_id or 0
    return by_age[0].record_id or 0


def _usual(one: FieldInfo, made: Choice, ids: Sequence[int]) -> Take:
    full = [record_id for record_id in ids if not _empty(made.values[record_id])]
    if one.is_many:
        adds_up = any(item.kind in _ADDED_UP for item in one.items)  # two times the same lines are no bigger deal
        return (full[0] if full else ids[0]) if adds_up else ALL
    if one.kind == "boolean":  # who asked not to be called is not called
        return next((record_id for record_id in ids if made.values[record_id]), ids[0])
    if not one.field.by_hand or not one.field.writable:
        return ids[0]  # kept by a module for this very record
    return full[0] if full else ids[0]


def _result(info: TypeInfo, made: Choice, ids: Sequence[int]) -> Any:
    one = made.field
    if not one.is_many:
        value = made.values[made.taken if isinstance(made.taken, int) else ids[0]]
        return None if _names(one, info, value, ids) else value
    sources = ids if made.taken == ALL else [int(made.taken)]
    if one.kind == "external_ids":
        return _outside(made, sources)
    if one.kind != "list":
        return frozenset().union(*(made.values[record_id] or () for record_id in sources))
    rows: list[dict[str, Any]] = []
    for record_id in sources:
        for row in made.values[record_id] or ():
            copy = dict(row) if record_id == ids[0] else {name: value for name, value in row.items() if name != "id"}
            if record_id != sources[0] and "primary" in copy:
                copy["primary"] = False
            if not any(_names(item, info, copy.get(item.name), ids) for item in one.items):
                _put(one, rows, copy)
    return [{**row, "position": place} for place, row in enumerate(rows)]


def _names(one: FieldInfo, info: TypeInfo, value: Any, ids: Sequence[int]) -> bool:
    """Whether a value names one of the records that become one: nobody is their own parent."""
    if one.kind == "record":
        return isinstance(value, RecordRef) and value.type_key == info.key and value.id in ids
    return one.kind == "link" and one.field.to == info.key and value in ids


def _outside(made: Choice, sources: Sequence[int]) -> dict[str, str]:
    found: dict[str, str] = {}
    for record_id in sources:
        for system, text in (made.values[record_id] or {}).items():
            if found.setdefault(system, text) != text and text not in found.values():
                found[f"merged {record_id} {system}".strip()[:80]] = text
    return found


def _put(one: FieldInfo, rows: list[dict[str, Any]], row: dict[str, Any]) -> None:
    """Add a row unless it is there; what is said of an address that both have (wants no mail) holds for it."""
    flags = [item.name for item in one.items if item.kind == "boolean"]
    same = next((old for old in rows if _key(one, old, flags) == _key(one, row, flags)), None)
    if same is None:
        rows.append(row)
        return
    for name in flags:
        if name != "primary" and row.get(name):
            same[name] = True


def _key(one: FieldInfo, row: Mapping[str, Any], flags: Iterable[str]) -> Any:
    first = one.items[0]
    if first.kind in ("email", "phone"):
        return str(row.get(first.name) or "").casefold()
    return tuple(_plain(item, row.get(item.name)) for item in one.items if item.name not in flags)


def _plain(one: FieldInfo, value: Any) -> str:
    if isinstance(value, list) and one.is_many:
        return repr([sorted((k, repr(v)) for k, v in row.items() if k not in ("id", "position")) for row in value])
    if isinstance(value, frozenset):
        return repr(sorted(value))
    return repr(value)


def _empty(value: Any) -> bool:
    return value is None or value == "" or (isinstance(value, list | frozenset | dict | set) and not value)
