"""Whether anybody does the background work: workers leave a sign of life, which stays when they are gone.

The table of processes forgets whoever was not seen for two minutes; this one row tells since when nothing ran.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from kumiko.host.columns import utc_now
from kumiko.host.database import Database
from kumiko.host.scoping import trusted
from kumiko.jobs.models import beat_table

log = logging.getLogger("kumiko.jobs")
SILENT_AFTER = timedelta(minutes=2)
_is_worker = False


@dataclass(frozen=True, kw_only=True)
class Silence:
    """No worker was seen for two minutes; `since`: when one was seen last, None when none ever was."""

    since: datetime | None


def begin(database: Database) -> None:
    """This process is a worker from now on."""
    global _is_worker
    _is_worker = True
    beat(database)


def beat(database: Database) -> None:
    """Every 15 seconds in each process that lives long: a worker writes that it is there, whatever it is doing."""
    if not _is_worker:
        return
    try:
        with database.engine.begin() as connection:
            if connection.execute(update(beat_table).values(seen_at=utc_now())).rowcount == 0:
                connection.execute(insert(beat_table).values(id=1, seen_at=utc_now()))
    except SQLAlchemyError as fault:  # another one made the row, or the database is busy: next time
        log.info("the worker's sign of life is written later: %s", fault)


def silence() -> Silence | None:
    """What to say when background work stands still; None while it goes on. One statement."""
    seen_at: datetime | None = trusted(select(beat_table.c.seen_at)).scalar_one_or_none()
    if seen_at is not None and seen_at > utc_now() - SILENT_AFTER:
        return None
    return Silence(since=seen_at)
