"""Records of one contract go from one provider's tables to another's while people work (design 5, Replace).

What goes along: id, owner, dates, version, custom fields and the like, every field that both providers keep, and rows
of list fields with their ids. Tags, shares, external ids, history, search documents and side tables of extensions
hang on the id and stay where they are. Rows that the receiving provider holds already (it was here before) keep what
only it knows. All is plain SQL between two tables of one database; nothing is journaled, since nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, ColumnElement, Table, Text, cast, delete, func, literal, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host import context
from kumiko.host.columns import JsonValue, table_of, utc_now
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.mixin import PartMixin, RecordMixin
from kumiko.records.models import Entry, Unit

SLICE = 1000
#: Transactions are short: a unit made longer ago than this before a position was taken is no longer on its way.
LONGEST_TRANSACTION = timedelta(hours=1)
_unit, _entry = table_of(Unit), table_of(Entry)
_BASE = tuple(name for cls in (RecordMixin,) for name in cls.__annotations__)
_PART = tuple(PartMixin.__annotations__)


@dataclass(frozen=True)
class TablePair:
    """Two tables and the columns that correspond; `key` is the column by which slices are made."""

    old: Table
    new: Table
    columns: tuple[tuple[Column[Any], Column[Any]], ...]
    key: str  # "id" of records, "parent_id" of rows of list fields


@dataclass(frozen=True)
class TypePair:
    """A record type as two providers keep it: its table, those of its list fields, and what does not go along."""

    old: TypeInfo
    new: TypeInfo
    records: TablePair
    parts: tuple[TablePair, ...]
    left: tuple[FieldInfo, ...]  # fields that the receiving provider does not keep

    @property
    def tables(self) -> tuple[TablePair, ...]:
        return (self.records, *self.parts)


@dataclass(frozen=True)
class Position:
    """A place in the journal: everything written later is found by `changed_since`."""

    entry: int
    xact: int
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {"entry": self.entry, "xact": self.xact, "at": self.at.isoformat()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Position:
        return cls(said["entry"], said["xact"], datetime.fromisoformat(said["at"]))


def pair(old: TypeInfo, new: TypeInfo) -> TypePair:
    """How a type of one provider maps onto the same type of another. Conflict when a column cannot be filled."""
    columns = [(old.table.c[name], new.table.c[name]) for name in _BASE]
    parts: list[TablePair] = []
    left: list[FieldInfo] = []
    for one in _own_fields(old):
        other = new.find(one.name)
        if other is None or other.extension is not None or other.kind != one.kind:
            left.append(one)
        elif one.kind == "list":
            parts.append(_part_pair(one, other))
        elif one.name != "name":
            columns += zip(one.columns, other.columns, strict=True)
    return TypePair(old, new, _table_pair(old.table, new.table, columns, "id"), tuple(parts), tuple(left))


def _own_fields(info: TypeInfo) -> Iterator[FieldInfo]:
    common = set(_BASE)
    for one in info.fields.values():
        if one.extension is None and one.plugin == info.plugin and one.name not in common - {"name"}:
            yield one


def _part_pair(one: FieldInfo, other: FieldInfo) -> TablePair:
    old, new = one.part_table, other.part_table
    columns = [(old.c[name], new.c[name]) for name in _PART]
    items = {item.name: item for item in other.items}
    for item in one.items:
        if item.name in items and items[item.name].kind == item.kind:
            columns += zip(item.columns, items[item.name].columns, strict=True)
    return _table_pair(old, new, columns, "parent_id")


def _table_pair(old: Table, new: Table, columns: Iterable[tuple[Column[Any], Column[Any]]], key: str) -> TablePair:
    found = tuple(columns)
    filled = {mine.name for _, mine in found}
    for column in new.c:
        plain = column.default is not None and column.default.is_scalar
        if column.name not in filled and not (column.nullable or plain or column.server_default is not None):
            raise Conflict(
                _("%(column)s must hold something, and nothing can fill it: give the column a default.", column=column)
            )
    return TablePair(old, new, found, key)


# -- copying ----------------------------------------------------------------------------------------------------------


def next_slice(one: TypePair, after_id: int) -> int | None:
    """The last id of the next slice of records behind `after_id`; None when there are no more."""
    key = one.old.table.c.id
    ids = select(key).where(key > after_id).order_by(key).limit(SLICE).subquery()
    last: int | None = trusted(select(func.max(ids.c.id))).scalar_one()
    return last


def copy_range(one: TypePair, after_id: int, last_id: int | None) -> None:
    """Bring the receiving tables in step for ids behind `after_id` up to `last_id` (None: all that follow)."""
    for tables in one.tables:
        _copy(tables, lambda column: _between(column, after_id, last_id))


def copy_ids(one: TypePair, record_ids: Sequence[int]) -> None:
    """Bring the receiving tables in step for these records."""
    for start in range(0, len(record_ids), SLICE):
        chosen = list(record_ids[start : start + SLICE])
        for tables in one.tables:
            _copy(tables, lambda column, chosen=chosen: column.in_(chosen))


def _between(column: Column[Any], after_id: int, last_id: int | None) -> ColumnElement[bool]:
    return column > after_id if last_id is None else (column > after_id) & (column <= last_id)


def _copy(tables: TablePair, within: Any) -> None:
    """Rows that are gone go, the others are made or brought in step; columns that only the receiver has stay."""
    old, new = tables.old, tables.new
    there = select(old.c.id).where(within(old.c[tables.key]))
    trusted(delete(new).where(within(new.c[tables.key]), new.c.id.not_in(there)))
    if tables.key != "id":  # a row of a list may have come from another record
        moved = select(old.c.id).where(within(old.c[tables.key]))
        trusted(delete(new).where(new.c.id.in_(moved), ~within(new.c[tables.key])))
    names = [mine.name for _, mine in tables.columns]
    plain = {
        column.name: column.default.arg  # type: ignore[attr-defined]
        for column in new.c
        if column.name not in names and not column.nullable and column.default is not None and column.default.is_scalar
    }
    values = [theirs for theirs, _ in tables.columns]
    constants = [literal(value, type_=new.c[name].type) for name, value in plain.items()]
    rows = select(*values, *constants).where(within(old.c[tables.key]))
    dialect = sqlite if context.current().database.is_sqlite else postgresql
    statement = dialect.insert(new).from_select([*names, *plain], rows)
    fresh = {name: statement.excluded[name] for name in names if name != "id"}
    trusted(statement.on_conflict_do_update(index_elements=[new.c.id], set_=fresh))


# -- comparing --------------------------------------------------------------------------------------------------------


def differing(one: TypePair, after_id: int, last_id: int | None) -> int:
    """How many rows of the two providers are not the same, for ids behind `after_id` up to `last_id`."""
    return sum(_differing(tables, lambda column: _between(column, after_id, last_id)) for tables in one.tables)


def differing_ids(one: TypePair, record_ids: Sequence[int]) -> int:
    """How many rows of these records are not the same."""
    found = 0
    for start in range(0, len(record_ids), SLICE):
        chosen = list(record_ids[start : start + SLICE])
        found += sum(_differing(tables, lambda column, chosen=chosen: column.in_(chosen)) for tables in one.tables)
    return found


def _differing(tables: TablePair, within: Any) -> int:
    old, new, count = tables.old, tables.new, func.count()
    unlike = or_(
        new.c.id.is_(None), *(_plain(a).is_distinct_from(_plain(b)) for a, b in tables.columns if a.name != "id")
    )
    joined = old.outerjoin(new, new.c.id == old.c.id)
    changed: int = trusted(select(count).select_from(joined).where(within(old.c[tables.key]), unlike)).scalar_one()
    there = select(old.c.id).where(within(old.c[tables.key]))
    extra = select(count).select_from(new).where(within(new.c[tables.key]), new.c.id.not_in(there))
    return changed + int(trusted(extra).scalar_one())


def _plain(column: Column[Any]) -> ColumnElement[Any]:
    """A form of the value that every database can compare: PostgreSQL compares no JSON."""
    return cast(column, Text) if isinstance(column.type, JsonValue | JSON) else column


def counts(one: TypePair) -> int:
    """How many records there are to copy, those in the bin included."""
    return int(trusted(select(func.count()).select_from(one.old.table)).scalar_one())


def surplus(one: TypePair) -> int:
    """By how many records the two providers differ."""
    mine = int(trusted(select(func.count()).select_from(one.new.table)).scalar_one())
    return abs(counts(one) - mine)


def alive(info: TypeInfo) -> int:
    """How many records of a type are not in the bin."""
    table = info.table
    return int(trusted(select(func.count()).select_from(table).where(table.c.deleted_at.is_(None))).scalar_one())


def used(one: FieldInfo, info: TypeInfo) -> int:
    """How many live records have a value in a field."""
    count, alive = func.count(), info.table.c.deleted_at.is_(None)
    if one.kind == "list":
        part = one.part_table
        query = select(func.count(part.c.parent_id.distinct())).join_from(
            part, info.table, part.c.parent_id == info.table.c.id
        )
        return int(trusted(query.where(alive)).scalar_one())
    return int(
        trusted(select(count).select_from(info.table).where(alive, one.at(info.table).is_not(None))).scalar_one()
    )


# -- what was written meanwhile ---------------------------------------------------------------------------------------


def position() -> Position:
    """The present end of the journal; whatever is committed from now on lies behind it."""
    if context.current().database.is_sqlite:
        newest = trusted(select(func.coalesce(func.max(_entry.c.id), 0))).scalar_one()
        return Position(newest, 0, utc_now())
    oldest_open = trusted(text("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint")).scalar_one()
    return Position(0, oldest_open, utc_now())


def changed_since(type_keys: Iterable[str], since: Position) -> dict[str, list[int]]:
    """Type key -> ids of its records that were written since a position, ascending; some may be unchanged since."""
    query = select(_entry.c.type_key, _entry.c.record_id).where(_entry.c.type_key.in_(list(type_keys))).distinct()
    if context.current().database.is_sqlite:
        query = query.where(_entry.c.id > since.entry)
    else:
        query = query.join(_unit, _unit.c.id == _entry.c.unit_id).where(
            _unit.c.xact >= since.xact, _unit.c.at > since.at - LONGEST_TRANSACTION
        )
    found: dict[str, list[int]] = {}
    for type_key, record_id in trusted(query.order_by(_entry.c.record_id)):
        found.setdefault(type_key, []).append(record_id)
    return found
