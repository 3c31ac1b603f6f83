"""Who is told of somebody's exports and reading, and who decides about them."""

from __future__ import annotations

from sqlalchemy import select

from kumiko.access.defaults import ADMINISTRATOR
from kumiko.access.models import Team, User, table
from kumiko.host.context import principal
from kumiko.host.scoping import trusted

_user, _team = table(User), table(Team)


def watchers_of(user_id: int) -> list[int]:
    """The head nearest above a user; administrators where there is none."""
    teams = {row.id: row for row in trusted(select(_team.c.id, _team.c.parent_id, _team.c.head_id))}
    active = {
        row.id: row
        for row in trusted(
            select(_user.c.id, _user.c.team_id, _user.c.roles).where(
                _user.c.active.is_(True), _user.c.deleted_at.is_(None)
            )
        )
    }
    at = active[user_id].team_id if user_id in active else None
    seen: set[int] = set()
    while at is not None and at in teams and at not in seen:
        seen.add(at)
        head = teams[at].head_id
        if head is not None and head != user_id and head in active:
            return [head]
        at = teams[at].parent_id
    return sorted(one for one, row in active.items() if ADMINISTRATOR in (row.roles or ()) and one != user_id)


def administrators() -> list[int]:
    """Ids of the active administrators."""
    people = trusted(select(_user.c.id, _user.c.roles).where(_user.c.active.is_(True), _user.c.deleted_at.is_(None)))
    return sorted(row.id for row in people if ADMINISTRATOR in (row.roles or ()))


def watched_by_me() -> set[int] | None:
    """Users whose exports and reading the acting person may look into; None: everybody's."""
    me = principal()
    if me.may("audit.read"):
        return None
    heads = trusted(select(_team.c.id).where(_team.c.head_id == me.user_id, _team.c.deleted_at.is_(None))).first()
    if heads is None:
        return set()
    query = select(_user.c.id).where(_user.c.team_id.in_(me.subtree_team_ids), _user.c.id != me.user_id)
    return set(trusted(query).scalars())
