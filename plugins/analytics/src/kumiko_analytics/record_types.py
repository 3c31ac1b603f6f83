"""Costs, exchange rates, dashboards, reports, subscriptions and what was sent, as record types."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Field, PlainRecordType, company_today, plugin_base
from kumiko import lazy_gettext as _l
from kumiko_analytics import checks
from kumiko_contracts.deals import SOURCE

COST_KEY, RATE_KEY, DASHBOARD_KEY = "analytics.cost", "analytics.rate", "analytics.dashboard"
REPORT_KEY = "analytics.report"
Base: Any = plugin_base("analytics")

PRIVATE, TEAM, PUBLIC = "private", "team", "public"
SHARING = (
    Choice(key=PRIVATE, label=_l("Only me"), hue="gray"),
    Choice(key=TEAM, label=_l("My team"), hue="blue"),
    Choice(key=PUBLIC, label=_l("Everybody"), hue="green"),
)
MARKETING, SALES = "marketing", "sales"
COST_KINDS = (
    Choice(key=MARKETING, label=_l("Marketing and advertising"), hue="violet"),
    Choice(key=SALES, label=_l("Sales"), hue="blue"),
)
OPENS_FOR = (
    Choice(key="sellers", label=_l("People who see their own deals")),
    Choice(key="heads", label=_l("People who see deals of others")),
)
_OFFERED = {"f": "archived", "op": "eq", "v": False}
_NONE = dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none")

#: Whoever has a dashboard or report shares it; nobody reads what a colleague keeps private, but an administrator.
_SHARED = {
    role: {
        "read": "own",
        "create": "all",
        "edit": "own",
        "delete": "own",
        "bulk": "own",
        "assign": "own",
        "export": "own",
    }
    for role in ("head", "seller", "analyst")
}

COST = PlainRecordType(
    key=COST_KEY, collection="costs", label=_l("Cost"), label_plural=_l("Costs"), icon="coin", hue="amber", order=210,
    base=Base, timeline=False, prepare=checks.prepare_cost,
    grants={
        "head": dict.fromkeys(("read", "create", "edit", "delete", "bulk", "export", "assign"), "all"),
        "seller": {"read": "none", "export": "none", **_NONE},
    },
    fields=(
        Field(name="name", kind="text", label=_l("What for"), required=True, searchable=True, max_length=300),
        Field(name="kind", kind="choice", label=_l("Kind"), choices=COST_KINDS, default=MARKETING, required=True),
        Field(name="amount", kind="money", label=_l("Amount"), required=True),
        Field(
            name="spent_on", kind="date", label=_l("Counts on"), required=True, default=company_today,
            help=_l("The day that says to which period it belongs; a cost of several months is entered for each."),
        ),
        Field(
            name="source", kind="link", to=SOURCE, label=_l("Source or channel"), target_filter=_OFFERED,
            help=_l("What it was spent on; empty for costs of no single source."),
        ),
        Field(name="campaign", kind="text", label=_l("Campaign"), max_length=200),
        Field(name="note", kind="longtext", label=_l("Note"), sortable=False),
    ),
    list_columns=("name", "kind", "amount", "spent_on", "source", "campaign"),
    quick_fields=("name", "kind", "amount", "spent_on", "source", "campaign"), default_sort="-spent_on",
    keys=("external_id",),
)  # fmt: skip

RATE = PlainRecordType(
    key=RATE_KEY, collection="exchange-rates", label=_l("Exchange rate"), label_plural=_l("Exchange rates"),
    icon="arrows-exchange", order=930, base=Base, timeline=False, menu=False, prepare=checks.prepare_rate,
    public="everybody's figures are converted by the same rates",
    grants={
        "head": dict.fromkeys(("create", "edit", "delete", "bulk", "export"), "all"), "seller": _NONE,
    },
    fields=(
        Field(
            name="name", kind="text", label=_l("Currency"), required=True, max_length=3, help=_l("Three letters: USD."),
        ),
        Field(name="valid_on", kind="date", label=_l("From this day on"), required=True),
        Field(
            name="rate", kind="number", label=_l("Rate"), required=True,
            help=_l("How much of the company's currency one unit of it is worth."),
        ),
    ),
    list_columns=("name", "valid_on", "rate"), default_sort="-valid_on", keys=("external_id",),
)  # fmt: skip

DASHBOARD = PlainRecordType(
    key=DASHBOARD_KEY, collection="dashboards", label=_l("Dashboard"), label_plural=_l("Dashboards"),
    icon="layout-dashboard", hue="indigo", order=200, base=Base, timeline=False, menu=False, shared_by="sharing",
    prepare=checks.prepare_dashboard, grants=_SHARED, lands_on="/analytics/dashboards/{id}/edit",
    fields=(
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=120),
        Field(
            name="sharing", kind="choice", label=_l("Who sees it"), choices=SHARING, default=PRIVATE, required=True,
            help=_l("Whoever sees it, sees the figures of the records that this person may see."),
        ),
        Field(name="period", kind="text", label=_l("Period at first"), max_length=20, by_hand=False),
        Field(
            name="opens_for", kind="choice", label=_l("Opens first for"), choices=OPENS_FOR,
            help=_l("The first public dashboard of that kind is the start of the figures for these people."),
        ),
        Field(
            name="tiles", kind="json", label=_l("Tiles"), sortable=False, filterable=False, by_hand=False,
            validate=checks.tiles, help=_l("What it shows, in order; composed on its own page."),
        ),
    ),
    list_columns=("name", "sharing", "opens_for", "owner"), quick_fields=("name", "sharing"), default_sort="name",
)  # fmt: skip

REPORT = PlainRecordType(
    key=REPORT_KEY, collection="reports", label=_l("Report"), label_plural=_l("Reports"), icon="table", hue="cyan",
    order=205, base=Base, timeline=False, shared_by="sharing", prepare=checks.prepare_dashboard, grants=_SHARED,
    lands_on="/analytics/reports/{id}/edit",
    fields=(
        Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=120),
        Field(
            name="sharing", kind="choice", label=_l("Who sees it"), choices=SHARING, default=PRIVATE, required=True,
            help=_l("Whoever sees it, sees the figures of the records that this person may see."),
        ),
        Field(name="description", kind="longtext", label=_l("What it is for"), sortable=False),
        Field(
            name="definition", kind="json", label=_l("Definition"), sortable=False, filterable=False, by_hand=False,
            validate=checks.definition, help=_l("Source, rows, columns, measures, chart and filter."),
        ),
    ),
    list_columns=("name", "sharing", "description", "owner"), quick_fields=("name", "sharing"), default_sort="name",
)  # fmt: skip

TYPES = (COST, RATE, DASHBOARD, REPORT)
