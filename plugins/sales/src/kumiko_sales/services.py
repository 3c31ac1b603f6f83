"""Moving deals, merging stages, and putting stages right after an absence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kumiko import (
    Conflict,
    as_system,
    bulk,
    delete,
    find,
    session,
    unit,
    unscoped,
    update,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON
from kumiko_contracts.sales import OpenAmount
from kumiko_sales import document_actions, document_queries, places, printing, queries
from kumiko_sales.funnel import StageRow, funnel
from kumiko_sales.models import INVOICE, STAGE, DealSide


class SalesService:
    """Provides sales/1; see `kumiko_contracts.sales.Sales`."""

    def make_invoice(self, deal_id: int, *, issue: bool = True, key: str = "") -> int:
        return document_actions.make_invoice(deal_id, issue=issue, key=key)

    def invoice_pdf(self, invoice_id: int) -> int:
        return printing.keep_pdf(INVOICE, invoice_id)

    def open_amount(
        self, *, deal_id: int | None = None, person_id: int | None = None, organization_id: int | None = None
    ) -> list[OpenAmount]:
        return document_queries.open_amount(deal_id=deal_id, person_id=person_id, organization_id=organization_id)


def move(record: Any, values: Mapping[str, Any]) -> None:
    """Move a deal to a stage, beside a card or on top. `record`: the deal as the person sees it.

    `values`: stage (id or None for the same), before / after (ids of deals there), and for a lost stage lost_reason and
    competitor, for closed ones closed_on. Conflict when it stands there already.
    """
    known = funnel()
    stage_id = values.get("stage") or record.link_id("stage")
    stage = known.find_stage(stage_id)
    if stage is None:
        raise Conflict(_("This stage is archived or gone; choose another one."))
    before, after = values.get("before"), values.get("after")
    same = stage.id == record.link_id("stage")
    if same and before is None and after is None:
        raise Conflict(_("This deal is in the stage “%(stage)s” already.", stage=stage.name))
    changes: dict[str, Any] = {} if same else {"stage": stage.id}
    changes["position"] = _place(stage, record.id, before, after)
    for name in ("lost_reason", "competitor", "closed_on"):
        if values.get(name) is not None and stage.kind != OPEN:
            changes[name] = values[name]
    update(DEAL, record.id, changes, if_match=record.version)


def _place(stage: StageRow, deal_id: int, before: int | None, after: int | None) -> float:
    at = places.between(stage.id, deal_id, before=before, after=after)
    if at is None:
        _make_room(stage.id)
        at = places.between(stage.id, deal_id, before=before, after=after)
    return places.on_top() if at is None else at


def _make_room(stage_id: int) -> None:
    """Spread the cards of a stage again: two had come so close that nothing fits between them."""
    with unscoped("room on a board is made for everybody's cards"):
        from sqlalchemy import select  # local: rare

        query = select(DealSide.record_id).where(DealSide.stage_id == stage_id, DealSide.deleted_at.is_(None))
        ids = session().execute(query.order_by(DealSide.position, DealSide.record_id)).scalars().all()
    top = places.on_top()
    with as_system("room on a board is made for everybody's cards"):
        for number, deal_id in enumerate(ids):
            update(DEAL, deal_id, {"position": top + number + 1})


def merge_stage(record: Any, values: Mapping[str, Any]) -> None:
    """Move every deal of a stage to another one and delete the stage, as one unit. `values`: into (id of a stage).

    Conflict unless the other stage is of the same pipeline and kind: deals must not be won or lost by tidying up.
    """
    known = funnel()
    old, new = known.find_stage(record.id), known.find_stage(values["into"])
    if old is None or new is None or new.archived:
        raise Conflict(_("This stage is archived or gone; choose another one."))
    if old.id == new.id:
        raise Conflict(_("Choose another stage than the one that goes."))
    if old.pipeline_id != new.pipeline_id or old.kind != new.kind:
        raise Conflict(_("Deals go to a stage of the same pipeline and kind; “%(stage)s” is another.", stage=new.name))
    with as_system("merging a stage is about all deals in it"):
        result = bulk(DEAL, queries.deals_in(old.id), values={"stage": new.id})
        if result.refused:
            deal_id, sentence = next(iter(result.refused.items()))
            raise Conflict(_("Deal %(id)d cannot go there: %(why)s", id=deal_id, why=sentence))
        update(STAGE, old.id, {"merged_into": new.id})
        delete(STAGE, old.id, replaced=True)


def reconcile(deal_ids: Sequence[int]) -> int:
    """Let deals stand in a stage that their outcome says: after an absence of this module. Gives how many changed.

    One journaled unit; deals that are right already, or gone, cost nothing.
    """
    changed = 0
    with unit(reason=_("stages put right after the module sales was off")), as_system("stages follow outcomes"):
        for deal_id in deal_ids:
            deal = find(DEAL, deal_id)
            stage = funnel().find_stage(deal.link_id("stage")) if deal is not None else None
            if deal is None or (stage is not None and stage.kind == (deal.get("outcome") or OPEN)):
                continue
            made = update(DEAL, deal_id, {"stage": None})  # an empty stage lets the rules choose the right one
            changed += made.version != deal.version  # no stage to choose: whoever repeats this must not go on for ever
    return changed


def misplaced(limit: int) -> list[int]:
    """Ids of deals without a stage, or in one whose kind is not their outcome; at most `limit`, by id."""
    from sqlalchemy import and_, or_, select  # local: only when the module comes back

    known = funnel()
    by_kind = {
        kind: [stage.id for pipeline in known.pipelines for stage in pipeline.stages if stage.kind == kind]
        for kind in (OPEN, WON, LOST)
    }
    wrong = [
        and_(DealSide.outcome == kind, or_(DealSide.stage_id.is_(None), DealSide.stage_id.not_in(ids)))
        for kind, ids in by_kind.items()
    ]
    with unscoped("stages follow outcomes"):
        query = select(DealSide.record_id).where(DealSide.deleted_at.is_(None), or_(*wrong))
        return list(session().execute(query.order_by(DealSide.record_id).limit(limit)).scalars())
