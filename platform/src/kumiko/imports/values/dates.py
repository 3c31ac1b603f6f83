"""Days and moments from text: ISO first, then the orders that people write."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Literal
from zoneinfo import ZoneInfo

from kumiko.imports.cells import Cell
from kumiko.imports.values.faults import ValueFault

#: Day before month ("dmy") or month before day ("mdy").
DateOrder = Literal["dmy", "mdy"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_LONG_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{4})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])\s?([0-9]{1,2})\2\s?([0-9]{4})")
_DAY_NAME = re.compile(r"([0-9]{1,2})[-. ]+([A-Za-z]{3,9})\.?[-, ]+([0-9]{4})")
_NAME_DAY = re.compile(r"([A-Za-z]{3,9})\.?[- ]+([0-9]{1,2}),?[- ]+([0-9]{4})")
_CLOCK = re.compile(
    r"(?P<day>.*[0-9])(?:[T ]|, )\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})"
    r"(?::(?P<second>[0-9]{2})(?:[.,](?P<part>[0-9]{1,9}))?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>Z|z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_MIN_YEAR = 1000
_DAY = "A day such as 2024-01-31"
_MOMENT = "A day and time such as 2024-01-31 14:30"


def parse_date(cell: Cell, order: DateOrder | None = None) -> date:
    """The day in a cell: ISO, day.month.year, month names, and with slashes or hyphens in the given `order`.

    A day such as 3/4/2024 can be read in two ways and is refused without `order`; one that contradicts the order is
    refused too. A time of day is refused unless it is midnight.
    """
    if isinstance(cell, datetime):
        if cell.time() != time(0):
            raise ValueFault(_DAY, cell, "It has a time of day, which this field cannot keep.")
        return cell.date()
    if isinstance(cell, date):
        return cell
    if not isinstance(cell, str):
        raise ValueFault(_DAY, cell, "In a workbook, format the column as a date.")
    text = cell.strip()
    clock = _CLOCK.fullmatch(text)
    if clock:
        if _time_of_day(clock, cell) != time(0) or clock["offset"]:
            raise ValueFault(_DAY, cell, "It has a time of day, which this field cannot keep.")
        text = clock["day"].strip()
    return _day(text, order, cell, _DAY)


def parse_moment(cell: Cell, zone: ZoneInfo | timezone, order: DateOrder | None = None) -> datetime:
    """The moment in a cell, in UTC. Text without an offset is a clock time in `zone`; a day alone is its midnight.

    When clocks are put back, the hour that happens twice is taken as the first of the two; a time skipped when clocks
    are put forward is refused.
    """
    if isinstance(cell, datetime):
        return _in_utc(cell if cell.tzinfo else cell.replace(tzinfo=zone), cell)
    if isinstance(cell, date):
        return _in_utc(datetime.combine(cell, time(0), zone), cell)
    if not isinstance(cell, str):
        raise ValueFault(_MOMENT, cell, "In a workbook, format the column as date and time.")
    text = cell.strip()
    clock = _CLOCK.fullmatch(text)
    if not clock:
        return _in_utc(datetime.combine(_day(text, order, cell, _MOMENT), time(0), zone), cell)
    day = _day(clock["day"].strip(), order, cell, _MOMENT)
    offset = _offset(clock["offset"], cell)
    return _in_utc(datetime.combine(day, _time_of_day(clock, cell), offset or zone), cell)


def column_date_order(cells: Iterable[Cell]) -> DateOrder | None:
    """The order that the unambiguous days of a column agree on; None when none decides or they contradict."""
    orders: set[DateOrder] = set()
    for cell in cells:
        if not isinstance(cell, str):
            continue
        text = cell.strip()
        clock = _CLOCK.fullmatch(text)
        match = _YEAR_LAST.fullmatch(clock["day"].strip() if clock else text)
        if match:
            first, second = int(match[1]), int(match[3])
            if first > 12 >= second:
                orders.add("dmy")
            elif second > 12 >= first:
                orders.add("mdy")
        if len(orders) > 1:
            return None
    return orders.pop() if orders else None


def _day(text: str, order: DateOrder | None, cell: Cell, wanted: str) -> date:
    if match := _YEAR_FIRST.fullmatch(text):
        year, month, day = (match[1], match[3], match[4]) if match[1] else (match[5], match[6], match[7])
        return _date(int(year), int(month), int(day), cell, wanted)
    if match := _YEAR_LAST.fullmatch(text):
        first, second, year_number = int(match[1]), int(match[3]), int(match[4])
        decided = order or _own_order(first, second, dotted=match[2] == ".")
        if decided is None:
            raise ValueFault(wanted, cell, "It can be read in two ways; say whether the day or the month comes first.")
        day_number, month_number = (first, second) if decided == "dmy" else (second, first)
        return _date(year_number, month_number, day_number, cell, wanted)
    if match := _DAY_NAME.fullmatch(text):
        return _date(int(match[3]), _month(match[2], cell, wanted), int(match[1]), cell, wanted)
    if match := _NAME_DAY.fullmatch(text):
        return _date(int(match[3]), _month(match[1], cell, wanted), int(match[2]), cell, wanted)
    advice = "Write the year with four digits." if re.fullmatch(r"[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2}", text) else ""
    raise ValueFault(wanted, cell, advice)


def _own_order(first: int, second: int, *, dotted: bool) -> DateOrder | None:
    """What a day says by itself. With dots the day comes first wherever dots are used."""
    if dotted or first > 12 or first == second:
        return "dmy"
    return "mdy" if second > 12 else None


def _date(year: int, month: int, day: int, cell: Cell, wanted: str) -> date:
    if year < _MIN_YEAR:
        raise ValueFault(wanted, cell)
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueFault(wanted, cell, "There is no such day in the calendar.") from error


def _month(name: str, cell: Cell, wanted: str) -> int:
    lowered = name.lower()
    for names in (_MONTHS, _LONG_MONTHS):
        if lowered in names:
            return names.index(lowered) + 1
    if lowered == "sept":
        return 9
    raise ValueFault(wanted, cell, "Write the month as a number.")


def _time_of_day(clock: re.Match[str], cell: Cell) -> time:
    hour = int(clock["hour"])
    if clock["half"]:
        if not 1 <= hour <= 12:
            raise ValueFault(_MOMENT, cell, "There is no such time of day.")
        hour = hour % 12 + (12 if clock["half"][0] in "pP" else 0)
    try:
        microsecond = int((clock["part"] or "0")[:6].ljust(6, "0"))
        return time(hour, int(clock["minute"]), int(clock["second"] or 0), microsecond)
    except ValueError as error:
        raise ValueFault(_MOMENT, cell, "There is no such time of day.") from error


def _offset(text: str | None, cell: Cell) -> timezone | None:
    if not text:
        return None
    if text[0] not in "+-":
        return UTC
    digits = text[1:].replace(":", "").ljust(4, "0")
    hours, minutes = int(digits[:2]), int(digits[2:])
    if hours > 15 or minutes > 59:
        raise ValueFault(_MOMENT, cell, "There is no such offset from UTC.")
    offset = timedelta(hours=hours, minutes=minutes)
    return timezone(-offset if text[0] == "-" else offset)


def _in_utc(moment: datetime, cell: Cell) -> datetime:
    try:
        utc = moment.astimezone(UTC)
        skipped = utc.astimezone(moment.tzinfo).replace(tzinfo=None) != moment.replace(tzinfo=None)
    except (OverflowError, ValueError) as error:
        raise ValueFault(_MOMENT, cell) from error
    if skipped:
        raise ValueFault(_MOMENT, cell, "This hour was skipped when the clocks were put forward.")
    return utc
