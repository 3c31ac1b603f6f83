"""The tables of background work: jobs, the keys that keep some of them in order, and what cron remembers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime, utc_now
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

READY, RUNNING, DONE, DEAD, CANCELLED = "ready", "running", "done", "dead", "cancelled"
STATUSES = (READY, RUNNING, DONE, DEAD, CANCELLED)


class JobsBase(DeclarativeBase):
    metadata = plugin_metadata("jobs")
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JsonValue}


class Job(JobsBase):
    """One piece of background work.

    `waiting_for` is empty for a job that may run, else "module:NAME" (the module is off) or "job:NAME" (no enabled
    module declares this kind of job); workers keep it up to date.
    `depth` counts the deliveries of events that led to it, one because of the other.
    `actor_id` is the user whose rights the job uses; NULL is the system.
    """

    __tablename__ = "jobs_job"
    __scope__ = Scope.internal("read through kumiko.jobs.queries, which checks who asks")
    __table_args__ = (
        Index("ix_jobs_job_claim", "status", "waiting_for", "run_at", "id"),
        Index("ix_jobs_job_lease", "status", "lease_until"),
        Index("ix_jobs_job_done", "status", "done_at"),
        Index("ix_jobs_job_name", "name", "status"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(String(120))
    plugin: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    run_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(10), default=READY)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    max_attempts: Mapped[int] = mapped_column(Integer)
    lease_until: Mapped[datetime | None]
    worker: Mapped[str] = mapped_column(String(120), default="")
    dedupe: Mapped[str | None] = mapped_column(String(200), unique=True)
    order_keys: Mapped[list[str]] = mapped_column(JsonValue, default=list)
    actor_id: Mapped[int | None] = mapped_column(Id)
    checkpoint: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)
    progress_done: Mapped[int] = mapped_column(Integer, default=0)
    progress_total: Mapped[int | None] = mapped_column(Integer)
    progress_note: Mapped[str] = mapped_column(String(200), default="")
    waiting_for: Mapped[str] = mapped_column(String(140), default="")
    depth: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    last_error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    done_at: Mapped[datetime | None]


class JobKey(JobsBase):
    """A key of an unfinished job: among jobs that share one, only the oldest may run. Rows go when the job ends."""

    __tablename__ = "jobs_key"
    __scope__ = Scope.internal("the order of jobs")
    __table_args__ = (Index("ix_jobs_key_job_id", "job_id"),)

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    job_id: Mapped[int] = mapped_column(
        Id, ForeignKey(Job.id, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


class CronMemory(JobsBase):
    """The last slot each periodic job was started for, so that a pruned job row is not started again."""

    __tablename__ = "jobs_cron"
    __scope__ = Scope.internal("the memory of cron")

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    expression: Mapped[str] = mapped_column(String(120))
    slot_at: Mapped[datetime]


class Beat(JobsBase):
    """One row: when a worker was last seen."""

    __tablename__ = "jobs_beat"
    __scope__ = Scope.internal("the sign of life of workers")

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    seen_at: Mapped[datetime]


#: The same tables for Core statements, typed.
job_table = cast(Table, Job.__table__)
key_table = cast(Table, JobKey.__table__)
cron_table = cast(Table, CronMemory.__table__)
beat_table = cast(Table, Beat.__table__)
