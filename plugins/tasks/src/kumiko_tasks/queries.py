"""What is read of tasks beyond the generic lists; limited to what the acting person may see unless a name says not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_, select

from kumiko import RecordRef, session, unscoped
from kumiko_tasks.models import OPEN_STATES, Meeting, Task, Template

COLUMNS = (
    Task.id, Task.version, Task.name, Task.kind, Task.state, Task.priority, Task.related_id, Task.related_type,
    Task.due_on, Task.due_at, Task.deadline_at, Task.effort_min, Task.owner_id,
)  # fmt: skip
_MEETING_COLUMNS = (
    Meeting.id, Meeting.version, Meeting.name, Meeting.kind, Meeting.state, Meeting.start_at, Meeting.end_at,
    Meeting.all_day, Meeting.place, Meeting.link, Meeting.related_id, Meeting.related_type, Meeting.owner_id,
)  # fmt: skip
_ORDER = (Task.deadline_at.is_(None), Task.deadline_at, Task.id)


def find_task(task_id: int) -> Any:
    """A row of COLUMNS; None when it is out of sight."""
    return session().execute(select(*COLUMNS).where(Task.id == task_id, Task.deleted_at.is_(None))).first()


def open_tasks_of(record_id: int, limit: int = 1000) -> Sequence[Any]:
    """Open tasks about a record, next due first."""
    query = select(*COLUMNS).where(
        Task.related_id == record_id, Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None)
    )  # fmt: skip
    return session().execute(query.order_by(*_ORDER).limit(limit)).all()


def open_tasks_until(owner_ids: Iterable[int], until: datetime, limit: int) -> Sequence[Any]:
    """Open tasks of these users that are due before `until`, or without a day; next due first."""
    query = select(*COLUMNS).where(
        Task.owner_id.in_(list(owner_ids)), Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None),
        or_(Task.deadline_at <= until, Task.deadline_at.is_(None)),
    )  # fmt: skip
    return session().execute(query.order_by(*_ORDER).limit(limit)).all()


def tasks_due(owner_ids: Iterable[int], start: datetime, end: datetime, limit: int) -> Sequence[Any]:
    """Tasks of these users that are due in [start, end), but for cancelled ones, in order of time."""
    query = select(*COLUMNS).where(
        Task.owner_id.in_(list(owner_ids)), Task.state != "cancelled", Task.deleted_at.is_(None),
        # A day's deadline is the start of the next one, so a task of a day stands behind those with a time.
        or_(
            Task.due_at.is_not(None) & (Task.deadline_at >= start) & (Task.deadline_at < end),
            Task.due_at.is_(None) & (Task.deadline_at > start) & (Task.deadline_at <= end),
        ),
    )  # fmt: skip
    return session().execute(query.order_by(*_ORDER).limit(limit)).all()


def meetings_between(owner_ids: Iterable[int], start: datetime, end: datetime, limit: int) -> Sequence[Any]:
    """Meetings of these users that start in [start, end), in order of time."""
    query = select(*_MEETING_COLUMNS).where(
        Meeting.owner_id.in_(list(owner_ids)), Meeting.deleted_at.is_(None), Meeting.start_at >= start,
        Meeting.start_at < end,
    )  # fmt: skip
    return session().execute(query.order_by(Meeting.start_at, Meeting.id).limit(limit)).all()


def planned_meetings_of(record_id: int, after: datetime, limit: int) -> Sequence[Any]:
    """Planned meetings about a record from a moment on, the next first."""
    query = select(*_MEETING_COLUMNS).where(
        Meeting.related_id == record_id, Meeting.state == "planned", Meeting.deleted_at.is_(None),
        Meeting.end_at >= after,
    )  # fmt: skip
    return session().execute(query.order_by(Meeting.start_at, Meeting.id).limit(limit)).all()


def count_open_of_all(owner_ids: Iterable[int]) -> dict[int, int]:
    """User id -> number of open tasks, whoever asks."""
    ids = list(owner_ids)
    query = (
        select(Task.owner_id, func.count())
        .where(Task.owner_id.in_(ids), Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None))
        .group_by(Task.owner_id)
    )
    with unscoped("how much somebody has to do is known to those who hand out work"):
        found = {row[0]: row[1] for row in session().execute(query)}
    return {user_id: found.get(user_id, 0) for user_id in ids}


def ref_of_row(row: Any) -> RecordRef | None:
    """The record that a task or meeting is about."""
    return RecordRef(row.related_type or "", row.related_id) if row.related_id is not None else None


def templates(*, stage_id: int | None = None) -> Sequence[Any]:
    """Templates in use: those of a stage, or those that people choose, in the order of the plan."""
    query = select(Template).where(Template.archived.is_(False), Template.deleted_at.is_(None))
    query = query.where(Template.stage_id.is_(None) if stage_id is None else Template.stage_id == stage_id)
    return (
        session().execute(query.order_by(Template.position.is_(None), Template.position, Template.name)).scalars().all()
    )


def made_from(template_ids: Iterable[int], record_id: int) -> set[int]:
    """Those of the templates that a task about the record was made from and not cancelled, whoever asks."""
    query = select(Task.template_id).where(
        Task.related_id == record_id, Task.template_id.in_(list(template_ids)), Task.state != "cancelled",
        Task.deleted_at.is_(None),
    )  # fmt: skip
    with unscoped("a plan makes each task once, whoever may see it"):
        return {one for one in session().execute(query).scalars() if one is not None}
