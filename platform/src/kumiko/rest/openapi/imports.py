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
        "duplicates": {
            "enum": ["", "skip", "update", "create"],
            "description": "What becomes of rows whose record seems to be there although the key does not say so.",
        },
        "automations": {
            "enum": ["", "muted", "run"],
            "description": "Whether processes and other modules hear of the rows as of what people type.",
        },
    },
}
_TEXT_OR_NULL: dict[str, Any] = {"type": ["string", "null"]}
_READING: dict[str, Any] = {
    "type": "object",
    "description": "How the file is read; what is left out is found out.",
    "properties": {"encoding": TEXT, "delimiter": TEXT, "sheet": TEXT},
    "additionalProperties": False,
}
_REPORT: dict[str, Any] = {"type": ["object", "null"], "description": "Counts, left out columns, first problems."}
_RUN = thing(
    ("columns", "notes", "fields", "waits"),
    id=ID,
    collection=TEXT,
    file=TEXT,
    bytes=WHOLE,
    rows=WHOLE,
    rows_done=WHOLE,
    status={"enum": ["uploaded", "checking", "checked", "importing", "done", "failed", "paused"]},
    wishes=_WISHES,
    check=_REPORT,
    result=_REPORT,
    error={"type": ["string", "null"]},
    job=ID_OR_NULL,
    group=ID_OR_NULL,
    corrects={**ID_OR_NULL, "description": "The import whose rows this one brings in again, corrected."},
    reading=_READING,
    looks_like={
        "type": ["string", "null"],
        "description": "Where the first mapping is from: given, titles, memory, named:NAME, origin:PROGRAM.",
    },
    created_at=MOMENT,
    done_at=MOMENT_OR_NULL,
    columns=listed(thing(name=TEXT, samples=listed(TEXT))),
    notes=listed(TEXT),
    fields=listed(TEXT),
    waits={**TEXT, "description": "Why it does not move, when it does not."},
)
_KINDS = ["new", "changed", "equal", "refused", "duplicate", "late"]
_ROW = thing(
    row={**WHOLE, "description": "The number that a spreadsheet shows; the titles are row 1."},
    kind={"enum": _KINDS},
    record=ID_OR_NULL,
    name=_TEXT_OR_NULL,
    reason=_TEXT_OR_NULL,
    changes=listed(thing(field=TEXT, label=TEXT, before=_TEXT_OR_NULL, after=_TEXT_OR_NULL)),
    cells={"type": "object", "additionalProperties": _TEXT_OR_NULL, "description": "Of rows that do not come in."},
)
_UNDONE = thing(
    unit=ID_OR_NULL,
    reverted=WHOLE,
    overwritten=listed({"type": "object"}),
    refused=listed(thing(count=WHOLE, reason=TEXT)),
    waiting=listed(TEXT),
)


def _operation(name: str, summary: str, status: str, *statuses: int, **more: Any) -> dict[str, Any]:
    answer = {"description": summary} if status == "204" else json_response(summary, _RUN)
    responses = {status: answer, **refusals(*statuses)}
    return {"operationId": f"import_{name}", "tags": _TAG, "summary": summary, **more, "responses": responses}


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


def _upload_body(**more: Any) -> dict[str, Any]:
    parts = {
        "type": "object",
        "properties": more,
        "required": [name for name in ("collection", "file") if name in more],
    }
    return {"required": True, "content": {"multipart/form-data": {"schema": parts}}}


def _table(name: str, summary: str, *statuses: int, **more: Any) -> dict[str, Any]:
    made = _operation(name, summary, "200", *statuses, **more)
    binary = {"schema": {"type": "string", "format": "binary"}}
    made["responses"]["200"] = {
        "description": "A table",
        "content": {"text/csv": binary, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": binary},
    }
    return made


def paths() -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation."""
    file = {"type": "string", "format": "binary"}
    upload = _upload_body(
        collection=TEXT,
        file=file,
        wishes={**TEXT, "description": "The mapping as JSON; without it one is proposed."},
        encoding=TEXT,
        delimiter=TEXT,
        sheet=TEXT,
    )
    listing = _operation("list", "Imports, newest first", "200")
    listing["responses"]["200"] = json_response("Imports", thing(data=listed(_RUN), next={"type": "null"}))
    rows = _operation(
        "rows", "What becomes of each row, in the order of the file", "200", 404, 422,
        parameters=[
            _query("kind", TEXT, f"Some of {', '.join(_KINDS)}, with commas; all when left out."),
            _query("after", {**WHOLE, "minimum": 0}, "Go on behind the row of this number."),
            _query("limit", {**WHOLE, "minimum": 1, "maximum": 200}, "At most so many."),
        ],
    )  # fmt: skip
    page = thing(data=listed(_ROW), next={"type": ["integer", "null"]}, counts={"type": "object"})
    rows["responses"]["200"] = json_response("Rows", page)
    undo = _operation("undo", "Take back what it made and changed, with all that joined it", "200", 403, 404, 409)
    undo["responses"]["200"] = json_response("What was taken back", _UNDONE)
    change = {
        "requestBody": json_request({**_WISHES, "properties": {**_WISHES["properties"], "reading": _READING}}),
    }
    corrected = {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["rows"],
                    "properties": {"rows": {"type": "object", "additionalProperties": _TEXTS}},
                }
            },
            **_upload_body(file=file)["content"],
        },
    }
    sample = _table(
        "sample", "An empty table with the titles of all fields that may be filled", 403, 404, 422,
        parameters=[
            {**_query("collection", TEXT, "What its rows shall be."), "required": True},
            _query("format", {"enum": ["csv", "xlsx"]}, "csv when left out."),
        ],
    )  # fmt: skip
    at_id = [in_path("id")]

    def act(name: str, summary: str, status: str = "202") -> dict[str, Any]:
        return {"parameters": at_id, "post": _operation(name, summary, status, 403, 404, 409, 422)}

    return {
        "/imports": {
            "get": listing,
            "post": _operation(
                "upload", "Upload a file; nothing is imported yet", "201", 403, 404, 422, requestBody=upload
            ),
        },
        "/imports/sample": {"get": sample},
        "/imports/{id}": {
            "parameters": at_id,
            "get": _operation("read", "One import", "200", 404),
            "patch": _operation(
                "change", "Choose another mapping, or read the file otherwise", "200", 403, 404, 409, 422, **change
            ),
            "delete": _operation("delete", "Forget an upload", "204", 404, 409),
        },
        "/imports/{id}/check": act("check", "Rehearse: find out what each row would do; writes nothing"),
        "/imports/{id}/run": act("run", "Import; after a rehearsal exactly what that said"),
        "/imports/{id}/pause": act("pause", "Stop after the chunk at work; whole chunks stay", "200"),
        "/imports/{id}/resume": act("resume", "Take up what was paused or cut off, where it was"),
        "/imports/{id}/undo": {"parameters": at_id, "post": undo},
        "/imports/{id}/rows": {"parameters": at_id, "get": rows},
        "/imports/{id}/refused": {
            "parameters": at_id,
            "get": _table("refused", "The rows that do not come in, with reasons, as a table like the file", 404),
        },
        "/imports/{id}/corrected": {
            "parameters": at_id,
            "post": _operation(
                "corrected", "Bring rows that did not come in again; joins the same group", "201", 403, 404, 409, 422,
                requestBody=corrected,
            ),
        },
    }  # fmt: skip
