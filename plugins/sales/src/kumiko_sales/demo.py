"""Sample deals on their way: moved through the stages in the weeks before today, the same on every machine."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from kumiko import all_ids, catalogue, current, get, unit, update, utc_now
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_sales.funnel import PipelineRow, funnel
from kumiko_sales.models import STAGE

SAMPLE = {"f": "tags", "op": "eq", "v": "sample"}
_IDLE_DAYS = (14, 14, 21, 10)


def make() -> None:
    """Move the sample deals, inside the caller's unit; nothing while there are none."""
    info = catalogue().find(DEAL)
    pipeline = funnel().default
    if info is None or pipeline is None:
        return
    dice = random.Random(31)  # noqa: S311 - sample data, the same for everybody
    with unit(), as_history():
        for stage, days in zip(pipeline.offered(OPEN), _IDLE_DAYS, strict=False):
            update(STAGE, stage.id, {"max_idle_days": days})
        for deal_id in all_ids(info, node=SAMPLE):
            _walk(get(DEAL, deal_id), pipeline, dice)


@contextmanager
def as_history() -> Iterator[None]:
    """Sample deals bring their past in, as an import does: nothing is stated, nothing stops them."""
    context = current()
    before, context.via = context.via, "import"
    try:
        yield
    finally:
        context.via = before


def _walk(deal: Any, pipeline: PipelineRow, dice: random.Random) -> None:
    """One stage after the other, spread over the deal's life; a closed deal ends where its outcome says."""
    outcome = deal.get("outcome") or OPEN
    opened: date = deal.get("opened_on")
    end: date = deal.get("closed_on") or utc_now().date()
    stages = pipeline.offered(OPEN)
    reached = len(stages) if outcome == WON else dice.choices(range(1, len(stages) + 1), (3, 4, 3, 2)[: len(stages)])[0]
    steps = stages[:reached]
    if outcome != OPEN:
        last = pipeline.first(outcome)
        steps = [*steps, last] if last is not None else steps
    days = sorted(dice.randrange(0, max((end - opened).days, 1)) for _step in steps[1:])
    if outcome in (WON, LOST) and days:
        days[-1] = (end - opened).days
    closing = {"closed_on": deal.get("closed_on"), "lost_reason": deal.link_id("lost_reason")}
    for stage, day in zip(steps, (0, *days), strict=True):
        at = min(datetime.combine(opened + timedelta(days=day), time(9), tzinfo=UTC), utc_now())
        values: dict[str, Any] = {"stage": stage.id, "stage_entered_at": at}
        update(DEAL, deal.id, values if stage.kind == OPEN else values | closing)
