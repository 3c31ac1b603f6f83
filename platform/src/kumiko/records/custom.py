"""Custom fields as the record layer sees them: values under a key of the `custom` column, read by an expression.

A custom field is a field like any other (`FieldInfo`), so lists, filters, forms, imports and REST know nothing special.
Its plain name is `custom_size`; journals, stored filters and REST say `custom.size`. An index of the database answers
a filter only when it holds the very same expression, so `expression` is the one place that writes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Date,
    DateTime,
    Dialect,
    Float,
    Numeric,
    String,
    Text,
    case,
    cast,
    func,
    literal_column,
    type_coerce,
)
from sqlalchemy.types import TypeDecorator, TypeEngine

from kumiko.host.columns import Id, MinorUnits
from kumiko.host.declarations import Choice
from kumiko.records.money import Money

#: How names of custom fields begin: plain ones, and those that are stored or written by programs.
PLAIN, STORED = "custom_", "custom."
_MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"  # of one width, so that texts sort as moments do


@dataclass(frozen=True, kw_only=True)
class ArchivedChoice(Choice):
    """A choice that records may keep, but nobody can choose any more."""


def public_name(name: str) -> str:
    """`custom.size` for `custom_size`; other names as they are."""
    return f"{STORED}{name.removeprefix(PLAIN)}" if name.startswith(PLAIN) else name


class DateText(TypeDecorator[date]):
    """A date inside JSON: its text, which sorts as the date does."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return value.isoformat() if isinstance(value, date) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> date | None:
        return _date(value)


class MomentText(TypeDecorator[datetime]):
    """A moment inside JSON: its text in UTC, all of one width."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return _moment_text(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        return _moment(value)


class ListText(TypeDecorator[Any]):
    """A list of texts inside JSON, as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return value if value is None or isinstance(value, str) else orjson.dumps(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return None


_TEXT = Text()
_TYPES: dict[str, tuple[TypeEngine[Any], ...]] = {
    "integer": (BigInteger(),),
    "number": (Float(53),),
    "percent": (Float(53),),
    "boolean": (Boolean(),),
    "date": (DateText(),),
    "moment": (MomentText(),),
    "multichoice": (ListText(),),
    "money": (MinorUnits, String(3)),
    "link": (Id,),
}
Node = Mapping[str, Any]
_JSON_NUMBERS = ("integer", "number", "percent", "link")


@dataclass(frozen=True)
class FieldRule:
    """When a field is shown, needed, not to be changed; None: always shown, never needed or locked by a rule."""

    shown_when: Node | None = None
    required_when: Node | None = None
    locked_when: Node | None = None


@dataclass(frozen=True)
class Place:
    """Where a custom field's values stand: the key in the JSON object. `kind`: that of the field."""

    key: str
    kind: str

    @property
    def columns(self) -> tuple[Column[Any], ...]:
        """Stand-ins for stored columns: their types tell what `expression` gives; they belong to no table."""
        types = _TYPES.get(self.kind, (_TEXT,))
        return tuple(Column(f"{STORED}{self.key}.{number}", kind, nullable=True) for number, kind in enumerate(types))

    def from_stored(self, held: Mapping[str, Any] | None) -> Any:
        """The Python value in a record's `custom` object; None for a value that does not fit the kind."""
        value = held.get(self.key) if held else None
        if value is None:
            return None
        if self.kind == "date":
            return _date(value)
        if self.kind == "moment":
            return _moment(value)
        if self.kind == "money":
            return _money(value)
        if self.kind == "multichoice":
            return value if isinstance(value, list) else None
        if self.kind == "boolean":
            return value if isinstance(value, bool) else None
        if self.kind in _JSON_NUMBERS:
            return value if isinstance(value, int | float) and not isinstance(value, bool) else None
        return value if isinstance(value, str) else None

    def from_journal(self, value: Any) -> Any:
        """The Python value of what the journal kept, maybe of another kind: then as it is, so that nothing is lost."""
        if isinstance(value, Mapping) and "value" in value:
            return Money.of(value["value"], str(value.get("currency") or ""))
        if self.kind == "date":
            return _date(value) or value
        return (_moment(value) or value) if self.kind == "moment" else value

    def to_stored(self, value: Any) -> Any:
        """What stands in the `custom` object for a Python value."""
        if isinstance(value, Money):
            return {"minor": value.minor, "currency": value.currency}
        if isinstance(value, datetime):
            return _moment_text(value)
        if isinstance(value, date):
            return value.isoformat()
        if self.kind in ("number", "percent") and isinstance(value, int) and not isinstance(value, bool):
            return float(value)
        return value


def wound_back(held: Mapping[str, Any], name: str, place: Place | None, value: Any) -> dict[str, Any]:
    """A `custom` object with the value that the journal kept of a field; without it for None."""
    kept = value if place is None or value is None else place.to_stored(place.from_journal(value))
    found = {**held, name.removeprefix(STORED): kept}
    return {key: one for key, one in found.items() if one is not None}


def expression(held: ColumnElement[Any], place: Place, number: int = 0, *, sqlite: bool) -> ColumnElement[Any]:
    """The value of a custom field as SQL, from a `custom` column: the very text that its index is made of.

    A value that does not fit the kind reads as nothing; it never breaks a list.
    """
    kind = place.columns[number].type
    if sqlite:
        path = f"'$.{place.key}'" if place.kind != "money" else f"'$.{place.key}.{('minor', 'currency')[number]}'"
        return func.json_extract(held, literal_column(path), type_=kind)
    key: ColumnElement[Any] = literal_column(f"'{place.key}'")
    if place.kind == "money":
        part: ColumnElement[Any] = literal_column(("'minor'", "'currency'")[number])
        text = held.op("->", return_type=_JSON)(key).op("->>", return_type=_TEXT)(part)
        return cast(text, kind) if number == 0 else text
    text = held.op("->>", return_type=kind if isinstance(kind, TypeDecorator) else _TEXT)(key)
    what = {"boolean": "boolean", **dict.fromkeys(_JSON_NUMBERS, "number")}.get(place.kind)
    if what is None:
        return text
    is_such = func.json_typeof(held.op("->", return_type=_JSON)(key), type_=_TEXT) == literal_column(f"'{what}'")
    whole = cast(text, Numeric()) if place.kind == "integer" else text
    return case((is_such, cast(whole, kind)))


def reckonable(column: ColumnElement[Any], *, sqlite: bool) -> ColumnElement[Any]:
    """A day or moment of a custom field as the functions of the database take it; other columns as they are."""
    kind = column.type
    if not isinstance(kind, DateText | MomentText):
        return column
    if sqlite:
        return func.datetime(column, type_=Text()) if isinstance(kind, MomentText) else column
    plain = type_coerce(column, Text())
    fits = plain.op("~")(literal_column(r"'^\d{4}-\d\d-\d\d'"))
    return case((fits, cast(plain, Date() if isinstance(kind, DateText) else DateTime(timezone=True))))


_JSON = Text()  # of an inner part: only ever taken apart further


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else value if isinstance(value, date) else None
    except ValueError:
        return None


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(value).astimezone(UTC) if isinstance(value, str) else None
    except ValueError:
        return None


def _moment_text(value: datetime) -> str:
    at = value.astimezone(UTC)
    return f"{at.year:04d}{at.strftime(_MOMENT[2:])}"


def _money(value: Any) -> Money | None:
    if not isinstance(value, Mapping) or not isinstance(value.get("minor"), int):
        return None
    return Money(value["minor"], str(value.get("currency") or ""))
