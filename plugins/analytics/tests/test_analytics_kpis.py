"""The usual key figures, by the worked examples of their definitions."""

from datetime import UTC, date, datetime, time
from fractions import Fraction

import pytest

from kumiko_analytics import kpis
from kumiko_analytics.formulas import Amounts, BadFormula, evaluate
from kumiko_analytics.kpis import FORMULAS

EXAMPLES = (
    ("K1", {"revenue": 500, "orders": 3}, 166.67),
    ("K2", {"won": 12, "lost": 18}, 0.40),
    ("K3", {"won": 60_000, "lost": 140_000}, 0.30),
    ("K4", {"won": 10, "created": 50}, 0.20),
    ("K6", {"converted": 18, "leads": 150}, 0.12),
    ("K7", {"cost": 3000, "leads": 150}, 20),
    ("K8", {"cost": 3000, "customers": 12}, 250),
    ("K9", {"marketing": 20_000, "sales": 30_000, "customers": 25}, 2000),
    ("K10", {"gain": 150_000, "cost": 100_000}, 0.5),
    ("K11", {"revenue": 40_000, "margin": 0.6, "cost": 8000}, 2.0),
    ("K12", {"revenue": 40_000, "cost": 8000}, 5),
    ("K13", {"revenue": 1000, "margin": 0.4, "service": 0}, 400),
    ("K14", {"aov": 80, "purchases_per_year": 4, "margin": 0.5, "years": 3}, 480),
    ("K15", {"monthly": 50, "margin": 0.8, "churn": 0.04}, 1000),
    ("K16", {"margin": 400, "retention": 0.8, "discount": 0.1}, 1066.67),
    ("K17", {"value": 1000, "cost": 250}, 4),
    ("K18", {"cost": 250, "monthly": 50, "margin": 0.8}, 6.25),
    ("K20", {"open": 40, "win_rate": 0.25, "average": 5000, "cycle": 50}, 1000),
    ("K22", {"in_time": 2, "due": 5}, 0.4),
    ("K24", {"open": 180_000, "quota": 100_000, "won": 40_000}, 3),
    ("K24", {"open": 180_000, "quota": 100_000, "won": 100_000}, None),
    ("K26", {"forecast": 93_000, "actual": 100_000}, 0.93),
    ("K29", {"won": 84_000, "quota": 120_000}, 0.7),
    ("K30", {"attainment": 0.7, "elapsed": Fraction(20, 30)}, 1.05),
    ("K31", {"lost": 10, "at_start": 200}, 0.05),
    ("K32", {"at_end": 220, "new": 30, "at_start": 200}, 0.95),
    ("K33", {"at_start": 10_000, "expansion": 1500, "contraction": 300, "churned": 700}, 1.05),
    ("K34", {"at_start": 10_000, "contraction": 300, "churned": 700}, 0.9),
    ("K35", {"repeated": 45, "customers": 150}, 0.3),
    ("K36", {"revenue": 500, "cost": 300}, 0.4),
    ("K37", {"discounts": 1200, "before": 24_000}, 0.05),
    ("K38", {"calls": 240, "won": 12}, 20),
    ("K39", {"in_time": 45, "due": 60}, 0.75),
    ("K41", {"receivables": 30_000, "sales": 90_000, "days": 30}, 10),
    ("K42", {"promoters": 30, "detractors": 5, "answers": 50}, 50),
    ("K43", {"content": 40, "answers": 50}, 0.8),
    ("K44", {"referred": 6, "customers": 25}, 0.24),
    ("K46", {"w1": 0.5, "attainment": 0.7, "w2": 0.2, "win_rate": 0.4, "w3": 0.2, "punctuality": 0.75, "w4": 0.1,
             "in_time": 0.6}, 0.64),
)  # fmt: skip


def test_the_formulas_give_the_worked_examples():
    by_number = {name.partition(" ")[0]: formula for name, formula in FORMULAS.items()}
    found = []
    for number, values, wanted in EXAMPLES:
        value = evaluate(by_number[number], values)[0]
        found.append((number, None if value is None else round(float(value), 2 if wanted and wanted > 10 else 4)))
    assert found == [(number, wanted) for number, _values, wanted in EXAMPLES]
    assert {number for number, *_rest in EXAMPLES} == set(by_number)


def test_the_other_figures_give_the_worked_examples():
    assert kpis.funnel([100, 60, 30, 12]) == ([0.6, 0.5, 0.4], 0.12, 2)
    assert kpis.middle([30, 45, 75]) == (50, 45)
    assert kpis.middle([15, 40])[1] == 27.5
    assert kpis.answered_in_time([5, 15, 40, 180, None], 30, passed=1) == 0.4
    friday, monday = datetime(2026, 1, 2, 17, 50, tzinfo=UTC), datetime(2026, 1, 5, 9, 10, tzinfo=UTC)
    assert kpis.working_minutes(friday, monday, time(9), time(18), range(5)) == 20
    assert kpis.weighted_forecast(40_000, [(50_000, 0.5), (20_000, 0.2), (30_000, 0.8)]) == 93_000
    assert round(kpis.mean_error([(90, 100), (120, 100), (110, 100)]), 4) == 0.1333
    assert round(kpis.brier([(0.8, True), (0.5, False), (0.2, True)]), 2) == round((0.04 + 0.25 + 0.64) / 3, 2)
    assert round(kpis.brier([(0.8, True), (0.5, False), (0.2, False)]), 2) == 0.11
    today = date(2026, 5, 10)
    tasks = [(date(2026, 5, 9), True), (date(2026, 5, 9), False), (date(2026, 5, 11), True)]
    assert sum(kpis.is_overdue(due, is_open=is_open, today=today) for due, is_open in tasks) == 1
    assert (kpis.is_at_risk([30, 32, 28], 65), kpis.is_at_risk([30, 32, 28], 60), kpis.is_at_risk([], 500)) == (
        True, False, False,
    )  # fmt: skip
    touches = ("A", "B", "C")
    models = {model: kpis.attribution(900, touches, model) for model in ("first", "last", "linear")}
    assert models == {"first": {"A": 900}, "last": {"C": 900}, "linear": {"A": 300, "B": 300, "C": 300}}


def test_currencies_are_never_added_and_text_is_no_program():
    euros, dollars = Amounts({"EUR": Fraction(500)}), Amounts({"USD": Fraction(300)})
    both = evaluate("a + b", {"a": euros, "b": dollars})[0]
    assert both.minor() == {"EUR": 500, "USD": 300}
    assert evaluate("a / b", {"a": euros, "b": dollars}) == (None, "currencies")
    counts = Amounts({"EUR": Fraction(3), "USD": Fraction(2)}, is_money=False)
    assert evaluate("a / n", {"a": both, "n": counts})[0].minor() == {"EUR": 167, "USD": 150}
    assert evaluate("a / 0", {"a": euros}) == (None, "zero")
    assert evaluate("weighted(1, a, 1, b)", {"a": None, "b": Fraction(1, 2)}) == (Fraction(1, 2), "")
    for text in ("__import__('os')", "a.b", "[1]", "a if b else c", "open('x')", "1 +", "x" * 600):
        with pytest.raises(BadFormula):
            evaluate(text, {"a": 1, "b": 2, "c": 3})
