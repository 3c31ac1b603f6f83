"""Reckoning in working time: pure, without a database.

Hours are of the wall clock in the company's zone; lengths are real time, so a night in which clocks change is as long
as it is. Spans are half-open: at 18:00 work that ends at 18:00 is over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _

#: How far ahead anything is looked for.
MOST_YEARS = 20
_DAY = timedelta(days=1)
_SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-–—]\s*(\d{1,2})(?::(\d\d))?")

Hours = tuple[tuple[int, int], ...]  # minutes since midnight, from and until, ascending


def read_hours(text: str) -> Hours:
    """ "09:00-13:00, 14:00-18:00" as minutes since midnight; empty for a day without work. Invalid with a sentence."""
    spans: list[tuple[int, int]] = []
    for piece in (one.strip() for one in re.split(r"[,;]", text or "")):
        if not piece:
            continue
        match = _SPAN.fullmatch(piece)
        if match is None:
            raise Invalid(_("%(found)r are no working hours; wanted hours like 09:00-18:00", found=piece[:40]))
        start, end = _minutes(match[1], match[2]), _minutes(match[3], match[4])
        if start is None or end is None:
            raise Invalid(_("%(found)r: a day has the times 00:00 to 24:00", found=piece))
        if end <= start:
            raise Invalid(
                _("%(found)r ends before it begins; work past midnight is written on both days, until 24:00 and from"
                  " 00:00", found=piece)
            )  # fmt: skip
        if spans and start < spans[-1][1]:
            raise Invalid(_("%(found)r begins before the hours in front of it end", found=piece))
        spans.append((start, end))
    return tuple(spans)


def write_hours(hours: Hours) -> str:
    """Hours as people read them; `read_hours` reads them again."""
    return ", ".join(f"{a // 60:02}:{a % 60:02}-{b // 60:02}:{b % 60:02}" for a, b in hours)


def _minutes(hour: str, minute: str | None) -> int | None:
    found = int(hour) * 60 + int(minute or 0)
    return found if found <= 1440 and int(minute or 0) < 60 else None


@dataclass(frozen=True, kw_only=True)
class WorkingCalendar:
    """Weekly hours (Monday first), holidays and zone of a company."""

    zone: tzinfo
    week: tuple[Hours, ...]
    holidays: frozenset[date] = frozenset()

    def add(self, start: datetime, minutes: int) -> datetime:
        """The first moment (UTC) at which `minutes` of working time have passed since `start`; 0 is `start`."""
        start = _checked(start)
        if minutes < 0:
            raise Invalid(_("Wanted working minutes from 0 up, found %(minutes)d.", minutes=minutes))
        if not minutes:
            return start
        left = timedelta(minutes=min(minutes, MOST_YEARS * 366 * 1440))
        for begin, end in self._spans(start):
            if end - begin >= left:
                return begin + left
            left -= end - begin
        raise Invalid(
            _("%(minutes)d working minutes end more than %(years)d years ahead; wanted fewer.",
              minutes=minutes, years=MOST_YEARS)
        )  # fmt: skip

    def measure(self, start: datetime, end: datetime) -> int:
        """Whole minutes of working time from `start` to `end`; 0 when `end` is not later."""
        start, end = _checked(start), _checked(end)
        passed = timedelta()
        if end > start:
            for begin, until in self._spans(start, end):
                passed += min(until, end) - begin
        return passed // timedelta(minutes=1)

    def next_moment(self, at: datetime) -> datetime:
        """`at` when it is working time, else the next moment (UTC) at which work begins."""
        at = _checked(at)
        for begin, _end in self._spans(at):
            return begin
        raise Conflict(_("No working time is found within %(years)d years; too many days are holidays.",
                         years=MOST_YEARS))  # fmt: skip

    def is_working(self, at: datetime) -> bool:
        """Whether the company works at this moment."""
        at = _checked(at)
        return any(begin <= at for begin, _end in self._spans(at, at + timedelta(microseconds=1)))

    def _spans(self, start: datetime, end: datetime | None = None) -> Iterator[tuple[datetime, datetime]]:
        """Spans of work (UTC) that are not over at `start` and begin before `end`, the first cut off at `start`."""
        if not any(self.week):
            raise Conflict(
                _("The working calendar has no working hours on any day of the week; an administrator sets them under"
                  " Settings.")
            )  # fmt: skip
        past = start  # also keeps apart what a clock that is put forward would make overlap
        day = start.astimezone(self.zone).date() - _DAY
        last = (end or start + MOST_YEARS * 366 * _DAY).astimezone(self.zone).date() + _DAY
        while day <= last:
            for a, b in () if day in self.holidays else self.week[day.weekday()]:
                begin, until = max(self._moment(day, a), past), self._moment(day, b)
                if until > begin:
                    if end is not None and begin >= end:
                        return
                    yield begin, until
                    past = until
            day += _DAY

    def _moment(self, day: date, minute: int) -> datetime:
        if minute == 1440:
            day, minute = day + _DAY, 0
        local = datetime(day.year, day.month, day.day, minute // 60, minute % 60, tzinfo=self.zone)
        return local.astimezone(UTC)


def _checked(at: datetime) -> datetime:
    if at.tzinfo is None:
        raise Invalid(_("Wanted a moment with its time zone, found %(found)s without one.", found=at.isoformat()))
    if not 1900 <= at.year <= 9900:
        raise Invalid(_("Wanted a moment from 1900 to 9900, found the year %(year)d.", year=at.year))
    return at.astimezone(UTC)
