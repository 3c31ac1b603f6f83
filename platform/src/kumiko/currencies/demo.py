"""A sample exchange rate, so that the sample deals in two currencies come to one sum."""

from __future__ import annotations

from datetime import timedelta

from kumiko.currencies.record_types import RATE_KEY
from kumiko.records import service
from kumiko.records.days import company_today
from kumiko.records.input_fields import company_currency

_OTHERS = {"EUR": ("USD", (0.93, 0.92)), "USD": ("EUR", (1.07, 1.09))}


def make() -> None:
    """Make them, inside the caller's unit: one of long ago, one of this year."""
    if company_currency() not in _OTHERS:
        return
    code, rates = _OTHERS[company_currency()]
    today = company_today()
    for rate, day in zip(rates, (today - timedelta(days=900), today.replace(month=1, day=1)), strict=True):
        service.create(RATE_KEY, {"currency": code, "valid_on": day, "rate": rate, "tags": ["sample"]})
