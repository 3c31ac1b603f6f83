"""Work by the clock: reminders are sent, overdue tasks are stated, heads are told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, or_, select, update

from kumiko import JobType, company_day, emit, enqueue, get, send_notice, session, unit, unscoped, utc_now
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.tasks import TASK_OVERDUE
from kumiko_tasks import alarms, due, events, plans, texts
from kumiko_tasks.models import MEETING, OPEN_STATES, TASK, Meeting, Overdue, Task

REMIND, OVERDUE = "tasks.remind", "tasks.watch_overdue"
SLICE = 100
WHY = "the clock watches everybody's tasks"


def run_reminders(job: Any) -> None:
    """The job: send the reminders whose time has come. Notice and end of the reminder are one transaction."""
    rows = alarms.waiting()
    if not rows:
        return
    named = {**_named(Task, TASK, rows), **_named(Meeting, MEETING, rows)}
    for row in rows:
        known = named.get((row.type_key, row.record_id))
        if known is not None and known.owner_id is not None:
            is_task = row.type_key == TASK
            send_notice(
                known.owner_id,
                texts.reminder(known.name, row.base_at, whole_day=is_task and known.due_at is None),
                href=f"/{'tasks' if is_task else 'meetings'}/{row.record_id}",
                type_key=row.type_key,
                record_id=row.record_id,
                key=f"tasks.remind:{row.record_id}:{row.minutes_before}:{row.base_at.isoformat()}",
            )
    alarms.forget(rows)
    if len(rows) == alarms.SLICE:
        enqueue(REMIND, {})


def _named(model: Any, type_key: str, rows: Sequence[Any]) -> dict[tuple[str, int], Any]:
    ids = [row.record_id for row in rows if row.type_key == type_key]
    columns = (model.id, model.name, model.owner_id, *((Task.due_at,) if model is Task else ()))
    with unscoped(WHY):
        found = session().execute(select(*columns).where(model.id.in_(ids), model.deleted_at.is_(None)))
        return {(type_key, row.id): row for row in found}


def run_overdue(job: Any) -> None:
    """The job: state each task that has become overdue, once per deadline; tell heads of those that stay so."""
    now = utc_now()
    late = _newly_late(now)
    for row in late:
        _state(row, now)
    _tell_heads(now)
    if len(late) == SLICE:
        enqueue(OVERDUE, {})


def _newly_late(now: datetime) -> Sequence[Any]:
    query = (
        select(Task.id, Task.name, Task.owner_id, Task.deadline_at)
        .outerjoin(Overdue, Overdue.task_id == Task.id)
        .where(
            Task.state.in_(OPEN_STATES), Task.deadline_at <= now, Task.deleted_at.is_(None),
            or_(Overdue.task_id.is_(None), Overdue.deadline_at != Task.deadline_at),
        )
        .order_by(Task.deadline_at, Task.id)
        .limit(SLICE)
    )  # fmt: skip
    with unscoped(WHY):
        return session().execute(query).all()


def _state(row: Any, now: datetime) -> None:
    with unit(reason=_("overdue")):
        record = get(TASK, row.id)

        def value(name: str) -> Any:
            if name == "related":
                return record.record_ref(name)
            return record.link_id(name) if name == "owner" else record.get(name)

        emit(TASK_OVERDUE, record, events.facts_of(value))
    with unscoped(WHY):
        session().execute(delete(Overdue).where(Overdue.task_id == row.id))
        note = {"task_id": row.id, "deadline_at": row.deadline_at, "stated_at": now, "told_head_at": None}
        session().execute(insert(Overdue), [note])
    if row.owner_id is not None:
        _notice(row.owner_id, _("Overdue: %(task)s", task=row.name), row)


def _tell_heads(now: datetime) -> None:
    days = plans.escalates_after_days()
    if days is None:
        return
    query = (
        select(Task.id, Task.name, Task.owner_id, Task.deadline_at)
        .join(Overdue, Overdue.task_id == Task.id)
        .where(
            Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None), Overdue.deadline_at == Task.deadline_at,
            Overdue.told_head_at.is_(None),
        )
        .order_by(Task.deadline_at, Task.id)
        .limit(SLICE)
    )  # fmt: skip
    with unscoped(WHY):
        rows = session().execute(query).all()
    heads: dict[int | None, int | None] = {}
    for row in rows:
        if _escalates_at(row.deadline_at, days) > now:
            continue
        if row.owner_id not in heads:
            heads[row.owner_id] = due.head_of(row.owner_id)
        head = heads[row.owner_id]
        if head is not None:
            _notice(head, _("Overdue in your team: %(task)s", task=row.name), row)
        with unscoped(WHY):
            session().execute(update(Overdue).where(Overdue.task_id == row.id).values(told_head_at=now))


def _escalates_at(deadline_at: datetime, days: int) -> datetime:
    """So many working days after the deadline, at its time of the day."""
    day = due.working_day_after(company_day(deadline_at), days)
    return due.start_of(day) + (deadline_at - due.start_of(company_day(deadline_at)))


def _notice(user_id: int, text: str, row: Any) -> None:
    send_notice(
        user_id, text, href=f"/tasks/{row.id}", type_key=TASK, record_id=row.id,
        key=f"tasks.overdue:{row.id}:{row.deadline_at.isoformat()}",
    )  # fmt: skip


JOBS = [
    JobType(name=REMIND, run=run_reminders, label=_l("Reminders of tasks and meetings"), cron="* * * * *"),
    JobType(name=OVERDUE, run=run_overdue, label=_l("Overdue tasks"), cron="*/5 * * * *"),
]
