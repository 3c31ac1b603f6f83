"""My day: what is overdue, today's tasks, calls and meetings in order of time, what comes next, what has no day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from kumiko import gettext as _
from kumiko_tasks import lines, people, queries
from kumiko_tasks.lines import Line

AHEAD_DAYS = 7
MOST = 300


@dataclass(frozen=True, kw_only=True)
class Part:
    """A heading with its lines. `key`: late, today, next, undated."""

    key: str
    title: str
    lines: Sequence[Line]
    hue: str = ""
    dated: bool = False  # lines say their day


@dataclass(frozen=True, kw_only=True)
class Day:
    """The whole page. `more`: there is more than is shown."""

    on: date
    who: people.Chosen
    parts: Sequence[Part]
    more: bool

    @property
    def count(self) -> int:
        return sum(len(part.lines) for part in self.parts)

    def count_of(self, key: str) -> int:
        return sum(len(part.lines) for part in self.parts if part.key == key)


def start_of(day: date) -> datetime:
    """When a day begins for the reader."""
    return datetime.combine(day, time(), lines.reader_zone()).astimezone(UTC)


def my_day(word: str = "") -> Day:
    """The day of oneself, or of whoever `word` says (`people.chosen`)."""
    who = people.chosen(word)
    today = lines.today()
    horizon = start_of(today + timedelta(days=AHEAD_DAYS + 1))
    tasks = queries.open_tasks_until(who.ids, horizon, MOST + 1)
    meetings = queries.meetings_between(who.ids, start_of(today), horizon, MOST)
    shown = lines.of_rows(tasks[:MOST], meetings, who.names if who.is_team else None)
    found: dict[str, list[Line]] = {"late": [], "today": [], "next": [], "undated": []}
    for line in shown:
        found[_place(line, today)].append(line)
    titles = {"late": _("Overdue"), "today": _("Today"), "next": _("Next days"), "undated": _("Without a day")}
    hues = {"late": "red", "today": "blue"}
    return Day(
        on=today, who=who, more=len(tasks) > MOST,
        parts=[
            Part(key=key, title=str(title), lines=found[key], hue=hues.get(key, ""), dated=key in ("late", "next"))
            for key, title in titles.items()
        ],
    )  # fmt: skip


def _place(line: Line, today: date) -> str:
    if line.day is None:
        return "undated"
    if line.tone == "late" and (line.day < today or line.time):
        return "late"
    return "today" if line.day <= today else "next"
