"""What other modules ask of figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

from kumiko import KumikoError
from kumiko import gettext as _
from kumiko_analytics.figures import Ask, compute, said
from kumiko_analytics.formulas import CURRENCIES, ZERO, Amounts
from kumiko_analytics.periods import Period
from kumiko_analytics.registry import get_figure
from kumiko_contracts.analytics import MetricValue


class AnalyticsService:
    """Provides analytics/1; see `kumiko_contracts.analytics`."""

    def value(
        self, metric_key: str, *, since: date, until: date, filters: Mapping[str, Any] | None = None
    ) -> MetricValue:
        try:
            answer = compute([Ask(get_figure(metric_key), Period(since, until), filters or {})])[0]
        except KumikoError as fault:
            return MetricValue(reason=said(fault))
        if isinstance(answer.value, Amounts):
            return MetricValue(amounts_minor=answer.value.minor())
        if isinstance(answer.value, Fraction):
            return MetricValue(number=float(answer.value))
        return MetricValue(reason=answer.problem or reason_text(answer.reason))


def reason_text(reason: str) -> str:
    """Why there is no value, as a sentence."""
    return {
        ZERO: _("There is nothing to divide by."),
        CURRENCIES: _("Amounts in several currencies cannot be compared; enter exchange rates."),
    }.get(reason, _("A part of it has no value."))
