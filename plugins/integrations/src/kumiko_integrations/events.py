"""The facts of integrations/1, each stated once."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.integrations import FACTS, MESSAGE_FAILED, MESSAGE_SENT

_LABELS = {MESSAGE_SENT: _l("Message sent"), MESSAGE_FAILED: _l("Message could not be sent")}

EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]
