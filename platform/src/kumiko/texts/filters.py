"""What a text may do with a value: `{{ expected_close_on | days(3) | date }}`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import wraps
from typing import Any

from jinja2 import pass_context

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.money import Money
from kumiko.texts.shapes import Nothing, Part, Parts, text_of
from kumiko.web import formats

MOST_DAYS = 36_500


def _of_text(make: Callable[..., str]) -> Callable[..., Any]:
    """A filter that turns one text into another; what is not there stays not there."""

    @pass_context
    @wraps(make)
    def filtered(context: Any, value: Any, *args: Any) -> Any:
        if isinstance(value, Nothing):
            return value
        if not all(isinstance(one, str | int) for one in args):
            raise Invalid(_("a filter takes fixed texts and numbers only"))
        try:
            return context.budget.made(make(context.budget, text_of(value), *args))
        except TypeError:
            raise Invalid(_("a filter was given too many or too few values")) from None

    return filtered


def _replace(budget: Any, text: str, old: Any, new: Any) -> str:
    old, new = str(old), str(new)
    if not old:
        raise Invalid(_("“replace” needs a text to look for"))
    budget.room_for(len(text) + text.count(old) * max(0, len(new) - len(old)))
    return text.replace(old, new)


def _date(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return formats.day_text(formats.local_day(value))
    return _refused(value, "date", _("a date"))


def _moment(value: Any) -> Any:
    if isinstance(value, datetime):
        return formats.short_moment_text(value)
    return _refused(value, "time", _("a moment"))


def _days(value: Any, count: Any = None) -> Any:
    if not isinstance(count, int) or isinstance(count, bool) or abs(count) > MOST_DAYS:
        raise Invalid(_("“days” needs a whole number of days, at most %(most)d, such as days(3)", most=MOST_DAYS))
    if isinstance(value, datetime | date):
        try:
            return value + timedelta(days=count)
        except OverflowError:
            raise Invalid(_("“days” leads past the end of the calendar")) from None
    return _refused(value, "days", _("a date"))


def _money(value: Any, currency: Any = "") -> Any:
    if isinstance(value, Money):
        return formats.money_text(value.minor, value.currency)
    if isinstance(value, int | float | Decimal) and isinstance(currency, str) and currency:
        rounded = Money.rounded(value, currency)
        return formats.money_text(rounded.minor, rounded.currency)
    return _refused(value, "money", _('an amount, or a number and a currency such as money("EUR")'))


def _number(value: Any, places: Any = None) -> Any:
    if places is not None and (not isinstance(places, int) or not 0 <= places <= 6):
        raise Invalid(_("“number” takes 0 to 6 decimals"))
    if isinstance(value, Money):
        value = Decimal(value.value)
    if isinstance(value, int | float | Decimal):
        return (
            formats.number_text(value, places)
            if places
            else formats.number_text(value if places is None else round(value))
        )
    return _refused(value, "number", _("a number"))


def _refused(value: Any, name: str, wanted: str) -> Any:
    if isinstance(value, Nothing):
        return value
    raise Invalid(_("“%(filter)s” needs %(wanted)s, found “%(found)s”",
                    filter=name, wanted=wanted, found=text_of(value)[:40]))  # fmt: skip


def _round(value: Any, places: Any = 0) -> Any:
    if isinstance(value, int | float | Decimal) and isinstance(places, int) and 0 <= places <= 6:
        return round(value, places)
    return _refused(value, "round", _("a number"))


def _default(value: Any, other: Any = "") -> Any:
    return value if value or (value == 0 and not isinstance(value, Nothing)) else other


def _length(value: Any) -> int:
    return len(value) if isinstance(value, Parts | Nothing | str) else 1


@pass_context
def _join(context: Any, value: Any, between: Any = ", ") -> Any:
    if not isinstance(value, Parts):
        return _refused(value, "join", _("a list"))
    parts: list[str] = []
    for one in value:
        context.budget.turn()
        parts.append(text_of(one))
    context.budget.room_for(sum(map(len, parts)) + len(str(between)) * len(parts))
    return context.budget.made(str(between).join(parts))


def _first(value: Any) -> Any:
    return next(iter(value), Nothing(getattr(value, "path", ""))) if isinstance(value, Parts | Nothing) else value


FILTERS: dict[str, Callable[..., Any]] = {
    "date": _date,
    "time": _moment,
    "days": _days,
    "money": _money,
    "number": _number,
    "round": _round,
    "default": _default,
    "upper": _of_text(lambda _budget, text: text.upper()),
    "lower": _of_text(lambda _budget, text: text.lower()),
    "title": _of_text(lambda _budget, text: text.title()),
    "trim": _of_text(lambda _budget, text: text.strip()),
    "replace": _of_text(_replace),
    "join": _join,
    "length": _length,
    "first": _first,
}
TESTS: dict[str, Callable[[Any], bool]] = {
    "defined": lambda value: not isinstance(value, Nothing),
    "empty": lambda value: not value,
    "number": lambda value: isinstance(value, int | float | Decimal),
    "group": lambda value: isinstance(value, Part),
}
