"""Tables of tasks, meetings and templates, and the clock of reminders."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, PartMixin, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes

TASK, MEETING, TEMPLATE = "tasks.task", "tasks.meeting", "tasks.template"
OPEN, IN_PROGRESS, WAITING, DONE, CANCELLED = "open", "in_progress", "waiting", "done", "cancelled"
OPEN_STATES = (OPEN, IN_PROGRESS, WAITING)
PLANNED, HELD, NOT_HELD = "planned", "held", "not_held"

Base: Any = plugin_base("tasks")


class Task(RecordMixin, Base):
    """Something that somebody shall do. `deadline_at`: the moment from which on it is overdue."""

    __tablename__ = "tasks_task"
    __scope__ = Scope.record(TASK)
    __table_args__ = (
        *record_indexes("tasks_task"),
        Index("ix_tasks_task_owner_deadline", "owner_id", "state", "deadline_at", "id"),
        Index("ix_tasks_task_deadline", "state", "deadline_at", "id"),
        Index("ix_tasks_task_by_deadline", "deadline_at", "id"),
        Index("ix_tasks_task_due", "due_on", "owner_id", "id"),
        Index("ix_tasks_task_related", "related_id", "state", "deadline_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(20), default="to_do")
    state: Mapped[str] = mapped_column(String(20), default=OPEN)
    priority: Mapped[str] = mapped_column(String(20), default="normal")
    related_id: Mapped[int | None] = mapped_column(Id)
    related_type: Mapped[str | None] = mapped_column(String(80))
    start_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    deadline_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    effort_min: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[str | None] = mapped_column(Text)
    template_id: Mapped[int | None] = mapped_column(Id, index=True)
    result: Mapped[str | None] = mapped_column(Text)
    duration_min: Mapped[int | None] = mapped_column(Integer)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_by_id: Mapped[int | None] = mapped_column(Id)
    in_time: Mapped[bool | None] = mapped_column(Boolean)


class Reminder(PartMixin, Base):
    """How long before it is due somebody wants to be reminded of a task."""

    __tablename__ = "tasks_task_reminder"
    __scope__ = Scope.through(TASK, "parent_id")

    minutes_before: Mapped[int | None] = mapped_column(Integer)


class Meeting(RecordMixin, Base):
    """A call or meeting at a time, with those who take part."""

    __tablename__ = "tasks_meeting"
    __scope__ = Scope.record(MEETING)
    __table_args__ = (
        *record_indexes("tasks_meeting"),
        Index("ix_tasks_meeting_start", "start_at", "id"),
        Index("ix_tasks_meeting_owner_start", "owner_id", "start_at", "id"),
        Index("ix_tasks_meeting_related", "related_id", "start_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(20), default="meeting")
    state: Mapped[str] = mapped_column(String(20), default=PLANNED)
    start_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    end_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    all_day: Mapped[bool] = mapped_column(Boolean, default=False)
    place: Mapped[str | None] = mapped_column(String(300))
    link: Mapped[str | None] = mapped_column(String(500))
    direction: Mapped[str | None] = mapped_column(String(10))
    related_id: Mapped[int | None] = mapped_column(Id)
    related_type: Mapped[str | None] = mapped_column(String(80))
    body: Mapped[str | None] = mapped_column(Text)
    outcome: Mapped[str | None] = mapped_column(Text)
    duration_min: Mapped[int | None] = mapped_column(Integer)


class MeetingReminder(PartMixin, Base):
    """How long before it starts somebody wants to be reminded of a meeting."""

    __tablename__ = "tasks_meeting_reminder"
    __scope__ = Scope.through(MEETING, "parent_id")

    minutes_before: Mapped[int | None] = mapped_column(Integer)


class Participant(PartMixin, Base):
    """Somebody who takes part in a meeting, a customer or a colleague, and what they answered."""

    __tablename__ = "tasks_meeting_participant"
    __scope__ = Scope.through(MEETING, "parent_id")

    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    user_id: Mapped[int | None] = mapped_column(Id, index=True)
    answer: Mapped[str | None] = mapped_column(String(20))


class Template(RecordMixin, Base):
    """A task that is made again and again: by hand, or whenever a deal enters a stage."""

    __tablename__ = "tasks_template"
    __scope__ = Scope.record(TEMPLATE)
    __table_args__ = (
        *record_indexes("tasks_template"),
        Index("ix_tasks_template_stage", "stage_id", "position", "id"),
    )

    kind: Mapped[str] = mapped_column(String(20), default="to_do")
    priority: Mapped[str] = mapped_column(String(20), default="normal")
    due_in: Mapped[int | None] = mapped_column(Integer)
    due_unit: Mapped[str | None] = mapped_column(String(20))
    effort_min: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[str | None] = mapped_column(Text)
    stage_id: Mapped[int | None] = mapped_column(Id)
    assignee: Mapped[str] = mapped_column(String(20), default="owner")
    user_id: Mapped[int | None] = mapped_column(Id, index=True)
    position: Mapped[int | None] = mapped_column(Integer)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)


class Alarm(Base):
    """A reminder that is still to be sent: made from the lists above whenever they or the time change."""

    __tablename__ = "tasks_alarm"
    __scope__ = Scope.internal("the clock of reminders; what they are about has rights of its own")
    __table_args__ = (Index("ix_tasks_alarm_at", "at"),)

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    minutes_before: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    type_key: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    base_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Overdue(Base):
    """That a task was stated to be overdue, for which deadline, and whether the head was told."""

    __tablename__ = "tasks_overdue"
    __scope__ = Scope.internal("what was stated already; tasks have rights of their own")

    task_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    deadline_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_head_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
