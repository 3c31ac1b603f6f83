"""Asking for approval and answering; who is told; the way of a deal on its card; the dialog that moves it."""

import re

import pytest
from sales_lab import DEAL, STAGE, new_deal, place, price
from sales_web import text_of

from kumiko import Conflict, Forbidden, Invalid, all_ids, catalogue, create, get, principal, run_action, update
from kumiko.notify.services import own_notices
from kumiko_sales import panels
from kumiko_testing.queries import counted


@pytest.fixture
def gated(web):
    """A deal of Sam, who is in Hanna's team; "Proposal" needs the approval of a head."""
    with web.acting("hanna@example.com"):
        hanna = principal().user_id
    with web.acting("sam@example.com"):
        sam = principal().user_id
    with web.acting():
        north = create("access.team", {"name": "North", "head": hanna}).id
        update("access.user", sam, {"team": north})
        update(STAGE, web.stage_id("Proposal"), {"approver_role": web.role_id("head")})
    with web.acting("sam@example.com"):
        return new_deal(name="Big one", owner=sam)


def notices(web, email):
    with web.acting(email):
        return [(one.text, one.href) for one in own_notices()]


def open_question(web):
    with web.acting():
        return all_ids(catalogue().get("sales.approval"), node={"f": "state", "op": "eq", "v": "asked"})[0]


def test_a_question_is_told_answered_and_used_up_once(web, gated):
    proposal = web.stage_id("Proposal")
    with web.acting("sam@example.com"):
        with pytest.raises(Invalid) as refused:
            run_action(DEAL, gated, "move", {"stage": proposal})
        assert "needs the approval of somebody with the role Head of sales" in refused.value.errors["stage"][0]
        run_action(DEAL, gated, "ask_approval", {"stage": proposal, "note": "They wait"})
        with pytest.raises(Conflict, match="was asked already"):
            run_action(DEAL, gated, "ask_approval", {"stage": proposal})
        with pytest.raises(Forbidden, match="Only people with the role Head of sales"):
            run_action("sales.approval", open_question(web), "approve", {})
    assert notices(web, "hanna@example.com") == [
        ("Sam asks whether “Big one” may enter “Proposal”.", f"/deals/{gated}")
    ]  # fmt: skip
    assert notices(web, "sue@example.com") == []
    question = open_question(web)
    hanna = web.person("hanna@example.com")
    card = hanna.get(f"/deals/{gated}")
    assert "May it enter “Proposal”?" in text_of(card)
    assert "They wait" in text_of(card)
    assert f"/stage-approvals/{question}/actions/approve?_back=/deals/{gated}" in card.text
    assert "/actions/approve" not in web.person("sam@example.com").get(f"/deals/{gated}").text
    done = hanna.post(f"/stage-approvals/{question}/actions/approve?_back=/deals/{gated}")
    assert (done.status_code, done.headers["Location"]) == (303, f"/deals/{gated}")
    assert notices(web, "sam@example.com") == [
        ("Hanna approved that “Big one” enters “Proposal”.", f"/deals/{gated}")
    ]  # fmt: skip
    with web.acting("sam@example.com"):
        run_action(DEAL, gated, "move", {"stage": proposal})
        assert place(gated)[0] == "Proposal"
        assert get("sales.approval", question).get("state") == "used"
        run_action(DEAL, gated, "move", {"stage": web.stage_id("Prospecting")})
        with pytest.raises(Invalid):
            run_action(DEAL, gated, "move", {"stage": proposal})
    with web.acting("hanna@example.com"):
        run_action(DEAL, gated, "move", {"stage": proposal})
        with pytest.raises(Conflict, match="answered already|not possible"):
            run_action("sales.approval", question, "decline", {"note": "no"})


def test_a_decline_tells_why_and_lets_nothing_in(web, gated):
    with web.acting("sam@example.com"):
        run_action(DEAL, gated, "ask_approval", {"stage": web.stage_id("Proposal")})
    with web.acting("hanna@example.com"):
        run_action("sales.approval", open_question(web), "decline", {"note": "Too early."})
    assert [text for text, _href in notices(web, "sam@example.com")] == [
        "Hanna declined that “Big one” enters “Proposal”. Too early."
    ]  # fmt: skip
    with web.acting("sam@example.com"), pytest.raises(Invalid):
        run_action(DEAL, gated, "move", {"stage": web.stage_id("Proposal")})


def test_nobody_writes_an_approval_down_or_answers_it_by_a_field(web, gated):
    sam = web.person("sam@example.com")
    card = sam.get(f"/deals/{gated}")
    kinds = re.findall(r'name="kind" value="([^"]+)"', card.text)
    assert kinds
    assert not [one for one in kinds if one.startswith("sales.")]
    with web.acting("sam@example.com"):
        run_action(DEAL, gated, "ask_approval", {"stage": web.stage_id("Proposal")})
    question = open_question(web)
    form = sam.post(f"/stage-approvals/{question}/edit", {"state": "approved", "_version": "1"})
    assert form.status_code in (303, 422)
    patched = sam.api("PATCH", f"/api/v1/stage-approvals/{question}", {"state": "approved"}, If_Match='"1"')
    other = sam.api("PATCH", f"/api/v1/stage-approvals/{question}", {"stage": web.stage_id("Won")}, If_Match='"1"')
    assert (other.status_code, "stays about its deal and its stage" in other.text) == (422, True)
    made = sam.api("POST", "/api/v1/stage-approvals",
                   {"deal": gated, "stage": web.stage_id("Proposal"), "state": "approved"})  # fmt: skip
    with web.acting():
        assert (patched.status_code, made.status_code) == (422, 422)
        states = [get("sales.approval", one).get("state") for one in all_ids(catalogue().get("sales.approval"))]
    assert set(states) == {"asked"}, (patched.text, made.text)


def test_the_card_shows_the_way_the_figures_and_the_past_in_two_statements(web):
    with web.acting():
        deal_id = new_deal()
        update(STAGE, web.stage_id("Proposal"), {"max_days": 5})
        run_action(DEAL, deal_id, "move", {"stage": web.stage_id("Proposal")})
        record = get(DEAL, deal_id)
        panels.way_of(record)
        with counted() as statements:
            shown = panels.way_of(record)
        assert len(statements) == 2, statements
        assert [(one.name, one.state) for one in shown["steps"]] == [
            ("Prospecting", "done"), ("Qualification", "done"), ("Proposal", "here"), ("Negotiation", "ahead"),
            ("Won", "ahead"), ("Lost", "ahead"),
        ]  # fmt: skip
        assert [(one.label, one.text, one.tone) for one in shown["facts"]] == [
            ("In this stage", "0 days of at most 5", ""), ("Probability", "50 %, the stage's", ""),
            ("Quiet for", "0 days", ""),
        ]  # fmt: skip
        assert [(one.stage, one.days, one.left_at is None) for one in shown["past"]] == [
            ("Prospecting", 0, False), ("Proposal", 0, True),
        ]  # fmt: skip
    told = text_of(web.person("root@example.com").get(f"/deals/{deal_id}"))
    assert "Proposal, stage 3 of 4" in told
    assert "Move to Negotiation (to come)" in told


def test_the_dialog_that_moves_asks_only_for_what_the_stage_needs(web):
    root = web.person("root@example.com")
    with web.acting():
        deal_id = new_deal()
        reason = price()
    path = f"/deals/{deal_id}/actions/move"

    def asked(query):
        page = root.get(f"{path}?{query}", X_Dialog="1", HX_Request="true")
        return re.findall(r'data-field="([^"]+)"', page.text)

    assert asked("") == ["stage"]
    assert asked(f"stage={web.stage_id('Proposal')}") == ["stage"]
    assert asked(f"stage={web.stage_id('Won')}") == ["stage", "closed_on"]
    assert asked(f"stage={web.stage_id('Lost')}") == ["stage", "lost_reason", "competitor", "closed_on"]
    assert asked("stage=nonsense&before=4") == ["stage"]
    offered = re.findall(r'<option value="\d+"[^>]*>([^<]+)', root.get(path).text)
    assert offered == ["Qualification", "Proposal", "Negotiation", "Won", "Lost"]
    lost = {"stage": str(web.stage_id("Lost")), "competitor": "Acme"}
    refused = root.post(path, lost)
    assert (refused.status_code, "Say why the deal was lost" in text_of(refused)) == (422, True)
    assert 'value="Acme"' in refused.text
    # what was typed for another stage before is not sent on
    assert root.post(path, {**lost, "stage": str(web.stage_id("Proposal"))}).status_code == 303
    assert root.post(path, {**lost, "lost_reason": str(reason)}).headers["Location"] == f"/deals/{deal_id}"
    with web.acting():
        assert (place(deal_id), get(DEAL, deal_id).get("competitor")) == (("Lost", 0, "lost"), "Acme")
