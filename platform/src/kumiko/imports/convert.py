"""Cells of a column to checked values of a field, by the field's kind; equal cells are read once."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import orjson
from marshmallow import ValidationError

from kumiko.host import context, settings
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.imports import values
from kumiko.imports.cells import Cell
from kumiko.imports.plan import Leaf
from kumiko.imports.values import DateOrder, DecimalMark
from kumiko.records import money, schemas
from kumiko.records.catalogue import FieldInfo
from kumiko.records.money import Money

#: Distinct cells of one column that are remembered.
REMEMBERED = 20_000
_SEPARATORS = re.compile(r"\s*[,;|\n]\s*")
_CODE = re.compile(r"^\s*-?\(?([A-Za-z]{3})\b|\b([A-Za-z]{3})\)?\s*$")
_PLAIN_AMOUNT = re.compile(r"(-?)(\d{1,14})(?:\.(\d{1,2}))?")
_TEXTS = frozenset({"text", "longtext", "email", "phone", "url"})
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ].*)?")


@dataclass(frozen=True, slots=True)
class Habits:
    """How a column writes days and numbers; None where nothing decides."""

    date_order: DateOrder | None = None
    decimal_mark: DecimalMark | None = None


class Fault:
    """A cell that is not accepted, as a remembered outcome."""

    __slots__ = ("sentence",)

    def __init__(self, sentence: str) -> None:
        self.sentence = sentence


Reader = Callable[[Cell], Any]


class Column:
    """Reads the cells of one leaf: `read(cell, row)` gives the value, or a Fault with a sentence."""

    def __init__(self, leaf: Leaf, habits: Habits) -> None:
        self.leaf = leaf
        self._habits = habits
        self._parse = _reader(leaf, habits)
        self._is_money = leaf.one is not None and leaf.one.kind == "money"
        self._is_copied = leaf.one is not None and leaf.one.kind in ("list", "json")
        # Names and ids differ in every row, and reading a text costs no more than remembering it.
        self._remembers = leaf.one is not None and leaf.one.kind not in _TEXTS
        self._known: dict[Any, Any] = {}

    def read(self, cell: Cell, currency: str | None = None) -> Any:
        """The value of a cell that is not empty. `currency`: what the row says for an amount."""
        if not self._remembers:
            return self._read(cell, currency)
        key = (cell.__class__, cell, currency)
        found = self._known.get(key, self)
        if found is self:
            found = self._read(cell, currency)
            if len(self._known) < REMEMBERED:
                self._known[key] = found
        return copy.deepcopy(found) if self._is_copied else found

    def _read(self, cell: Cell, currency: str | None) -> Any:
        try:
            if self._is_money:
                return self._checked(_amount(cell, currency, self._habits.decimal_mark))
            return self._parse(cell)
        except Invalid as fault:
            return Fault(fault.message)
        except ValidationError as fault:
            lines = fault.messages if isinstance(fault.messages, list) else [fault.messages]
            return Fault(" ".join(str(line) for line in lines))

    def _checked(self, value: Any) -> Any:
        return self._parse(value)


def _reader(leaf: Leaf, habits: Habits) -> Reader:
    one = leaf.one
    if one is None:
        return _id if leaf.source.path.rpartition(".")[2] == "id" else _external
    check = schemas.input_field(one).deserialize
    parse = _PARSERS.get(one.kind)
    if parse is None:
        return lambda cell: check(text_of(cell))
    return lambda cell: check(parse(cell, one, habits))


def text_of(cell: Cell) -> str:
    """A cell as the text that a text field keeps: numbers as a spreadsheet shows them, days as YYYY-MM-DD."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return f"{cell:.15g}"
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def _external(cell: Cell) -> str:
    text = " ".join(text_of(cell).split())
    if len(text) > 300:
        raise Invalid(_("at most %(limit)d characters fit here, found %(found)d", limit=300, found=len(text)))
    return text


def _id(cell: Cell) -> int:
    text = text_of(cell).strip()
    if not text.isdigit() or len(text) > 18:
        raise Invalid(_("The id of a record (a whole number) is wanted, %(found)s was found.", found=repr(text[:40])))
    return int(text)


def _number(cell: Cell, one: FieldInfo, habits: Habits) -> Any:
    if one.kind == "percent" and isinstance(cell, str):
        cell = cell.replace("%", "")
    return values.parse_number(cell, habits.decimal_mark)


def _date(cell: Cell, one: FieldInfo, habits: Habits) -> date:
    return values.parse_date(cell, habits.date_order)


def _moment(cell: Cell, one: FieldInfo, habits: Habits) -> datetime:
    return values.parse_moment(cell, zone_of_person(), habits.date_order)


def zone_of_person() -> ZoneInfo:
    """The zone of clock times without an offset, in files that the acting person brings or takes out."""
    name = context.principal().zone or str(settings.get("host.zone") or "UTC")
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def _boolean(cell: Cell, one: FieldInfo, habits: Habits) -> bool:
    return values.parse_boolean(cell)


def _choice(cell: Cell, one: FieldInfo, habits: Habits) -> Any:
    """The key of the choice that the text names, by key or by label, in any case."""
    text = " ".join(text_of(cell).split())
    if text in one.choices:
        return text
    folded = text.casefold()
    for key, choice in one.choices.items():
        if folded in (key.casefold(), str(choice.label).casefold()):
            return key
    offered = ", ".join(f"{key} ({choice.label})" for key, choice in one.choices.items())
    raise Invalid(_("%(value)r is not offered; wanted one of: %(offered)s", value=text[:80], offered=offered))


def _choices(cell: Cell, one: FieldInfo, habits: Habits) -> Any:
    words = parts_of(cell)
    return [_choice(word, one, habits) for word in words] if one.choices else words


def parts_of(cell: Cell) -> list[str]:
    """The texts in a cell that holds several, parted by comma, semicolon, bar or line break."""
    return [text for text in _SEPARATORS.split(text_of(cell).strip()) if text]


def _tags(cell: Cell, one: FieldInfo, habits: Habits) -> Any:
    return parts_of(cell)


def _json(cell: Cell, one: FieldInfo, habits: Habits) -> Any:
    try:
        return orjson.loads(text_of(cell))
    except orjson.JSONDecodeError:
        raise Invalid(
            _("JSON is wanted, as an export writes it; %(found)r was found.", found=text_of(cell)[:60])
        ) from None


def _amount_given(cell: Any, one: FieldInfo, habits: Habits) -> Any:
    return cell  # a Money already


_PARSERS: dict[str, Callable[[Any, FieldInfo, Habits], Any]] = {
    "integer": _number,
    "number": _number,
    "percent": _number,
    "money": _amount_given,
    "boolean": _boolean,
    "date": _date,
    "moment": _moment,
    "choice": _choice,
    "multichoice": _choices,
    "tags": _tags,
    "list": _json,
    "json": _json,
}


def _amount(cell: Cell, currency: str | None, mark: DecimalMark | None) -> Money:
    """Money from a cell. The currency: what the row says, else a code in the cell, else the company's."""
    code = (currency or "").strip().upper()
    if not code:
        match = _CODE.search(cell) if isinstance(cell, str) else None
        named = (match[1] or match[2]).upper() if match else ""
        code = named if named in money.known_currencies() else schemas.company_currency()
    if code not in money.known_currencies():
        raise Invalid(_("currency %(code)r is unknown; give an ISO code such as USD or EUR", code=code))
    plain = _PLAIN_AMOUNT.fullmatch(cell) if isinstance(cell, str) and mark != "," else None
    if plain is not None and money.exponent(code) == 2:  # most amounts of most files
        cents = int(plain[2]) * 100 + int((plain[3] or "0").ljust(2, "0"))
        return Money(-cents if plain[1] else cents, code)
    minor = values.parse_money_minor(cell, code, mark)
    if abs(minor) > money.MAX_MINOR:
        raise Invalid(_("%(value)s is more than Kumiko counts; the largest amount is 10^17 minor units", value=cell))
    return Money(minor, code)


_DAYS = frozenset({"date", "moment"})
_NUMBERS = frozenset({"integer", "number", "percent", "money"})


class Survey:
    """Collects what may tell the habits of columns, in one pass over the file."""

    def __init__(self, leaves: Iterable[Leaf], *, date_order: str, decimal_mark: str) -> None:
        self._given = Habits(cast(DateOrder | None, date_order or None), cast(DecimalMark | None, decimal_mark or None))
        self._seen: dict[str, set[str]] = {}
        for leaf in leaves:
            kind = leaf.one.kind if leaf.one is not None else ""
            asked = (kind in _DAYS and not date_order) or (kind in _NUMBERS and not decimal_mark)
            if asked and leaf.source.column is not None:
                self._seen[leaf.source.column] = set()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that must be looked at; none when everything was said."""
        return tuple(self._seen)

    def add(self, row: dict[str, Cell]) -> None:
        for column, seen in self._seen.items():
            cell = row[column]
            if isinstance(cell, str) and not cell.isdigit() and not _ISO.fullmatch(cell):
                seen.add(cell)

    def habits_of(self, leaf: Leaf) -> Habits:
        seen = self._seen.get(leaf.source.column or "")
        if seen is None:
            return self._given
        kind = leaf.one.kind if leaf.one is not None else ""
        return Habits(
            self._given.date_order or (values.column_date_order(seen) if kind in _DAYS else None),
            self._given.decimal_mark or (values.column_decimal_mark(seen) if kind in _NUMBERS else None),
        )
