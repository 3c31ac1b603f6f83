"""analytics/1: values of figures, and the record types of costs, reports and dashboards, as other modules need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from kumiko_contracts.deals import SOURCE
from kumiko_contracts.shapes import Shape, ShapeField

VERSION = "analytics/1"
COST = "analytics.cost"
REPORT = "analytics.report"
DASHBOARD = "analytics.dashboard"

#: Record types of the contract. `spent_on` says to which period a cost belongs.
SHAPES = (
    Shape(
        key=COST,
        collection="costs",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="kind", kind="choice", choices=("marketing", "sales")),
            ShapeField(name="amount", kind="money"),
            ShapeField(name="spent_on", kind="date"),
            ShapeField(name="source", kind="link", to=SOURCE),
            ShapeField(name="campaign", kind="text"),
        ),
    ),
    Shape(
        key=REPORT,
        collection="reports",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="sharing", kind="choice", choices=("private", "team", "public")),
            ShapeField(name="definition", kind="json"),
        ),
    ),
    Shape(
        key=DASHBOARD,
        collection="dashboards",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="sharing", kind="choice", choices=("private", "team", "public")),
        ),
    ),
)
FACTS = ()


@dataclass(frozen=True, kw_only=True)
class MetricValue:
    """A figure's value as the acting person may see it.

    `number`: of counts, days, and shares from 0 to 1; `amounts_minor`: of money, currency -> minor units. Both are
    empty when there is no value, and `reason` says why in a sentence.
    """

    number: float | None = None
    amounts_minor: Mapping[str, int] = field(default_factory=dict)
    reason: str = ""


class Analytics(Protocol):
    """The service "analytics/1"."""

    def value(
        self, metric_key: str, *, since: date, until: date, filters: Mapping[str, Any] | None = None
    ) -> MetricValue:
        """The value of a figure in the days [since, until), of records that the acting person may see.

        `filters`: dimension ("owner", "source") -> id or key, None for "without one".
        """


class Null:
    """Stands in while nobody provides analytics/1: no figure has a value."""

    def value(
        self, metric_key: str, *, since: date, until: date, filters: Mapping[str, Any] | None = None
    ) -> MetricValue:
        return MetricValue(reason="the module analytics is switched off; switch it on for figures")
