"""The failures of plugins as the page of modules lists them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from kumiko.host.base import table_of
from kumiko.host.models import Failure
from kumiko.host.scoping import trusted


@dataclass(frozen=True, kw_only=True)
class FailureLine:
    """One kind of failure of a plugin."""

    phase: str
    message: str
    count: int
    first_at: datetime
    last_at: datetime
    traceback: str


def failure_lines() -> dict[str, list[FailureLine]]:
    """Plugin -> its failures, the newest first."""
    table = table_of(Failure)
    found: dict[str, list[FailureLine]] = {}
    names = ("phase", "message", "count", "first_at", "last_at", "traceback")
    for row in trusted(sa.select(table).order_by(table.c.last_at.desc()).limit(500)).mappings():
        line = FailureLine(**{name: row[name] for name in names})
        found.setdefault(row["plugin"], []).append(line)
    return found
