"""Making, finishing and putting off tasks: what the buttons do, and what other modules ask (contract tasks/1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from kumiko import (
    Conflict,
    Invalid,
    NotFound,
    RecordRef,
    company_today,
    create,
    get,
    next_working_moment,
    principal,
    unit,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.tasks import Task as TaskData
from kumiko_tasks import due, queries
from kumiko_tasks.models import CANCELLED, DONE, HELD, MEETING, NOT_HELD, OPEN, OPEN_STATES, PLANNED, TASK


class TasksService:
    """Provides tasks/1; see `kumiko_contracts.tasks.Tasks`."""

    def create_task(
        self, name: str, *, owner_id: int | None = None, kind: str = "to_do", priority: str = "normal",
        due_at: datetime | None = None, due_on: date | None = None, related: tuple[str, int] | None = None,
        body: str = "", remind: bool = True,
    ) -> int:  # fmt: skip
        return create_task(
            name, owner_id=owner_id, kind=kind, priority=priority, at=due.Due(on=due_on, at=due_at), related=related,
            body=body, remind=remind,
        )  # fmt: skip

    def done(self, task_id: int, *, result: str = "", duration_min: int | None = None) -> None:
        done(task_id, result=result, duration_min=duration_min)

    def cancel(self, task_id: int, *, reason: str = "") -> None:
        row = queries.find_task(task_id)
        if row is None:
            raise NotFound(_("There is no task %(id)d that you may see.", id=task_id))
        if row.state in OPEN_STATES:
            cancel(task_id, reason=reason)

    def open_tasks(self, related: tuple[str, int]) -> tuple[TaskData, ...]:
        return tuple(
            TaskData(
                id=row.id, name=row.name, kind=row.kind, state=row.state, owner_id=row.owner_id, due_on=row.due_on,
                due_at=row.due_at, related=(row.related_type, row.related_id),
            )
            for row in queries.open_tasks_of(related[1])
        )  # fmt: skip

    def count_open(self, owner_ids: Iterable[int]) -> Mapping[int, int]:
        return queries.count_open_of_all(owner_ids)


def create_task(
    name: str, *, owner_id: int | None = None, kind: str = "to_do", priority: str = "normal",
    at: due.Due | None = None, related: tuple[str, int] | None = None, body: str = "", remind: bool = True,
    template_id: int | None = None, effort_min: int | None = None,
) -> int:  # fmt: skip
    """Make a task; gives its id. Without `owner_id` it is the acting person's."""
    values: dict[str, Any] = {"name": name, "kind": kind, "priority": priority, **(at or due.Due()).values}
    owner_id = owner_id if owner_id is not None else principal().user_id
    given = {"owner": owner_id, "body": body or None, "template": template_id, "effort_min": effort_min}
    values |= {key: value for key, value in given.items() if value is not None}
    if related is not None:
        values["related"] = RecordRef(*related)
    if not remind:
        values["reminders"] = []
    return create(TASK, values).id


def make_from_form(values: Mapping[str, Any], related: tuple[str, int] | None) -> int:
    """Make a task of what somebody typed; gives its id. Invalid names what is wrong."""
    about = {"related": RecordRef(*related)} if related is not None else {}
    return create(TASK, {**values, **about}).id


def done(task_id: int, *, result: str = "", duration_min: int | None = None) -> None:
    """The task is done. Conflict when it is done or cancelled already."""
    with unit(reason=_("done")):
        record = get(TASK, task_id)
        why = refusal(record)
        if why:
            raise Conflict(why)
        values: dict[str, Any] = {"state": DONE}
        if result:
            values["result"] = result
        if duration_min is not None:
            values["duration_min"] = duration_min
        update(TASK, task_id, values, if_match=record.version)


def cancel(task_id: int, *, reason: str = "") -> None:
    """The task is not needed any more."""
    with unit(reason=_("task cancelled")):
        values: dict[str, Any] = {"state": CANCELLED}
        if reason:
            values["result"] = reason
        update(TASK, task_id, values)


def refusal(record: Any) -> str:
    """Why a task cannot be done or cancelled, as a sentence; "" when it can."""
    state = record.get("state")
    if state == DONE:
        return str(_("This task is done already; reopen it if there is more to do."))
    if state == CANCELLED:
        return str(_("This task was cancelled; reopen it first."))
    return ""


# -- what the buttons do ----------------------------------------------------------------------------------------------


def run_done(record: Any, values: Mapping[str, Any]) -> None:
    """Done, with its result and, if somebody named one, the next step about the same record."""
    if values.get("next_due_on") is not None and not values.get("next_name"):
        raise Invalid(_("Some values are not accepted."), {"next_name": [_("Say what is to be done next.")]})
    with unit(reason=_("done")):
        done(record.id, result=values.get("result") or "", duration_min=values.get("duration_min"))
        _make_next(record, values)


def _make_next(record: Any, values: Mapping[str, Any]) -> None:
    if not values.get("next_name"):
        return
    create_task(
        values["next_name"], owner_id=record.link_id("owner"), kind=values.get("next_kind") or "to_do",
        at=due.Due(on=values.get("next_due_on"), at=values.get("next_due_at")), related=record.record_ref("related"),
    )  # fmt: skip


def run_cancel(record: Any, values: Mapping[str, Any]) -> None:
    why = refusal(record)
    if why:
        raise Conflict(why)
    cancel(record.id, reason=values.get("reason") or "")


def run_reopen(record: Any, _values: Mapping[str, Any]) -> None:
    if record.get("state") in OPEN_STATES:
        raise Conflict(nothing_to_reopen())
    with unit(reason=_("reopened")):
        update(TASK, record.id, {"state": OPEN}, if_match=record.version)


def nothing_to_reopen() -> str:
    return str(_("This is open; there is nothing to reopen."))


def run_snooze(record: Any, values: Mapping[str, Any]) -> None:
    """Put off; until a day, or for a while from now."""
    why = refusal(record)
    if why:
        raise Conflict(why)
    by, on = values.get("by") or "", values.get("on")
    with unit(reason=_("put off")):
        update(TASK, record.id, _later(record, by, on))


def _later(record: Any, by: str, on: date | None) -> dict[str, Any]:
    if on is not None:
        return {"due_on": on}
    now, today = utc_now(), company_today()
    if by in ("hour", "three_hours"):
        return {"due_at": next_working_moment(now + timedelta(hours=1 if by == "hour" else 3))}
    days = {"tomorrow": 1, "in_two_days": 2, "next_week": 5}.get(by, 1)
    day = due.working_day_after(today + timedelta(days=1), days - 1)
    return {"due_on": day}


def run_held(record: Any, values: Mapping[str, Any]) -> None:
    """A call or meeting took place: with its outcome and, if somebody named one, the next step."""
    _close(record, HELD, values, _("held"))


def run_not_held(record: Any, values: Mapping[str, Any]) -> None:
    _close(record, NOT_HELD, values, _("not held"))


def _close(record: Any, state: str, values: Mapping[str, Any], reason: str) -> None:
    if record.get("state") != PLANNED:
        raise Conflict(_("This is no longer planned; reopen it first."))
    changed: dict[str, Any] = {"state": state}
    if values.get("outcome"):
        changed["outcome"] = values["outcome"]
    if values.get("duration_min") is not None:
        changed["duration_min"] = values["duration_min"]
    with unit(reason=reason):
        update(MEETING, record.id, changed, if_match=record.version)
        _make_next(record, values)


def run_plan_again(record: Any, _values: Mapping[str, Any]) -> None:
    if record.get("state") == PLANNED:
        raise Conflict(nothing_to_reopen())
    with unit(reason=_("reopened")):
        update(MEETING, record.id, {"state": PLANNED}, if_match=record.version)
