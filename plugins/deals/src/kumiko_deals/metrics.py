"""Figures of deals and conversations, and the first purchase of each customer as rows to count.

Days (opened, closed, expected close) were written as days of the company's zone. A deal's success is credited to the
owner that it has; a deal that was reopened and lost later counts once, by its last closing. Deals in the bin are out.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import aliased

from kumiko import Dataset, Field, Measure, Metric
from kumiko import lazy_gettext as _l
from kumiko_deals.models import DEAL, INTERACTION, LOST, OPEN, SOURCE, WON, Deal

FIRST_PURCHASE = "deals.first_purchase"
ORGANIZATION, PERSON, USER, TEAM = "parties.organization", "parties.person", "access.user", "access.team"
SPLITS = ("owner", "team", "source", "campaign", "organization", "month")


def _is(outcome: str) -> dict[str, Any]:
    return {"f": "outcome", "op": "eq", "v": outcome}


def _closed(label: Any, outcome: str, **more: Any) -> Measure:
    return Measure(type=DEAL, label=label, node=_is(outcome), day="closed_on", **more)


def metrics() -> list[Metric]:
    """Figures of deals, by their usual definitions."""
    won = _closed(_l("deals won, by closing day"), WON)
    lost = _closed(_l("deals lost, by closing day"), LOST)
    revenue = _closed(_l("amounts of deals won, by closing day"), WON, how="sum", field="amount")
    lost_amount = _closed(_l("amounts of deals lost, by closing day"), LOST, how="sum", field="amount")
    orders = _closed(_l("deals won that have an amount"), WON, field="amount")
    created = Measure(type=DEAL, label=_l("deals opened"), day="opened_on")
    created_won = Measure(type=DEAL, label=_l("of them won so far"), day="opened_on", node=_is(WON))
    still_open = Measure(type=DEAL, label=_l("deals open now"), node=_is(OPEN))
    pipeline = Measure(type=DEAL, label=_l("amounts of deals open now"), node=_is(OPEN), how="sum", field="amount")
    days = _l("days from opening to closing of deals won")
    cycle_mean = _closed(days, WON, how="avg", field="opened_on", until="closed_on")
    cycle_median = _closed(days, WON, how="median", field="opened_on", until="closed_on")
    call = {"f": "kind", "op": "eq", "v": "call"}
    calls = Measure(type=INTERACTION, label=_l("calls"), node=call, day="started_at")
    minutes = Measure(
        type=INTERACTION, label=_l("minutes of calls with a duration"), node=call, day="started_at", how="avg",
        field="duration_min",
    )  # fmt: skip
    customers = Measure(
        type=FIRST_PURCHASE, label=_l("customers by the day of their first deal won"), day="closed_on",
        by={"month": "closed_on"},
    )  # fmt: skip
    open_out = _l("Deals still open and deals in the bin.")
    return [
        Metric(
            key="deals.revenue.won", label=_l("Revenue won"), unit="money", formula="revenue", better="more", order=10,
            parts={"revenue": revenue}, help=_l("Sum of the amounts of deals won."), stands_for="revenue",
            exclusions=open_out, groups=SPLITS,
        ),
        Metric(
            key="deals.won.count", label=_l("Deals won"), unit="count", formula="won", better="more", order=20,
            parts={"won": won}, exclusions=open_out, groups=SPLITS, stands_for="won",
        ),
        Metric(
            key="deals.lost.count", label=_l("Deals lost"), unit="count", formula="lost", better="less", order=25,
            parts={"lost": lost}, stands_for="lost", exclusions=open_out, groups=(*SPLITS, "lost_reason"),
        ),
        Metric(
            key="deals.created.count", label=_l("Deals opened"), unit="count", formula="created", better="more",
            order=30, parts={"created": created}, groups=SPLITS, stands_for="deals",
            exclusions=_l("Deals whose opening day is not known."),
        ),
        Metric(
            key="deals.open.amount", label=_l("Open pipeline"), unit="money", formula="pipeline", order=40,
            parts={"pipeline": pipeline}, stands_for="pipeline", groups=SPLITS[:-1],
            help=_l("Sum of the amounts of deals open now."),
            exclusions=_l("Deals without an amount."),
        ),
        Metric(
            key="deals.open.count", label=_l("Open deals"), unit="count", formula="open", order=45,
            parts={"open": still_open}, stands_for="open", groups=SPLITS[:-1],
        ),
        Metric(
            key="deals.average.won", label=_l("Average order value"), unit="money", formula="revenue / orders",
            better="more", order=50, parts={"revenue": revenue, "orders": orders}, groups=SPLITS, stands_for="average",
            help=_l("Revenue won / number of deals won."), exclusions=_l("Deals without an amount."),
        ),
        Metric(
            key="deals.win_rate.count", label=_l("Win rate"), unit="percent", formula="won / (won + lost)",
            better="more", order=60, parts={"won": won, "lost": lost}, groups=SPLITS, stands_for="win_rate",
            help=_l("Deals won / deals closed, by closing day."), exclusions=open_out,
        ),
        Metric(
            key="deals.win_rate.value", label=_l("Win rate by value"), unit="percent", formula="won / (won + lost)",
            better="more", order=65, parts={"won": revenue, "lost": lost_amount}, groups=SPLITS,
            help=_l("Amount won / amount closed, by closing day."),
            exclusions=_l("Open deals; deals without an amount."),
        ),
        Metric(
            key="deals.win_rate.cohort", label=_l("Win rate of deals opened"), unit="percent", formula="won / created",
            better="more", order=70, parts={"won": created_won, "created": created}, groups=SPLITS,
            help=_l("Of the deals opened in the period, the share won so far."),
            exclusions=_l("Deals whose opening day is not known."),
        ),
        Metric(
            key="deals.cycle.mean", label=_l("Sales cycle, mean"), unit="days", formula="days", better="less", order=80,
            parts={"days": cycle_mean}, groups=SPLITS, help=_l("Mean of closing day - opening day of deals won."),
            exclusions=_l("Deals whose opening day is not known."), stands_for="cycle",
        ),
        Metric(
            key="deals.cycle.median", label=_l("Sales cycle, median"), unit="days", formula="days", better="less",
            order=81, parts={"days": cycle_median}, stands_for="cycle_median", groups=SPLITS,
            help=_l("Median of closing day - opening day of deals won."),
            exclusions=_l("Deals whose opening day is not known."),
        ),
        Metric(
            key="deals.velocity", label=_l("Sales velocity per day"), unit="money", better="more", order=90,
            formula="open * won / (won + lost) * revenue / orders / days",
            parts={
                "open": still_open, "won": won, "lost": lost, "revenue": revenue, "orders": orders, "days": cycle_mean,
            },
            groups=("owner", "team", "source"),
            help=_l("Open deals x win rate x average amount won / mean sales cycle in days."),
        ),
        Metric(
            key="deals.customers.new", label=_l("New customers"), unit="count", formula="customers", better="more",
            order=100, parts={"customers": customers}, groups=("owner", "team", "source", "campaign", "month"),
            help=_l("Persons and organizations whose first deal was won in the period."), stands_for="customers",
            exclusions=_l("Deals without a customer."),
        ),
        Metric(
            key="deals.calls.per_won", label=_l("Calls per deal won"), unit="number", formula="calls / won", order=110,
            parts={"calls": calls, "won": won}, groups=("owner", "team", "month"),
        ),
        Metric(
            key="deals.calls.count", label=_l("Calls"), unit="count", formula="calls", better="more", order=111,
            parts={"calls": calls}, stands_for="calls", groups=("owner", "team", "month"),
        ),
        Metric(
            key="deals.calls.minutes", label=_l("Mean length of a call"), unit="minutes", formula="minutes", order=112,
            parts={"minutes": minutes}, groups=("owner", "team", "month"),
            exclusions=_l("Calls without a duration."),
        ),
    ]  # fmt: skip


def datasets() -> list[Dataset]:
    """Rows that are no records of their own."""
    return [
        Dataset(
            key=FIRST_PURCHASE, label=_l("First purchases of customers"), type=DEAL, select=first_purchases,
            needs=("outcome", "closed_on", "organization", "person"),
            fields=(
                Field(name="closed_on", kind="date", label=_l("Closed")),
                Field(name="amount", kind="money", label=_l("Amount")),
                Field(name="source", kind="link", to=SOURCE, label=_l("Source")),
                Field(name="campaign", kind="text", label=_l("Campaign")),
                Field(name="owner", kind="link", to=USER, label=_l("Owner")),
                Field(name="team", kind="link", to=TEAM, label=_l("Team")),
                Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
                Field(name="person", kind="link", to=PERSON, label=_l("Person")),
            ),
        )
    ]  # fmt: skip


def first_purchases() -> Any:
    """The earliest deal won of each customer, of those that the reader may see: an organization, else a person."""
    earlier = aliased(Deal)
    same_customer = or_(
        and_(Deal.organization_id.is_not(None), earlier.organization_id == Deal.organization_id),
        and_(
            Deal.organization_id.is_(None), earlier.organization_id.is_(None), earlier.person_id == Deal.person_id,
        ),
    )  # fmt: skip
    before = or_(earlier.closed_on < Deal.closed_on, and_(earlier.closed_on == Deal.closed_on, earlier.id < Deal.id))
    there_was = exists().where(same_customer, earlier.outcome == WON, earlier.deleted_at.is_(None), before)
    return select(
        Deal.id.label("record_id"), Deal.closed_on, Deal.amount_minor, Deal.amount_currency, Deal.source_id,
        Deal.campaign, Deal.owner_id, Deal.team_id, Deal.organization_id, Deal.person_id,
    ).where(
        Deal.outcome == WON, Deal.deleted_at.is_(None), Deal.closed_on.is_not(None),
        or_(Deal.organization_id.is_not(None), Deal.person_id.is_not(None)), ~there_was,
    )  # fmt: skip
