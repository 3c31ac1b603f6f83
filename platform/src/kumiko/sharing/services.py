"""Whom a record is shared with, and whose rights somebody may look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kumiko.access import principals
from kumiko.access.models import Team, User, table
from kumiko.host.columns import table_of
from kumiko.host.context import Principal, principal
from kumiko.host.errors import Forbidden, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import TypeInfo
from kumiko.sharing.explaining import Explanation, explain
from kumiko.sharing.models import SharedRecord

_shares, _user, _team = table_of(SharedRecord), table(User), table(Team)
MOST_PEOPLE = 60


@dataclass(frozen=True, kw_only=True)
class ShareView:
    """One share of a record as its card shows it. `team`: it is for a team."""

    id: int
    name: str
    access: str
    team: bool
    by: str


def shares_of(record_id: int) -> list[ShareView]:
    """The shares of a record that the acting person may read, oldest first."""
    maker, given, team = _user.alias(), _user.alias(), _team.alias()
    query = (
        select(_shares.c.id, _shares.c.access, given.c.name, team.c.name.label("team"), maker.c.name.label("by"))
        .select_from(
            _shares.outerjoin(given, given.c.id == _shares.c.with_user_id)
            .outerjoin(team, team.c.id == _shares.c.with_team_id)
            .outerjoin(maker, maker.c.id == _shares.c.created_by_id)
        )
        .where(_shares.c.record_id == record_id, _shares.c.deleted_at.is_(None))
        .order_by(_shares.c.id)
    )
    return [
        ShareView(id=row.id, name=row.team or row.name or "", access=row.access, team=row.team is not None,
                  by=row.by or "")
        for row in trusted(query)
    ]  # fmt: skip


def may_look_at(user_id: int) -> bool:
    """Whether the acting person may be told of a user's rights: one's own, those of one's teams, or all."""
    me = principal()
    if user_id == me.user_id or me.may("users.edit") or me.may("roles.edit"):
        return True
    heads = trusted(select(_team.c.id).where(_team.c.head_id == me.user_id, _team.c.deleted_at.is_(None))).first()
    if heads is None:
        return False
    row = trusted(select(_user.c.team_id).where(_user.c.id == user_id)).first()
    return row is not None and row.team_id in me.subtree_team_ids


def person_to_explain(user_id: int | None) -> Principal:
    """The person whose rights are asked for (None: oneself); Forbidden for people whose rights are not one's affair."""
    me = principal()
    if user_id is None or user_id == me.user_id:
        return me
    if not may_look_at(user_id):
        raise Forbidden(_("Only administrators and heads see why somebody else may do something."))
    found = principals.principal_for_user(user_id)
    if found is None:
        raise NotFound(_("There is no active user %(id)d.", id=user_id))
    return found


def people() -> Sequence[tuple[int, str]]:
    """(id, name) of the active users whose rights the acting person may look into, by name; at most MOST_PEOPLE."""
    me = principal()
    query = select(_user.c.id, _user.c.name, _user.c.team_id).where(
        _user.c.active.is_(True), _user.c.deleted_at.is_(None)
    )
    if not (me.may("users.edit") or me.may("roles.edit")):
        heads = trusted(select(_team.c.id).where(_team.c.head_id == me.user_id, _team.c.deleted_at.is_(None))).first()
        if heads is None:
            return []
        query = query.where(_user.c.team_id.in_(me.subtree_team_ids))
    rows = trusted(query.order_by(_user.c.name, _user.c.id).limit(MOST_PEOPLE))
    return [(row.id, row.name) for row in rows]


def who_sees(info: TypeInfo, record_id: int) -> list[Explanation]:
    """The explanation for everybody whose rights the acting person may look into."""
    found = []
    for user_id, _name in people():
        person = principals.principal_for_user(user_id)
        if person is not None:
            found.append(explain(info, record_id, person))
    return found
