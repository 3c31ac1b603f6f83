"""marshmallow schemas made from record types: they check input and describe the API.

Input accepts what people and programs send (design 9) as well as Python values, and gives Python values:
text -> str or None, money -> Money, date -> date, moment -> aware UTC datetime, link -> LinkRef, list -> list of dicts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from math import isfinite
from typing import Any

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from marshmallow import RAISE, Schema, ValidationError, fields, missing
from sqlalchemy import Integer

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.money import Money, parse

MAX_TEXT = 100_000
MAX_ITEMS = 200
MAX_YEAR = 9998


@dataclass(frozen=True, slots=True)
class LinkRef:
    """A link as somebody wrote it: by id, or by the target's external id."""

    id: int | None = None
    external_id: str | None = None


class _Input(fields.Field[Any]):
    """Base of our fields: `""` and null mean empty, and the sentences are ours."""

    def __init__(self, info: FieldInfo, **kwargs: Any) -> None:
        super().__init__(allow_none=True, metadata={"description": str(info.field.help or info.field.label)}, **kwargs)
        self.info = info

    def deserialize(self, value: Any, attr: str | None = None, data: Any = None, **kwargs: Any) -> Any:
        if value is missing:
            return missing
        if value is None or value == "":
            return None
        parsed = self.parse(value)
        if self.info.field.validate is not None and parsed is not None:
            try:
                parsed = self.info.field.validate(parsed)
            except Invalid as fault:
                raise ValidationError(fault.message) from None
        return parsed

    def parse(self, value: Any) -> Any:
        raise ValidationError("this kind of field takes no input")


class TextField(_Input):
    one_line = True

    def parse(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValidationError(_("wanted a text, found %(kind)s", kind=_kind_of(value)))
        text = str(value)
        if "\x00" in text:
            raise ValidationError(_("a text cannot hold a NUL character"))
        if self.one_line:
            text = " ".join(text.split())
        limit = self.info.field.max_length or _column_length(self.info) or MAX_TEXT
        if len(text) > limit:
            raise ValidationError(
                _("at most %(limit)d characters fit here, found %(found)d", limit=limit, found=len(text))
            )
        return text or None


class LongTextField(TextField):
    one_line = False


class EmailField(TextField):
    def parse(self, value: Any) -> Any:
        text = super().parse(value)
        if text is None:
            return None
        try:
            return validate_email(text, check_deliverability=False).normalized
        except EmailNotValidError:
            raise ValidationError(
                _("%(value)r is no e-mail address; wanted something like ann@example.com", value=text)
            ) from None


class PhoneField(TextField):
    def parse(self, value: Any) -> Any:
        text = super().parse(value)
        if text is None:
            return None
        if not 3 <= sum(sign.isdigit() for sign in text) <= 20:
            raise ValidationError(_("%(value)r is no phone number; wanted something like +49 30 123456", value=text))
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            return text  # a local number is kept as typed
        if not phonenumbers.is_possible_number(number):
            return text
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class UrlField(TextField):
    def parse(self, value: Any) -> Any:
        text = super().parse(value)
        if text is None:
            return None
        if "://" not in text:
            text = f"https://{text}"
        if not re.match(r"^https?://[^\s/?#]+\.[^\s]*$|^https?://localhost\b\S*$", text, re.IGNORECASE):
            raise ValidationError(_("%(value)r is no web address; wanted something like example.com", value=text))
        return text


class IntegerField(_Input):
    def parse(self, value: Any) -> Any:
        number = _decimal(value)
        if number != number.to_integral_value() or abs(number) > _largest(self.info):
            raise ValidationError(_("wanted a whole number, found %(value)s", value=str(value)[:80]))
        return _within(self.info, int(number))


class NumberField(_Input):
    def parse(self, value: Any) -> Any:
        number = float(_decimal(value))
        if not isfinite(number):
            raise ValidationError(_("%(value)s is too large a number", value=str(value)[:80]))
        return _within(self.info, number)


class BooleanField(_Input):
    def parse(self, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in ("true", "1", "yes", "on", "y"):
            return True
        if word in ("false", "0", "no", "off", "n"):
            return False
        raise ValidationError(_("wanted true or false, found %(value)r", value=value))


class DateField(_Input):
    def parse(self, value: Any) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        raise ValidationError(_("wanted a date such as 2026-11-22, found %(value)r", value=str(value)))


class MomentField(_Input):
    def parse(self, value: Any) -> Any:
        moment = value
        if isinstance(value, str):
            try:
                moment = datetime.fromisoformat(value.strip())
            except ValueError:
                moment = None
        if not isinstance(moment, datetime) or moment.tzinfo is None:
            raise ValidationError(
                _("wanted a moment with zone such as 2026-11-22T09:30:00Z, found %(value)r", value=str(value))
            )
        try:
            moment = moment.astimezone(UTC)
        except OverflowError:
            moment = None
        # Year 9999 in UTC may be year 10000 in the zone of a database's connection, which could not be read again.
        if moment is None or moment.year > MAX_YEAR:
            raise ValidationError(_("wanted a moment from year 1 to %(most)d", most=MAX_YEAR))
        return moment


class ChoiceField(_Input):
    def parse(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.info.choices:
            return value
        raise ValidationError(
            _("%(value)r is not offered; wanted one of: %(offered)s", value=value, offered=", ".join(self.info.choices))
        )


class MultiChoiceField(_Input):
    def parse(self, value: Any) -> Any:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of values, found %(kind)s", kind=_kind_of(value)))
        if not all(isinstance(one, str) for one in values):
            raise ValidationError(_("wanted a list of texts"))
        unknown = [one for one in values if one not in self.info.choices]
        if unknown and self.info.choices:
            raise ValidationError(
                _(
                    "%(value)r is not offered; wanted some of: %(offered)s",
                    value=unknown[0],
                    offered=", ".join(self.info.choices),
                )
            )
        return sorted({str(one) for one in values}) or None


class MoneyField(_Input):
    def parse(self, value: Any) -> Any:
        try:
            if isinstance(value, Money):
                return value
            if isinstance(value, Mapping):
                extra = set(value) - {"value", "currency"}
                if extra:
                    raise ValidationError(_("unknown part %(name)r; money has value and currency", name=min(extra)))
                if value.get("value") in (None, ""):
                    return None
                return Money.of(value["value"], str(value.get("currency") or company_currency()))
            if isinstance(value, bool):
                raise ValidationError(_("wanted an amount, found %(kind)s", kind=_kind_of(value)))
            return parse(str(value), company_currency())
        except Invalid as fault:
            raise ValidationError(fault.message) from None


class LinkField(_Input):
    def parse(self, value: Any) -> Any:
        if isinstance(value, LinkRef):
            return value
        if isinstance(value, Mapping):
            if value.get("hidden"):
                raise ValidationError(_("this link is hidden from you; leave it out to keep it"))
            if value.get("external_id"):
                return LinkRef(external_id=str(value["external_id"]))
            value = value.get("id")
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62:
            return LinkRef(id=value)
        if isinstance(value, str) and value.strip().isdecimal() and len(value) < 19:
            return LinkRef(id=int(value))
        raise ValidationError(
            _('wanted the id of a record, or {"external_id": "..."}, found %(value)r', value=str(value)[:80])
        )


class TagsField(_Input):
    def parse(self, value: Any) -> Any:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of tags, found %(kind)s", kind=_kind_of(value)))
        if not all(isinstance(one, str | int) for one in values):
            raise ValidationError(_("wanted a list of texts"))
        tags = {" ".join(str(one).split()) for one in values} - {""}
        if any(len(tag) > 80 for tag in tags) or len(tags) > 50:
            raise ValidationError(_("at most 50 tags of 80 characters"))
        return frozenset(tags)


class UsersField(_Input):
    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of users, found %(kind)s", kind=_kind_of(value)))
        link = LinkField(self.info)
        return [link.parse(one) for one in value]


class ExternalIdsField(_Input):
    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValidationError(_('wanted a list of {"system", "id"}, found %(kind)s', kind=_kind_of(value)))
        found: dict[str, str] = {}
        for one in value:
            if not isinstance(one, Mapping) or not isinstance(one.get("id"), str | int) or not one["id"]:
                raise ValidationError(_('each external id is {"system", "id"}'))
            found[str(one.get("system") or "")[:80]] = str(one["id"])[:300]
        return found


class JsonField(_Input):
    def parse(self, value: Any) -> Any:
        return value


class ListField(_Input):
    """Rows: a list of objects; a row with `id` is the existing one, without `id` a new one."""

    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValidationError(_("wanted a list of rows, found %(kind)s", kind=_kind_of(value)))
        if len(value) > MAX_ITEMS:
            raise ValidationError(_("at most %(limit)d rows, found %(found)d", limit=MAX_ITEMS, found=len(value)))
        schema = item_schema(self.info)
        rows: list[dict[str, Any]] = []
        faults: dict[int, Any] = {}
        for index, one in enumerate(value):
            if not isinstance(one, Mapping):
                faults[index] = [_("wanted an object, found %(kind)s", kind=_kind_of(one))]
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


_KINDS: dict[str, type[_Input]] = {
    "text": TextField,
    "longtext": LongTextField,
    "email": EmailField,
    "phone": PhoneField,
    "url": UrlField,
    "integer": IntegerField,
    "number": NumberField,
    "percent": NumberField,
    "money": MoneyField,
    "boolean": BooleanField,
    "date": DateField,
    "moment": MomentField,
    "choice": ChoiceField,
    "multichoice": MultiChoiceField,
    "link": LinkField,
    "list": ListField,
    "tags": TagsField,
    "users": UsersField,
    "external_ids": ExternalIdsField,
    "json": JsonField,
}


def input_field(info: FieldInfo) -> _Input:
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
        members = {one.name: input_field(one) for one in item_fields(info)}
        cache[key] = Schema.from_dict(members, name=f"{info.part_table.name}_row")(unknown=RAISE)
    found: Schema = cache[key]
    return found


def field_input_schema(declared: tuple[FieldInfo, ...], name: str) -> Schema:
    """Schema for loose fields (the inputs of an action)."""
    return Schema.from_dict({one.name: input_field(one) for one in declared}, name=name)(unknown=RAISE)


def load(schema: Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Checked Python values; Invalid with one list of sentences per field."""
    try:
        return schema.load(values)  # type: ignore[return-value]
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


def _decimal(value: Any) -> Decimal:
    if not isinstance(value, bool):
        try:
            number = Decimal(str(value).strip())
            if number.is_finite():
                return number
        except InvalidOperation:
            pass
    raise ValidationError(_("wanted a number such as 12.5, found %(value)r", value=str(value)[:80]))


def _within(info: FieldInfo, number: Any) -> Any:
    low, high = info.field.minimum, info.field.maximum
    if info.kind == "percent":
        low, high = (0 if low is None else low), (100 if high is None else high)
    if (low is not None and number < low) or (high is not None and number > high):
        raise ValidationError(
            _(
                "wanted a number from %(low)s to %(high)s, found %(value)s",
                low="-" if low is None else low,
                high="-" if high is None else high,
                value=number,
            )
        )
    return number


def _largest(info: FieldInfo) -> int:
    """The largest whole number that fits the field's column on both databases."""
    small = bool(info.columns) and type(info.columns[0].type) is Integer
    return 2**31 - 1 if small else 2**53


def _column_length(info: FieldInfo) -> int | None:
    return getattr(info.columns[0].type, "length", None) if info.columns else None


def _kind_of(value: Any) -> str:
    words = {dict: "an object", list: "a list", bool: "true or false", int: "a number", float: "a number", str: "a text"}
    return words.get(type(value), type(value).__name__)


def company_currency() -> str:
    """Currency used where an amount came without one."""
    from kumiko.host import settings  # local: cycle

    return str(settings.get("host.currency", "EUR"))
