"""The facts of processes/1."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.processes import FACTS, RUN_FAILED, RUN_FINISHED

_LABELS = {RUN_FINISHED: _l("A process has done its steps"), RUN_FAILED: _l("A process failed")}
EVENTS = [EventType(name=fact.name, label=_LABELS[fact.name], fields=fact.fields) for fact in FACTS]
