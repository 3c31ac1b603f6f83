"""Parts of the document that all operations share."""

from __future__ import annotations

from typing import Any

from kumiko.access.gate import SESSION_COOKIE
from kumiko.records.outputs import REF

TEXT: dict[str, Any] = {"type": "string"}
MOMENT: dict[str, Any] = {"type": "string", "format": "date-time"}
MOMENT_OR_NULL: dict[str, Any] = {"type": ["string", "null"], "format": "date-time"}
WHOLE: dict[str, Any] = {"type": "integer", "minimum": 0}
ID: dict[str, Any] = {"type": "integer", "minimum": 1}
ID_OR_NULL: dict[str, Any] = {"type": ["integer", "null"], "minimum": 1}
FLAG: dict[str, Any] = {"type": "boolean"}
CURSOR: dict[str, Any] = {"type": ["string", "null"], "description": "`after` of the next page; null on the last one."}
FREE: dict[str, Any] = {"type": "object"}


def ref(name: str) -> dict[str, str]:
    """A reference to a component schema."""
    return {"$ref": f"{REF}{name}"}


def listed(of: Any) -> dict[str, Any]:
    """A list of something."""
    return {"type": "array", "items": of}


def thing(optional: tuple[str, ...] = (), /, **members: Any) -> dict[str, Any]:
    """An object; all members are always there, but for the `optional` ones."""
    needed = [name for name in members if name not in optional]
    return {"type": "object", "properties": members, "required": needed}


SCHEMAS: dict[str, dict[str, Any]] = {
    "Money": {
        **thing(
            value={"type": "string", "pattern": r"^-?\d+(\.\d+)?$"},
            currency={"type": "string", "pattern": "^[A-Z]{3}$"},
        ),
        "description": "A decimal amount as text, with all decimals of its currency.",
        "examples": [{"value": "1054.00", "currency": "USD"}],
    },
    "MoneyInput": {
        "description": "An amount and its currency; without one it is the company's.",
        "anyOf": [
            {
                "type": "object",
                "properties": {"value": {"type": ["string", "number"]}, "currency": {"type": "string"}},
                "required": ["value"],
                "additionalProperties": False,
            },
            {"type": "string", "examples": ["1054.00 USD"]},
            {"type": "number"},
        ],
    },
    "Link": {**thing(id=ID, name=TEXT), "description": "Another record, with its name."},
    "RecordLink": {**thing(type=TEXT, id=ID, name=TEXT), "description": "A record of any type, with its name."},
    "RecordInput": {
        "description": "A record of any type, by its id or by its external id.",
        "anyOf": [
            {**thing(("name",), type=TEXT, id=ID, name=TEXT)},
            {**thing(type=TEXT, external_id={"type": "string", "minLength": 1})},
            {"type": "string", "pattern": "^[a-z][a-z0-9_.-]*:[1-9][0-9]*$", "examples": ["deals.deal:17"]},
        ],
    },
    "HiddenLink": {
        **thing(hidden={"const": True}),
        "description": "Another record that you may not see. Leave the field out of a change to keep it.",
    },
    "LinkInput": {
        "description": "Another record, by its id or by its external id.",
        "anyOf": [
            ID,
            {**thing(external_id={"type": "string", "minLength": 1})},
            {**thing(("name",), id=ID, name=TEXT)},
        ],
    },
    "Problem": {
        "description": "RFC 9457. `errors` names the fields that are not accepted, with sentences.",
        "type": "object",
        "properties": {
            "type": {"type": "string", "examples": ["/problems/invalid"]},
            "title": TEXT,
            "status": {"type": "integer"},
            "detail": TEXT,
            "errors": {"type": "object", "additionalProperties": listed(TEXT)},
            "module": {"type": "string", "description": "The module that is switched off, or that failed."},
            "current_version": WHOLE,
            "request_id": TEXT,
        },
        "required": ["type", "title", "status", "detail"],
    },
    "Change": thing(
        field=TEXT,
        label=TEXT,
        before={},
        after={},
        undone=FLAG,
    ),
    "Entry": thing(
        id=ID,
        unit=ID,
        group=ID_OR_NULL,
        at=MOMENT,
        actor=thing(id=ID_OR_NULL, name=TEXT),
        via=TEXT,
        reason=TEXT,
        type=TEXT,
        record=ref("Link"),
        action={"type": "string", "enum": ["created", "changed", "deleted", "restored"]},
        version=WHOLE,
        undone=FLAG,
        undo_of=ID_OR_NULL,
        changes=listed(ref("Change")),
    ),
    "Unit": thing(
        id=ID,
        at=MOMENT,
        actor=TEXT,
        via=TEXT,
        reason=TEXT,
        group=FLAG,
        undone_at=MOMENT_OR_NULL,
        undo_of=ID_OR_NULL,
        count=WHOLE,
        entries=listed(ref("Entry")),
    ),
    "Undone": thing(
        unit=ID_OR_NULL,
        reverted=WHOLE,
        overwritten=listed(thing(type=TEXT, id=ID, field=TEXT, by=ID)),
        refused=listed(thing(count=WHOLE, reason=TEXT)),
        waiting=listed(TEXT),
        put_back=WHOLE,
        conflicts=listed(ref("UndoConflict")),
    ),
    "UndoPreview": thing(
        unit=ID,
        records=WHOLE,
        conflicts=listed(ref("UndoConflict")),
        refused=listed(thing(count=WHOLE, reason=TEXT)),
        waiting=listed(TEXT),
        whole=FLAG,
    ),
    "UndoConflict": thing(
        type=TEXT,
        id=ID,
        field=TEXT,
        now={},
        back={},
        by=ID,
        actor=TEXT,
        at=MOMENT,
        via=TEXT,
    ),
    "BulkDone": thing(unit=ID_OR_NULL, changed=WHOLE, refused=listed(thing(id=ID, reason=TEXT))),
    "BulkPreview": thing(
        dry_run={"const": True},
        changed=WHOLE,
        equal=WHOLE,
        mark=TEXT,
        refused=listed(thing(id=ID, reason=TEXT)),
        along=listed(thing(collection=TEXT, action=TEXT, count=WHOLE)),
        naming=listed(thing(collection=TEXT, field=TEXT, count=WHOLE)),
    ),
    "BulkJob": thing(unit=ID, job=ID),
    "Sharing": thing(everybody=FLAG, teams=listed(ID), users=listed(ID)),
    "View": thing(
        id=ID,
        collection={"type": ["string", "null"]},
        type=TEXT,
        name=TEXT,
        shared=FLAG,
        mine=FLAG,
        filter={"type": ["object", "null"]},
        sort=TEXT,
        columns=listed(TEXT),
        q=TEXT,
        paused=TEXT,
        group=TEXT,
        kind={"enum": ["list", "board"]},
        widths={"type": "object", "additionalProperties": WHOLE},
        board={"type": "object", "additionalProperties": TEXT},
        sharing=ref("Sharing"),
        default=FLAG,
        default_roles=listed(TEXT),
    ),
    "Plugin": thing(
        ("reason", "dependents", "failures", "restart_pending"),
        name=TEXT,
        title=TEXT,
        description=TEXT,
        version=TEXT,
        state=TEXT,
        provides=listed(TEXT),
        requires=listed(TEXT),
        wants=listed(TEXT),
        reason=TEXT,
        dependents=listed(TEXT),
        failures=WHOLE,
        restart_pending=FLAG,
    ),
    "Replacing": thing(name=TEXT, by=TEXT, job=ID),
    "Switched": thing(name=TEXT, state={"type": "string", "enum": ["enabled", "disabled"]}, switched=listed(TEXT)),
    "Job": thing(
        id=ID,
        name=TEXT,
        label=TEXT,
        plugin=TEXT,
        status=TEXT,
        actor=ID_OR_NULL,
        attempts=WHOLE,
        max_attempts=WHOLE,
        created_at=MOMENT,
        run_at=MOMENT_OR_NULL,
        started_at=MOMENT_OR_NULL,
        done_at=MOMENT_OR_NULL,
        progress=thing(done=WHOLE, total={"type": ["integer", "null"]}, note=TEXT),
        waiting=TEXT,
        error=TEXT,
    ),
    "Me": thing(
        id=ID_OR_NULL,
        name=TEXT,
        email={"type": ["string", "null"]},
        roles=listed(TEXT),
        teams=listed(ID),
        language={"type": ["string", "null"]},
        zone={"type": ["string", "null"]},
        read_only=FLAG,
        scopes={"type": ["array", "null"], "items": TEXT, "description": "Words of a narrowed token; null = all."},
        permissions=listed(TEXT),
        collections={
            "type": "object",
            "additionalProperties": thing(type=TEXT, rights=FREE, hidden=listed(TEXT), read_only=listed(TEXT)),
        },
    ),
    "Hit": thing(type=TEXT, collection=TEXT, id=ID, name=TEXT),
}

_PROBLEM = {"application/problem+json": {"schema": ref("Problem")}}
RESPONSES: dict[str, dict[str, Any]] = {
    "Problem": {"description": "Refused; the sentences say why.", "content": _PROBLEM},
    "Unauthorized": {
        "description": "No token or session, or one that is no longer valid.",
        "headers": {"WWW-Authenticate": {"schema": TEXT}},
        "content": _PROBLEM,
    },
    "Forbidden": {"description": "Your rights do not allow this.", "content": _PROBLEM},
    "NotFound": {"description": "There is none that you may see, or its module is switched off.", "content": _PROBLEM},
    "Conflict": {"description": "The state of things does not allow this.", "content": _PROBLEM},
    "Stale": {"description": "Somebody changed the record; `current_version` is what it has now.", "content": _PROBLEM},
    "Invalid": {"description": "Wrong values, by field.", "content": _PROBLEM},
    "VersionRequired": {"description": "If-Match is missing.", "content": _PROBLEM},
}
_BY_STATUS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    409: "Conflict",
    412: "Stale",
    422: "Invalid",
    428: "VersionRequired",
}


def refusals(*statuses: int) -> dict[str, Any]:
    """The problems an operation may answer with; any other one has the same form."""
    known = {str(status): {"$ref": f"#/components/responses/{_BY_STATUS[status]}"} for status in (401, *statuses)}
    return {**known, "default": {"$ref": "#/components/responses/Problem"}}


SECURITY: dict[str, dict[str, Any]] = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token: its user's rights, or reading only.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "The session of a signed-in browser; unsafe methods also need X-CSRF-Token.",
    },
}
_ETAG = {"ETag": {"description": 'The version in quotes, such as "3".', "schema": TEXT}}


def json_response(description: str, schema: Any, *, etag: bool = False, **headers: Any) -> dict[str, Any]:
    """A successful answer."""
    said: dict[str, Any] = {"description": description, "content": {"application/json": {"schema": schema}}}
    if etag or headers:
        said["headers"] = {**(_ETAG if etag else {}), **headers}
    return said


def json_request(schema: Any, *, required: bool = True, example: Any = None) -> dict[str, Any]:
    """A request body."""
    media: dict[str, Any] = {"schema": schema}
    if example is not None:
        media["example"] = example
    return {"required": required, "content": {"application/json": media}}


def in_query(name: str, schema: Any, description: str = "", *, required: bool = False) -> dict[str, Any]:
    """A query parameter."""
    said = {"name": name, "in": "query", "schema": schema, "required": required}
    return {**said, "description": description} if description else said


def in_path(name: str, schema: Any = ID) -> dict[str, Any]:
    """A path parameter."""
    return {"name": name, "in": "path", "schema": schema, "required": True}


def in_header(name: str, description: str, *, required: bool = False) -> dict[str, Any]:
    """A request header."""
    return {"name": name, "in": "header", "schema": TEXT, "required": required, "description": description}


IDEMPOTENT = in_header("Idempotency-Key", "Sent again with the same body, it is not done twice. Kept for a week.")
