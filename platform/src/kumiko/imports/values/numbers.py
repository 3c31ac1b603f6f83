"""Numbers and amounts of money from text of any country."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Literal

from babel.numbers import get_currency_precision, is_currency

from kumiko.imports.cells import Cell
from kumiko.imports.values.faults import ValueFault

DecimalMark = Literal[".", ","]

#: The largest amount that a column of minor units holds.
MAX_MINOR = 2**63 - 1

_MAX_CHARS = 60
# Spaces (plain, no-break, thin, narrow no-break) and apostrophes only ever group digits.
_GROUPING = " \u00a0\u2009\u202f'\u2019"
_SIGNS = str.maketrans({"\u2212": "-", "\uff0d": "-", "\u2013": "-"})
_EXPONENT = re.compile(r"-?[0-9]+(?:\.[0-9]+)?[eE][+-]?[0-9]{1,2}")
_GROUPED = {
    mark: re.compile(rf"[0-9]{{1,3}}(?:{re.escape(mark)}[0-9]{{2,3}})*{re.escape(mark)}[0-9]{{3}}") for mark in ".,"
}
_SPACED = re.compile(rf"([0-9]{{1,3}})((?:[{_GROUPING}][0-9]{{3}})+)((?:[.,][0-9]*)?)")
_SYMBOLS = {
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "MXN", "SGD", "HKD", "ARS", "CLP", "COP", "TWD"}),
    "US$": frozenset({"USD"}),
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "₽": frozenset({"RUB"}),
    "руб.": frozenset({"RUB"}),
    "₴": frozenset({"UAH"}),
    "₹": frozenset({"INR"}),
    "₩": frozenset({"KRW"}),
    "₺": frozenset({"TRY"}),
    "zł": frozenset({"PLN"}),
    "Kč": frozenset({"CZK"}),
    "kr": frozenset({"SEK", "NOK", "DKK"}),
    "Fr.": frozenset({"CHF"}),
    "R$": frozenset({"BRL"}),
}
_DIGITS = re.compile(rf"[0-9.,{_GROUPING}]*[0-9]")


def parse_number(cell: Cell, decimal_mark: DecimalMark | None = None) -> Decimal:
    """The exact number in a cell.

    "1,234.50", "1.234,50", "1 234,50", "1'234.50" and "(5)" for -5 are understood. Where one separator can be read both
    ways ("1,234"), `decimal_mark` decides; without it the value is refused. Numbers of a workbook are taken with the
    15 digits that a spreadsheet shows.
    """
    if isinstance(cell, bool) or not isinstance(cell, (str, int, float)):
        raise ValueFault("A number", cell)
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        if not math.isfinite(cell):
            raise ValueFault("A number", cell)
        return Decimal(f"{cell:.15g}")
    return _from_text(cell, decimal_mark)


def parse_money_minor(cell: Cell, currency: str, decimal_mark: DecimalMark | None = None) -> int:
    """The amount in minor units of the currency (cents for USD, yen for JPY, fils for KWD).

    The cell may name the currency by code or sign; another one than `currency` is refused. Nothing is rounded: more
    decimals than the currency has are refused.
    """
    if not _is_currency(currency):
        raise ValueFault("The code of a currency (such as USD)", currency)
    if isinstance(cell, str):
        cell = _without_unit(cell, currency)
    amount = parse_number(cell, decimal_mark)
    digits = get_currency_precision(currency)
    minor = amount.scaleb(digits)
    if minor != minor.to_integral_value():
        raise ValueFault(f"An amount in {currency} with at most {digits} decimals", cell, "Round it in the file.")
    if abs(minor) > MAX_MINOR:
        raise ValueFault("A smaller amount", cell)
    return int(minor)


@cache
def _is_currency(code: str) -> bool:
    return is_currency(code)


def column_decimal_mark(cells: Iterable[Cell]) -> DecimalMark | None:
    """The decimal mark that the unambiguous numbers of a column agree on; None when none decides or they contradict."""
    marks: set[DecimalMark] = set()
    for cell in cells:
        if not isinstance(cell, str):
            continue
        match = _DIGITS.search(cell[:_MAX_CHARS])
        digits = _bare(match[0]) if match else ""
        mark = _evident_mark(digits)
        if mark and _exact(digits, mark) is not None:
            marks.add(mark)
        if len(marks) > 1:
            return None
    return marks.pop() if marks else None


def _from_text(text: str, decimal_mark: DecimalMark | None) -> Decimal:
    stripped = text.strip().translate(_SIGNS)
    if not stripped or len(stripped) > _MAX_CHARS:
        raise ValueFault("A number", text)
    if _EXPONENT.fullmatch(stripped):
        return Decimal(stripped)
    negative, unsigned = _split_sign(stripped)
    digits = _bare(unsigned)
    if not re.fullmatch(r"[0-9.,]*[0-9][0-9.,]*", digits):
        raise ValueFault("A number", text)
    mark = decimal_mark or ("." if digits.isdigit() else _evident_mark(digits))
    if mark is None:
        advice = "It can be read in two ways; say whether the decimal mark is a dot or a comma."
        raise ValueFault("A number", text, advice)
    number = _exact(digits, mark)
    if number is None:
        raise ValueFault(f'A number with "{mark}" as decimal mark', text)
    return -number if negative else number


def _split_sign(text: str) -> tuple[bool, str]:
    """Whether a minus or parentheses (as accountants write) make it negative, and what they enclose."""
    if len(text) > 2 and text[0] == "(" and text[-1] == ")":
        return True, text[1:-1].strip()
    if text[:1] in ("+", "-"):
        return text[0] == "-", text[1:].lstrip()
    return False, text


def _bare(text: str) -> str:
    """Digits, dots and commas; grouping spaces and apostrophes between full groups of three are taken out."""
    bare = text.strip()
    spaced = _SPACED.fullmatch(bare)
    if not spaced:
        return bare
    whole = spaced[1] + re.sub(f"[{_GROUPING}]", "", spaced[2])
    # Digits grouped by spaces leave the dot or comma only one meaning; the zeros keep that visible.
    return f"000{whole}{spaced[3]}" if spaced[3] else whole


def _evident_mark(digits: str) -> DecimalMark | None:
    """The decimal mark of a number when only one reading is possible."""
    dots, commas = digits.count("."), digits.count(",")
    if dots and commas:
        return "." if digits.rindex(".") > digits.rindex(",") else ","
    if dots > 1:
        return ","
    if commas > 1:
        return "."
    if not dots and not commas:
        return None
    mark: DecimalMark = "." if dots else ","
    whole, fraction = digits.split(mark)
    ambiguous = len(fraction) == 3 and 1 <= len(whole) <= 3 and not whole.startswith("0")
    return None if ambiguous else mark


def _exact(digits: str, mark: DecimalMark) -> Decimal | None:
    """The number that the digits are with this decimal mark; None when the other one does not group them."""
    group = "," if mark == "." else "."
    whole, _, fraction = digits.partition(mark)
    if group in whole and not _GROUPED[group].fullmatch(whole):
        return None
    plain = whole.replace(group, "")
    if not re.fullmatch(r"[0-9]*", plain) or not re.fullmatch(r"[0-9]*", fraction) or not plain + fraction:
        return None
    return Decimal(f"{plain or '0'}.{fraction}" if fraction else plain)


def _without_unit(text: str, currency: str) -> str:
    """The text without the currency's code or sign, in front or behind."""
    negative, rest = _split_sign(text.strip().translate(_SIGNS))
    signs = sorted((sign for sign, codes in _SYMBOLS.items() if currency in codes), key=len, reverse=True)
    for unit in (currency, *signs):
        if rest[: len(unit)].casefold() == unit.casefold():
            rest = rest[len(unit) :].lstrip()
            break
        if rest[-len(unit) :].casefold() == unit.casefold():
            rest = rest[: -len(unit)].rstrip()
            break
    again, rest = _split_sign(rest) if not negative else (False, rest)
    if (not rest[:1].isdigit() and rest[:1] not in (".", ",")) or re.search(r"[^\W\d_eE]", rest):
        raise ValueFault(f"An amount in {currency}", text)
    return f"-{rest}" if negative or again else rest
