"""The report of tasks per employee for a period; every number opens the tasks behind it, by the very same conditions.

Due in the period: all that were to be done by one of its days, but for cancelled ones. Punctuality (K39) is what of
that was done before it was overdue. A task is in the period of the day it is due on, whenever it was done.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import case, func, select

from kumiko import Invalid, company_today, session, utc_now
from kumiko import gettext as _
from kumiko_tasks import people
from kumiko_tasks.events import moment_text
from kumiko_tasks.models import CANCELLED, DONE, OPEN_STATES, Task

PARTS = ("due", "in_time", "late", "overdue", "open")
PRESETS = ("week", "month", "last_month", "quarter", "year")


@dataclass(frozen=True, kw_only=True)
class Number:
    """How many, and the list of them."""

    count: int
    href: str


@dataclass(frozen=True, kw_only=True)
class Row:
    """An employee (or all of them). `punctuality`: share of what was due that was done in time, or None."""

    name: str
    owner_id: int | None
    numbers: Mapping[str, Number]

    @property
    def punctuality(self) -> float | None:
        wanted = self.numbers["due"].count
        return self.numbers["in_time"].count / wanted if wanted else None


@dataclass(frozen=True, kw_only=True)
class Report:
    """The page. Days are both included."""

    start: date
    until: date
    preset: str
    rows: Sequence[Row]
    total: Row
    overdue_now: Number
    presets: Sequence[tuple[str, str, bool]]  # label, address, chosen


def report(args: Mapping[str, str]) -> Report:
    """What an address asks for; Invalid says what is wrong with it. Counted as far as the person may see."""
    preset, start, until = _period(args)
    now = utc_now()
    counts = _counts(start, until, now)
    names = {one.id: one.name for one in people.colleagues()}
    rows = [
        Row(name=names.get(owner_id or 0, str(_("Nobody") if owner_id is None else _("Former colleague"))),
            owner_id=owner_id, numbers=_numbers(found, start, until, now, owner_id))
        for owner_id, found in counts.items()
    ]  # fmt: skip
    rows.sort(key=lambda row: (row.owner_id is None, row.name.casefold()))
    summed = {part: sum(found[part] for found in counts.values()) for part in PARTS}
    total = Row(name=str(_("Together")), owner_id=None, numbers=_numbers(summed, start, until, now, ...))
    labels = {"week": _("This week"), "month": _("This month"), "last_month": _("Last month"),
              "quarter": _("This quarter"), "year": _("This year")}  # fmt: skip
    return Report(
        start=start, until=until, preset=preset, rows=rows, total=total, overdue_now=_overdue_now(now),
        presets=[(str(labels[key]), f"/tasks/report?period={key}", key == preset) for key in PRESETS],
    )  # fmt: skip


def conditions(part: str, start: date, until: date, now: datetime) -> list[dict[str, Any]]:
    """A number's conditions in the filter language."""
    days = [{"f": "due_on", "op": "gte", "v": str(start)}, {"f": "due_on", "op": "lte", "v": str(until)}]
    moment = moment_text(now)
    of_part: dict[str, list[dict[str, Any]]] = {
        "due": [{"f": "state", "op": "ne", "v": CANCELLED}],
        "in_time": [{"f": "state", "op": "eq", "v": DONE}, {"f": "in_time", "op": "eq", "v": True}],
        "late": [{"f": "state", "op": "eq", "v": DONE}, {"f": "in_time", "op": "eq", "v": False}],
        "overdue": [_is_open(), {"f": "deadline_at", "op": "lte", "v": moment}],
        "open": [_is_open(), {"f": "deadline_at", "op": "gt", "v": moment}],
    }
    return [*days, *of_part[part]]


def _is_open() -> dict[str, Any]:
    return {"f": "state", "op": "in", "v": list(OPEN_STATES)}


def list_href(nodes: Sequence[Mapping[str, Any]]) -> str:
    """Address of the list of tasks that meet all these conditions."""
    said = json.dumps({"and": list(nodes)}, separators=(",", ":"))
    return f"/tasks?{urlencode({'filter': said})}"


def _numbers(found: Mapping[str, int], start: date, until: date, now: datetime, owner_id: Any) -> dict[str, Number]:
    owned: list[dict[str, Any]] = []
    if owner_id is None:
        owned = [{"f": "owner", "op": "empty"}]
    elif owner_id is not ...:
        owned = [{"f": "owner", "op": "eq", "v": owner_id}]
    return {
        part: Number(count=found[part], href=list_href([*owned, *conditions(part, start, until, now)]))
        for part in PARTS
    }


def _counts(start: date, until: date, now: datetime) -> dict[int | None, dict[str, int]]:
    is_open = Task.state.in_(OPEN_STATES)
    wanted = {
        "in_time": (Task.state == DONE) & Task.in_time.is_(True),
        "late": (Task.state == DONE) & (Task.in_time.is_(False) | Task.in_time.is_(None)),
        "overdue": is_open & (Task.deadline_at <= now),
        "open": is_open & (Task.deadline_at > now),
    }
    columns = [func.coalesce(func.sum(case((where, 1), else_=0)), 0).label(part) for part, where in wanted.items()]
    query = (
        select(Task.owner_id, func.count().label("due"), *columns)
        .where(Task.due_on >= start, Task.due_on <= until, Task.state != CANCELLED, Task.deleted_at.is_(None))
        .group_by(Task.owner_id)
    )
    return {row.owner_id: {part: int(getattr(row, part)) for part in PARTS} for row in session().execute(query)}


def _overdue_now(now: datetime) -> Number:
    """K40: open tasks whose deadline is past, whatever the period."""
    query = select(func.count()).where(
        Task.state.in_(OPEN_STATES), Task.deadline_at <= now, Task.deleted_at.is_(None)
    )  # fmt: skip
    found = session().execute(query).scalar_one()
    nodes = [_is_open(), {"f": "deadline_at", "op": "lte", "v": moment_text(now)}]
    return Number(count=int(found), href=list_href(nodes))


def _period(args: Mapping[str, str]) -> tuple[str, date, date]:
    begin, until = args.get("from", ""), args.get("until", "")
    if begin or until:
        start, end = _day("from", begin), _day("until", until)
        if end < start:
            raise _invalid("until", _("A period ends on or after its first day; found %(day)s.", day=until))
        return "", start, end
    preset = args.get("period", "") or "month"
    if preset not in PRESETS:
        raise _invalid("period", _("There is no period %(found)r; known: %(known)s.", found=preset[:40],
                                   known=", ".join(PRESETS)))  # fmt: skip
    return (preset, *_preset(preset, company_today()))


def _preset(preset: str, today: date) -> tuple[date, date]:
    """Periods that are not over end today: what is due later says nothing about punctuality yet."""
    if preset == "week":
        return today - timedelta(days=today.weekday()), today
    month = today.replace(day=1)
    if preset == "last_month":
        return _months_on(month, -1), month - timedelta(days=1)
    if preset == "quarter":
        first = month.replace(month=(month.month - 1) // 3 * 3 + 1)
        return first, today
    if preset == "year":
        return month.replace(month=1), today
    return month, today


def _months_on(first: date, months: int) -> date:
    number = first.year * 12 + first.month - 1 + months
    return date(number // 12, number % 12 + 1, 1)


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _invalid(name, _("A day is written as 2026-01-31; found %(found)r.", found=text[:40])) from None


def _invalid(name: str, sentence: str) -> Invalid:
    return Invalid(sentence, {name: [sentence]})
