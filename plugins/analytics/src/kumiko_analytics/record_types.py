"""Costs, dashboards, reports, subscriptions and what was sent, as record types."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Field, PlainRecordType, RecordAction, company_today, plugin_base, utc_now
from kumiko import lazy_gettext as _l
from kumiko_analytics import checks, rules
from kumiko_contracts.deals import SOURCE

COST_KEY, DASHBOARD_KEY = "analytics.cost", "analytics.dashboard"
REPORT_KEY, SUBSCRIPTION_KEY, SNAPSHOT_KEY = "analytics.report", "analytics.subscription", "analytics.snapshot"
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

#: What was sent is kept as it was; only its state is written, by the module itself.
_KEPT = {
    role: {"read": "own", "edit": "none", "create": "none", "bulk": "none"} for role in ("head", "seller", "analyst")
}

COST = PlainRecordType(
    key=COST_KEY, collection="costs", label=_l("Cost"), label_plural=_l("Costs"), icon="coin", hue="amber", order=210,
    base=Base, timeline=False,
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

DASHBOARD = PlainRecordType(
    key=DASHBOARD_KEY, collection="dashboards", label=_l("Dashboard"), label_plural=_l("Dashboards"),
    icon="layout-dashboard", hue="indigo", order=200, base=Base, timeline=False, menu=False, shared_by="sharing",
    prepare=rules.prepare_dashboard, grants=_SHARED, lands_on="/analytics/dashboards/{id}/edit",
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
    order=205, base=Base, timeline=False, shared_by="sharing", prepare=rules.prepare_dashboard, grants=_SHARED,
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

SCHEDULES = (
    Choice(key="daily", label=_l("Every day")),
    Choice(key="weekly", label=_l("Every Monday")),
    Choice(key="monthly", label=_l("On the first of each month")),
)
CONDITIONS = (
    Choice(key="always", label=_l("Always")),
    Choice(key="not_empty", label=_l("Only when there is something in it")),
    Choice(key="changed", label=_l("Only when it changed since the last one")),
    Choice(key="above", label=_l("Only when the first total is above a number")),
)
QUEUED, DELIVERED, FAILED, SKIPPED = "queued", "delivered", "failed", "skipped"
STATES = (
    Choice(key=QUEUED, label=_l("On its way"), hue="blue"),
    Choice(key=DELIVERED, label=_l("Delivered"), hue="green"),
    Choice(key=FAILED, label=_l("Failed"), hue="red"),
    Choice(key=SKIPPED, label=_l("Nothing to send"), hue="gray"),
)

for _one in (DASHBOARD, REPORT):  # they travel in files of configuration
    _one.model.__table__.info["configuration"] = True  # type: ignore[attr-defined]

SUBSCRIPTION = PlainRecordType(
    key=SUBSCRIPTION_KEY, collection="report-mails", label=_l("Report by mail"), label_plural=_l("Reports by mail"),
    icon="mail-forward", order=206, base=Base, timeline=False, menu=False, prepare=rules.prepare_subscription,
    grants=_SHARED,
    fields=(
        Field(name="name", kind="text", label=_l("Subject"), required=True, searchable=True, max_length=120),
        Field(name="report", kind="link", to=REPORT_KEY, label=_l("Report")),
        Field(name="dashboard", kind="link", to=DASHBOARD_KEY, label=_l("Dashboard")),
        Field(
            name="recipients", kind="list", label=_l("Recipients"), sortable=False,
            items=(Field(name="address", kind="email", label=_l("E-mail address"), required=True),),
        ),
        Field(name="schedule", kind="choice", label=_l("When"), choices=SCHEDULES, default="weekly", required=True),
        Field(
            name="hour", kind="integer", label=_l("Hour"), minimum=0, maximum=23, default=7,
            help=_l("Of the company's clock."),
        ),
        Field(name="condition", kind="choice", label=_l("Condition"), choices=CONDITIONS, default="not_empty",
              required=True),
        Field(name="threshold", kind="number", label=_l("Above")),
        Field(name="active", kind="boolean", label=_l("Active"), default=True),
        Field(name="next_at", kind="moment", label=_l("Next time"), by_hand=False),
        Field(name="state", kind="choice", label=_l("Last time"), choices=STATES, by_hand=False),
        Field(name="sent_at", kind="moment", label=_l("Last delivered"), by_hand=False),
        Field(name="problem", kind="text", label=_l("What happened"), max_length=500, by_hand=False),
    ),
    list_columns=("name", "report", "dashboard", "schedule", "active", "state", "sent_at", "next_at"),
    quick_fields=("name", "report", "dashboard", "recipients", "schedule", "hour", "condition"), default_sort="name",
    importable=False,
)  # fmt: skip

SNAPSHOT = PlainRecordType(
    key=SNAPSHOT_KEY, collection="sent-reports", label=_l("Sent report"), label_plural=_l("Sent reports"),
    icon="mail-opened", order=207, base=Base, timeline=False, menu=False, creatable=False, importable=False,
    parents=("subscription",), grants=_KEPT,
    fields=(
        Field(name="name", kind="text", label=_l("Subject"), max_length=200, searchable=True),
        Field(name="subscription", kind="link", to=SUBSCRIPTION_KEY, label=_l("Report by mail")),
        Field(name="taken_at", kind="moment", label=_l("Taken"), default=utc_now),
        Field(name="state", kind="choice", label=_l("State"), choices=STATES, default=QUEUED),
        Field(name="recipients", kind="text", label=_l("Recipients"), max_length=2000),
        Field(name="problem", kind="text", label=_l("What happened"), max_length=500),
        Field(name="body", kind="longtext", label=_l("Text as it was sent"), sortable=False),
        Field(name="digest", kind="text", label=_l("Mark of its content"), max_length=64, filterable=False),
        Field(name="mails", kind="integer", label=_l("Mails"), default=0),
    ),
    list_columns=("name", "taken_at", "state", "recipients", "problem"), default_sort="-taken_at",
)  # fmt: skip

TYPES = (COST, DASHBOARD, REPORT, SUBSCRIPTION, SNAPSHOT)


def actions() -> list[RecordAction]:
    """Sending a report now."""
    from kumiko_analytics import mails  # local: record types are declared before anything is sent

    return [
        RecordAction(
            type=SUBSCRIPTION_KEY, name="send", label=_l("Send now"), icon="send", run=lambda record, _values:
            mails.queue(record.id, utc_now(), record.link_id("owner")),
        )
    ]  # fmt: skip
