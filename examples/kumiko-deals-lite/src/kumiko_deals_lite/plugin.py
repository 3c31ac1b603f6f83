"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import EventType, hookimpl
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL_LOST, DEAL_REOPENED, DEAL_WON, FACTS, VERSION
from kumiko_deals_lite import record_types
from kumiko_deals_lite.models import Base

_LABELS = {DEAL_WON: _l("Deal won"), DEAL_LOST: _l("Deal lost"), DEAL_REOPENED: _l("Deal reopened")}


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.deal(), record_types.interaction(), record_types.source(), record_types.lost_reason()]


@hookimpl
def declare_record_actions() -> Any:
    return record_types.actions()


@hookimpl
def declare_events() -> Any:
    return [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]


@hookimpl
def declare_services() -> Any:
    from kumiko_deals_lite.services import Service  # local: made when the first caller asks

    return {VERSION: Service}
