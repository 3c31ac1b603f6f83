"""Everything that hangs on a user, over all record types that the generation has: what is owned, what names them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.leaving.models import HAND_OVER
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.models import SavedView

#: Fields that say something of the person rather than give them work; they stay as they are.
STAYS = frozenset({("calendar.absence", "person_away"), ("sharing.share", "with_user")})
_view = table_of(SavedView)


@dataclass(frozen=True)
class Holding:
    """Live records of a type that name the user in a field (mostly `owner`), and how many."""

    info: TypeInfo
    field: FieldInfo
    count: int = 0

    @property
    def key(self) -> str:
        return f"{self.info.key}:{self.field.name}"


def places() -> Iterator[Holding]:
    """Every (type, field) that may name a user who owns or does something; a new module's are there on arrival."""
    for info in catalogue().types.values():
        if info.key in (USER, HAND_OVER):
            continue
        for one in info.fields.values():
            if one.kind != "link" or one.field.to != USER or (info.key, one.name) in STAYS:
                continue
            if one.field.writable and one.field.by_hand and not one.field.derived:
                yield Holding(info, one)


def inventory(user_id: int) -> list[Holding]:
    """What a user holds: places with their counts, those with none left out. One statement for all types."""
    found = list(places())
    if not found:
        return []
    counts = trusted(select(*(count(one, user_id) for one in found))).one()
    return [Holding(one.info, one.field, number) for one, number in zip(found, counts, strict=True) if number]


def count(one: Holding, user_id: int) -> Any:
    """How many live records name the user in this field, as a scalar subquery."""
    rows, column = one.info.table, column_of(one)
    query = select(func.count()).select_from(rows)
    if one.field.extension is not None:
        query = query.join(one.field.extension.table, one.field.extension.key == rows.c.id)
    return query.where(column == user_id, rows.c.deleted_at.is_(None)).scalar_subquery()


def column_of(one: Holding) -> Any:
    """The column that holds the user's id."""
    return one.info.stored(one.field)[1]


def some_ids(one: Holding, user_id: int, after: int, limit: int) -> Sequence[int]:
    """Ids of the next records of a place, ascending."""
    rows, column = one.info.table, column_of(one)
    query = select(rows.c.id)
    if one.field.extension is not None:
        query = query.join(one.field.extension.table, one.field.extension.key == rows.c.id)
    query = query.where(column == user_id, rows.c.deleted_at.is_(None), rows.c.id > after).order_by(rows.c.id)
    return list(trusted(query.limit(limit)).scalars())


def teams_of(info: TypeInfo, ids: Sequence[int]) -> Mapping[int, int | None]:
    """Record id -> id of its team."""
    rows = info.table
    return {row.id: row.team_id for row in trusted(select(rows.c.id, rows.c.team_id).where(rows.c.id.in_(ids)))}


def private_views(user_id: int) -> Sequence[tuple[int, str]]:
    """(id, name) of a user's saved lists."""
    query = select(_view.c.id, _view.c.name).where(_view.c.user_id == user_id).order_by(_view.c.id)
    return [(row.id, row.name) for row in trusted(query)]
