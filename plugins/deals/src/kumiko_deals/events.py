"""The business facts that deals states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts import deals, inquiries

_LABELS = {
    deals.DEAL_WON: _l("Deal won"),
    deals.DEAL_LOST: _l("Deal lost"),
    deals.DEAL_REOPENED: _l("Deal reopened"),
    inquiries.INQUIRY_RECEIVED: _l("Inquiry received"),
    inquiries.LEAD_CREATED: _l("Lead created"),
    inquiries.LEAD_CONVERTED: _l("Lead converted"),
    inquiries.MESSAGE_RECEIVED: _l("Message received"),
}

EVENTS = [
    EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in (*deals.FACTS, *inquiries.FACTS)
]
