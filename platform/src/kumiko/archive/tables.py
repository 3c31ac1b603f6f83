"""Every table of the database as it stands there, row by row in one form that is the same on SQLite and PostgreSQL.

The tables are read from the database, not from the models: so those of modules that are off, or no longer installed,
are among them.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson
import sqlalchemy as sa

from kumiko.host.columns import JsonValue, UtcDateTime
from kumiko.host.database import Database, normalise_url

PIECE = 500
VERSIONS = "alembic_"  # tables that say how far the tables of a module have been migrated
#: kind of a column -> its type when rows are read and written
TYPES: Mapping[str, Any] = {
    "text": sa.Text, "integer": sa.BigInteger, "number": sa.Float, "decimal": sa.Numeric, "boolean": sa.Boolean,
    "date": sa.Date, "moment": UtcDateTime, "json": JsonValue, "binary": sa.LargeBinary,
}  # fmt: skip
_KINDS: tuple[tuple[type, str], ...] = (
    (sa.Boolean, "boolean"), (sa.Float, "number"), (sa.Integer, "integer"), (sa.Numeric, "decimal"),
    (sa.DateTime, "moment"), (sa.Date, "date"), (sa.JSON, "json"), (sa.LargeBinary, "binary"),
)  # fmt: skip


@dataclass(frozen=True)
class StoredTable:
    """A table: its columns in order of their names behind those of its key, and kind per column."""

    name: str
    key: tuple[str, ...]
    kinds: Mapping[str, str]
    refers: frozenset[str]  # tables that its foreign keys name
    table: sa.Table

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.kinds)


@contextmanager
def snapshot(database: Database) -> Iterator[sa.Connection]:
    """A connection that sees the database as it is now, until the end, while others go on writing."""
    if database.is_sqlite:
        with database.reader.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("SELECT count(*) FROM sqlite_master")  # from here on nothing moves
            yield connection
            connection.rollback()
        return
    options: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with database.engine.connect().execution_options(**options) as connection:
        yield connection
        connection.rollback()


@contextmanager
def stranger(url: str) -> Iterator[Database]:
    """Another database than that of this process, for as long as it is looked at."""
    database = Database(normalise_url(url), pool_size=1)
    try:
        yield database
    finally:
        database.engine.dispose()


def stored_tables(connection: sa.Connection) -> dict[str, StoredTable]:
    """Every table of the database by name, but for what the search index and migrations keep for themselves."""
    look = sa.inspect(connection)
    skipped = _virtual(connection)
    every = (str(name) for name in look.get_table_names())
    names = [name for name in every if name not in skipped and not name.startswith(VERSIONS)]
    kept = look.get_multi_columns(filter_names=names)
    keys = look.get_multi_pk_constraint(filter_names=names)
    foreign = look.get_multi_foreign_keys(filter_names=names)
    found = {}
    for name in sorted(names):
        key = tuple(str(one) for one in keys[(None, name)]["constrained_columns"])
        kinds = {str(one["name"]): _kind(one["type"]) for one in kept[(None, name)]}
        refers = frozenset(str(one["referred_table"]) for one in foreign[(None, name)]) - {name}
        found[name] = described(name, key, kinds, refers)
    return found


def described(
    name: str, key: Sequence[str], kinds: Mapping[str, str], refers: frozenset[str] = frozenset()
) -> StoredTable:
    """A table from its description, in an archive or in the database."""
    ordered = {one: kinds[one] for one in (*key, *sorted(set(kinds) - set(key)))}
    columns = [sa.Column(one, TYPES[kind], primary_key=one in key) for one, kind in ordered.items()]
    return StoredTable(name, tuple(key), ordered, refers, sa.Table(name, sa.MetaData(), *columns))


def by_references(tables: Mapping[str, StoredTable]) -> list[StoredTable]:
    """The same tables, each behind those that its foreign keys name."""
    done: dict[str, StoredTable] = {}

    def visit(one: StoredTable) -> None:
        if one.name in done:
            return
        for name in sorted(one.refers):
            if name in tables:
                visit(tables[name])
        done[one.name] = one

    for name in sorted(tables):
        visit(tables[name])
    return list(done.values())


def rows(connection: sa.Connection, one: StoredTable) -> Iterator[dict[str, Any]]:
    """Rows as Python values, ordered by their key the same way on both databases; memory stays flat."""
    for piece in pieces(connection, one):
        yield from piece


def pieces(
    connection: sa.Connection, one: StoredTable, *, columns: Sequence[str] = (), where: Any = None
) -> Iterator[list[dict[str, Any]]]:
    """The same in lists of at most 500; `columns`: only these, `where`: only rows that match."""
    names = columns or one.columns
    query = sa.select(*(one.table.c[name] for name in names)).order_by(*_order(connection, one))
    if where is not None:
        query = query.where(where)
    result = connection.execute(query, execution_options={"stream_results": True, "yield_per": PIECE})
    for piece in result.partitions(PIECE):
        yield [dict(zip(names, row, strict=True)) for row in piece]


def line(values: Mapping[str, Any]) -> bytes:
    """A row as one line of JSON: moments in UTC with Z, bytes in base64, numbers with a point as text."""
    return orjson.dumps(values, default=_plain, option=orjson.OPT_UTC_Z | orjson.OPT_APPEND_NEWLINE)


def values_of(said: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, Any]:
    """The values of such a line again."""
    return {name: _read(said.get(name), kind) for name, kind in kinds.items()}


def sums(connection: sa.Connection, told: Callable[[float], None] = lambda _share: None) -> dict[str, dict[str, Any]]:
    """Table -> number of rows and checksum of everything in it; `told` hears how far it is, from 0 to 1."""
    found = {}
    there = stored_tables(connection)
    for number, one in enumerate(there.values()):
        told(number / len(there))
        digest, count = hashlib.sha256(), 0
        for row in rows(connection, one):
            digest.update(line(row))
            count += 1
        found[one.name] = {"rows": count, "sha256": digest.hexdigest()}
    return found


def go_on_numbering(connection: sa.Connection, one: StoredTable) -> None:
    """After rows were put in with their ids: PostgreSQL gives new ones behind them, as SQLite does by itself."""
    if connection.dialect.name != "postgresql" or len(one.key) != 1 or one.kinds[one.key[0]] != "integer":
        return
    query = sa.text("SELECT pg_get_serial_sequence(:t, :c)")
    own = connection.execute(query, {"t": one.name, "c": one.key[0]}).scalar()
    most = connection.execute(sa.select(sa.func.max(one.table.c[one.key[0]]))).scalar() if own else None
    if most:
        given = connection.exec_driver_sql(f"SELECT last_value FROM {own}").scalar_one()  # noqa: S608 (PostgreSQL named it)
        connection.execute(sa.text("SELECT setval(:s, :n)"), {"s": own, "n": max(most, given)})


def _order(connection: sa.Connection, one: StoredTable) -> list[Any]:
    names = one.key or tuple(name for name, kind in one.kinds.items() if kind not in ("json", "binary"))
    on_postgres = connection.dialect.name == "postgresql"
    return [
        sa.collate(one.table.c[name], "C") if on_postgres and one.kinds[name] == "text" else one.table.c[name]
        for name in names
    ]


def _virtual(connection: sa.Connection) -> set[str]:
    """SQLite's full-text tables and those that they keep their own things in."""
    if connection.dialect.name != "sqlite":
        return set()
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%'"
    virtual = list(connection.exec_driver_sql(query).scalars())
    parts = ("_data", "_idx", "_content", "_docsize", "_config")
    return {*virtual, *(f"{name}{part}" for name in virtual for part in parts)}


def _kind(type_: Any) -> str:
    return next((kind for cls, kind in _KINDS if isinstance(type_, cls)), "text")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    raise TypeError(f"no form for {type(value).__name__}")


def _read(said: Any, kind: str) -> Any:
    if said is None:
        return None
    if kind == "moment":
        return datetime.fromisoformat(said)
    if kind == "date":
        return date.fromisoformat(said)
    if kind == "binary":
        return base64.b64decode(said)
    return Decimal(said) if kind == "decimal" else said
