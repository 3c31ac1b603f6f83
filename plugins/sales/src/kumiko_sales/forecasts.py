"""The weighted forecast by currency, and all currencies as one total where there are rates."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import and_, or_

from kumiko import base_currency, convert, session
from kumiko_contracts.deals import OPEN, WON
from kumiko_sales import figure_queries as asked
from kumiko_sales.figures import FORECAST_FIELDS, Forecast, require_readable
from kumiko_sales.models import DealSide


@dataclass(frozen=True, kw_only=True)
class ForecastTotal:
    """All lines of a forecast in the company's currency, in minor units, each rounded once.

    `note`: the rates that were used with their days, and the currencies that have none and are therefore not in it.
    """

    currency: str
    won_count: int
    won_minor: int
    open_count: int
    open_minor: int
    weighted_minor: int
    forecast_minor: int
    note: str


def forecast_with_total(
    start: date, end: date, *, pipeline_id: int | None = None, owner_id: int | None = None
) -> tuple[tuple[Forecast, ...], ForecastTotal | None]:
    """The same lines, and their sum where some of them can be converted: won deals by the rate of the day they were
    closed on, open ones by today's. One statement."""
    require_readable(*FORECAST_FIELDS)
    when = or_(
        and_(DealSide.outcome == WON, asked.in_period(DealSide.closed_on, start, end)),
        and_(DealSide.outcome == OPEN, asked.in_period(DealSide.expected_close_on, start, end)),
    )
    wanted = [*asked.of_pipeline(pipeline_id, owner_id), when]
    parts = [
        _Part(row.amount_currency, row.outcome, row.day, row.deals, asked.whole(row.high, row.low),
              Fraction(asked.whole(row.high_percent, row.low_percent), 100))
        for row in session().execute(asked.amounts(wanted, base=base_currency()))
    ]  # fmt: skip
    lines = tuple(_line(code, [one for one in parts if one.currency == code])
                  for code in sorted({one.currency for one in parts}))  # fmt: skip
    return lines, _total(parts) if len(lines) > 1 or any(one.currency != base_currency() for one in parts) else None


class _Part(NamedTuple):
    currency: str
    outcome: str
    day: date | None
    deals: int
    minor: int
    weighted: Fraction  # amounts times probability


def _line(currency: str, parts: list[_Part]) -> Forecast:
    won, coming = ([one for one in parts if one.outcome == outcome] for outcome in (WON, OPEN))
    weighted = sum((one.weighted for one in coming), Fraction(0))
    return Forecast(
        currency=currency, won_count=sum(one.deals for one in won), won_minor=sum(one.minor for one in won),
        open_count=sum(one.deals for one in coming), open_minor=sum(one.minor for one in coming),
        weighted_minor=int((Decimal(weighted.numerator) / weighted.denominator).to_integral_value(ROUND_HALF_UP)),
    )  # fmt: skip


def _total(parts: list[_Part]) -> ForecastTotal | None:
    """None while nothing can be converted: the lines say it all then."""
    won = {(one.currency, one.day): Fraction(one.minor) for one in parts if one.outcome == WON}
    coming = {(one.currency, one.day): Fraction(one.minor) for one in parts if one.outcome == OPEN}
    weighted = {(one.currency, one.day): one.weighted for one in parts if one.outcome == OPEN}
    both = {key: won.get(key, Fraction(0)) + weighted.get(key, Fraction(0)) for key in {**won, **weighted}}
    forecast = convert(both)
    if not forecast.rates:
        return None
    base, left = forecast.base, forecast.missing
    minor = [convert(one).minor().get(base, 0) for one in (won, coming, weighted)]
    counts = [sum(one.deals for one in parts if one.outcome == outcome and one.currency not in left)
              for outcome in (WON, OPEN)]  # fmt: skip
    return ForecastTotal(
        currency=base, won_count=counts[0], won_minor=minor[0], open_count=counts[1], open_minor=minor[1],
        weighted_minor=minor[2], forecast_minor=forecast.minor().get(base, 0), note=forecast.note,
    )  # fmt: skip
