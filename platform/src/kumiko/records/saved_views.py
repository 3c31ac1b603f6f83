"""Saved views: named lists of a collection; one's own, and those that others share.

One form serves pages, REST and commands: filter, sort, columns, widths, words, grouping and kind (list or board). A
view that names fields the person cannot use any more (their module is off, the right is gone) is paused: it is kept
and shown with a sentence, and works again when the fields are back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import delete, insert, select, update

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import filter_relations, groups, leads, queries, segments, view_order
from kumiko.records.catalogue import TypeInfo, catalogue, split_path
from kumiko.records.field_names import Rename, plain_path, renamed_node, renamed_sort, stored_path, why_missing, why_off
from kumiko.records.models import SavedView
from kumiko.records.view_sharing import PRIVATE, Sharing, forget_shares, keep_shares, mark_of, shares_of, visible

_view = table_of(SavedView)
MEMBERS = ("filter", "sort", "columns", "widths", "q", "group", "kind", "board")
KINDS = ("list", "board")
MOST_COLUMNS = 40
WIDTHS = (40, 1200)
NAME_LENGTH = 120


@dataclass(frozen=True, kw_only=True)
class View:
    """A saved view as the acting person sees it. `paused`: a sentence, or "" when it works.

    `is_default`: the person's list opens with it, by own choice; `default_roles`: those whose people's lists do.
    """

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
    group: str = ""
    kind: str = "list"
    widths: Mapping[str, int] = field(default_factory=dict)
    board: Mapping[str, str] = field(default_factory=dict)
    sharing: Sharing = PRIVATE
    owner_id: int | None = None
    is_default: bool = False
    default_roles: tuple[str, ...] = ()


def list_views(type_key: str = "") -> list[View]:
    """Own and shared views (of a type), in the person's order, then by name."""
    query = view_order.ordered(select(_view, *view_order.columns()).where(visible()))
    if type_key:
        query = query.where(_view.c.type_key == type_key)
    rows = list(trusted(query).mappings())
    shared = shares_of([row["id"] for row in rows])
    roles = view_order.roles_of([row["id"] for row in rows])
    return [_shown(row, mark_of(row, shared), roles.get(row["id"], ())) for row in rows]


@dataclass(frozen=True, slots=True)
class Tab:
    """A view as a tab above its list: what its address is made of, plain names. `paused`: why it cannot be shown."""

    id: int
    name: str
    shared: bool
    mine: bool
    query: Mapping[str, Any]
    is_default: bool
    role_default: bool
    paused: str


def tabs_of(info: TypeInfo, most: int = 30) -> list[Tab]:
    """The views of a type that the person may use, in the person's order; one statement."""
    query = view_order.ordered(
        select(_view, *view_order.columns()).where(visible(), _view.c.type_key == info.key).limit(most)
    )
    me = context.principal().user_id
    found = []
    for row in trusted(query).mappings():
        said = _meant(info, _renamed(info, row["query"] or {}, plain_path))
        found.append(
            Tab(row["id"], row["name"], bool(row["shared"]) or row["user_id"] != me, row["user_id"] == me, said,
                bool(row["is_default"]), bool(row["role_default"]), _what_is_off(info, said))
        )  # fmt: skip
    return found


@dataclass(frozen=True)
class Naming:
    """A saved view whose filter names a value. `visible`: the acting person may use it and know its name."""

    id: int
    name: str
    visible: bool


def views_naming(info: TypeInfo, field: str, values: Iterable[int]) -> list[Naming]:
    """Views of the type whose filter names one of these values of a field, by name: what to look at before one goes."""
    wanted = {str(value) for value in values}
    known = set(trusted(select(_view.c.id).where(_view.c.type_key == info.key, visible())).scalars())
    rows = trusted(select(_view).where(_view.c.type_key == info.key).order_by(_view.c.name, _view.c.id)).mappings()
    return [
        Naming(row["id"], row["name"], row["id"] in known)
        for row in rows
        if _node_names((row["query"] or {}).get("filter"), field, wanted)
    ]


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
    row = _row(view_id)
    return _shown(row, mark_of(row, shares_of([view_id])), view_order.roles_of([view_id]).get(view_id, ()))


def create_view(
    info: TypeInfo, name: str, query: Mapping[str, Any], *, shared: bool = False, sharing: Sharing | None = None
) -> View:
    """Save a list under a name. Invalid when it names unknown fields, or teams and users one does not know."""
    _check(info, query)
    given = sharing or Sharing(everybody=shared)
    if not given.is_private:
        _require_writing()
    values = {
        "type_key": info.key,
        "name": _checked_name(name),
        "user_id": context.principal().user_id,
        "shared": given.everybody,
        "query": _kept(info, query),
        "created_at": utc_now(),
    }
    with context.transaction():
        view_id = trusted(insert(_view).values(values).returning(_view.c.id)).scalar_one()
        if given.teams or given.users:
            keep_shares(view_id, given)
    return get_view(view_id)


def update_view(
    view_id: int,
    *,
    name: str | None = None,
    query: Mapping[str, Any] | None = None,
    shared: bool | None = None,
    sharing: Sharing | None = None,
) -> View:
    """Change what is given; only its owner and administrators may."""
    with context.transaction():
        row = _row(view_id)
        _require_mine(row)
        values: dict[str, Any] = {}
        if name is not None:
            values["name"] = _checked_name(name)
        if sharing is not None:
            _require_writing()
            values["shared"] = sharing.everybody
            keep_shares(view_id, sharing)
        elif shared is not None:
            values["shared"] = shared
        if query is not None:
            info = catalogue().get(row["type_key"])
            merged = {**_renamed(info, row["query"] or {}, plain_path), **query}
            _check(info, merged)
            values["query"] = _kept(info, merged)
        if values:
            trusted(update(_view).where(_view.c.id == view_id).values(values))
    segments.forget()
    return get_view(view_id)


def duplicate_view(view_id: int, name: str = "") -> View:
    """A private copy of a view for the acting person."""
    row = _row(view_id)
    values = {
        "type_key": row["type_key"], "name": (name or _("%(name)s (copy)", name=row["name"]))[:NAME_LENGTH],
        "user_id": context.principal().user_id, "shared": False, "query": row["query"], "created_at": utc_now(),
    }  # fmt: skip
    with context.transaction():
        made = trusted(insert(_view).values(values).returning(_view.c.id)).scalar_one()
    return get_view(made)


def delete_view(view_id: int) -> None:
    """Forget a view; only its owner and administrators may."""
    with context.transaction():
        _require_mine(_row(view_id))
        trusted(delete(_view).where(_view.c.id == view_id))
        forget_shares([view_id])
        view_order.forget([view_id])
    segments.forget()


def may_change(view: View | Tab) -> bool:
    """Whether the acting person may rename, share and delete the view."""
    return view.mine or context.principal().is_administrator


def _row(view_id: int) -> Mapping[Any, Any]:
    query = select(_view, *view_order.columns()).where(_view.c.id == view_id, visible())
    found = trusted(view_order.ordered(query)).mappings().first()
    if found is None:
        raise NotFound(_("There is no view %(id)d that you may see.", id=view_id))
    return found


def _require_mine(row: Mapping[Any, Any]) -> None:
    person = context.principal()
    if row["user_id"] != person.user_id and not person.is_administrator:
        raise Forbidden(_("This view belongs to somebody else; save it under a name of your own."))


def _require_writing() -> None:
    if context.principal().read_only:
        raise Forbidden(_("You may only read; a view of yours stays private."))


def _checked_name(name: str) -> str:
    text = name.strip()
    if not text or len(text) > NAME_LENGTH or "\x00" in text:
        sentence = _("Give the view a name of at most %(most)d characters.", most=NAME_LENGTH)
        raise Invalid(sentence, {"name": [sentence]})
    return text


def _kept(info: TypeInfo, query: Mapping[str, Any]) -> dict[str, Any]:
    return _renamed(info, {name: query[name] for name in MEMBERS if query.get(name)}, stored_path)


def _meant(info: TypeInfo, query: dict[str, Any]) -> dict[str, Any]:
    """The list as it is meant now: records that its filter names may have become part of others."""
    return {**query, "filter": leads.node_led(info, query["filter"])} if query.get("filter") else query


def _renamed(info: TypeInfo, query: Mapping[str, Any], rename: Rename) -> dict[str, Any]:
    """The list with the names of its fields as they are stored, or as people write them."""
    found = dict(query)
    if "filter" in found:
        found["filter"] = renamed_node(info, found["filter"], rename)
    if "sort" in found:
        found["sort"] = renamed_sort(info, found["sort"], rename)
    if "columns" in found:
        found["columns"] = [rename(info, one) for one in found["columns"]]
    if "widths" in found:
        found["widths"] = {rename(info, name): width for name, width in found["widths"].items()}
    if "group" in found:
        path, colon, unit = str(found["group"]).rpartition(":")
        is_unit = bool(colon) and unit in groups.UNITS
        found["group"] = f"{rename(info, path)}:{unit}" if is_unit else rename(info, str(found["group"]))
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
    if query.get("kind") and query["kind"] not in KINDS:
        raise _refusal("kind", _("wanted one of: %(offered)s", offered=", ".join(KINDS)))
    if query.get("kind") == "board" and info.board is None:
        raise _refusal("kind", _("%(what)s have no board", what=str(info.type.label_plural)))
    low, high = WIDTHS
    for name, width in (query.get("widths") or {}).items():
        if isinstance(width, bool) or not isinstance(width, int) or not low <= width <= high:
            raise _refusal("widths", _("%(name)s: wanted pixels from %(low)d to %(high)d", name=name[:80], low=low,
                                       high=high))  # fmt: skip
    queries.plan_of(
        info,
        names=tuple(plain_path(info, one) for one in columns) or None,
        node=query.get("filter") or None,
        sort=renamed_sort(info, query.get("sort") or "", plain_path),
        q=query.get("q") or "",
    )
    if query.get("group"):
        groups.read_grouping(info, query["group"])


def _refusal(name: str, sentence: str) -> Invalid:
    return Invalid(_("Some values are not accepted."), {name: [sentence]})


def _what_is_off(info: TypeInfo, query: Mapping[str, Any]) -> str:
    """Why a view cannot be shown, as far as names alone tell: cheap enough for every tab."""
    names = [str(query.get("sort", "")).removeprefix("-"), str(query.get("group", "")), *query.get("columns", ())]
    for path in _relations(query.get("filter")):
        if filter_relations.collection_of(path) not in catalogue().by_collection:
            return _("Paused: %(why)s", why=filter_relations.why_none(info, path))
    readable = info.readable(context.principal())
    for name in (*names, *_paths(query.get("filter"))):
        head = split_path(str(name))[0]
        one = info.find(head) if head else None
        why = "" if not head or one is not None else why_off(info, head)
        if one is None and not why and head.startswith(("custom_", "custom.")):
            why = _("the field %(name)r was archived or deleted", name=head[:80])
        if one is not None and one.name not in readable:
            why = why_missing(info, head)
        if why:
            return _("Paused: %(why)s", why=why)
    return ""


def _paths(node: Any) -> list[str]:
    if not isinstance(node, Mapping):
        return []
    inner = [path for word in ("and", "or") for one in _listed(node.get(word)) for path in _paths(one)]
    is_field = "f" in node and node["f"] != segments.FIELD and node.get("op") not in filter_relations.OPERATORS
    return [*inner, *_paths(node.get("not")), *([str(node["f"])] if is_field else [])]


def _relations(node: Any) -> list[str]:
    """The paths of conditions on related records."""
    if not isinstance(node, Mapping):
        return []
    inner = [path for word in ("and", "or") for one in _listed(node.get(word)) for path in _relations(one)]
    is_relation = "f" in node and node.get("op") in filter_relations.OPERATORS
    return [*inner, *_relations(node.get("not")), *([str(node["f"])] if is_relation else [])]


def _shown(row: Mapping[Any, Any], sharing: Sharing, roles: tuple[str, ...]) -> View:
    info = catalogue().find(row["type_key"])
    query: Mapping[str, Any] = row["query"] or {}
    paused = ""
    if info is None:
        paused = _("The module that keeps these records is switched off.")
    else:
        query = _meant(info, _renamed(info, query, plain_path))
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
        group=query.get("group", ""),
        kind=query.get("kind", "list"),
        widths=query.get("widths", {}),
        board=query.get("board", {}),
        sharing=sharing,
        owner_id=row["user_id"],
        is_default=bool(row["is_default"]),
        default_roles=roles,
    )
