"""What administrators do with jobs, and how finished ones are forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from kumiko.host.columns import utc_now
from kumiko.host.context import current, transaction
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.job import JobContext, sliced
from kumiko.jobs.models import CANCELLED, DEAD, DONE, READY, RUNNING, cron_table, job_table, key_table
from kumiko.jobs.queries import get_job, require_manager
from kumiko.jobs.registry import enabled_plugins

KEPT = timedelta(days=7)
_PRUNE_SLICE = 1000

_jobs = job_table
_keys = key_table


def retry(job_id: int) -> None:
    """Runs a dead, cancelled or waiting job now, with all its attempts. Conflict when it is running or done."""
    require_manager()
    get_job(job_id)
    with transaction():
        row = trusted(
            update(_jobs)
            .where(_jobs.c.id == job_id, _jobs.c.status.in_((DEAD, CANCELLED, READY)))
            .values(status=READY, attempts=0, run_at=utc_now(), done_at=None, worker="")
            .returning(_jobs.c.order_keys)
        ).first()
        if row is None:
            raise Conflict(_("Job %(id)s is running or done; only one that is not can be started again.", id=job_id))
        trusted(delete(_keys).where(_keys.c.job_id == job_id))
        if row.order_keys:
            trusted(insert(_keys), [{"key": key, "job_id": job_id} for key in row.order_keys])


def retry_dead(*, plugin: str = "") -> int:
    """Runs all dead letters (of one module) again; how many."""
    require_manager()
    wanted = select(_jobs.c.id).where(_jobs.c.status == DEAD).order_by(_jobs.c.id)
    if plugin:
        wanted = wanted.where(_jobs.c.plugin == plugin)
    job_ids = list(trusted(wanted).scalars())
    for job_id in job_ids:
        retry(job_id)
    return len(job_ids)


def cancel(job_id: int) -> None:
    """Ends a job that has not ended; what a running one has done in its open transaction is rolled back.

    Slices that a long job has committed stay. Conflict when the job has ended.
    """
    require_manager()
    get_job(job_id)
    with transaction():
        changed = trusted(
            update(_jobs)
            .where(_jobs.c.id == job_id, _jobs.c.status.in_((READY, RUNNING, DEAD)))
            .values(status=CANCELLED, done_at=utc_now(), lease_until=None)
        ).rowcount
        if not changed:
            raise Conflict(_("Job %(id)s is done or cancelled already.", id=job_id))
        trusted(delete(_keys).where(_keys.c.job_id == job_id))


@sliced
def prune(job: JobContext) -> None:
    """Forgets jobs that were done or cancelled more than a week ago, slice by slice. Dead letters stay.

    Jobs with a key stay also while their module is off: on its return they tell what it has been told already.
    """
    forgotten = job.state.get("forgotten", 0)
    while True:
        with job.slice():
            old = (
                select(_jobs.c.id)
                .where(_jobs.c.status.in_((DONE, CANCELLED)), _jobs.c.done_at < utc_now() - KEPT)
                .where(or_(_jobs.c.dedupe.is_(None), _jobs.c.plugin.in_(enabled_plugins(current().generation))))
                .limit(_PRUNE_SLICE)
            )
            gone: Any = trusted(delete(_jobs).where(_jobs.c.id.in_(old)))
            forgotten += gone.rowcount
            job.checkpoint({"forgotten": forgotten})
            job.progress(forgotten)
        if gone.rowcount < _PRUNE_SLICE:
            return


def forget_module(plugin: str) -> int:
    """Delete all jobs of a module, whatever became of them, and when its periodic ones ran; gives how many jobs."""
    mine = select(_jobs.c.id).where(_jobs.c.plugin == plugin)
    with transaction():
        trusted(delete(_keys).where(_keys.c.job_id.in_(mine)))
        trusted(delete(cron_table).where(cron_table.c.name.startswith(f"{plugin}.", autoescape=True)))
        return int(trusted(delete(_jobs).where(_jobs.c.plugin == plugin)).rowcount)
