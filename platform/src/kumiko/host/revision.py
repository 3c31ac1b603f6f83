"""Three numbers that every process watches: `epoch` (plugins), `catalogue` (custom fields), `access` (rights)."""

from __future__ import annotations

from typing import Literal, NamedTuple

from sqlalchemy import Connection, text

from kumiko.host.context import current
from kumiko.host.database import Database
from kumiko.host.scoping import trusted

Name = Literal["epoch", "catalogue", "access"]


class Numbers(NamedTuple):
    """What a generation was built for. `epoch` changes rebuild it; the others only refresh what hangs on them."""

    epoch: int = 0
    catalogue: int = 0
    access: int = 0

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
    return Numbers(rows.get("epoch", 0), rows.get("catalogue", 0), rows.get("access", 0))


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


def bumps() -> int:
    """How often this process has bumped: a request that sees it move must look at the numbers again."""
    return _bumps
