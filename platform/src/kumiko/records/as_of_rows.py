"""A table with some of its rows replaced: those of today for all ids but some, given rows for these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    FromClause,
    Select,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import JSONB

from kumiko.host import context
from kumiko.host.columns import JsonValue


def rows_instead(
    name: str, table: Table, key: str, ids: Sequence[int], rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column[Any]] | None = None,
) -> FromClause:  # fmt: skip
    """`table` without the rows whose `key` is among `ids`, and with `rows` (column name -> value) added; as a CTE.

    Both go in as one JSON parameter each, however many they are: nothing is written, not even a temporary table.
    """
    shown = list(columns if columns is not None else table.c)
    live: Select[Any] = select(*shown)
    if not ids:
        return live.cte(name)
    sqlite = context.current().database.is_sqlite
    live = live.where(table.c[key].not_in(_ids(name, ids, sqlite=sqlite)))
    if not rows:
        return live.cte(name)
    text = orjson.dumps([[_stored(column, row.get(column.name), sqlite=sqlite) for column in shown] for row in rows])
    return live.union_all(_given(name, shown, text.decode(), sqlite=sqlite)).cte(name)


def _ids(name: str, ids: Sequence[int], *, sqlite: bool) -> Select[Any]:
    given = bindparam(f"{name}_ids", orjson.dumps(list(ids)).decode(), type_=Text)
    if sqlite:
        return select(literal_column("value")).select_from(func.json_each(given).table_valued("value", name="k"))
    element = func.jsonb_array_elements_text(cast(given, JSONB)).table_valued("value", name="k")
    return select(cast(element.c.value, BigInteger))


def _given(name: str, columns: Sequence[Column[Any]], text: str, *, sqlite: bool) -> Select[Any]:
    given = bindparam(f"{name}_rows", text, type_=Text)
    found: list[Any] = []
    if sqlite:
        each = func.json_each(given).table_valued("value", name="r")
        for number, column in enumerate(columns):
            value = func.json_extract(each.c.value, f"$[{number}]")
            found.append(type_coerce(value, column.type).label(column.name))
        return select(*found).select_from(each)
    each = func.jsonb_array_elements(cast(given, JSONB)).table_valued("value", name="r")
    for number, column in enumerate(columns):
        piece = type_coerce(each.c.value, JSONB)[number].astext
        found.append(cast(piece, column.type).label(column.name))
    return select(*found).select_from(each)


def _stored(column: Column[Any], value: Any, *, sqlite: bool) -> Any:
    """A value as JSON that the database reads back into the column's own form."""
    if value is None:
        return None
    if isinstance(column.type, JsonValue | JSON):
        return orjson.dumps(value).decode()
    if isinstance(column.type, Boolean):
        return int(value) if sqlite else bool(value)
    if sqlite:
        bound = column.type.dialect_impl(context.current().database.engine.dialect)
        process = bound.bind_processor(context.current().database.engine.dialect)
        value = process(value) if process is not None else value
    if isinstance(value, datetime | date):
        return value.isoformat(" ") if isinstance(value, datetime) else value.isoformat()
    return value if isinstance(value, str | int | float | bool) else str(value)
