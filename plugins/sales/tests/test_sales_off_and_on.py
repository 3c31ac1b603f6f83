"""Sales is taken out and put in again: deals stays whole, undo waits, and what happened meanwhile is put right."""

import pytest
import sales_lab as lab
from sales_lab import DEAL

from kumiko import Invalid, get, run_action, transaction, update
from kumiko.host.context import SYSTEM
from kumiko.records import history, queries, sides
from kumiko.records.catalogue import catalogue
from kumiko.records.undo import undo
from kumiko_sales import setup
from kumiko_testing.records import OWN, person

ANN = person(9001, "Ann", level=OWN)


def come_back(house):
    """What enabling does: side rows and mirrors settled, then the module's own after_enable."""
    with house.acting(SYSTEM), transaction():
        sides.settle(house.generation, "sales")
        setup.make_pipeline()
        setup.come_back()


def test_while_sales_is_off_deals_are_whole_and_stages_unknown(houses, stage):
    with houses.on.acting(ANN):
        deal_id = lab.new_deal(amount={"value": "100.00", "currency": "EUR"})
        run_action(DEAL, deal_id, "move", {"stage": stage("Proposal")})
    with houses.off.acting(ANN):
        deal = get(DEAL, deal_id)
        assert (deal.get("name"), deal.get("outcome"), "stage" in deal.values) == ("Pilot", "open", False)
        with pytest.raises(Invalid):
            update(DEAL, deal_id, {"stage": stage("Won")})
        with pytest.raises(Invalid):
            queries.list_page(catalogue().get(DEAL), node={"f": "stage", "op": "eq", "v": 1})
        shown = {one.name: one.after_text for one in history.history(DEAL, deal_id)[0].changes}
        assert shown["sales:stage"] == "Proposal"


def test_undo_waits_for_sales_and_finishes_after_its_return(houses, stage):
    with houses.on.acting(ANN):
        deal_id = lab.new_deal()
        run_action(DEAL, deal_id, "move", {"stage": stage("Proposal")})
        run_action(DEAL, deal_id, "win", {})
        won = history.history(DEAL, deal_id)[0].unit
    with houses.off.acting(ANN):
        result = undo(won)
        assert (result.reverted, result.waiting) == (1, ["sales"])
        assert get(DEAL, deal_id).get("outcome") == "open"
    come_back(houses.on)
    with houses.on.acting(ANN):
        assert lab.place(deal_id) == ("Proposal", 50, "open")
        again = undo(won)
        assert again.waiting == []
        assert lab.place(deal_id) == ("Proposal", 50, "open")
        assert lab.stays(deal_id)[-1] == ("Proposal", True)


def test_what_was_won_lost_reopened_or_made_meanwhile_stands_right_after_one_unit(houses, stage):
    with houses.on.acting(ANN):
        kept, to_win, to_reopen = (lab.new_deal(name=name) for name in ("kept", "to win", "to reopen"))
        run_action(DEAL, kept, "move", {"stage": stage("Negotiation")})
        run_action(DEAL, to_win, "move", {"stage": stage("Proposal")})
        run_action(DEAL, to_reopen, "move", {"stage": stage("Qualification")})
        run_action(DEAL, to_reopen, "win", {})
    with houses.off.acting(ANN):
        run_action(DEAL, to_win, "win", {})
        run_action(DEAL, to_reopen, "reopen", {})
        lost = lab.new_deal(name="lost meanwhile")
        run_action(DEAL, lost, "lose", {"lost_reason": lab.price()})
        new = lab.new_deal(name="new meanwhile", amount={"value": "7.00", "currency": "EUR"})
        update(DEAL, kept, {"amount": {"value": "5.00", "currency": "EUR"}})
    come_back(houses.on)
    with houses.on.acting(ANN):
        assert {one: lab.place(one) for one in (kept, to_win, to_reopen, lost, new)} == {
            kept: ("Negotiation", 80, "open"),
            to_win: ("Won", 100, "won"),
            to_reopen: ("Qualification", 20, "open"),
            lost: ("Lost", 0, "lost"),
            new: ("Prospecting", 10, "open"),
        }
        units = {history.history(DEAL, one)[0].unit for one in (to_win, to_reopen, lost, new)}
        assert len(units) == 1
        sums = queries.totals(catalogue().get(DEAL), ["amount"], by="stage")
        assert {stage_id: total.minor for stage_id, total in sums} == {
            stage("Negotiation"): 500, stage("Prospecting"): 700,
        }  # fmt: skip
    come_back(houses.on)
    with houses.on.acting(ANN):
        assert {history.history(DEAL, one)[0].unit for one in (to_win, to_reopen, lost, new)} == units
