"""Statements behind the figures of the funnel. Everything is counted by the database, under the acting person's rights.

The rights come from the session: `DealSide` and `Stay` are limited to deals that the person may see. Nothing here reads
a deal that is in the bin, whoever asks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    Select,
    Subquery,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    null,
    or_,
    select,
)

from kumiko import UtcDateTime, current, session, unscoped, utc_now
from kumiko_contracts.deals import OPEN, WON
from kumiko_sales.funnel import StageRow, funnel
from kumiko_sales.models import DealSide, Stage, Stay

_DAY_S = 86_400
_PART = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Steps:
    """A pipeline's open stages in order, and what stages that stand in the history mean for them today.

    `now`: id of a stage of this pipeline, gone or not -> id of the one that it was merged into, or itself.
    `rank`: id of a stage -> how many of `stages` a deal that was in it has reached: the third stage gives 3; an
    archived or deleted one gives those before it; won and lost stages give 0.
    """

    stages: tuple[StageRow, ...]
    now: Mapping[int, int] = field(default_factory=dict)
    rank: Mapping[int, int] = field(default_factory=dict)
    names: Mapping[int, str] = field(default_factory=dict)

    @property
    def step_of(self) -> dict[int, int]:
        """Id of a stage -> id of the open stage that stands for it, for those that one stands for."""
        offered = {stage.id for stage in self.stages}
        return {stage_id: now for stage_id, now in self.now.items() if now in offered}


def steps_of(pipeline_id: int) -> Steps:
    """The steps of a pipeline; deleted stages are read as well, for they stand in the history."""
    pipeline = funnel().find_pipeline(pipeline_id)
    stages = tuple(pipeline.offered(OPEN)) if pipeline is not None else ()
    with unscoped("stages that are gone still stand in the history"):
        columns = (Stage.id, Stage.name, Stage.kind, Stage.position, Stage.merged_into_id, Stage.deleted_at)
        rows = {row.id: row for row in session().execute(select(*columns).where(Stage.pipeline_id == pipeline_id))}
    now = {stage_id: _merged(stage_id, rows) for stage_id in rows}
    number = {stage.id: place for place, stage in enumerate(stages, 1)}
    order = [(stage.position, stage.id) for stage in stages]

    def rank(row: Any) -> int:
        if row.kind != OPEN:
            return 0
        return number.get(row.id) or sum(one < (row.position or 0, row.id) for one in order)

    ranks = {stage_id: rank(rows[now[stage_id]]) for stage_id in rows}
    return Steps(stages=stages, now=now, rank=ranks, names={one: rows[now[one]].name for one in rows})


def _merged(stage_id: int, rows: Mapping[int, Any]) -> int:
    """Where a merge led; a chain of merges is followed to its end, a stage that lives stands for itself."""
    seen = {stage_id}
    while True:
        into = rows[stage_id].merged_into_id if rows[stage_id].deleted_at is not None else None
        if into is None or into in seen or into not in rows:
            return stage_id
        seen.add(into)
        stage_id = into


# ------------------------------------------------------------------ which deals


def of_pipeline(pipeline_id: int | None, owner_id: int | None) -> list[ColumnElement[bool]]:
    """Live deals of a pipeline (None: of all) and of an owner (None: of everybody the person may see)."""
    found: list[ColumnElement[bool]] = [DealSide.deleted_at.is_(None)]
    if pipeline_id is not None:
        found.append(DealSide.pipeline_id == pipeline_id)
    if owner_id is not None:
        found.append(DealSide.owner_id == owner_id)
    return found


def in_period(column: Any, start: date, end: date) -> ColumnElement[bool]:
    """Days from `start` on and before `end`."""
    return and_(column >= start, column < end)


# ------------------------------------------------------------------ how far, how long


def journeys(steps: Steps, deals: Sequence[ColumnElement[bool]]) -> Subquery:
    """One row per deal: deal_id, outcome, and the furthest rank it ever had. Going back does not lower it."""
    known = {stage_id: rank for stage_id, rank in steps.rank.items() if rank}
    furthest: ColumnElement[Any] = literal(0)
    if known:
        furthest = func.coalesce(func.max(case(known, value=Stay.stage_id, else_=0)), 0)
    return (
        select(DealSide.record_id.label("deal_id"), DealSide.outcome.label("outcome"), furthest.label("rank"))
        .outerjoin(Stay, and_(Stay.deal_id == DealSide.record_id, Stay.stage_id.in_(list(known))))
        .where(*deals)
        .group_by(DealSide.record_id, DealSide.outcome)
        .subquery()
    )


def reached(journey: Subquery, rank: int) -> ColumnElement[bool]:
    """Whether a journey led to the step with this number: there, beyond it, or to a won deal."""
    return or_(journey.c.rank >= rank, journey.c.outcome == WON)


def visits(steps: Steps, deals: Sequence[ColumnElement[bool]]) -> Subquery:
    """One row per deal and open stage: deal_id, step (id of the stage), running (1 while it is there), days in all."""
    step = case(steps.step_of, value=Stay.stage_id) if steps.step_of else literal(0)
    stays = (
        select(
            Stay.deal_id.label("deal_id"),
            step.label("step"),
            case((Stay.left_at.is_(None), 1), else_=0).label("running"),
            days_between(Stay.entered_at, func.coalesce(Stay.left_at, literal(utc_now(), UtcDateTime()))).label("days"),
        )
        .join(DealSide, DealSide.record_id == Stay.deal_id)
        .where(*deals, Stay.stage_id.in_(list(steps.step_of)))
        .subquery()
    )
    return (
        select(
            stays.c.deal_id, stays.c.step, func.max(stays.c.running).label("running"),
            func.sum(stays.c.days).label("days"),
        )
        .group_by(stays.c.deal_id, stays.c.step)
        .subquery()
    )  # fmt: skip


def cycles(deals: Sequence[ColumnElement[bool]]) -> Subquery:
    """One row per deal: known (1 when both days are there, in this order) and days from opening to closing."""
    is_known = DealSide.closed_on >= DealSide.opened_on
    days = date_difference(DealSide.opened_on, DealSide.closed_on)
    return (
        select(case((is_known, 1), else_=0).label("known"), case((is_known, days), else_=0.0).label("days"))
        .where(*deals)
        .subquery()
    )


def spread(values: Subquery, *keys: str) -> Select[*tuple[Any, ...]]:
    """Per combination of `keys`: count, mean and median of the column `days`; in the words of both databases.

    The median is the mean of the one or two rows in the middle.
    """
    columns = [values.c[key] for key in keys]
    numbered = select(
        *columns,
        values.c.days,
        func.row_number().over(partition_by=columns, order_by=values.c.days).label("number"),
        func.count().over(partition_by=columns).label("of"),
    ).subquery()
    twice = 2 * numbered.c.number
    middle = case((and_(twice >= numbered.c.of, twice <= numbered.c.of + 2), numbered.c.days))
    found = [numbered.c[key] for key in keys]
    return select(
        *found, func.count().label("deals"), func.avg(numbered.c.days).label("mean"), func.avg(middle).label("median")
    ).group_by(*found)


def days_between(begin: Any, end: Any) -> ColumnElement[float]:
    """Days from one moment to another, with their parts."""
    if current().database.is_sqlite:
        return func.julianday(end, type_=Float) - func.julianday(begin, type_=Float)
    return cast(extract("epoch", end - begin), Float(53)) / _DAY_S


def date_difference(begin: Any, end: Any) -> ColumnElement[float]:
    """Whole days from one day to another."""
    if current().database.is_sqlite:
        return func.julianday(end, type_=Float) - func.julianday(begin, type_=Float)
    return cast(end - begin, Float(53))


# ------------------------------------------------------------------ money


def amounts(deals: Sequence[ColumnElement[bool]], *, base: str = "") -> Select[*tuple[Any, ...]]:
    """Per currency and outcome: count, and sums of the amounts and of amount x percent, in two parts each: see `whole`.

    `base`: closed deals in other currencies come by the day they were closed on, whose rate counts for them.

    64 bits do not hold the sum of a few large amounts times a hundred, and SQLite has nothing wider.
    """
    high, percent = DealSide.amount_minor // _PART, func.coalesce(DealSide.probability, 0)
    low = DealSide.amount_minor - high * _PART
    stays = or_(DealSide.amount_currency == base, DealSide.outcome == OPEN)
    day = case((stays, null()), else_=DealSide.closed_on) if base else null()
    return (
        select(
            DealSide.amount_currency,
            DealSide.outcome,
            day.label("day"),
            func.count().label("deals"),
            func.sum(high).label("high"),
            func.sum(low).label("low"),
            func.sum(high * percent).label("high_percent"),
            func.sum(low * percent).label("low_percent"),
        )
        .where(*deals, DealSide.amount_minor.is_not(None), DealSide.amount_currency.is_not(None))
        .group_by(DealSide.amount_currency, DealSide.outcome, *([day] if base else []))
    )


def whole(high: Any, low: Any) -> int:
    """The sum that two parts stand for."""
    return int(high) * _PART + int(low)


def moment_of(value: date, zone: Any) -> datetime:
    """The first moment of a day where the company is."""
    return datetime(value.year, value.month, value.day, tzinfo=zone)
