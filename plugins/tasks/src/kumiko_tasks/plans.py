"""Plans: templates become tasks, by hand or because a deal entered a stage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from kumiko import catalogue, find, settings_of, unit
from kumiko import gettext as _
from kumiko_tasks import due, queries, services
from kumiko_tasks.models import TEMPLATE


def use(template_ids: Iterable[int], related: tuple[str, int]) -> list[int]:
    """Make a task about a record from each template, as one unit; gives their ids."""
    with unit(reason=_("from a template")):
        chosen = [one for one in (find(TEMPLATE, template_id) for template_id in template_ids) if one is not None]
        owner = owner_of(related) if chosen else None
        return [_make(one, related, owner) for one in chosen]


def enter_stage(stage_id: int, related: tuple[str, int], owner_id: int | None, *, at: datetime) -> list[int]:
    """The tasks that a stage's plan, as it was when the record entered it, wants; what was made before is not made
    again."""
    wanted = [row.id for row in queries.templates(stage_id=stage_id) if row.created_at <= at]
    if not wanted:
        return []
    known = queries.made_from(wanted, related[1])
    return [_make(find(TEMPLATE, one), related, owner_id) for one in wanted if one not in known]


def owner_of(related: tuple[str, int]) -> int | None:
    """Who owns a record, as far as the acting person may see it."""
    record = find(*related) if catalogue().find(related[0]) is not None else None
    return record.link_id("owner") if record is not None else None


def assigned_to(assignee: str | None, owner_id: int | None, user_id: int | None) -> int | None:
    """Who gets a task: the owner of the record, the head of the owner's team, or a certain user."""
    if assignee == "user" and user_id is not None:
        return user_id
    if assignee == "head":
        return due.head_of(owner_id) or owner_id
    return owner_id


def _make(template: Any, related: tuple[str, int], owner_id: int | None) -> int:
    return services.create_task(
        template.title,
        owner_id=assigned_to(template.get("assignee"), owner_id, template.link_id("user")),
        kind=template.get("kind") or "to_do",
        priority=template.get("priority") or "normal",
        at=due.due_in(template.get("due_in"), template.get("due_unit")),
        related=related,
        body=template.get("body") or "",
        template_id=template.id,
        effort_min=template.get("effort_min"),
    )


def escalates_after_days() -> int | None:
    """After how many working days the head is told of an overdue task; None: never."""
    found = settings_of("tasks").get("escalate_days")
    return int(found) if found is not None else None
