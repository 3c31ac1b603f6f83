"""The journal of the house, newest first: a unit or a group per line, with the first of what it did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, exists, func, or_, select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records.history import UnitSummary, _entries, _only_readable, _unit_columns
from kumiko.records.models import Entry, Unit

_unit, _entry = table_of(Unit), table_of(Entry)
#: Entries of one line that are read to be shown.
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What a page of the journal is narrowed to. `type_key`: units that touched records of this type."""

    via: str = ""
    who: str = ""
    type_key: str = ""
    mine: bool = False


def newest(limit: int, *, before: int | None = None, wanted: Wanted = Wanted()) -> list[UnitSummary]:
    """Units that stand alone and groups, newest first, each with its newest few entries of readable records.

    One's own; for administrators everybody's. `before`: the id of the last one of the page before.
    """
    person = context.principal()
    member = _unit.alias("member")
    inside = exists().where(member.c.group_id == _unit.c.id, _entry.c.unit_id == member.c.id)
    own = exists().where(_entry.c.unit_id == _unit.c.id)
    if wanted.type_key:
        inside, own = (one.where(_entry.c.type_key == wanted.type_key) for one in (inside, own))
    # A unit without entries is one that was undone into nothing; a group without any is one that came to nothing.
    query = select(_unit).where(_unit.c.group_id.is_(None), or_(and_(_unit.c.is_group, inside), own))
    if wanted.mine or not person.is_administrator:
        query = query.where(_unit.c.actor_id == person.user_id)
    if wanted.via:
        query = query.where(_unit.c.via == wanted.via)
    if wanted.who:
        query = query.where(func.lower(_unit.c.actor).contains(wanted.who.lower(), autoescape=True))
    if before is not None:
        query = query.where(_unit.c.id < before)
    heads = trusted(query.order_by(_unit.c.id.desc()).limit(limit)).mappings().all()
    ids = [head["id"] for head in heads]
    counts, shown = _counts(ids), _first_entries(ids)
    rows = _only_readable([row for listed in shown.values() for row in listed], gone=person.is_administrator)
    by_id = {entry.id: entry for entry in _entries(rows)}
    return [
        UnitSummary(
            head["id"], head["at"], head["actor"], head["via"], head["reason"], head["is_group"], head["undone_at"],
            head["undo_of"], counts.get(head["id"], 0),
            [by_id[row["id"]] for row in shown.get(head["id"], ()) if row["id"] in by_id],
        )
        for head in heads
    ]  # fmt: skip


def _counts(ids: Sequence[int]) -> dict[int, int]:
    """Unit or group -> how many entries it has."""
    top = func.coalesce(_unit.c.group_id, _unit.c.id)
    query = (
        select(top.label("top"), func.count().label("n"))
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(or_(_unit.c.id.in_(ids), _unit.c.group_id.in_(ids)))
        .group_by(top)
    )
    return {row.top: row.n for row in trusted(query)}


def _first_entries(ids: Sequence[int]) -> Mapping[int, list[dict[str, object]]]:
    """Unit or group -> its newest few entries."""
    top = func.coalesce(_unit.c.group_id, _unit.c.id)
    place = func.row_number().over(partition_by=top, order_by=_entry.c.id.desc())
    ranked = (
        select(_entry.c.id.label("entry_id"), top.label("top"), place.label("place"))
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .where(or_(_unit.c.id.in_(ids), _unit.c.group_id.in_(ids)))
        .subquery()
    )
    query = (
        select(_entry, *_unit_columns(), ranked.c.top)
        .join_from(_entry, _unit, _unit.c.id == _entry.c.unit_id)
        .join(ranked, ranked.c.entry_id == _entry.c.id)
        .where(ranked.c.place <= SHOWN)
        .order_by(_entry.c.id.desc())
    )
    found: dict[int, list[dict[str, object]]] = {}
    for row in trusted(query).mappings():
        found.setdefault(row["top"], []).append(dict(row))
    return found


def ways() -> list[str]:
    """By which ways anything was done that the person may see here."""
    person = context.principal()
    query = select(_unit.c.via).where(_unit.c.group_id.is_(None)).distinct()
    if not person.is_administrator:
        query = query.where(_unit.c.actor_id == person.user_id)
    return sorted(trusted(query).scalars())
