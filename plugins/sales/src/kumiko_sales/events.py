"""The business facts that sales states, each once, with the unit that made it true."""

from __future__ import annotations

from kumiko import EventType
from kumiko import lazy_gettext as _l
from kumiko_contracts.sales import STAGE_CHANGED

EVENTS = [
    EventType(
        name=STAGE_CHANGED,
        label=_l("Deal entered a stage"),
        fields={
            "pipeline_id": "pipeline that the deal is in now",
            "stage_id": "stage that it entered",
            "from_stage_id": "stage that it left, or null for a new deal",
            "owner_id": "user who owns the deal, or null",
        },
    )
]
