"""Readings of the queue for administrators, and for people who wait for a job of their own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from kumiko.host.columns import utc_now
from kumiko.host.context import current, principal
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.models import DEAD, READY, RUNNING, STATUSES, job_table, key_table
from kumiko.jobs.registry import find_job_type

MANAGE = "jobs.manage"

_jobs = job_table
_keys = key_table


@dataclass(frozen=True, kw_only=True)
class JobView:
    """One job as people see it. Moments are aware UTC; `waiting` is a sentence, or "" when nothing holds it up."""

    id: int
    name: str
    label: str
    plugin: str
    status: str
    payload: dict[str, Any]
    actor_id: int | None
    attempts: int
    max_attempts: int
    run_at: datetime
    created_at: datetime
    started_at: datetime | None
    done_at: datetime | None
    progress_done: int
    progress_total: int | None
    progress_note: str
    waiting: str
    last_error: str
    state: dict[str, Any]  # what its function remembers

    @property
    def error_line(self) -> str:
        """The first line of the last error, without the traceback."""
        return self.last_error.partition("\n")[0]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many jobs there are: by status, due now but not started, held up by modules that are off (by name)."""

    by_status: dict[str, int]
    due: int
    held_up: dict[str, int]
    oldest_due_s: int


def require_manager() -> None:
    """Raises Forbidden unless the acting person may look after background work."""
    if not principal().may(MANAGE):
        raise Forbidden(_("Background work is looked after by administrators; ask one of them."))


def counts() -> Counts:
    """Numbers for the administration page; needs the permission `jobs.manage`."""
    require_manager()
    return read_counts()


def read_counts() -> Counts:
    """`counts` without asking who wants to know (readiness, metrics)."""
    now = utc_now()
    by_status = dict.fromkeys(STATUSES, 0)
    for row in trusted(select(_jobs.c.status, func.count().label("number")).group_by(_jobs.c.status)):
        by_status[row.status] = row.number
    due = trusted(
        select(func.count().label("number"), func.min(_jobs.c.run_at).label("oldest_at")).where(
            _jobs.c.status == READY, _jobs.c.waiting_for == "", _jobs.c.run_at <= now
        )
    ).one()
    held_up = trusted(
        select(_jobs.c.waiting_for, func.count().label("number"))
        .where(_jobs.c.status == READY, _jobs.c.waiting_for != "")
        .group_by(_jobs.c.waiting_for)
    )
    return Counts(
        by_status=by_status,
        due=due.number,
        held_up={row.waiting_for.partition(":")[2]: row.number for row in held_up},
        oldest_due_s=0 if due.oldest_at is None else max(0, int((now - due.oldest_at).total_seconds())),
    )


def list_jobs(
    *, status: str = "", plugin: str = "", name: str = "", limit: int = 50, before_id: int | None = None
) -> list[JobView]:
    """Jobs, newest first; go on with `before_id` of the last one. Needs the permission `jobs.manage`."""
    require_manager()
    if status and status not in STATUSES:
        raise Invalid(
            _("There is no job status %(found)s; wanted %(known)s.", found=repr(status), known=", ".join(STATUSES)),
            {"status": [_("unknown status")]},
        )
    statement = select(_jobs).order_by(_jobs.c.id.desc()).limit(max(1, min(limit, 200)))
    for column, wanted in ((_jobs.c.status, status), (_jobs.c.plugin, plugin), (_jobs.c.name, name)):
        if wanted:
            statement = statement.where(column == wanted)
    if before_id is not None:
        statement = statement.where(_jobs.c.id < before_id)
    return _views(trusted(statement).all())


def list_dead(*, limit: int = 50, before_id: int | None = None) -> list[JobView]:
    """The dead letters, newest first: jobs that failed too often and wait for somebody to decide."""
    return list_jobs(status=DEAD, limit=limit, before_id=before_id)


def get_job(job_id: int) -> JobView:
    """One job, for whoever manages jobs and for the person it works for; NotFound for everybody else."""
    rows = trusted(select(_jobs).where(_jobs.c.id == job_id)).all()
    person = principal()
    if not rows or not (person.may(MANAGE) or (person.user_id is not None and rows[0].actor_id == person.user_id)):
        raise NotFound(_("There is no job %(id)s, or you may not know of it.", id=job_id))
    return _views(rows)[0]


def _views(rows: Iterable[Any]) -> list[JobView]:
    found = list(rows)
    older = _older_rivals([row.id for row in found if row.status == READY and row.order_keys])
    now = utc_now()
    return [
        JobView(
            id=row.id, name=row.name, label=_label(row.name), plugin=row.plugin, status=row.status, payload=row.payload,
            actor_id=row.actor_id, attempts=row.attempts, max_attempts=row.max_attempts, run_at=row.run_at,
            created_at=row.created_at, started_at=row.started_at, done_at=row.done_at,
            progress_done=row.progress_done, progress_total=row.progress_total, progress_note=row.progress_note,
            waiting=_waiting(row, older.get(row.id), now), last_error=row.last_error,
            state=row.checkpoint or {},
        )
        for row in found
    ]  # fmt: skip


def _older_rivals(job_ids: list[int]) -> dict[int, int]:
    """Job id -> the oldest unfinished job it waits for."""
    if not job_ids:
        return {}
    mine, other, rival = _keys.alias("mine"), _keys.alias("other"), _jobs.alias("rival")
    statement = (
        select(mine.c.job_id, func.min(other.c.job_id).label("older_id"))
        .select_from(mine.join(other, other.c.key == mine.c.key).join(rival, rival.c.id == other.c.job_id))
        .where(mine.c.job_id.in_(job_ids), other.c.job_id < mine.c.job_id, rival.c.status.in_((READY, RUNNING)))
        .group_by(mine.c.job_id)
    )
    return {row.job_id: row.older_id for row in trusted(statement)}


def _label(name: str) -> str:
    owned = find_job_type(current().generation, name)
    return str(owned.type.label) if owned is not None and owned.type.label else name


def _waiting(row: Any, older: int | None, now: datetime) -> str:
    if row.status != READY:
        return ""
    kind, _colon, what = row.waiting_for.partition(":")
    if kind == "module":
        return _("The module %(module)s is off; the job goes on when it is back.", module=what)
    if kind == "job":
        return _("No module that is on knows jobs called %(name)s; install or enable the one that does.", name=what)
    if older is not None:
        return _("Waits for job %(id)s about the same thing.", id=older)
    if row.run_at > now:
        return _("Begins at its time.") if not row.attempts else _("Failed, and is tried again at its time.")
    return ""
