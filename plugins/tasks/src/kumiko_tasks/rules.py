"""Rules of tasks, meetings and templates: the same for the API, the screens, imports and the command line."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from kumiko import Draft, company_day, company_zone, principal, utc_now
from kumiko import gettext as _
from kumiko_tasks import due
from kumiko_tasks.models import DONE, OPEN, PLANNED

USUAL_LENGTH = timedelta(minutes=30)
FURTHEST = timedelta(days=366 * 50)


def prepare_task(draft: Draft) -> None:
    """Day and moment agree; done at, by whom and whether in time follow from the state."""
    if draft.action == "deleted":
        return
    for name, default in (("kind", "to_do"), ("state", OPEN), ("priority", "normal")):
        if draft.get(name) is None:
            draft.set(name, default)
    if "reminders" in draft.values and draft.via != "undo":
        draft.set("reminders", _distinct(draft.values["reminders"] or []))
    if draft.via != "undo":
        _agree(draft)
        _finish(draft)
    _check_days(draft)
    deadline = due.deadline_of(draft.get("due_on"), draft.get("due_at"))
    done_at = draft.get("done_at")
    draft.set("deadline_at", deadline)
    draft.set("in_time", None if done_at is None or deadline is None else done_at <= deadline)


def _agree(draft: Draft) -> None:
    """A moment has its day. Who moves the day moves the moment along; who empties the day empties both."""
    at: datetime | None = draft.get("due_at")
    on: date | None = draft.get("due_on")
    if at is None:
        return
    if draft.changes("due_on") and not draft.changes("due_at") and not draft.is_new:
        draft.set("due_at", _on_day(at, on) if on is not None else None)
    else:
        draft.set("due_on", company_day(at))


def _on_day(at: datetime, day: date) -> datetime:
    here = at.astimezone(company_zone())
    return here.replace(year=day.year, month=day.month, day=day.day).astimezone(at.tzinfo)


def _check_days(draft: Draft) -> None:
    start, on = draft.get("start_on"), draft.get("due_on")
    if on is not None and not -FURTHEST < on - company_day(utc_now()) < FURTHEST and draft.changes("due_on", "due_at"):
        draft.refuse("due_on", _("A task is due within 50 years; found %(day)s.", day=on))
        draft.set("due_on", None)
        draft.set("due_at", None)
    elif start is not None and on is not None and start > on and draft.changes("start_on", "due_on", "due_at"):
        draft.guard("start_on", _("A task that is due on %(due)s cannot start later, on %(start)s.",
                                  due=on, start=start))  # fmt: skip


def _finish(draft: Draft) -> None:
    is_done = draft.get("state") == DONE
    if not is_done:
        if draft.get("done_at") is not None or draft.get("done_by") is not None:
            draft.set("done_at", None)
            draft.set("done_by", None)
        return
    if draft.get("done_at") is None:
        draft.set("done_at", utc_now())
    if draft.get("done_by") is None and draft.changes("state"):
        draft.set("done_by", draft.get("owner") if draft.replaying else principal().user_id)
    if draft.get("done_at") > utc_now() + timedelta(minutes=1):
        draft.guard("done_at", _("A task cannot be done in the future."))


def prepare_meeting(draft: Draft) -> None:
    """It ends after it starts; what is empty is filled; each participant is named once."""
    if draft.action == "deleted":
        return
    for name, default in (("kind", "meeting"), ("state", PLANNED), ("all_day", False)):
        if draft.get(name) is None:
            draft.set(name, default)
    if draft.via == "undo":
        return
    if "reminders" in draft.values:
        draft.set("reminders", _distinct(draft.values["reminders"] or []))
    if "participants" in draft.values:
        draft.set("participants", _who(draft.values["participants"] or []))
    start, end = draft.get("start_at"), draft.get("end_at")
    if start is None:
        return
    if end is not None and draft.changes("start_at") and not draft.changes("end_at") and not draft.is_new:
        draft.set("end_at", start + (end - draft.before("start_at")) if draft.before("start_at") else end)
    elif end is None:
        minutes = draft.get("duration_min")
        draft.set("end_at", start + (timedelta(minutes=minutes) if minutes else USUAL_LENGTH))
    elif end < start:
        draft.guard("end_at", _("A meeting cannot end before it starts."))


def _distinct(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Each reminder once, the earliest first; rows without minutes are left out."""
    kept = {row["minutes_before"]: row for row in rows if row.get("minutes_before") is not None}
    return [kept[minutes] for minutes in sorted(kept, reverse=True)]


def _who(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    kept: dict[tuple[Any, Any], dict[str, Any]] = {}
    for row in rows:
        key = (row.get("person"), row.get("user"))
        if key != (None, None):
            kept.setdefault(key, {**row, "answer": row.get("answer") or "none"})
    return list(kept.values())


def prepare_template(draft: Draft) -> None:
    """A certain user is named."""
    if draft.action == "deleted":
        return
    for name, default in (("kind", "to_do"), ("priority", "normal"), ("assignee", "owner")):
        if draft.get(name) is None:
            draft.set(name, default)
    draft.set("archived", bool(draft.get("archived")))
    if draft.get("due_in") is not None and draft.get("due_unit") is None:
        draft.set("due_unit", "working_hours")
    if draft.get("assignee") == "user" and draft.get("user") is None:
        draft.guard("user", _("Say which user gets the task."))
