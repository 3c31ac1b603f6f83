"""What people sent, as values for the record service: numbers and moments as they write them, rows of lists."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import InvalidOperation
from typing import Any

import orjson

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import links
from kumiko.records.catalogue import USER, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.record_refs import ref_of
from kumiko.web.formats import read_moment, read_number
from kumiko.web.inputs import Typed, offered_items, row_numbers


def values_from(fields: Iterable[FieldInfo], form: Typed) -> dict[str, Any]:
    """Values of those fields that were sent. A text that is no number stays as typed: the service objects to it."""
    found: dict[str, Any] = {}
    for one in fields:
        if one.kind == "list":
            if f"{one.name}.present" in form or row_numbers(form, one.name):
                found[one.name] = _rows(one, form)
        elif one.name in form:
            found[one.name] = value_from(one, form, one.name)
    return found


def value_from(one: FieldInfo, form: Typed, name: str) -> Any:
    """One value as sent under `name`."""
    kind, text = one.kind, form.get(name, "").strip()
    if kind in ("multichoice", "tags", "users"):
        return [entry for entry in form.getlist(name) if entry]
    if kind == "boolean":
        return form.getlist(name)[-1] or None
    if kind == "longtext":
        return form.get(name, "").replace("\r\n", "\n") or None
    if not text:
        return None
    if kind == "money":
        return {"value": _number(text), "currency": form.get(f"{name}_currency", "")}
    if kind in ("integer", "number", "percent"):
        return _number(text)
    if kind == "moment":
        return _moment(text)
    if kind == "json":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as fault:
            sentence = _("this is no JSON: %(why)s", why=str(fault))
            raise Invalid(_("Some values are not accepted."), {name: [sentence]}) from None
    return text


def _number(text: str) -> str:
    try:
        return read_number(text)
    except (ValueError, InvalidOperation):
        return text


def _moment(text: str) -> Any:
    try:
        return read_moment(text)
    except ValueError:
        return text


def _rows(one: FieldInfo, form: Typed) -> list[dict[str, Any]]:
    rows = []
    for number in row_numbers(form, one.name):
        row: dict[str, Any] = {
            item.name: value_from(item, form, f"{one.name}.{number}.{item.name}")
            for item in offered_items(one)
            if f"{one.name}.{number}.{item.name}" in form
        }
        row_id = form.get(f"{one.name}.{number}.id", "")
        if row_id.isdecimal() and len(row_id) < 19:
            row["id"] = int(row_id)
        elif not any(_is_filled(value) for value in row.values()):
            continue  # an added row that nobody filled
        rows.append(row)
    return rows


def _is_filled(value: Any) -> bool:
    """Whether somebody typed it; the currency beside an empty amount is there by itself."""
    if isinstance(value, dict):
        return value.get("value") not in (None, "")
    return value not in (None, "", [], "false")


def names_in(info: TypeInfo, fields: Iterable[FieldInfo], form: Typed) -> dict[tuple[str, int], str]:
    """Names of the records that a form links to, for showing it again; those the person may see."""
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    for one in fields:
        targets = [(item, f"{one.name}.{number}.{item.name}") for item in item_fields(one)
                   for number in row_numbers(form, one.name)] or [(one, one.name)]  # fmt: skip
        for field, name in targets:
            if field.kind == "record":
                wanted += named_in(info, form.getlist(name))
                continue
            target = catalogue().find(USER if field.kind == "users" else field.field.to)
            if field.kind in ("link", "users") and target is not None:
                wanted += [
                    (info, target, int(text)) for text in form.getlist(name) if text.isdecimal() and len(text) < 19
                ]
    return links.names_of(wanted) if wanted else {}


def named_in(info: TypeInfo, texts: Iterable[str]) -> list[tuple[TypeInfo, TypeInfo, int]]:
    """The records that texts such as "deals.deal:17" name, as `links.names_of` wants them."""
    refs = [found for found in map(ref_of, texts) if found is not None]
    return [(info, target, ref.id) for ref in refs if (target := catalogue().find(ref.type_key)) is not None]
