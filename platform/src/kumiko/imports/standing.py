"""Why an import does not move: its place in the queue, and whether anybody does background work at all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from kumiko.host.columns import utc_now
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.runs import Run
from kumiko.jobs.alive import silence
from kumiko.jobs.models import READY, RUNNING, job_table

_jobs = job_table


@dataclass(frozen=True)
class Standing:
    """`place`: how many jobs are before it, 0 when it is at work or next. `worker_silent`: nobody does the work; since
    when, None for never. `remaining_s`: what is left, as far as its pace tells.
    """

    status: str
    place: int
    running: int
    worker_silent: bool
    silent_since: datetime | None
    remaining_s: int | None


def standing_of(run: Run) -> Standing:
    """Where the job of a run stands."""
    now = utc_now()
    before = select(func.count()).where(
        _jobs.c.status == READY, _jobs.c.waiting_for == "", _jobs.c.run_at <= now, _jobs.c.id < (run.job_id or 0)
    )
    row = trusted(
        select(
            _jobs.c.status,
            _jobs.c.started_at,
            before.scalar_subquery().label("before"),
            select(func.count()).where(_jobs.c.status == RUNNING).scalar_subquery().label("running"),
        ).where(_jobs.c.id == run.job_id)
    ).first()
    silent = silence()
    remaining = None
    if row is not None and row.status == RUNNING and row.started_at is not None and run.progress_done:
        pace = (now - row.started_at).total_seconds() / run.progress_done
        remaining = max(0, int(pace * (run.row_count - run.progress_done)))
    return Standing(
        row.status if row is not None else "", row.before if row is not None and row.status == READY else 0,
        row.running if row is not None else 0, silent is not None, silent.since if silent is not None else None,
        remaining,
    )  # fmt: skip


def sentence_of(standing: Standing) -> str:
    """The standing as a sentence; "" while the job is at work."""
    if standing.status == RUNNING and not standing.worker_silent:
        return ""
    if standing.worker_silent:
        if standing.silent_since is None:
            return _("No worker process has been seen yet, so nothing moves: start one with `kumiko worker`.")
        since = standing.silent_since.strftime("%Y-%m-%d %H:%M")
        return _("No worker process was seen since %(since)s (UTC), so nothing moves: start one with `kumiko worker`.",
                 since=since)  # fmt: skip
    if standing.place:
        return _("Waits behind %(place)d other jobs; the worker is alive. Nothing else is needed from you.",
                 place=standing.place)  # fmt: skip
    return _("Next in the queue; the worker is alive and busy with other work. Nothing else is needed from you.")
