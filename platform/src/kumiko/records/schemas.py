"""marshmallow schemas made from record types: they check input and describe the API.

Input accepts what people and programs send (design 9) as well as Python values, and gives Python values:
text -> str or None, money -> Money, date -> date, moment -> aware UTC datetime, link and record -> LinkRef,
list -> list of dicts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import input_fields as kinds
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.input_fields import InputField, LinkRef, company_currency, kind_of

__all__ = ["LinkRef", "company_currency", "field_input_schema", "input_field", "input_schema", "item_schema", "load"]

MAX_ITEMS = 200


class ListField(InputField):
    """Rows: a list of objects; a row with `id` is the existing one, without `id` a new one."""

    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValidationError(_("wanted a list of rows, found %(kind)s", kind=kind_of(value)))
        if len(value) > MAX_ITEMS:
            raise ValidationError(_("at most %(limit)d rows, found %(found)d", limit=MAX_ITEMS, found=len(value)))
        schema = item_schema(self.info)
        rows: list[dict[str, Any]] = []
        faults: dict[int, Any] = {}
        for index, one in enumerate(value):
            if not isinstance(one, Mapping):
                faults[index] = [_("wanted an object, found %(kind)s", kind=kind_of(one))]
                continue
            body = dict(one)
            row_id = body.pop("id", None)
            try:
                row = schema.load(body)
            except ValidationError as fault:
                faults[index] = fault.messages
                continue
            known = isinstance(row_id, int) and not isinstance(row_id, bool) and 0 < row_id < 2**62
            rows.append({"id": row_id if known else None, **row})
        if faults:
            raise ValidationError([_flat(index, lines) for index, lines in faults.items()])
        return rows


_KINDS: dict[str, type[InputField]] = {
    "text": kinds.TextField,
    "longtext": kinds.LongTextField,
    "email": kinds.EmailField,
    "phone": kinds.PhoneField,
    "url": kinds.UrlField,
    "integer": kinds.IntegerField,
    "number": kinds.NumberField,
    "percent": kinds.NumberField,
    "money": kinds.MoneyField,
    "boolean": kinds.BooleanField,
    "date": kinds.DateField,
    "moment": kinds.MomentField,
    "choice": kinds.ChoiceField,
    "multichoice": kinds.MultiChoiceField,
    "link": kinds.LinkField,
    "record": kinds.RecordField,
    "list": ListField,
    "tags": kinds.TagsField,
    "users": kinds.UsersField,
    "external_ids": kinds.ExternalIdsField,
    "json": kinds.JsonField,
}


def input_field(info: FieldInfo) -> InputField:
    """The marshmallow field that checks input for a field."""
    return _KINDS[info.kind](info)


def input_schema(info: TypeInfo, names: frozenset[str]) -> Schema:
    """Schema that checks input for these fields of a type; kept with the catalogue."""
    cache = catalogue().cache
    key = ("input", info.key, names)
    if key not in cache:
        cache[key] = Schema.from_dict(
            {name: input_field(one) for name, one in info.fields.items() if name in names},
            name=f"{info.key.replace('.', '_')}_input",
        )(unknown=RAISE)
    found: Schema = cache[key]
    return found


def item_schema(info: FieldInfo) -> Schema:
    """Schema of one row of a list field."""
    cache = catalogue().cache
    key = ("item", info.plugin, info.part_table.name)
    if key not in cache:
        members: dict[str, Any] = {one.name: input_field(one) for one in item_fields(info)}
        cache[key] = Schema.from_dict(members, name=f"{info.part_table.name}_row")(unknown=RAISE)
    found: Schema = cache[key]
    return found


def field_input_schema(declared: tuple[FieldInfo, ...], name: str) -> Schema:
    """Schema for loose fields (the inputs of an action)."""
    return Schema.from_dict({one.name: input_field(one) for one in declared}, name=name)(unknown=RAISE)


def load(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked Python values; Invalid with one list of sentences per field."""
    try:
        loaded: dict[str, Any] = schema.load(values)
        return loaded
    except ValidationError as fault:
        raise Invalid(_("Some values are not accepted."), _sentences(fault, schema)) from None


def _sentences(fault: ValidationError, schema: Schema) -> dict[str, list[str]]:
    messages: Mapping[Any, Any] = fault.messages if isinstance(fault.messages, Mapping) else {"": fault.messages}
    found: dict[str, list[str]] = {}
    for name, lines in messages.items():
        if name not in schema.fields:
            found[str(name)] = [
                _("there is no field %(name)r here; known are: %(known)s", name=name, known=", ".join(schema.fields))
            ]
        else:
            found[str(name)] = [str(line) for line in (lines if isinstance(lines, list) else [lines])]
    return found


def _flat(index: int, lines: Any) -> str:
    if isinstance(lines, Mapping):
        lines = [f"{name}: {' '.join(map(str, value))}" for name, value in lines.items()]
    return _("row %(number)d: %(text)s", number=index + 1, text=" ".join(map(str, lines)))
