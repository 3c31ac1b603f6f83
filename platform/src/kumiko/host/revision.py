"""Numbers that every process watches: `epoch` (plugins), `catalogue` (custom fields), `access` (rights), providers."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import Connection, SQLColumnExpression, literal_column, text

from kumiko.host.context import current
from kumiko.host.database import Database
from kumiko.host.scoping import trusted

Name = Literal["epoch", "catalogue", "access", "providers"]


class Numbers(NamedTuple):
    """What a generation was built for. `epoch` changes rebuild it; the next two only refresh what hangs on them.

    `providers` counts how often one plugin took over the records of another: whoever writes compares it.
    """

    epoch: int = 0
    catalogue: int = 0
    access: int = 0
    providers: int = 0

    @property
    def mark(self) -> str:
        """The form that travels in the cookie `km_rev`."""
        return f"{self.epoch}.{self.catalogue}.{self.access}"

    @classmethod
    def from_mark(cls, mark: str) -> Numbers | None:
        """Read a mark; None when it is none (it comes from outside)."""
        parts = mark.split(".")
        if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 10 for part in parts):
            return None
        return cls(*map(int, parts))

    def behind(self, other: Numbers) -> bool:
        return any(mine < theirs for mine, theirs in zip(self, other, strict=True))


CHANNEL = "kumiko_revision"  # PostgreSQL tells listeners here when a change is committed
_READ = "SELECT name, n FROM host_revision"
_bumps = 0
_BUMP = text("UPDATE host_revision SET n = n + 1 WHERE name = :name")
_TELL = text(f"SELECT pg_notify('{CHANNEL}', '')")


def read(database: Database) -> Numbers:
    """The numbers as they are in the database now: one short raw query."""
    with database.reader.connect() as connection:
        rows = {name: n for name, n in connection.exec_driver_sql(_READ)}  # noqa: C416 (rows are no pairs to mypy)
    return Numbers(*(rows.get(name, 0) for name in Numbers._fields))


def bump(name: Name, connection: Connection | None = None) -> None:
    """Tell every process that something changed; part of the caller's write transaction (the context's by default)."""
    global _bumps
    _bumps += 1
    if connection is None:
        trusted(_BUMP, {"name": name})
        if not current().database.is_sqlite:
            trusted(_TELL)
    else:
        connection.execute(_BUMP, {"name": name})
        if connection.dialect.name != "sqlite":
            connection.execute(_TELL)


#: Reads `providers` and, on PostgreSQL, holds the lock that all writers share until the transaction ends (SQLite has
#: one writer at a time). An SQL expression, so that it travels with a statement that is sent anyway.
_LOCK = 1802857331
_PROVIDERS: SQLColumnExpression[int] = literal_column("(SELECT n FROM host_revision WHERE name = 'providers')")
_PROVIDERS_LOCKED: SQLColumnExpression[int] = literal_column("host_providers()")


def providers_now(*, sqlite: bool) -> SQLColumnExpression[int]:
    """An expression that gives `providers` as it stays until the caller's write transaction ends."""
    return _PROVIDERS if sqlite else _PROVIDERS_LOCKED


def hold_writers() -> None:
    """From here to the end of the current write transaction no other unit of work is written; waits for those open."""
    if not current().database.is_sqlite:
        trusted(text("SET LOCAL lock_timeout = '15s'"))
        trusted(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))


def bumps() -> int:
    """How often this process has bumped: a request that sees it move must look at the numbers again."""
    return _bumps
