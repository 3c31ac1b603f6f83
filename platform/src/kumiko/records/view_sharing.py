"""Who sees a saved view: its owner, and everybody, teams or persons it is shared with. The records it lists are
another matter: each reader finds those that the own rights allow."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, insert, or_, select, true

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import links
from kumiko.records.catalogue import TEAM, USER, catalogue
from kumiko.records.models import SavedView, SavedViewShare

_view, _share = table_of(SavedView), table_of(SavedViewShare)
MOST = 200


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """With whom a view is shared; ids of teams and users."""

    everybody: bool = False
    teams: tuple[int, ...] = ()
    users: tuple[int, ...] = ()

    @property
    def is_private(self) -> bool:
        return not (self.everybody or self.teams or self.users)


PRIVATE = Sharing()


def visible() -> ColumnElement[bool]:
    """Condition on views: own ones and those that are shared with the acting person."""
    person = context.principal()
    if person.kind == "system":
        return true()
    teams = {*person.team_ids, *person.subtree_team_ids}
    mine = and_(_share.c.kind == "user", _share.c.subject_id == person.user_id)
    ours = and_(_share.c.kind == "team", _share.c.subject_id.in_(sorted(teams)))
    given = exists(select(1).where(_share.c.view_id == _view.c.id, or_(mine, ours) if teams else mine))
    return or_(_view.c.user_id == person.user_id, _view.c.shared.is_(True), given)


def shares_of(view_ids: Sequence[int]) -> Mapping[int, Sharing]:
    """View id -> teams and users it is shared with; views without any are missing."""
    if not view_ids:
        return {}
    query = select(_share).where(_share.c.view_id.in_(view_ids)).order_by(_share.c.subject_id)
    teams: dict[int, list[int]] = {}
    users: dict[int, list[int]] = {}
    for row in trusted(query).mappings():
        (teams if row["kind"] == "team" else users).setdefault(row["view_id"], []).append(row["subject_id"])
    return {one: Sharing(teams=tuple(teams.get(one, ())), users=tuple(users.get(one, ()))) for one in {*teams, *users}}


def keep_shares(view_id: int, sharing: Sharing) -> None:
    """Share a view with exactly these teams and users. Invalid names one that does not exist or may not be seen."""
    wanted = [("team", TEAM, one) for one in dict.fromkeys(sharing.teams)]
    wanted += [("user", USER, one) for one in dict.fromkeys(sharing.users)]
    if len(wanted) > MOST:
        raise _refusal(_("a view can be shared with at most %(most)d teams and persons", most=MOST))
    types = catalogue()
    known = links.names_of((types.get(key), types.get(key), one) for _kind, key, one in wanted)
    for kind, key, one in wanted:
        if (key, one) not in known:
            raise _refusal(_("there is no %(kind)s %(id)d that you may see", kind=kind, id=one))
    trusted(delete(_share).where(_share.c.view_id == view_id))
    rows = [{"view_id": view_id, "kind": kind, "subject_id": one} for kind, _key, one in wanted]
    if rows:
        trusted(insert(_share), rows)


def forget_shares(view_ids: Iterable[int]) -> None:
    """Take away what says with whom views are shared."""
    trusted(delete(_share).where(_share.c.view_id.in_(list(view_ids))))


def _refusal(sentence: str) -> Invalid:
    return Invalid(_("Some values are not accepted."), {"sharing": [sentence]})


def mark_of(row: Mapping[Any, Any], shared: Any) -> Any:
    """The sharing of a view's row, with what `shares_of` found."""
    found = shared.get(row["id"]) or Sharing()
    return Sharing(everybody=bool(row["shared"]), teams=found.teams, users=found.users)
