"""The exchange rates that count at present, kept by each process until one of them changes.

Pages without amounts of other currencies, and companies without rates, ask the database nothing: which currencies have
rates is a setting, and settings are there already.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from kumiko.host import settings
from kumiko.host.context import current
from kumiko.host.scoping import trusted
from kumiko.records.days import company_today
from kumiko.records.input_fields import company_currency

MARK, CONVERT = "currencies.known", "currencies.convert"
_WRITTEN = "kumiko_rates"
_kept: tuple[tuple[str, int], Book] | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """One unit of `currency` is worth `value` of `base`, from `valid_on` on."""

    currency: str
    base: str
    value: Fraction
    valid_on: date


@dataclass(frozen=True)
class Book:
    """Rates into the company's currency: currency -> days in order and the rates from these days on."""

    base: str
    by: Mapping[str, tuple[list[date], list[Rate]]] = field(default_factory=dict)

    def find(self, currency: str, on: date | None = None) -> Rate | None:
        """The rate that counted on a day (None: today): the newest one on or before it; None when there is none."""
        if currency not in self.by:
            return None
        days, rates = self.by[currency]
        place = bisect_right(days, on or company_today())
        return rates[place - 1] if place else None


def book() -> Book:
    """The rates that count; an empty book while there are none, or sums are not converted."""
    global _kept
    base = company_currency()
    if not settings.get(MARK) or settings.get(CONVERT, True) is False:
        return Book(base)
    context = current()
    number = -1 if context.generation is None else context.generation.catalogue_n
    key = (f"{context.database.url.render_as_string(hide_password=False)} {base}", number)
    fresh = bool(context.session.info.get(_WRITTEN))  # written in this transaction: nobody else sees it yet
    if _kept is not None and _kept[0] == key and not fresh:
        return _kept[1]
    made = Book(base, _read(base))
    if number >= 0 and not fresh:
        _kept = (key, made)
    return made


def changed() -> None:
    """Rates were written in the open transaction: every process reads them afresh once it is committed."""
    table = _table()
    codes = trusted(select(table.c.currency).where(table.c.deleted_at.is_(None)).distinct()).scalars()
    settings.put({MARK: sorted({code for code in codes if code}) or None})
    current().session.info[_WRITTEN] = True


def _read(base: str) -> dict[str, tuple[list[date], list[Rate]]]:
    table = _table()
    query = (
        select(table.c.currency, table.c.valid_on, table.c.rate)
        .where(table.c.deleted_at.is_(None), table.c.base == base, table.c.rate > 0, table.c.valid_on.is_not(None))
        .order_by(table.c.currency, table.c.valid_on, table.c.id)
    )
    found: dict[str, tuple[list[date], list[Rate]]] = {}
    for code, day, rate in trusted(query):
        days, rates = found.setdefault(code, ([], []))
        days.append(day)
        rates.append(Rate(code, base, Fraction(str(rate)), day))  # as it was typed, not as binary keeps it
    return found


def _table() -> Any:
    from kumiko.currencies.record_types import RATE  # local: cycle

    model: Any = RATE.model
    return model.__table__
