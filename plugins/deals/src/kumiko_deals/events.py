"""The business facts that deals states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL_LOST, DEAL_REOPENED, DEAL_WON

_COMMON = {
    "closed_on": "date the deal was closed on, in the company's zone; null when it is open again",
    "amount": 'money {"value", "currency"}, or null when the deal has no amount',
    "owner_id": "user who owns the deal, or null",
    "person_id": "customer as a person, or null",
    "organization_id": "customer as an organization, or null",
}

EVENTS = [
    EventType(name=DEAL_WON, label=_l("Deal won"), fields=_COMMON),
    EventType(
        name=DEAL_LOST,
        label=_l("Deal lost"),
        fields={
            **_COMMON,
            "lost_reason_id": "value of the list of reasons, or null",
            "competitor": 'who won it instead, or ""',
        },
    ),
    EventType(name=DEAL_REOPENED, label=_l("Deal reopened"), fields=_COMMON),
]
