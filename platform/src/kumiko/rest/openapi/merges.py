"""Operations of /duplicates: pairs that may be the same, and merges."""

from __future__ import annotations

from typing import Any

from kumiko.leaving.models import HAND_OVER
from kumiko.records.catalogue import catalogue
from kumiko.rest.openapi.components import (
    FLAG,
    FREE,
    ID,
    IDEMPOTENT,
    MOMENT,
    TEXT,
    WHOLE,
    in_path,
    in_query,
    json_request,
    json_response,
    listed,
    refusals,
    thing,
)

_TAG = ["Duplicates"]
_COLLECTION = in_path("collection", {"type": "string", "pattern": "^[a-z][a-z0-9-]*$"})
_STATE: dict[str, Any] = {"enum": ["open", "ignored"]}
_NAMED = thing(id=ID, name=TEXT)
_PAIR = thing(left=_NAMED, right=_NAMED, score=WHOLE, reasons=TEXT, state=_STATE, at=MOMENT)
_COUNTS: dict[str, Any] = {"type": "object", "additionalProperties": WHOLE, "description": "Collection -> records."}
_MOVES = {"type": "object", "additionalProperties": thing(now=WHOLE, coming=WHOLE, after=WHOLE)}
_WISH: dict[str, Any] = {
    "type": "object",
    "properties": {
        "winner": {**ID, "description": "The record that remains."},
        "others": {**listed(ID), "minItems": 1, "maxItems": 19},
        "take": {
            "type": "object",
            "description": "Field -> id of the record whose value is kept, or `all` for lists.",
            "additionalProperties": {"anyOf": [ID, {"const": "all"}]},
        },
        "accept": {**listed(ID), "description": "Ids of records that should stay and go all the same."},
        "dry_run": {**FLAG, "default": False, "description": "Answer with what it would be; nothing is written."},
    },
    "required": ["winner", "others"],
    "additionalProperties": False,
}


def paths() -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation."""
    return {
        "/duplicates/{collection}": {"parameters": [_COLLECTION], "get": _pairs()},
        "/duplicates/{collection}/decide": {"parameters": [_COLLECTION], "post": _decide()},
        "/duplicates/{collection}/merge": {"parameters": [_COLLECTION], "post": _merge()},
    }


def hand_overs() -> dict[str, dict[str, Any]]:
    """What is made at /hand-overs beside the generic reading; nothing where nobody can be handed over."""
    if catalogue().find(HAND_OVER) is None:
        return {}
    body = thing(
        ("rule", "dry_run"), person=ID, successors={**listed(ID), "minItems": 1, "maxItems": 50},
        rule={"enum": ["one", "even", "team"], "default": "one"}, dry_run={**FLAG, "default": False},
    )  # fmt: skip
    to = listed(thing(user=ID, count=WHOLE))
    moves = listed(thing(type=TEXT, field=TEXT, count=WHOLE, to=to))
    planned = thing(
        moves=moves, total=WHOLE, views=WHOLE, stays=listed(thing(what=TEXT, count=WHOLE, becomes=TEXT))
    )  # fmt: skip
    said = {
        "operationId": "hand_over", "tags": ["Hand-overs"],
        "summary": "Hand over what somebody who leaves owns, or see what would go to whom",
        "description": "All of it is one group of changes, undone as one.",
        "parameters": [IDEMPOTENT], "requestBody": json_request(body),
        "responses": {
            "200": json_response("What would go to whom (`dry_run`)", planned),
            "201": json_response("Handed over", FREE),
            "202": json_response("A job does it", FREE),
            **refusals(403, 404, 409, 422),
        },
    }  # fmt: skip
    return {"/hand-overs": {"post": said}}


def _pairs() -> dict[str, Any]:
    asked = [
        in_query("state", {**_STATE, "default": "open"}),
        in_query("least", {"type": "integer", "minimum": 0, "maximum": 100, "default": 0}, "Per cent."),
        in_query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
        in_query("after", TEXT, "The `next` of the answer before."),
    ]
    found = thing(data=listed(_PAIR), next={"type": ["string", "null"]})
    return {
        "operationId": "list_duplicates", "tags": _TAG, "summary": "Pairs that may be the same, the surest first",
        "parameters": asked, "responses": {"200": json_response("Pairs", found), **refusals(403, 404, 422)},
    }  # fmt: skip


def _decide() -> dict[str, Any]:
    body = thing(("state",), left=ID, right=ID, state=_STATE)
    found = thing(left=ID, right=ID, state=_STATE)
    return {
        "operationId": "decide_duplicates", "tags": _TAG,
        "summary": "Say that two records are not the same, or take that back",
        "requestBody": json_request(body),
        "responses": {"200": json_response("What was decided", found), **refusals(403, 404, 422)},
    }  # fmt: skip


def _merge() -> dict[str, Any]:
    done = thing(unit=ID, record=FREE, moved=_COUNTS)
    warned = listed(thing(id=ID, why=TEXT))
    planned = thing(record=FREE, moves=_MOVES, warnings=warned, large=FLAG)
    begun = thing(unit=ID, job=ID, follows=WHOLE)
    return {
        "operationId": "merge_records", "tags": _TAG, "summary": "Make one record of several, or see what it would be",
        "description": "What points to the others follows. Undo the unit to take all of it back.",
        "parameters": [IDEMPOTENT], "requestBody": json_request(_WISH),
        "responses": {
            "200": json_response("Merged, or what it would be (`dry_run`)", {"anyOf": [done, planned]}),
            "202": json_response("A job does it; `unit` is the group of its changes", begun),
            **refusals(403, 404, 409, 422),
        },
    }  # fmt: skip
