"""The one function that turns lines into amounts: screen, PDF, REST and reports all show what it says.

Rule `tax_per_rate` (docs/decisions/0025): a line is rounded once, half away from zero, to the currency's smallest
unit; tax is computed per rate on the sum of its lines and rounded the same way once; then it is spread over the lines
of that rate by largest remainders, so that lines always add up to the totals. Amounts are integers in minor units, so
the number of decimals of a currency plays no part here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import floor

from kumiko import gettext as _

TAX_PER_RATE = "tax_per_rate"
#: What a document may come to, in minor units; far below what the database holds, so that sums of many still fit.
MOST_MINOR = 10**15
MOST_QUANTITY = 10**9


@dataclass(frozen=True, kw_only=True)
class Line:
    """What somebody sells: `quantity` pieces at `price_minor` each, less a discount (percent or an amount)."""

    quantity: Decimal
    price_minor: int
    discount_percent: Decimal = Decimal(0)
    discount_minor: int = 0
    tax_percent: Decimal = Decimal(0)


@dataclass(frozen=True, kw_only=True)
class LineTotal:
    """A line in minor units: net + tax = gross. `discount_minor`: what the discount takes off, in the price's terms."""

    net_minor: int
    tax_minor: int
    gross_minor: int
    discount_minor: int


@dataclass(frozen=True, kw_only=True)
class TaxTotal:
    """All lines of one rate, in minor units."""

    percent: Decimal
    net_minor: int
    tax_minor: int


@dataclass(frozen=True, kw_only=True)
class Totals:
    """A document in minor units: `lines` as they were given, `taxes` from the lowest rate up."""

    lines: tuple[LineTotal, ...]
    taxes: tuple[TaxTotal, ...]
    net_minor: int
    tax_minor: int
    gross_minor: int
    discount_minor: int


def wrong_with(line: Line) -> str:
    """Why a line cannot be counted, as a sentence; "" when it can."""
    if not 0 < line.quantity <= MOST_QUANTITY:
        return _("the quantity must be above 0 and at most 1,000,000,000; found %(found)s", found=f"{line.quantity:f}")
    if line.price_minor < 0:
        return _("a price cannot be below 0; give a discount instead")
    if not 0 <= line.discount_percent <= 100:
        return _("a discount is from 0 to 100 %%; found %(found)s %%", found=f"{line.discount_percent:f}")
    if line.discount_percent and line.discount_minor:
        return _("give a discount in percent or as an amount, not both")
    if not 0 <= line.discount_minor <= _rounded(_full(line)):
        return _("a discount cannot be below 0 or above what the line costs; that would be above 100 %")
    if not 0 <= line.tax_percent <= 100:
        return _("a tax rate is from 0 to 100 %%; found %(found)s %%", found=f"{line.tax_percent:f}")
    if _rounded(_full(line)) > MOST_MINOR:
        return _("the line is more than Kumiko counts in one document")
    return ""


def total(lines: Iterable[Line], *, prices_include_tax: bool = False) -> Totals:
    """The amounts of a document. ValueError for lines that `wrong_with` objects to."""
    given = list(lines)
    for line in given:
        wrong = wrong_with(line)
        if wrong:
            raise ValueError(wrong)
    bases = [_base(line) for line in given]
    taxes = [0] * len(given)
    rates: dict[Decimal, list[int]] = {}
    for place, line in enumerate(given):
        rates.setdefault(line.tax_percent, []).append(place)
    for percent, places in rates.items():
        share = Fraction(percent) / (100 + (Fraction(percent) if prices_include_tax else 0))
        for place, tax in zip(places, _spread([bases[place] for place in places], share), strict=True):
            taxes[place] = tax
    made = tuple(
        LineTotal(
            net_minor=base - tax if prices_include_tax else base,
            tax_minor=tax,
            gross_minor=base if prices_include_tax else base + tax,
            discount_minor=_rounded(_full(line)) - base,
        )
        for line, base, tax in zip(given, bases, taxes, strict=True)
    )
    return Totals(
        lines=made,
        taxes=tuple(
            TaxTotal(
                percent=percent,
                net_minor=sum(made[place].net_minor for place in rates[percent]),
                tax_minor=sum(made[place].tax_minor for place in rates[percent]),
            )
            for percent in sorted(rates)
        ),
        net_minor=sum(one.net_minor for one in made),
        tax_minor=sum(one.tax_minor for one in made),
        gross_minor=sum(one.gross_minor for one in made),
        discount_minor=sum(one.discount_minor for one in made),
    )


def _full(line: Line) -> Fraction:
    return Fraction(line.quantity) * line.price_minor


def _base(line: Line) -> int:
    """The line without its discount, in the terms of its price (with or without tax)."""
    return _rounded(_full(line) * (100 - Fraction(line.discount_percent)) / 100 - line.discount_minor)


def _rounded(amount: Fraction) -> int:
    """Half away from zero; nothing here is below zero, but for the last half of a unit."""
    return max(floor(amount + Fraction(1, 2)), 0)


def _spread(bases: Sequence[int], share: Fraction) -> list[int]:
    """The tax on the sum of `bases`, rounded once, and spread over them: who lost most by rounding down gets a unit.

    Equal lines may change places; otherwise their order does not matter.
    """
    exact = [base * share for base in bases]
    found = [floor(one) for one in exact]
    left = _rounded(sum(exact, Fraction(0))) - sum(found)
    neediest = sorted(range(len(bases)), key=lambda place: (found[place] - exact[place], -bases[place], place))
    for place in neediest[:left]:
        found[place] += 1
    return found
