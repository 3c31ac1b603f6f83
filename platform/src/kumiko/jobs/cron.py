"""Periodic jobs: five-field expressions in UTC, and starting each slot once however many schedulers run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host import guard
from kumiko.host.context import SYSTEM, Context, current, transaction, use
from kumiko.host.database import Database
from kumiko.host.errors import DeclarationError
from kumiko.host.scoping import trusted
from kumiko.jobs.models import READY, RUNNING, cron_table, job_table
from kumiko.jobs.queue import NewJob, enqueue_many

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of week", 0, 7, _DAYS),
)
_LONGEST_GAP_DAYS = 8 * 366  # 29 February, across a century that is no leap year


@dataclass(frozen=True)
class Schedule:
    """A parsed expression. Days follow the old rule: when both day fields are limited, either may match."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    month_days: frozenset[int]
    months: frozenset[int]
    week_days: frozenset[int]  # 0 is Sunday
    either_day: bool

    def slot_before(self, moment: datetime) -> datetime | None:
        """The last slot at or before `moment` (aware); None when there is none in eight years (30 February)."""
        at = moment.astimezone(UTC)
        for day in self._days_back_from(at.date()):
            for hour in reversed(self.hours):
                for minute in reversed(self.minutes):
                    slot = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                    if slot <= at:
                        return slot
        return None

    def _days_back_from(self, day: date) -> Iterator[date]:
        for back in range(_LONGEST_GAP_DAYS):
            found = day - timedelta(days=back)
            if self._holds(found):
                yield found

    def _holds(self, day: date) -> bool:
        if day.month not in self.months:
            return False
        by_month, by_week = day.day in self.month_days, day.isoweekday() % 7 in self.week_days
        return (by_month or by_week) if self.either_day else (by_month and by_week)


@lru_cache(maxsize=512)
def parse(expression: str) -> Schedule:
    """The schedule of "minute hour day-of-month month day-of-week"; DeclarationError naming the wrong field."""
    parts = expression.lower().split()
    if len(parts) != 5:
        raise DeclarationError(
            f"cron {expression!r}: wanted five fields (minute hour day month weekday), found {len(parts)}"
        )
    values = [_parse_field(expression, part, *field) for part, field in zip(parts, _FIELDS, strict=True)]
    minutes, hours, month_days, months, week_days = values
    made = Schedule(
        minutes=tuple(sorted(minutes)),
        hours=tuple(sorted(hours)),
        month_days=frozenset(month_days),
        months=frozenset(months),
        week_days=frozenset(day % 7 for day in week_days),
        either_day=not parts[2].startswith("*") and not parts[4].startswith("*"),
    )
    if made.slot_before(datetime(2032, 3, 1, tzinfo=UTC)) is None:
        raise DeclarationError(f"cron {expression!r}: this day never comes")
    return made


def _parse_field(expression: str, text: str, field: str, low: int, high: int, names: tuple[str, ...]) -> set[int]:
    def refuse(part: str) -> DeclarationError:
        return DeclarationError(
            f"cron {expression!r}: {part!r} is no {field}; wanted {low} to {high}, a-b, */n or a list"
        )

    def number(word: str, part: str) -> int:
        if word in names:
            return low + names.index(word)
        value = int(word) if word.isascii() and word.isdigit() and len(word) <= 2 else -1
        if not low <= value <= high:
            raise refuse(part)
        return value

    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_word = part.partition("/")
        step = 1
        if slash:
            step = int(step_word) if step_word.isascii() and step_word.isdigit() and len(step_word) <= 2 else 0
            if step < 1:
                raise refuse(part)
        first_word, dash, last_word = span.partition("-")
        if span == "*":
            first, last = low, high
        elif dash:
            first, last = number(first_word, part), number(last_word, part)
        else:
            first = number(span, part)
            last = high if slash else first
        if first > last:
            raise refuse(part)
        found.update(range(first, last + 1, step))
    return found


class Scheduler:
    """Starts periodic jobs; every worker has one, and each slot is started once among them all.

    After a pause (no worker ran, the module was off) only the newest missed slot is started. A slot is passed over
    while the job of a former one is unfinished. A schedule that is new or was changed begins with its next slot.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._handled: dict[tuple[str, str], datetime] = {}
        self._schedules: list[tuple[str, str, Schedule]] = []
        self._read_from: Any = None

    def start_due(self, generation: Any, now: datetime) -> list[str]:
        """Enqueues what is due; the names of the jobs started by this call. Touches the database only at new slots."""
        started = []
        for name, expression, schedule in self._schedules_of(generation):
            slot = schedule.slot_before(now)
            if slot is None or self._handled.get((name, expression)) == slot:
                continue
            if self._start(generation, name, expression, slot):
                started.append(name)
        return started

    def _schedules_of(self, generation: Any) -> list[tuple[str, str, Schedule]]:
        if generation is not self._read_from:
            self._schedules = []
            for name, owned in sorted(generation.jobs.items()):
                if owned.item.cron:
                    try:
                        self._schedules.append((name, owned.item.cron, parse(owned.item.cron)))
                    except DeclarationError as error:
                        guard.record(owned.plugin, "cron", error)
            self._read_from = generation
        return self._schedules

    def _start(self, generation: Any, name: str, expression: str, slot: datetime) -> bool:
        with use(Context(self._database, generation=generation, principal=SYSTEM, via="job")), transaction():
            verdict = _take_slot(name, expression, slot)
            if verdict == "start":
                enqueue_many([NewJob(name=name, payload={"slot": slot.isoformat()}, dedupe=slot_key(name, slot))])
        if verdict != "busy":  # a busy one is tried again: its slot starts when the former job has ended
            self._handled[(name, expression)] = slot
        return verdict == "start"


def slot_key(name: str, slot: datetime) -> str:
    """The dedupe key of a periodic job's slot."""
    return f"cron:{name}:{slot:%Y-%m-%dT%H:%MZ}"


def _take_slot(name: str, expression: str, slot: datetime) -> str:
    """ "start" when this transaction may start the slot, "busy" when a former one still runs, else "known"."""
    memory = cron_table
    dialect = sqlite if current().database.is_sqlite else postgresql
    first = dialect.insert(memory).values(name=name, expression=expression, slot_at=slot)
    # RETURNING says whether there was a conflict; the row count of an INSERT is not kept on PostgreSQL.
    if trusted(first.on_conflict_do_nothing(index_elements=["name"]).returning(memory.c.name)).first() is not None:
        return "known"
    changed = update(memory).where(memory.c.name == name, memory.c.expression != expression)
    if trusted(changed.values(expression=expression, slot_at=slot)).rowcount:
        return "known"
    jobs = job_table
    unfinished = exists(
        select(1).where(
            jobs.c.name == name, jobs.c.status.in_((READY, RUNNING)), jobs.c.dedupe.startswith("cron:", autoescape=True)
        )
    )
    if trusted(
        update(memory).where(memory.c.name == name, memory.c.slot_at < slot, ~unfinished).values(slot_at=slot)
    ).rowcount:
        return "start"
    seen = trusted(select(memory.c.slot_at).where(memory.c.name == name)).scalar_one()
    return "known" if seen >= slot else "busy"
