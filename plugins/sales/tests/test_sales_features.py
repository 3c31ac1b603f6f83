"""Parts of sales and deals that are switched off for everybody or for a role: every way in, and back unchanged."""

import json

import pytest
from sales_lab import DEAL, STAGE, new_deal
from sales_web import text_of

from kumiko import Invalid, NotFound, create, current, principal, run_action
from kumiko.host import revision
from kumiko.host.errors import Conflict, Forbidden, ModuleOff
from kumiko.host.models import Audit
from kumiko.notify.services import own_notices
from kumiko.operate import features
from kumiko_testing.queries import counted


@pytest.fixture
def deal(web):
    """A deal of Sam."""
    with web.acting("sam@example.com"):
        return new_deal(name="Big one", owner=principal().user_id)


def switch(web, feature, on, **roles):
    with web.acting():
        if roles:
            features.switch_for_roles("sales", feature, roles)
        else:
            features.switch("sales", feature, on)
    web.host.follow(at_once=True)


def kind(answer):
    """(status, kind of problem, module, feature) of an answer of the API."""
    said = json.loads(answer.data)
    return answer.status_code, said.get("type"), said.get("module"), said.get("feature")


OFF = "/problems/module-off"


def test_switching_is_one_step_of_the_epoch_with_a_line_in_the_log(web):
    with web.acting():
        before = revision.read(web.database).epoch
        assert features.switch("sales", "board", False)
        assert not features.switch("sales", "board", False)
        assert revision.read(web.database).epoch == before + 1
        rows = current().session.execute(Audit.__table__.select().order_by(Audit.id.desc()).limit(1)).all()
    assert [(row.act, row.subject, row.details) for row in rows] == [
        ("plugin.feature", "sales", {"feature": "board", "on": False})
    ]


def test_the_board_goes_from_every_place_and_comes_back(web, deal):
    sam, root = web.person("sam@example.com"), web.person("root@example.com")
    board = sam.get("/deals/board").text
    assert "Big one" in board
    lane = web.stage_id("Proposal")
    switch(web, "board", False)
    page = sam.get("/deals/board")
    assert page.status_code == 404
    assert "“The board of stages” of the module Sales is switched off" in text_of(page)
    assert "This part is switched off" in text_of(page)
    moved = sam.post("/deals/board/move", {"id": deal, "lane": lane})  # the page was open while it was switched off
    assert (moved.status_code, "is switched off" in moved.text) == (404, True)
    assert "/deals/board" not in sam.get("/deals").text
    assert "/deals/board" not in root.get(f"/pipelines/{web.pipeline_id}").text
    assert "/deals/board" not in root.get(f"/pipelines/{web.pipeline_id}/setup").text
    assert "/admin/plugins/sales" in root.get("/deals/board").text
    with web.acting("sam@example.com"):
        run_action(DEAL, deal, "move", {"stage": lane})  # moving is not the board's: the card keeps it
    switch(web, "board", True)
    assert "/deals/board" in sam.get("/deals").text
    assert "Big one" in sam.get("/deals/board").text


def test_figures_go_with_their_pages_files_and_panel(web):
    sam, base = web.person("sam@example.com"), f"/pipelines/{web.pipeline_id}"
    pages = [f"{base}/figures", f"{base}/figures/deals?of=won", f"{base}/stage-history.csv"]
    assert f"{base}/figures" in sam.get(base).text
    switch(web, "figures", False)
    for path in pages:
        answer = sam.get(path)
        assert (answer.status_code, "“Figures of the funnel” of the module Sales" in text_of(answer)) == (404, True)
    assert f"{base}/figures" not in sam.get(base).text
    assert sam.get(f"{base}/panels/sales/figures").status_code == 404
    switch(web, "figures", True)
    assert sam.get(pages[0]).status_code == 200
    assert f"{base}/figures" in sam.get(base).text


def test_approvals_go_from_cards_palette_api_and_gates_and_questions_stay(web, deal):
    from kumiko import update

    proposal = web.stage_id("Proposal")
    with web.acting():
        update(STAGE, proposal, {"approver_role": web.role_id("head")})
    with web.acting("sam@example.com"):
        run_action(DEAL, deal, "ask_approval", {"stage": proposal})
    sam = web.person("sam@example.com")
    assert "Ask for approval" in sam.get(f"/deals/{deal}").text
    assert "Ask for approval" in sam.get(f"/palette?at=/deals/{deal}").text
    verbs = {"/deals/{id}/ask_approval", "/stage-approvals/{id}/approve", "/stage-approvals/{id}/decline"}
    assert verbs <= set(json.loads(sam.api("GET", "/api/v1/openapi.json").data)["paths"])

    switch(web, "approvals", False)
    card = sam.get(f"/deals/{deal}").text
    assert ("Ask for approval" in card, "May it enter" in card) == (False, False)
    assert "Ask for approval" not in sam.get(f"/palette?at=/deals/{deal}").text
    assert not verbs & set(json.loads(sam.api("GET", "/api/v1/openapi.json").data)["paths"])
    off = (404, OFF, "sales", "approvals")
    assert kind(sam.api("POST", f"/api/v1/deals/{deal}/ask_approval", {"stage": proposal})) == off
    assert sam.get(f"/deals/{deal}/actions/ask_approval").status_code == 404
    assert sam.post(f"/deals/{deal}/actions/ask_approval", {"stage": proposal}).status_code == 404
    asked = json.loads(sam.api("GET", "/api/v1/stage-approvals").data)["data"]
    assert [one["state"] for one in asked] == ["asked"]
    with web.acting("sam@example.com"):
        with pytest.raises(ModuleOff, match="“Approvals” of the module Sales is switched off"):
            run_action(DEAL, deal, "ask_approval", {"stage": proposal})
        other = new_deal(name="Other", owner=principal().user_id)
        run_action(DEAL, other, "move", {"stage": proposal})

    switch(web, "approvals", True)
    assert "May it enter" in sam.get(f"/deals/{deal}").text
    with web.acting("sam@example.com"), pytest.raises(Invalid):
        run_action(DEAL, deal, "move", {"stage": proposal})
    assert json.loads(sam.api("GET", "/api/v1/stage-approvals").data)["data"] == asked


def test_a_role_without_a_feature_neither_sees_nor_uses_it_and_others_do(web, deal):
    proposal, base = web.stage_id("Proposal"), f"/pipelines/{web.pipeline_id}"
    sam, hanna = web.person("sam@example.com"), web.person("hanna@example.com")
    epoch = web.host.generation.epoch
    for name in ("board", "figures", "approvals"):
        switch(web, name, False, seller=False)
    assert web.host.generation.epoch == epoch
    said = text_of(sam.get("/deals/board"))
    assert "Your role does not include “The board of stages”; an administrator can change that." in said
    assert [sam.get(path).status_code for path in ("/deals/board", f"{base}/figures", f"{base}/stage-history.csv")] == [
        403, 403, 403,
    ]  # fmt: skip
    assert kind(sam.api("POST", f"/api/v1/deals/{deal}/ask_approval", {"stage": proposal}))[0] == 403
    assert "/deals/board" not in sam.get("/deals").text
    assert f"{base}/figures" not in sam.get(base).text
    assert [hanna.get(path).status_code for path in ("/deals/board", f"{base}/figures")] == [200, 200]
    with web.acting("sam@example.com"):
        assert principal().features_off == {"sales.board", "sales.figures", "sales.approvals"}
        with pytest.raises(Forbidden, match="does not include “Approvals”"):
            run_action(DEAL, deal, "ask_approval", {"stage": proposal})
    switch(web, "board", True, seller=True)
    assert sam.get("/deals/board").status_code == 200


def test_who_lacks_approvals_is_still_held_by_the_gate(web, deal):
    from kumiko import update

    proposal = web.stage_id("Proposal")
    with web.acting():
        update(STAGE, proposal, {"approver_role": web.role_id("head")})
    switch(web, "approvals", False, seller=False)
    with web.acting("sam@example.com"), pytest.raises(Invalid):
        run_action(DEAL, deal, "move", {"stage": proposal})


def test_pages_take_no_more_statements_when_features_are_off(web, deal):
    sam = web.person("sam@example.com")
    sam.get("/deals"), sam.get(f"/deals/{deal}")

    def statements():
        found = []
        for path in ("/deals", f"/deals/{deal}"):
            sam.get(path)
            with counted() as seen:
                sam.get(path)
            found.append(len(seen))
        return found

    before = statements()
    switch(web, "figures", False)
    switch(web, "approvals", False, seller=False)
    after = statements()
    assert all(now <= was for now, was in zip(after, before, strict=True)), (before, after)


def test_programs_switch_features_and_wrong_words_get_sentences(web):
    root, sam = web.person("root@example.com"), web.person("sam@example.com")
    path = "/api/v1/plugins/sales/features/board"
    assert root.api("POST", path, {"on": False}).json == {"name": "sales", "feature": "board", "changed": ["everybody"]}
    assert [one["on"] for one in root.api("GET", "/api/v1/plugins/sales").json["features"]] == [False, True, True, True]
    done = root.api("POST", path, {"on": True, "roles": ["head"]}).json
    assert done["changed"] == ["seller", "analyst", "everybody"]
    listed = root.api("GET", "/api/v1/plugins/sales").json["features"][0]
    assert (listed["name"], listed["roles"]) == ("board", ["administrator", "head"])
    refused = [
        (root.api("POST", path, {"on": "maybe"}), 422),
        (root.api("POST", path, {"roles": ["pirate"]}), 422),
        (root.api("POST", path, {"roles": "head"}), 422),
        (root.api("POST", path, {"off": True}), 422),
        (root.api("POST", "/api/v1/plugins/sales/features/sails", {"on": True}), 404),
        (root.api("POST", "/api/v1/plugins/ships/features/sails", {"on": True}), 404),
        (root.api("POST", "/api/v1/plugins/deals/features/mentions", {"roles": ["head"]}), 409),
        (sam.api("POST", path, {"on": False}), 403),
    ]
    assert [(answer.status_code, wanted) for answer, wanted in refused] == [(wanted, wanted) for _, wanted in refused]
    with web.acting():
        with pytest.raises(NotFound, match="has no feature 'sails'; it has: board, figures, goals, approvals"):
            features.get_feature("sales", "sails")
        with pytest.raises(Conflict, match="works in the background for everybody"):
            features.switch_for_roles("deals", "mentions", {"head": False})


def test_nobody_is_told_of_mentions_while_they_are_off(web):
    def note(text):
        from threading import Event

        from kumiko.jobs.worker import Worker

        with web.acting("sam@example.com"):
            deal = new_deal(name=text, owner=principal().user_id)
            create("deals.interaction", {"name": text, "kind": "note", "deal": deal, "body": "@Root, please look"})
        worker = Worker(web.host, Event())
        while worker.run_once():
            pass
        with web.acting("root@example.com"):
            return [one.text for one in own_notices()]

    with web.acting():
        features.switch("deals", "mentions", False)
    web.host.follow(at_once=True)
    assert note("first") == []
    with web.acting():
        features.switch("deals", "mentions", True)
    web.host.follow(at_once=True)
    assert note("second") == ["Sam mentioned you: second"]


def test_open_deals_leave_the_cards_of_customers(web):
    with web.acting():
        client = create("parties.organization", {"name": "Client"}).id
    root = web.person("root@example.com")
    assert "Open deals" in root.get(f"/organizations/{client}").text
    with web.acting():
        features.switch("deals", "open_deals", False)
    web.host.follow(at_once=True)
    assert "Open deals" not in root.get(f"/organizations/{client}").text
    assert root.get(f"/organizations/{client}/panels/deals/deals_of_organization").status_code == 404
