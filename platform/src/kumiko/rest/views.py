"""/views: saved lists, one's own and those that others share."""

from __future__ import annotations

from typing import Any

from flask import Response

from kumiko.host.i18n import gettext as _
from kumiko.records import saved_views
from kumiko.records.saved_views import View
from kumiko.rest.answers import answer
from kumiko.rest.collections import type_of
from kumiko.rest.inputs import invalid, json_body, kind_of, only, parameters, text_of, truth

_MEMBERS = ("name", "shared", *saved_views.MEMBERS)


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
    made = saved_views.create_view(info, name, _query(body), shared=truth("shared", body.get("shared", False)))
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
        query=query or None,
    )
    return answer(view_json(made))


def delete(view_id: int) -> Response:
    """Forget it."""
    parameters(())
    saved_views.delete_view(view_id)
    return Response(status=204)


def _query(body: dict[str, Any]) -> dict[str, Any]:
    """The members that make the list; null takes one away."""
    found: dict[str, Any] = {}
    for name in ("sort", "q"):
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
    return found


def view_json(view: View) -> dict[str, Any]:
    """One view in REST form."""
    return {
        "id": view.id,
        "collection": view.collection or None,
        "type": view.type_key,
        "name": view.name,
        "shared": view.shared,
        "mine": view.mine,
        "filter": view.filter,
        "sort": view.sort,
        "columns": list(view.columns),
        "q": view.q,
        "paused": view.paused,
    }
