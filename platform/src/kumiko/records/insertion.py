"""Many rows into one table: the statement is compiled once, values are converted column by column.

SQLAlchemy's own way makes and converts a dict of parameters per row, and the driver of PostgreSQL sends row by row;
both cost an import more than the database's part of the work. SQLite takes rows of values, PostgreSQL all rows at once
as one JSON document.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    Integer,
    String,
    Table,
    TypeDecorator,
    insert,
)

from kumiko.host.context import session
from kumiko.host.scoping import trusted

#: For fewer rows the usual way is as quick.
MANY = 8
#: Types whose values JSON holds without loss; floating numbers, but no decimal ones.
_SAFE_IN_JSON = (Integer, String, Boolean, Date, DateTime, Float, JSON)

Convert = Callable[[Any], Any]


class _Insertion(NamedTuple):
    """An INSERT of some columns: its text, their order, and how values become what the database takes."""

    text: str
    order: tuple[str, ...]
    converters: tuple[tuple[int, Convert], ...]


def insert_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, in the open transaction, like `trusted(insert(table), rows)`.

    Rights are the caller's business, as with `trusted`.
    """
    if not rows:
        return
    connection = session().connection()
    made = _insertion(table, tuple(rows[0]), connection.dialect) if len(rows) >= MANY else None
    if made is None:
        trusted(insert(table), list(rows))
        return
    columns: list[Any] = list(zip(*map(itemgetter(*made.order), rows), strict=True))
    for place, convert in made.converters:
        columns[place] = map(convert, columns[place])
    values = zip(*columns, strict=True)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(made.text, list(values))
    else:
        document = orjson.dumps([dict(zip(made.order, one, strict=True)) for one in values])
        connection.exec_driver_sql(made.text, {"rows": document.decode()})


@lru_cache(maxsize=500)
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Insertion | None:
    """None where only the usual way will do: a default comes from Python, or a type is not known here."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))
    if len(names) < 2 or compiled.insert_prefetch:
        return None
    made: dict[str, Convert | None]
    if dialect.name == "sqlite":
        order = tuple(compiled.positiontup or ())
        made = {name: table.c[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names}
        text = str(compiled)
    else:
        order = names
        if not all(_is_safe(table.c[name]) for name in names):
            return None
        made = {name: _into_json(table.c[name], dialect) for name in names}
        quoted = ", ".join(dialect.identifier_preparer.quote(name) for name in names)
        target = dialect.identifier_preparer.format_table(table)
        text = (
            f"INSERT INTO {target} ({quoted}) "  # noqa: S608 (names of our own tables, quoted)
            f"SELECT {quoted} FROM json_populate_recordset(NULL::{target}, %(rows)s::json)"
        )
    converters = ((place, made[name]) for place, name in enumerate(order))
    return _Insertion(text, order, tuple((place, one) for place, one in converters if one is not None))


def _is_safe(column: Column[Any]) -> bool:
    kind = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    return isinstance(kind, _SAFE_IN_JSON)


def _into_json(column: Column[Any], dialect: Dialect) -> Convert | None:
    """What a house type does with a value before the driver does; the value goes into JSON as it is otherwise."""
    kind = column.type
    if not isinstance(kind, TypeDecorator) or type(kind).process_bind_param is TypeDecorator.process_bind_param:
        return None
    return lambda value: kind.process_bind_param(value, dialect)
