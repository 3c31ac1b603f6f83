"""Days, weeks, months of figures in SQL: those of the company's zone, on both databases."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Integer, String, case, cast, func, literal

from kumiko.host import context
from kumiko.host.columns import UtcDateTime
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import FieldInfo
from kumiko.records.custom import reckonable
from kumiko.records.days import company_zone

UNITS = ("day", "week", "month", "quarter", "year")
_FROM, _TO = 1990, 2050  # outside of these years a zone's offset is taken as at their ends


def bucket(one: FieldInfo, column: ColumnElement[Any], unit: str) -> ColumnElement[Any]:
    """The first day of the period that a day or moment lies in, as text 2026-01-31; a week begins on Monday."""
    if unit not in UNITS:
        sentence = _("there is no period “%(unit)s”; known: %(known)s", unit=unit, known=", ".join(UNITS))
        raise Invalid(sentence, {"unit": [sentence]})
    column = reckonable(column, sqlite=context.current().database.is_sqlite)
    if context.current().database.is_sqlite:
        return _on_sqlite(_local_on_sqlite(column) if one.kind == "moment" else column, unit)
    local = func.timezone(company_zone().key, column) if one.kind == "moment" else column
    return func.to_char(func.date_trunc(unit, local), "YYYY-MM-DD", type_=String())


def days_between(one: FieldInfo, start: ColumnElement[Any], other: FieldInfo, end: ColumnElement[Any]) -> Any:
    """Days, with their parts, from one day or moment to the other."""
    if {one.kind, other.kind} not in ({"date"}, {"moment"}):
        sentence = _("from %(one)s to %(other)s is no length of time", one=one.name, other=other.name)
        raise Invalid(sentence, {"until": [sentence]})
    start, end = (reckonable(at, sqlite=context.current().database.is_sqlite) for at in (start, end))
    if context.current().database.is_sqlite:
        return func.julianday(end) - func.julianday(start)
    if one.kind == "date":
        return end - start
    return func.extract("epoch", end - start) / 86400.0


def _on_sqlite(column: ColumnElement[Any], unit: str) -> ColumnElement[Any]:
    if unit == "week":
        return func.date(column, "weekday 0", "-6 days", type_=String())
    if unit == "quarter":
        month = cast(func.strftime("%m", column), Integer)
        back = literal("-").concat(cast((month - 1) % 3, String)).concat(" months")
        return func.date(column, "start of month", back, type_=String())
    modifier = {"month": "start of month", "year": "start of year"}.get(unit)
    return func.date(column, modifier, type_=String()) if modifier else func.date(column, type_=String())


def _local_on_sqlite(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """The company's clock: the offset of each half year, for SQLite knows no zones."""
    steps = _offsets(company_zone().key)
    if len(steps) == 1:
        return func.datetime(column, f"{steps[0][1]} seconds")
    known = [(column < literal(until, UtcDateTime()), f"{offset} seconds") for until, offset in steps[:-1]]
    return func.datetime(column, case(*known, else_=f"{steps[-1][1]} seconds"))


@lru_cache(maxsize=16)
def _offsets(zone_name: str) -> tuple[tuple[datetime, int], ...]:
    """(moment until which it holds, seconds east of UTC), in order; the last one has no end."""
    zone = ZoneInfo(zone_name)

    def at(moment: datetime) -> int:
        offset = moment.astimezone(zone).utcoffset()
        return int(offset.total_seconds()) if offset is not None else 0

    found: list[tuple[datetime, int]] = []
    here, end = datetime(_FROM, 1, 1, tzinfo=UTC), datetime(_TO, 1, 1, tzinfo=UTC)
    while here < end:
        following = here + timedelta(days=14)
        if at(following) != at(here):
            low, high = here, following
            while high - low > timedelta(minutes=1):
                middle = low + (high - low) / 2
                low, high = (middle, high) if at(middle) == at(here) else (low, middle)
            found.append((high.replace(second=0, microsecond=0), at(here)))
        here = following
    return (*found, (end, at(end)))


def next_period(first: date, unit: str) -> date:
    """The first day of the period behind the one that begins on `first`."""
    if unit in ("day", "week"):
        return first + timedelta(days=7 if unit == "week" else 1)
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)
