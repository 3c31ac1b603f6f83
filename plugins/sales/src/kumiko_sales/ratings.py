"""The rating of sellers (K46): a weighted sum of shares, each capped at 100 %; parts and weights are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import select

from kumiko import (
    Conflict,
    catalogue,
    company_zone,
    list_count,
    session,
    settings_of,
    utc_now,
    working_minutes,
)
from kumiko_contracts.deals import DEAL, LOST, WON
from kumiko_contracts.inquiries import LEAD
from kumiko_contracts.tasks import CANCELLED, DONE, TASK

ATTAINMENT, WIN_RATE, PUNCTUALITY, ANSWERS = "attainment", "win_rate", "punctuality", "answers"
PARTS = (ATTAINMENT, WIN_RATE, PUNCTUALITY, ANSWERS)
#: Rows looked at for one person and period; more do not change a share that matters.
MOST_ROWS = 5000


@dataclass(frozen=True, kw_only=True)
class Rating:
    """A seller's rating: `parts` name -> share or None (no value); `score` over those that have one, or None."""

    parts: Mapping[str, float | None]
    score: float | None


def weights() -> dict[str, float]:
    """Name of a part -> its weight in percent, as the settings have it."""
    known = settings_of("sales")
    return {name: float(known.get(f"weight_{name}") or 0) for name in PARTS}


def rating_of(parts: Mapping[str, float | None], weight: Mapping[str, float]) -> Rating:
    """The weighted mean of the parts that have a value, each at most 1; parts without one leave their weight to the
    others, so that a new colleague is not rated 0 for what nobody asked of him."""
    known = {name: min(max(share, 0.0), 1.0) for name, share in parts.items() if share is not None and weight.get(name)}
    whole = sum(weight[name] for name in known)
    score = sum(weight[name] * share for name, share in known.items()) / whole if whole else None
    return Rating(parts=parts, score=score)


def win_rate(owner_id: int, start: date, until: date) -> float | None:
    """Won of all that was closed in the period; no value when nothing was."""
    info = catalogue().find(DEAL)
    if info is None:
        return None
    counted = []
    for outcome in (WON, LOST):
        node = {"and": [
            {"f": "owner", "op": "eq", "v": owner_id}, {"f": "outcome", "op": "eq", "v": outcome},
            {"f": "closed_on", "op": "gte", "v": start.isoformat()},
            {"f": "closed_on", "op": "lte", "v": until.isoformat()},
        ]}  # fmt: skip
        counted.append(list_count(info, node=node, cap=1_000_000))
    won, lost = counted
    return won / (won + lost) if won + lost else None


def punctuality(owner_id: int, start: date, until: date) -> float | None:
    """Tasks done by the time they were due, of those whose time has passed; no value without any."""
    rows = _rows(TASK, ("state", "due_on", "due_at", "done_at"), "due_on", owner_id, start, until)
    now, due_ones, in_time = utc_now(), 0, 0
    for row in rows:
        due = row.due_at or _end_of(row.due_on)
        if row.state == CANCELLED or due is None or (due > now and row.state != DONE):
            continue
        due_ones += 1
        in_time += row.state == DONE and row.done_at is not None and row.done_at <= due
    return in_time / due_ones if due_ones else None


def answers(owner_id: int, start: date, until: date) -> float | None:
    """Leads answered within the working time that the settings give, of those whose time has passed."""
    allowed = int(settings_of("sales").get("answer_minutes") or 60)
    rows = _rows(LEAD, ("created_at", "first_responded_at"), "created_at", owner_id, start, until)
    asked = in_time = 0
    try:
        for row in rows:
            took = working_minutes(row.created_at, row.first_responded_at or utc_now())
            if row.first_responded_at is None and took <= allowed:
                continue
            asked += 1
            in_time += took <= allowed
    except Conflict:
        return None
    return in_time / asked if asked else None


def _rows(type_key: str, names: Sequence[str], day: str, owner_id: int, start: date, until: date) -> Sequence[Any]:
    """Columns of the records of a contract's type that belong to somebody; none while nobody keeps such records."""
    info = catalogue().find(type_key)
    model: Any = info.type.model if info is not None else None
    if model is None or not all(hasattr(model, name) for name in (*names, day)):
        return ()
    moments = day.endswith("_at")
    low: Any = _start_of(start) if moments else start
    high: Any = _start_of(until + timedelta(days=1)) if moments else until + timedelta(days=1)
    column = getattr(model, day)
    query = (
        select(*(getattr(model, name) for name in names))
        .where(model.owner_id == owner_id, model.deleted_at.is_(None), column >= low, column < high)
        .order_by(model.id.desc())
        .limit(MOST_ROWS)
    )
    return session().execute(query).all()


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=company_zone()).astimezone(UTC)


def _end_of(day: date | None) -> datetime | None:
    return _start_of(day + timedelta(days=1)) if day is not None else None
