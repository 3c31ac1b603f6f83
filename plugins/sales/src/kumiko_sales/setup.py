"""What a company starts with: one pipeline. When the module comes back, deals stand where their outcome says."""

from __future__ import annotations

from datetime import timedelta

from kumiko import create, enqueue, unit, update, utc_now
from kumiko import gettext as _
from kumiko_contracts.deals import OPEN
from kumiko_sales import follow, services
from kumiko_sales.funnel import funnel
from kumiko_sales.models import PIPELINE, STAGE

#: More than this are put right by a job, not while the module is being switched on.
AT_ONCE = 500
LATER = timedelta(seconds=5)


def make_pipeline() -> None:
    """The first pipeline; nothing when there is one already."""
    if funnel().pipelines:
        return
    with unit(reason=_("pipeline that comes with sales")):
        made = create(PIPELINE, {"name": _("Sales"), "is_default": True})
        first = next(one for one in funnel().pipelines if one.id == made.id).first(OPEN)
        if first is not None:
            update(STAGE, first.id, {"name": _("Prospecting")})
        for place, (name, probability) in enumerate(
            ((_("Qualification"), 20), (_("Proposal"), 50), (_("Negotiation"), 80)), start=2
        ):
            _make_open(made.id, name, probability, place)


def _make_open(pipeline_id: int, name: str, probability: int, place: int) -> None:
    create(STAGE, {"name": name, "pipeline": pipeline_id, "kind": OPEN, "probability": probability, "position": place})


def come_back() -> None:
    """Put deals right that were made, won, lost or reopened while the module was off.

    Another process may still write without this module for a moment; so a job looks again a little later.
    """
    ids = services.misplaced(AT_ONCE + 1)
    if 0 < len(ids) <= AT_ONCE:
        services.reconcile(ids)
    enqueue(follow.RECONCILE, {}, run_at=utc_now() + (timedelta() if len(ids) > AT_ONCE else LATER))
