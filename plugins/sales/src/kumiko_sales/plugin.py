"""What the module declares to the host."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from kumiko import Assets, DemoData, Feature, MenuItem, Panel, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_sales import (
    document_buttons,
    document_panels,
    documents,
    events,
    figure_pages,
    follow,
    goals,
    offers,
    panels,
    payments,
    products,
    record_types,
    settings,
    text_templates,
)
from kumiko_sales.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [
        record_types.pipeline(), record_types.stage(), record_types.approval(), products.TAX_RATE_TYPE,
        products.PRODUCT_TYPE, *documents.TYPES, payments.PAYMENT_TYPE,
        goals.GOAL_TYPE,
        text_templates.TEMPLATE_TYPE,
    ]  # fmt: skip


@hookimpl
def declare_extensions() -> Any:
    return [record_types.deal_fields()]


@hookimpl
def declare_record_actions() -> Any:
    return [*record_types.actions(), *document_buttons.actions(), *text_templates.actions()]


@hookimpl
def declare_events() -> Any:
    return events.EVENTS


@hookimpl
def declare_actions() -> Any:
    return offers.actions()


@hookimpl
def declare_triggers() -> Any:
    return offers.triggers()


@hookimpl
def declare_jobs() -> Any:
    return follow.JOBS


@hookimpl
def declare_settings() -> Any:
    return settings.section()


@hookimpl
def declare_routes() -> Any:
    from kumiko_sales import routes  # local: only processes that answer requests need pages

    return routes.blueprints


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("sales.css", "figures.css", "documents.css"), modules=("stages.js", "lines.js"))


@hookimpl
def declare_panels() -> Any:
    figures = Panel(
        slot="record.sales.pipeline.aside", key="figures", title=_l("Figures"), template="sales/figures_link.html",
        load=figure_pages.link_panel, order=20, feature="figures",
    )  # fmt: skip
    return [*panels.PANELS, *document_panels.PANELS, figures]


@hookimpl
def declare_features() -> Any:
    return [
        Feature(
            name="board", label=_l("The board of stages"), help=_l("Deals as cards that are moved between stages."),
        ),
        Feature(
            name="figures", label=_l("Figures of the funnel"),
            help=_l("The pages of figures, the deals behind each number, and the history of stages as a file."),
        ),
        Feature(
            name="goals", label=_l("Goals and ratings"),
            help=_l("The page of goals with their pace, and the rating of sellers. Goals themselves stay."),
        ),
        Feature(
            name="approvals", label=_l("Approvals"),
            help=_l("Asking whether a deal may enter a stage, and answering. Without it no stage needs an approval."),
        ),
    ]  # fmt: skip


@hookimpl
def declare_menu() -> Any:
    overdue = '{"and":[{"f":"state","op":"in","v":["issued","part_paid"]},{"f":"due_on","op":"lt","v":"today"}]}'
    return [
        MenuItem(key="sales.quotes", section=_l("Documents"), label=_l("Quotes"), collection="quotes",
                 icon="file-text", order=50),
        MenuItem(key="sales.orders", section=_l("Documents"), label=_l("Orders"), collection="orders",
                 icon="shopping-cart", order=51),
        MenuItem(key="sales.invoices", section=_l("Documents"), label=_l("Invoices"), collection="invoices",
                 icon="file-invoice", order=52),
        MenuItem(
            key="sales.overdue", section=_l("Documents"), label=_l("Overdue invoices"), icon="clock", order=53,
            href=f"/invoices?filter={quote(overdue)}&sort=due_on",
        ),
        MenuItem(key="sales.payments", section=_l("Documents"), label=_l("Payments"), collection="payments",
                 icon="cash", order=54),
        MenuItem(key="sales.products", section=_l("Documents"), label=_l("Products"), collection="products",
                 icon="package", order=55),
        MenuItem(
            key="sales.goals", section=_l("Analytics"), label=_l("Goals"), icon="target-arrow", order=63,
            href="/goals/progress", feature="goals",
        ),
        MenuItem(key="sales.pipelines", section=_l("Set-up"), label=_l("Pipelines"), collection="pipelines",
                 icon="filter", order=900),
    ]  # fmt: skip


@hookimpl
def declare_services() -> Any:
    from kumiko_sales.services import SalesService  # local: made when the first caller asks

    return {"sales/1": SalesService}


@hookimpl
def declare_metrics() -> Any:
    from kumiko_sales import metrics  # local: figures are declared once per generation, by processes that have pages

    return [*metrics.metrics(), *metrics.more_metrics()]


@hookimpl
def declare_datasets() -> Any:
    from kumiko_sales import metrics  # local: as above

    return metrics.datasets()


@hookimpl
def declare_demo() -> Any:
    from kumiko_sales import demo, demo_documents, demo_goals  # local: only needed while sample data are made

    return [
        DemoData(name="sales", make=demo.make, order=60),
        DemoData(name="documents", make=demo_documents.make, order=65),
        DemoData(name="goals", make=demo_goals.make, order=66),
    ]


@hookimpl
def after_enable() -> None:
    from kumiko_sales import setup  # local: only needed while the module is switched on

    setup.make_pipeline()
    setup.come_back()
