"""Who opened which records: counted in memory, written in the background, and an alarm when it is unusual.

A GET never writes: a process keeps what was read for some seconds, then writes it down in one transaction, and learns
on the way what the same people read in other processes. Only the alarm itself, once per person and period, is written
by the request that sets it off. Whoever set it off is slowed: one record every few seconds until it is usual again.
"""

from __future__ import annotations

import logging
import threading
import time
import weakref
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from kumiko.exits.models import alarms, exports, readings
from kumiko.exits.watchers import administrators, watched_by_me, watchers_of
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.context import Principal, current, principal, transaction
from kumiko.host.database import Database
from kumiko.host.errors import TooMany
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.notify.services import notify_people
from kumiko.records.catalogue import TypeInfo

log = logging.getLogger("kumiko.exits")
EVERY_S = 5.0
MOST_KEPT = 5000
#: Rows of lists that programs read count, too, but a page of them is no unusual act.
ROWS_PER_CARD = 20


class Memory:
    """What one process knows of reading."""

    def __init__(self, database: Database) -> None:
        self._database = weakref.ref(database)
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self._unwritten: list[dict[str, Any]] = []
        self._opened: dict[int, dict[int, float]] = {}  # user -> record -> when, by this process's clock
        self._elsewhere: dict[int, int] = {}  # user -> records that other processes wrote down in the period
        self._period: timedelta = timedelta(minutes=10)
        self.next_at: dict[int, float] = {}  # user who is slowed -> when the next record opens

    def note(self, user_id: int, type_key: str, record_id: int | None, rows: int, via: str) -> None:
        """Keep that a user read a record, or `rows` of a list."""
        with self._lock:
            self._unwritten.append(
                {"at": utc_now(), "user_id": user_id, "type_key": type_key, "record_id": record_id, "row_count": rows,
                 "via": via}
            )  # fmt: skip
            full = len(self._unwritten) >= MOST_KEPT
            if self._timer is None:
                self._timer = threading.Timer(EVERY_S, self.flush)
                self._timer.daemon = True
                self._timer.start()
        if full:
            self.flush()

    def count(self, user_id: int, record_id: int | None, rows: int, period: timedelta) -> int:
        """Records that a user opened within the period, this one included, here and as far as known elsewhere."""
        now = time.monotonic()
        self._period = period
        with self._lock:
            mine = self._opened.setdefault(user_id, {})
            if record_id is not None:
                mine.pop(record_id, None)
                mine[record_id] = now
            else:
                for number in range(rows // ROWS_PER_CARD):
                    mine[-int(now * 1e6) - number] = now
            edge = now - period.total_seconds()
            for one in list(mine):
                if mine[one] >= edge:
                    break
                del mine[one]
            return max(len(mine), self._elsewhere.get(user_id, 0))

    def flush(self) -> None:
        """Write down what was read, and learn what the same people read in the period in all processes."""
        with self._lock:
            rows, self._unwritten = self._unwritten, []
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        database = self._database()
        if not rows or database is None:
            return
        users = sorted({row["user_id"] for row in rows})
        since = utc_now() - self._period
        known = (
            select(readings.c.user_id, func.count(func.distinct(readings.c.record_id)))
            .where(readings.c.user_id.in_(users), readings.c.at > since)
            .group_by(readings.c.user_id)
        )
        try:
            with database.engine.begin() as connection:
                connection.execute(insert(readings), rows)
                found = {row[0]: row[1] for row in connection.execute(known)}
        except SQLAlchemyError:
            log.warning("what %d people read could not be written down", len(users), exc_info=True)
            return
        with self._lock:
            self._elsewhere.update(found)


_by_database: weakref.WeakKeyDictionary[Database, Memory] = weakref.WeakKeyDictionary()
_making = threading.Lock()


def memory(database: Database) -> Memory:
    """The memory of this process for a database."""
    with _making:
        return _by_database.setdefault(database, Memory(database))


def note(info: TypeInfo, record_id: int) -> None:
    """A person is about to be shown a record. TooMany while they are slowed."""
    _note(info, record_id, 1)


def note_page(info: TypeInfo, rows: int) -> None:
    """A program is about to be given a page of a list."""
    if rows:
        _note(info, None, rows)


def _note(info: TypeInfo, record_id: int | None, rows: int) -> None:
    context, person = current(), principal()
    if context.generation is None or "exits" not in context.generation.state or info.type.public:
        return
    user_id = person.viewed_by_id or person.user_id
    if user_id is None or person.kind == "system":
        return
    chosen = settings.section("exits")
    kept = memory(context.database)
    if not person.is_administrator and person.viewed_by_id is None and chosen["cards"]:
        _slow(kept, person, user_id, record_id, rows, chosen)
    kept.note(user_id, info.key, record_id, rows, context.via)


def _slow(
    kept: Memory, person: Principal, user_id: int, record_id: int | None, rows: int, chosen: dict[str, Any]
) -> None:
    period = timedelta(minutes=int(chosen["minutes"]))
    count = kept.count(user_id, record_id, rows, period)
    if count <= int(chosen["cards"]):
        kept.next_at.pop(user_id, None)
        return
    now = time.monotonic()
    free_at = kept.next_at.get(user_id)
    if free_at is None:
        _alarm(person, user_id, count, int(chosen["minutes"]))
    elif now < free_at:
        wait_s = max(1, round(free_at - now))
        raise TooMany(
            _(
                "You opened %(count)d records in %(minutes)d minutes, which is unusual; your head was told. From here "
                "on one record opens every %(pause)d seconds: wait %(wait)d s and load this again.",
                count=count,
                minutes=int(chosen["minutes"]),
                pause=int(chosen["pause_s"]),
                wait=wait_s,
            ),
            wait_s,
        )
    kept.next_at[user_id] = now + int(chosen["pause_s"])


def _alarm(person: Principal, user_id: int, count: int, minutes: int) -> None:
    """Tell head and administrators, once per person and period, whichever process notices first."""
    since = utc_now() - timedelta(minutes=minutes)
    with transaction():
        query = select(alarms.c.id).where(alarms.c.user_id == user_id, alarms.c.at > since).limit(1)
        if trusted(query).first() is not None:
            return
        row = {"at": utc_now(), "user_id": user_id, "user_name": person.name[:200], "record_count": count,
               "minutes": minutes}  # fmt: skip
        alarm_id = trusted(insert(alarms).values(row).returning(alarms.c.id)).scalar_one()
        told = _("%(name)s opened %(count)d records in %(minutes)d minutes and is slowed from here on.",
                 name=person.name, count=count, minutes=minutes)  # fmt: skip
        told_to = [one for one in (*watchers_of(user_id), *administrators()) if one != user_id]
        notify_people(told_to, told, href="/exports/reading", key=f"reading alarm {alarm_id}")


# -- the log ----------------------------------------------------------------------------------------------------------


def newest_alarms(limit: int) -> list[Any]:
    """Alarms that the acting person may read, newest first."""
    query = select(alarms).order_by(alarms.c.id.desc()).limit(limit)
    mine = watched_by_me()
    return list(trusted(query if mine is None else query.where(alarms.c.user_id.in_(mine))).mappings())


def newest(limit: int, *, user_id: int | None = None, record_id: int | None = None, before: int | None = None) -> Any:
    """Lines of the log of reading that the acting person may read, newest first."""
    memory(current().database).flush()
    query = select(readings).order_by(readings.c.id.desc()).limit(limit)
    mine = watched_by_me()
    if mine is not None:
        query = query.where(readings.c.user_id.in_(mine))
    for column, value in ((readings.c.user_id, user_id), (readings.c.record_id, record_id)):
        if value is not None:
            query = query.where(column == value)
    if before is not None:
        query = query.where(readings.c.id < before)
    return list(trusted(query).mappings())


def per_user(since: datetime) -> list[Any]:
    """(user_id, records opened, rows given to programs) since a moment, the busiest first."""
    memory(current().database).flush()
    opened = func.count(func.distinct(readings.c.record_id))
    rows = func.sum(readings.c.row_count)
    query = (
        select(readings.c.user_id, opened.label("opened"), rows.label("rows"))
        .where(readings.c.at > since)
        .group_by(readings.c.user_id)
        .order_by(opened.desc(), rows.desc())
        .limit(200)
    )
    mine = watched_by_me()
    return list(trusted(query if mine is None else query.where(readings.c.user_id.in_(mine))).mappings())


def forget_old(job: Any) -> None:
    """The daily job: lines older than the settings say leave the logs."""
    days = int(settings.section("exits")["keep_days"])
    edge = utc_now() - timedelta(days=days)
    with job.settle():
        for table in (readings, alarms, exports):
            trusted(delete(table).where(table.c.at < edge))
