"""Deals with a past, for tests of figures: brought in as an import does, through the record service."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from sales_lab import DEAL, PIPELINE, STAGE

from kumiko import create, current, get, update
from kumiko_sales.funnel import funnel

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


@contextmanager
def as_history():
    """Inside, what is written is history: nothing stops it and days may lie in the past."""
    context = current()
    before, context.via = context.via, "import"
    try:
        yield
    finally:
        context.via = before


def stages(pipeline_id=None):
    """Name -> id of the stages of a pipeline, the default one unless given."""
    known = funnel()
    pipeline = known.find_pipeline(pipeline_id) if pipeline_id else known.default
    return {one.name: one.id for one in pipeline.stages}


def brought_in(path, *, opened=JANUARY, days=None, closed=None, **values):
    """A deal that went through stages by name, `days` after its opening each (default: a day per stage)."""
    ids = stages(values.pop("within", None))
    days = days or list(range(len(path)))
    at = [datetime(opened.year, opened.month, opened.day, 9, tzinfo=UTC) + timedelta(days=one) for one in days]
    with as_history():
        first = {"stage": ids[path[0]], "stage_entered_at": at[0], "opened_on": opened}
        deal_id = create(DEAL, {"name": "Pilot", **first, **closing(path[0], closed or opened), **values}).id
        for name, moment in zip(path[1:], at[1:], strict=True):
            changes = {"stage": ids[name], "stage_entered_at": moment}
            if get(DEAL, deal_id).get("outcome") != "open" and name not in ("Won", "Lost"):
                changes |= {"outcome": "open", "closed_on": None, "lost_reason": None}
            update(DEAL, deal_id, changes | closing(name, closed or moment.date()))
    return deal_id


def closing(name, day):
    return {"closed_on": day} if name in ("Won", "Lost") else {}


def new_pipeline(name, *open_stages):
    """A pipeline with these open stages, a won and a lost one; its id."""
    pipeline_id = create(PIPELINE, {"name": name}).id
    for stage in funnel().find_pipeline(pipeline_id).offered("open"):
        first = stage.id
    update(STAGE, first, {"name": open_stages[0], "position": 1})
    for place, title in enumerate(open_stages[1:], 2):
        create(STAGE, {"name": title, "pipeline": pipeline_id, "kind": "open", "position": place, "probability": 50})
    return pipeline_id


__all__ = ["DEAL", "FEBRUARY", "JANUARY", "STAGE", "as_history", "brought_in", "new_pipeline", "stages"]
