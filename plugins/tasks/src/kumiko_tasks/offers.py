"""What processes can do with tasks, and what they can wait for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kumiko import ActionCall, ActionType, Field, TriggerType
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.tasks import TASK_DONE, TASK_OVERDUE
from kumiko_tasks import due, plans, queries, services
from kumiko_tasks.models import TASK
from kumiko_tasks.record_types import ASSIGNEES, KINDS, PRIORITIES, UNITS, USER

_ANY_KIND = Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, help=_l("Empty: any."))


def _create_task(call: ActionCall) -> Mapping[str, Any]:
    values = call.values
    on, at = _day(values.get("due_on")), _moment(values.get("due_at"))
    when = due.Due(on=on, at=at) if on or at else due.due_in(values.get("due_in"), values.get("due_unit"))
    related = (call.type_key, call.record_id)
    owner_id = plans.assigned_to(values.get("assignee"), plans.owner_of(related), values.get("user"))
    task_id = services.create_task(
        values["name"], owner_id=owner_id, kind=values.get("kind") or "to_do",
        priority=values.get("priority") or "normal", at=when, related=related, body=values.get("body") or "",
    )  # fmt: skip
    return {"task_id": task_id}


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) and value else value


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) and value else value


def _cancel_open(call: ActionCall) -> Mapping[str, Any]:
    kind = call.values.get("kind")
    ids = [row.id for row in queries.open_tasks_of(call.record_id) if kind in (None, "", row.kind)]
    for task_id in ids:
        services.cancel(task_id, reason=call.values.get("reason") or "")
    return {"count": len(ids)}


def _describe_create(values: Mapping[str, Any]) -> str:
    name = values.get("name") or "…"
    if values.get("due_in") is None:
        return str(_("Task “%(name)s”", name=name))
    unit = next((one.label for one in UNITS if one.key == (values.get("due_unit") or "working_hours")), "")
    return str(_("Task “%(name)s”, due in %(amount)s %(unit)s", name=name, amount=values["due_in"], unit=unit))


def _of_kind(payload: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return not values.get("kind") or payload.get("kind") == values["kind"]


ACTIONS = [
    ActionType(
        key="tasks.create_task", label=_l("Create a task"), run=_create_task, icon="checkbox",
        describe=_describe_create, results={"task_id": _l("The task")},
        fields=(
            Field(name="name", kind="text", label=_l("Task"), required=True, max_length=300),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default="to_do"),
            Field(name="priority", kind="choice", label=_l("Priority"), choices=PRIORITIES, default="normal"),
            Field(name="due_in", kind="integer", label=_l("Due in"), minimum=0, maximum=10_000),
            Field(name="due_unit", kind="choice", label=_l("of"), choices=UNITS, default="working_hours"),
            Field(name="due_on", kind="date", label=_l("Or due on")),
            Field(name="assignee", kind="choice", label=_l("For whom"), choices=ASSIGNEES, default="owner"),
            Field(name="user", kind="link", to=USER, label=_l("User"), help=_l("For “a certain user”.")),
            Field(name="body", kind="longtext", label=_l("Text")),
        ),
    ),
    ActionType(
        key="tasks.cancel_open", label=_l("Cancel open tasks"), run=_cancel_open, icon="ban",
        describe=lambda _values: str(_("Cancel the open tasks about it")),
        results={"count": _l("How many")},
        fields=(_ANY_KIND, Field(name="reason", kind="text", label=_l("Why"), max_length=500)),
    ),
]  # fmt: skip

TRIGGERS = [
    TriggerType(
        key="tasks.task_done", label=_l("A task is done"), event=TASK_DONE, type=TASK, fields=(_ANY_KIND,),
        matches=_of_kind, icon="check",
    ),
    TriggerType(
        key="tasks.task_overdue", label=_l("A task is overdue"), event=TASK_OVERDUE, type=TASK, fields=(_ANY_KIND,),
        matches=_of_kind, icon="clock",
    ),
]  # fmt: skip
