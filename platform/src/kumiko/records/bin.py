"""The bin: deleted records of all types, who deleted them and how, and records in it that match what is being made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, func, literal, or_, select, union_all

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import queries, rights, search
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.models import Entry, ExternalId, Unit

_entry, _unit, _external = table_of(Entry), table_of(Unit), table_of(ExternalId)
MOST_MATCHES = 5


@dataclass(frozen=True, kw_only=True)
class Binned:
    """A record in the bin. `unit`: the change that put it there (None: from before the journal); `others`: how many
    more records that change deleted."""

    type: TypeInfo
    id: int
    title: str
    deleted_at: datetime
    actor_id: int | None = None
    actor: str = ""
    via: str = ""
    unit: int | None = None
    others: int = 0


def shown_types() -> list[TypeInfo]:
    """The types whose deleted records the person may see."""
    person = context.principal()
    return [info for info in catalogue().types.values() if rights.level(info, person, "read") != "none"]


def list_binned(
    types: Sequence[TypeInfo],
    *,
    mine: bool = False,
    limit: int = 50,
    before: tuple[datetime, int] | None = None,
    q: str = "",
) -> list[Binned]:
    """Deleted records that the person may see, the newest first. `before`: (moment, id) of the last one shown;
    `mine`: those that the person deleted; `q`: words of their names."""
    parts = [_part(info, limit, before, q, mine=mine) for info in types]
    if not parts:
        return []
    both = union_all(*(select(part.subquery()) for part in parts)).subquery()
    query = select(both).order_by(both.c.deleted_at.desc(), both.c.id.desc()).limit(limit)
    rows = trusted(query, queries.who()).all()
    deeds = _deeds([row.id for row in rows])
    found: list[Binned] = []
    for row in rows:
        deed = deeds.get(row.id)
        found.append(
            Binned(
                type=catalogue().get(row.type_key), id=row.id, title=row.name or "", deleted_at=row.deleted_at,
                actor_id=deed.actor_id if deed else None, actor=deed.actor if deed else "",
                via=deed.via if deed else "", unit=deed.unit_id if deed else None, others=deed.others if deed else 0,
            )
        )  # fmt: skip
    return found


def _part(info: TypeInfo, limit: int, before: tuple[datetime, int] | None, q: str, *, mine: bool) -> Select[Any]:
    rows = info.table
    limits = [rights.criterion(info, context.principal(), deleted=True)]
    if before is not None:
        at, record_id = before
        limits.append(or_(rows.c.deleted_at < at, and_(rows.c.deleted_at == at, rows.c.id < record_id)))
    if mine:
        limits.append(rows.c.updated_by_id == context.principal().user_id)
    lower = func.kumiko_lower if context.current().database.is_sqlite else func.lower
    for word in search.words_of(q):
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        limits.append(lower(rows.c.name).like(f"%{escaped}%", escape="\\"))
    query = select(literal(info.key).label("type_key"), rows.c.id, rows.c.name, rows.c.deleted_at)
    query = query.where(*(one for one in limits if one is not None))
    return query.order_by(rows.c.deleted_at.desc(), rows.c.id.desc()).limit(limit)


def counts(types: Sequence[TypeInfo]) -> dict[str, int]:
    """Type key -> how many deleted records the person may see; types without any are missing."""
    parts = []
    for info in types:
        limit = rights.criterion(info, context.principal(), deleted=True)
        parts.append(select(literal(info.key).label("type_key"), func.count().label("n")).where(limit)  # type: ignore[arg-type]
                     .select_from(info.table))  # fmt: skip
    rows = trusted(union_all(*parts), queries.who()) if parts else ()
    return {row.type_key: row.n for row in rows if row.n}


def _deeds(ids: Sequence[int]) -> dict[int, Any]:
    """Record id -> the unit that deleted it, with how many others it deleted."""
    if not ids:
        return {}
    gone = (
        select(_entry.c.record_id, func.max(_entry.c.id).label("entry_id"))
        .where(_entry.c.record_id.in_(ids), _entry.c.action == "deleted")
        .group_by(_entry.c.record_id)
        .subquery()
    )
    others = _entry.alias()
    count = (
        select(func.count())
        .select_from(others)
        .where(others.c.unit_id == _entry.c.unit_id, others.c.action == "deleted", others.c.id != _entry.c.id)
        .scalar_subquery()
    )
    columns = (_entry.c.unit_id, _unit.c.actor_id, _unit.c.actor, _unit.c.via, count.label("others"))
    query = (
        select(gone.c.record_id, *columns)
        .join(_entry, _entry.c.id == gone.c.entry_id)
        .join(_unit, _unit.c.id == _entry.c.unit_id)
    )
    return {row.record_id: row for row in trusted(query)}


# ------------------------------------------------------------------ what is being made lies there already


@dataclass(frozen=True, kw_only=True)
class Match:
    """A record in the bin that is probably the one being made; `by`: the field that says so."""

    type: TypeInfo
    id: int
    title: str
    deleted_at: datetime
    by: str


def matches(info: TypeInfo, values: Mapping[str, Any]) -> list[Match]:
    """Records of the type in the bin that have the same external id, e-mail address or, where names are unique, name.

    `values`: cleaned input. Only such as the person may restore: what one may not see is no match.
    """
    ways: list[tuple[str, Any]] = []
    rows = info.table
    for system, text in (values.get("external_ids") or {}).items():
        if text:
            named = select(_external.c.record_id).where(
                _external.c.type_key == info.key, _external.c.system == system, _external.c.value == text
            )
            ways.append(("external_id" if not system else "external_ids", rows.c.id.in_(named)))
    for one in info.readable(context.principal()).values():
        ways += _by_mail(info, one, values.get(one.name))
    name = values.get("name")
    if name and (info.type.dictionary or info.type.public):
        ways.append(("name", rows.c.name == name))
    if not ways:
        return []
    limit = rights.criterion(info, context.principal(), "delete", deleted=True)
    found: dict[int, Match] = {}
    for by, condition in ways:
        query = select(rows.c.id, rows.c.name, rows.c.deleted_at).where(condition, limit)  # type: ignore[arg-type]
        query = query.order_by(rows.c.deleted_at.desc()).limit(MOST_MATCHES)
        for row in trusted(query, queries.who()):
            match = Match(type=info, id=row.id, title=row.name or str(row.id), deleted_at=row.deleted_at, by=by)
            found.setdefault(row.id, match)
    return list(found.values())[:MOST_MATCHES]


def _by_mail(info: TypeInfo, one: FieldInfo, value: Any) -> list[tuple[str, Any]]:
    if one.kind == "email" and value and not one.extension:
        return [(one.name, one.at(info.table) == value)]
    if one.kind == "list" and value:
        part = one.part_table
        texts = {item.columns[0].name for item in item_fields(one) if item.kind == "email"}
        return [
            (one.name, info.table.c.id.in_(select(part.c.parent_id).where(part.c[column].in_(given))))
            for column in texts
            if (given := [row[column] for row in value if isinstance(row, dict) and row.get(column)])
        ]
    return []
