"""What follows from a write, in the same unit: facts, reminders, the deal's next step, the conversation's entry."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kumiko import Draft, RecordRef, catalogue, create, current, emit, utc_now
from kumiko import may as may_do
from kumiko_contracts.deals import INTERACTION
from kumiko_contracts.tasks import TASK_DONE
from kumiko_tasks import alarms, due, events, next_steps
from kumiko_tasks.models import DONE, HELD, MEETING, OPEN_STATES, PLANNED, TASK

#: Kinds of tasks that leave an entry in the conversation with the customer when they are done.
_LOGGED = ("call", "meeting", "mail")


def after_tasks(drafts: Sequence[Draft]) -> None:
    """Reminders are set, deals get their next step, what was done is stated and logged."""
    alarms.set_for(TASK, [(draft, _wanted_of_task(draft)) for draft in drafts if _moves(draft, "due_on", "due_at")])
    if current().via == "undo":
        return  # what an undo brings back has its consequences in the units that are undone
    next_steps.keep(drafts)
    for draft in drafts:
        if draft.replaying or draft.action not in ("created", "changed"):
            continue
        if draft.get("state") == DONE and draft.before("state") != DONE:
            done_at = events.moment_text(draft.get("done_at"))
            payload = events.facts_of(draft.get) | {"done_at": done_at, "duration_min": draft.get("duration_min")}
            emit(TASK_DONE, draft, payload)
            if draft.get("kind") in _LOGGED:
                _log(draft, draft.get("kind"), draft.get("result"), draft.get("done_at"))


def after_meetings(drafts: Sequence[Draft]) -> None:
    """Reminders are set; what was held is logged."""
    alarms.set_for(MEETING, [(draft, _wanted_of_meeting(draft)) for draft in drafts if _moves(draft, "start_at")])
    for draft in drafts:
        if draft.replaying or draft.action not in ("created", "changed"):
            continue
        if draft.get("state") == HELD and draft.before("state") != HELD:
            minutes = draft.get("duration_min") or 0
            _log(draft, draft.get("kind"), draft.get("outcome") or draft.get("body"),
                 min(draft.get("start_at") + timedelta(minutes=minutes), utc_now()))  # fmt: skip


def _moves(draft: Draft, *names: str) -> bool:
    return draft.action != "changed" or draft.changes(*names, "reminders", "state", "owner")


def _wanted_of_task(draft: Draft) -> alarms.Wanted:
    is_open = draft.action != "deleted" and draft.get("state") in OPEN_STATES and draft.get("owner") is not None
    at = due.reminded_before(draft.get("due_on"), draft.get("due_at")) if is_open else None
    return alarms.Wanted(at, _minutes(draft))


def _wanted_of_meeting(draft: Draft) -> alarms.Wanted:
    is_open = draft.action != "deleted" and draft.get("state") == PLANNED and draft.get("owner") is not None
    return alarms.Wanted(draft.get("start_at") if is_open else None, _minutes(draft))


def _minutes(draft: Draft) -> list[int]:
    return [row["minutes_before"] for row in draft.get("reminders") or () if row.get("minutes_before") is not None]


def _log(draft: Draft, kind: str, text: str | None, ended_at: Any) -> None:
    """An entry in the conversation of whom it was about, as far as the person may write one."""
    related: RecordRef | None = draft.get("related")
    info = catalogue().find(INTERACTION)
    if related is None or info is None or not may_do("create", INTERACTION):
        return
    link = next((one.name for one in info.fields.values() if one.kind == "link" and one.field.to == related.type_key
                 and one.name in info.type.timeline_links), None)  # fmt: skip
    if link is None:
        return
    minutes = draft.get("duration_min")
    values: dict[str, Any] = {
        "name": draft.get("name"), "kind": kind, "direction": _direction(draft, kind), "body": text or "",
        "started_at": ended_at - timedelta(minutes=minutes or 0), link: related.id,
    }  # fmt: skip
    if minutes is not None:
        values["duration_min"] = minutes
    people = [row["person"] for row in draft.get("participants") or () if row.get("person") is not None] if (
        "participants" in draft.info.fields) else []  # fmt: skip
    if people and "participants" in info.fields:
        values["participants"] = [{"person": person} for person in people]
    create(INTERACTION, values)


def _direction(draft: Draft, kind: str) -> str:
    if kind == "meeting":
        return "none"
    given = draft.get("direction") if "direction" in draft.info.fields else None
    return given or "out"
