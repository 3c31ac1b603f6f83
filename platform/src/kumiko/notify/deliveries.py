"""What became of notices that also went by mail: the row is written with the notice, and settled with the mail.

So a notice that was rolled back sends nothing, and whoever asks whether it came, and how often, reads one row.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko.host.columns import utc_now
from kumiko.host.scoping import trusted
from kumiko.jobs.queue import NewJob, enqueue_many
from kumiko.notify.models import FAILED, SENT, WAITING, deliveries
from kumiko.notify.wishes import Chosen

JOB = "notify.mail"
MAIL = "mail"
KEY = "notice:"  # begins the keys of our mails
_OF_NOTICES = select(deliveries).where(
    deliveries.c.notice_id.in_(bindparam("ids", expanding=True)), deliveries.c.way == MAIL
)


@dataclass(frozen=True, kw_only=True)
class DeliveryView:
    """A notice by mail: `state` waiting, sent, failed or skipped, `at` since when, `error` a sentence."""

    notice_id: int
    state: str
    at: datetime
    error: str


def queue(made: Sequence[Any], chosen: Chosen) -> None:
    """A job and a row of the log for each new notice (id, user_id) whose reader wants mail, too."""
    wanted = [row.id for row in made if chosen.wants_mail(row.user_id)]
    if not wanted:
        return
    now = utc_now()
    rows = [{"notice_id": one, "way": MAIL, "state": WAITING, "at": now, "error": ""} for one in wanted]
    trusted(insert(deliveries), rows)
    enqueue_many([NewJob(name=JOB, payload={"notice": one}, dedupe=f"{JOB}:{one}") for one in wanted])


def by_mail(notice_ids: Sequence[int]) -> Mapping[int, DeliveryView]:
    """What became of these notices by mail; the caller has made sure that they are the reader's own. One statement."""
    if not notice_ids:
        return {}
    return {
        row.notice_id: DeliveryView(notice_id=row.notice_id, state=row.state, at=row.at, error=row.error)
        for row in trusted(_OF_NOTICES, {"ids": list(notice_ids)})
    }


def is_waiting(notice_id: int) -> bool:
    """Whether the notice still has to be mailed."""
    return any(one.state == WAITING for one in by_mail([notice_id]).values())


def settle(notice_id: int, state: str, error: str = "") -> None:
    """Write down what became of a notice by mail."""
    which = (deliveries.c.notice_id == notice_id, deliveries.c.way == MAIL)
    trusted(update(deliveries).where(*which).values(state=state, at=utc_now(), error=error[:2000]))


def note_mail(key: str, state: str, error: str) -> None:
    """A mail of ours was taken by the server, or given up: told in the transaction that settles the mail."""
    number = key.removeprefix(KEY)
    if key.startswith(KEY) and number.isdigit():
        settle(int(number), {"sent": SENT, "failed": FAILED}.get(state, WAITING), error)


def forget(notice_ids: Iterable[int] | Any) -> None:
    """Delete what is known of notices that are deleted."""
    trusted(delete(deliveries).where(deliveries.c.notice_id.in_(notice_ids)))
