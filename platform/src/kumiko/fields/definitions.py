"""A definition as it is stored, as the field that it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from marshmallow import ValidationError

from kumiko.access.models import USER
from kumiko.host.declarations import Choice, Field
from kumiko.host.errors import Invalid
from kumiko.records import custom
from kumiko.records.catalogue import FieldInfo
from kumiko.records.completion import OWNER, CustomField
from kumiko.records.custom import FieldRule
from kumiko.records.schemas import LinkRef, input_field

CHOICES = ("choice", "multichoice")
LIMITED = ("integer", "number", "money")
NOT_SORTED = ("longtext", "multichoice")


def custom_field(row: Mapping[str, Any], choices: Sequence[Mapping[str, Any]]) -> CustomField:
    """The field of a stored definition; `choices`: its rows, in order."""
    key, kind = str(row["key"]), str(row["kind"])
    offered = tuple(
        (custom.ArchivedChoice if one.get("archived") else Choice)(
            key=str(one["key"]), label=str(one["label"]), hue=str(one.get("hue") or "")
        )
        for one in choices
    )
    filterable = bool(row["filterable"])
    field = Field(
        name=f"{custom.PLAIN}{key}",
        kind="link" if kind == "user" else kind,
        label=str(row["name"] or key),
        help=str(row["help"] or ""),
        required=bool(row["required"]),
        to=USER if kind == "user" else str(row["target"] or "") if kind == "link" else "",
        choices=offered if kind in CHOICES else (),
        minimum=row["minimum"] if kind in LIMITED else None,
        maximum=row["maximum"] if kind in LIMITED else None,
        sortable=filterable and kind not in NOT_SORTED,
        filterable=filterable,
        searchable=bool(row["searchable"]),
    )
    return CustomField(
        key=key,
        field=with_default(field, row["default"]),
        rule=rule_of(row),
        unique=bool(row["unique"]),
        archived=bool(row["archived"]),
        board=bool(row["board"]) and kind == "choice",
        section=str(row["section"] or ""),
    )


def rule_of(row: Mapping[str, Any]) -> FieldRule:
    """The conditions of a stored definition or rule."""
    return FieldRule(row["shown_when"] or None, row["required_when"] or None, row["locked_when"] or None)


def with_default(field: Field, text: Any) -> Field:
    """The field with what new records start with; without, when the text is none that it takes (any more)."""
    if text in (None, ""):
        return field
    try:
        value = default_of(FieldInfo(field, OWNER, ()), str(text))
    except Invalid:
        return field
    return replace(field, default=value)


def info_of(field: Field) -> FieldInfo:
    """A custom field by itself, of no type."""
    place = custom.Place(field.name.removeprefix(custom.PLAIN), field.kind)
    return FieldInfo(field, OWNER, place.columns, custom=place)


def default_of(one: FieldInfo, text: str) -> Any:
    """The value that a definition's text means; Invalid with the sentence that a form would say."""
    value: Any = [part.strip() for part in text.split(",")] if one.kind == "multichoice" else text
    try:
        found = input_field(one).deserialize(value)
    except ValidationError as fault:
        lines = fault.messages if isinstance(fault.messages, list) else [str(fault)]
        raise Invalid(" ".join(map(str, lines)), {"default": [str(line) for line in lines]}) from None
    return found.id if isinstance(found, LinkRef) else found
