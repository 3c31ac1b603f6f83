"""The clock of reminders: one row per reminder that is still to be sent.

Rows are made in the unit that gives something its time, and go in the transaction that sends the notice; so a process
that is killed loses none, and none is sent twice. What moves is moved, what is done has none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select

from kumiko import Draft, session, unscoped, utc_now
from kumiko_tasks.models import Alarm

SLICE = 50
WHY = "reminders are kept for everybody's tasks"


@dataclass(frozen=True)
class Wanted:
    """The moment that reminders count back from (None: no reminders), and how many minutes before it each comes."""

    base_at: datetime | None
    minutes: Sequence[int]


def set_for(type_key: str, changed: Iterable[tuple[Draft, Wanted]]) -> None:
    """The reminders that these records shall have from now on. One whose time is over is sent only while what it is
    about still lies ahead."""
    found = list(changed)
    if not found:
        return
    now = utc_now()
    rows: list[dict[str, Any]] = []
    for draft, wanted in found:
        base = wanted.base_at
        if base is None or base <= now:
            continue
        rows += [
            {"record_id": draft.record_id, "minutes_before": minutes, "type_key": type_key, "base_at": base,
             "at": max(base - timedelta(minutes=minutes), now)}
            for minutes in sorted(set(wanted.minutes))
        ]  # fmt: skip
    with unscoped(WHY):
        old = [draft.record_id for draft, _wanted in found if draft.action != "created"]
        for start in range(0, len(old), SLICE):
            session().execute(delete(Alarm).where(Alarm.record_id.in_(old[start : start + SLICE])))
        if rows:
            session().execute(insert(Alarm), rows)


def waiting() -> list[Any]:
    """The reminders whose time has come, the earliest first, at most SLICE."""
    with unscoped(WHY):
        query = select(Alarm.record_id, Alarm.minutes_before, Alarm.type_key, Alarm.at, Alarm.base_at)
        return list(session().execute(query.where(Alarm.at <= utc_now()).order_by(Alarm.at).limit(SLICE)))


def forget(rows: Iterable[Any]) -> None:
    """These were sent."""
    with unscoped(WHY):
        for row in rows:
            session().execute(
                delete(Alarm).where(
                    Alarm.record_id == row.record_id,
                    Alarm.minutes_before == row.minutes_before,
                    Alarm.base_at == row.base_at,
                )
            )
