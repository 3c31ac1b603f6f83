"""Figures of the funnel: K4, K5, K19, K25 and the time per stage, over the deals that the acting person may see.

Rules that hold for all of them:
- A period is half-open, `[start, end)`, in days. A deal's days (opened, closed, expected close) have no zone: they were
  written as days of the company's zone, so a deal opened there at 23:30 on 31 January belongs to January.
- A cohort is the deals that were OPENED in the period (`opened_on`, which an import may date back), not those whose row
  was made then: bringing in ten years of history must not make one cohort of it. Deals without an opening day are in
  none; `cohort_of_nobody` counts them.
- Deals in the bin are out. A deal belongs to the pipeline and the owner that it has now.
- A denominator of 0 gives None, "no value". Shares are unrounded, from 0 to 1.
- Forbidden when the person's role hides a field that a figure is made of; ModuleOff while nobody keeps deals.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from sqlalchemy import ColumnElement, and_, func, select

from kumiko import Forbidden, ModuleOff, NotFound, catalogue, principal, session
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_sales import figure_queries as asked
from kumiko_sales.models import DealSide

FUNNEL_FIELDS = ("pipeline", "stage", "outcome", "opened_on")
CYCLE_FIELDS = ("pipeline", "outcome", "opened_on", "closed_on")
FORECAST_FIELDS = ("pipeline", "outcome", "amount", "probability", "expected_close_on", "closed_on")


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of the funnel. `stage_id` None: the last step, won.

    `reached`: deals that were ever here or further. `conversion`: share of them that reached the next step (None behind
    the last one, or when nobody is here). `share`: share of those that reached the first stage. `weakest`: the step
    behind which the largest share is lost; of equal ones the first.
    """

    stage_id: int | None
    name: str
    reached: int
    conversion: float | None
    share: float | None
    weakest: bool = False


@dataclass(frozen=True, kw_only=True)
class CohortFunnel:
    """K5 of a cohort. `size`: deals opened in the period; `whole`: won / reached the first stage."""

    size: int
    steps: tuple[Step, ...]
    whole: float | None


@dataclass(frozen=True, kw_only=True)
class CohortWinRate:
    """K4 of a cohort, so far: `rate` = won / created. The four counts are deals; open + won + lost = created."""

    created: int
    won: int
    lost: int
    open: int
    rate: float | None


@dataclass(frozen=True, kw_only=True)
class Days:
    """How long something took, for `count` deals: mean and median in days, with their parts; None without any."""

    count: int = 0
    mean: float | None = None
    median: float | None = None


@dataclass(frozen=True, kw_only=True)
class StageTime:
    """Time in one stage. `finished`: deals that have left it; `running`: deals in it, up to now. Never mixed."""

    stage_id: int
    name: str
    finished: Days
    running: Days


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """K19: `days` of won deals from opening to closing. `left_out`: won deals whose days are unknown or contradict."""

    days: Days
    left_out: int


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """K25 in one currency, in minor units: `forecast_minor` = `won_minor` + `weighted_minor`. Counts are deals."""

    currency: str
    won_count: int
    won_minor: int
    open_count: int
    open_minor: int
    weighted_minor: int

    @property
    def forecast_minor(self) -> int:
        return self.won_minor + self.weighted_minor


# ------------------------------------------------------------------ the cohort


def funnel_of_cohort(pipeline_id: int, start: date, end: date, *, owner_id: int | None = None) -> CohortFunnel:
    """K5, stage conversion: deals that ever reached stage n+1 or won / deals that ever reached stage n.

    Unit: deals; shares from 0 to 1. A deal that jumped over a stage counts as having reached it; one that went back
    counts once. A stage that was merged away counts as the one that took its deals; a stay in an archived or deleted
    one counts for the stages before it. Won means won now: a deal that was reopened and lost is not.
    """
    require_readable(*FUNNEL_FIELDS)
    steps = asked.steps_of(pipeline_id)
    deals = [*asked.of_pipeline(pipeline_id, owner_id), asked.in_period(DealSide.opened_on, start, end)]
    journey = asked.journeys(steps, deals)
    query = select(journey.c.rank, journey.c.outcome, func.count()).group_by(journey.c.rank, journey.c.outcome)
    groups = [(len(steps.stages) + 1 if outcome == WON else rank, n) for rank, outcome, n in session().execute(query)]
    counts = [sum(n for rank, n in groups if rank >= place) for place in range(1, len(steps.stages) + 2)]
    conversions = [_share(following, here) for here, following in pairwise(counts)]
    losing = [one for one in conversions if one is not None and one < 1]
    weakest = conversions.index(min(losing)) if losing else -1
    names: list[tuple[int | None, str]] = [(stage.id, stage.name) for stage in steps.stages]
    made = tuple(
        Step(
            stage_id=stage_id, name=name, reached=counts[place], share=_share(counts[place], counts[0]),
            conversion=conversions[place] if place < len(conversions) else None, weakest=place == weakest,
        )
        for place, (stage_id, name) in enumerate([*names, (None, _("Won"))])
    )  # fmt: skip
    return CohortFunnel(size=sum(n for _rank, n in groups), steps=made, whole=_share(counts[-1], counts[0]))


def win_rate_of_cohort(
    pipeline_id: int | None, start: date, end: date, *, owner_id: int | None = None
) -> CohortWinRate:
    """K4, win rate of a cohort, so far: won among deals created in the period / all deals created in it.

    Unit: deals; a share from 0 to 1. Open deals are in the denominator. Each deal counts once, by what it is now: one
    that was won, reopened and lost is lost. `pipeline_id` None: all pipelines.
    """
    require_readable("pipeline", "outcome", "opened_on")
    deals = [*asked.of_pipeline(pipeline_id, owner_id), asked.in_period(DealSide.opened_on, start, end)]
    query = select(DealSide.outcome, func.count()).where(*deals).group_by(DealSide.outcome)
    found = {outcome or OPEN: count for outcome, count in session().execute(query)}
    created, won = sum(found.values()), found.get(WON, 0)
    return CohortWinRate(
        created=created, won=won, lost=found.get(LOST, 0), open=found.get(OPEN, 0), rate=_share(won, created)
    )


def cohort_of_nobody(pipeline_id: int | None, *, owner_id: int | None = None) -> int:
    """How many deals are in no cohort, because the day they were opened is not known."""
    require_readable("pipeline", "opened_on")
    query = select(func.count(DealSide.record_id)).where(
        *asked.of_pipeline(pipeline_id, owner_id), DealSide.opened_on.is_(None)
    )
    return int(session().execute(query).scalar_one())


def time_in_stages(pipeline_id: int, start: date, end: date, *, owner_id: int | None = None) -> tuple[StageTime, ...]:
    """Mean and median time that the deals of a cohort spent in each open stage of the pipeline.

    Unit: days, with their parts. A deal gives one value per stage: all its stays there together, so coming back makes
    it longer and not shorter; stays in a merged stage belong to the one that took its deals. Deals that are in the
    stage now are counted apart, up to now. Archived, won and lost stages are left out.
    """
    require_readable(*FUNNEL_FIELDS, "stage_entered_at")
    steps = asked.steps_of(pipeline_id)
    deals = [*asked.of_pipeline(pipeline_id, owner_id), asked.in_period(DealSide.opened_on, start, end)]
    found = {
        (row.step, row.running): Days(count=row.deals, mean=float(row.mean), median=float(row.median))
        for row in session().execute(asked.spread(asked.visits(steps, deals), "step", "running"))
    }
    return tuple(
        StageTime(
            stage_id=stage.id, name=stage.name, finished=found.get((stage.id, 0), Days()),
            running=found.get((stage.id, 1), Days()),
        )
        for stage in steps.stages
    )  # fmt: skip


Part = Literal["reached", "left", "in"]


def deals_behind(
    part: Part, pipeline_id: int, stage_id: int | None, start: date, end: date, *, owner_id: int | None = None,
    after: int = 0, limit: int = 200,
) -> list[int]:  # fmt: skip
    """Ids of the deals behind a number of the cohort, by id, beyond `after`: those that reached a stage (None: were
    won), or have left it, or are in it. In all as many as `Step.reached`, `StageTime.finished.count` and
    `StageTime.running.count` say. NotFound when the pipeline offers no such open stage."""
    require_readable(*FUNNEL_FIELDS)
    steps = asked.steps_of(pipeline_id)
    ranks = {None: len(steps.stages) + 1} | {stage.id: place for place, stage in enumerate(steps.stages, 1)}
    if stage_id not in ranks:
        raise NotFound(_("This pipeline has no such stage."))
    deals = [*asked.of_pipeline(pipeline_id, owner_id), asked.in_period(DealSide.opened_on, start, end)]
    deals.append(DealSide.record_id > after)
    if part == "reached":
        rows = asked.journeys(steps, deals)
        condition = asked.reached(rows, ranks[stage_id])
    else:
        rows = asked.visits(steps, deals)
        condition = and_(rows.c.step == stage_id, rows.c.running == (1 if part == "in" else 0))
    query = select(rows.c.deal_id).where(condition).order_by(rows.c.deal_id).limit(limit)
    return list(session().execute(query).scalars())


# ------------------------------------------------------------------ by closing


def sales_cycle(pipeline_id: int | None, start: date, end: date, *, owner_id: int | None = None) -> Cycle:
    """K19, sales cycle: mean and median of closed_on - opened_on of the deals won with a closing day in the period.

    Unit: days. Open and lost deals are out; won ones without an opening day, or closed before it, are counted in
    `left_out`. `pipeline_id` None: all pipelines.
    """
    require_readable(*CYCLE_FIELDS)
    deals = [*asked.of_pipeline(pipeline_id, owner_id), asked.in_period(DealSide.closed_on, start, end)]
    rows = {row.known: row for row in session().execute(asked.spread(asked.cycles([*deals, _is(WON)]), "known"))}
    known, unknown = rows.get(1), rows.get(0)
    days = Days() if known is None else Days(count=known.deals, mean=float(known.mean), median=float(known.median))
    return Cycle(days=days, left_out=unknown.deals if unknown is not None else 0)


def weighted_forecast(
    start: date, end: date, *, pipeline_id: int | None = None, owner_id: int | None = None
) -> tuple[Forecast, ...]:
    """K25, weighted forecast: won in the period + sum of (open amount x probability) with expected close in the period.

    Unit: minor units, one line per currency, by its code: two currencies are never added. A won deal counts in full,
    once, by its closing day; a lost one adds nothing; an open one whose expected close has passed before `start`, or is
    not known, is out. Deals without an amount add nothing and are not counted. Each line is rounded once, half up. The
    forecast category changes nothing. `pipeline_id` None: all pipelines.
    """
    from kumiko_sales.forecasts import forecast_with_total  # local: cycle

    return forecast_with_total(start, end, pipeline_id=pipeline_id, owner_id=owner_id)[0]


def _is(outcome: str) -> ColumnElement[bool]:
    return DealSide.outcome == outcome


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


# ------------------------------------------------------------------ who may read what


def is_readable(*names: str) -> bool:
    """Whether there are deals at all, and the person's role shows all these fields of theirs."""
    info = catalogue().find(DEAL)
    return info is not None and all(name in info.readable(principal()) for name in names)


def require_readable(*names: str) -> None:
    """ModuleOff, or Forbidden with the fields that the person's role hides."""
    info = catalogue().find(DEAL)
    if info is None:
        raise ModuleOff(_("Nobody keeps deals at present; switch the module deals on."), "deals")
    shown = info.readable(principal())
    hidden = [str(info.fields[name].field.label) for name in names if name not in shown and name in info.fields]
    if hidden:
        raise Forbidden(
            _("Your role hides fields of deals that this is made of: %(fields)s.", fields=", ".join(hidden))
        )
