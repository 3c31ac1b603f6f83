"""The calendar: a day, a week, a month, or a week of the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from kumiko import Invalid
from kumiko import gettext as _
from kumiko_tasks import lines, people, queries
from kumiko_tasks.lines import Line
from kumiko_tasks.my_day import start_of

VIEWS = ("day", "week", "month", "team")
MOST = 1500
IN_A_CELL = 4
FIRST, LAST = date(1970, 1, 1), date(2200, 1, 1)


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A day. `more`: lines that are not shown; `outside`: of another month."""

    day: date
    lines: Sequence[Line]
    more: int = 0
    is_today: bool = False
    outside: bool = False
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the calendar: of a week, or of a person of the team."""

    cells: Sequence[Cell]
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """The whole page."""

    view: str
    on: date
    title_from: date
    title_until: date
    rows: Sequence[Row]
    who: people.Chosen
    earlier: str
    later: str
    now: str
    tabs: Sequence[tuple[str, str, bool]]  # label, address, chosen


def calendar(view: str, on_text: str, word: str) -> Calendar:
    """What an address asks for; Invalid says what is wrong with it."""
    view = view or "week"
    if view not in VIEWS:
        raise _invalid("view", _("There is no view %(found)r; there are: %(known)s.", found=view[:40],
                                 known=", ".join(VIEWS)))  # fmt: skip
    today = lines.today()
    on = _day(on_text) if on_text else today
    who = people.chosen(people.EVERYBODY if view == "team" else word)
    start, end = _span(view, on)
    first, last = start_of(start), start_of(end)
    tasks = queries.tasks_due(who.ids, first, last, MOST)
    meetings = queries.meetings_between(who.ids, first, last, MOST)
    found = lines.of_rows(tasks, meetings, who.names if who.is_team else None)
    rows = _team_rows(found, start, end, who, today) if view == "team" else _rows(view, found, start, end, on, today)
    step = _step(view, on)
    kept = who.word if view != "team" else ""
    tabs = [
        (label, _href(key, on, kept), key == view)
        for key, label in _labels()
        if key != "team" or people.is_for_others()
    ]
    shown_from, shown_until = (
        (on.replace(day=1), on.replace(day=1)) if view == "month" else (start, end - timedelta(days=1))
    )
    return Calendar(
        view=view, on=on, title_from=shown_from, title_until=shown_until, rows=rows, who=who,
        earlier=_href(view, step[0], kept), later=_href(view, step[1], kept), now=_href(view, today, kept), tabs=tabs,
    )  # fmt: skip


def _labels() -> list[tuple[str, str]]:
    return [("day", str(_("Day"))), ("week", str(_("Week"))), ("month", str(_("Month"))), ("team", str(_("Team")))]


def _span(view: str, on: date) -> tuple[date, date]:
    if view == "day":
        return on, on + timedelta(days=1)
    monday = on - timedelta(days=on.weekday())
    if view in ("week", "team"):
        return monday, monday + timedelta(days=7)
    first = on.replace(day=1)
    start = first - timedelta(days=first.weekday())
    last = _month_on(first, 1)
    return start, last + timedelta(days=-last.weekday() % 7)


def _step(view: str, on: date) -> tuple[date, date]:
    if view == "month":
        return _month_on(on.replace(day=1), -1), _month_on(on.replace(day=1), 1)
    days = timedelta(days=1 if view == "day" else 7)
    return max(on - days, FIRST), min(on + days, LAST)


def _month_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _rows(view: str, found: Sequence[Line], start: date, end: date, on: date, today: date) -> list[Row]:
    most = IN_A_CELL if view == "month" else MOST
    cells = [_cell(day, found, most, today, on if view == "month" else None) for day in _days(start, end)]
    return [Row(cells=cells[place : place + 7]) for place in range(0, len(cells), 7)]


def _team_rows(found: Sequence[Line], start: date, end: date, who: people.Chosen, today: date) -> list[Row]:
    return [
        Row(
            name=one.name,
            cells=[_cell(day, [line for line in found if line.owner_id == one.id], IN_A_CELL, today, None, str(one.id))
                   for day in _days(start, end)],
        )
        for one in who.people
    ]  # fmt: skip


def _days(start: date, end: date) -> list[date]:
    return [start + timedelta(days=number) for number in range((end - start).days)]


def _cell(day: date, found: Sequence[Line], most: int, today: date, month: date | None, word: str = "") -> Cell:
    mine = [line for line in found if line.day == day]
    return Cell(
        day=day, lines=mine[:most], more=len(mine) - most if len(mine) > most else 0, is_today=day == today,
        outside=month is not None and day.month != month.month, href=_href("day", day, word),
    )  # fmt: skip


def _href(view: str, on: date, word: str) -> str:
    query: dict[str, Any] = {"view": view, "on": on.isoformat()}
    return f"/tasks/calendar?{urlencode(query | ({'who': word} if word else {}))}"


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or not FIRST <= found <= LAST:
        raise _invalid("on", _("A day is written as 2026-01-31; found %(found)r.", found=text[:40]))
    return found


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})
