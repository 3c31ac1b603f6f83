"""Stages and outcomes: one follows the other, in one change, whatever the way in; what does not fit is a sentence."""

from datetime import date

import pytest
import sales_lab as lab
from sales_lab import DEAL

from kumiko import Conflict, Invalid, company_today, create, get, run_action, update
from kumiko.records import history
from kumiko.records.undo import undo
from kumiko_testing.records import OWN, person

ANN = person(9001, "Ann", level=OWN)


def test_a_new_deal_stands_in_the_first_open_stage_with_its_probability(sales_house):
    with sales_house.acting(ANN):
        deal = get(DEAL, lab.new_deal())
        assert (deal.get("pipeline").name, deal.get("stage").name, deal.get("probability")) == (
            "Sales", "Prospecting", 10,
        )  # fmt: skip
        assert deal.get("stage_entered_at") is not None


def test_moving_to_a_won_stage_wins_the_deal_in_one_entry(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        run_action(DEAL, deal_id, "move", {"stage": stage("Won")})
        assert lab.place(deal_id) == ("Won", 100, "won")
        assert get(DEAL, deal_id).get("closed_on") == company_today()
        entries = history.history(DEAL, deal_id)
        assert [one.action for one in entries] == ["changed", "created"]
        assert {"outcome", "closed_on", "sales:stage"} <= {change.name for change in entries[0].changes}


def test_winning_losing_and_reopening_move_the_stage_and_back(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        run_action(DEAL, deal_id, "move", {"stage": stage("Proposal")})
        run_action(DEAL, deal_id, "win", {})
        assert lab.place(deal_id) == ("Won", 100, "won")
        run_action(DEAL, deal_id, "reopen", {})
        assert lab.place(deal_id) == ("Proposal", 50, "open")
        run_action(DEAL, deal_id, "lose", {"lost_reason": lab.price()})
        assert lab.place(deal_id) == ("Lost", 0, "lost")
        assert lab.stays(deal_id) == [
            ("Prospecting", False), ("Proposal", False), ("Won", False), ("Proposal", False), ("Lost", True),
        ]  # fmt: skip


def test_losing_by_the_board_needs_a_reason_and_moves_nothing_without(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        with pytest.raises(Invalid) as refused:
            run_action(DEAL, deal_id, "move", {"stage": stage("Lost")})
        assert refused.value.errors == {"lost_reason": ["Say why the deal was lost: choose a reason."]}
        assert lab.place(deal_id) == ("Prospecting", 10, "open")
        run_action(DEAL, deal_id, "move", {"stage": stage("Lost"), "lost_reason": lab.price(), "competitor": "Acme"})
        assert lab.place(deal_id) == ("Lost", 0, "lost")
        assert get(DEAL, deal_id).get("competitor") == "Acme"


def test_a_closed_deal_is_not_moved_on_but_reopened(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal(opened_on="2026-01-02")
        run_action(DEAL, deal_id, "win", {"closed_on": date(2026, 3, 4)})
        for name in ("Proposal", "Lost"):
            with pytest.raises(Invalid) as refused:
                run_action(DEAL, deal_id, "move", {"stage": stage(name), "lost_reason": lab.price()})
            assert refused.value.errors["stage"] == ["This deal was won on 2026-03-04; reopen it first."]
        assert lab.place(deal_id) == ("Won", 100, "won")


def test_ones_own_stage_a_foreign_pipeline_and_odd_probabilities_are_sentences(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        with pytest.raises(Conflict, match="in the stage “Prospecting” already"):
            run_action(DEAL, deal_id, "move", {"stage": stage("Prospecting")})
    with sales_house.acting():
        partners = create(lab.PIPELINE, {"name": "Partners"}).id
    with sales_house.acting(ANN):
        with pytest.raises(Invalid) as refused:
            update(DEAL, deal_id, {"pipeline": partners, "stage": stage("Proposal")})
        assert refused.value.errors["stage"][0].startswith("The stage “Proposal” belongs to the pipeline “Sales”")
        with pytest.raises(Invalid) as refused:
            update(DEAL, deal_id, {"probability": 140})
        assert refused.value.errors == {"probability": ["wanted a number from 0 to 100, found 140"]}
        with pytest.raises(Invalid):
            update(DEAL, deal_id, {"probability": 12.5})
        update(DEAL, deal_id, {"pipeline": partners})
        assert get(DEAL, deal_id).get("stage").name == "New"


def test_a_deal_keeps_its_own_probability_until_it_is_emptied(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        update(DEAL, deal_id, {"probability": 33})
        run_action(DEAL, deal_id, "move", {"stage": stage("Proposal")})
        assert lab.place(deal_id) == ("Proposal", 33, "open")
        update(DEAL, deal_id, {"probability": None})
        assert lab.place(deal_id) == ("Proposal", 50, "open")
        run_action(DEAL, deal_id, "move", {"stage": stage("Negotiation")})
        assert lab.place(deal_id) == ("Negotiation", 80, "open")


def test_an_undone_move_never_happened(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        for name in ("Qualification", "Proposal"):
            run_action(DEAL, deal_id, "move", {"stage": stage(name)})
        run_action(DEAL, deal_id, "win", {})
        units = [one.unit for one in history.history(DEAL, deal_id)]
        undo(units[0])
        assert lab.place(deal_id) == ("Proposal", 50, "open")
        assert lab.stays(deal_id) == [("Prospecting", False), ("Qualification", False), ("Proposal", True)]
        undo(units[2])
        assert lab.stays(deal_id) == [("Prospecting", False), ("Proposal", True)]


def test_undoing_the_win_behind_a_later_move_leaves_stage_and_outcome_in_step(sales_house, stage):
    with sales_house.acting():
        other = create(lab.STAGE, {"name": "Won abroad", "kind": "won"}).id
    with sales_house.acting(ANN):
        deal_id = lab.new_deal()
        run_action(DEAL, deal_id, "win", {})
        won = history.history(DEAL, deal_id)[0].unit
        run_action(DEAL, deal_id, "move", {"stage": other})
        moved = history.history(DEAL, deal_id)[0].unit
        undo(won)
        assert (lab.place(deal_id)[0], lab.place(deal_id)[2]) == ("Prospecting", "open")
        undo(moved)
        assert lab.place(deal_id) == ("Prospecting", 10, "open")
