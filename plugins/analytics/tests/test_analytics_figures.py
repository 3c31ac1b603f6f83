"""Figures: each equals what the list behind it adds up to, and the definitions hold where they are often got wrong."""

import json
from collections import defaultdict
from datetime import date, datetime, timedelta
from fractions import Fraction
from statistics import mean, median
from urllib.parse import parse_qs, urlsplit

from analytics_lab import YEAR, seller

from kumiko import Measure, catalogue, company_today, create, current, measured_ids, source_of
from kumiko.host import settings
from kumiko.host.context import SYSTEM
from kumiko.records import service
from kumiko.records.queries import all_ids
from kumiko_analytics.drill import list_href
from kumiko_analytics.figures import Ask, compute, narrowed, value_of
from kumiko_analytics.formulas import Amounts
from kumiko_analytics.periods import Period
from kumiko_analytics.registry import figures

IN_2026 = Period(*YEAR)


def answer(key, chosen=None, group="", period=IN_2026):
    return compute([Ask(figures()[key], period, chosen or {}, group)])[0]


def shown(value):
    """A value in plain Python: money in minor units by currency, numbers as floats."""
    return value.minor() if isinstance(value, Amounts) else None if value is None else round(float(value), 3)


def lines(key, group, chosen=None):
    found = answer(key, chosen, group)
    assert not found.problem, found.problem
    return {one.label or one.key: shown(one.value) for one in found.lines if one.value not in (None, 0)}


def behind(measured: Measure):
    """What the list of the records behind a measure adds up to, read record by record."""
    source = source_of(measured.type)
    if source.dataset is not None:
        ids = measured_ids(measured.type, measured)
    else:
        query = parse_qs(urlsplit(list_href(measured)).query)
        node = json.loads(query["filter"][0]) if "filter" in query else None
        ids = all_ids(catalogue().by_collection[urlsplit(list_href(measured)).path[1:]], node=node)
    records = [read_once(source.type.key, one) for one in ids]
    if measured.how == "count" and not measured.field:
        return Fraction(len(records))
    values = [one.get(measured.field) for one in records]
    if measured.until:
        pairs = zip(values, [one.get(measured.until) for one in records], strict=True)
        values = [(end - start).total_seconds() / 86400 for start, end in pairs if start and end and end >= start]
        return Fraction(str({"avg": mean, "median": median}[measured.how](values))) if values else None
    filled = [(one, value) for one, value in zip(records, values, strict=True) if value is not None]
    if not filled and measured.how in ("avg", "median"):
        return None
    if filled and not hasattr(filled[0][1], "currency"):
        numbers = [value for _one, value in filled]
        return Fraction(str({"avg": mean, "sum": sum, "median": median}[measured.how](numbers)))
    sums = defaultdict(Fraction)
    for one, value in filled:
        weight = Fraction(str(one.get(measured.weight) or 0)) / 100 if measured.weight else 1
        sums[value.currency] += 1 if measured.how == "count" else value.minor * weight
    return Amounts(dict(sums), measured.how != "count") if sums else None if measured.how == "avg" else Fraction(0)


def read_once(type_key, record_id):
    """A record as the acting person sees it; read once per act, for many figures are about the same ones."""
    held = current().cache.setdefault(("test", "records"), {})
    if (type_key, record_id) not in held:
        held[type_key, record_id] = service.get(type_key, record_id)
    return held[type_key, record_id]


def test_every_number_is_what_its_list_adds_up_to_for_the_owner_and_for_a_seller(figures_house):
    """All figures on offer, in all, filtered, and line by line over a dimension: one definition, for whoever reads."""
    checked = 0
    for who in (SYSTEM, seller(figures_house)):
        with figures_house.acting(who):
            source_id = all_ids(catalogue().get("deals.source"), node={"f": "name", "op": "eq", "v": "web"})[0]
            for one in figures().values():
                if one.metric.table is not None or one.missing:
                    continue
                for chosen in ({}, {"source": source_id}, {"source": None}):
                    narrow = {leaf.path: narrowed(leaf.measure, IN_2026, chosen) for leaf in one.leaves}
                    found = answer(one.key, chosen)
                    wanted = {path: behind(measured) for path, (measured, _not_here) in narrow.items()}
                    assert not found.problem
                    assert shown(found.value) == shown(value_of(one, wanted)[0]), (one.key, chosen, who)
                    checked += 1
    assert checked > 150


def test_lines_of_a_split_add_up_and_costs_without_leads_or_customers_stay_in_sight(figures_house):
    """CAC has a line for customers without a source; a source that cost money and brought nobody has no value."""
    with figures_house.acting():
        assert lines("deals.revenue.won", "source") == {"web": {"EUR": 35000}, "fair": {"EUR": 15000}}
        assert lines("deals.revenue.won", "quarter") == {
            date(2026, 1, 1): {"EUR": 35000},
            date(2026, 4, 1): {"EUR": 15000},
        }
        costs = answer("analytics.cost.all", group="source")
        by_source = {one.label or None: shown(one.value)["EUR"] for one in costs.lines}
        assert by_source == {"web": 6000, "fair": 30000, "post": 2500, None: 11500}
        assert sum(by_source.values()) == shown(costs.value)["EUR"] == 50000
        cac = {
            one.label or None: (shown(one.value), one.reason)
            for one in answer("analytics.cost.cac", group="source").lines
        }
        assert cac == {
            "web": ({"EUR": 3000}, ""),
            None: ({"EUR": 11500}, ""),
            "fair": (None, "zero"),
            "post": (None, "zero"),
        }
        industry = answer("deals.revenue.won", group="organization.industry")
        assert {one.key: shown(one.value) for one in industry.lines} == {"trade": {"EUR": 50000}, "craft": 0.0}
        assert lines("analytics.value.history", "organization") == {"Acme": {"EUR": 25000}, "Bolt": {"EUR": 25000}}


def test_leads_per_source_cost_what_was_spent_and_the_median_answer_is_that_of_the_answered_ones(figures_house):
    """15 and 40 working minutes and one lead without an answer: 27.5. What was not answered yet is no short answer."""
    with figures_house.acting():
        today = company_today()
        now = Period(today.replace(month=1, day=1), today.replace(year=today.year + 1, month=1, day=1))
        median_min = answer("deals.response.working", period=now)
        assert shown(median_min.value) == 27.5
        assert shown(answer("deals.leads.count", period=now).value) == 3
        assert shown(answer("deals.response.in_time", {"source": None}, period=now).value) is None
        create("analytics.cost", {"name": "Now", "amount": {"value": "90.00", "currency": "EUR"}, "spent_on": today,
                                  "kind": "marketing"})  # fmt: skip
        found = answer("analytics.cost.per_lead", period=Period(today, today + timedelta(days=1)))
        assert shown(found.value) == {"EUR": 3000}


def test_a_merge_of_two_customers_leaves_the_company_as_it_was(figures_house):
    """The value of the one that stays is the sum of both; only the number of new customers falls."""
    with figures_house.acting():
        info = catalogue().get("parties.organization")
        ids = {service.get(info.key, one).title: one for one in all_ids(info)}
        before = shown(answer("deals.revenue.won").value), shown(answer("analytics.value.history").value)
        for deal in all_ids(catalogue().get("deals.deal"), node={"f": "organization", "op": "eq", "v": ids["Bolt"]}):
            service.update("deals.deal", deal, {"organization": ids["Acme"]})
        assert (shown(answer("deals.revenue.won").value), shown(answer("analytics.value.history").value)) == before
        assert lines("analytics.value.history", "organization") == {"Acme": {"EUR": 50000}}
        assert shown(answer("deals.customers.new").value) == 2


def test_nothing_to_divide_by_is_no_value_and_a_deal_counts_once_by_its_last_closing(figures_house):
    with figures_house.acting():
        quiet = Period(date(2026, 7, 1), date(2026, 8, 1))
        for key in (
            "deals.win_rate.count",
            "deals.win_rate.value",
            "deals.average.won",
            "deals.cycle.mean",
            "analytics.cost.cac",
        ):
            found = answer(key, period=quiet)
            assert (found.value, bool(found.reason), found.problem) == (None, True, "")
        assert shown(answer("analytics.cost.all", period=quiet).value) == 0
        deal = all_ids(catalogue().get("deals.deal"), node={"f": "name", "op": "eq", "v": "A1"})[0]
        assert shown(answer("deals.win_rate.count").value) == round(4 / 6, 3)
        service.run_action("deals.deal", deal, "reopen", {})
        assert shown(answer("deals.win_rate.count").value) == 0.6
        assert shown(answer("sales.forecast.weighted", period=Period(date(2026, 2, 1), date(2026, 3, 1))).value) == {
            "EUR": 25000
        }
        reason = all_ids(catalogue().get("deals.lost_reason"))[0]
        service.run_action("deals.deal", deal, "lose", {"lost_reason": reason, "closed_on": date(2026, 6, 1)})
        assert (shown(answer("deals.win_rate.count").value), shown(answer("deals.lost.count").value)) == (0.5, 3)
        assert (
            shown(answer("sales.forecast.weighted").value)["EUR"]
            == shown(answer("deals.revenue.won").value)["EUR"] + 54000 // 10
        )


def test_amounts_are_converted_by_the_rate_of_their_day_and_periods_are_the_companys(figures_house):
    """100 EUR at 1.10 and 100 EUR at 1.20 are 230 USD; 23:30 on 31 January in Bogotá is January, in UTC February."""
    with figures_house.acting() as context:
        settings.put({"host.currency": "USD"})
        context.via = "import"
        for day, rate in (("2026-09-01", 1.1), ("2026-09-02", 1.2)):
            create("currencies.rate", {"currency": "eur", "valid_on": day, "rate": rate})
            deal = {
                "name": day,
                "outcome": "won",
                "opened_on": day,
                "closed_on": day,
                "amount": {"value": "100.00", "currency": "EUR"},
            }
            create("deals.deal", deal)
        september = Period(date(2026, 9, 1), date(2026, 10, 1))
        context.cache.clear()
        assert shown(answer("deals.revenue.won", period=september).value) == {"USD": 23000}
        assert shown(answer("deals.average.won", period=september).value) == {"USD": 11500}
        assert shown(answer("deals.revenue.won").value) == {"EUR": 50000, "USD": 23000}, "no rate before the first one"
        create(
            "deals.interaction",
            {"kind": "call", "started_at": datetime.fromisoformat("2026-02-01T04:30:00+00:00"), "body": "Late"},
        )
        months = answer("deals.calls.count", group="month").lines
        assert {str(one.key): float(one.value) for one in months if one.value} == {"2026-01-01": 2}
        assert shown(answer("deals.calls.count", period=Period(date(2026, 2, 1), date(2026, 3, 1))).value) == 0
