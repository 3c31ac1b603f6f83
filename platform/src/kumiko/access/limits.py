"""How often a program may ask: requests of a token are counted per minute, over all processes of the installation.

Each process counts in memory and adds its count to the database now and then, which tells it the sum. So the limit
holds for all processes together, to within what they have not told yet (at most a twentieth of it each).
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from dataclasses import dataclass

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert as pg_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import SQLAlchemyError

from kumiko.access.models import TokenUse, table
from kumiko.host.database import Database
from kumiko.host.scoping import trusted

log = logging.getLogger("kumiko.access")
WINDOW_S = 60
_TOLD_EVERY_S = 5.0
_use = table(TokenUse)


@dataclass(frozen=True)
class Rate:
    """`limit` requests a minute, `remaining` of them left, `reset_s` seconds until the next minute."""

    limit: int
    remaining: int
    reset_s: int

    @property
    def exceeded(self) -> bool:
        return self.remaining < 0


@dataclass
class _Count:
    window: int
    mine: int = 0  # requests this process has answered in the window
    told: int = 0  # of them, those the database knows of
    others: int = 0  # those of other processes, when we last told it ours
    told_at: float = 0.0


class Limits:
    """What one process has counted for the tokens of a database."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._counts: dict[int, _Count] = {}
        self._lock = threading.Lock()
        self._telling: threading.Thread | None = None

    def count(self, token_id: int, limit: int, *, now_s: float | None = None) -> Rate:
        """Count one request of a token and say where it stands; the caller refuses when it is exceeded.

        The database is told beside the request: a reader never waits for somebody who writes.
        """
        now_s = time.time() if now_s is None else now_s
        window = int(now_s // WINDOW_S)
        with self._lock:
            found = self._counts.get(token_id)
            if found is None or found.window != window:
                found = self._counts[token_id] = _Count(window, told_at=now_s)
            found.mine += 1
            total, untold = found.others + found.mine, found.mine - found.told
            late = now_s - found.told_at >= _TOLD_EVERY_S and total > limit // 2
            if (untold >= max(1, limit // 20) or late) and (self._telling is None or not self._telling.is_alive()):
                found.told_at = now_s
                self._telling = threading.Thread(target=self._tell, args=(token_id, found), daemon=True)
                self._telling.start()
        return Rate(limit, limit - total, int(WINDOW_S - now_s % WINDOW_S) or 1)

    def settle(self) -> None:
        """Wait until the database knows what it is being told now."""
        if self._telling is not None:
            self._telling.join()

    def _tell(self, token_id: int, found: _Count) -> None:
        """Add what the database does not know yet, and learn the sum of all processes."""
        database = self._database()
        if database is None:
            return
        with self._lock:
            mine = found.mine
        make, fresh = (sqlite_insert if database.is_sqlite else pg_insert), mine - found.told
        row = make(_use).values(token_id=token_id, minute=found.window, requests=fresh)
        total = row.on_conflict_do_update(
            index_elements=["token_id", "minute"], set_={"requests": _use.c.requests + fresh}
        ).returning(_use.c.requests)  # fmt: skip
        try:
            with database.engine.begin() as connection:
                of_all = int(connection.execute(total).scalar_one())
        except SQLAlchemyError:
            log.warning("requests of token %d could not be counted", token_id, exc_info=True)
            return
        with self._lock:
            found.told, found.others = mine, of_all - mine


def forget_old(now_s: float) -> None:
    """Delete the counts of minutes that are over."""
    trusted(delete(_use).where(_use.c.minute < int(now_s // WINDOW_S) - 1))


_by_database: weakref.WeakKeyDictionary[Database, Limits] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def limits(database: Database) -> Limits:
    """The counts of this process for a database."""
    with _making:
        return _by_database.setdefault(database, Limits(database))
