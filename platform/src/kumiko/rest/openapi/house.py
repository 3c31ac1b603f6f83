"""Operations that belong to no record type: units, changes, search, views, modules, jobs, and who one is."""

from __future__ import annotations

from typing import Any

from kumiko.rest.openapi import imports, merges
from kumiko.rest.openapi.components import (
    FLAG,
    FREE,
    ID,
    IDEMPOTENT,
    TEXT,
    in_path,
    in_query,
    json_request,
    json_response,
    listed,
    ref,
    refusals,
    thing,
)

_NAME = in_path("name", {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"})
_VIEW_MEMBERS: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1, "maxLength": 120},
    "shared": FLAG,
    "filter": {"type": ["object", "null"]},
    "sort": {"type": ["string", "null"], "maxLength": 500},
    "columns": {"type": ["array", "null"], "items": TEXT},
    "q": {"type": ["string", "null"], "maxLength": 500},
    "group": {"type": ["string", "null"], "maxLength": 500},
    "kind": {"enum": ["list", "board", None]},
    "widths": {"type": ["object", "null"], "additionalProperties": {"type": "integer", "minimum": 40, "maximum": 1200}},
    "board": {"type": ["object", "null"], "additionalProperties": TEXT},
    "sharing": {
        "type": "object",
        "properties": {"everybody": FLAG, "teams": listed(ID), "users": listed(ID)},
        "additionalProperties": False,
    },
    "default": FLAG,
    "default_roles": listed({"type": "string", "maxLength": 80}),
}


def paths() -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation."""
    return {**_reading(), **_units(), **_views(), **_plugins(), **_jobs(), **imports.paths(), **merges.paths()}


def _operation(name: str, tag: str, summary: str, found: Any, *statuses: int, **more: Any) -> dict[str, Any]:
    responses = {"200": json_response(summary, found), **refusals(*statuses)}
    return {"operationId": name, "tags": [tag], "summary": summary, **more, "responses": responses}


def _begun(name: str, tag: str, summary: str, found: Any, *statuses: int, **more: Any) -> dict[str, Any]:
    """An operation that a job goes on with: 202 instead of 200."""
    made = _operation(name, tag, summary, found, *statuses, **more)
    made["responses"]["202"] = made["responses"].pop("200")
    return made


def _limit(most: int, default: int) -> dict[str, Any]:
    return in_query("limit", {"type": "integer", "minimum": 1, "maximum": most, "default": default})


def _reading() -> dict[str, dict[str, Any]]:
    search = [
        in_query("q", TEXT, required=True),
        in_query("collections", TEXT, "Only these, by commas."),
        _limit(100, 20),
    ]
    changes = [
        in_query("after", TEXT, "The `next` of the answer before; without it from the very first."),
        _limit(500, 200),
    ]
    page = thing(data=listed(ref("Entry")), next=TEXT, more=FLAG)
    return {
        "/me": {"get": _operation("me", "Access", "Who you are and what you may do", ref("Me"))},
        "/search": {
            "get": _operation(
                "search", "Reading", "Search all records", thing(data=listed(ref("Hit"))), 422, parameters=search
            )
        },
        "/changes": {
            "get": _operation(
                "changes", "Reading", "Everything that happened, without gaps", page, 422, parameters=changes
            )
        },
    }


def _units() -> dict[str, dict[str, Any]]:
    chosen = listed(thing(id=ID, field=TEXT))
    body = thing(("entry", "field", "put_back", "keep"), entry=ID, field=TEXT, put_back=chosen, keep=chosen)
    narrowed = [
        in_query("entry", ID, "Only this entry of the change."),
        in_query("field", TEXT, "Only this field of the entry."),
    ]
    undo = _operation(
        "unit_undo",
        "Units",
        "Undo a unit, a group, or one entry of it; `put_back` names values to be written anew although a later change "
        "holds them, `keep` records (field @exists) that shall stay although the change made them",
        ref("Undone"),
        403,
        404,
        409,
        422,
        parameters=[IDEMPOTENT],
        requestBody=json_request({**body, "additionalProperties": False}, required=False),
    )
    undo["responses"]["202"] = json_response("Above 1,000 entries: a job does it, in a group.", ref("BulkJob"))
    return {
        "/units/{id}": {
            "parameters": [in_path("id")],
            "get": _operation("unit_read", "Units", "What a unit or group did", ref("Unit"), 404),
        },
        "/units/{id}/undo": {
            "parameters": [in_path("id")],
            "get": _operation(
                "unit_preview",
                "Units",
                "What an undo would do, and the values that later changes hold; nothing is written",
                ref("UndoPreview"),
                404,
                409,
                422,
                parameters=narrowed,
            ),
            "post": undo,
        },
    }


def _views() -> dict[str, dict[str, Any]]:
    create = thing(tuple(_VIEW_MEMBERS)[1:], collection=TEXT, **_VIEW_MEMBERS)
    change = {"type": "object", "properties": _VIEW_MEMBERS, "additionalProperties": False}
    made = _operation(
        "view_create",
        "Views",
        "Save a list under a name",
        ref("View"),
        404,
        422,
        requestBody=json_request({**create, "additionalProperties": False}),
    )
    made["responses"]["201"] = made["responses"].pop("200")
    gone = _operation("view_delete", "Views", "Forget a view", {}, 403, 404)
    del gone["responses"]["200"]
    gone["responses"]["204"] = {"description": "It is gone."}
    copied = _operation(
        "view_copy", "Views", "A private copy of a saved list", ref("View"), 404, 422,
        requestBody=json_request(
            {"type": "object", "properties": {"name": _VIEW_MEMBERS["name"]}, "additionalProperties": False},
            required=False,
        ),
    )  # fmt: skip
    copied["responses"]["201"] = copied["responses"].pop("200")
    ids = {"type": "object", "properties": {"ids": {**listed(ID), "maxItems": 500}}, "required": ["ids"],
           "additionalProperties": False}  # fmt: skip
    ordered = _operation("view_order", "Views", "Which saved lists come first for you",
                         thing(data=listed(ref("View"))), 422, requestBody=json_request(ids))  # fmt: skip
    return {
        "/views/order": {"put": ordered},
        "/views/{id}/copy": {"parameters": [in_path("id")], "post": copied},
        "/views": {
            "get": _operation(
                "view_list",
                "Views",
                "Saved lists: yours and shared ones",
                thing(data=listed(ref("View"))),
                404,
                parameters=[in_query("collection", TEXT)],
            ),
            "post": made,
        },
        "/views/{id}": {
            "parameters": [in_path("id")],
            "get": _operation("view_read", "Views", "One saved list", ref("View"), 404),
            "patch": _operation(
                "view_change",
                "Views",
                "Change a saved list",
                ref("View"),
                403,
                404,
                422,
                requestBody=json_request(change),
            ),
            "delete": gone,
        },
    }


def _plugins() -> dict[str, dict[str, Any]]:
    nothing = json_request({"type": "object", "additionalProperties": False}, required=False)
    cascade = {"type": "object", "properties": {"cascade": FLAG}, "additionalProperties": False}
    by = {"type": "object", "properties": {"by": TEXT}, "required": ["by"], "additionalProperties": False}
    return {
        "/plugins": {
            "get": _operation("plugin_list", "Modules", "All modules", thing(data=listed(ref("Plugin"))), 403)
        },
        "/plugins/{name}": {
            "parameters": [_NAME],
            "get": _operation("plugin_read", "Modules", "One module", ref("Plugin"), 404),
        },
        "/plugins/{name}/enable": {
            "parameters": [_NAME],
            "post": _operation(
                "plugin_enable", "Modules", "Switch a module on", ref("Switched"), 403, 404, 409, requestBody=nothing
            ),
        },
        "/plugins/{name}/features/{feature}": {
            "parameters": [_NAME, {**_NAME, "name": "feature"}],
            "post": _operation(
                "plugin_feature",
                "Modules",
                "Switch a feature of a module for everybody, or say which roles have it",
                thing(name=TEXT, feature=TEXT, changed=listed(TEXT)),
                403,
                404,
                409,
                422,
                requestBody=json_request(
                    {
                        "type": "object",
                        "properties": {"on": FLAG, "roles": {"type": "array", "items": TEXT}},
                        "additionalProperties": False,
                    }
                ),
            ),
        },
        "/plugins/{name}/disable": {
            "parameters": [_NAME],
            "post": _operation(
                "plugin_disable",
                "Modules",
                "Switch a module off; its data stay",
                ref("Switched"),
                403,
                404,
                409,
                422,
                requestBody=json_request(cascade, required=False),
            ),
        },
        "/plugins/{name}/replace": {
            "parameters": [_NAME],
            "post": _begun(
                "plugin_replace", "Modules", "Let another provider of the same contracts take over, as a job",
                ref("Replacing"), 403, 404, 409, 422, requestBody=json_request(by),
            ),
        },
    }  # fmt: skip


def _jobs() -> dict[str, dict[str, Any]]:
    parameters = [in_query(name, TEXT) for name in ("status", "plugin", "name")]
    parameters += [_limit(199, 50), in_query("before", ID, "The `next` of the page before.")]
    page = thing(data=listed(ref("Job")), next={"type": ["integer", "null"]})
    empty = json_request({**FREE, "additionalProperties": False}, required=False)
    made: dict[str, dict[str, Any]] = {
        "/jobs": {
            "get": _operation(
                "job_list", "Background work", "Jobs, newest first", page, 403, 422, parameters=parameters
            )
        },
        "/jobs/{id}": {
            "parameters": [in_path("id")],
            "get": _operation("job_read", "Background work", "One job", ref("Job"), 404),
        },
    }
    for verb, summary in (("retry", "Run a job again"), ("cancel", "End a job")):
        made[f"/jobs/{{id}}/{verb}"] = {
            "parameters": [in_path("id")],
            "post": _operation(f"job_{verb}", "Background work", summary, ref("Job"), 403, 404, 409, requestBody=empty),
        }
    return made
