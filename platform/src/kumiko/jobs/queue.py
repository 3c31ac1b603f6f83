"""Putting work into the queue, as part of the caller's own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host.columns import utc_now
from kumiko.host.context import Context, current
from kumiko.host.errors import ScopeError
from kumiko.host.scoping import trusted
from kumiko.jobs.models import READY, job_table, key_table
from kumiko.jobs.registry import find_job_type

MAX_ATTEMPTS = 6

_jobs = job_table
_keys = key_table
_INSERT = insert(_jobs).returning(_jobs.c.id, sort_by_parameter_order=True)


@dataclass(frozen=True, kw_only=True)
class NewJob:
    """Work to be done; the arguments of `enqueue`."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    run_at: datetime | None = None
    dedupe: str | None = None
    order_keys: Sequence[str] = ()
    actor_id: int | None = None
    max_attempts: int | None = None
    plugin: str = ""
    depth: int | None = None  # deliveries of events that led here; those of the job that is running when not given


def enqueue(
    name: str,
    payload: Mapping[str, Any],
    *,
    run_at: datetime | None = None,
    dedupe: str | None = None,
    order_keys: Sequence[str] = (),
    actor_id: int | None = None,
    max_attempts: int | None = None,
    plugin: str = "",
) -> int:
    """Id of a job that exists if, and only if, the caller's `transaction()` commits.

    `payload`: JSON values. `run_at`: not before this moment (aware); now when not given.
    `dedupe`: when a job with this key exists already, whatever became of it, nothing is added and its id is returned;
    finished jobs are forgotten after a week.
    `order_keys`: the job waits for older unfinished jobs that share one of these keys. Older is a smaller id: callers
    who hold the lock of the row that the key names (they changed it in this transaction) get the order of commits.
    `actor_id`: the user whose rights the job has when it runs; None is the system.
    `plugin`: the module that must be on for the job to run; the one that declares `name` when not given.
    """
    return enqueue_many([
        NewJob(
            name=name, payload=payload, run_at=run_at, dedupe=dedupe, order_keys=order_keys, actor_id=actor_id,
            max_attempts=max_attempts, plugin=plugin,
        )
    ])[0]  # fmt: skip


def enqueue_many(wanted: Sequence[NewJob]) -> list[int]:
    """Ids of the jobs, ascending in the order given (but for those that dedupe keys found); see `enqueue`."""
    context = current()
    if not context.in_transaction:
        raise ScopeError("a job is enqueued inside `with transaction()`, together with the change that wants it")
    now = utc_now()
    rows = [_row(context, job, now) for job in wanted]
    ids: list[int] = []
    fresh: list[int] = []  # places of jobs that did not exist before
    # Runs of jobs without dedupe key go in together; run by run, so that ids ascend in the order given.
    for is_plain, run in groupby(range(len(rows)), key=lambda at: wanted[at].dedupe is None):
        places = list(run)
        if is_plain:
            ids += trusted(_INSERT, [rows[at] for at in places]).scalars()
            fresh += places
            continue
        added, known = _insert_keyed(context, [rows[at] for at in places])
        for at in places:
            key = rows[at]["dedupe"]
            ids.append(known[key])
            if key in added:
                added.remove(key)  # the second of two with one key is the first one
                fresh.append(at)
    keys = [{"key": key, "job_id": ids[at]} for at in fresh for key in sorted(set(wanted[at].order_keys))]
    if keys:
        trusted(insert(_keys), keys)
    return ids


def _insert_keyed(context: Context, rows: list[dict[str, Any]]) -> tuple[set[str], dict[str, int]]:
    """Insert jobs whose key no other job has; the keys that are new, and the id of each key's job."""
    dialect = sqlite if context.database.is_sqlite else postgresql
    statement = dialect.insert(_jobs).on_conflict_do_nothing(index_elements=["dedupe"])
    inserted = trusted(statement.returning(_jobs.c.dedupe, _jobs.c.id), rows)
    known: dict[str, int] = {row.dedupe: row.id for row in inserted}
    added = set(known)
    absent = {row["dedupe"] for row in rows} - added
    if absent:
        query = select(_jobs.c.dedupe, _jobs.c.id).where(_jobs.c.dedupe.in_(sorted(absent)))
        known |= {row.dedupe: row.id for row in trusted(query)}
    return added, known


def _row(context: Context, job: NewJob, now: datetime) -> dict[str, Any]:
    known = find_job_type(context.generation, job.name)
    attempts = job.max_attempts if job.max_attempts is not None else known.type.max_attempts if known else MAX_ATTEMPTS
    return {
        "name": job.name,
        "plugin": job.plugin or (known.plugin if known else job.name.partition(".")[0]),
        "payload": dict(job.payload),
        "run_at": job.run_at or now,
        "status": READY,
        "attempts": 0,
        "max_attempts": max(1, attempts),
        "worker": "",
        "dedupe": job.dedupe,
        "order_keys": sorted(set(job.order_keys)),
        "actor_id": job.actor_id,
        "progress_done": 0,
        "progress_note": "",
        "waiting_for": "",
        "depth": context.depth if job.depth is None else job.depth,
        "last_error": "",
        "created_at": now,
    }
