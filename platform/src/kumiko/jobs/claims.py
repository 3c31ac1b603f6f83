"""Statements by which a worker takes a job, keeps it, and gives it back: the life of a claim.

A claim is (job id, worker, attempt). Every later statement names all three ("fencing"), so a worker that was thought
dead, and whose job somebody else has taken over, changes nothing any more. Moments come from the clocks of the worker
machines: a wrong clock makes a lease end early or late, and fencing keeps even that from doing a thing twice.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.engine import Row

from kumiko.jobs.models import CANCELLED, DEAD, DONE, READY, RUNNING, job_table, key_table
from kumiko.jobs.registry import enabled_plugins, runnable_names, waiting_reason

LONGEST_DELAY_S = 6 * 3600

_jobs = job_table
_keys = key_table


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A job as the worker got it. `attempt` counts from 1."""

    id: int
    name: str
    plugin: str
    payload: dict[str, Any]
    checkpoint: dict[str, Any]
    attempt: int
    max_attempts: int
    actor_id: int | None
    worker: str
    lease_s: int
    has_keys: bool
    depth: int
    progress: tuple[int, int | None, str]

    @property
    def held(self) -> ColumnElement[bool]:
        """The fence: true for the job's row as long as this claim holds."""
        return and_(
            _jobs.c.id == self.id,
            _jobs.c.worker == self.worker,
            _jobs.c.attempts == self.attempt,
            _jobs.c.status == RUNNING,
        )


@lru_cache(maxsize=16)  # building it costs more than running it
def _candidates(names: tuple[str, ...], plugins: tuple[str, ...]) -> Select[Any]:
    """The next job due; its parameter is `now`."""
    mine, other = _keys.alias("mine"), _keys.alias("other")
    rival = _jobs.alias("rival")
    # A younger job that runs already is waited for, too: its id may have been given before ours was committed.
    blocked = exists(
        select(1)
        .select_from(mine.join(other, other.c.key == mine.c.key).join(rival, rival.c.id == other.c.job_id))
        .where(
            mine.c.job_id == _jobs.c.id,
            or_(
                and_(other.c.job_id < mine.c.job_id, rival.c.status.in_((READY, RUNNING))),
                and_(other.c.job_id > mine.c.job_id, rival.c.status == RUNNING),
            ),
        )
        .correlate(_jobs)
    )
    return (
        select(_jobs.c.id, _jobs.c.name)
        .where(
            _jobs.c.status == READY,
            _jobs.c.waiting_for == "",
            _jobs.c.run_at <= bindparam("now", type_=_jobs.c.run_at.type),
            _jobs.c.name.in_(names),
            _jobs.c.plugin.in_(plugins),
            ~blocked,
        )
        .order_by(_jobs.c.run_at, _jobs.c.id)
        .limit(1)
    )


def is_work_waiting(connection: Connection, generation: Any, now: datetime) -> bool:
    """Whether some job could be claimed now; takes no lock."""
    statement = _candidates(runnable_names(generation), enabled_plugins(generation))
    return connection.execute(statement, {"now": now}).first() is not None


def claim(connection: Connection, generation: Any, worker: str, now: datetime) -> Claim | None:
    """Takes the job that has been due for longest, or None. The caller's transaction must commit before it runs."""
    statement = _candidates(runnable_names(generation), enabled_plugins(generation))
    found = connection.execute(statement.with_for_update(skip_locked=True, of=_jobs), {"now": now}).first()
    if found is None:
        return None
    lease_s = max(1, generation.jobs[found.name].item.lease_s)
    row = connection.execute(
        update(_jobs)
        .where(_jobs.c.id == found.id, _jobs.c.status == READY)
        .values(
            status=RUNNING, worker=worker, attempts=_jobs.c.attempts + 1, started_at=now,
            lease_until=now + timedelta(seconds=lease_s),
        )
        .returning(_jobs)
    ).first()  # fmt: skip
    if row is None:
        return None
    return Claim(
        id=row.id, name=row.name, plugin=row.plugin, payload=row.payload, checkpoint=row.checkpoint or {},
        attempt=row.attempts, max_attempts=row.max_attempts, actor_id=row.actor_id, worker=worker, lease_s=lease_s,
        has_keys=bool(row.order_keys), depth=row.depth,
        progress=(row.progress_done, row.progress_total, row.progress_note),
    )  # fmt: skip


def finished_values(now: datetime) -> dict[str, Any]:
    """Column values of a job that is done."""
    return {"status": DONE, "done_at": now, "lease_until": None, "last_error": ""}


def release(connection: Connection, claim: Claim, now: datetime) -> None:
    """Gives an unfinished job back without counting the attempt (the worker ends, the module was switched off)."""
    connection.execute(
        update(_jobs)
        .where(claim.held)
        .values(status=READY, worker="", attempts=_jobs.c.attempts - 1, run_at=now, lease_until=None)
    )


def fail(connection: Connection, claim: Claim, error: str, now: datetime, *, for_good: bool = False) -> str | None:
    """Records a failed attempt: "ready" (it comes again later), "dead", or None when the claim was lost before."""
    is_dead = for_good or claim.attempt >= claim.max_attempts
    values: dict[str, Any] = {"last_error": error, "lease_until": None, "worker": ""}
    if is_dead:
        values |= {"status": DEAD, "done_at": now}
    else:
        values |= {"status": READY, "run_at": now + timedelta(seconds=delay_s(claim.attempt))}
    if connection.execute(update(_jobs).where(claim.held).values(values)).rowcount == 0:
        return None
    if is_dead:
        drop_keys(connection, [claim.id])
    return DEAD if is_dead else READY


def delay_s(attempt: int) -> float:
    """Seconds until the next attempt: 2, 4, 8 ... at most six hours, varied by a quarter to spread a crowd."""
    return min(float(LONGEST_DELAY_S), 2.0 ** min(attempt, 20) * random.uniform(0.75, 1.25))  # noqa: S311 - no secret


def drop_keys(connection: Connection, job_ids: Iterable[int]) -> None:
    """Ended jobs hold up nobody."""
    connection.execute(delete(_keys).where(_keys.c.job_id.in_(list(job_ids))))


def status_of(connection: Connection, claim: Claim) -> str:
    """ "running" while the claim holds; "cancelled" or "lost" otherwise."""
    row = connection.execute(
        select(_jobs.c.status, _jobs.c.worker, _jobs.c.attempts).where(_jobs.c.id == claim.id)
    ).first()
    if row is not None and row.status == CANCELLED:
        return CANCELLED
    is_held = row is not None and (row.status, row.worker, row.attempts) == (RUNNING, claim.worker, claim.attempt)
    return RUNNING if is_held else "lost"


def has_expired(connection: Connection, now: datetime) -> bool:
    """Whether some running job's lease is over; takes no lock."""
    statement = select(_jobs.c.id).where(_jobs.c.status == RUNNING, _jobs.c.lease_until < now).limit(1)
    return connection.execute(statement).first() is not None


def expire(connection: Connection, now: datetime) -> list[Row[Any]]:
    """Puts jobs whose worker fell silent back into the queue, and buries those that killed it too often.

    The attempt counts: a job that kills its worker ends among the dead letters instead of killing for ever.
    Result: (id, name, plugin, attempts, last_error) of those that are dead now.
    """
    silent = and_(_jobs.c.status == RUNNING, _jobs.c.lease_until < now)
    # The worker that held it may be gone, so the sentence cannot come from it.
    error = "The worker process that ran this job ended or fell silent; its lease ran out."
    buried = connection.execute(
        update(_jobs)
        .where(silent, _jobs.c.attempts >= _jobs.c.max_attempts)
        .values(status=DEAD, done_at=now, lease_until=None, worker="", last_error=error)
        .returning(_jobs.c.id, _jobs.c.name, _jobs.c.plugin, _jobs.c.attempts, _jobs.c.last_error)
    ).all()
    if buried:
        drop_keys(connection, [row.id for row in buried])
    connection.execute(
        update(_jobs).where(silent).values(status=READY, run_at=now, lease_until=None, worker="", last_error=error)
    )
    return list(buried)


def find_mislabelled(connection: Connection, generation: Any) -> list[tuple[str, str, str, str]]:
    """(plugin, name, waiting_for now, waiting_for wanted) of ready jobs whose label is not true; takes no lock."""
    labels = connection.execute(
        select(_jobs.c.plugin, _jobs.c.name, _jobs.c.waiting_for).where(_jobs.c.status == READY).distinct()
    )
    return [
        (plugin, name, found, wanted)
        for plugin, name, found in labels
        if (wanted := waiting_reason(generation, plugin, name)) != found
    ]


def relabel(connection: Connection, labels: Iterable[tuple[str, str, str, str]]) -> None:
    """Writes what jobs of modules that are off wait for, so that claiming need not look at them again and again."""
    for plugin, name, found, wanted in labels:
        connection.execute(
            update(_jobs)
            .where(_jobs.c.status == READY, _jobs.c.plugin == plugin, _jobs.c.name == name)
            .where(_jobs.c.waiting_for == found)
            .values(waiting_for=wanted)
        )
