"""The business facts that sales states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.sales import FACTS, STAGE_CHANGED

_LABELS = {STAGE_CHANGED: _l("Deal entered a stage")}

EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]
