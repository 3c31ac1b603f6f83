"""Operations of record types: list, create, read, change, delete, restore, history, bulk and each action."""

from __future__ import annotations

from typing import Any

from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.custom import public_name
from kumiko.records.filters import OPERATORS
from kumiko.records.queries import COUNT_CAP, MAX_LIMIT
from kumiko.rest.openapi import bodies
from kumiko.rest.openapi.components import (
    CURSOR,
    FLAG,
    ID,
    IDEMPOTENT,
    TEXT,
    in_header,
    in_path,
    in_query,
    json_request,
    json_response,
    listed,
    ref,
    refusals,
    thing,
)

_IF_MATCH = "The ETag that you read. A list of tags and * (any version) work, too."
_AS_OF = in_query(
    "as_of",
    TEXT,
    "A past moment (RFC 3339), or a day, which means its end: everything as it was then, of what you may read today.",
)
_LOCATION = {"Location": {"description": "Address of the new record.", "schema": TEXT}}
_NOT_MODIFIED = {"description": "You have this version already."}
_MERGED = {
    "description": "It became part of another record: its address, and `merged_into` with its id.",
    "headers": {"Location": {"description": "Address of the record that remains.", "schema": TEXT}},
    "content": {"application/json": {"schema": thing(merged_into=thing(id=ID, type=TEXT))}},
}
_ORDERED = ("integer", "number", "percent", "money", "date", "moment")
_WORDS = ("text", "longtext", "email", "phone", "url")


def paths_of(info: TypeInfo) -> dict[str, dict[str, Any]]:
    """Path below /api/v1 -> method -> operation."""
    root, one = f"/{info.collection}", f"/{info.collection}/{{id}}"
    made: dict[str, dict[str, Any]] = {
        root: {"get": _list(info), **({"post": _create(info)} if info.type.creatable else {})},
        one: {"parameters": [in_path("id")], "get": _read(info), "patch": _change(info), "delete": _delete(info)},
        f"{one}/restore": {"parameters": [in_path("id")], "post": _restore(info)},
        f"{one}/history": {"parameters": [in_path("id")], "get": _history(info)},
        f"{one}/rights": {"parameters": [in_path("id")], "get": _rights(info)},
        f"{root}/bulk": {"post": _bulk(info)},
    }
    for name in info.actions:
        made[f"{one}/{name}"] = {"parameters": [in_path("id")], "post": _action(info, name)}
    return made


def page_schema(info: TypeInfo) -> dict[str, Any]:
    """The answer of a list."""
    count = {"anyOf": [{"type": "integer", "minimum": 0}, {"const": f"{COUNT_CAP}+"}]}
    return thing(("count",), data=listed(ref(info.key)), next=CURSOR, count=count)


def _operation(info: TypeInfo, name: str, summary: str, **more: Any) -> dict[str, Any]:
    said = {"operationId": f"{info.collection.replace('-', '_')}_{name}", "summary": summary}
    return {**said, "tags": [str(info.type.label_plural)], **more}


def _list(info: TypeInfo) -> dict[str, Any]:
    what = str(info.type.label_plural)
    text = (
        "Besides the parameters listed here every readable field may be followed by __ and an operator "
        f"({', '.join(OPERATORS)}), as in `field__gte=v`; `in`, `nin` and `between` take values separated by commas. "
        "Paths lead through links (`owner.name=v`). A field given several times means any of the values. "
        "An unknown parameter is refused."
    )
    return _operation(
        info,
        "list",
        f"List {what}",
        description=text,
        parameters=_list_parameters(info),
        responses={"200": json_response("A page.", ref(f"{info.key}.page")), **refusals(422)},
    )


def _list_parameters(info: TypeInfo) -> list[dict[str, Any]]:
    example = '{"and":[{"f":"name","op":"contains","v":"lamp"}]}'
    found = [
        in_query("filter", TEXT, f"A filter in the JSON language, such as `{example}`."),
        in_query(
            "sort", TEXT, f"A field, or - and a field for descending; {info.type.default_sort} if nothing is said."
        ),
        in_query("limit", {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": 50}),
        in_query("after", TEXT, "The `next` of the page before; valid for the same sort and filter."),
        in_query("fields", TEXT, "Only these fields, separated by commas; id, type and version always come."),
        in_query("count", FLAG, f"Count the records, up to {COUNT_CAP}."),
        in_query("q", TEXT, "Only records whose searchable text holds these words."),
        _AS_OF,
        in_query("id", ID),
        in_query("external_id", TEXT),
    ]
    for one in info.fields.values():
        if one.field.filterable and one.name not in ("external_ids",):
            found += _field_parameters(one)
    return found


def _field_parameters(one: FieldInfo) -> list[dict[str, Any]]:
    label, name = str(one.field.label), public_name(one.name)
    kind = one.kind
    if kind in ("list", "json", "users", "external_ids"):
        return []
    if kind in _ORDERED:
        shape = _parameter_shape(one)
        return [in_query(f"{name}{end}", shape, label) for end in ("", "__gte", "__lte")]
    if kind in _WORDS:
        return [in_query(name, TEXT, label), in_query(f"{name}__contains", TEXT, label)]
    return [in_query(name, _parameter_shape(one), label)]


def _parameter_shape(one: FieldInfo) -> dict[str, Any]:
    if one.kind in ("link", "record"):
        return dict(ID)
    if one.kind == "boolean":
        return dict(FLAG)
    if one.kind in ("choice", "multichoice") and one.choices:
        return {"type": "string", "enum": list(one.choices)}
    plain = {"integer": "integer", "number": "number", "percent": "number", "money": "number"}
    formats = {"date": "date", "moment": "date-time"}
    if one.kind in formats:
        return {"type": "string", "format": formats[one.kind]}
    return {"type": plain.get(one.kind, "string")}


def _create(info: TypeInfo) -> dict[str, Any]:
    binned = in_query(
        "binned", {"const": "new"}, "Make a new record although one in the bin has the same external id (else 422)."
    )
    known = {
        "type": "string", "enum": ["allow", "report", "refuse"], "default": "allow",
    }  # fmt: skip
    duplicates = in_query(
        "duplicates", known,
        "Records that this may be a second one of: `allow` does not look, `report` makes the record and names them in "
        "the header Kumiko-Duplicates, `refuse` answers 409 with `duplicates` (id, name, score, reasons) and makes "
        "nothing. Ask again with `allow` to make it all the same.",
    )  # fmt: skip
    named = {"Kumiko-Duplicates": {"description": "Ids of records it may be the same as.", "schema": TEXT}}
    return _operation(
        info,
        "create",
        f"Create: {info.type.label}",
        parameters=[IDEMPOTENT, binned, duplicates],
        requestBody=json_request(ref(f"{info.key}.create"), example=bodies.example(info)),
        responses={
            "201": json_response("The new record.", ref(info.key), etag=True, **_LOCATION, **named),
            **refusals(403, 409, 422),
        },
    )


def _read(info: TypeInfo) -> dict[str, Any]:
    header = in_header("If-None-Match", "The ETag that you have; 304 when it is the present one.")
    found = json_response("The record.", ref(info.key), etag=True)
    return _operation(
        info,
        "read",
        f"Read: {info.type.label}",
        parameters=[header, _AS_OF],
        responses={"200": found, "301": _MERGED, "304": _NOT_MODIFIED, **refusals(404, 422)},
    )


def _change(info: TypeInfo) -> dict[str, Any]:
    return _operation(
        info,
        "change",
        f"Change: {info.type.label}",
        parameters=[in_header("If-Match", _IF_MATCH, required=True)],
        requestBody=json_request(ref(f"{info.key}.change")),
        responses={
            "200": json_response("The record as it is now.", ref(info.key), etag=True),
            **refusals(403, 404, 409, 412, 422, 428),
        },
    )


def _delete(info: TypeInfo) -> dict[str, Any]:
    return _operation(
        info,
        "delete",
        f"Put into the bin: {info.type.label}",
        parameters=[in_header("If-Match", _IF_MATCH, required=True)],
        responses={"204": {"description": "It is in the bin."}, **refusals(403, 404, 409, 412, 428)},
    )


def _restore(info: TypeInfo) -> dict[str, Any]:
    return _operation(
        info,
        "restore",
        f"Take out of the bin: {info.type.label}",
        parameters=[IDEMPOTENT],
        responses={"200": json_response("The record.", ref(info.key), etag=True), **refusals(403, 404, 409, 422)},
    )


def _history(info: TypeInfo) -> dict[str, Any]:
    parameters = [
        in_query("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 50}),
        in_query("before", ID, "The `next` of the page before."),
    ]
    page = thing(data=listed(ref("Entry")), next={"type": ["integer", "null"]})
    return _operation(
        info,
        "history",
        f"What happened to it: {info.type.label}",
        parameters=parameters,
        responses={"200": json_response("Entries, newest first.", page), **refusals(404, 422)},
    )


def _rights(info: TypeInfo) -> dict[str, Any]:
    verdict = thing(allowed={"type": "boolean"}, level=TEXT, because=listed(TEXT))
    actions = thing(**dict.fromkeys(("read", "edit", "delete", "assign", "bulk", "export"), verdict))
    said = thing(user=thing(id=ID, name=TEXT), roles=listed(TEXT), actions=actions)
    user = in_query("user", ID, "Whose rights; for administrators and heads. The token's own user if nothing is said.")
    return _operation(
        info,
        "rights",
        f"Who may do what with it, and why: {info.type.label}",
        parameters=[user],
        responses={"200": json_response("A verdict per action, with its reasons.", said), **refusals(403, 404, 422)},
    )


def _bulk(info: TypeInfo) -> dict[str, Any]:
    which: dict[str, Any] = {
        "filter": {"type": "object", "minProperties": 1},
        "ids": {**listed(ID), "maxItems": 100_000},
    }
    what = {"set": {"allOf": [ref(f"{info.key}.change")], "minProperties": 1}, "delete": {"const": True}}
    body = {
        "type": "object",
        "properties": {
            **which,
            **what,
            "dry_run": {"type": "boolean", "description": "Only say what would happen, for up to 1,000 records."},
            "mark": {
                "type": "string",
                "maxLength": 60,
                "description": "Mark of a dry run: nothing is done (409) when the outcome would be another one by now.",
            },
        },
        "additionalProperties": False,
        "allOf": [
            {"oneOf": [{"required": ["filter"]}, {"required": ["ids"]}]},
            {"oneOf": [{"required": ["set"]}, {"required": ["delete"]}]},
        ],
    }
    return _operation(
        info,
        "bulk",
        f"Change or delete many {info.type.label_plural}",
        parameters=[IDEMPOTENT],
        requestBody=json_request(body),
        responses={
            "200": json_response(
                "Done, as one unit; or what would happen.", {"oneOf": [ref("BulkDone"), ref("BulkPreview")]}
            ),
            "202": json_response("More than 1,000: a job does it, in a group that is undone as one.", ref("BulkJob")),
            **refusals(403, 409, 422),
        },
    )


def _action(info: TypeInfo, name: str) -> dict[str, Any]:
    action = info.actions[name]
    needed = any(one.required and one.default is None for one in action.fields)
    return _operation(
        info,
        name,
        f"{action.label}: {info.type.label}",
        parameters=[in_header("If-Match", _IF_MATCH), IDEMPOTENT],
        requestBody=json_request(ref(f"{info.key}.{name}"), required=needed),
        responses={
            "200": json_response("The record as it is now.", ref(info.key), etag=True),
            **refusals(403, 404, 409, 412, 422),
        },
    )
