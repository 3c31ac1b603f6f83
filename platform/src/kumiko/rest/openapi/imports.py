"""Operations of /imports: upload, mapping, check, import, refused rows."""

from __future__ import annotations

from typing import Any

from kumiko.rest.openapi.components import (
    ID,
    ID_OR_NULL,
    MOMENT,
    MOMENT_OR_NULL,
    TEXT,
    WHOLE,
    in_path,
    json_request,
    json_response,
    listed,
    refusals,
    thing,
)

_TAG = ["Imports"]
_TEXTS: dict[str, Any] = {"type": "object", "additionalProperties": TEXT}
_WISHES: dict[str, Any] = {
    "type": "object",
    "description": "A path is a field, part of it (amount.currency) or a field of a link (team.parent).",
    "additionalProperties": False,
    "properties": {
        "collection": TEXT,
        "map": {**_TEXTS, "description": "Path -> title of a column."},
        "set": {**_TEXTS, "description": "Path -> text for every row."},
        "values": {
            "description": "Path -> their word -> ours; or a list of [path, their word, our word].",
            "anyOf": [
                {"type": "object", "additionalProperties": _TEXTS},
                listed({"type": "array", "items": TEXT, "minItems": 3, "maxItems": 3}),
            ],
        },
        "key": {**TEXT, "description": "The field by which existing records are found."},
        "create": {**listed(TEXT), "description": "Collections whose missing linked records are made."},
        "date_order": {"enum": ["", "dmy", "mdy"]},
        "decimal_mark": {"enum": ["", ".", ","]},
    },
}
_REPORT: dict[str, Any] = {"type": ["object", "null"], "description": "Counts, left out columns, first problems."}
_RUN = thing(
    ("columns", "notes", "fields"),
    id=ID,
    collection=TEXT,
    file=TEXT,
    bytes=WHOLE,
    rows=WHOLE,
    status={"enum": ["uploaded", "checking", "checked", "importing", "done", "failed"]},
    wishes=_WISHES,
    check=_REPORT,
    result=_REPORT,
    error={"type": ["string", "null"]},
    job=ID_OR_NULL,
    group=ID_OR_NULL,
    created_at=MOMENT,
    done_at=MOMENT_OR_NULL,
    columns=listed(thing(name=TEXT, samples=listed(TEXT))),
    notes=listed(TEXT),
    fields=listed(TEXT),
)


def _operation(name: str, summary: str, status: str, *statuses: int, **more: Any) -> dict[str, Any]:
    answer = {"description": summary} if status == "204" else json_response(summary, _RUN)
    responses = {status: answer, **refusals(*statuses)}
    return {"operationId": f"import_{name}", "tags": _TAG, "summary": summary, **more, "responses": responses}


def paths() -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation."""
    upload = {
        "type": "object",
        "properties": {
            "collection": TEXT,
            "file": {"type": "string", "format": "binary"},
            "wishes": {**TEXT, "description": "The mapping as JSON; without it one is suggested."},
        },
        "required": ["collection", "file"],
    }
    listing = _operation("list", "Imports, newest first", "200")
    listing["responses"]["200"] = json_response("Imports", thing(data=listed(_RUN), next={"type": "null"}))
    refused = _operation("refused", "The refused rows with reasons, as CSV", "200", 404)
    refused["responses"]["200"] = {"description": "CSV", "content": {"text/csv": {"schema": TEXT}}}
    at_id = [in_path("id")]
    return {
        "/imports": {
            "get": listing,
            "post": _operation(
                "upload", "Upload a file; nothing is imported yet", "201", 403, 404, 422,
                requestBody={"required": True, "content": {"multipart/form-data": {"schema": upload}}},
            ),
        },
        "/imports/{id}": {
            "parameters": at_id,
            "get": _operation("read", "One import", "200", 404),
            "patch": _operation(
                "change", "Choose another mapping", "200", 403, 404, 409, 422, requestBody=json_request(_WISHES)
            ),
            "delete": _operation("delete", "Forget an upload", "204", 404, 409),
        },
        "/imports/{id}/check": {
            "parameters": at_id,
            "post": _operation("check", "Find out what would happen", "202", 403, 404, 409, 422),
        },
        "/imports/{id}/run": {
            "parameters": at_id,
            "post": _operation("run", "Import", "202", 403, 404, 409, 422),
        },
        "/imports/{id}/refused": {"parameters": at_id, "get": refused},
    }  # fmt: skip
