"""Amounts of several currencies as one total in the company's, with what it was made of.

Each amount is converted by the rate of its day: the newest on or before it; of an amount without a day that is today's.
The parts are added exactly and rounded once, half away from zero. An amount without a rate is never added: it stays in
its own currency, and the note says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from kumiko.currencies.book import Book, Rate, book
from kumiko.host.context import current
from kumiko.host.i18n import gettext as _
from kumiko.offers import Measure, offered
from kumiko.records.money import exponent

_DAYS = "money_days"
MOST_NAMED = 3  # rates of one currency that a note names; beyond that the first and the last


@dataclass(frozen=True)
class Converted:
    """A total. `by`: currency -> exact amount in minor units: the base, and each currency without a rate.

    `rates`: those that were used, by currency and day; `missing`: currencies that had none on some day.
    """

    base: str
    by: Mapping[str, Fraction] = field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    missing: tuple[str, ...] = ()

    def minor(self) -> dict[str, int]:
        """Whole minor units by currency, the base first, each rounded once."""
        order = sorted(self.by, key=lambda code: (code != self.base, code))
        return {code: rounded(self.by[code]) for code in order}

    @property
    def note(self) -> str:
        """Which rates of which days were used and which currency had none, for people; "" when nothing was converted
        and nothing was missing."""
        return rates_text(self.rates, self.missing)


def convert(amounts: Mapping[tuple[str, date | None], int | Fraction], *, known: Book | None = None) -> Converted:
    """(currency, day that counts or None for today) -> minor units, as one total in the company's currency."""
    kept = known or book()
    into = kept.base
    by: dict[str, Fraction] = {}
    used: dict[Rate, None] = {}
    missing: dict[str, None] = {}
    for (code, day), minor in amounts.items():
        counts_as, value = code, Fraction(minor)
        if code != into:
            rate = kept.find(code, day)
            if rate is None:
                missing[code] = None
            else:
                counts_as = into
                value = value * rate.value * Fraction(10) ** (exponent(into) - exponent(code))
                used[rate] = None
        by[counts_as] = by.get(counts_as, Fraction(0)) + value
    rates = tuple(sorted(used, key=lambda one: (one.currency, one.valid_on)))
    return Converted(into, by, rates, tuple(sorted(missing)) if kept.by else ())


def find_rate(currency: str, on: date | None = None) -> Rate | None:
    """The rate of a currency into the company's on a day (None: today): the newest on or before it, or None."""
    return book().find(currency, on)


def base_currency() -> str:
    """The currency that sums are converted into; "" while there are no rates, so that nothing is split by day."""
    kept = book()
    return kept.base if kept.by else ""


def money_day(type_key: str) -> str:
    """Field of a record type whose day says which rate counts for its amounts: the one by which most figures add up
    amounts of this type (of deals the day on which they were closed). "" where there are none: today's rate counts.
    """
    generation = current().generation
    if generation is None:
        return ""
    days: dict[str, str] | None = generation.state.get(_DAYS)
    if days is None:
        days = generation.state[_DAYS] = _days_of_figures()
    return days.get(type_key, "")


def _days_of_figures() -> dict[str, str]:
    used: dict[str, Counter[str]] = {}
    for owned in offered("declare_metrics").values():
        for part in owned.item.parts.values():
            if isinstance(part, Measure) and part.how == "sum" and part.field and part.day:
                used.setdefault(part.type, Counter())[part.day] += 1
    return {type_key: days.most_common(1)[0][0] for type_key, days in used.items()}


def rates_text(rates: Iterable[Rate], missing: Iterable[str] = ()) -> str:
    """Rates and gaps in words, such as: 1 USD = 0.92 EUR (2026-11-01); no rate for CHF, not added."""
    by: dict[str, list[Rate]] = {}
    for one in rates:
        by.setdefault(one.currency, []).append(one)
    parts = []
    for code, some in sorted(by.items()):
        named = some if len(some) <= MOST_NAMED else [some[0], some[-1]]
        said = (" – " if len(some) > MOST_NAMED else ", ").join(
            f"{_plain(one.value)} {one.base} ({one.valid_on.isoformat()})" for one in named
        )
        count = _(", %(count)d rates", count=len(some)) if len(some) > MOST_NAMED else ""
        parts.append(f"1 {code} = {said}{count}")
    without = list(missing)
    if without:
        parts.append(_("no rate for %(codes)s, not added", codes=", ".join(without)))
    return "; ".join(parts)


def rounded(value: Fraction) -> int:
    """Half away from zero."""
    return -rounded(-value) if value < 0 else int(value + Fraction(1, 2))


def _plain(value: Fraction) -> str:
    return f"{float(value):.10g}"


__all__ = ["Converted", "Rate", "base_currency", "convert", "find_rate", "money_day", "rates_text",
           "rounded"]  # fmt: skip
