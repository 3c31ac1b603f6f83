"""Tables of processes, their editions, and their runs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, JsonValue, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes
from kumiko_contracts.processes import (
    ASKED,
    DONE,
    DRAFT,
    FAILED,
    OFF,
    ON,
    PROCESS,
    QUEUED,
    RUN,
    RUNNING,
    STOPPED,
    UNDONE,
    WAITING,
)

__all__ = [
    "ASKED",
    "DONE",
    "DRAFT",
    "FAILED",
    "OFF",
    "ON",
    "PROCESS",
    "QUEUED",
    "RUN",
    "RUNNING",
    "STOPPED",
    "UNDONE",
    "WAITING",
    "Base",
    "Clock",
    "Edition",
    "Mark",
    "Process",
    "Progress",
    "Run",
    "StepRun",
]

Base: Any = plugin_base("processes")


class Process(RecordMixin, Base):
    """What people defined: `draft` is what they work on, `tree` is what runs (see `kumiko_processes.tree`)."""

    __tablename__ = "processes_process"
    __scope__ = Scope.record(PROCESS)
    __table_args__ = (*record_indexes("processes_process"), Index("ix_processes_process_state", "state", "id"))

    about: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=DRAFT)
    fault: Mapped[str | None] = mapped_column(String(500))
    runs_as_id: Mapped[int | None] = mapped_column(Id)
    hears_imports: Mapped[bool] = mapped_column(Boolean, default=False)
    runs_per_hour: Mapped[int | None] = mapped_column(Integer)
    sends_per_hour: Mapped[int | None] = mapped_column(Integer)
    per_record_per_hour: Mapped[int | None] = mapped_column(Integer)
    edition: Mapped[int] = mapped_column(Integer, default=0)
    draft: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    tree: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Edition(Base):
    """What was published, each time: runs go on with the edition they began with."""

    __tablename__ = "processes_edition"
    __scope__ = Scope.through(PROCESS, "process_id")
    __table_args__ = (UniqueConstraint("process_id", "number"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    process_id: Mapped[int] = mapped_column(Id)
    number: Mapped[int] = mapped_column(Integer)
    tree: Mapped[Any] = mapped_column(JsonValue)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by_id: Mapped[int | None] = mapped_column(Id)


class Run(RecordMixin, Base):
    """One run about one record, as people see it. `effects`: group of the units that it wrote, for undo."""

    __tablename__ = "processes_run"
    __scope__ = Scope.record(RUN)
    __table_args__ = (
        *record_indexes("processes_run"),
        Index("ix_processes_run_about", "about_type", "about_id", "id"),
        Index("ix_processes_run_process", "process_id", "created_at", "id"),
        Index("ix_processes_run_state", "state", "id"),
    )

    process_id: Mapped[int | None] = mapped_column(Id)
    edition: Mapped[int | None] = mapped_column(Integer)
    about_type: Mapped[str] = mapped_column(String(80), default="")
    about_id: Mapped[int | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    cause: Mapped[str | None] = mapped_column(String(300))
    waits_for: Mapped[str | None] = mapped_column(String(500))
    waits_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str | None] = mapped_column(String(1000))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effects: Mapped[int | None] = mapped_column(Id)


class Progress(Base):
    """Where a run stands: kept by the engine, in the transaction of each step.

    `step`: the next one, "" behind the last. `turn` counts what was decided about the run from outside: a job that
    was made for an older turn does nothing.
    """

    __tablename__ = "processes_progress"
    __scope__ = Scope.through(RUN, "run_id")
    __table_args__ = (
        Index("ix_processes_progress_process", "process_id", "active", "edition"),
        Index("ix_processes_progress_about", "about_id", "active"),
        Index("ix_processes_progress_moved", "active", "moved_at"),
    )

    run_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    process_id: Mapped[int] = mapped_column(Id)
    edition: Mapped[int] = mapped_column(Integer)
    about_type: Mapped[str] = mapped_column(String(80))
    about_id: Mapped[int] = mapped_column(Id)
    step: Mapped[str] = mapped_column(String(20))
    state: Mapped[str] = mapped_column(String(10))
    turn: Mapped[int] = mapped_column(Integer, default=1)
    tries: Mapped[int] = mapped_column(Integer, default=0)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    depth: Mapped[int] = mapped_column(Integer, default=0)
    group_id: Mapped[int | None] = mapped_column(Id)
    wake_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    moved_at: Mapped[datetime] = mapped_column(UtcDateTime)
    data: Mapped[Any] = mapped_column(JsonValue)


class StepRun(Base):
    """One attempt at one step of a run: what went in, what came out."""

    __tablename__ = "processes_step_run"
    __scope__ = Scope.through(RUN, "run_id")
    __table_args__ = (
        Index("ix_processes_step_run_run", "run_id", "id"),
        Index("ix_processes_step_run_process", "process_id", "step", "state"),
        Index("ix_processes_step_run_sends", "process_id", "sends", "ended_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    run_id: Mapped[int] = mapped_column(Id)
    process_id: Mapped[int] = mapped_column(Id)
    step: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(300))
    attempt: Mapped[int] = mapped_column(Integer, default=1)
    state: Mapped[str] = mapped_column(String(10))
    sends: Mapped[bool] = mapped_column(Boolean, default=False)
    recallable: Mapped[bool] = mapped_column(Boolean, default=True)
    given: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    output: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    error: Mapped[str | None] = mapped_column(Text)
    key: Mapped[str] = mapped_column(String(80))
    began_at: Mapped[datetime] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Mark(Base):
    """What was noticed once and shall not start a process again: a record that fits, a day that came."""

    __tablename__ = "processes_mark"
    __scope__ = Scope.internal("kept for the triggers that look at the clock and at filters")

    process_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Clock(Base):
    """Until when a trigger that looks at the clock has looked."""

    __tablename__ = "processes_clock"
    __scope__ = Scope.internal("kept for the triggers that look at the clock")

    process_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    edition: Mapped[int] = mapped_column(Integer)
    looked_at: Mapped[datetime] = mapped_column(UtcDateTime)
