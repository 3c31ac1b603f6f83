"""Reactions to events, each in a job of its own."""

from __future__ import annotations

from typing import Any

from kumiko import gettext as _
from kumiko import unit
from kumiko_tasks import plans


def follow_plan(delivery: Any) -> None:
    """A deal entered a stage: the tasks of the stage's plan are made, once."""
    with unit(reason=_("plan of the stage")):
        for fact in delivery.facts:
            stage_id = fact.payload["stage_id"]
            if stage_id is not None:
                plans.enter_stage(stage_id, (fact.type_key, fact.record_id), fact.payload["owner_id"], at=delivery.at)
