"""When sessions and tokens were last used: counted in memory and written once a minute, because a GET never writes."""

from __future__ import annotations

import logging
import threading
import weakref
from datetime import datetime

from sqlalchemy import bindparam, update
from sqlalchemy.exc import SQLAlchemyError

from kumiko.access.models import Session, Token, table
from kumiko.host.columns import utc_now
from kumiko.host.database import Database

log = logging.getLogger("kumiko.access")
EVERY_S = 60.0

_session, _token = table(Session), table(Token)
_SAVE = {
    "session": update(_session).where(_session.c.id == bindparam("k")).values(seen_at=bindparam("at")),
    "token": update(_token).where(_token.c.id == bindparam("k")).values(used_at=bindparam("at")),
}


class Seen:
    """What one process has seen since it last wrote it down."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._noted: dict[tuple[str, int], datetime] = {}
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None

    def note(self, kind: str, key: int) -> None:
        """Remember that a "session" or "token" was used now."""
        with self._lock:
            self._noted[kind, key] = utc_now()
            if self._timer is None:
                self._timer = threading.Timer(EVERY_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write down what was noted, in one short transaction of its own."""
        with self._lock:
            noted, self._noted = self._noted, {}
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        database = self._database()
        if not noted or database is None:
            return
        try:
            with database.engine.begin() as connection:
                for kind, statement in _SAVE.items():
                    rows = [{"k": key, "at": at} for (what, key), at in sorted(noted.items()) if what == kind]
                    if rows:
                        connection.execute(statement, rows)
        except SQLAlchemyError:
            log.warning("the last use of %d sessions and tokens could not be written", len(noted), exc_info=True)


_by_database: weakref.WeakKeyDictionary[Database, Seen] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def seen(database: Database) -> Seen:
    """The memory of this process for a database."""
    with _making:
        return _by_database.setdefault(database, Seen(database))
