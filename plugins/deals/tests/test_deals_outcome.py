"""Winning, losing, reopening: by actions only, stated once, with day and reason; imports bring history as it was."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from kumiko import (
    Conflict,
    Forbidden,
    Invalid,
    Money,
    NotFound,
    company_today,
    create,
    find,
    get,
    group,
    run_action,
    services,
    session,
    unit,
    unscoped,
    update,
)
from kumiko.records.models import ContractEvent
from kumiko.records.undo import undo
from kumiko_contracts import deals as contract
from kumiko_deals import queries
from kumiko_deals.models import LostReason
from kumiko_testing.records import OWN, person

DEAL, ORGANIZATION, PERSON = "deals.deal", "parties.organization", "parties.person"
ANN, BEN = person(9001, "Ann", level=OWN), person(9002, "Ben", level=OWN)
NO_OUTCOME = (
    "The outcome is changed by the actions win, lose and reopen, such as POST /deals/ID/win; leave it out here."
)


def facts():
    with unscoped("test"):
        rows = session().execute(select(ContractEvent.name, ContractEvent.record_id).order_by(ContractEvent.id))
        return [tuple(row) for row in rows]


def price():
    return queries.find_value(LostReason, "price")


def state(deal_id):
    record = get(DEAL, deal_id)
    reason = record.get("lost_reason")
    return record.get("outcome"), record.get("closed_on"), reason.name if reason else None


def test_a_deal_needs_a_name_only_and_opens_today_in_the_company_currency(deals_house):
    with deals_house.acting(ANN):
        made = get(DEAL, create(DEAL, {"name": "Pilot", "amount": {"value": "1054.00"}}).id)
        found = {name: made.get(name) for name in ("amount", "outcome", "opened_on", "closed_on")}
        assert found == {
            "amount": Money(105400, "EUR"),
            "outcome": "open",
            "opened_on": company_today(),
            "closed_on": None,
        }
        assert made.get("owner").id == 9001
        with pytest.raises(Invalid) as fault:
            create(DEAL, {"amount": "5"})
        assert fault.value.errors == {"name": ["Name is needed."]}


def test_a_won_deal_has_a_day_and_makes_the_customer_in_one_change(deals_house):
    with deals_house.acting():
        acme = create(ORGANIZATION, {"name": "Acme"}).id
        lee = create(PERSON, {"name": "Ann Lee"}).id
        deal = create(DEAL, {"name": "Pilot", "amount": "10", "organization": acme, "person": lee}).id
        with unit() as opened:
            run_action(DEAL, deal, "win", {})
        assert state(deal) == ("won", company_today(), None)
        assert facts() == [("deals.deal_won/1", deal)]
        assert get(ORGANIZATION, acme).get("customer_since") == company_today()
        assert get(PERSON, lee).get("lifecycle_stage") == "customer"
        undo(opened.id)
        assert state(deal) == ("open", None, None)
        assert get(ORGANIZATION, acme).get("customer_since") is None
        assert get(PERSON, lee).get("lifecycle_stage") is None


def test_the_seller_who_wins_need_not_be_allowed_to_edit_the_customer(deals_house):
    with deals_house.acting():
        acme = create(ORGANIZATION, {"name": "Acme"}).id
    with deals_house.acting(ANN):
        deal = create(DEAL, {"name": "Pilot"}).id
    with deals_house.acting():
        update(DEAL, deal, {"organization": acme})
    with deals_house.acting(ANN):
        assert get(ORGANIZATION, acme).title == "Acme"  # known through the deal
        with pytest.raises(Forbidden):
            update(ORGANIZATION, acme, {"name": "Other"})
        run_action(DEAL, deal, "win", {})
        assert get(ORGANIZATION, acme).get("customer_since") == company_today()


def test_a_lost_deal_says_why_and_to_whom(deals_house):
    with deals_house.acting():
        deal = create(DEAL, {"name": "Pilot"}).id
        with pytest.raises(Invalid) as fault:
            run_action(DEAL, deal, "lose", {"competitor": "Halcyon"})
        assert fault.value.errors == {"lost_reason": ["Reason is needed."]}
        run_action(DEAL, deal, "lose", {"lost_reason": price(), "competitor": "Halcyon"})
        assert state(deal) == ("lost", company_today(), "Price")
        assert get(DEAL, deal).get("competitor") == "Halcyon"
        assert facts() == [("deals.deal_lost/1", deal)]


def test_a_closed_deal_is_reopened_before_it_gets_another_outcome(deals_house):
    with deals_house.acting():
        deal = create(DEAL, {"name": "Pilot"}).id
        with pytest.raises(Conflict) as fault:
            run_action(DEAL, deal, "reopen", {})
        assert fault.value.message == "This deal is open; there is nothing to reopen."
        run_action(DEAL, deal, "lose", {"lost_reason": price()})
        today = company_today().isoformat()
        for action, values in (("win", {}), ("lose", {"lost_reason": price()})):
            with pytest.raises(Conflict) as fault:
                run_action(DEAL, deal, action, values)
            assert fault.value.message == f"This deal was lost on {today}; reopen it first."
        run_action(DEAL, deal, "reopen", {})
        assert state(deal) == ("open", None, None)
        run_action(DEAL, deal, "win", {})
        with pytest.raises(Conflict) as fault:
            services.get("deals/1").lose(deal, lost_reason_id=price())
        assert fault.value.message == f"This deal was won on {today}; reopen it first."
        assert [name for name, _id in facts()] == ["deals.deal_lost/1", "deals.deal_reopened/1", "deals.deal_won/1"]


@pytest.mark.parametrize("via", ["web", "api", "cli", "form", "process"])
def test_nobody_writes_the_outcome_past_the_actions(deals_house, via):
    with deals_house.acting(via=via):
        deal = create(DEAL, {"name": "Pilot", "outcome": "open"}).id
        for attempt in (
            lambda: update(DEAL, deal, {"outcome": "won"}),
            lambda: create(DEAL, {"name": "Other", "outcome": "lost"}),
        ):
            with pytest.raises(Invalid) as fault:
                attempt()
            assert fault.value.errors == {"outcome": [NO_OUTCOME]}
        with pytest.raises(Invalid) as fault:
            update(DEAL, deal, {"closed_on": "2026-01-01"})
        assert "closed_on" in fault.value.errors
        with pytest.raises(Invalid) as fault:
            update(DEAL, deal, {"lost_reason": price()})
        assert fault.value.errors == {"lost_reason": ["Only a lost deal has a reason for it; use the action lose."]}


def test_the_closing_day_lies_between_opening_and_today(deals_house):
    with deals_house.acting():
        tomorrow = company_today() + timedelta(days=1)
        deal = create(DEAL, {"name": "Pilot", "opened_on": "2026-03-01"}).id
        with pytest.raises(Invalid) as fault:
            run_action(DEAL, deal, "win", {"closed_on": tomorrow.isoformat()})
        assert fault.value.errors == {"closed_on": [f"A deal cannot be closed in the future; found {tomorrow}."]}
        with pytest.raises(Invalid) as fault:
            run_action(DEAL, deal, "win", {"closed_on": "2026-02-28"})
        sentence = "A deal opened on 2026-03-01 cannot be closed before, on 2026-02-28."
        assert fault.value.errors == {"closed_on": [sentence]}
        assert facts() == []
        run_action(DEAL, deal, "win", {"closed_on": "2026-03-01"})
        assert state(deal) == ("won", date(2026, 3, 1), None)


def test_the_rest_of_a_closed_deal_stays_editable(deals_house):
    with deals_house.acting():
        deal = create(DEAL, {"name": "Pilot", "amount": {"value": "10", "currency": "USD"}}).id
        run_action(DEAL, deal, "win", {})
        changed = update(DEAL, deal, {"amount": {"value": "12", "currency": "USD"}, "outcome": "won"})
        assert changed.get("amount") == Money(1200, "USD")


@pytest.mark.parametrize("amount", [{"value": "12.50"}, "12.50", 12.5])
def test_an_amount_without_a_currency_keeps_the_currency_of_the_deal(deals_house, amount):
    with deals_house.acting():
        deal = create(DEAL, {"name": "Pilot", "amount": {"value": "10", "currency": "USD"}}).id
        assert update(DEAL, deal, {"amount": amount}).get("amount") == Money(1250, "USD")
        assert update(DEAL, deal, {"amount": "12.50 EUR"}).get("amount") == Money(1250, "EUR")


def test_an_import_brings_outcomes_and_days_as_they_were(deals_house):
    values = {"name": "Old", "outcome": "won", "opened_on": "2016-10-20", "closed_on": "2017-03-01", "amount": "1054"}
    with deals_house.acting():
        with group("pipeline.csv", via="import") as group_id:
            with unit() as opened:
                won = create(DEAL, values).id
                lost = create(DEAL, {"name": "Lost", "outcome": "lost", "closed_on": "2017-03-11"}).id
                unknown = create(DEAL, {"name": "Unknown"}).id
            assert opened.warnings == ["Say why the deal was lost: choose a reason."]
        assert state(won) == ("won", date(2017, 3, 1), None)
        assert state(lost) == ("lost", date(2017, 3, 11), None)
        assert [get(DEAL, one).get("opened_on") for one in (won, lost, unknown)] == [date(2016, 10, 20), None, None]
        assert facts() == []
        undo(group_id)
        assert [find(DEAL, one) for one in (won, lost, unknown)] == [None, None, None]


def test_the_contract_tells_of_deals_one_may_see(deals_house):
    with deals_house.acting(ANN):
        deal = create(DEAL, {"name": "Pilot", "amount": {"value": "7.50", "currency": "USD"}}).id
        assert services.get("deals/1").get_deal(deal) == contract.Deal(
            id=deal, name="Pilot", outcome="open", amount_minor=750, currency="USD", person_id=None,
            organization_id=None, closed_on=None,
        )  # fmt: skip
    with deals_house.acting(BEN):
        for attempt in (services.get("deals/1").get_deal, services.get("deals/1").win):
            with pytest.raises(NotFound):
                attempt(deal)


def test_without_deals_the_contract_says_so():
    null = contract.Null()
    for attempt in (null.get_deal, null.win, null.reopen, lambda one: null.lose(one, lost_reason_id=None)):
        with pytest.raises(contract.DealsOff):
            attempt(1)


def test_participants_have_roles_and_stand_once_each(deals_house):
    with deals_house.acting():
        ann, ben = (create(PERSON, {"name": name}).id for name in ("Ann Lee", "Ben Fox"))
        rows = [
            {"person": ann, "role": "decision_maker"},
            {"person": ann, "role": "decision_maker"},
            {"person": ann, "role": "payer"},
            {"person": ben},
            {"role": "user"},
        ]
        deal = create(DEAL, {"name": "Pilot", "participants": rows}).id
        found = [(row["person"].name, row["role"]) for row in get(DEAL, deal).get("participants")]
        assert found == [("Ann Lee", "decision_maker"), ("Ann Lee", "payer"), ("Ben Fox", None)]
        with pytest.raises(Invalid) as fault:
            update(DEAL, deal, {"participants": [{"person": ann, "role": "boss"}]})
        assert list(fault.value.errors) == ["participants"]
