"""Who may be given leads: active users, and who of them is away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from kumiko import absent_on, catalogue, company_today, current, session, unscoped
from kumiko_deals.inquiry_models import Lead
from kumiko_deals.matching import OPEN_LEAD

SELLER, LEADERS = "seller", ("head", "administrator")


@dataclass(frozen=True, kw_only=True)
class Somebody:
    """A user who may get leads."""

    id: int
    name: str
    team_id: int | None
    roles: tuple[str, ...]


def everybody() -> tuple[Somebody, ...]:
    """All active users in the order they were made; read once per unit."""
    opened = current().unit
    memo: dict[Any, Any] = opened.memo if opened is not None else {}
    if "deals.everybody" not in memo:
        user = catalogue().get("access.user").table
        query = (
            select(user.c.id, user.c.name, user.c.team_id, user.c.roles)
            .where(user.c.active.is_(True), user.c.deleted_at.is_(None))
            .order_by(user.c.id)
        )
        with unscoped("who may get leads is decided among everybody"):
            memo["deals.everybody"] = tuple(
                Somebody(id=row.id, name=row.name, team_id=row.team_id, roles=tuple(row.roles or ()))
                for row in session().execute(query)
            )
    found: tuple[Somebody, ...] = memo["deals.everybody"]
    return found


def find_somebody(user_id: int | None) -> Somebody | None:
    """An active user, None when there is none (any more)."""
    return next((one for one in everybody() if one.id == user_id), None)


def members(team_id: int | None) -> tuple[Somebody, ...]:
    """The people of a team; without one those who sell, else those who lead."""
    if team_id is not None:
        return tuple(one for one in everybody() if one.team_id == team_id)
    return tuple(one for one in everybody() if SELLER in one.roles) or leaders()


def leaders() -> tuple[Somebody, ...]:
    """Heads of sales, else administrators."""
    heads, administrators = (tuple(one for one in everybody() if role in one.roles) for role in LEADERS)
    return heads or administrators


def away_today() -> dict[int, Any]:
    """User id -> last day away, of all who are away today."""
    return {one.user_id: one.until_on for one in absent_on(company_today())}


def open_leads_of(user_ids: list[int]) -> dict[int, int]:
    """User id -> number of open leads."""
    query = (
        select(Lead.owner_id, func.count(Lead.id))
        .where(Lead.owner_id.in_(user_ids), Lead.status.in_(OPEN_LEAD), Lead.deleted_at.is_(None))
        .group_by(Lead.owner_id)
    )
    with unscoped("who has how many leads decides who gets the next one"):
        return {user_id: int(count) for user_id, count in session().execute(query) if user_id is not None}
