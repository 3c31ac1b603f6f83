"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import Assets, DemoData, Field, MenuItem, Panel, SettingsSection, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_analytics import record_types


@hookimpl
def declare_models() -> Any:
    return record_types.Base


@hookimpl
def declare_records() -> Any:
    return list(record_types.TYPES)


@hookimpl
def declare_record_actions() -> Any:
    return record_types.actions()


@hookimpl
def declare_jobs() -> Any:
    from kumiko_analytics import mails  # local: workers and whoever enqueues need it

    return mails.JOBS


@hookimpl
def declare_metrics() -> Any:
    from kumiko_analytics import metrics  # local: figures are declared once per generation

    return metrics.metrics()


@hookimpl
def declare_services() -> Any:
    from kumiko_analytics.services import AnalyticsService  # local: made when the first caller asks

    return {"analytics/1": AnalyticsService}


@hookimpl
def declare_routes() -> Any:
    from kumiko_analytics import routes  # local: only processes that answer requests need pages

    return routes.blueprints


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("analytics.css",))


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(key="analytics", section=_l("Analytics"), label=_l("Dashboards"), href="/analytics",
                 icon="layout-dashboard", order=60, keys="a"),
        MenuItem(key="analytics.reports", section=_l("Analytics"), label=_l("Reports"), collection="reports",
                 icon="table", order=62),
        MenuItem(key="analytics.costs", section=_l("Analytics"), label=_l("Costs"), collection="costs", icon="coin",
                 order=67),
    ]  # fmt: skip


@hookimpl
def declare_panels() -> Any:
    from kumiko_analytics import panels  # local: only processes that answer requests draw panels

    return [
        Panel(
            slot="record.analytics.dashboard.aside", key="open", title=_l("Dashboard"), template="analytics/link.html",
            load=panels.link_panel, order=5,
        ),
        Panel(
            slot="record.analytics.report.aside", key="open_report", title=_l("Report"),
            template="analytics/report_link.html", load=panels.report_panel, order=5,
        ),
        Panel(
            slot="start.widgets", key="figures", title=_l("Figures of this quarter"), template="analytics/start.html",
            load=panels.start_panel, order=30, lazy=True,
        ),
    ]  # fmt: skip


@hookimpl
def declare_demo() -> Any:
    from kumiko_analytics import demo  # local: only needed while sample data are made

    return [DemoData(name="analytics", make=demo.make, order=80)]


@hookimpl
def after_enable() -> None:
    from kumiko_analytics import setup  # local: only needed while the module is switched on

    setup.make_dashboards()


@hookimpl
def declare_settings() -> Any:
    percent: dict[str, Any] = {"kind": "percent", "minimum": 0, "maximum": 100}
    return SettingsSection(
        title=_l("Figures"),
        fields=(
            Field(
                name="gross_margin", label=_l("Gross margin"), default=100, **percent,
                help=_l("Share of revenue that is left behind the cost of goods; used by returns and customer values."),
            ),
            Field(
                name="purchases_per_year", kind="number", label=_l("Purchases of a customer per year"), default=1,
                minimum=0, maximum=1000,
            ),
            Field(
                name="customer_years", kind="number", label=_l("Years that a customer stays"), default=3, minimum=0,
                maximum=100,
            ),
            Field(name="weight_attainment", label=_l("Rating: weight of goal attainment"), default=50, **percent),
            Field(name="weight_win_rate", label=_l("Rating: weight of the win rate"), default=20, **percent),
            Field(name="weight_punctuality", label=_l("Rating: weight of punctuality"), default=20, **percent),
            Field(name="weight_in_time", label=_l("Rating: weight of answers in time"), default=10, **percent),
        ),
    )  # fmt: skip
