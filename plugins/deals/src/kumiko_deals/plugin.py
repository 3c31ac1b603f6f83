"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import DemoData, Feature, Subscription, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_deals import events, handlers, panels, record_types
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
    ]


@hookimpl
def declare_record_actions() -> Any:
    return record_types.actions()


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
            name="mentions",
            label=_l("Telling colleagues who are mentioned"),
            help=_l("Whoever is named with @ in a conversation gets a notice."),
            by_role=False,
        ),
    ]


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_services() -> Any:
    from kumiko_deals.services import DealsService  # local: made when the first caller asks

    return {"deals/1": DealsService}


@hookimpl
def declare_demo() -> Any:
    from kumiko_deals import demo  # local: only needed while sample data are made

    return [DemoData(name="deals", make=demo.make, order=50)]


@hookimpl
def after_enable() -> None:
    from kumiko_deals import setup  # local: only needed while the module is switched on

    setup.make_lists()
