"""The business facts that deals states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL_LOST, DEAL_REOPENED, DEAL_WON, FACTS

_LABELS = {DEAL_WON: _l("Deal won"), DEAL_LOST: _l("Deal lost"), DEAL_REOPENED: _l("Deal reopened")}

EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]
