"""Periods that move with the calendar, as words of filters: `this_quarter`, `last_30_days`.

The days are those of the reader's zone; a week begins on Monday, periods include their first and last day.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from kumiko.host.i18n import gettext as _
from kumiko.records.filter_values import invalid, reader_zone
from kumiko.records.measure_days import next_period

#: Words that name one period, in the order in which people look for them.
NAMED = (
    "today", "yesterday", "tomorrow",
    "this_week", "last_week", "next_week",
    "this_month", "last_month", "next_month",
    "this_quarter", "last_quarter", "next_quarter",
    "this_year", "last_year", "next_year",
)  # fmt: skip
#: Some of the rolling ones, as choices of an editor; any number of days from 1 to 9999 is understood.
ROLLING = ("last_7_days", "last_30_days", "last_90_days", "last_365_days",
           "next_7_days", "next_30_days", "next_90_days")  # fmt: skip
_ROLLING = re.compile(r"(last|next)_([1-9][0-9]{0,3})_days")
_DAYS = {"today": 0, "yesterday": -1, "tomorrow": 1}


def rolling_of(word: str) -> tuple[str, int] | None:
    """("last" or "next", days) of such a word."""
    found = _ROLLING.fullmatch(word)
    return (found[1], int(found[2])) if found else None


def days_of(word: Any, name: str, *, today: date | None = None) -> tuple[date, date]:
    """First and last day of a period; Invalid when the word is none."""
    text = str(word).strip()
    here = today or datetime.now(reader_zone()).date()
    if text in _DAYS:
        day = here + timedelta(days=_DAYS[text])
        return day, day
    rolling = rolling_of(text)
    if rolling is not None:
        way, count = rolling
        # the last 7 days are today and the six before; the next 7 begin tomorrow
        return (here - timedelta(days=count - 1), here) if way == "last" else (
            here + timedelta(days=1), here + timedelta(days=count))  # fmt: skip
    which, _mark, unit = text.partition("_")
    if text not in NAMED:
        known = ", ".join((*NAMED, "last_30_days", "next_30_days"))
        raise invalid(_("%(name)s wants a period such as %(known)s; found %(found)r", name=name, known=known,
                        found=text[:60]), name)  # fmt: skip
    first = first_day(here, unit)
    if which == "last":
        first = first_day(first - timedelta(days=1), unit)
    elif which == "next":
        first = next_period(first, unit)
    return first, next_period(first, unit) - timedelta(days=1)


def first_day(day: date, unit: str) -> date:
    """The first day of the week, month, quarter or year that a day lies in."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    month = {"month": day.month, "quarter": (day.month - 1) // 3 * 3 + 1, "year": 1}[unit]
    return day.replace(month=month, day=1)
