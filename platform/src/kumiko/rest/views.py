"""/views: saved lists, one's own and those that others share."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from flask import Response

from kumiko.host.i18n import gettext as _
from kumiko.records import saved_views
from kumiko.records.catalogue import catalogue
from kumiko.records.field_names import public_path, renamed_node, renamed_sort
from kumiko.records.saved_views import View
from kumiko.records.view_order import order_views, set_default, set_role_defaults
from kumiko.records.view_sharing import Sharing
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import id_of, invalid, json_body, kind_of, only, parameters, text_of, truth

_MEMBERS = ("name", "shared", "sharing", "default", "default_roles", *saved_views.MEMBERS)


def list_views() -> Response:
    """Own and shared views; `collection=deals` for one collection."""
    given = parameters(("collection",))
    type_key = type_of(given["collection"]).key if given.get("collection") else ""
    return answer({"data": [view_json(one) for one in saved_views.list_views(type_key)]})


def read(view_id: int) -> Response:
    """One view."""
    parameters(())
    return answer(view_json(saved_views.get_view(view_id)))


def create() -> Response:
    """Save a list: {"collection", "name", "shared", "filter", "sort", "columns", "q"}."""
    parameters(())
    body = json_body()
    only(body, ("collection", *_MEMBERS))
    info = type_of(text_of("collection", body.get("collection", ""), most=80))
    name = text_of("name", body.get("name", ""), most=120)
    sharing = _sharing(body)
    if sharing is None:
        sharing = Sharing(everybody=truth("shared", body.get("shared", False)))
    made = _opened(saved_views.create_view(info, name, _query(body), sharing=sharing), body)
    said = answer(view_json(made), 201)
    said.headers["Location"] = f"/api/v1/views/{made.id}"
    return said


def change(view_id: int) -> Response:
    """Change what is given."""
    parameters(())
    body = json_body()
    only(body, _MEMBERS)
    query = _query(body)
    made = saved_views.update_view(
        view_id,
        name=text_of("name", body["name"], most=120) if "name" in body else None,
        shared=truth("shared", body["shared"]) if "shared" in body else None,
        sharing=_sharing(body),
        query=query or None,
    )
    return answer(view_json(_opened(made, body)))


def copy(view_id: int) -> Response:
    """POST: a private copy; {"name"} names it."""
    parameters(())
    body = json_body(optional=True)
    only(body, ("name",))
    name = text_of("name", body["name"], most=120) if "name" in body else ""
    made = saved_views.duplicate_view(view_id, name)
    said = answer(view_json(made), 201)
    said.headers["Location"] = f"/api/v1/views/{made.id}"
    return said


def order() -> Response:
    """PUT {"ids": [...]}: these views come first for whoever asks, in this order."""
    parameters(())
    body = json_body()
    only(body, ("ids",))
    order_views(_ids("ids", body.get("ids")))
    return answer({"data": [view_json(one) for one in saved_views.list_views()]})


def _opened(view: View, body: dict[str, Any]) -> View:
    """Say what lists open with; gives the view as it is then."""
    if "default" not in body and "default_roles" not in body:
        return view
    if "default" in body:
        set_default(view.id, on=truth("default", body["default"]))
    if "default_roles" in body:
        roles = body["default_roles"]
        if not isinstance(roles, list) or not all(isinstance(one, str) and len(one) <= 80 for one in roles):
            raise invalid("default_roles", _("wanted a list of keys of roles"))
        set_role_defaults(view.id, roles)
    return saved_views.get_view(view.id)


def _sharing(body: dict[str, Any]) -> Sharing | None:
    if "sharing" not in body:
        return None
    said = body["sharing"]
    if not isinstance(said, dict) or set(said) - {"everybody", "teams", "users"}:
        raise invalid("sharing", _("wanted {“everybody”, “teams”, “users”}"))
    return Sharing(
        everybody=truth("sharing", said.get("everybody", False)),
        teams=_ids("sharing", said.get("teams", [])),
        users=_ids("sharing", said.get("users", [])),
    )


def _ids(name: str, value: Any) -> tuple[int, ...]:
    if not isinstance(value, list) or len(value) > 500:
        raise invalid(name, _("wanted a list of at most %(most)d ids", most=500))
    return tuple(id_of(name, one) for one in value)


def delete(view_id: int) -> Response:
    """Forget it."""
    parameters(())
    saved_views.delete_view(view_id)
    return Response(status=204)


def _query(body: dict[str, Any]) -> dict[str, Any]:
    """The members that make the list; null takes one away."""
    found: dict[str, Any] = {}
    for name in ("sort", "q", "group", "kind"):
        if name in body:
            found[name] = text_of(name, body[name] or "", most=500, empty=True)
    if "filter" in body:
        if body["filter"] is not None and not isinstance(body["filter"], dict):
            raise invalid("filter", _("wanted an object, found %(kind)s", kind=kind_of(body["filter"])))
        found["filter"] = body["filter"]
    if "columns" in body:
        columns = body["columns"] if body["columns"] is not None else []
        if not isinstance(columns, list) or not all(isinstance(one, str) for one in columns):
            raise invalid("columns", _("wanted a list of field names"))
        found["columns"] = list(dict.fromkeys(columns))
    for name, kind in (("widths", int), ("board", str)):
        if name in body:
            said = body[name] if body[name] is not None else {}
            if not isinstance(said, dict) or len(said) > 50 or not all(type(one) is kind for one in said.values()):
                raise invalid(name, _("wanted an object of pixels by column") if kind is int else
                              _("wanted an object with “scope” and “by”"))  # fmt: skip
            found[name] = said
    return found


def view_json(view: View) -> dict[str, Any]:
    """One view in REST form; custom fields have the name that records and filters give them (`custom.size`)."""
    info = catalogue().find(view.type_key)
    name: Callable[[str], str] = (lambda path: path) if info is None else partial(public_path, info)
    return {
        "id": view.id,
        "collection": view.collection or None,
        "type": view.type_key,
        "name": view.name,
        "shared": view.shared,
        "mine": view.mine,
        "filter": view.filter if info is None else renamed_node(info, view.filter, public_path),
        "sort": view.sort if info is None else renamed_sort(info, view.sort, public_path),
        "columns": [name(one) for one in view.columns],
        "q": view.q,
        "group": name(view.group),
        "kind": view.kind,
        "widths": {name(column): width for column, width in view.widths.items()},
        "board": dict(view.board),
        "sharing": {
            "everybody": view.sharing.everybody,
            "teams": list(view.sharing.teams),
            "users": list(view.sharing.users),
        },
        "default": view.is_default,
        "default_roles": list(view.default_roles),
        "paused": view.paused,
    }
