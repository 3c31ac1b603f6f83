"""marshmallow fields, one per kind of field: what input is accepted, and what Python value it becomes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isfinite
from typing import Any

from email_validator import EmailNotValidError, validate_email
from marshmallow import ValidationError, fields, missing
from sqlalchemy import Integer

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import phone_numbers
from kumiko.records.catalogue import FieldInfo
from kumiko.records.money import Money, parse
from kumiko.records.record_refs import ref_of

MAX_TEXT = 100_000
MAX_YEAR = 9998


@dataclass(frozen=True, slots=True)
class LinkRef:
    """A link as somebody wrote it: by id, or by the target's external id. `to`: its type, when the field takes any."""

    id: int | None = None
    external_id: str | None = None
    to: str = ""


class InputField(fields.Field[Any]):
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


class TextField(InputField):
    one_line = True

    def __init__(self, info: FieldInfo, **kwargs: Any) -> None:
        super().__init__(info, **kwargs)
        self.limit = info.field.max_length or _column_length(info) or MAX_TEXT

    def parse(self, value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
            raise ValidationError(_("wanted a text, found %(kind)s", kind=kind_of(value)))
        text = str(value)
        if "\x00" in text:
            raise ValidationError(_("a text cannot hold a NUL character"))
        if self.one_line:
            text = " ".join(text.split())
        if len(text) > self.limit:
            raise ValidationError(
                _("at most %(limit)d characters fit here, found %(found)d", limit=self.limit, found=len(text))
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
            return _address(text)
        except EmailNotValidError:
            raise ValidationError(
                _("%(value)r is no e-mail address; wanted something like ann@example.com", value=text)
            ) from None


_PLAIN_LOCAL = re.compile(r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*")


def _address(text: str) -> str:
    """The address in its normal form; EmailNotValidError. Usual ones need only their domain looked at, once for all."""
    local, mark, domain = text.rpartition("@")
    usual = mark and text.isascii() and len(text) <= 254 and len(local) <= 64 and _PLAIN_LOCAL.fullmatch(local)
    return f"{local}@{_domain(domain)}" if usual else validate_email(text, check_deliverability=False).normalized


@lru_cache(maxsize=20_000)
def _domain(domain: str) -> str:
    return validate_email(f"a@{domain}", check_deliverability=False).normalized.removeprefix("a@")


class PhoneField(TextField):
    def parse(self, value: Any) -> Any:
        text = super().parse(value)
        if text is None:
            return None
        if not 3 <= sum(sign.isdigit() for sign in text) <= 20:
            raise ValidationError(_("%(value)r is no phone number; wanted something like +49 30 123456", value=text))
        return phone_numbers.normal_form(text)  # a local number is kept as typed


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


class IntegerField(InputField):
    def parse(self, value: Any) -> Any:
        number = _decimal(value)
        if number != number.to_integral_value() or abs(number) > _largest(self.info):
            raise ValidationError(_("wanted a whole number, found %(value)s", value=str(value)[:80]))
        return _within(self.info, int(number))


class NumberField(InputField):
    def parse(self, value: Any) -> Any:
        number = float(_decimal(value))
        if not isfinite(number):
            raise ValidationError(_("%(value)s is too large a number", value=str(value)[:80]))
        return _within(self.info, number)


class BooleanField(InputField):
    def parse(self, value: Any) -> Any:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in ("true", "1", "yes", "on", "y"):
            return True
        if word in ("false", "0", "no", "off", "n"):
            return False
        raise ValidationError(_("wanted true or false, found %(value)r", value=value))


class DateField(InputField):
    def parse(self, value: Any) -> Any:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        if isinstance(value, str):
            try:
                return date.fromisoformat(value.strip())
            except ValueError:
                pass
        raise ValidationError(_("wanted a date such as 2026-11-22, found %(value)r", value=str(value)))


class MomentField(InputField):
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


class ChoiceField(InputField):
    def parse(self, value: Any) -> Any:
        if isinstance(value, str) and value in self.info.choices:
            return value
        raise ValidationError(
            _("%(value)r is not offered; wanted one of: %(offered)s", value=value, offered=", ".join(self.info.choices))
        )


class MultiChoiceField(InputField):
    def parse(self, value: Any) -> Any:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of values, found %(kind)s", kind=kind_of(value)))
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


class MoneyField(InputField):
    def parse(self, value: Any) -> Any:
        found = self._amount(value)
        if found is not None:
            _within(self.info, Decimal(found.value))
        return found

    def _amount(self, value: Any) -> Money | None:
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
                raise ValidationError(_("wanted an amount, found %(kind)s", kind=kind_of(value)))
            return parse(str(value), company_currency())
        except Invalid as fault:
            raise ValidationError(fault.message) from None


class LinkField(InputField):
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


class RecordField(InputField):
    """A record of any type: {"type", "id"}, {"type", "external_id"} or "deals.deal:17"."""

    def parse(self, value: Any) -> Any:
        if isinstance(value, LinkRef) and value.to:
            return value
        if isinstance(value, Mapping):
            if value.get("hidden"):
                raise ValidationError(_("this link is hidden from you; leave it out to keep it"))
            kind, external_id = str(value.get("type") or ""), value.get("external_id")
            if kind and isinstance(external_id, str) and external_id:
                return LinkRef(external_id=external_id, to=kind)
            value = (kind, value.get("id"))
        if isinstance(value, tuple | list) and len(value) == 2:
            value = f"{value[0]}:{value[1]}"
        found = ref_of(value)
        if found is None:
            raise ValidationError(
                _('wanted a record such as {"type": "deals.deal", "id": 17}, found %(value)r', value=str(value)[:80])
            )
        return LinkRef(id=found.id, to=found.type_key)


class TagsField(InputField):
    def parse(self, value: Any) -> Any:
        values = value.split(",") if isinstance(value, str) else value
        if not isinstance(values, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of tags, found %(kind)s", kind=kind_of(value)))
        if not all(isinstance(one, str | int) for one in values):
            raise ValidationError(_("wanted a list of texts"))
        tags = {" ".join(str(one).split()) for one in values} - {""}
        if any(len(tag) > 80 for tag in tags) or len(tags) > 50:
            raise ValidationError(_("at most 50 tags of 80 characters"))
        return frozenset(tags)


class UsersField(InputField):
    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple | set | frozenset):
            raise ValidationError(_("wanted a list of users, found %(kind)s", kind=kind_of(value)))
        link = LinkField(self.info)
        return [link.parse(one) for one in value]


class ExternalIdsField(InputField):
    def parse(self, value: Any) -> Any:
        if not isinstance(value, list | tuple):
            raise ValidationError(_('wanted a list of {"system", "id"}, found %(kind)s', kind=kind_of(value)))
        found: dict[str, str] = {}
        for one in value:
            if not isinstance(one, Mapping) or not isinstance(one.get("id"), str | int) or not one["id"]:
                raise ValidationError(_('each external id is {"system", "id"}'))
            found[str(one.get("system") or "")[:80]] = str(one["id"])[:300]
        return found


class JsonField(InputField):
    def parse(self, value: Any) -> Any:
        return value


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
    if high is None and low is not None and number < low:
        raise ValidationError(_("wanted %(low)s or more, found %(value)s", low=f"{low:.15g}", value=f"{number:.15g}"))
    if low is None and high is not None and number > high:
        raise ValidationError(
            _("wanted %(high)s or less, found %(value)s", high=f"{high:.15g}", value=f"{number:.15g}")
        )
    if low is not None and high is not None and not low <= number <= high:
        raise ValidationError(
            _(
                "wanted a number from %(low)s to %(high)s, found %(value)s",
                low=low,
                high=high,
                value=f"{number:g}",
            )
        )
    return number


def _largest(info: FieldInfo) -> int:
    """The largest whole number that fits the field's column on both databases."""
    small = bool(info.columns) and type(info.columns[0].type) is Integer
    return 2**31 - 1 if small else 2**53


def _column_length(info: FieldInfo) -> int | None:
    return getattr(info.columns[0].type, "length", None) if info.columns else None


def kind_of(value: Any) -> str:
    words = {
        dict: "an object",
        list: "a list",
        bool: "true or false",
        int: "a number",
        float: "a number",
        str: "a text",
    }
    return words.get(type(value), type(value).__name__)


def company_currency() -> str:
    """Currency used where an amount came without one."""
    from kumiko.host import settings  # local: cycle

    return str(settings.get("host.currency", "EUR"))
