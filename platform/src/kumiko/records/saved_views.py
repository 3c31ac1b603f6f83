"""Saved views: named lists of a collection with filter, sort and columns; one's own, and those that others share.

A view that names fields the person cannot use any more (their module is off, the right is gone) is paused: it is kept
and shown with a sentence, and works again when the fields are back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson
from sqlalchemy import delete, insert, or_, select, update

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import queries
from kumiko.records.catalogue import TypeInfo, catalogue, split_path
from kumiko.records.field_names import Rename, plain_path, renamed_node, renamed_sort, stored_path, why_off
from kumiko.records.models import SavedView

_view = table_of(SavedView)
MEMBERS = ("filter", "sort", "columns", "q")
MOST_COLUMNS = 40


@dataclass(frozen=True, kw_only=True)
class View:
    """A saved view as the acting person sees it. `paused`: a sentence, or "" when it works."""

    id: int
    type_key: str
    collection: str  # "" while the module of the type is off
    name: str
    shared: bool
    mine: bool
    filter: Any
    sort: str
    columns: tuple[str, ...]
    q: str
    paused: str


def list_views(type_key: str = "") -> list[View]:
    """Own and shared views (of a type), by name."""
    query = select(_view).where(_mine_or_shared()).order_by(_view.c.name, _view.c.id)
    if type_key:
        query = query.where(_view.c.type_key == type_key)
    return [_shown(row) for row in trusted(query).mappings()]


@dataclass(frozen=True)
class Naming:
    """A saved view whose filter names a value. `visible`: the acting person may use it and know its name."""

    id: int
    name: str
    visible: bool


def views_naming(info: TypeInfo, field: str, values: Iterable[int]) -> list[Naming]:
    """Views of the type whose filter names one of these values of a field, by name: what to look at before one goes."""
    wanted = {str(value) for value in values}
    me = context.principal().user_id
    rows = trusted(select(_view).where(_view.c.type_key == info.key).order_by(_view.c.name, _view.c.id)).mappings()
    return [
        Naming(row["id"], row["name"], bool(row["shared"]) or row["user_id"] == me)
        for row in rows
        if _names(row["query"] or {}, field, wanted)
    ]


def _names(query: Mapping[str, Any], field: str, wanted: set[str]) -> bool:
    """Whether a kept query names a value: as a filter, or as the address of a page (`stage=4`, `filter={...}`)."""
    if _node_names(query.get("filter"), field, wanted):
        return True
    for name, value in parse_qsl(str(query.get("query") or "")):
        if name.partition("__")[0] == field and value in wanted:
            return True
        if name == "filter":
            try:
                node = orjson.loads(value)
            except orjson.JSONDecodeError:
                continue
            if _node_names(node, field, wanted):
                return True
    return False


def _node_names(node: Any, field: str, wanted: set[str]) -> bool:
    if not isinstance(node, Mapping):
        return False
    if any(_node_names(part, field, wanted) for word in ("and", "or") for part in _listed(node.get(word))):
        return True
    if _node_names(node.get("not"), field, wanted):
        return True
    return str(node.get("f", "")).rpartition(":")[2] == field and any(
        str(value) in wanted for value in _listed(node.get("v"))
    )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def get_view(view_id: int) -> View:
    """One view; NotFound when it is neither the person's nor shared."""
    return _shown(_row(view_id))


def create_view(info: TypeInfo, name: str, query: Mapping[str, Any], *, shared: bool = False) -> View:
    """Save a list under a name. Invalid when it names unknown fields."""
    _check(info, query)
    values = {
        "type_key": info.key,
        "name": name,
        "user_id": context.principal().user_id,
        "shared": shared,
        "query": _kept(info, query),
        "created_at": utc_now(),
    }
    with context.transaction():
        view_id = trusted(insert(_view).values(values).returning(_view.c.id)).scalar_one()
    return get_view(view_id)


def update_view(
    view_id: int, *, name: str | None = None, query: Mapping[str, Any] | None = None, shared: bool | None = None
) -> View:
    """Change what is given; only its owner and administrators may."""
    with context.transaction():
        row = _row(view_id)
        _require_mine(row)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = name
        if shared is not None:
            values["shared"] = shared
        if query is not None:
            merged = {**(row["query"] or {}), **query}
            info = catalogue().get(row["type_key"])
            _check(info, merged)
            values["query"] = _kept(info, merged)
        if values:
            trusted(update(_view).where(_view.c.id == view_id).values(values))
    return get_view(view_id)


def delete_view(view_id: int) -> None:
    """Forget a view; only its owner and administrators may."""
    with context.transaction():
        _require_mine(_row(view_id))
        trusted(delete(_view).where(_view.c.id == view_id))


def _mine_or_shared() -> Any:
    return or_(_view.c.user_id == context.principal().user_id, _view.c.shared.is_(True))


def _row(view_id: int) -> Mapping[Any, Any]:
    found = trusted(select(_view).where(_view.c.id == view_id, _mine_or_shared())).mappings().first()
    if found is None:
        raise NotFound(_("There is no view %(id)d that you may see.", id=view_id))
    return found


def _require_mine(row: Mapping[Any, Any]) -> None:
    person = context.principal()
    if row["user_id"] != person.user_id and not person.is_administrator:
        raise Forbidden(_("This view belongs to somebody else; save it under a name of your own."))


def _kept(info: TypeInfo, query: Mapping[str, Any]) -> dict[str, Any]:
    return _renamed(info, {name: query[name] for name in MEMBERS if query.get(name)}, stored_path)


def _renamed(info: TypeInfo, query: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
    """The list with the names of its fields as they are stored, or as people write them."""
    found = dict(query)
    if "filter" in found:
        found["filter"] = renamed_node(info, found["filter"], rename)
    if "sort" in found:
        found["sort"] = renamed_sort(info, found["sort"], rename)
    if "columns" in found:
        found["columns"] = [rename(info, one) for one in found["columns"]]
    return found


def _check(info: TypeInfo, query: Mapping[str, Any]) -> None:
    columns: Sequence[str] = query.get("columns") or ()
    if len(columns) > MOST_COLUMNS:
        raise Invalid(_("Too many columns."), {"columns": [_("at most %(most)d columns", most=MOST_COLUMNS)]})
    for column in columns:
        head = split_path(column)[0]
        if info.plain(head) not in info.readable(context.principal()):
            raise Invalid(
                _("Some values are not accepted."),
                {"columns": [why_off(info, head) or _("there is no field %(name)r here", name=column[:80])]},
            )
    queries.plan_of(
        info,
        names=tuple(plain_path(info, one) for one in columns) or None,
        node=query.get("filter") or None,
        sort=renamed_sort(info, query.get("sort") or "", plain_path),
        q=query.get("q") or "",
    )


def _shown(row: Mapping[Any, Any]) -> View:
    info = catalogue().find(row["type_key"])
    query: Mapping[str, Any] = row["query"] or {}
    paused = ""
    if info is None:
        paused = _("The module that keeps these records is switched off.")
    else:
        query = _renamed(info, query, plain_path)
        try:
            _check(info, query)
        except Invalid as fault:
            sentences = [line for lines in fault.errors.values() for line in lines]
            paused = _("Paused: %(why)s", why="; ".join(sentences) or fault.message)
    return View(
        id=row["id"],
        type_key=row["type_key"],
        collection=info.collection if info is not None else "",
        name=row["name"],
        shared=bool(row["shared"]),
        mine=row["user_id"] == context.principal().user_id,
        filter=query.get("filter"),
        sort=query.get("sort", ""),
        columns=tuple(query.get("columns", ())),
        q=query.get("q", ""),
        paused=paused,
    )
