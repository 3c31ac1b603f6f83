"""What a stage asks for holds whatever the way in; an import is only warned; limits hold for two at once."""

import threading
from datetime import timedelta

import pytest
from sales_lab import DEAL, STAGE, new_deal, place
from sales_web import text_of

from kumiko import Invalid, bulk, company_today, create, get, run_action, unit, update, utc_now
from kumiko.access import accounts
from kumiko.jobs.worker import Worker
from kumiko.notify.services import own_notices
from kumiko_sales import follow
from kumiko_testing.records import OWN, person

ANN = person(9001, "Ann", level=OWN)


def test_fields_next_step_and_role_stop_every_way_in_with_the_same_sentence(web):
    proposal = web.stage_id("Proposal")
    sam = web.person("sam@example.com")
    with web.acting():
        update(STAGE, proposal, {"needs_fields": ["amount"], "needs_next_step": True, "role": web.role_id("head")})
    with web.acting("sam@example.com"):
        deal_id = new_deal()
    amount = "“Proposal” needs Amount: fill it in."
    role = "Only people with the role Head of sales move deals to “Proposal”; ask one of them."
    step = "“Proposal” needs a next step: write what comes next."
    # the form
    form = sam.post(f"/deals/{deal_id}/edit", {"stage": str(proposal), "_version": "1"})
    assert form.status_code == 422
    for sentence in (amount, role, step):
        assert sentence in text_of(form)
    # REST, by field and by action
    patched = sam.api("PATCH", f"/api/v1/deals/{deal_id}", {"stage": proposal}, If_Match='"1"')
    moved = sam.api("POST", f"/api/v1/deals/{deal_id}/move", {"stage": proposal})
    for answer in (patched, moved):
        assert answer.status_code == 422, answer.text
        assert amount in answer.text
        assert role in answer.text
    # the record action, as the board and the dialog use it
    dialog = sam.post(f"/deals/{deal_id}/actions/move", {"stage": str(proposal)}, X_Dialog="1", HX_Request="true")
    assert (dialog.status_code, amount in text_of(dialog)) == (422, True)
    with web.acting():
        assert place(deal_id) == ("Prospecting", 10, "open")
        update(STAGE, proposal, {"role": None})
    with web.acting("sam@example.com"):
        update(DEAL, deal_id, {
            "stage": proposal, "amount": {"value": "100", "currency": "EUR"}, "next_step": "Call",
            "next_step_on": company_today() + timedelta(days=1),
        })  # fmt: skip
        with pytest.raises(Invalid) as refused:
            update(DEAL, deal_id, {"next_step": None})
        assert refused.value.errors == {"next_step": [step]}
        assert place(deal_id)[0] == "Proposal"


def test_bulk_edit_names_the_refused_and_moves_the_others(sales_house, stage):
    with sales_house.acting():
        update(STAGE, stage("Proposal"), {"needs_fields": ["amount"]})
    with sales_house.acting(ANN):
        poor = new_deal()
        rich = [new_deal(amount={"value": "5", "currency": "EUR"}) for _number in range(2)]
        result = bulk(DEAL, [rich[0], poor, rich[1]], values={"stage": stage("Proposal")})
        assert result.changed == 2
        assert list(result.refused) == [poor]
        assert "“Proposal” needs Amount: fill it in." in result.refused[poor]
        assert [place(one)[0] for one in (*rich, poor)] == ["Proposal", "Proposal", "Prospecting"]


def test_history_that_is_brought_in_passes_every_gate(sales_house, stage):
    with sales_house.acting():
        update(STAGE, stage("Proposal"), {
            "needs_fields": ["amount"], "needs_next_step": True, "wip_limit": 1,
        })  # fmt: skip
    with sales_house.acting(ANN, via="import"):
        deals = [new_deal(stage=stage("Proposal")) for _number in range(2)]
        assert [place(one)[0] for one in deals] == ["Proposal", "Proposal"]


def test_two_at_once_do_not_pass_a_limit_together(sales_house, stage):
    proposal = stage("Proposal")
    with sales_house.acting():
        update(STAGE, proposal, {"wip_limit": 1})
    with sales_house.acting(ANN):
        deals = [new_deal(), new_deal()]
    first_is_in, ended = threading.Event(), []

    def slow():
        with sales_house.acting(ANN), unit():
            run_action(DEAL, deals[0], "move", {"stage": proposal})
            first_is_in.set()
            threading.Event().wait(0.5)

    def quick():
        first_is_in.wait(20)
        with sales_house.acting(ANN):
            try:
                run_action(DEAL, deals[1], "move", {"stage": proposal})
            except Invalid as fault:
                ended.append(fault.errors["stage"])

    threads = [threading.Thread(target=slow), threading.Thread(target=quick)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(30)
    assert ended == [["“Proposal” holds 1 of at most 1 deals; move one on first."]]
    with sales_house.acting():
        assert [place(one)[0] for one in deals] == ["Proposal", "Prospecting"]


def test_an_owner_is_told_once_that_a_deal_is_too_long_in_a_stage(sales_house, stage):
    with sales_house.acting():
        ann = accounts.add_user("Ann", None, roles=[])
        update(STAGE, stage("Proposal"), {"max_days": 10})
        late, fresh = (new_deal(stage=stage("Proposal"), owner=ann) for _number in range(2))
        update(DEAL, late, {"stage_entered_at": utc_now() - timedelta(days=11)})
        update(DEAL, fresh, {"stage_entered_at": utc_now() - timedelta(days=9)})
        follow.run_limits(None)
        follow.run_limits(None)
    with sales_house.acting(person(ann)):
        assert [(one.text, one.href) for one in own_notices()] == [
            ("A deal has been in “Proposal” for more than 10 days.", f"/deals/{late}")
        ]  # fmt: skip


def test_deals_follow_the_probability_of_their_stage_by_a_job(sales_house, stage):
    with sales_house.acting():
        follows = new_deal(stage=stage("Proposal"))
        own = new_deal(stage=stage("Proposal"), probability=33)
        update(STAGE, stage("Proposal"), {"probability": 60})
        assert place(follows)[1] == 50
        work_off(sales_house)
    with sales_house.acting():
        assert (place(follows)[1], place(own)[1]) == (60, 33)
        assert get(DEAL, own).get("sales_own_probability") is True


class SameHouse:
    """What a worker asks of a host."""

    name, kind = "test", "worker"

    def __init__(self, house):
        self.database, self.generation = house.database, house.generation

    def follow(self):
        return self.generation


def work_off(house):
    worker = Worker(SameHouse(house), threading.Event())
    done = 0
    while worker.run_once():
        done += 1
        assert done < 100


def test_probability_of_a_closed_deal_is_what_its_stage_says(sales_house, stage):
    with sales_house.acting(ANN):
        deal_id = create(DEAL, {"name": "Pilot", "stage": stage("Proposal"), "probability": 70}).id
        run_action(DEAL, deal_id, "win", {})
        assert place(deal_id) == ("Won", 100, "won")
        with pytest.raises(Invalid) as refused:
            update(DEAL, deal_id, {"probability": 10})
        assert list(refused.value.errors) == ["probability"]
