"""What administrators hear about backups that fail, or that nobody makes: under the bell, by mail, and on the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from kumiko.access.models import User, table
from kumiko.access.principals import principal_for_user
from kumiko.host.columns import utc_now
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.models import DEAD, READY, RUNNING, job_table
from kumiko.notify.services import notify_people

PAGE = "/admin/backups"
RIGHT = "archive.back_up"
LATE = timedelta(hours=3)  # from its hour, after which a backup that is still not there is told
_user = table(User)


@dataclass(frozen=True)
class Failed:
    """A job that gave up: when, and the first line of why."""

    at: datetime
    why: str


def tell(text: str, key: str) -> None:
    """Tell everybody who looks after backups, once per `key`, as part of the open transaction."""
    query = sa.select(_user.c.id).where(_user.c.active.is_(True), _user.c.deleted_at.is_(None)).order_by(_user.c.id)
    people = [one for one in trusted(query).scalars() if _may(one)]
    notify_people(people, text, href=PAGE, key=key)


def failed(name: str, since: datetime | None) -> Failed | None:
    """The newest job of a kind that gave up after `since`, None when one went well later or none did."""
    query = sa.select(job_table.c.done_at, job_table.c.created_at, job_table.c.last_error).where(
        job_table.c.name == name, job_table.c.status == DEAD
    )
    row = trusted(query.order_by(job_table.c.id.desc()).limit(1)).first()
    if row is None:
        return None
    at = row.done_at or row.created_at
    return None if since is not None and at < since else Failed(at, (row.last_error or "").partition("\n")[0])


def tell_if_late(name: str, slot: datetime) -> None:
    """Tell when the backup of a day was ordered, and has given up or waits for hours (a worker that was killed says
    nothing, and a full disk says it to nobody)."""
    query = sa.select(job_table.c.status, job_table.c.last_error).where(
        job_table.c.name == name, job_table.c.created_at >= slot, job_table.c.status.in_((READY, RUNNING, DEAD))
    )
    rows = trusted(query.order_by(job_table.c.id.desc())).all()
    gave_up = next((row for row in rows if row.status == DEAD), None)
    if gave_up is None and not (rows and utc_now() - slot > LATE):
        return
    text = _("There is no backup of today: it was ordered and did not come to its end.")
    why = (gave_up.last_error or "").partition("\n")[0] if gave_up is not None else ""
    tell(f"{text} {why}".strip(), key=f"backup of {slot.date().isoformat()}")


def _may(user_id: int) -> bool:
    person = principal_for_user(user_id)
    return person is not None and person.may(RIGHT)
