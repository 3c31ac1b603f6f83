"""Periods `[since, until)` in days of the company's zone, and the ones before them that they are compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from kumiko import Invalid, company_today, company_zone, next_period
from kumiko import gettext as _

DEFAULT = "quarter"
PRESETS = (
    "week", "month", "quarter", "year", "last_week", "last_month", "last_quarter", "last_year", "30_days", "12_months",
    "all",
)  # fmt: skip
UNITS = ("day", "week", "month", "quarter", "year")
EVER = (date(1990, 1, 1), date(2100, 1, 1))


@dataclass(frozen=True)
class Period:
    """Days from `since` on and before `until`; `preset` is "" when they were chosen by hand."""

    since: date
    until: date
    preset: str = ""

    @property
    def last(self) -> date:
        return self.until - timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.until - self.since).days

    @property
    def pairs(self) -> dict[str, str]:
        """Parameters of an address that mean this period."""
        return {"period": self.preset} if self.preset else {"from": str(self.since), "until": str(self.last)}

    @property
    def unit(self) -> str:
        """What a line of this period is drawn by."""
        return "day" if self.days <= 31 else "week" if self.days <= 120 else "month" if self.days < 1500 else "year"

    def before(self, today: date) -> Period | None:
        """What it is compared with: the period before it, as far as this one has come; None for all time."""
        if self.preset == "all":
            return None
        unit = self.preset.removeprefix("last_")
        if unit in UNITS:
            since = start_of(self.since - timedelta(days=1), unit)
        else:
            since = self.since - timedelta(days=self.days)
        until = self.since
        if self.since <= today < self.last:
            until = min(self.since, since + (today - self.since) + timedelta(days=1))
        return Period(since, until)

    def moments(self) -> tuple[datetime, datetime]:
        """The moments at which it begins and ends where the company is."""
        zone = company_zone()
        begin, end = (datetime.combine(day, time(), zone) for day in (self.since, self.until))
        return begin, end


def start_of(day: date, unit: str) -> date:
    """The first day of the week, month, quarter or year that a day lies in."""
    if unit == "week":
        return day - timedelta(days=day.weekday())
    if unit == "month":
        return day.replace(day=1)
    if unit == "quarter":
        return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
    return day.replace(month=1, day=1) if unit == "year" else day


def preset_period(preset: str, today: date) -> Period:
    """The days that a period which moves with the calendar means today."""
    if preset == "all":
        return Period(*EVER, preset)
    if preset == "30_days":
        return Period(today - timedelta(days=29), today + timedelta(days=1), preset)
    if preset == "12_months":
        end = next_period(start_of(today, "month"), "month")
        return Period(end.replace(year=end.year - 1), end, preset)
    unit = preset.removeprefix("last_")
    since = start_of(today, unit)
    if preset.startswith("last_"):
        until, since = since, start_of(since - timedelta(days=1), unit)
        return Period(since, until, preset)
    return Period(since, next_period(since, unit), preset)


def period_of(args: Mapping[str, str], default: str = DEFAULT) -> Period:
    """The period that an address names; Invalid says what is wrong with it."""
    begin, end = args.get("from", ""), args.get("until", "")
    if begin or end:
        since, last = _day("from", begin), _day("until", end)
        if last < since or last >= date(9998, 1, 1) or since < date(1900, 1, 1):
            raise _invalid("until", _("A period ends on or after its first day; found %(day)s.", day=end))
        return Period(since, last + timedelta(days=1))
    preset = args.get("period", "") or default
    if preset not in PRESETS:
        known = ", ".join(PRESETS)
        raise _invalid("period", _("There is no period %(found)r; known: %(known)s.", found=preset[:40], known=known))
    return preset_period(preset, company_today())


def preset_labels() -> dict[str, str]:
    """Presets in words."""
    return {
        "week": _("This week"), "month": _("This month"), "quarter": _("This quarter"), "year": _("This year"),
        "last_week": _("Last week"), "last_month": _("Last month"), "last_quarter": _("Last quarter"),
        "last_year": _("Last year"), "30_days": _("Last 30 days"), "12_months": _("Last 12 months"),
        "all": _("All time"),
    }  # fmt: skip


def condition(path: str, kind: str, period: Period) -> dict[str, Any]:
    """The filter: a day or moment lies in the period. Moments are compared in the company's zone, not the reader's."""
    low: Any = str(period.since)
    high: Any = str(period.until)
    if kind == "moment":
        low, high = (moment.isoformat() for moment in period.moments())
    return {"and": [{"f": path, "op": "gte", "v": low}, {"f": path, "op": "lt", "v": high}]}


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _invalid(name, _("A day is written as 2026-01-31; found %(found)r.", found=text[:40])) from None


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})
