"""Amounts in the company's currency, each by the rate of its day; without a rate an amount stays in its own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction

from kumiko import base_currency, company_currency, convert, find_rate, rates_text
from kumiko import gettext as _
from kumiko_analytics.formulas import Amounts, Value


def base() -> str:
    """The currency that amounts are converted into; "" while no rate is known, so that nothing is split by day."""
    return base_currency()


def converted(amounts: Mapping[tuple[str, date | None], int]) -> Amounts:
    """What was measured, as amounts: converted where there was a rate on that day or before it.

    An amount without a day of its own is converted by the newest rate.
    """
    made = convert(amounts)
    return Amounts(made.by, rates=made.rates, missing=made.missing)


def counted(counts: Mapping[tuple[str, date | None], int]) -> Amounts:
    """Numbers of amounts by the currency in which `converted` counts them."""
    into = company_currency()
    found: dict[str, Fraction] = {}
    for (code, day), count in counts.items():
        counts_as = into if code != into and find_rate(code, day) is not None else code
        found[counts_as] = found.get(counts_as, Fraction(0)) + count
    return Amounts(found, is_money=False)


def note(values: Iterable[Value]) -> str:
    """Which rates of which days values were converted by, and which currency had none; "" when nothing was."""
    held = [value for value in values if isinstance(value, Amounts)]
    used = dict.fromkeys(rate for one in held for rate in one.rates)
    missing = dict.fromkeys(code for one in held for code in one.missing)
    said = rates_text(sorted(used, key=lambda one: (one.currency, one.valid_on)), sorted(missing))
    return str(_("Converted: %(rates)s.", rates=said)) if said else ""
