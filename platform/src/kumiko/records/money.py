"""Money: integer minor units and a currency. Two currencies are never added."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from functools import cache

from babel.numbers import get_currency_precision, list_currencies

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _

MAX_MINOR = 10**17


@cache
def exponent(currency: str) -> int:
    """Number of decimals of a currency (EUR 2, JPY 0, KWD 3; source: CLDR)."""
    return get_currency_precision(currency)


@cache
def known_currencies() -> frozenset[str]:
    """All ISO 4217 codes that Babel knows."""
    return frozenset(list_currencies("en"))


@dataclass(frozen=True, slots=True)
class Money:
    """An amount; `minor` is in minor units of `currency`."""

    minor: int
    currency: str

    @classmethod
    def of(cls, value: object, currency: str) -> Money:
        """Money from a decimal value ("1054.00", 1054); Invalid when it is no amount of that currency."""
        code = currency.strip().upper()
        if code not in known_currencies():
            raise Invalid(_("currency %(found)s is unknown; give an ISO code such as USD or EUR", found=repr(currency)))
        try:
            number = Decimal(str(value).strip())
        except InvalidOperation:
            raise Invalid(_("%(found)s is no amount; give a number such as 1054.00", found=repr(value))) from None
        if not number.is_finite():
            raise Invalid(_("%(found)s is no amount; give a finite number", found=repr(value)))
        minor = number.scaleb(exponent(code))
        if minor != minor.to_integral_value():
            raise Invalid(
                _(
                    "%(found)s has more decimals than %(currency)s has (%(count)d)",
                    found=str(value),
                    currency=code,
                    count=exponent(code),
                )
            )
        if abs(minor) > MAX_MINOR:
            raise Invalid(
                _("%(found)s is more than Kumiko counts; the largest amount is 10^17 minor units", found=str(value))
            )
        return cls(int(minor), code)

    @classmethod
    def rounded(cls, value: float | Decimal, currency: str) -> Money:
        """Money from a calculated number, halves rounded up as people do; Invalid as for `of`."""
        code = currency.strip().upper()
        places = Decimal(1).scaleb(-exponent(code)) if code in known_currencies() else Decimal(1)
        return cls.of(Decimal(str(value)).quantize(places, ROUND_HALF_UP), currency)

    @property
    def value(self) -> str:
        """The amount as a decimal string with all decimals of its currency."""
        return decimal_string(self.minor, self.currency)

    def as_json(self) -> dict[str, str]:
        return {"value": self.value, "currency": self.currency}


def decimal_string(minor: int, currency: str) -> str:
    """`105400, "USD"` -> "1054.00"."""
    places = exponent(currency)
    if places == 0:
        return str(minor)
    sign, digits = ("-", str(-minor)) if minor < 0 else ("", str(minor))
    digits = digits.rjust(places + 1, "0")
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


_WITH_CODE = re.compile(r"^\s*(?:([A-Za-z]{3})\s*)?(-?[\d.]+)\s*(?:([A-Za-z]{3}))?\s*$")


def parse(text: str, default_currency: str) -> Money:
    """Money from "1054.00", "1054 USD" or "USD 1054"; numbers are in the international form."""
    match = _WITH_CODE.match(text)
    if match is None:
        raise Invalid(_("%(found)s is no amount; give a number such as 1054.00, or 1054.00 USD", found=repr(text)))
    return Money.of(match[2], match[1] or match[3] or default_currency)
