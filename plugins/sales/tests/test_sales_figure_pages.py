"""The page of figures: every number equals the list behind it, each person sees own figures, the history as a file."""

import csv
import io
from datetime import UTC, date, datetime

import figures_desk
import figures_lab as lab
import pytest
from figures_desk import numbers, text_of

from kumiko.host import settings
from kumiko.host.context import transaction
from kumiko_sales import figure_pages, stage_history
from kumiko_sales.figure_period import preset_days
from kumiko_sales.funnel import funnel
from kumiko_testing.queries import counted

PERIOD = "from=2026-01-01&until=2026-01-31"


@pytest.fixture
def desk(clone_database, tmp_path):
    made = figures_desk.Desk(clone_database("figures", figures_desk.build), tmp_path)
    with made.acting():
        made.pipeline = funnel().default.id
    yield made
    made.database.close()


def fill(desk):
    """Deals of the seller and of the head, in two currencies."""
    euro, dollar = {"value": "100.50", "currency": "EUR"}, {"value": "70", "currency": "USD"}
    january = date(2026, 1, 20)
    for name in ("Sal", "Hedy"):
        with desk.acting(name):
            lab.brought_in(("Prospecting", "Qualification", "Won"), amount=euro, closed=january)
            lab.brought_in(("Prospecting", "Proposal"), amount=dollar, expected_close_on=january, probability=50)
    with desk.acting("Hedy"):
        lab.brought_in(("Prospecting", "Negotiation", "Prospecting"), amount=euro, expected_close_on=january)
        lab.brought_in(("Prospecting", "Qualification", "Lost"), amount=euro)
        lab.brought_in(("Prospecting",), opened=date(2026, 2, 1))


def test_every_number_leads_to_as_many_deals(desk):
    fill(desk)
    seen = {}
    for name in ("Root", "Hedy", "Sal", "Ana"):
        browser = desk.browser(name)
        page = browser.get(f"/pipelines/{desk.pipeline}/figures?{PERIOD}")
        assert page.status_code == 200
        found = numbers(page)
        assert [browser.count_behind(href) for href, _number in found] == [number for _href, number in found]
        seen[name] = [number for _href, number in found]
    assert seen["Root"] == seen["Hedy"] == seen["Ana"]
    assert seen["Root"][:4] == [6, 3, 2, 1]
    assert seen["Sal"][:3] == [2, 1, 1]


def test_the_page_says_the_figures_in_words_and_marks_the_weakest_step(desk):
    fill(desk)
    page = text_of(desk.browser("Hedy").get(f"/pipelines/{desk.pipeline}/figures?{PERIOD}"))
    assert "Prospecting 6 100.0 % 100.0 % Qualification 6 100.0 % 83.3 %" in page
    assert "Negotiation Weakest step 3 50.0 % 66.7 %" in page or "Proposal Weakest step 5 83.3 % 60.0 %" in page
    assert page.count("Weakest step") == 1
    assert "Sales cycle 19.0 days" in page
    assert "EUR €201.00 2 €100.50 1 €10.05 €211.05" in page
    assert "USD $0.00 0 $140.00 2 $70.00 $70.00" in page


def test_a_head_narrows_to_an_owner_and_a_seller_cannot_widen(desk):
    fill(desk)
    sal, hedy = desk.user_id("Sal"), desk.user_id("Hedy")
    head, seller = desk.browser("Hedy"), desk.browser("Sal")
    address = f"/pipelines/{desk.pipeline}/figures?{PERIOD}&owner="
    page = head.get(f"{address}{sal}")
    assert 'value="Sal"' in page.text
    assert numbers(page)[0][1] == 2
    assert [head.count_behind(href) for href, _n in numbers(page)] == [number for _href, number in numbers(page)]
    page = seller.get(f"{address}{hedy}")
    assert numbers(page)[0][1] == 2
    assert "You see the figures of your own deals." in page.text
    assert 'name="owner"' not in page.text


def test_a_page_takes_few_statements_whatever_the_number_of_deals(desk):
    fill(desk)
    browser = desk.browser("Hedy")
    address = f"/pipelines/{desk.pipeline}/figures?{PERIOD}"
    browser.get(address)
    with counted() as few:
        browser.get(address)
    fill(desk)
    with counted() as many:
        browser.get(address)
    assert len(many) == len(few) <= 13, many


def test_more_deals_than_a_list_takes_come_in_parts(desk, monkeypatch):
    fill(desk)
    monkeypatch.setattr(figure_pages, "MOST_LISTED", 4)
    with desk.acting():
        first = lab.stages()["Prospecting"]
    browser = desk.browser("Hedy")
    page = browser.get(f"/pipelines/{desk.pipeline}/figures/deals?{PERIOD}&of=reached&stage={first}")
    counts = []
    while page is not None:
        hrefs = [
            one.replace("&amp;", "&")
            for one in figures_desk.re.findall(r'class="km-btn[^"]*" href="([^"]+)"', page.text)
        ]
        counts.append(browser.count_behind(next(one for one in hrefs if one.startswith("/deals?"))))
        more = [one for one in hrefs if "after=" in one]
        page = browser.get(more[0]) if more else None
    assert counts == [4, 2]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-02-01&until=2026-01-31", 422), ("from=soon&until=2026-01-31", 422), ("from=2026-01-01", 422),
        ("period=decade", 422), ("owner=x", 422), ("owner=99999999999999999999", 422), ("owner=4711", 200),
        ("from=0001-01-01&until=9999-12-31", 422), ("from=0001-01-01&until=9999-12-30", 200), ("period=month", 200),
    ],
)  # fmt: skip
def test_odd_addresses_are_sentences(desk, query, status):
    browser = desk.browser("Root")
    assert browser.get(f"/pipelines/{desk.pipeline}/figures?{query}").status_code == status
    assert browser.get(f"/pipelines/{desk.pipeline}/stage-history.csv?{query}").status_code == status


def test_what_is_not_there_is_not_found_and_odd_parts_are_refused(desk):
    browser = desk.browser("Root")
    figures = f"/pipelines/{desk.pipeline}/figures/deals?{PERIOD}"
    assert [
        browser.get(path).status_code
        for path in (
            "/pipelines/4711/figures", f"/pipelines/{2**63}/figures", "/pipelines/4711/stage-history.csv",
            f"{figures}&of=reached&stage=4711", f"{figures}&of=all&stage=1", f"{figures}&of=in&stage=x",
        )
    ] == [404, 404, 404, 404, 422, 422]  # fmt: skip
    assert (
        desk.browser("Root").get(f"/pipelines/{desk.pipeline}").text.count(f'"/pipelines/{desk.pipeline}/figures"') == 1
    )


def rows_of(answer):
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_history_of_stages_is_a_file_for_those_who_may_export(desk, monkeypatch):
    fill(desk)
    monkeypatch.setattr(stage_history, "PAGE", 2)
    address = f"/pipelines/{desk.pipeline}/stage-history.csv"
    answer = desk.browser("Hedy").get(f"{address}?{PERIOD}")
    assert (answer.status_code, answer.mimetype) == (200, "text/csv")
    rows = rows_of(answer)
    assert len(rows) == 2 * (3 + 2) + 3 + 3
    with desk.acting():
        deal_id = int(rows[0]["deal_id"])
    first = [row for row in rows if row["deal_id"] == str(deal_id)]
    assert [(row["stage"], row["entered_at"], row["left_at"], row["by"]) for row in first] == [
        ("Prospecting", "2026-01-01T09:00:00Z", "2026-01-02T09:00:00Z", "Sal"),
        ("Qualification", "2026-01-02T09:00:00Z", "2026-01-03T09:00:00Z", "Sal"),
        ("Won", "2026-01-03T09:00:00Z", "", "Sal"),
    ]
    assert {(row["pipeline"], row["amount"], row["currency"], row["probability"]) for row in first} == {
        ("Sales", "100.50", "EUR", "10"), ("Sales", "100.50", "EUR", "20"), ("Sales", "100.50", "EUR", "100"),
    }  # fmt: skip
    assert first[0]["days"] == "1.0000"
    assert len(rows_of(desk.browser("Ana").get(address))) == len(rows) + 1
    refused = desk.browser("Sal").get(f"{address}?{PERIOD}")
    assert refused.status_code == 403
    assert "Stage history" not in desk.browser("Sal").get(f"/pipelines/{desk.pipeline}/figures").text


def test_text_that_a_spreadsheet_would_run_stays_text(desk):
    with desk.acting():
        pipeline = lab.new_pipeline("=HYPERLINK(1)", "@first")
        lab.brought_in(("@first",), within=pipeline, pipeline=pipeline)
    (row,) = rows_of(desk.browser("Root").get(f"/pipelines/{pipeline}/stage-history.csv"))
    assert (row["pipeline"], row["stage"]) == ("'=HYPERLINK(1)", "'@first")


def test_a_stage_entered_late_on_the_last_day_belongs_to_the_companys_month(desk):
    """23:30 on 31 January in a zone of UTC-5 is January, although it is 1 February in UTC."""
    with desk.acting():
        with transaction():
            settings.put({"host.zone": "America/Bogota"})
        deal_id = lab.brought_in(("Prospecting",))
        with lab.as_history():
            lab.update(lab.DEAL, deal_id, {
                "stage": lab.stages()["Proposal"], "stage_entered_at": datetime(2026, 2, 1, 4, 30, tzinfo=UTC),
            })  # fmt: skip
        months = [(date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1))]
        found = [
            [row.stage for row in stage_history.stage_history(desk.pipeline, start=start, end=end).rows]
            for start, end in months
        ]
    assert found == [["Prospecting", "Proposal"], []]


def test_the_history_comes_page_by_page_and_reads_only_own_deals(desk):
    fill(desk)
    with desk.acting("Sal"):
        first = stage_history.stage_history(desk.pipeline, limit=3)
        second = stage_history.stage_history(desk.pipeline, limit=3, after=first.next)
        assert [row.stage for row in (*first.rows, *second.rows)] == [
            "Prospecting", "Qualification", "Won", "Prospecting", "Proposal",
        ]  # fmt: skip
        assert (len(first.rows), second.next) == (3, None)
        assert (first.rows[1].days, first.rows[2].left_at, first.rows[0].by) == (1.0, None, "Sal")


def test_periods_that_move_with_the_calendar_are_half_open():
    assert {
        name: preset_days(name, date(2026, 11, 26)) for name in ("month", "quarter", "year", "last_year", "12_months")
    } == {
        "month": (date(2026, 11, 1), date(2026, 12, 1)),
        "quarter": (date(2026, 10, 1), date(2027, 1, 1)),
        "year": (date(2026, 1, 1), date(2027, 1, 1)),
        "last_year": (date(2025, 1, 1), date(2026, 1, 1)),
        "12_months": (date(2025, 12, 1), date(2026, 12, 1)),
    }
