"""Waiting for the revision to move: told by PostgreSQL, seen at once on SQLite, on a connection of its own.

A hint only: whoever waits looks at the numbers afterwards, and `wait` ends when its time is over, told or not.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from kumiko.host.database import Database
from kumiko.host.revision import CHANNEL

log = logging.getLogger("kumiko.watch")
GLANCE_EVERY_S = 0.025  # SQLite: some ten microseconds each
AGAIN_AFTER_S = 5.0


class Watch:
    """One thread's wait for a change; connects when it first waits, and again after a fault."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._wait: Callable[[float], None] | None = None
        self._connection: Any = None
        self._not_before_s = 0.0

    def wait(self, seconds: float) -> None:
        """Return when something was committed that may concern the revision, after `seconds` at the latest."""
        try:
            if self._wait is None and time.monotonic() >= self._not_before_s:
                self._wait = self._glancing() if self._database.is_sqlite else self._listening()
            if self._wait is not None:
                self._wait(seconds)
                return
        except Exception as fault:  # noqa: BLE001 (drivers raise their own errors; looking by the clock remains)
            log.warning("changes are looked for by the clock only, for the watch stumbled: %s", fault)
            self.close()
            self._not_before_s = time.monotonic() + AGAIN_AFTER_S
        time.sleep(seconds)

    def close(self) -> None:
        """Give the connection back; the next wait opens another."""
        connection, self._connection, self._wait = self._connection, None, None
        try:
            if connection is not None:
                connection.close()
        except Exception as fault:  # noqa: BLE001 (it is broken already)
            log.debug("closing the watch: %s", fault)

    def _glancing(self) -> Callable[[float], None]:
        """SQLite: `data_version` moves when another connection has committed; then the numbers tell."""
        connection = sqlite3.connect(str(self._database.url.database), isolation_level=None, check_same_thread=False)
        self._connection = connection
        version: Any = None
        numbers: Any = None

        def wait(seconds: float) -> None:
            nonlocal version, numbers
            until_s = time.monotonic() + seconds
            while True:
                seen = connection.execute("PRAGMA data_version").fetchone()
                if seen != version:
                    version, before = seen, numbers
                    numbers = connection.execute("SELECT name, n FROM host_revision").fetchall()
                    if numbers != before:
                        return
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    return
                time.sleep(min(GLANCE_EVERY_S, left_s))

        return wait

    def _listening(self) -> Callable[[float], None]:
        """PostgreSQL: `revision.bump` notifies, and the notice comes with the commit."""
        engine = sa.create_engine(self._database.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        self._connection = opened = engine.connect()
        opened.exec_driver_sql(f"LISTEN {CHANNEL}")
        driver: Any = opened.connection.driver_connection

        def wait(seconds: float) -> None:
            for _notice in driver.notifies(timeout=seconds, stop_after=1):
                pass

        return wait
