"""When something is due: by the company's working calendar, or by plain days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kumiko import (
    add_working_minutes,
    catalogue,
    company_day,
    company_zone,
    find,
    next_working_moment,
    settings_of,
    unscoped,
    utc_now,
)
from kumiko_tasks.models import OPEN_STATES

USER, TEAM = "access.user", "access.team"
LONGEST_LINE = 20  # teams above one another


@dataclass(frozen=True, kw_only=True)
class Due:
    """A day, or a moment, or neither."""

    on: date | None = None
    at: datetime | None = None

    @property
    def values(self) -> dict[str, Any]:
        """As fields of a task."""
        return {"due_at": self.at} if self.at is not None else {"due_on": self.on} if self.on is not None else {}


def due_in(amount: int | None, unit: str | None, start: datetime | None = None) -> Due:
    """When `amount` of `unit` (working_minutes, working_hours, working_days, days) from `start` (now) is."""
    begin = start or utc_now()
    if amount is None:
        return Due()
    if unit == "working_minutes":
        return Due(at=add_working_minutes(begin, amount) if amount else next_working_moment(begin))
    if unit == "working_days":
        return Due(on=working_day_after(company_day(begin), amount))
    if unit == "days":
        return Due(on=company_day(begin) + timedelta(days=amount))
    return Due(at=add_working_minutes(begin, amount * 60) if amount else next_working_moment(begin))


def working_day_after(day: date, count: int) -> date:
    """The working day that comes `count` working days after a day; for 0 the day itself, or the next one with work."""
    found = _first_working_day(day)
    for _number in range(count):
        found = _first_working_day(found + timedelta(days=1))
    return found


def _first_working_day(day: date) -> date:
    return company_day(next_working_moment(start_of(day)))


def start_of(day: date) -> datetime:
    """When a day begins where the company is, in UTC."""
    return datetime.combine(day, time(), company_zone()).astimezone(UTC)


def end_of(day: date) -> datetime:
    """When a day is over where the company is, in UTC."""
    return start_of(day + timedelta(days=1))


def deadline_of(due_on: date | None, due_at: datetime | None) -> datetime | None:
    """From when on a task is overdue."""
    if due_at is not None:
        return due_at
    return end_of(due_on) if due_on is not None else None


def reminded_before(due_on: date | None, due_at: datetime | None) -> datetime | None:
    """The moment that reminders count back from: a day begins at the hour that the settings say."""
    if due_at is not None or due_on is None:
        return due_at
    hour = settings_of("tasks").get("day_begins_hour")
    return start_of(due_on) + timedelta(hours=9 if hour is None else hour)


def is_overdue(state: str | None, deadline_at: datetime | None) -> bool:
    return state in OPEN_STATES and deadline_at is not None and deadline_at <= utc_now()


def head_of(user_id: int | None) -> int | None:
    """Who heads the user's team, or the next team above whose head is somebody else; None when there is nobody."""
    if user_id is None:
        return None
    with unscoped("who heads whom is known to everybody"):
        user = find(USER, user_id)
        team_id = user.link_id("team") if user is not None else None
        for _step in range(LONGEST_LINE):
            team = find(TEAM, team_id) if team_id is not None else None
            if team is None:
                return None
            head = team.link_id("head")
            if head is not None and head != user_id:
                return head
            team_id = team.link_id("parent")
    return None


def active_users() -> Any:
    """The mapped class of users, for statements of this module's pages."""
    return catalogue().get(USER).type.model
