"""What pages read of processes and runs, with the rights of whoever looks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from kumiko import session
from kumiko_processes.models import Edition, Process, Progress, Run, StepRun


@dataclass
class Counts:
    """How often steps of a process were done, and failed with why last."""

    done: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def counts(process_id: int) -> Counts:
    """How often each step was done and failed; two statements."""
    found = Counts()
    query = (
        select(StepRun.step, StepRun.state, func.count(), func.max(StepRun.id))
        .where(StepRun.process_id == process_id).group_by(StepRun.step, StepRun.state)
    )  # fmt: skip
    last: dict[int, str] = {}
    for step, state, number, newest in session().execute(query):
        if state == "failed":
            found.failed[step] = number
            last[newest] = step
        elif state in ("done", "waiting"):
            found.done[step] = found.done.get(step, 0) + number
    if last:
        for row in session().execute(select(StepRun.id, StepRun.error).where(StepRun.id.in_(last))):
            found.errors[last[row.id]] = row.error or ""
    return found


def count_runs(process_id: int) -> int:
    """How many runs of a process one may see."""
    query = select(func.count()).select_from(Run).where(Run.process_id == process_id, Run.deleted_at.is_(None))
    return int(session().execute(query).scalar_one())


def last_runs(process_id: int, limit: int = 5) -> Sequence[Any]:
    """The newest runs of a process."""
    columns = (Run.id, Run.name, Run.state, Run.created_at, Run.error)
    query = select(*columns).where(Run.process_id == process_id, Run.deleted_at.is_(None))
    return session().execute(query.order_by(Run.id.desc()).limit(limit)).all()


def runs_about(type_key: str, record_id: int, limit: int = 8) -> Sequence[Any]:
    """The newest runs about a record, with the names of their processes."""
    columns = (Run.id, Run.name, Run.state, Run.created_at, Run.waits_for, Run.waits_until, Run.error)
    query = (
        select(*columns)
        .where(Run.about_type == type_key, Run.about_id == record_id, Run.deleted_at.is_(None))
        .order_by(Run.id.desc())
        .limit(limit)
    )
    return session().execute(query).all()


def log_of(run_id: int) -> Sequence[Any]:
    """Every attempt at every step of a run, in order."""
    return session().execute(select(StepRun).where(StepRun.run_id == run_id).order_by(StepRun.id)).scalars().all()


def progress_of(run_id: int) -> Any:
    """Where a run stands, or None."""
    return session().execute(select(Progress).where(Progress.run_id == run_id)).scalar_one_or_none()


def editions(process_id: int) -> Sequence[Any]:
    """Editions of a process, the newest first."""
    query = select(Edition.number, Edition.at, Edition.by_id).where(Edition.process_id == process_id)
    return session().execute(query.order_by(Edition.number.desc())).all()


def edition_tree(process_id: int, number: int) -> Mapping[str, Any]:
    """The tree of an edition, {} when there is none."""
    query = select(Edition.tree).where(Edition.process_id == process_id, Edition.number == number)
    return session().execute(query).scalar() or {}


def startable(type_key: str) -> Sequence[Any]:
    """Processes that are on and about a type of records."""
    query = select(Process.id, Process.name).where(
        Process.about == type_key, Process.state == "on", Process.deleted_at.is_(None)
    )  # fmt: skip
    return session().execute(query.order_by(Process.name)).all()
