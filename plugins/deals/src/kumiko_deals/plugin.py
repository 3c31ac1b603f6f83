"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import Assets, DemoData, Feature, Field, MenuItem, SettingsSection, Subscription, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_contracts.integrations import MESSAGE_FAILED, MESSAGE_SENT
from kumiko_deals import (
    conversation_types,
    events,
    handlers,
    inquiry_actions,
    inquiry_types,
    offers,
    panels,
    record_types,
)
from kumiko_deals.models import INTERACTION, Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [
        record_types.deal(),
        record_types.interaction(),
        record_types.source(),
        record_types.lost_reason(),
        *inquiry_types.types(),
        conversation_types.conversation(),
        conversation_types.message(),
    ]


@hookimpl
def declare_record_actions() -> Any:
    return [*record_types.actions(), *inquiry_actions.actions()]


@hookimpl
def declare_events() -> Any:
    return events.EVENTS


@hookimpl
def declare_subscriptions() -> Any:
    return [
        Subscription(
            name=f"deals.tell_mentioned_{when}",
            event=f"record.{when}/1",
            types=(INTERACTION,),
            handler=handlers.tell_mentioned,
            feature="mentions",
        )
        for when in ("created", "changed")
    ] + [
        Subscription(name="deals.settle_sent", event=MESSAGE_SENT, handler=handlers.settle_sent),
        Subscription(name="deals.settle_failed", event=MESSAGE_FAILED, handler=handlers.settle_failed),
    ]


@hookimpl
def declare_settings() -> Any:
    return SettingsSection(
        title=_l("Inquiries"),
        fields=(
            Field(
                name="first_response_min", kind="integer", label=_l("First answer within, in working minutes"),
                default=30, minimum=1, maximum=100_000,
                help=_l("A new lead is due so long after it came in, counted in the company's working hours."),
            ),
        ),
    )  # fmt: skip


@hookimpl
def declare_routes() -> Any:
    from kumiko_deals import routes  # local: only processes that answer requests need pages

    return routes.blueprints


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("deals.css",))


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(
            key="deals.inbox",
            label=_l("Inbox"),
            href="/inquiries/inbox",
            icon="inbox",
            order=10,
            keys="i",
            feature="inbox",
        ),
        MenuItem(key="deals.leads", label=_l("Leads"), collection="leads", icon="target", order=12),
        MenuItem(key="deals.deals", label=_l("Deals"), collection="deals", icon="briefcase", order=14),
        MenuItem(
            key="deals.conversations",
            label=_l("Conversations"),
            collection="conversations",
            icon="messages",
            order=16,
        ),
        MenuItem(
            key="deals.interactions",
            section=_l("Activities"),
            label=_l("Interactions"),
            collection="interactions",
            icon="message",
            order=48,
        ),
    ]


@hookimpl
def declare_features() -> Any:
    return [
        Feature(
            name="open_deals",
            label=_l("Open deals of a customer"),
            help=_l("On the card of a person or organization: its open deals and what they are worth."),
        ),
        Feature(
            name="inbox",
            label=_l("The inbox"),
            help=_l("The page of all inquiries with its counters, and trying the rules of assignment."),
        ),
        Feature(
            name="messages",
            label=_l("Writing to customers"),
            help=_l("Mails and answers written on the cards of leads, deals and customers."),
        ),
        Feature(
            name="mentions",
            label=_l("Telling colleagues who are mentioned"),
            help=_l("Whoever is named with @ in a conversation gets a notice."),
            by_role=False,
        ),
    ]


@hookimpl
def declare_triggers() -> Any:
    return offers.TRIGGERS


@hookimpl
def declare_actions() -> Any:
    return offers.ACTIONS


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_services() -> Any:
    from kumiko_deals.inquiry_service import InquiriesService  # local: made when the first caller asks
    from kumiko_deals.services import DealsService

    return {"deals/1": DealsService, "inquiries/1": InquiriesService}


@hookimpl
def declare_metrics() -> Any:
    from kumiko_deals import lead_metrics, metrics  # local: figures are declared once per generation

    return [*metrics.metrics(), *lead_metrics.metrics()]


@hookimpl
def declare_datasets() -> Any:
    from kumiko_deals import metrics  # local: as above

    return metrics.datasets()


@hookimpl
def declare_demo() -> Any:
    from kumiko_deals import demo  # local: only needed while sample data are made

    return [DemoData(name="deals", make=demo.make, order=50)]


@hookimpl
def after_enable() -> None:
    from kumiko_deals import setup  # local: only needed while the module is switched on

    setup.make_lists()
