"""What the page of figures shows: every number ready, with the address of the deals behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from kumiko import gettext as _
from kumiko_contracts.deals import LOST, OPEN, WON
from kumiko_sales import figures, forecasts
from kumiko_sales.figure_period import PRESETS, Asked, chooses_owner
from kumiko_sales.figures import CohortWinRate, Cycle, Days, Forecast, Step
from kumiko_sales.forecasts import ForecastTotal

#: No amount is below it: with a currency it means "has an amount in this currency".
_ANY_AMOUNT = -(10**15)


@dataclass(frozen=True, kw_only=True)
class Number:
    """A number of deals and where they are listed; no address when there are none."""

    count: int
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class FunnelRow:
    """A step of the funnel with the deals that reached it."""

    step: Step
    deals: Number


@dataclass(frozen=True, kw_only=True)
class TimeRow:
    """A stage with the time of the deals that left it, and of those in it."""

    name: str
    finished: Days
    left: Number
    running: Days
    inside: Number


@dataclass(frozen=True, kw_only=True)
class ForecastRow:
    """A currency with the deals behind won and open amounts."""

    line: Forecast
    won: Number
    open: Number


@dataclass(frozen=True, kw_only=True)
class Preset:
    label: str
    href: str
    active: bool
    icon: str = ""
    count: str = ""


@dataclass(frozen=True, kw_only=True)
class OwnerInput:
    """The picker of an owner, as the macro `field` takes it."""

    value: str
    text: str
    label: str
    name: str = "owner"
    kind: str = "user"
    find_href: str = "/pick/users"
    create_href: str = ""
    placeholder: str = ""
    help: str = ""
    errors: tuple[str, ...] = ()
    required: bool = False
    readonly: bool = False
    autofocus: bool = False
    wide: bool = False


@dataclass(frozen=True, kw_only=True)
class FiguresView:
    """The page. A part is None when the person's role hides what it is made of."""

    pipeline: str
    asked: Asked
    presets: tuple[Preset, ...]
    owner: OwnerInput | None = None
    rate: CohortWinRate | None = None
    created: Number = field(default_factory=lambda: Number(count=0))
    won: Number = field(default_factory=lambda: Number(count=0))
    lost: Number = field(default_factory=lambda: Number(count=0))
    open: Number = field(default_factory=lambda: Number(count=0))
    undated: Number = field(default_factory=lambda: Number(count=0))
    funnel: tuple[FunnelRow, ...] | None = None
    whole: float | None = None
    times: tuple[TimeRow, ...] | None = None
    cycle: Cycle | None = None
    cycle_deals: Number = field(default_factory=lambda: Number(count=0))
    cycle_left_out: Number = field(default_factory=lambda: Number(count=0))
    forecast: tuple[ForecastRow, ...] | None = None
    forecast_total: ForecastTotal | None = None
    history_href: str = ""


def figures_view(pipeline: str, asked: Asked, *, history_href: str) -> FiguresView:
    """All figures of a pipeline for a period, as the acting person sees them."""
    return FiguresView(
        pipeline=pipeline, asked=asked, presets=_presets(asked), owner=_owner(asked), history_href=history_href,
        **_cohort(asked), **_times(asked), **_cycle(asked), **_forecast(asked),
    )  # fmt: skip


def _number(count: int, href: str) -> Number:
    return Number(count=count, href=href if count else "")


def _cohort(asked: Asked) -> dict[str, Any]:
    if not figures.is_readable(*figures.FUNNEL_FIELDS):
        return {}
    who, opened = {"owner_id": asked.owner_id}, asked.within("opened_on")
    rate = figures.win_rate_of_cohort(asked.pipeline_id, asked.start, asked.end, **who)
    found = figures.funnel_of_cohort(asked.pipeline_id, asked.start, asked.end, **who)
    by = {outcome: asked.deals(*opened, ("outcome", "eq", outcome)) for outcome in (OPEN, WON, LOST)}
    rows = tuple(
        FunnelRow(
            step=step,
            deals=_number(
                step.reached,
                by[WON] if step.stage_id is None else asked.href("figures/deals", of="reached", stage=step.stage_id),
            ),
        )
        for step in found.steps
    )
    undated = figures.cohort_of_nobody(asked.pipeline_id, **who)
    return {
        "rate": rate, "created": _number(rate.created, asked.deals(*opened)), "won": _number(rate.won, by[WON]),
        "lost": _number(rate.lost, by[LOST]), "open": _number(rate.open, by[OPEN]), "funnel": rows,
        "whole": found.whole, "undated": _number(undated, asked.deals(("opened_on", "empty", True))),
    }  # fmt: skip


def _times(asked: Asked) -> dict[str, Any]:
    if not figures.is_readable(*figures.FUNNEL_FIELDS, "stage_entered_at"):
        return {}
    found = figures.time_in_stages(asked.pipeline_id, asked.start, asked.end, owner_id=asked.owner_id)

    def behind(of: str, count: int, stage_id: int) -> Number:
        return _number(count, asked.href("figures/deals", of=of, stage=stage_id))

    return {
        "times": tuple(
            TimeRow(
                name=one.name, finished=one.finished, left=behind("left", one.finished.count, one.stage_id),
                running=one.running, inside=behind("in", one.running.count, one.stage_id),
            )
            for one in found
        )
    }  # fmt: skip


def _cycle(asked: Asked) -> dict[str, Any]:
    if not figures.is_readable(*figures.CYCLE_FIELDS):
        return {}
    found = figures.sales_cycle(asked.pipeline_id, asked.start, asked.end, owner_id=asked.owner_id)
    won = asked.deals(("outcome", "eq", WON), *asked.within("closed_on"))
    every = found.days.count + found.left_out
    return {"cycle": found, "cycle_deals": _number(every, won), "cycle_left_out": Number(count=found.left_out)}


def _forecast(asked: Asked) -> dict[str, Any]:
    if not figures.is_readable(*figures.FORECAST_FIELDS):
        return {}
    who = {"pipeline_id": asked.pipeline_id, "owner_id": asked.owner_id}
    lines, total = forecasts.forecast_with_total(asked.start, asked.end, **who)

    def row(line: Forecast) -> ForecastRow:
        has = ("amount", "gte", {"value": _ANY_AMOUNT, "currency": line.currency})
        won = asked.deals(("outcome", "eq", WON), *asked.within("closed_on"), has)
        coming = asked.deals(("outcome", "eq", OPEN), *asked.within("expected_close_on"), has)
        return ForecastRow(line=line, won=_number(line.won_count, won), open=_number(line.open_count, coming))

    return {"forecast": tuple(row(line) for line in lines), "forecast_total": total}


def _presets(asked: Asked) -> tuple[Preset, ...]:
    labels = {
        "month": _("This month"), "quarter": _("This quarter"), "year": _("This year"), "last_year": _("Last year"),
        "12_months": _("Last 12 months"),
    }  # fmt: skip
    base = f"/pipelines/{asked.pipeline_id}/figures"
    owner = f"&owner={asked.owner_id}" if asked.owner_id is not None else ""
    return tuple(
        Preset(label=labels[key], href=f"{base}?period={key}{owner}", active=key == asked.preset) for key in PRESETS
    )


def _owner(asked: Asked) -> OwnerInput | None:
    if not chooses_owner():
        return None
    value = "" if asked.owner_id is None else str(asked.owner_id)
    return OwnerInput(value=value, text=asked.owner, label=_("Owner"), placeholder=_("Everybody"))
