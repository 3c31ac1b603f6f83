"""When a wait ends: some time from now, or relative to a date of the record; in working time if that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kumiko import Invalid, add_working_minutes, company_zone, next_working_moment, working_minutes
from kumiko import gettext as _

MINUTES = {"minutes": 1, "hours": 60, "days": 1440}
MORNING = "09:00"


def after(now: datetime, wanted: Mapping[str, Any]) -> datetime:
    """The moment (UTC) `amount` `unit` from `now`; with `working` only working time and working days count."""
    amount, unit = int(wanted.get("amount") or 0), str(wanted.get("unit") or "days")
    if not wanted.get("working"):
        return now + timedelta(minutes=amount * MINUTES[unit])
    if unit == "days":
        return working_day(now, amount)
    return add_working_minutes(now, amount * MINUTES[unit])


def working_day(now: datetime, days: int) -> datetime:
    """The same time of day so many working days later, moved to when work begins where nobody works then."""
    found = next_working_moment(now)
    for _number in range(days):
        local = found.astimezone(company_zone()) + timedelta(days=1)
        begin = datetime.combine(local.date(), time(), company_zone())
        first = next_working_moment(begin)
        same = datetime.combine(first.astimezone(company_zone()).date(), local.time(), company_zone())
        found = next_working_moment(max(same, first))
    return found.astimezone(UTC)


def at_date(value: Any, wanted: Mapping[str, Any]) -> datetime:
    """The moment (UTC) that stands `amount` `unit` before or after a date or moment of a record.

    A date counts from the time of day `at` ("09:00") in the company's zone.
    """
    if isinstance(value, datetime):
        begin = value
    elif isinstance(value, date):
        begin = datetime.combine(value, clock(wanted.get("at")), company_zone()).astimezone(UTC)
    else:
        raise Invalid(_("The date that this waits for is empty."))
    amount = int(wanted.get("amount") or 0)
    if wanted.get("side") == "before":
        amount = -amount
    return begin + timedelta(minutes=amount * MINUTES[str(wanted.get("unit") or "days")])


def clock(text: Any) -> time:
    """A time of day from "09:00"; Invalid otherwise."""
    try:
        hours, _colon, minutes = str(text or MORNING).partition(":")
        return time(int(hours), int(minutes or 0))
    except ValueError:
        raise Invalid(_("Wanted a time of day such as 09:00, found %(text)s.", text=str(text)[:20])) from None


def next_slot(after_at: datetime, wanted: Mapping[str, Any]) -> datetime:
    """The first moment behind `after_at` at which a schedule is due."""
    zone, at = company_zone(), clock(wanted.get("at"))
    day = after_at.astimezone(zone).date()
    for number in range(800):
        one = day + timedelta(days=number)
        moment = datetime.combine(one, at, zone).astimezone(UTC)
        if moment > after_at and _is_due(one, wanted):
            return moment
    raise Invalid(_("This schedule never comes."))


def _is_due(day: date, wanted: Mapping[str, Any]) -> bool:
    every, number = wanted.get("every") or "day", int(wanted.get("day") or 1)
    if every == "week":
        return day.isoweekday() == number
    if every == "month":
        last = ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)).day
        return day.day == min(number, last)
    return every == "day" or day.isoweekday() <= 5


__all__ = ["after", "at_date", "clock", "next_slot", "working_day", "working_minutes"]
