"""What record types take: schemas of request bodies, and examples."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import RAISE, Schema, fields

from kumiko.host.declarations import RecordAction
from kumiko.records.catalogue import FieldInfo, TypeInfo, item_fields
from kumiko.records.outputs import REF
from kumiko.records.schemas import MAX_ITEMS

_EXTERNAL = {"type": ["string", "null"], "maxLength": 300, "description": "The external id of the default system."}


class _Body(Schema):
    class Meta:
        unknown = RAISE  # unknown fields are refused by name


def create_schema(info: TypeInfo) -> type[Schema]:
    """Body of POST /COLLECTION."""
    return _schema(f"{info.key}.create", _writable(info), partial=False)


def change_schema(info: TypeInfo) -> type[Schema]:
    """Body of PATCH /COLLECTION/ID, and of `set` in a bulk edit."""
    return _schema(f"{info.key}.change", _writable(info), partial=True)


def action_schema(info: TypeInfo, action: RecordAction) -> type[Schema]:
    """Body of POST /COLLECTION/ID/NAME."""
    declared = [FieldInfo(one, info.action_plugins[action.name], ()) for one in action.fields]
    return _schema(f"{info.key}.{action.name}", declared, partial=False, external=False)


def _writable(info: TypeInfo) -> list[FieldInfo]:
    return [one for one in info.fields.values() if one.field.writable]


def _schema(name: str, members: Iterable[FieldInfo], *, partial: bool, external: bool = True) -> type[Schema]:
    made: dict[str, Any] = {}
    own: dict[str, Any] = {}
    needed_own: list[str] = []
    for one in members:
        needed = one.field.required and one.field.default is None and not partial
        if one.custom is not None:
            own[one.custom.key] = described(one)
            needed_own += [one.custom.key] if needed else []
        else:
            made[one.name] = fields.Raw(required=needed, metadata=described(one))
    if own:
        made["custom"] = fields.Raw(required=bool(needed_own), metadata={
            "type": "object" if needed_own else ["object", "null"], "title": "Custom fields", "properties": own,
            "additionalProperties": False, **({"required": needed_own} if needed_own else {}),
        })  # fmt: skip
    if external:
        made["external_id"] = fields.Raw(metadata=_EXTERNAL)
    return _Body.from_dict(made, name=name)


_REFERENCES = {"link": "LinkInput", "record": "RecordInput", "money": "MoneyInput"}


def described(one: FieldInfo) -> dict[str, Any]:
    """JSON schema of what a field takes."""
    said = {**_shape(one), "title": str(one.field.label)}
    if str(one.field.help):
        said["description"] = str(one.field.help)
    return said


def _shape(one: FieldInfo) -> dict[str, Any]:
    kind, null = one.kind, [] if one.field.required else ["null"]
    if kind in _REFERENCES:
        reference = {"$ref": f"{REF}{_REFERENCES[kind]}"}
        return {"anyOf": [reference, {"type": "null"}]} if null else reference
    if kind == "users":
        return {"type": ["array", *null], "items": {"$ref": f"{REF}LinkInput"}}
    if kind == "tags":
        return {"type": ["array", *null], "items": {"type": "string", "maxLength": 80}, "maxItems": 50}
    if kind == "external_ids":
        parts = {
            "system": {"type": "string", "maxLength": 80},
            "id": {"type": "string", "minLength": 1, "maxLength": 300},
        }
        return {"type": ["array", *null], "items": {"type": "object", "properties": parts, "required": ["id"]}}
    if kind == "list":
        parts = {"id": {"type": "integer", "minimum": 1}, **{item.name: described(item) for item in item_fields(one)}}
        row = {"type": "object", "properties": parts, "additionalProperties": False}
        return {"type": ["array", *null], "items": row, "maxItems": MAX_ITEMS}
    if kind == "multichoice":
        offered = {"enum": list(one.choices)} if one.choices else {}
        return {"type": ["array", *null], "items": {"type": "string", **offered}}
    if kind == "choice":
        return {"type": ["string", *null], "enum": [*one.choices, *([None] if null else [])]}
    if kind == "json":
        return {}
    return _plain(one, null)


def _plain(one: FieldInfo, null: list[str]) -> dict[str, Any]:
    kind = one.kind
    if kind in ("integer", "number", "percent"):
        limits: dict[str, float] = {"minimum": 0, "maximum": 100} if kind == "percent" else {}
        if one.field.minimum is not None:
            limits["minimum"] = one.field.minimum
        if one.field.maximum is not None:
            limits["maximum"] = one.field.maximum
        return {"type": ["integer" if kind == "integer" else "number", *null], **limits}
    if kind == "boolean":
        return {"type": ["boolean", *null]}
    formats = {"date": "date", "moment": "date-time", "email": "email"}
    if kind in formats:
        return {"type": ["string", *null], "format": formats[kind]}
    length = one.field.max_length or (getattr(one.columns[0].type, "length", None) if one.columns else None)
    said: dict[str, Any] = {"type": ["string", *null]}
    if length:
        said["maxLength"] = length
    if one.field.required:
        said["minLength"] = 1
    return said


_EXAMPLES: dict[str, Any] = {
    "text": "Lisbon Lamps",
    "longtext": "Wants a call on Monday.",
    "email": "ann@example.com",
    "phone": "+351213456789",
    "url": "https://example.com",
    "integer": 3,
    "number": 12.5,
    "percent": 40,
    "money": {"value": "1054.00", "currency": "USD"},
    "boolean": True,
    "date": "2026-11-22",
    "moment": "2026-11-22T09:30:00Z",
    "tags": ["important"],
    "link": 17,
    "record": {"type": "parties.person", "id": 17},
}


def example(info: TypeInfo) -> dict[str, Any]:
    """A body that makes a plausible record: its required fields, and the simple ones of its list."""
    wanted = [one for one in _writable(info) if one.field.required or one.name in info.list_columns]
    found: dict[str, Any] = {}
    for one in wanted:
        into, name = (found, one.name) if one.custom is None else (found.setdefault("custom", {}), one.custom.key)
        if one.kind == "choice" and one.choices:
            into[name] = next(iter(one.choices))
        elif one.kind in _EXAMPLES and one.field.validate is None:
            into[name] = _EXAMPLES[one.kind]
    return found
