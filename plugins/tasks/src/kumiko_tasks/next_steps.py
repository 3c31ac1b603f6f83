"""A deal's next step is its next open task (design 2: tasks maintains it through the contract)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import select

from kumiko import Draft, as_system, catalogue, session, update
from kumiko_contracts.deals import DEAL
from kumiko_tasks.models import OPEN_STATES, Task

SLICE = 500


def keep(drafts: Sequence[Draft]) -> None:
    """Write the next open task of each deal that these tasks are, or were, about into the deal, where it differs.

    A next step that somebody wrote by hand stays as long as the deal has no open task.
    """
    if catalogue().find(DEAL) is None:
        return
    names: dict[int, set[str]] = {}
    for draft in drafts:
        if draft.action == "changed" and not draft.changes("name", "related", "state", "due_on", "due_at"):
            continue
        for ref in (draft.before("related"), draft.get("related")):
            if ref is not None and ref.type_key == DEAL:
                said = names.setdefault(ref.id, set())
                said.update(name for name in (draft.before("name"), draft.get("name")) if name)
    deal_ids = sorted(names)
    for start in range(0, len(deal_ids), SLICE):
        _keep(deal_ids[start : start + SLICE], names)


def _keep(deal_ids: list[int], names: dict[int, set[str]]) -> None:
    with as_system("the next step of a deal follows from its tasks, whoever may edit the deal"):
        following = _following(deal_ids)
        for row in _stored(deal_ids):
            task = following.get(row.id)
            step, on = (task.name, task.due_on) if task is not None else (None, None)
            if task is None and row.next_step not in names[row.id]:
                continue
            if (row.next_step, row.next_step_on) != (step, on):
                update(DEAL, row.id, {"next_step": step, "next_step_on": on})


def _following(deal_ids: Iterable[int]) -> dict[int, Any]:
    query = (
        select(Task.related_id, Task.name, Task.due_on)
        .where(Task.related_id.in_(list(deal_ids)), Task.state.in_(OPEN_STATES), Task.deleted_at.is_(None))
        .order_by(Task.deadline_at.is_(None), Task.deadline_at, Task.id)
    )
    found: dict[int, Any] = {}
    for row in session().execute(query):
        found.setdefault(row.related_id, row)
    return found


def _stored(deal_ids: Iterable[int]) -> list[Any]:
    deal = catalogue().get(DEAL).type.model
    query = select(deal.id, deal.next_step, deal.next_step_on)  # type: ignore[attr-defined]
    return list(session().execute(query.where(deal.id.in_(list(deal_ids)), deal.deleted_at.is_(None))))  # type: ignore[attr-defined]
