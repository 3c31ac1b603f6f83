"""tasks/1: tasks, planned calls and meetings, as other modules need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "tasks/1"
TASK = "tasks.task"
TASK_DONE = "tasks.task_done/1"
TASK_OVERDUE = "tasks.task_overdue/1"
OPEN, IN_PROGRESS, WAITING, DONE, CANCELLED = "open", "in_progress", "waiting", "done", "cancelled"
PRIORITIES = ("low", "normal", "high", "urgent")
KINDS = ("to_do", "call", "meeting", "mail")

#: Record types of the contract. `state` is done by the action `done`, which notes result and duration.
SHAPES = (
    Shape(
        key=TASK,
        collection="tasks",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="kind", kind="choice", choices=KINDS),
            ShapeField(name="state", kind="choice", choices=(OPEN, IN_PROGRESS, WAITING, DONE, CANCELLED)),
            ShapeField(name="priority", kind="choice", choices=PRIORITIES),
            ShapeField(name="due_on", kind="date"),
            ShapeField(name="due_at", kind="moment"),
            ShapeField(name="body", kind="longtext"),
            ShapeField(name="result", kind="longtext"),
            ShapeField(name="done_at", kind="moment"),
            ShapeField(name="duration_min", kind="integer"),
        ),
        actions=("done", "cancel", "reopen"),
    ),
)

_TASK = {
    "kind": "to_do, call, meeting or mail",
    "owner_id": "user whose task it is, or null",
    "related_type": 'key of the type of the record it is about, or ""',
    "related_id": "id of the record it is about, or null",
    "due_at": "moment it was due (RFC 3339 UTC; of a date: the end of that day in the company's zone), or null",
}

#: Facts of the contract, each stated once, with the unit that made it true.
FACTS = (
    Fact(
        name=TASK_DONE,
        fields={**_TASK, "done_at": "moment it was done (RFC 3339 UTC)", "duration_min": "minutes it took, or null"},
    ),
    Fact(name=TASK_OVERDUE, fields=_TASK),
)


@dataclass(frozen=True, kw_only=True)
class Task:
    """A task that the acting person may see. Without `due_at` it is due in the course of `due_on`, or never."""

    id: int
    name: str
    kind: str
    state: str
    owner_id: int | None
    due_on: date | None
    due_at: datetime | None
    related: tuple[str, int] | None


class TasksOff(Exception):
    """Nobody provides tasks/1 at present, so no task can be made."""


class Tasks(Protocol):
    """The service "tasks/1". Everything joins the caller's unit: it is undone with it."""

    def create_task(
        self,
        name: str,
        *,
        owner_id: int | None = None,
        kind: str = "to_do",
        priority: str = "normal",
        due_at: datetime | None = None,
        due_on: date | None = None,
        related: tuple[str, int] | None = None,
        body: str = "",
        remind: bool = True,
    ) -> int:
        """Make a task; gives its id. Without `owner_id` it is the acting person's."""

    def done(self, task_id: int, *, result: str = "", duration_min: int | None = None) -> None:
        """The task is done; refused when it is done or cancelled already."""

    def cancel(self, task_id: int, *, reason: str = "") -> None:
        """The task is not needed any more; one that is done or cancelled already stays as it is."""

    def open_tasks(self, related: tuple[str, int]) -> tuple[Task, ...]:
        """Tasks about a record that are neither done nor cancelled, next due first, as far as one may see them."""

    def count_open(self, owner_ids: Iterable[int]) -> Mapping[int, int]:
        """How many tasks each of these users has open: user id -> number."""


class Null:
    """Stands in while nobody provides tasks/1: there are no tasks, and none can be made."""

    def create_task(
        self,
        name: str,
        *,
        owner_id: int | None = None,
        kind: str = "to_do",
        priority: str = "normal",
        due_at: datetime | None = None,
        due_on: date | None = None,
        related: tuple[str, int] | None = None,
        body: str = "",
        remind: bool = True,
    ) -> int:
        raise TasksOff("the module tasks is switched off; switch it on to make tasks")

    def done(self, task_id: int, *, result: str = "", duration_min: int | None = None) -> None:
        raise TasksOff("the module tasks is switched off; switch it on to finish tasks")

    def cancel(self, task_id: int, *, reason: str = "") -> None:
        return None

    def open_tasks(self, related: tuple[str, int]) -> tuple[Task, ...]:
        return ()

    def count_open(self, owner_ids: Iterable[int]) -> Mapping[int, int]:
        return {}
