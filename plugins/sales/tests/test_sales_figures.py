"""K4, K5, K19, K25 and the time per stage: the worked examples, the traps, and who sees what."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import figures_lab as lab
import pytest
from figures_lab import DEAL, FEBRUARY, JANUARY
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kumiko import Forbidden, ModuleOff, company_today, create, delete, get, restore, unit, update, utc_now
from kumiko.host.context import narrowed
from kumiko_sales import figures, forecasts
from kumiko_sales.figures import Cycle, Days, Forecast
from kumiko_sales.funnel import funnel
from kumiko_sales.services import merge_stage
from kumiko_testing.queries import counted
from kumiko_testing.records import OWN, TEAM, open_house, person

ANN, BEN = person(9001, "Ann", level=OWN), person(9002, "Ben", level=OWN)
CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties", "kumiko.notify")
HEAD = person(9009, "Head", level=TEAM, team_ids=(5,))
OPEN_STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation")


@pytest.fixture
def acting(sales_house):
    with sales_house.acting():
        yield funnel().default.id


def reached(found):
    return [(step.name, step.reached) for step in found.steps]


def test_stage_conversion_of_a_cohort_is_the_worked_example(sales_house):
    """K5: 100, 60, 30, 12 won: 60 %, 50 %, 40 %; whole funnel 12 %. A tenth of the size, for one deal in ten."""
    with sales_house.acting():
        pipeline = lab.new_pipeline("Partners", "First", "Second", "Third")
        paths = [("First",)] * 20 + [("First", "Second")] * 15 + [("First", "Second", "Third")] * 9
        for path in [*paths, *([("First", "Second", "Third", "Won")] * 6)]:
            lab.brought_in(path, within=pipeline, pipeline=pipeline)
        found = figures.funnel_of_cohort(pipeline, JANUARY, FEBRUARY)
    assert found.size == 50
    assert [(step.name, step.reached, step.conversion, step.share, step.weakest) for step in found.steps] == [
        ("First", 50, 0.6, 1.0, False), ("Second", 30, 0.5, 0.6, False), ("Third", 15, 0.4, 0.3, True),
        ("Won", 6, None, 0.12, False),
    ]  # fmt: skip
    assert found.whole == 0.12


def test_the_win_rate_of_a_cohort_is_the_worked_example(acting):
    """K4: 50 created, 10 won, 25 lost, 15 open: 20.0 %."""
    for path, count in ((("Prospecting", "Won"), 10), (("Prospecting", "Lost"), 25), (("Prospecting",), 15)):
        for _number in range(count):
            lab.brought_in(path)
    found = figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY)
    assert (found.created, found.won, found.lost, found.open, found.rate) == (50, 10, 25, 15, 0.2)


def test_the_sales_cycle_is_the_worked_example(acting):
    """K19: 30, 45, 75 days: mean 50, median 45. Open, lost, and those without a known day are out."""
    for days in (30, 45, 75):
        lab.brought_in(("Prospecting", "Won"), closed=JANUARY + timedelta(days=days))
    lab.brought_in(("Prospecting", "Lost"), closed=JANUARY + timedelta(days=9))
    lab.brought_in(("Prospecting",))
    period = (JANUARY, date(2027, 1, 1))
    assert figures.sales_cycle(acting, *period) == Cycle(days=Days(count=3, mean=50.0, median=45.0), left_out=0)
    unknown = lab.brought_in(("Prospecting", "Won"), closed=FEBRUARY)
    update(DEAL, unknown, {"opened_on": None})
    lab.brought_in(("Prospecting", "Won"), closed=JANUARY + timedelta(days=60))
    assert figures.sales_cycle(acting, *period) == Cycle(days=Days(count=4, mean=52.5, median=52.5), left_out=1)
    assert figures.sales_cycle(acting, date(2027, 1, 1), date(2028, 1, 1)) == Cycle(days=Days(), left_out=0)
    assert figures.cohort_of_nobody(acting) == 1


def test_the_weighted_forecast_is_the_worked_example(acting):
    """K25: 40,000 + 50,000x0.5 + 20,000x0.2 + 30,000x0.8 = 93,000. Lost adds 0, won is no longer multiplied."""

    def amount(value, currency="EUR"):
        return {"value": f"{value}", "currency": currency}

    inside = date(2026, 1, 20)
    lab.brought_in(("Proposal", "Won"), closed=inside, amount=amount(40_000), expected_close_on=inside)
    for value, percent in ((50_000, 50), (20_000, 20), (30_000, 80)):
        lab.brought_in(("Proposal",), amount=amount(value), probability=percent, expected_close_on=inside)
    lab.brought_in(("Proposal", "Lost"), closed=inside, amount=amount(70_000), expected_close_on=inside)
    lab.brought_in(("Proposal",), amount=amount(999), probability=90, expected_close_on=FEBRUARY)
    lab.brought_in(("Proposal",), amount=amount(888), probability=90)
    lab.brought_in(("Proposal",), probability=90, expected_close_on=inside)
    lab.brought_in(("Proposal",), amount=amount("0.05", "USD"), probability=50, expected_close_on=JANUARY)
    found = figures.weighted_forecast(JANUARY, FEBRUARY)
    assert found == (
        Forecast(currency="EUR", won_count=1, won_minor=4_000_000, open_count=3, open_minor=10_000_000,
                 weighted_minor=5_300_000),
        Forecast(currency="USD", won_count=0, won_minor=0, open_count=1, open_minor=5, weighted_minor=3),
    )  # fmt: skip
    assert [line.forecast_minor for line in found] == [9_300_000, 3]
    assert figures.weighted_forecast(JANUARY, FEBRUARY, pipeline_id=acting) == found


def test_a_forecast_in_several_currencies_has_one_total_that_says_its_rates(acting):
    """Won deals by the rate of their day, open ones by today's; what has no rate is said, not added; one statement."""

    def deal(value, currency, closed=None, percent=50):
        steps = ("Proposal",) if closed is None else ("Proposal", "Won")
        lab.brought_in(steps, closed=closed, amount={"value": value, "currency": currency}, probability=percent,
                       expected_close_on=JANUARY)  # fmt: skip

    deal("100.00", "EUR", percent=30)
    deal("1000", "JPY", date(2026, 1, 5))
    deal("1000", "JPY", date(2026, 1, 25))
    deal("3.000", "KWD")
    assert forecasts.forecast_with_total(JANUARY, FEBRUARY)[1] is None
    today = company_today()
    for code, day, rate in (("JPY", date(2026, 1, 1), 0.01), ("JPY", date(2026, 1, 20), 0.02), ("KWD", today, 3.0)):
        create("currencies.rate", {"currency": code, "valid_on": day, "rate": rate})
    deal("500.00", "NOK")
    forecasts.forecast_with_total(JANUARY, FEBRUARY)  # rates are read once
    with counted() as seen:
        lines, total = forecasts.forecast_with_total(JANUARY, FEBRUARY)
    note = f"1 JPY = 0.01 EUR (2026-01-01), 0.02 EUR (2026-01-20); 1 KWD = 3 EUR ({today}); no rate for NOK, not added"
    assert (len(seen), [line.currency for line in lines], lines, total) == (
        1, ["EUR", "JPY", "KWD", "NOK"], figures.weighted_forecast(JANUARY, FEBRUARY),
        forecasts.ForecastTotal(
            currency="EUR", won_count=2, won_minor=3000, open_count=2, open_minor=10_900, weighted_minor=3450,
            forecast_minor=6450, note=note,
        ),
    )  # fmt: skip


def test_amounts_of_any_size_are_added_exactly(acting):
    for _number in range(3):
        lab.brought_in(("Proposal",), amount={"value": "900000000000000.01", "currency": "EUR"}, probability=99,
                       expected_close_on=JANUARY)  # fmt: skip
    (line,) = figures.weighted_forecast(JANUARY, FEBRUARY)
    assert (line.open_minor, line.weighted_minor) == (270_000_000_000_000_003, 267_300_000_000_000_003)


def test_skipped_stages_count_as_reached_and_going_back_counts_once(acting):
    lab.brought_in(("Prospecting", "Negotiation"))
    lab.brought_in(("Prospecting", "Proposal", "Qualification", "Proposal", "Prospecting"))
    lab.brought_in(("Prospecting", "Won"))
    found = figures.funnel_of_cohort(acting, JANUARY, FEBRUARY)
    assert reached(found) == [
        ("Prospecting", 3), ("Qualification", 3), ("Proposal", 3), ("Negotiation", 2), ("Won", 1),
    ]  # fmt: skip
    assert [step.name for step in found.steps if step.weakest] == ["Negotiation"]


def test_a_deal_reopened_and_lost_later_counts_once_by_its_last_closing(acting):
    lab.brought_in(("Prospecting", "Won", "Proposal", "Lost"))
    found = figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY)
    assert (found.created, found.won, found.lost, found.rate) == (1, 0, 1, 0.0)
    assert reached(figures.funnel_of_cohort(acting, JANUARY, FEBRUARY)) == [
        ("Prospecting", 1), ("Qualification", 1), ("Proposal", 1), ("Negotiation", 0), ("Won", 0),
    ]  # fmt: skip
    assert figures.sales_cycle(acting, JANUARY, FEBRUARY).days.count == 0


def test_nothing_in_the_period_is_no_value(acting):
    found = figures.funnel_of_cohort(acting, JANUARY, FEBRUARY)
    assert (found.size, found.whole) == (0, None)
    assert {(step.reached, step.conversion, step.share, step.weakest) for step in found.steps} == {
        (0, None, None, False)
    }
    assert figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY).rate is None
    assert {(one.finished, one.running) for one in figures.time_in_stages(acting, JANUARY, FEBRUARY)} == {
        (Days(), Days())
    }
    assert figures.weighted_forecast(JANUARY, FEBRUARY) == ()


def test_the_period_begins_with_its_first_day_and_ends_before_its_last(acting):
    for day in (date(2025, 12, 31), JANUARY, date(2026, 1, 31), FEBRUARY):
        lab.brought_in(("Prospecting", "Won"), opened=day, closed=day)
    assert figures.funnel_of_cohort(acting, JANUARY, FEBRUARY).size == 2
    assert figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY).created == 2
    assert figures.sales_cycle(acting, JANUARY, FEBRUARY).days.count == 2


def test_deleted_deals_are_out_and_come_back_with_their_past(acting):
    gone = lab.brought_in(("Prospecting", "Won"), amount={"value": "10", "currency": "EUR"}, closed=JANUARY)
    lab.brought_in(("Prospecting",))
    delete(DEAL, gone)
    assert figures.funnel_of_cohort(acting, JANUARY, FEBRUARY).size == 1
    assert figures.sales_cycle(acting, JANUARY, FEBRUARY).days.count == 0
    assert figures.weighted_forecast(JANUARY, FEBRUARY) == ()
    assert sum(one.finished.count for one in figures.time_in_stages(acting, JANUARY, FEBRUARY)) == 0
    restore(DEAL, gone)
    assert figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY).rate == 0.5


def test_a_merged_stage_counts_as_the_one_that_took_its_deals(acting):
    lab.brought_in(("Prospecting", "Proposal", "Negotiation"), days=[0, 4, 10])
    lab.brought_in(("Prospecting", "Proposal"), days=[0, 2])
    ids = lab.stages()
    with unit():
        merge_stage(get(lab.STAGE, ids["Proposal"]), {"into": ids["Qualification"]})
    assert reached(figures.funnel_of_cohort(acting, JANUARY, FEBRUARY)) == [
        ("Prospecting", 2), ("Qualification", 2), ("Negotiation", 1), ("Won", 0),
    ]  # fmt: skip
    times = {one.name: one for one in figures.time_in_stages(acting, JANUARY, FEBRUARY)}
    assert times["Qualification"].finished == Days(count=1, mean=pytest.approx(6), median=pytest.approx(6))
    assert times["Qualification"].running.count == 1
    whole = (utc_now() - datetime.fromisoformat("2026-01-03T09:00+00:00")) / timedelta(days=1)
    assert times["Qualification"].running.mean == pytest.approx(whole, abs=0.01)


def test_a_stay_in_an_archived_stage_counts_for_the_stages_before_it(acting):
    lab.brought_in(("Prospecting", "Proposal", "Prospecting"))
    update(lab.STAGE, lab.stages()["Proposal"], {"archived": True})
    assert reached(figures.funnel_of_cohort(acting, JANUARY, FEBRUARY)) == [
        ("Prospecting", 1), ("Qualification", 1), ("Negotiation", 0), ("Won", 0),
    ]  # fmt: skip


def test_time_in_a_stage_adds_up_returns_and_keeps_the_running_apart(acting):
    lab.brought_in(("Prospecting", "Qualification", "Prospecting", "Won"), days=[0, 1, 3, 6])
    lab.brought_in(("Prospecting", "Qualification"), days=[0, 10])
    lab.brought_in(("Prospecting", "Lost"), days=[0, 1])
    times = {one.name: one for one in figures.time_in_stages(acting, JANUARY, FEBRUARY)}
    assert times["Prospecting"].finished == Days(count=3, mean=pytest.approx(5), median=pytest.approx(4))
    assert times["Prospecting"].running == Days()
    assert times["Qualification"].finished == Days(count=1, mean=pytest.approx(2), median=pytest.approx(2))
    assert times["Qualification"].running.count == 1
    assert times["Proposal"].finished == times["Proposal"].running == Days()


def test_a_seller_sees_own_figures_and_a_head_those_of_the_team(sales_house):
    money = {"value": "100", "currency": "EUR"}
    for owner in (replace(ANN, team_ids=(5,)), ANN, replace(BEN, team_ids=(5,))):
        with sales_house.acting(owner):
            pipeline = funnel().default.id
            lab.brought_in(("Prospecting", "Won"), amount=money, closed=JANUARY)
    seen = {}
    for who in (ANN, BEN, HEAD):
        with sales_house.acting(who):
            seen[who.name] = (
                figures.funnel_of_cohort(pipeline, JANUARY, FEBRUARY).size,
                figures.win_rate_of_cohort(pipeline, JANUARY, FEBRUARY).won,
                figures.sales_cycle(pipeline, JANUARY, FEBRUARY).days.count,
                figures.time_in_stages(pipeline, JANUARY, FEBRUARY)[0].finished.count,
                [line.won_minor for line in figures.weighted_forecast(JANUARY, FEBRUARY)],
                len(figures.deals_behind("reached", pipeline, None, JANUARY, FEBRUARY)),
            )
            if who is HEAD:
                assert figures.win_rate_of_cohort(pipeline, JANUARY, FEBRUARY, owner_id=BEN.user_id).won == 1
            if who is ANN:
                assert figures.win_rate_of_cohort(pipeline, JANUARY, FEBRUARY, owner_id=BEN.user_id).won == 0
    assert seen == {
        "Ann": (2, 2, 2, 2, [20_000], 2), "Ben": (1, 1, 1, 1, [10_000], 1), "Head": (2, 2, 2, 2, [20_000], 2),
    }  # fmt: skip


def test_hidden_fields_make_no_figures_and_without_deals_there_are_none(houses, tmp_path):
    blind = narrowed(HEAD, hidden={DEAL: frozenset({"amount"})})
    with houses.on.acting(blind):
        pipeline = funnel().default.id
        with pytest.raises(Forbidden, match="made of: Amount"):
            figures.weighted_forecast(JANUARY, FEBRUARY)
        assert figures.win_rate_of_cohort(pipeline, JANUARY, FEBRUARY).created == 0
    with houses.on.acting(replace(HEAD, hidden={DEAL: frozenset({"outcome"})})), pytest.raises(Forbidden):
        figures.funnel_of_cohort(pipeline, JANUARY, FEBRUARY)
    alone = open_house(houses.on.database.url.render_as_string(hide_password=False), tmp_path, CORE, ("sales",))
    with alone.acting():
        assert not figures.is_readable()
        with pytest.raises(ModuleOff, match="switch the module deals on"):
            figures.funnel_of_cohort(pipeline, JANUARY, FEBRUARY)
    alone.database.close()


def test_each_figure_is_one_question_to_the_database_whatever_the_number_of_deals(acting):
    for _number in range(5):
        lab.brought_in(("Prospecting", "Proposal"))
    funnel()
    figures.weighted_forecast(JANUARY, FEBRUARY)  # settings are read once
    for ask, most in (
        (lambda: figures.funnel_of_cohort(acting, JANUARY, FEBRUARY), 2),  # stages that are gone, and the funnel
        (lambda: figures.win_rate_of_cohort(acting, JANUARY, FEBRUARY), 1),
        (lambda: figures.time_in_stages(acting, JANUARY, FEBRUARY), 2),
        (lambda: figures.sales_cycle(acting, JANUARY, FEBRUARY), 1),
        (lambda: figures.weighted_forecast(JANUARY, FEBRUARY), 1),
    ):
        with counted() as seen:
            ask()
        assert len(seen) == most, seen


WALK = st.lists(st.sampled_from([*OPEN_STAGES, "Won", "Lost"]), min_size=1, max_size=5).map(
    lambda names: [name for place, name in enumerate(names) if place == 0 or name != names[place - 1]]
)


def oracle(walks):
    """The funnel in plain Python: (reached per step, won last), by the words of K5."""
    order = {name: place for place, name in enumerate(OPEN_STAGES, 1)}
    furthest = [
        len(OPEN_STAGES) + 1 if walk[-1] == "Won" else max((order.get(name, 0) for name in walk), default=0)
        for walk in walks
    ]
    return [sum(one >= place for one in furthest) for place in range(1, len(OPEN_STAGES) + 2)]


def passable(walk):
    """A closed deal is reopened before it moves on: between two closed stages lies an open one."""
    found = []
    for name in walk:
        if found and found[-1] in ("Won", "Lost") and name in ("Won", "Lost"):
            found.append("Proposal")
        found.append(name)
    return found


def test_the_funnel_of_any_walks_is_what_plain_python_counts(acting):
    years = iter(range(1950, 2020))

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(WALK.map(passable), max_size=4))
    def compare(walks):
        begin = date(next(years), 1, 1)
        for walk in walks:
            lab.brought_in(walk, opened=begin)
        end = date(begin.year + 1, 1, 1)
        found = figures.funnel_of_cohort(acting, begin, end)
        assert [step.reached for step in found.steps] == oracle(walks)
        assert found.size == len(walks)
        rate = figures.win_rate_of_cohort(acting, begin, end)
        assert (rate.won, rate.lost) == tuple(sum(walk[-1] == end_ for walk in walks) for end_ in ("Won", "Lost"))
        for place, stage_id in enumerate([*list(lab.stages().values())[:4], None]):
            behind = figures.deals_behind("reached", acting, stage_id, begin, end)
            assert len(behind) == found.steps[place].reached

    compare()
