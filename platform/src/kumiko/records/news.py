"""Whether records of a type changed since somebody looked: one cheap question, asked every few seconds by open boards.

A mark is "TRANSACTION.NUMBER" and means nothing to others. On PostgreSQL commits become visible out of the order of
their ids, so a mark goes by transaction id and only as far as all older transactions have ended (backend-study F2).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select, text

from kumiko.host import context
from kumiko.host.columns import Id, table_of
from kumiko.host.scoping import trusted
from kumiko.records.models import Entry, Unit

_unit, _entry = table_of(Unit), table_of(Entry)
#: How far back a question looks; whoever looked longer ago is told that something changed.
REACH = 5000
#: Units whose ids are smaller than the newest seen, but which may have been committed later.
LATECOMERS = 500

_ENDED = text("pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 1")
_newest_entry = select(func.coalesce(func.max(_entry.c.id), 0)).scalar_subquery()
_newest_unit = select(func.coalesce(func.max(_unit.c.id), 0)).scalar_subquery()
_since = bindparam("since", type_=Id)
_recent = select(_entry.c.type_key).where(_entry.c.id > _since).order_by(_entry.c.id).limit(REACH).subquery()
_of_type = _recent.c.type_key == bindparam("type_key")
_ON_SQLITE = select(
    literal(0), _newest_entry, select(literal(1)).select_from(_recent).where(_of_type).limit(1).scalar_subquery()
)
_ON_POSTGRES = select(
    _ENDED, _newest_unit,
    select(literal(1, type_=Integer))
    .select_from(_unit.join(_entry, _entry.c.unit_id == _unit.c.id))
    .where(
        _unit.c.id > _since - LATECOMERS, _unit.c.xact > bindparam("xact", type_=Id),
        text("records_unit.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint"),
        _entry.c.type_key == bindparam("type_key"),
    ).limit(1).scalar_subquery(),
)  # fmt: skip


def mark_now() -> str:
    """The mark of this moment; taken before reading what is shown, so that nothing falls between."""
    sqlite = context.current().database.is_sqlite
    row = trusted(select(literal(0), _newest_entry) if sqlite else select(_ENDED, _newest_unit)).one()
    return f"{row[0]}.{row[1]}"


def changed_since(type_key: str, mark: str) -> tuple[str, bool]:
    """The mark of this moment, and whether a record of the type was written since `mark`; a strange mark means yes."""
    seen = _read(mark)
    sqlite = context.current().database.is_sqlite
    xact, since = seen or (0, 0)
    parameters: dict[str, Any] = {"type_key": type_key, "since": since}
    row = trusted(_ON_SQLITE if sqlite else _ON_POSTGRES, parameters if sqlite else {**parameters, "xact": xact}).one()
    too_long_ago = row[1] - since > REACH
    return f"{row[0]}.{row[1]}", seen is None or too_long_ago or bool(row[2])


def _read(mark: str) -> tuple[int, int] | None:
    xact, _dot, number = mark.partition(".")
    if not (xact.isdecimal() and number.isdecimal() and len(mark) < 37 and len(xact) < 19 and len(number) < 19):
        return None
    return int(xact), int(number)
