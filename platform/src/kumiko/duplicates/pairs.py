"""Pairs as people see them: those whose two records they may see, with what was decided about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, and_, bindparam, cast, func, select, tuple_, update

from kumiko.duplicates import scoring
from kumiko.duplicates.models import IGNORED, OPEN, pair_table, progress_table
from kumiko.host.columns import utc_now
from kumiko.host.context import principal, transaction
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo

_p, _g = pair_table, progress_table
COUNTED = 1000


@dataclass(frozen=True)
class Pair:
    """Two records that may be the same. `state`: "open" or "ignored" ("not the same")."""

    left_id: int
    right_id: int
    left_name: str
    right_name: str
    score: int
    why: str
    state: str
    at: datetime


@dataclass(frozen=True)
class Searched:
    """When all records of a type were last looked through, and what came of it; `at` is None before the first time."""

    at: datetime | None
    keys: int = 0
    pairs: int = 0
    large: int = 0


def pairs(
    info: TypeInfo,
    *,
    state: str = OPEN,
    least: int = 0,
    reason: str = "",
    after: str = "",
    limit: int = 50,
    q: str = "",
) -> tuple[list[Pair], str]:
    """Pairs that the person may see, the surest first, and the cursor behind them ("" at the end)."""
    query = _query(info, state, least, q, reason)
    position = _position(after)
    if position is not None:
        score, left, right = position
        behind = tuple_(-_p.c.score, _p.c.left_id, _p.c.right_id) > tuple_(-score, left, right)
        query = query.where(behind)
    rows = trusted(query.order_by(_p.c.score.desc(), _p.c.left_id, _p.c.right_id).limit(limit + 1)).all()
    shown = rows[:limit]
    following = (
        f"{rows[limit - 1].score}.{rows[limit - 1].left_id}.{rows[limit - 1].right_id}" if len(rows) > limit else ""
    )
    return [_pair(row) for row in shown], following


def _query(info: TypeInfo, state: str, least: int, q: str, reason: str = "") -> Any:
    left, right = info.table.alias(), info.table.alias()
    limits = [rights.criterion(info, principal(), "read", table=one) for one in (left, right)]
    query = (
        select(_p, left.c.name.label("left_name"), right.c.name.label("right_name"))
        .join(left, left.c.id == _p.c.left_id)
        .join(right, right.c.id == _p.c.right_id)
        .where(_p.c.type_key == info.key, _p.c.state == state, _p.c.score >= least)
        .where(*(one for one in limits if one is not None))
    )
    if reason:
        query = query.where(cast(_p.c.reasons, String).contains(f'"{reason}"', autoescape=True))
    if q:
        like = f"%{q.lower()}%"
        query = query.where(func.lower(left.c.name).like(like) | func.lower(right.c.name).like(like))
    return query


def _pair(row: Any) -> Pair:
    return Pair(
        row.left_id, row.right_id, row.left_name or "", row.right_name or "", row.score,
        scoring.reason_words(row.reasons or []), row.state, row.at,
    )  # fmt: skip


def _position(after: str) -> tuple[int, int, int] | None:
    parts = after.split(".")
    if len(parts) != 3 or not all(part.isdecimal() and len(part) < 19 for part in parts):
        return None
    return int(parts[0]), int(parts[1]), int(parts[2])


def count(info: TypeInfo, *, state: str = OPEN, least: int = 0, reason: str = "", q: str = "") -> int:
    """How many pairs the person may see, counted up to 1,001."""
    found = _query(info, state, least, q, reason).limit(COUNTED + 1).subquery()
    return int(trusted(select(func.count()).select_from(found)).scalar_one())


def decide(info: TypeInfo, left_id: int, right_id: int, state: str) -> None:
    """Remember that two records are not the same ("ignored"), or take that back ("open")."""
    low, high = sorted((left_id, right_id))
    seen = _query(info, OPEN if state == IGNORED else IGNORED, 0, "")
    if trusted(seen.where(_p.c.left_id == low, _p.c.right_id == high)).first() is None:
        raise NotFound(_("There is no such pair, or it was decided about already."))
    rights.require("edit", info)
    with transaction():
        where = and_(_p.c.left_id == bindparam("low"), _p.c.right_id == bindparam("high"))
        values = {"state": state, "by_id": principal().user_id, "at": utc_now()}
        trusted(update(_p).where(where).values(values), {"low": low, "high": high})


def clusters(info: TypeInfo, *, least: int, most: int = 200) -> list[list[int]]:
    """Records that are surely the same, by way of each other, as groups of ids; the oldest record first."""
    group_of: dict[int, list[int]] = {}
    query = _query(info, OPEN, least, "").order_by(_p.c.score.desc(), _p.c.left_id, _p.c.right_id).limit(most)
    for row in trusted(query):
        left = group_of.setdefault(row.left_id, [row.left_id])
        right = group_of.setdefault(row.right_id, [row.right_id])
        if left is not right:
            left.extend(right)
            for one in right:
                group_of[one] = left
    return sorted((sorted(one) for one in {id(one): one for one in group_of.values()}.values()), key=lambda one: one[0])


def searched(info: TypeInfo) -> Searched:
    """When all records of a type were last looked through."""
    row = trusted(select(_g.c.found_at, _g.c.report).where(_g.c.type_key == info.key)).first()
    if row is None or row.found_at is None:
        return Searched(None)
    report = row.report or {}
    return Searched(row.found_at, report.get("read", 0), report.get("pairs", 0), report.get("large", 0))


def names_of(info: TypeInfo, ids: Sequence[int]) -> dict[int, str]:
    """Names of records, by id, of those that the person may see."""
    limit = rights.criterion(info, principal(), "read")
    query = select(info.table.c.id, info.table.c.name).where(info.table.c.id.in_(bindparam("ids", expanding=True)))
    found = trusted(query if limit is None else query.where(limit), {"ids": list(ids)})
    return {row.id: row.name or "" for row in found}
