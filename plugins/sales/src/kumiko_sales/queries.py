"""What is read of deals in stages beyond lists and boards."""

from __future__ import annotations

from sqlalchemy import func, select

from kumiko import session, unscoped
from kumiko_sales.models import APPROVED, Approval, DealSide, Stage, Stay


def count_deals(stage_id: int, *, lock: bool = False) -> int:
    """How many live deals are in a stage, whoever may see them: a limit or a deletion is about all of them.

    `lock`: nobody else counts the same stage until this transaction ends.
    """
    with unscoped("a stage's limit is about all deals in it"):
        if lock:
            session().execute(select(Stage.id).where(Stage.id == stage_id).with_for_update())
        query = select(func.count(DealSide.record_id)).where(
            DealSide.stage_id == stage_id, DealSide.deleted_at.is_(None)
        )
        return int(session().execute(query).scalar_one())


def deals_in(stage_id: int) -> list[int]:
    """Ids of all live deals in a stage, whoever may see them, by id."""
    with unscoped("merging a stage is about all deals in it"):
        query = select(DealSide.record_id).where(DealSide.stage_id == stage_id, DealSide.deleted_at.is_(None))
        return list(session().execute(query.order_by(DealSide.record_id)).scalars())


def last_open_stage(deal_id: int, stage_ids: set[int]) -> int | None:
    """The stage among `stage_ids` that the deal was in last."""
    with unscoped("a reopened deal returns to where it was"):
        query = select(Stay.stage_id).where(Stay.deal_id == deal_id, Stay.stage_id.in_(stage_ids))
        return session().execute(query.order_by(Stay.id.desc()).limit(1)).scalar()


def find_approval(deal_id: int, stage_id: int) -> int | None:
    """Id of an approval that lets a deal into a stage and was not used yet."""
    with unscoped("whether a stage may be entered does not depend on who may read the approval"):
        query = select(Approval.id).where(
            Approval.deal_id == deal_id,
            Approval.stage_id == stage_id,
            Approval.state == APPROVED,
            Approval.deleted_at.is_(None),
        )
        return session().execute(query.limit(1)).scalar()


def position_of(deal_id: int, stage_id: int) -> float | None:
    """Where a deal stands in a stage; None when it is not there or out of sight."""
    query = select(DealSide.position).where(DealSide.record_id == deal_id, DealSide.stage_id == stage_id)
    return session().execute(query).scalar()


def neighbour(stage_id: int, position: float, *, below: bool, without: int) -> float | None:
    """The next position below or above one in a stage, whoever may see the deal there."""
    with unscoped("a place between two cards counts the cards that one does not see"):
        beyond = DealSide.position > position if below else DealSide.position < position
        order = DealSide.position if below else DealSide.position.desc()
        query = (
            select(DealSide.position)
            .where(DealSide.stage_id == stage_id, beyond, DealSide.record_id != without, DealSide.deleted_at.is_(None))
            .order_by(order)
            .limit(1)
        )
        return session().execute(query).scalar()
