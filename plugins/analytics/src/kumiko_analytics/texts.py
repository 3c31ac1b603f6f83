"""Values of figures as people read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from babel import dates

from kumiko import compact_money, company_currency, day_text, exponent, money_text, number_text, reader
from kumiko import gettext as _
from kumiko_analytics.formulas import Amounts, Value, rounded
from kumiko_analytics.periods import Period

MONEY, PERCENT, COUNT, DAYS, MINUTES, NUMBER = "money", "percent", "count", "days", "minutes", "number"


@dataclass(frozen=True)
class Trend:
    """How a value compares with the period before: the text, and whether that is good ("ok"), bad ("error") or ""."""

    text: str
    tone: str = ""


def value_text(value: Value | float | int, unit: str, *, short: bool = False) -> str:
    """A value in full, or as `short` as a tile needs; "no value" for None."""
    if value is None:
        return _("no value")
    if isinstance(value, Amounts):
        shown = compact_money if short else money_text
        if value.is_money:
            amounts = [shown(minor, code) for code, minor in value.minor().items()]
            return " + ".join(amounts) or shown(0, company_currency())
        value = sum(value.by.values(), Fraction(0))
    if unit == MONEY:
        return (compact_money if short else money_text)(rounded(Fraction(value)), company_currency())
    if unit == PERCENT:
        return _("%(share)s %%", share=number_text(round(float(value) * 100, 1), 1))
    if unit == DAYS:
        return _("%(days)s days", days=number_text(round(float(value), 1)))
    if unit == MINUTES:
        return _("%(minutes)s min", minutes=number_text(round(float(value), 1)))
    if unit == COUNT:
        return number_text(int(value))
    return number_text(round(float(value), 2))


def trend(value: Value, before: Value, unit: str, better: str) -> Trend | None:
    """What changed since the period before; None when one of them has no value or they are in several currencies."""
    now, then = plain(value), plain(before)
    if now is None or then is None:
        return None
    change = now - then
    if unit == PERCENT:
        text = _("%(points)s points", points=_signed(round(float(change) * 100, 1)))
    elif unit in (DAYS, MINUTES):
        text = _signed(round(float(change), 1))
    elif then == 0:
        return None
    else:
        text = _("%(share)s %%", share=_signed(round(float(change / abs(then)) * 100, 1)))
    good = "" if not better or change == 0 else "ok" if (change > 0) == (better == "more") else "error"
    return Trend(text, good)


def _signed(value: float) -> str:
    text = number_text(abs(value))
    return f"+{text}" if value > 0 else f"\N{MINUS SIGN}{text}" if value < 0 else f"±{text}"


def plain(value: Value) -> Fraction | None:
    """One number: of an amount its minor units, when it is in one currency."""
    if isinstance(value, Amounts):
        held = [amount for amount in value.by.values() if amount]
        return held[0] if len(held) == 1 else Fraction(0) if not held else None
    return value


def largest(value: Value) -> Fraction:
    """What lines are ordered by and bars are long: the number, of several currencies the largest amount."""
    if isinstance(value, Amounts):
        return max(value.by.values(), default=Fraction(0))
    return value or Fraction(0)


def chart_number(value: Value, unit: str, currency: str = "") -> float | None:
    """What a chart draws: amounts of one currency in its units, shares in percent."""
    if isinstance(value, Amounts) and currency:
        value = value.by.get(currency, Fraction(0))
    number = plain(value)
    if number is None:
        return None
    scale = 100 if unit == PERCENT else Fraction(1, 10 ** exponent(currency)) if unit == MONEY else 1
    return round(float(number * scale), 2)


def step_text(first: date, unit: str) -> str:
    """A day, week, month, quarter or year as it stands below a chart."""
    locale = reader().locale
    if unit == "day":
        return str(dates.format_skeleton("MMMd", first, locale=locale))
    if unit == "week":
        return _("from %(day)s", day=dates.format_skeleton("MMMd", first, locale=locale))
    if unit == "quarter":
        return _("Q%(number)d %(year)d", number=(first.month + 2) // 3, year=first.year)
    if unit == "year":
        return str(first.year)
    return str(dates.format_skeleton("yMMM", first, locale=locale))


def period_text(period: Period) -> str:
    """The days of a period, last one included, and whose days they are."""
    if period.preset == "all":
        return _("all time")
    return _("%(first)s to %(last)s", first=day_text(period.since), last=day_text(period.last))


def key_text(key: Any, label: str, group: str) -> str:
    """A line of a split figure: its name, the step of time, or a word for nothing and for what may not be seen."""
    if isinstance(key, date):
        return step_text(key, group)
    if key is None or key == "":
        return _("unknown")
    if label:
        return label
    return _("hidden") if isinstance(key, int) and not isinstance(key, bool) else str(key)


def whole_units(value: Value) -> list[float]:
    """The numbers that a value holds, amounts in units of their currency."""
    if isinstance(value, Amounts):
        return [float(amount) / (10 ** exponent(code) if value.is_money else 1) for code, amount in value.by.items()]
    return [] if value is None else [float(value)]
