"""Amounts in the company's currency, each by the rate of its day; without a rate an amount stays in its own."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from kumiko import company_currency, company_today, current, exponent, session
from kumiko_analytics.formulas import Amounts
from kumiko_analytics.record_types import RATE

Known = Mapping[str, tuple[list[date], list[Fraction]]]
_KEPT = ("analytics", "rates")


def known() -> Known:
    """Currency -> days in order and the rates from these days on; read once per act."""
    cache = current().cache
    if _KEPT not in cache:
        model: Any = RATE.model
        query = select(model.name, model.valid_on, model.rate).where(model.deleted_at.is_(None))
        found: dict[str, tuple[list[date], list[Fraction]]] = {}
        for code, day, rate in session().execute(query.order_by(model.name, model.valid_on, model.id)):
            if day is not None and rate:
                days, rates = found.setdefault(code, ([], []))
                days.append(day)
                rates.append(Fraction(str(rate)))
        cache[_KEPT] = found
    kept: Known = cache[_KEPT]
    return kept


def base() -> str:
    """The currency that amounts are converted into; "" while no rate is known, so that nothing is split by day."""
    return company_currency() if known() else ""


def converted(amounts: Mapping[tuple[str, date | None], int]) -> Amounts:
    """What was measured, as amounts: converted where there was a rate on that day or before it.

    An amount without a day of its own is converted by the newest rate.
    """
    into, rates = company_currency(), known()
    found: dict[str, Fraction] = {}
    for (code, day), minor in amounts.items():
        rate = _rate(rates, code, day)
        if code != into and rate is not None:
            value = Fraction(minor) * rate * Fraction(10) ** (exponent(into) - exponent(code))
            found[into] = found.get(into, Fraction(0)) + value
        else:
            found[code] = found.get(code, Fraction(0)) + minor
    return Amounts(found)


def counted(counts: Mapping[tuple[str, date | None], int]) -> Amounts:
    """Numbers of amounts by the currency in which `converted` counts them."""
    into, rates = company_currency(), known()
    found: dict[str, Fraction] = {}
    for (code, day), count in counts.items():
        counts_as = into if _rate(rates, code, day) is not None else code
        found[counts_as] = found.get(counts_as, Fraction(0)) + count
    return Amounts(found, is_money=False)


def _rate(rates: Known, code: str, day: date | None) -> Fraction | None:
    if code not in rates:
        return None
    days, values = rates[code]
    place = bisect_right(days, day or company_today())
    return values[place - 1] if place else None
