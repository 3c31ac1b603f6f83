"""Sums of several currencies as people read them: one total where there are rates, which says the rates it used."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple, Protocol

from kumiko.currencies.services import Converted, convert
from kumiko.web import formats


class Sum(NamedTuple):
    """A sum in words. `note`: the rates that were used, and the currencies that had none; "" when nothing was
    converted."""

    text: str
    weighted: str = ""
    note: str = ""


class InCurrency(Protocol):
    """A sum in one currency; `day`: by whose rate it is converted, None for today's."""

    @property
    def currency(self) -> str: ...
    @property
    def minor(self) -> int: ...
    @property
    def day(self) -> date | None: ...


def sums_of(amounts: Iterable[InCurrency], *, short: bool = False) -> tuple[Sum, ...]:
    """Sums by currency: what has a rate as one, in the company's currency and first; the others each by itself.

    The weighted sums, where there are some, are converted in the same way.
    """
    plain: dict[tuple[str, date | None], int] = {}
    weighted: dict[tuple[str, date | None], int] = {}
    for one in amounts:
        key = (one.currency, one.day)
        plain[key] = plain.get(key, 0) + one.minor
        part = getattr(one, "weighted_minor", None)
        if part is not None:
            weighted[key] = weighted.get(key, 0) + part
    whole, parts = convert(plain), convert(weighted)
    said = formats.compact_money if short else formats.money_text
    shares = parts.minor()
    found = []
    for code, minor in whole.minor().items():
        text = said(minor, code)
        if code == whole.base and whole.rates:
            text = f"≈ {text}"
        found.append(Sum(text, said(shares[code], code) if code in shares else "", _note(whole, code, plain, said)))
    return tuple(found)


def _note(
    whole: Converted, code: str, plain: Mapping[tuple[str, date | None], int], said: Callable[[int, str], str]
) -> str:
    if code != whole.base or not whole.rates:
        return ""
    kept: dict[str, int] = {}
    for (one, _day), minor in plain.items():
        if one not in whole.missing:
            kept[one] = kept.get(one, 0) + minor
    made_of = " + ".join(said(minor, one) for one, minor in sorted(kept.items()))
    return f"{made_of}; {whole.note}"
