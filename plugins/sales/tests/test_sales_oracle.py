"""The oracle of undo over stages: whatever was done, all of it undone in any order gives the start.

At any time in between stage and outcome agree, the last stay is the stage, and the copies are those of the deal.
"""

import pytest
import sales_lab as lab
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sales_lab import DEAL
from sqlalchemy import select

from kumiko import Conflict, Invalid, NotFound, delete, get, restore, run_action, session, unscoped, update
from kumiko.records import history
from kumiko.records.undo import undo
from kumiko_sales.funnel import funnel
from kumiko_sales.models import DealSide
from kumiko_testing.records import person

ANN = person(9001, "Ann", roles=("administrator",))
STAGES = ("Prospecting", "Qualification", "Proposal", "Negotiation", "Won", "Lost")

acts = st.one_of(
    st.tuples(st.just("move"), st.sampled_from(STAGES)),
    st.tuples(st.just("patch"), st.sampled_from(STAGES)),
    st.tuples(st.sampled_from(("win", "lose", "reopen", "delete", "restore")), st.none()),
    st.tuples(st.just("probability"), st.one_of(st.none(), st.integers(0, 100))),
    st.tuples(st.just("amount"), st.integers(1, 9)),
)


def do(deal_id, act, value):
    """Do it; what the rules refuse changes nothing."""
    stages = {one.name: one.id for one in funnel().default.stages}
    try:
        if act == "move":
            run_action(DEAL, deal_id, "move", {"stage": stages[value], "lost_reason": lab.price()})
        elif act == "patch":
            update(DEAL, deal_id, {"stage": stages[value]})
        elif act == "lose":
            run_action(DEAL, deal_id, "lose", {"lost_reason": lab.price()})
        elif act in ("win", "reopen"):
            run_action(DEAL, deal_id, act, {})
        elif act == "delete":
            delete(DEAL, deal_id)
        elif act == "restore":
            restore(DEAL, deal_id)
        elif act == "probability":
            update(DEAL, deal_id, {"probability": value})
        else:
            update(DEAL, deal_id, {"amount": {"value": f"{value}.00", "currency": "EUR"}})
    except (Invalid, Conflict, NotFound):  # not found: it lies in the bin
        return


def seen(deal_id):
    """What the record says, whether it lies in the bin or not."""
    try:
        deal, gone = get(DEAL, deal_id), False
    except NotFound:
        deal, gone = get(DEAL, deal_id, deleted=True), True
    names = ("outcome", "probability", "amount", "closed_on", "lost_reason", "sales_own_probability")
    return {"stage": deal.get("stage").name, "gone": gone, **{name: deal.get(name) for name in names}}


def holds(deal_id):
    """What is true at any time."""
    deal = seen(deal_id)
    kinds = {stage.name: stage.kind for stage in funnel().default.stages}
    assert kinds[deal["stage"]] == deal["outcome"]
    assert lab.stays(deal_id)[-1] == (deal["stage"], True)
    with unscoped("a test compares copies"):
        side = session().execute(select(DealSide).where(DealSide.record_id == deal_id)).scalar_one()
        assert side.outcome == deal["outcome"]
        assert side.amount_minor == (deal["amount"].minor if deal["amount"] else None)
        assert (side.deleted_at is not None) == deal["gone"]


@pytest.mark.slow
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(plan=st.lists(acts, min_size=1, max_size=7), dice=st.randoms(use_true_random=False))
def test_everything_undone_in_any_order_gives_the_start(sales_house, plan, dice):
    with sales_house.acting(ANN):
        deal_id = lab.new_deal(amount={"value": "100.00", "currency": "EUR"}, opened_on="2026-01-02")
        start, first = seen(deal_id), history.history(DEAL, deal_id)[0].unit
        for act, value in plan:
            do(deal_id, act, value)
            holds(deal_id)
        units = {entry.unit for entry in history.history(DEAL, deal_id, limit=200)} - {first}
        order = sorted(units)
        dice.shuffle(order)
        for unit in order:
            undo(unit)
            holds(deal_id)
        assert seen(deal_id) == start
        assert lab.stays(deal_id) == [("Prospecting", True)]
