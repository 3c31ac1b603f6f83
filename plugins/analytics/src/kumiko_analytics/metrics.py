"""Figures of cost and return: costs entered here against leads, customers and revenue, whoever counts those.

The words leads, customers, revenue, average... stand for figures that other modules offer; without one of them the
figures that need it have no value, and say so.
"""

from __future__ import annotations

from typing import Any

from kumiko import Measure, Metric, settings_of
from kumiko import lazy_gettext as _l
from kumiko_analytics.record_types import COST_KEY, MARKETING, SALES

#: What a cost is not: its owner is who entered it.
_BY = {"owner": "", "team": "", "pipeline": "", "stage": "", "organization": ""}
SPLITS = ("source", "campaign", "month")


def _costs(label: Any, kind: str = "") -> Measure:
    node = {"f": "kind", "op": "eq", "v": kind} if kind else None
    return Measure(type=COST_KEY, label=label, how="sum", field="amount", day="spent_on", node=node, by=_BY)


def setting(name: str, over: float = 1) -> Any:
    """A function that gives a number of the module's settings; None while there is none."""

    def read() -> float | None:
        value = settings_of("analytics").get(name)
        return None if value is None else float(value) / over

    return read


def metrics() -> list[Metric]:
    """Cost, cost per lead and customer, return, customer value, rating."""
    marketing = _costs(_l("marketing costs"), MARKETING)
    sales = _costs(_l("sales costs"), SALES)
    margin = setting("gross_margin", 100)
    without = _l("Costs without a source form a line of their own.")
    return [
        Metric(
            key="analytics.cost.marketing", label=_l("Marketing cost"), unit="money", formula="cost", better="less",
            order=300, parts={"cost": marketing}, groups=SPLITS, help=_l("Sum of the costs entered as marketing."),
        ),
        Metric(
            key="analytics.cost.all", label=_l("Cost of marketing and sales"), unit="money", formula="cost",
            better="less", order=305, parts={"cost": _costs(_l("all costs"))}, groups=SPLITS,
        ),
        Metric(
            key="analytics.cost.per_lead", label=_l("Cost per lead"), unit="money", formula="cost / leads",
            better="less", order=310, parts={"cost": marketing, "leads": "leads"}, groups=SPLITS, exclusions=without,
            help=_l("Marketing cost / new leads of the same period and source."),
        ),
        Metric(
            key="analytics.cost.per_customer", label=_l("Cost per customer"), unit="money", formula="cost / customers",
            better="less", order=320, parts={"cost": marketing, "customers": "customers"}, groups=SPLITS,
            help=_l("Marketing cost / new customers first won by that source."), exclusions=without,
        ),
        Metric(
            key="analytics.cost.cac", label=_l("Customer acquisition cost"), unit="money", better="less", order=330,
            formula="(marketing + sales) / customers",
            parts={"marketing": marketing, "sales": sales, "customers": "customers"}, groups=SPLITS,
            help=_l("All costs of marketing and sales / new customers of the same period."), exclusions=without,
        ),
        Metric(
            key="analytics.cost.roi", label=_l("Return on investment"), unit="percent", better="more", order=340,
            formula="(revenue * margin - cost) / cost", parts={"revenue": "revenue", "margin": margin,
            "cost": _costs(_l("all costs"))}, groups=SPLITS,
            help=_l("(Revenue won x gross margin - all costs) / all costs; the margin is a setting of this module."),
        ),
        Metric(
            key="analytics.cost.romi", label=_l("Return on marketing"), unit="percent", better="more", order=350,
            formula="(revenue * margin - cost) / cost", parts={"revenue": "revenue", "margin": margin,
            "cost": marketing}, groups=SPLITS,
            help=_l("(Revenue won x gross margin - marketing cost) / marketing cost."),
        ),
        Metric(
            key="analytics.cost.roas", label=_l("Revenue per advertising spend"), unit="number", better="more",
            order=355, formula="revenue / cost", parts={"revenue": "revenue", "cost": marketing}, groups=SPLITS,
        ),
        Metric(
            key="analytics.value.history", label=_l("Customer value in the period"), unit="money", better="more",
            order=360, formula="revenue * margin", parts={"revenue": "revenue", "margin": margin},
            groups=("organization", "source", "owner"),
            help=_l("Revenue won x gross margin; of one customer it is the value so far (CLV), by organization."),
        ),
        Metric(
            key="analytics.value.expected", label=_l("Expected customer value"), unit="money", better="more", order=365,
            formula="average * per_year * margin * years",
            parts={"average": "average", "per_year": setting("purchases_per_year"), "margin": margin,
                   "years": setting("customer_years")},
            groups=("source", "owner"),
            help=_l("Average order value x purchases per year x gross margin x expected years; the last three are "
                    "settings of this module."),
        ),
        Metric(
            key="analytics.value.to_cac", label=_l("Customer value to acquisition cost"), unit="number", better="more",
            order=370, formula="average * per_year * margin * years / ((marketing + sales) / customers)",
            parts={"average": "average", "per_year": setting("purchases_per_year"), "margin": margin,
                   "years": setting("customer_years"), "marketing": marketing, "sales": sales,
                   "customers": "customers"},
            groups=("source",),
        ),
        Metric(
            key="analytics.rating", label=_l("Rating"), unit="percent", better="more", order=380,
            formula="weighted(weight_attainment, min(attainment, 1), weight_win_rate, min(win_rate, 1), "
                    "weight_punctuality, min(punctuality, 1), weight_in_time, min(in_time, 1))",
            parts={
                "attainment": "attainment?", "win_rate": "win_rate?", "punctuality": "punctuality?",
                "in_time": "in_time?",
                **{f"weight_{name}": setting(f"weight_{name}")
                   for name in ("attainment", "win_rate", "punctuality", "in_time")},
            },
            groups=("owner", "team"),
            help=_l("Goal attainment, win rate, punctuality and answers in time, each at most 100 %, by the weights in "
                    "the settings of this module; what has no value is left out, the other weights share the whole."),
        ),
    ]  # fmt: skip
