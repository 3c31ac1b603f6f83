"""Whose tasks the acting person may look at: own ones, those of the team or of the teams below, or everybody's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from kumiko import Invalid, principal, session
from kumiko import gettext as _
from kumiko_tasks.due import active_users
from kumiko_tasks.models import TASK

MOST = 200
EVERYBODY = "all"


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """Somebody whose tasks one may see."""

    id: int
    name: str
    team_id: int | None


def is_for_others() -> bool:
    """Whether the person may see tasks of others."""
    return principal().level(TASK, "read") not in ("none", "own")


def colleagues() -> Sequence[Colleague]:
    """Active users whose tasks the person may see, by name; oneself is among them."""
    me = principal()
    level = me.level(TASK, "read")
    if level in ("none", "own"):
        return [Colleague(id=me.user_id, name=me.name, team_id=None)] if me.user_id is not None else []
    user = active_users()
    query = select(user.id, user.name, user.team_id).where(user.active.is_(True), user.deleted_at.is_(None))
    if level != "all":
        teams = me.team_ids if level == "team" else me.subtree_team_ids
        query = query.where((user.team_id.in_(list(teams))) | (user.id == me.user_id))
    rows = session().execute(query.order_by(user.name, user.id).limit(MOST))
    return [Colleague(id=row.id, name=row.name, team_id=row.team_id) for row in rows]


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Whose tasks a page shows. `word`: as the address says it, "" for oneself."""

    word: str
    people: Sequence[Colleague]
    all: Sequence[Colleague]

    @property
    def ids(self) -> list[int]:
        return [one.id for one in self.people]

    @property
    def is_team(self) -> bool:
        return self.word == EVERYBODY

    @property
    def names(self) -> dict[int, str]:
        return {one.id: one.name for one in self.all}


def chosen(word: str) -> Chosen:
    """Whose tasks an address asks for: "" oneself, "all" everybody whose one may see, else a user's id."""
    known = colleagues()
    me: Any = principal()
    if word == EVERYBODY and is_for_others():
        return Chosen(word=word, people=known, all=known)
    if word in ("", EVERYBODY):
        own = [one for one in known if one.id == me.user_id]
        return Chosen(word="", people=own, all=known)
    found = [one for one in known if str(one.id) == word]
    if not found:
        sentence = _("There is nobody with this number whose tasks you may see; choose from the list.")
        raise Invalid(sentence, {"who": [sentence]})
    return Chosen(word=word, people=found, all=known)
