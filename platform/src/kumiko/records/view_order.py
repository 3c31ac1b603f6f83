"""The order in which a person wants saved views, and what a list opens with: one's own choice, else a role's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, exists, false, insert, select, update

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.errors import Forbidden, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.models import SavedView, SavedViewPlace, SavedViewRole
from kumiko.records.view_sharing import visible

_view, _place, _role = table_of(SavedView), table_of(SavedViewPlace), table_of(SavedViewRole)


def columns() -> tuple[ColumnElement[Any], ...]:
    """Columns that a statement of views needs besides their own: `is_default`, `role_default`."""
    roles = context.principal().roles
    of_role: ColumnElement[Any] = false()
    if roles:
        of_role = exists(select(1).where(_role.c.view_id == _view.c.id, _role.c.role.in_(sorted(roles))))
    return (_place.c.is_default.label("is_default"), of_role.label("role_default"))


def ordered(query: Select[Any]) -> Select[Any]:
    """The statement with the person's places joined, in their order; views without a place come last, by name."""
    mine = and_(_place.c.view_id == _view.c.id, _place.c.user_id == context.principal().user_id)
    return query.select_from(_view.outerjoin(_place, mine)).order_by(
        _place.c.position.is_(None), _place.c.position, _view.c.name, _view.c.id
    )


def roles_of(view_ids: Sequence[int]) -> Mapping[int, tuple[str, ...]]:
    """View id -> keys of the roles whose lists open with it."""
    if not view_ids:
        return {}
    query = select(_role.c.view_id, _role.c.role).where(_role.c.view_id.in_(view_ids)).order_by(_role.c.role)
    found: dict[int, list[str]] = {}
    for view_id, role in trusted(query):
        found.setdefault(view_id, []).append(role)
    return {view_id: tuple(roles) for view_id, roles in found.items()}


def order_views(view_ids: Sequence[int]) -> None:
    """Give these views the first places, in this order, for the acting person."""
    me = context.principal().user_id
    if me is None:
        return
    with context.transaction():
        known = set(trusted(select(_view.c.id).where(_view.c.id.in_(list(view_ids)), visible())).scalars())
        kept = {
            row.view_id: row.is_default
            for row in trusted(select(_place.c.view_id, _place.c.is_default).where(_place.c.user_id == me))
        }
        listed = [one for one in dict.fromkeys(view_ids) if one in known]
        trusted(delete(_place).where(_place.c.user_id == me, _place.c.view_id.in_(listed)))
        rows = [
            {"user_id": me, "view_id": one, "position": number, "is_default": bool(kept.get(one))}
            for number, one in enumerate(listed)
        ]
        if rows:
            trusted(insert(_place), rows)


def set_default(view_id: int, *, on: bool = True) -> None:
    """Let the acting person's list of the type open with the view, or no longer."""
    me = context.principal().user_id
    with context.transaction():
        type_key = _type_of(view_id)
        siblings = select(_view.c.id).where(_view.c.type_key == type_key)
        trusted(update(_place).where(_place.c.user_id == me, _place.c.view_id.in_(siblings)).values(is_default=False))
        if not on or me is None:
            return
        same = and_(_place.c.user_id == me, _place.c.view_id == view_id)
        if trusted(update(_place).where(same).values(is_default=True)).rowcount == 0:
            trusted(insert(_place).values(user_id=me, view_id=view_id, position=None, is_default=True))


def set_role_defaults(view_id: int, roles: Iterable[str]) -> None:
    """Let lists of the type open with the view for the people of exactly these roles; administrators only."""
    if not context.principal().is_administrator:
        raise Forbidden(_("Only administrators choose what lists open with for a role."))
    with context.transaction():
        type_key, wanted = _type_of(view_id), sorted(set(roles))
        gone = _role.c.view_id == view_id
        trusted(delete(_role).where(_role.c.type_key == type_key, gone | _role.c.role.in_(wanted)))
        rows = [{"type_key": type_key, "role": role, "view_id": view_id} for role in wanted]
        if rows:
            trusted(insert(_role), rows)


def forget(view_ids: Iterable[int]) -> None:
    """Take away places and defaults of views that are gone."""
    listed = list(view_ids)
    trusted(delete(_place).where(_place.c.view_id.in_(listed)))
    trusted(delete(_role).where(_role.c.view_id.in_(listed)))


def _type_of(view_id: int) -> str:
    found: str | None = trusted(select(_view.c.type_key).where(_view.c.id == view_id, visible())).scalar_one_or_none()
    if found is None:
        raise NotFound(_("There is no view %(id)d that you may see.", id=view_id))
    return found
