"""What is read of deals in stages beyond lists and boards."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, literal, null, select, type_coerce, union_all

from kumiko import Id, UtcDateTime, catalogue, session, unscoped
from kumiko_sales.models import APPROVED, ASKED, Approval, DealSide, Stage, Stay


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


def count_by_stage(pipeline_id: int) -> dict[int, int]:
    """Stage id -> how many live deals that the person may see are in it; empty stages are absent."""
    query = (
        select(DealSide.stage_id, func.count(DealSide.record_id))
        .where(DealSide.pipeline_id == pipeline_id, DealSide.deleted_at.is_(None))
        .group_by(DealSide.stage_id)
    )
    return {stage_id: count for stage_id, count in session().execute(query) if stage_id is not None}


def count_all_by_stage(pipeline_id: int) -> dict[int, int]:
    """The same for all deals, whoever may see them: for whoever sets limits and merges stages."""
    with unscoped("what a stage holds counts for whoever sets it up"):
        return count_by_stage(pipeline_id)


def stage_versions(pipeline_id: int) -> dict[int, int]:
    """Stage id -> version of the live stages of a pipeline."""
    query = select(Stage.id, Stage.version).where(Stage.pipeline_id == pipeline_id, Stage.deleted_at.is_(None))
    return {row.id: row.version for row in session().execute(query)}


def find_approval(deal_id: int, stage_id: int, *, state: str = APPROVED) -> int | None:
    """Id of an approval that lets a deal into a stage and was not used yet; of another state, if one is given."""
    with unscoped("whether a stage may be entered does not depend on who may read the approval"):
        query = select(Approval.id).where(
            Approval.deal_id == deal_id,
            Approval.stage_id == stage_id,
            Approval.state == state,
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


def way_of_deal(deal_id: int) -> list[Any]:
    """The stays of a deal and its open questions for approval, in the order of time, in one statement.

    Rows: what ("stay" or "question"), id, stage_id, stage_name, entered_at, left_at, person, note, role_key (of those
    who may answer). Whoever may read the deal may read them.
    """
    user, role = catalogue().get("access.user").table, catalogue().get("access.role").table
    nothing = type_coerce(null(), UtcDateTime())
    stays = (
        select(
            literal("stay").label("what"), Stay.id, Stay.stage_id, Stage.name.label("stage_name"), Stay.entered_at,
            Stay.left_at, user.c.name.label("person"), null().label("note"), null().label("role_key"),
        )
        .outerjoin(Stage, Stage.id == Stay.stage_id)
        .outerjoin(user, user.c.id == Stay.by_id)
        .where(Stay.deal_id == deal_id)
    )  # fmt: skip
    questions = (
        select(
            literal("question"), Approval.id, type_coerce(Approval.stage_id, Id), Stage.name, Approval.created_at,
            nothing, user.c.name, Approval.note, role.c.key,
        )
        .outerjoin(Stage, Stage.id == Approval.stage_id)
        .outerjoin(role, role.c.id == Stage.approver_role_id)
        .outerjoin(user, user.c.id == Approval.created_by_id)
        .where(Approval.deal_id == deal_id, Approval.state == ASKED, Approval.deleted_at.is_(None))
    )  # fmt: skip
    with unscoped("who may read a deal may read where it was and what was asked about it"):
        both = union_all(stays, questions).subquery()
        return list(session().execute(select(both).order_by(both.c.what.desc(), both.c.id)))
