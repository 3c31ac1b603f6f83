"""marshmallow schemas of what comes out: they describe the API, and their dump equals the generated one (goal G20).

`kumiko.records.dumps` makes the same JSON faster. A schema dumps RecordViews.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from marshmallow import Schema, fields

from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.dumps import json_value
from kumiko.records.views import RecordView

REF = "#/components/schemas/"
MONEY, LINK, HIDDEN_LINK = f"{REF}Money", f"{REF}Link", f"{REF}HiddenLink"
RECORD_LINK = f"{REF}RecordLink"


class OutputField(fields.Field[Any]):
    """One field in its REST form; `metadata` is its JSON schema."""

    def __init__(self, described: Mapping[str, Any], **kwargs: Any) -> None:
        super().__init__(metadata=dict(described), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> Any:
        return json_value(value)


class RecordSchema(Schema):
    """Base of all output schemas: reads its values from a RecordView."""

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        if not isinstance(obj, RecordView):
            return super().get_attribute(obj, attr, default)
        if attr in ("id", "version"):
            return getattr(obj, attr)
        if attr == "type":
            return obj.type.key
        return dict(obj.custom) if attr == "custom" else obj.values.get(attr, default)


def output_schema(info: TypeInfo, names: Iterable[str] | None = None) -> Schema:
    """Schema of a record of this type in REST form; `names`: only these fields (and "custom" if it is among them)."""
    chosen = (*info.fields, "custom") if names is None else tuple(names)
    chosen = tuple(one for one in chosen if one not in info.custom_fields)
    cache, key = catalogue().cache, ("output", info.key, chosen)
    if key not in cache:
        cache[key] = _made(info, chosen)()
    found: Schema = cache[key]
    return found


def _made(info: TypeInfo, chosen: Iterable[str]) -> type[Schema]:
    members: dict[str, fields.Field[Any]] = {
        "id": OutputField(
            {"type": "integer", "minimum": 1, "description": "Never used again for anything else."}, required=True
        ),
        "type": OutputField({"type": "string", "enum": [info.key]}, required=True),
        "version": OutputField(
            {"type": "integer", "minimum": 1, "description": "The ETag, without its quotes."}, required=True
        ),
    }
    for name in chosen:
        if name == "custom":
            members[name] = OutputField(described_custom(info))
            continue
        members[name] = OutputField(described(info.fields[name]))
        if info.fields[name].kind == "external_ids":
            words = "The external id of the default system, the usual key of imports."
            members["external_id"] = OutputField({"type": ["string", "null"], "description": words})
    return RecordSchema.from_dict(members, name=info.key)


def described_custom(info: TypeInfo) -> dict[str, Any]:
    """JSON schema of the `custom` object of a type's records."""
    said: dict[str, Any] = {"type": "object", "description": "Values of custom fields."}
    own = {one.custom.key: described(one) for one in info.custom_fields.values() if one.custom is not None}
    return {**said, "properties": own} if own else said


def described(one: FieldInfo) -> dict[str, Any]:
    """JSON schema of a field's REST form, with its label and help."""
    said = {**_shape(one), "title": str(one.field.label)}
    if str(one.field.help):
        said["description"] = str(one.field.help)
    if not one.field.writable:
        said["readOnly"] = True
    return said


def _shape(one: FieldInfo) -> dict[str, Any]:
    kind = one.kind
    if kind == "link":
        return {"anyOf": [{"$ref": LINK}, {"$ref": HIDDEN_LINK}, {"type": "null"}]}
    if kind == "record":
        return {"anyOf": [{"$ref": RECORD_LINK}, {"$ref": HIDDEN_LINK}, {"type": "null"}]}
    if kind == "users":
        return {"type": "array", "items": {"anyOf": [{"$ref": LINK}, {"$ref": HIDDEN_LINK}]}}
    if kind == "money":
        return {"anyOf": [{"$ref": MONEY}, {"type": "null"}]}
    if kind == "tags":
        return {"type": "array", "items": {"type": "string"}}
    if kind == "external_ids":
        pair = {"system": {"type": "string"}, "id": {"type": "string"}}
        return {"type": "array", "items": {"type": "object", "properties": pair, "required": list(pair)}}
    if kind == "list":
        parts: dict[str, Any] = {"id": {"type": "integer", "minimum": 1}}
        parts |= {item.name: described(item) for item in item_fields(one)}
        return {"type": "array", "items": {"type": "object", "properties": parts, "required": list(parts)}}
    if kind == "multichoice":
        offered = {"enum": list(one.choices)} if one.choices else {}
        return {"type": ["array", "null"], "items": {"type": "string", **offered}}
    if kind == "choice":
        return {"type": ["string", "null"], "enum": [*one.choices, None]}
    if kind == "json":
        return {}
    return dict(_PLAIN.get(kind, _PLAIN["text"]))


_PLAIN: dict[str, dict[str, Any]] = {
    "text": {"type": ["string", "null"]},
    "email": {"type": ["string", "null"], "format": "email"},
    "url": {"type": ["string", "null"], "format": "uri"},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "percent": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "date": {"type": ["string", "null"], "format": "date"},
    "moment": {"type": ["string", "null"], "format": "date-time"},
}
