"""Values in filters: read and checked, with sentences; days may be words that move with the calendar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from kumiko.host import context
from kumiko.host.columns import utc_now
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.record_refs import ref_of

MAX_VALUES = 1000


def values_of(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, list) or not value or len(value) > MAX_VALUES:
        raise invalid(_("%(name)s wants a list of 1 to %(limit)d values", name=name, limit=MAX_VALUES), name)
    return value


def pair_of(value: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise invalid(_("%(name)s between wants two values", name=name), name)
    return value[0], value[1]


def text_of(value: Any, name: str) -> str:
    if isinstance(value, dict | list) or value is None or (isinstance(value, str) and "\x00" in value):
        raise invalid(_("%(name)s wants a text", name=name), name)
    return str(value)


def integer_of(value: Any, name: str) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise invalid(
            _("%(name)s wants a whole number, found %(found)r", name=name, found=str(value)[:60]), name
        ) from None
    if abs(number) >= 2**63:
        raise invalid(_("%(name)s: %(found)s is too large", name=name, found=number), name)
    return number


def link_id_of(value: Any, name: str) -> int:
    if value == "me":
        return context.principal().user_id or 0
    return integer_of(value.get("id") if isinstance(value, Mapping) else value, name)


def record_id_of(value: Any, name: str) -> int:
    """Id of a record of any type; ids are unique among all types, so the type may be left out."""
    found = ref_of(value)
    return found.id if found is not None else link_id_of(value, name)


def number_of(value: Any, name: str) -> float:
    try:
        number = float(str(value).strip())
    except ValueError:
        number = float("nan")
    if number != number or abs(number) > 1e15:
        raise invalid(_("%(name)s wants a number, found %(found)r", name=name, found=str(value)[:60]), name)
    return number


def truth_of(value: Any, name: str) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise invalid(_("%(name)s wants true or false, found %(found)r", name=name, found=str(value)[:60]), name)


#: Words for days that move with the calendar; a saved view stays right tomorrow.
_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}


def date_of(value: Any, name: str) -> date:
    text = str(value).strip()
    if text in _DAYS:
        return datetime.now(reader_zone()).date() + timedelta(days=_DAYS[text])
    if text[:1] in ("+", "-") and text[1:].rstrip("d").isdecimal() and len(text) < 7:
        return datetime.now(reader_zone()).date() + timedelta(days=int(text.rstrip("d")))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise invalid(
            _("%(name)s wants a date such as 2026-11-22, or today, +7d; found %(found)r", name=name, found=text[:60]),
            name,
        ) from None


def moment_of(value: Any, name: str, *, end: bool) -> datetime:
    text = str(value).strip()
    if text == "now":
        return utc_now()
    if len(text) > 10:
        try:
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None and 1 < moment.year < 9999:
            return moment.astimezone(UTC)
        raise invalid(
            _(
                "%(name)s wants a moment with zone such as 2026-11-22T09:30:00Z, found %(found)r",
                name=name,
                found=text[:60],
            ),
            name,
        )
    day = date_of(text, name)
    if not 1 < day.year < 9999:
        raise invalid(_("%(name)s wants a day of the years 2 to 9998", name=name), name)
    day += timedelta(days=1 if end else 0)
    return datetime.combine(day, time(), reader_zone()).astimezone(UTC)


def reader_zone() -> ZoneInfo:
    from kumiko.host import settings  # local: cycle

    name = context.principal().zone or str(settings.get("host.zone", "UTC"))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def invalid(sentence: str, name: str = "filter") -> Invalid:
    return Invalid(sentence, {name: [sentence]})
