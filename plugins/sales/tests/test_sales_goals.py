"""Goals, their pace and the rating of sellers: the worked examples, and figures that equal the records behind them."""

from datetime import date, timedelta
from urllib.parse import parse_qs, urlparse

import pytest
from sales_web import text_of

from kumiko import Invalid, all_ids, catalogue, company_today, create, get, run_action, services
from kumiko_contracts.deals import DEAL
from kumiko_contracts.sales import INVOICE
from kumiko_sales import goal_figures, ratings
from kumiko_sales.goals import GOAL


def test_the_worked_examples_of_attainment_pace_and_rating():
    assert goal_figures.attainment_of(84_000, 120_000) == pytest.approx(0.7)  # K29
    calendar = {"minutes": lambda start, end: 0}  # no working time: calendar days
    elapsed = goal_figures.elapsed_share(date(2026, 6, 1), date(2026, 6, 30), date(2026, 6, 20), **calendar)
    assert goal_figures.pace_of(0.7, elapsed) == pytest.approx(1.05)  # K30
    by_work = {"minutes": lambda start, end: 480 * ((end - start).days - 2 * ((end - start).days // 7))}
    elapsed = goal_figures.elapsed_share(date(2026, 6, 1), date(2026, 6, 28), date(2026, 6, 14), **by_work)
    assert elapsed == pytest.approx(0.5)
    assert goal_figures.pace_of(0.7, goal_figures.elapsed_share(date(2026, 6, 2), date(2026, 6, 3), date(2026, 6, 1),
                                                                **calendar)) is None  # fmt: skip
    weights = {"attainment": 50, "win_rate": 20, "punctuality": 20, "answers": 10}
    parts = {"attainment": 0.70, "win_rate": 0.40, "punctuality": 0.75, "answers": 0.60}
    assert ratings.rating_of(parts, weights).score == pytest.approx(0.64)  # K46
    capped = {**parts, "attainment": 1.4}
    assert ratings.rating_of(capped, weights).score == pytest.approx(0.5 + 0.08 + 0.15 + 0.06)
    unknown = {**parts, "punctuality": None, "answers": None}
    assert ratings.rating_of(unknown, weights).score == pytest.approx((0.35 + 0.08) / 0.7)
    assert ratings.rating_of(dict.fromkeys(parts), weights).score is None


def test_goals_count_what_their_person_won_and_show_it_to_those_who_may_see_it(web):
    today = company_today_in(web)
    year = {"from_on": f"{today.year}-01-01", "until_on": f"{today.year}-12-31"}
    with web.acting("sam@example.com") as context:
        sam = context.principal.user_id
        organization = create("parties.organization", {"name": "Acme"}).id
        won = create(DEAL, {"name": "Mine", "organization": organization, "amount": "700"}).id
        run_action(DEAL, won, "win", {})
        invoice = services.get("sales/1").make_invoice(won)
        run_action(INVOICE, invoice, "pay", {"amount": "150"})
    with web.acting():
        sue = next(one for one in all_ids(catalogue().get("access.user")) if get("access.user", one).title == "Sue")
        other = create(DEAL, {"name": "Other", "amount": "9000", "organization": organization, "owner": sue}).id
        run_action(DEAL, other, "win", {})
    known = web.person("sue@example.com").get(f"/organizations/{organization}")  # knows it, and no invoice of Sam's
    assert (known.status_code, "Acme" in known.text, "INV-" in known.text) == (200, True, False)
    with web.acting():
        for measure, target in (("won_amount", {"target_amount": "1000 EUR"}), ("won_deals", {"target_count": 4}),
                                ("revenue", {"target_amount": "1400 EUR"}), ("cash", {"target_amount": "300 EUR"}),
                                ("new_customers", {"target_count": 2})):  # fmt: skip
            create(GOAL, {"for_user": sam, "measure": measure, **target, **year})
        whole = create(GOAL, {"measure": "won_amount", "target_amount": "20000 EUR", **year}).id
        made = goal_figures.progress_of(get(GOAL, whole))
        assert (made.fact, made.target, made.missing) == (970_000, 2_000_000, 1_030_000)
        with pytest.raises(Invalid, match="not accepted") as fault:
            create(GOAL, {"for_user": sam, "measure": "calls", **year})
        assert "above 0" in str(fault.value.errors)
    seller = web.person("sam@example.com")
    card = seller.get(f"/organizations/{organization}").text
    assert ('class="sales-related"' in card, "INV-" in card.partition('class="sales-related"')[2]) == (True, True)
    page = seller.get("/goals/progress")
    text = text_of(page)
    assert page.status_code == 200, text
    assert "€700.00 €1,000.00 €300.00 70.0 %" in text
    assert "€700.00 €1,400.00 €700.00 50.0 %" in text  # invoiced without tax
    assert "€150.00 €300.00 €150.00 50.0 %" in text
    assert "€9,700.00" not in text  # the company's goal is not his to see
    assert seller.get("/goals/new").status_code in (403, 404)
    row = next(part for part in page.text.split("<tr>") if "Amount of deals won" in part)
    address = row.split('class="n"><a class="km-link" href="')[1].split('"')[0].replace("&amp;", "&")
    node = parse_qs(urlparse(address).query)["filter"][0]
    listed = seller.api("GET", "/api/v1/deals?" + urlparse(address).query).json["data"]
    assert ([one["amount"]["value"] for one in listed], '"owner"' in node) == (["700.00"], True)
    assert "€9,700.00" in text_of(web.person("root@example.com").get("/goals/progress"))
    assert seller.get(f"/goals/progress?on={today - timedelta(days=800)}").status_code == 200
    assert seller.get("/goals/progress?on=soon").status_code == 422


def company_today_in(web):
    with web.acting():
        return company_today()
