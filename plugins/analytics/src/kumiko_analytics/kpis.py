"""The usual key figures as formulas and pure functions: K1-K46 of the requirements, whoever feeds them.

Shares are from 0 to 1 and unrounded. None is "no value".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from statistics import median

#: Figure -> formula over named parts, as `formulas.evaluate` takes it.
FORMULAS: Mapping[str, str] = {
    "K1 average order value": "revenue / orders",
    "K2 win rate by count": "won / (won + lost)",
    "K3 win rate by value": "won / (won + lost)",
    "K4 win rate of a cohort": "won / created",
    "K6 lead conversion": "converted / leads",
    "K7 cost per lead": "cost / leads",
    "K8 cost per customer": "cost / customers",
    "K9 cost of acquisition": "(marketing + sales) / customers",
    "K10 return on investment": "(gain - cost) / cost",
    "K11 return on marketing": "(revenue * margin - cost) / cost",
    "K12 return on advertising spend": "revenue / cost",
    "K13 customer value, so far": "revenue * margin - service",
    "K14 customer value, expected": "aov * purchases_per_year * margin * years",
    "K15 customer value, subscription": "monthly * margin / churn",
    "K16 customer value, discounted": "margin * retention / (1 + discount - retention)",
    "K17 value to cost": "value / cost",
    "K18 payback in months": "cost / (monthly * margin)",
    "K20 sales velocity": "open * win_rate * average / cycle",
    "K22 answered in time": "in_time / due",
    "K24 pipeline coverage": "open / max(quota - won, 0)",
    "K26 forecast accuracy": "1 - max(forecast - actual, actual - forecast) / actual",
    "K29 attainment": "won / quota",
    "K30 pace": "attainment / elapsed",
    "K31 churn": "lost / at_start",
    "K32 retention": "(at_end - new) / at_start",
    "K33 net revenue retention": "(at_start + expansion - contraction - churned) / at_start",
    "K34 gross revenue retention": "(at_start - contraction - churned) / at_start",
    "K35 repeat purchases": "repeated / customers",
    "K36 gross margin": "(revenue - cost) / revenue",
    "K37 discount rate": "discounts / before",
    "K38 calls per won deal": "calls / won",
    "K39 punctuality": "in_time / due",
    "K41 days sales outstanding": "receivables / sales * days",
    "K42 net promoter score": "(promoters - detractors) / answers * 100",
    "K43 satisfaction": "content / answers",
    "K44 referrals": "referred / customers",
    "K46 rating": "weighted(w1, min(attainment, 1), w2, min(win_rate, 1), w3, min(punctuality, 1),"
    " w4, min(in_time, 1))",
}


def funnel(reached: Sequence[int]) -> tuple[list[float | None], float | None, int | None]:
    """K5: (share of each step that reached the next, of the first that reached the last, place of the weakest step)."""
    shares = [following / here if here else None for here, following in pairwise(reached)]
    losing = [one for one in shares if one is not None and one < 1]
    whole = reached[-1] / reached[0] if reached and reached[0] else None
    return shares, whole, shares.index(min(losing)) if losing else None


def middle(values: Sequence[float]) -> tuple[float | None, float | None]:
    """(mean, median): K19 in days, K21 in minutes of the answered ones."""
    return (sum(values) / len(values), median(values)) if values else (None, None)


def answered_in_time(minutes: Sequence[float | None], limit_min: float, *, passed: int) -> float | None:
    """K22: minutes until the answer, None for those without one; `passed`: how many of these have passed the limit."""
    answered = [one for one in minutes if one is not None]
    due = len(answered) + passed
    return sum(one <= limit_min for one in answered) / due if due else None


def working_minutes(start: datetime, end: datetime, opens: time, closes: time, days: Sequence[int]) -> float:
    """K23: minutes from start to end inside working hours, the same on each of `days` (Monday 0)."""
    total, day = timedelta(), start.date()
    while day <= end.date():
        if day.weekday() in days:
            first = max(start, datetime.combine(day, opens, tzinfo=start.tzinfo))
            last = min(end, datetime.combine(day, closes, tzinfo=start.tzinfo))
            total += max(last - first, timedelta())
        day += timedelta(days=1)
    return total.total_seconds() / 60


def weighted_forecast(won: float, still_open: Sequence[tuple[float, float]]) -> float:
    """K25: won in the period and each open amount times its probability; lost ones are in neither."""
    return won + sum(amount * probability for amount, probability in still_open)


def mean_error(pairs: Sequence[tuple[float, float]]) -> float | None:
    """K27 of (forecast, actual): the mean share by which forecasts were off."""
    known = [abs(forecast - actual) / actual for forecast, actual in pairs if actual]
    return sum(known) / len(known) if known else None


def brier(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """K28 of (probability, whether it was won); 0 is perfect."""
    return sum((chance - won) ** 2 for chance, won in pairs) / len(pairs) if pairs else None


def is_overdue(due: date, *, is_open: bool, today: date) -> bool:
    """K40 of one task."""
    return is_open and due < today


def is_at_risk(gaps_days: Sequence[float], since_last_days: float) -> bool:
    """K45: the last order is more than twice the customer's usual gap ago."""
    return bool(gaps_days) and since_last_days > 2 * median(gaps_days)


def attribution(amount: float, touches: Sequence[str], model: str) -> dict[str, float]:
    """What each touch is credited with, by model first, last or linear; the parts add up to the amount."""
    if model == "linear":
        found: dict[str, float] = {}
        for touch in touches:
            found[touch] = found.get(touch, 0) + amount / len(touches)
        return found
    return {touches[0 if model == "first" else -1]: amount} if touches else {}
