"""Everything that points to a record: links of every registered type and extension, rows of lists, references to
records of any type, and what hangs on a record by a type and an id (files, runs)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.host import context
from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.inputs import run_rules
from kumiko.records.record_refs import RecordRef
from kumiko.records.states import load_states

SLICE = 500
_KEPT = frozenset({"created_by", "updated_by"})


@dataclass(frozen=True)
class Place:
    """Where records of `type` may name others: a link or record field, an item of a list, a pair of type and id."""

    type: TypeInfo
    field: FieldInfo
    item: FieldInfo | None = None
    type_field: FieldInfo | None = None  # of a soft pair: the field that holds the key of the type


@dataclass
class Naming:
    """The records of one type that name some others: id -> the places where they do."""

    type: TypeInfo
    places: dict[int, list[Place]] = field(default_factory=dict)


def places_of(info: TypeInfo) -> tuple[Place, ...]:
    """All places where records of the type may be named."""
    cache = catalogue().cache
    found: tuple[Place, ...] | None = cache.get(("places that name", info.key))
    if found is None:
        found = (*_declared(info), *_pairs())
        cache["places that name", info.key] = found
    return found


def _declared(info: TypeInfo) -> Iterator[Place]:
    for linking, one, item in catalogue().links_to.get(info.key, ()):
        derived = item is None and one.field.derived  # its source is among the places
        if one.name not in _KEPT and not derived:
            yield Place(linking, one, item)


def _pairs() -> Iterator[Place]:
    """A text field X_type beside an integer field X_id names a record of any type."""
    for linking in catalogue().types.values():
        for one in linking.fields.values():
            head = one.name.removesuffix("_id")
            beside = linking.fields.get(f"{head}_type")
            if head != one.name and one.kind == "integer" and beside is not None and beside.kind == "text":
                yield Place(linking, one, None, beside)


def naming(
    info: TypeInfo, ids: Collection[int], *, beside: Collection[int] = (), most: int | None = None
) -> list[Naming]:
    """Records, in the bin or not, that name records of the type with these ids; `beside`: without those themselves.

    `most`: some of them, the oldest of the first places; there may be more places in which they do.
    """
    found: dict[str, Naming] = {}
    count = 0
    for place in places_of(info):
        if most is not None and count >= most:
            break
        for record_id in _ids(place, info, list(ids), None if most is None else most - count + len(beside)):
            if (place.type is info and record_id in beside) or count == most:
                continue
            one = found.setdefault(place.type.key, Naming(place.type))
            one.places.setdefault(record_id, []).append(place)
            count += 1
    return list(found.values())


def _ids(place: Place, info: TypeInfo, ids: list[int], most: int | None) -> list[int]:
    if place.item is not None:
        part = place.field.part_table
        query = select(part.c.parent_id).where(_among(place.item.columns[0])).distinct()
        return list(trusted(query.order_by(part.c.parent_id).limit(most), {"ids": ids}).scalars())
    side = place.field.extension
    column = place.type.stored(place.field)[1]
    key = place.type.table.c.id if side is None else side.key
    query = select(key).where(_among(column))
    if place.field.kind == "record":
        query = query.where(place.field.columns[1] == info.key)
    if place.type_field is not None:
        query = query.where(place.type_field.columns[0] == info.key)
    return list(trusted(query.order_by(key).limit(most), {"ids": ids}).scalars())


def _among(column: Any) -> Any:
    return column.in_(bindparam("ids", expanding=True))


def moved(found: Sequence[Naming], info: TypeInfo, losers: Collection[int], winner: int, *, lock: bool) -> list[Draft]:
    """Changes, not written yet, by which these records name the winner instead. Conflict when some may not be changed.

    Rules of their types have run; only records in the bin are moved without asking them.
    """
    drafts: list[Draft] = []
    barred: dict[str, int] = {}
    for one in found:
        ids = sorted(one.places)
        for start in range(0, len(ids), SLICE):
            chunk = ids[start : start + SLICE]
            states = load_states(one.type, chunk, lock=lock)
            if _note_foreign(one.type, list(states), barred):
                continue
            for record_id, state in states.items():
                values = _values(one.places[record_id], Draft(one.type, "changed", {}, state), losers, winner, info)
                draft = Draft(one.type, "changed", values, state)
                if not state.deleted:
                    _checked(draft)
                drafts.append(draft)
    _refuse(barred)
    return drafts


def require_editable(found: Sequence[Naming]) -> None:
    """Conflict when the person may not change all of these records."""
    barred: dict[str, int] = {}
    for one in found:
        ids = sorted(one.places)
        for start in range(0, len(ids), SLICE):
            _note_foreign(one.type, ids[start : start + SLICE], barred)
    _refuse(barred)


def _note_foreign(info: TypeInfo, ids: list[int], barred: dict[str, int]) -> bool:
    """Count those that the person may not change under the name of their type; whether there are any."""
    foreign = len(ids) - len(_editable(info, ids))
    if foreign:
        label = str(info.type.label_plural)
        barred[label] = barred.get(label, 0) + foreign
    return foreign > 0


def _refuse(barred: Mapping[str, int]) -> None:
    if not barred:
        return
    counted = ", ".join(f"{count} {inside(label)}" for label, count in barred.items())
    raise Conflict(
        _(
            "%(counted)s that belong to these records are not yours to change, so they cannot be merged by you; "
            "ask a head or an administrator.",
            counted=counted,
        )
    )


def _editable(info: TypeInfo, ids: list[int]) -> list[int]:
    """Those that the person may change; all of a type whose records people change only by way of their module."""
    person = context.principal()
    if rights.level(info, person, "edit") in ("all", "none") and not rights.has_scope_hooks():
        return ids
    found: list[int] = []
    for deleted in (False, True):
        limit = rights.criterion(info, person, "edit", deleted=deleted)
        query = select(info.table.c.id).where(_among(info.table.c.id))
        found += trusted(query if limit is None else query.where(limit), {"ids": ids}).scalars()
    return found


def _values(
    places: Sequence[Place], draft: Draft, losers: Collection[int], winner: int, info: TypeInfo
) -> Mapping[str, Any]:
    values: dict[str, Any] = {}
    for place in places:
        name = place.field.name
        if place.item is None:
            values[name] = RecordRef(info.key, winner) if place.field.kind == "record" else winner
            continue
        rows = values.get(name) or [dict(row) for row in draft.before(name) or ()]
        for row in rows:
            if row.get(place.item.name) in losers:
                row[place.item.name] = winner
        values[name] = rows
    return values


def _checked(draft: Draft) -> None:
    try:
        run_rules([draft])
    except Invalid as fault:
        why = " ".join(line for lines in fault.errors.values() for line in lines) or fault.message
        raise Conflict(
            _(
                "%(what)s “%(title)s” cannot follow: %(why)s",
                what=str(draft.info.type.label), title=str(draft.get("name") or draft.record_id), why=why,
            )
        ) from fault  # fmt: skip


def counts(found: Sequence[Naming]) -> dict[str, int]:
    """Type key -> how many of its records name the records in question."""
    return {one.type.key: len(one.places) for one in found}


def counts_together(some: Sequence[Naming], others: Sequence[Naming]) -> dict[str, int]:
    """Type key -> how many of its records name any of both."""
    ids: dict[str, set[int]] = {}
    for one in (*some, *others):
        ids.setdefault(one.type.key, set()).update(one.places)
    return {key: len(listed) for key, listed in ids.items()}
