"""Values as people read and type them: amounts, numbers, days and moments in the reader's language and zone.

Babel takes 20-40 µs per amount, which is a third of a list page; what can be made once per locale is made once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale, dates, numbers

from kumiko.host.columns import utc_now
from kumiko.records.money import exponent
from kumiko.web.i18n import reader

_PROBE = 1234567
_PLACES = {0: "", 1: "0", 2: "00", 3: "000", 4: "0000"}


@lru_cache(maxsize=400)
def money_formatter(locale: Locale, currency: str) -> Callable[[int], str]:
    """Minor units -> text, for one locale and currency."""
    try:
        places = exponent(currency)
        shown = numbers.format_currency(_PROBE, currency, locale=locale)
    except Exception:  # noqa: BLE001 (a currency that Babel does not know is shown by its code)
        places, shown = 2, f"{_PROBE:,}.00 {currency}"
    group, point = locale.number_symbols["latn"]["group"], locale.number_symbols["latn"]["decimal"]
    tail = point + _PLACES.get(places, "00") if places else ""
    core = f"1{group}234{group}567{tail}"
    if core not in shown:  # other digits or other groups: Babel knows, we do not
        return lambda minor: numbers.format_currency(Decimal(minor).scaleb(-places), currency, locale=locale)
    head, foot = shown.split(core)
    factor = 10**places

    def draw(minor: int) -> str:
        sign, minor = ("-", -minor) if minor < 0 else ("", minor)
        whole, rest = divmod(minor, factor)
        text = f"{whole:,}".replace(",", group) if whole > 999 else str(whole)
        return f"{sign}{head}{text}{point}{rest:0{places}d}{foot}" if places else f"{sign}{head}{text}{foot}"

    return draw


def money_text(minor: int, currency: str) -> str:
    """`105400, "USD"` -> "$1,054.00"."""
    return money_formatter(reader().locale, currency)(minor)


@lru_cache(maxsize=5000)
def _compact(locale: Locale, minor: int, currency: str) -> str:
    try:
        amount = Decimal(minor).scaleb(-exponent(currency))
        short = numbers.format_compact_currency(amount, currency, locale=locale, fraction_digits=1)
        if abs(amount) >= 1000 and sum(sign.isdecimal() for sign in short) < len(str(abs(int(amount)))):
            return short
        pattern = locale.currency_formats["standard"].pattern.replace(".00", "")  # German has no short thousands
        return numbers.format_currency(round(amount), currency, pattern, locale=locale, currency_digits=False)
    except Exception:  # noqa: BLE001 (a currency that Babel does not know is shown by its code)
        return money_formatter(locale, currency)(minor)


def compact_money(minor: int, currency: str) -> str:
    """`3470000000, "EUR"` -> "€34.7M": for heads of lanes, where there is no room for all digits."""
    return _compact(reader().locale, minor, currency)


@lru_cache(maxsize=20_000)
def _number(locale: Locale, value: float, places: int | None) -> str:
    pattern = None if places is None else f"#,##0.{'0' * places}"
    return numbers.format_decimal(value, pattern, locale=locale)


def number_text(value: float | Decimal | int, places: int | None = None) -> str:
    """A number with the reader's separators; `places`: with so many decimals, whatever it is."""
    return _number(reader().locale, value, places)


def percent_text(value: float) -> str:
    """`12.5` -> "12.5 %" in the reader's form."""
    return numbers.format_percent(Decimal(str(value)) / 100, locale=reader().locale, decimal_quantization=False)


@lru_cache(maxsize=20_000)
def _day(locale: Locale, value: date) -> str:
    return dates.format_date(value, "medium", locale=locale)


def day_text(value: date) -> str:
    """A day: "22 Nov 2026"."""
    return _day(reader().locale, value)


def local_day(value: date) -> date:
    """The day of a moment in the reader's zone; a day as it is."""
    return value.astimezone(reader().zone).date() if isinstance(value, datetime) else value


def moment_text(value: datetime) -> str:
    """A moment in the reader's zone: "22 Nov 2026, 10:30"."""
    at = reader()
    return dates.format_datetime(value, "medium", tzinfo=at.zone, locale=at.locale)


def short_moment_text(value: datetime) -> str:
    """A moment without seconds, for lists."""
    at = reader()
    local = value.astimezone(at.zone)
    return f"{_day(at.locale, local.date())}, {_clock(at.locale, local.hour, local.minute)}"


@lru_cache(maxsize=3000)
def _clock(locale: Locale, hour: int, minute: int) -> str:
    return dates.format_time(datetime(2000, 1, 1, hour, minute, tzinfo=UTC), "short", locale=locale)


def ago_text(value: datetime) -> str:
    """Time since a moment in words: "5 minutes ago"."""
    gone = value - utc_now()
    if timedelta(seconds=-45) < gone < timedelta(seconds=45):
        gone = timedelta(seconds=-1)
    return dates.format_timedelta(gone, add_direction=True, locale=reader().locale)


def date_filter(value: Any) -> str:
    """Template filter `date`: a day, or a moment in the reader's zone."""
    if value is None:
        return ""
    return short_moment_text(value) if isinstance(value, datetime) else day_text(value)


def count_text(value: int) -> str:
    """A count with separators."""
    return number_text(value)


def size_text(size_bytes: int) -> str:
    """`1258291` -> "1.2 MB"."""
    if size_bytes < 1024:
        return f"{number_text(size_bytes)} B"
    if size_bytes < 1024**2:
        return f"{number_text(-(-size_bytes // 1024))} KB"
    return f"{number_text(round(size_bytes / 1024**2, 1))} MB"


def decimal_symbol() -> str:
    """What stands between whole and parts in the reader's numbers."""
    return numbers.get_decimal_symbol(reader().locale)


def typed_number(value: Any) -> str:
    """A number as the reader would type it, without groups."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).replace(".", decimal_symbol())


def read_number(text: str) -> str:
    """What a person typed, as "1234.5"; ValueError or InvalidOperation when it is no number.

    Groups may be left out or set right: in German "1.234" is 1234 and "1.5", which cannot be a group, is 1.5.
    """
    plain = "".join(text.split()).replace("\u2212", "-")  # split() knows the narrow and the hard blank too
    locale = reader().locale
    try:
        return str(numbers.parse_decimal(plain, locale=locale, strict=True))
    except (numbers.NumberFormatError, ValueError):
        pass
    value = Decimal(plain)  # the international form, as programs and paste give it
    return str(value)


def local_input(value: datetime | None) -> str:
    """A moment for a datetime-local input, in the reader's zone."""
    return "" if value is None else value.astimezone(reader().zone).strftime("%Y-%m-%dT%H:%M")


def read_moment(text: str) -> datetime:
    """A moment from a datetime-local input or RFC 3339; ValueError when it is neither."""
    found = datetime.fromisoformat(text.strip())
    return found if found.tzinfo is not None else found.replace(tzinfo=reader().zone)
