"""What others reckon with: working time, and who is away. Cheap: everything is read once and kept.

Hours and holidays are kept until the catalogue number moves (writing them moves it); absences are read by one
statement per request or job, whoever asks: that somebody is away is known to everybody, why is not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.access.models import User
from kumiko.calendar.models import absences, holidays
from kumiko.calendar.working import Hours, WorkingCalendar, read_hours
from kumiko.host import revision, settings
from kumiko.host.columns import table_of
from kumiko.host.context import current
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.records.days import company_today, company_zone

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
USUAL_HOURS = ("09:00-18:00",) * 5 + ("", "")
_KEPT, _AWAY = "calendar.working", "calendar.away"

_user = table_of(User)
_HOLIDAYS = select(holidays.c.on).where(holidays.c.deleted_at.is_(None))
_ABSENCES = (
    select(
        absences.c.person_away_id, absences.c.from_on, absences.c.until_on, absences.c.deputy_id,
        _user.c.active.label("deputy_active"),
    )
    .select_from(absences.outerjoin(_user, (_user.c.id == absences.c.deputy_id) & _user.c.deleted_at.is_(None)))
    .where(absences.c.deleted_at.is_(None), absences.c.until_on >= bindparam("since"))
    .order_by(absences.c.id)
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Away:
    """Somebody is away, both days included. `deputy_id` names an active user, or nobody."""

    user_id: int
    from_on: date
    until_on: date
    deputy_id: int | None


def add_working_minutes(start: datetime, minutes: int) -> datetime:
    """The first moment (UTC) at which `minutes` of working time have passed since `start` (aware); 0 is `start`.

    30 from Friday 17:50 is Monday 09:20 where work ends at 18:00. Conflict when the company never works, Invalid for
    what lies more than 20 years ahead, for less than 0 and for a moment without zone.
    """
    return working_calendar().add(start, minutes)


def working_minutes(start: datetime, end: datetime) -> int:
    """Whole minutes of working time between two aware moments; 0 when `end` is not later. Conflict as above."""
    return working_calendar().measure(start, end)


def next_working_moment(at: datetime) -> datetime:
    """`at` (aware) itself when it is working time, else when work begins next, in UTC. Conflict as above."""
    return working_calendar().next_moment(at)


def is_working_time(at: datetime) -> bool:
    """Whether the company works at this aware moment. Conflict when it never does."""
    return working_calendar().is_working(at)


def away(user_ids: Iterable[int], on: date) -> set[int]:
    """Those of the users who are away on a day."""
    wanted = set(user_ids)
    return {one.user_id for one in absent_on(on) if one.user_id in wanted}


def deputy_of(user_id: int, on: date) -> int | None:
    """Who stands in for a user on a day: None when the user is not away, or nobody who is there stands in.

    A deputy who is away, too, passes it on to the own deputy.
    """
    deputies = {one.user_id: one.deputy_id for one in absent_on(on)}
    seen: set[int] = set()
    found: int | None = user_id
    while found is not None and found in deputies and found not in seen:
        seen.add(found)
        found = deputies[found]
    return None if found == user_id or found in seen else found


def absent_on(on: date) -> list[Away]:
    """Everybody who is away on a day, in the order in which it was written down."""
    return [one for one in _known(on) if one.from_on <= on <= one.until_on]


def working_calendar() -> WorkingCalendar:
    """Hours, holidays and zone of the company as they are now."""
    context = current()
    generation = context.generation
    key = (-1 if generation is None else generation.catalogue_n, revision.bumps())
    shared = context.cache if generation is None else generation.state
    # What an open transaction sees may be rolled back: it keeps that for itself.
    own = context.session.info if context.in_transaction else shared
    for place in (shared, own):
        kept = place.get(_KEPT)
        if kept is not None and kept[0] == key:
            found: WorkingCalendar = kept[1]
            return found
    days = frozenset(trusted(_HOLIDAYS).scalars()) if _is_on() else frozenset()
    made = WorkingCalendar(zone=company_zone(), week=_week(settings.section("calendar")), holidays=days)
    own[_KEPT] = (key, made)
    return made


def forget_absences() -> None:
    """Absences were written: the next question reads them again."""
    context = current()
    context.cache.pop(_AWAY, None)
    context.session.info.pop(_AWAY, None)


def _known(on: date) -> list[Away]:
    context = current()
    place: dict[Any, Any] = context.session.info if context.in_transaction else context.cache
    kept = place.get(_AWAY)
    if kept is None or kept[0] > on:
        since = min(on, company_today())
        kept = place[_AWAY] = (since, _read(since) if _is_on() else [])
    found: list[Away] = kept[1]
    return found


def _read(since: date) -> list[Away]:
    return [
        Away(user_id=row.person_away_id, from_on=row.from_on, until_on=row.until_on,
             deputy_id=row.deputy_id if row.deputy_active else None)
        for row in trusted(_ABSENCES, {"since": since})
    ]  # fmt: skip


def _is_on() -> bool:
    generation = current().generation
    return generation is not None and generation.is_on("calendar")


def _week(kept: dict[str, Any]) -> tuple[Hours, ...]:
    return tuple(_hours(kept.get(day, usual), usual) for day, usual in zip(WEEKDAYS, USUAL_HOURS, strict=True))


def _hours(text: Any, usual: str) -> Hours:
    try:
        return read_hours(str(text or ""))
    except Invalid:  # written past the form: the usual hours rather than no page at all
        return read_hours(usual)
