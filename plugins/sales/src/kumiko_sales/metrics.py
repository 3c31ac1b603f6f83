"""Figures that need stages: the funnel, time per stage, the weighted forecast; stays in stages as rows for reports."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Float, and_, cast, func, select

from kumiko import Dataset, Field, Invalid, Measure, Metric, MetricAsked, MetricRow, MetricTable, MinorUnits
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, OPEN, WON
from kumiko_sales import figures, goals
from kumiko_sales.figure_period import Asked
from kumiko_sales.funnel import funnel
from kumiko_sales.models import PIPELINE, PRODUCT, STAGE, DealLine, DealSide, Stay

STAYS, SOLD = "sales.stage_stay", "sales.sold_line"
USER = "access.user"


def metrics() -> list[Metric]:
    """Figures of the funnel and the forecast."""
    won = Measure(
        type=DEAL, label=_l("amounts of deals won, by closing day"), how="sum", field="amount", day="closed_on",
        node={"f": "outcome", "op": "eq", "v": WON},
    )  # fmt: skip
    expected = Measure(
        type=DEAL, label=_l("open amounts x probability, by expected close"), how="sum", field="amount",
        weight="probability", day="expected_close_on", node={"f": "outcome", "op": "eq", "v": OPEN},
    )  # fmt: skip
    return [
        Metric(
            key="sales.forecast.weighted", label=_l("Weighted forecast"), unit="money", formula="won + expected",
            parts={"won": won, "expected": expected}, better="more", order=200,
            stands_for="forecast", groups=("month", "owner", "team"),
            help=_l("Won in the period, in full, and open deals expected to close in it by their probability."),
            exclusions=_l("Lost deals; open deals whose expected close is not known or outside of the period."),
        ),
        Metric(
            key="sales.funnel.cohort", label=_l("Funnel"), unit="count", table=cohort_funnel, is_funnel=True, order=210,
            stands_for="funnel",
            help=_l("Deals opened in the period that ever reached a stage, and the share that reached the next one."),
            exclusions=_l("Deals whose opening day is not known."),
        ),
        Metric(
            key="sales.stage.time", label=_l("Time per stage"), unit="days", table=stage_times, order=220,
            stands_for="stage_time",
            help=_l("Median and mean days in a stage, of the deals opened in the period that have left it."),
            exclusions=_l("Deals that are still in the stage are counted apart."),
        ),
    ]  # fmt: skip


def more_metrics() -> list[Metric]:
    """Figures of goals and of what was sold."""
    won = Measure(
        type=DEAL, label=_l("amounts of deals won, by closing day"), how="sum", field="amount", day="closed_on",
        node={"f": "outcome", "op": "eq", "v": WON},
    )  # fmt: skip
    expected = Measure(
        type=DEAL, label=_l("amounts of open deals expected to close"), how="sum", field="amount",
        day="expected_close_on", node={"f": "outcome", "op": "eq", "v": OPEN},
    )  # fmt: skip
    goal = Measure(
        type=goals.GOAL, label=_l("personal goals for amounts won that begin in the period"), how="sum",
        field="target_amount", day="from_on", by={"owner": "for_user", "team": "", "source": "", "campaign": ""},
        node={"and": [{"f": "measure", "op": "eq", "v": goals.WON_AMOUNT},
                      {"f": "who", "op": "eq", "v": goals.PERSONAL}]},
    )  # fmt: skip
    sold: dict[str, Any] = {"type": SOLD, "how": "sum", "day": "closed_on"}
    net = Measure(label=_l("net amounts of lines of deals won"), field="net", **sold)
    before = Measure(label=_l("the same before discounts"), field="before", **sold)
    splits = ("product", "owner", "source", "month")
    return [
        Metric(
            key="sales.goal.target", label=_l("Goals"), unit="money", formula="goal", parts={"goal": goal}, order=230,
            groups=("owner", "month"), stands_for="goal",
        ),
        Metric(
            key="sales.goal.attainment", label=_l("Goal attainment"), unit="percent", formula="won / goal",
            parts={"won": won, "goal": goal}, better="more", order=231, groups=("owner",), stands_for="attainment",
            help=_l("Amounts won / personal goals for amounts won that begin in the period."),
        ),
        Metric(
            key="sales.coverage", label=_l("Pipeline coverage"), unit="number", better="more", order=232,
            formula="expected / max(goal - won, 0)", parts={"expected": expected, "goal": goal, "won": won},
            groups=("owner",),
            help=_l("Open amounts expected to close in the period / (goals - already won); no value once the goal is "
                    "reached."),
        ),
        Metric(
            key="sales.sold.net", label=_l("Sold, net"), unit="money", formula="net", parts={"net": net}, better="more",
            order=240, groups=splits, exclusions=_l("Deals won without lines."),
        ),
        Metric(
            key="sales.discount.rate", label=_l("Discount rate"), unit="percent", formula="(before - net) / before",
            parts={"before": before, "net": net}, better="less", order=241, groups=splits, stands_for="discount",
            help=_l("Discounts / amounts before discounts, of lines of deals won."),
            exclusions=_l("Deals won without lines."),
        ),
    ]  # fmt: skip


def datasets() -> list[Dataset]:
    """The history of stages, and the lines of deals won."""
    return [
        Dataset(
            key=SOLD, label=_l("Lines of deals won"), type=DEAL, select=sold_lines,
            needs=("outcome", "closed_on", "lines"),
            fields=(
                Field(name="product", kind="link", to=PRODUCT, label=_l("Product")),
                Field(name="quantity", kind="number", label=_l("Quantity")),
                Field(name="net", kind="money", label=_l("Net")),
                Field(name="before", kind="money", label=_l("Before discounts")),
                Field(name="closed_on", kind="date", label=_l("Closed")),
                Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Pipeline")),
                Field(name="owner", kind="link", to=USER, label=_l("Owner")),
            ),
        ),
        Dataset(
            key=STAYS, label=_l("Stays in stages"), type=DEAL, select=stays, needs=("pipeline", "stage"),
            fields=(
                Field(name="stage", kind="link", to=STAGE, label=_l("Stage")),
                Field(name="pipeline", kind="link", to=PIPELINE, label=_l("Pipeline")),
                Field(name="owner", kind="link", to=USER, label=_l("Owner")),
                Field(name="entered_at", kind="moment", label=_l("Entered")),
                Field(name="left_at", kind="moment", label=_l("Left")),
                Field(name="amount", kind="money", label=_l("Amount")),
            ),
        )
    ]  # fmt: skip


def sold_lines() -> Any:
    """Every line of a deal that is won, with the amount it would have without discounts."""
    full = cast(func.round(cast(DealLine.quantity, Float(53)) * cast(DealLine.price_minor, Float(53))), MinorUnits)
    return (
        select(
            DealLine.parent_id.label("record_id"), DealLine.product_id, DealLine.quantity, DealLine.net_minor,
            DealLine.net_currency, full.label("before_minor"), DealLine.price_currency.label("before_currency"),
            DealSide.closed_on, DealSide.pipeline_id, DealSide.owner_id,
        )
        .join(DealSide, and_(DealSide.record_id == DealLine.parent_id, DealSide.deleted_at.is_(None)))
        .where(DealSide.outcome == WON)
    )  # fmt: skip


def stays() -> Any:
    """Every stay of a deal in a stage, with the amount that the deal had then."""
    return (
        select(
            Stay.deal_id.label("record_id"), Stay.stage_id, Stay.pipeline_id, DealSide.owner_id, Stay.entered_at,
            Stay.left_at, Stay.amount_minor, Stay.amount_currency,
        )
        .join(DealSide, and_(DealSide.record_id == Stay.deal_id, DealSide.deleted_at.is_(None)))
    )  # fmt: skip


def cohort_funnel(asked: MetricAsked) -> MetricTable:
    """K5 of the pipeline that was chosen, else of the default one."""
    pipeline_id, owner_id, name = _narrowed(asked)
    known = figures.funnel_of_cohort(pipeline_id, asked.since, asked.until, owner_id=owner_id)
    page = _page(pipeline_id, owner_id, asked.since, asked.until)
    rows = tuple(
        MetricRow(
            label=step.name, values={"reached": step.reached, "share": step.share, "conversion": step.conversion},
            hrefs={"reached": page.href("figures/deals", of="reached", stage=step.stage_id or 0)},
            mark=_("Weakest step") if step.weakest else "",
        )
        for step in known.steps
    )  # fmt: skip
    columns = (
        ("reached", _l("Reached it"), "count"), ("share", _l("Of the first"), "percent"),
        ("conversion", _l("To the next"), "percent"),
    )  # fmt: skip
    return MetricTable(columns=columns, rows=rows, note=_("Pipeline: %(name)s", name=name))


def stage_times(asked: MetricAsked) -> MetricTable:
    """Time in each stage of the pipeline, and which one takes longest."""
    pipeline_id, owner_id, name = _narrowed(asked)
    times = figures.time_in_stages(pipeline_id, asked.since, asked.until, owner_id=owner_id)
    page = _page(pipeline_id, owner_id, asked.since, asked.until)
    longest = max((one.finished.median or 0 for one in times), default=0)
    rows = tuple(
        MetricRow(
            label=one.name,
            values={
                "median": one.finished.median, "mean": one.finished.mean, "left": one.finished.count,
                "inside": one.running.count,
            },
            hrefs={
                "left": page.href("figures/deals", of="left", stage=one.stage_id),
                "inside": page.href("figures/deals", of="in", stage=one.stage_id),
            },
            mark=_("Bottleneck") if longest and one.finished.median == longest else "",
        )
        for one in times
    )  # fmt: skip
    columns = (
        ("median", _l("Median"), "days"), ("mean", _l("Mean"), "days"), ("left", _l("Have left it"), "count"),
        ("inside", _l("Are in it"), "count"),
    )  # fmt: skip
    return MetricTable(columns=columns, rows=rows, note=_("Pipeline: %(name)s", name=name))


def _narrowed(asked: MetricAsked) -> tuple[int, int | None, str]:
    """Pipeline, owner, and the pipeline's name; Invalid for what a funnel is not split by."""
    strange = set(asked.chosen) - {"owner", "pipeline"}
    if strange:
        raise Invalid(_("The funnel is limited by owner and pipeline only; take the other filters away."))
    chosen = asked.chosen.get("pipeline")
    pipeline = funnel().find_pipeline(int(chosen)) if chosen is not None else funnel().default
    if pipeline is None:
        raise Invalid(_("There is no such pipeline."))
    owner = asked.chosen.get("owner")
    return pipeline.id, int(owner) if owner is not None else None, pipeline.name


def _page(pipeline_id: int, owner_id: int | None, since: date, until: date) -> Asked:
    return Asked(pipeline_id=pipeline_id, start=since, end=until, preset="", owner_id=owner_id)
