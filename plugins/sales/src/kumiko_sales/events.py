"""The business facts that sales states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.sales import (
    FACTS,
    INVOICE_ISSUED,
    INVOICE_OVERDUE,
    INVOICE_PAID,
    PAYMENT_RECEIVED,
    QUOTE_ACCEPTED,
    STAGE_CHANGED,
)

_LABELS = {
    STAGE_CHANGED: _l("Deal entered a stage"),
    QUOTE_ACCEPTED: _l("Quote was accepted"),
    INVOICE_ISSUED: _l("Invoice was issued"),
    INVOICE_OVERDUE: _l("Invoice became overdue"),
    INVOICE_PAID: _l("Invoice was paid"),
    PAYMENT_RECEIVED: _l("Payment came in"),
}

EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]
