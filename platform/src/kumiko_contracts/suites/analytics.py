"""Every provider of analytics/1 does this."""

from __future__ import annotations

from datetime import date

from kumiko_contracts.analytics import COST, VERSION, MetricValue
from kumiko_contracts.suites import Lab, same

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def _cost(lab: Lab, day: str, value: str, kind: str = "marketing") -> int:
    amount = {"value": value, "currency": "EUR"}
    return lab.create(COST, {"name": "Fair", "kind": kind, "amount": amount, "spent_on": day})


def a_figure_has_the_value_of_its_period(lab: Lab) -> None:
    """A period begins on its first day and ends before its last: costs of these days are counted, others are not."""
    for day, value in (("2026-03-31", "1.00"), ("2026-04-01", "10.00"), ("2026-04-30", "5.50"), ("2026-05-01", "2.00")):
        _cost(lab, day, value)
    found = lab.service(VERSION).value("analytics.cost.marketing", since=APRIL, until=MAY)
    same(dict(found.amounts_minor), {"EUR": 1550}, "marketing costs of April")


def what_cannot_be_divided_has_no_value(lab: Lab) -> None:
    """A figure that would divide by nothing has no value, and says why."""
    found = lab.service(VERSION).value("analytics.cost.roas", since=date(2031, 1, 1), until=date(2031, 2, 1))
    same((found.number, dict(found.amounts_minor)), (None, {}), "revenue per spend without any spend")
    same(bool(found.reason), True, "a reason")


def an_unknown_figure_has_no_value(lab: Lab) -> None:
    """A key that nobody offers is no error: there is no value, with a sentence."""
    found = lab.service(VERSION).value("nobody.offers.this", since=APRIL, until=MAY)
    same(found, MetricValue(reason=found.reason), "the value")
    same(bool(found.reason), True, "a reason")


CHECKS = (a_figure_has_the_value_of_its_period, what_cannot_be_divided_has_no_value, an_unknown_figure_has_no_value)
