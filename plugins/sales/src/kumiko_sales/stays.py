"""The history of stages: who was where, from when to when.

It is a reading of the journal, kept in the same unit as the change, whatever the way in. A move that was undone never
happened; so after an undo the stays of these deals are read from the journal again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from kumiko import Draft, current, field_log, session, unscoped, utc_now
from kumiko_contracts.deals import DEAL
from kumiko_sales.funnel import Funnel, funnel
from kumiko_sales.models import DealSide, Stay

SLICE = 500


def keep_stays(drafts: Sequence[Draft], known: Funnel) -> None:
    """Close the stay that a deal leaves and open the one it enters. What an undo changes is read again by `reread`."""
    if current().via == "undo":
        return
    written = [draft for draft in drafts if draft.action in ("created", "changed")]
    moved = [draft for draft in written if draft.changes("stage")]
    dated = [
        draft
        for draft in written
        if draft.changes("stage_entered_at")
        and not draft.changes("stage")
        and draft.get("stage_entered_at") is not None
    ]  # an emptied moment leaves the stay as it is known
    if moved or dated:
        with unscoped("the history of stages is kept for every deal"):
            _append(moved, known)
            for draft in dated:
                open_stay = update(Stay).where(Stay.deal_id == draft.record_id, Stay.left_at.is_(None))
                session().execute(open_stay.values(entered_at=draft.get("stage_entered_at")))


def reread(deal_ids: Sequence[int]) -> None:
    """The journal of these deals was undone or redone in part: their stays are read from it again."""
    with unscoped("the history of stages is kept for every deal"):
        for start in range(0, len(deal_ids), SLICE):
            rebuild(deal_ids[start : start + SLICE], funnel())


def _append(moved: Sequence[Draft], known: Funnel) -> None:
    _forget_later(moved)
    left = [
        {"k_deal": draft.record_id, "v_left": draft.get("stage_entered_at")}
        for draft in moved
        if draft.before("stage") is not None
    ]
    if left:
        close = update(Stay).where(Stay.deal_id == bindparam("k_deal"), Stay.left_at.is_(None))
        session().connection().execute(close.values(left_at=bindparam("v_left")), left)
    entered = [_row(draft, known) for draft in moved if draft.get("stage") is not None]
    if entered:
        session().execute(insert(Stay), entered)


def _forget_later(moved: Sequence[Draft]) -> None:
    """A moment in the past (history that is brought in) replaces what was thought to have been later than that."""
    for draft in moved:
        at = draft.get("stage_entered_at")
        if at is None or draft.is_new or at >= current().unit.at:
            continue
        session().execute(delete(Stay).where(Stay.deal_id == draft.record_id, Stay.entered_at > at))
        late = update(Stay).where(Stay.deal_id == draft.record_id, Stay.left_at > at)
        session().execute(late.values(left_at=None))


def _row(draft: Draft, known: Funnel) -> dict[str, Any]:
    opened, amount = current().unit, draft.get("amount")
    person = current().principal
    stage = known.find_stage(draft.get("stage"))
    return {
        "deal_id": draft.record_id,
        "pipeline_id": stage.pipeline_id if stage else draft.get("pipeline"),
        "stage_id": draft.get("stage"),
        "entered_at": draft.get("stage_entered_at"),
        "left_at": None,
        "unit_id": opened.id,
        "by_id": person.user_id if person else None,
        "via": opened.via,
        "amount_minor": amount.minor if amount is not None else None,
        "amount_currency": amount.currency if amount is not None else None,
        "probability": draft.get("probability"),
    }


def rebuild(deal_ids: Sequence[int], known: Funnel) -> None:
    """Stays of these deals as the journal has them: every stage that was entered and not undone.

    Amount and probability then are kept from the stay that the same unit had made, where there was one.
    """
    kept = {(row.deal_id, row.unit_id, row.stage_id): row for row in _stored(deal_ids)}
    session().execute(delete(Stay).where(Stay.deal_id.in_(deal_ids)))
    rows: list[dict[str, Any]] = []
    for deal_id, steps in field_log(DEAL, deal_ids, "stage", beside=("stage_entered_at",)).items():
        mine: list[dict[str, Any]] = []
        for step in steps:
            if step.after is None:
                continue
            entered_at = _moment(step.beside.get("stage_entered_at")) or step.at
            while mine and mine[-1]["entered_at"] > entered_at:
                mine.pop()
            if mine:
                mine[-1]["left_at"] = entered_at
            mine.append(_again(deal_id, step, entered_at, known, kept.get((deal_id, step.unit_id, step.after))))
        rows += mine
    if rows:
        session().execute(insert(Stay), rows)
    _stand_where_they_are(deal_ids, known)


def _stand_where_they_are(deal_ids: Sequence[int], known: Funnel) -> None:
    """A stage that the rules chose during the undo is in no entry that counts: the stay in it begins now."""
    last = {row.deal_id: row for row in _stored(deal_ids, only_open=True)}
    columns = (DealSide.record_id, DealSide.stage_id, DealSide.stage_entered_at, DealSide.amount_minor,
               DealSide.amount_currency, DealSide.probability)  # fmt: skip
    added: list[dict[str, Any]] = []
    opened, person, now = current().unit, current().principal, utc_now()
    for deal in session().execute(select(*columns).where(DealSide.record_id.in_(deal_ids))):
        stay = last.get(deal.record_id)
        if stay is not None and stay.stage_id == deal.stage_id:
            if deal.stage_entered_at is None:
                continue
            dated = update(Stay).where(Stay.id == stay.id, Stay.entered_at != deal.stage_entered_at)
            session().execute(dated.values(entered_at=deal.stage_entered_at))
        if deal.stage_id is None or (stay is not None and stay.stage_id == deal.stage_id):
            continue
        if stay is not None:
            session().execute(update(Stay).where(Stay.id == stay.id).values(left_at=now))
        stage = known.find_stage(deal.stage_id)
        added.append({
            "deal_id": deal.record_id, "pipeline_id": stage.pipeline_id if stage else None, "stage_id": deal.stage_id,
            "entered_at": now, "left_at": None, "unit_id": opened.id, "by_id": person.user_id if person else None,
            "via": opened.via, "amount_minor": deal.amount_minor, "amount_currency": deal.amount_currency,
            "probability": deal.probability,
        })  # fmt: skip
    if added:
        session().execute(insert(Stay), added)


def _stored(deal_ids: Sequence[int], *, only_open: bool = False) -> list[Any]:
    columns = (Stay.id, Stay.deal_id, Stay.unit_id, Stay.stage_id, Stay.amount_minor, Stay.amount_currency,
               Stay.probability)  # fmt: skip
    query = select(*columns).where(Stay.deal_id.in_(deal_ids)).order_by(Stay.id)
    return list(session().execute(query.where(Stay.left_at.is_(None)) if only_open else query))


def _again(deal_id: int, step: Any, entered_at: datetime, known: Funnel, kept: Any) -> dict[str, Any]:
    stage = known.find_stage(step.after)
    return {
        "deal_id": deal_id,
        "pipeline_id": stage.pipeline_id if stage else None,
        "stage_id": step.after,
        "entered_at": entered_at,
        "left_at": None,
        "unit_id": step.unit_id,
        "by_id": step.actor_id,
        "via": step.via,
        "amount_minor": kept.amount_minor if kept else None,
        "amount_currency": kept.amount_currency if kept else None,
        "probability": kept.probability if kept else (stage.probability if stage else None),
    }


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
