"""Many rows into one table: the statement is compiled once, values are converted column by column.

SQLAlchemy's own way makes and converts a dict of parameters per row, which costs an import more than the database's
part of the work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Dialect, Table, insert

from kumiko.host.context import session
from kumiko.host.scoping import trusted

#: For fewer rows the usual way is as quick.
MANY = 8


class _Insertion(NamedTuple):
    """An INSERT of some columns: its text, and how values become what the driver takes."""

    text: str
    order: tuple[str, ...]
    parameters: tuple[str, ...]  # names of columns as the driver's placeholders spell them
    is_positional: bool
    converters: tuple[tuple[int, Callable[[Any], Any]], ...]


def insert_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all name the same columns, in the open transaction, like `trusted(insert(table), rows)`.

    Rights are the caller's business, as with `trusted`.
    """
    if len(rows) < MANY:
        if rows:
            trusted(insert(table), list(rows))
        return
    connection = session().connection()
    names = tuple(rows[0])
    made = _insertion(table, names, connection.dialect)
    if made is None:
        trusted(insert(table), list(rows))
        return
    columns: list[Any] = list(zip(*map(itemgetter(*made.order), rows), strict=True))
    for place, convert in made.converters:
        columns[place] = map(convert, columns[place])
    values: Iterable[Any] = zip(*columns, strict=True)
    if not made.is_positional:
        values = (dict(zip(made.parameters, one, strict=True)) for one in values)
    connection.exec_driver_sql(made.text, list(values))


@lru_cache(maxsize=500)
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> _Insertion | None:
    """None when a column of the table gets a default from Python, or there is only one column."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(names))
    order = tuple(compiled.positiontup or ()) if compiled.positional else names
    if len(names) < 2 or compiled.insert_prefetch or sorted(order) != sorted(names):
        return None
    converters = []
    for place, name in enumerate(order):
        convert = table.c[name].type.dialect_impl(dialect).bind_processor(dialect)
        if convert is not None:
            converters.append((place, convert))
    parameters = tuple(compiled.escaped_bind_names.get(name, name) for name in order)
    return _Insertion(str(compiled), order, parameters, compiled.positional, tuple(converters))
