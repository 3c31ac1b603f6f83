"""One screen sets up a pipeline: stages, order, rules, merging; what is refused keeps what was typed."""

import json
import re

import pytest
from sales_lab import DEAL, PIPELINE, STAGE, new_deal
from sales_web import text_of

from kumiko import create, get, update
from kumiko.records import saved_views
from kumiko.records.catalogue import catalogue
from kumiko.records.history import history
from kumiko_sales.funnel import funnel
from kumiko_testing.queries import counted


@pytest.fixture
def root(web):
    return web.person("root@example.com")


def stages(web, pipeline_id=None):
    """[(name, kind)] of the offered stages in order."""
    with web.acting():
        found = funnel().find_pipeline(pipeline_id) if pipeline_id else funnel().default
        return [(one.name, one.kind) for one in found.offered()]


def version(web, type_key, record_id):
    with web.acting():
        return get(type_key, record_id).version


def row_of(web, stage_id, **values):
    """What the form of a stage sends."""
    with web.acting():
        stage = get(STAGE, stage_id)
        sent = {
            "name": stage.title, "kind": stage.get("kind"), "hue": stage.get("hue") or "",
            "needs_next_step": "true" if stage.get("needs_next_step") else "false",
            **({"probability": str(stage.get("probability"))} if stage.get("kind") == "open" else {}),
            **values,
        }  # fmt: skip
        return {f"s{stage_id}-{name}": value for name, value in sent.items()} | {"_version": str(stage.version)}


def test_a_new_pipeline_leads_to_its_screen_and_a_copy_to_its_own(web, root):
    made = root.post("/pipelines/new", {"name": "Partners"})
    assert re.fullmatch(r"/pipelines/\d+/setup", made.headers["Location"])
    assert "Add a stage" in text_of(root.get(made.headers["Location"]))
    with web.acting():
        update(STAGE, web.stage_id("Proposal"), {"wip_limit": 7, "needs_fields": ["amount"], "hue": "teal"})
        deal_id = new_deal()
    copied = root.post(f"/pipelines/{web.pipeline_id}/actions/copy", {"name": "Renewals"})
    found = re.fullmatch(r"/pipelines/(\d+)/setup", copied.headers["Location"])
    assert stages(web, int(found[1])) == stages(web)
    with web.acting():
        pipeline = funnel().find_pipeline(int(found[1]))
        proposal = next(one for one in pipeline.stages if one.name == "Proposal")
        assert (proposal.wip_limit, proposal.needs_fields, proposal.hue, proposal.probability) == (
            7, ("amount",), "teal", 50,
        )  # fmt: skip
        assert (pipeline.is_default, get(DEAL, deal_id).link_id("pipeline")) == (False, web.pipeline_id)


def test_only_who_keeps_pipelines_comes_to_the_screen(web):
    path = f"/pipelines/{web.pipeline_id}/setup"
    assert web.person("hanna@example.com").get(path).status_code == 200
    seller = web.person("sam@example.com")
    assert seller.get(path).status_code == 403
    assert seller.post(f"{path}/stages", {"new-name": "Mine", "new-kind": "open"}).status_code == 403
    assert seller.get("/pipelines/999999/setup").status_code == 404
    assert "Set up" not in text_of(seller.get(f"/pipelines/{web.pipeline_id}"))
    assert ("Mine", "open") not in stages(web)


def test_a_stage_is_added_at_the_end_of_its_kind_and_a_taken_name_keeps_what_was_typed(web, root):
    path = f"/pipelines/{web.pipeline_id}/setup"
    sent = {"new-name": "Contract", "new-kind": "open", "new-probability": "90"}
    assert root.post(f"{path}/stages", sent).headers["Location"] == path
    assert stages(web) == [
        ("Prospecting", "open"), ("Qualification", "open"), ("Proposal", "open"), ("Negotiation", "open"),
        ("Contract", "open"), ("Won", "won"), ("Lost", "lost"),
    ]  # fmt: skip
    refused = root.post(f"{path}/stages", {**sent, "new-name": "contract ", "new-probability": "33"})
    assert refused.status_code == 422
    assert "There is already one with the name" in text_of(refused)
    assert 'name="new-probability" type="text" inputmode="decimal" value="33"' in refused.text


def test_a_stage_is_saved_by_itself_with_rules_chosen_by_label(web, root):
    stage_id, head = web.stage_id("Proposal"), web.role_id("head")
    path = f"/pipelines/{web.pipeline_id}/setup/stages/{stage_id}"
    sent = row_of(
        web, stage_id, probability="60", wip_limit="20", max_idle_days="10", max_days="30", needs_next_step="true",
        needs_fields=["amount", "expected_close_on"], approver_role=str(head), hue="pink",
    )  # fmt: skip
    answer = root.post(path, sent, HX_Request="true")
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.headers["HX-Trigger"])["km:toast"]["undo"].endswith("/undo")
    told = text_of(answer)
    for words in ("at most 20 deals", "rots after 10 quiet days", "at most 30 days", "next step needed",
                  "Amount needed", "Expected close needed", "approval of Head of sales"):  # fmt: skip
        assert words in told
    with web.acting():
        stage = funnel().find_stage(stage_id)
        assert (stage.probability, stage.wip_limit, stage.max_idle_days, stage.max_days, stage.needs_next_step) == (
            60, 20, 10, 30, True,
        )  # fmt: skip
        assert (stage.needs_fields, stage.approver_role_id, stage.hue) == (
            ("amount", "expected_close_on"),
            head,
            "pink",
        )
        assert len({one.unit for one in history(STAGE, stage_id)}) == 2  # made, and changed once


def test_a_head_names_a_role_that_only_administrators_read(web):
    head = web.person("hanna@example.com")
    stage_id, role_id = web.stage_id("Proposal"), web.role_id("head")
    path = f"/pipelines/{web.pipeline_id}/setup/stages/{stage_id}"
    answer = head.post(path, row_of(web, stage_id, approver_role=str(role_id), name="Offer"), HX_Request="true")
    assert answer.status_code == 200, answer.text
    with web.acting():
        stage = funnel().find_stage(stage_id)
        assert (stage.name, stage.approver_role_id) == ("Offer", role_id)
        assert {one.actor for one in history(STAGE, stage_id)} == {"Hanna", "system"}
        assert history(STAGE, stage_id)[0].actor == "Hanna"


def test_wrong_input_of_a_stage_stays_at_its_fields(web, root):
    stage_id = web.stage_id("Proposal")
    path = f"/pipelines/{web.pipeline_id}/setup/stages/{stage_id}"
    answer = root.post(path, row_of(web, stage_id, probability="140", wip_limit="many"), HX_Request="true")
    assert answer.status_code == 422
    told = text_of(answer)
    for sentence in ("wanted a number from 0 to 100, found 140", "found &#39;many&#39;"):
        assert sentence in told, told
    assert 'value="many"' in answer.text
    assert '<details class="sales-rules" open>' in answer.text
    nameless = root.post(path, row_of(web, stage_id, name=""), HX_Request="true")
    assert (nameless.status_code, "needed" in text_of(nameless)) == (422, True)
    whole = root.post(path, row_of(web, stage_id, probability="140"))
    assert (whole.status_code, "Add a stage" in text_of(whole)) == (422, True)


def test_two_people_keep_what_each_changed_and_are_told_about_the_same_field(web, root):
    stage_id = web.stage_id("Proposal")
    path = f"/pipelines/{web.pipeline_id}/setup/stages/{stage_id}"
    mine = row_of(web, stage_id, max_days="30")
    with web.acting("hanna@example.com"):
        update(STAGE, stage_id, {"probability": 55})
    assert root.post(path, mine, HX_Request="true").status_code == 200
    with web.acting():
        stage = get(STAGE, stage_id)
        assert (stage.get("probability"), stage.get("max_days")) == (55, 30)
    both = row_of(web, stage_id, probability="70")
    with web.acting("hanna@example.com"):
        update(STAGE, stage_id, {"probability": 56})
    refused = root.post(path, both, HX_Request="true")
    assert refused.status_code == 422
    assert "Hanna changed this meanwhile; it is now: 56" in text_of(refused)
    assert 'value="70"' in refused.text
    again = both | {"_version": re.search(r'name="_version" value="(\d+)"', refused.text)[1]}
    assert root.post(path, again, HX_Request="true").status_code == 200
    with web.acting():
        assert get(STAGE, stage_id).get("probability") == 70


def test_the_order_is_one_unit_and_a_stale_one_changes_nothing(web, root):
    path = f"/pipelines/{web.pipeline_id}/setup"
    names = ("Negotiation", "Prospecting", "Qualification", "Proposal")
    ids = [web.stage_id(name) for name in names]
    order = " ".join(f"{one}:{version(web, STAGE, one)}" for one in ids)
    answer = root.post(f"{path}/order", {"order": order})
    assert answer.status_code == 200
    assert [name for name, kind in stages(web) if kind == "open"] == list(names)
    undone = root.post(f"/units/{answer.headers['X-Unit']}/undo")
    assert undone.status_code == 303
    assert [name for name, kind in stages(web) if kind == "open"][-1] == "Negotiation"
    assert root.post(f"{path}/order", {"order": order}).status_code == 412
    assert root.post(f"{path}/order", {"order": order.rpartition(" ")[0]}).status_code == 409
    assert root.post(f"{path}/order", {"order": "x"}).status_code == 422
    assert [name for name, kind in stages(web) if kind == "open"][-1] == "Negotiation"
    root.post(f"{path}/stages/{web.stage_id('Proposal')}/step", {"by": "-1"})
    assert [name for name, kind in stages(web)][:3] == ["Prospecting", "Proposal", "Qualification"]


def test_merging_offers_stages_of_the_same_kind_and_names_deals_and_views(web, root):
    with web.acting():
        for _number in range(2):
            new_deal(stage=web.stage_id("Proposal"))
        info = catalogue().get(DEAL)
    with web.acting("root@example.com"):
        mine = {"filter": {"and": [{"f": "stage", "op": "in", "v": [web.stage_id("Proposal")]}]}}
        saved_views.create_view(info, "My proposals", mine)
    with web.acting("sam@example.com"):
        saved_views.create_view(info, "Sam's", {"filter": {"f": "stage", "op": "eq", "v": web.stage_id("Proposal")}})
    path = f"/stages/{web.stage_id('Proposal')}/actions/merge?_back=/pipelines/{web.pipeline_id}/setup"
    dialog = root.get(path, X_Dialog="1", HX_Request="true")
    told = text_of(dialog)
    assert "2 deals are in “Proposal”." in told
    assert "“My proposals”" in told
    assert "Sam" not in told
    assert "1 saved view of somebody else" in told
    offered = re.findall(r"<option value=\"\d+\"[^>]*>([^<]+)", dialog.text)
    assert offered == ["Prospecting", "Qualification", "Negotiation"]
    done = root.post(path, {"into": str(web.stage_id("Negotiation"))})
    assert done.headers["Location"] == f"/pipelines/{web.pipeline_id}/setup"
    assert ("Proposal", "open") not in stages(web)


def test_a_stage_in_use_is_archived_not_deleted_and_the_last_of_its_kind_stays(web, root):
    path = f"/pipelines/{web.pipeline_id}/setup/stages"
    with web.acting():
        new_deal(stage=web.stage_id("Proposal"))
    used, won = web.stage_id("Proposal"), web.stage_id("Won")
    refused = root.post(f"{path}/{used}/delete")
    assert (refused.status_code, "This stage is in use (1 deals)" in text_of(refused)) == (422, True)
    shelf = f"{path}/{used}/archived?archived=true&_version={version(web, STAGE, used)}"
    assert root.post(shelf).status_code == 303
    assert ("Proposal", "open") not in stages(web)
    screen = text_of(root.get(f"/pipelines/{web.pipeline_id}/setup"))
    assert "Archived stages" in screen
    assert "Offer again" in screen
    last = root.post(f"{path}/{won}/archived?archived=true&_version={version(web, STAGE, won)}")
    assert (last.status_code, "This is the only won stage" in text_of(last)) == (422, True)
    assert root.post(f"{path}/{web.stage_id('Negotiation')}/delete").status_code == 303


def test_the_pipeline_itself_its_default_and_its_teams(web, root):
    path = f"/pipelines/{web.pipeline_id}/setup"
    with web.acting():
        other = create(PIPELINE, {"name": "Partners"}).id
        team = create("access.team", {"name": "North"}).id
    form = {"name": "Sales", "is_default": "false", "teams.present": "1", "teams.0.team": str(team)}
    refused = root.post(path, form | {"_version": str(version(web, PIPELINE, web.pipeline_id))})
    assert refused.status_code == 422
    assert "choose another one as default first" in text_of(refused)
    assert 'value="North"' in refused.text
    form = {"name": "Partners", "is_default": "true", "teams.present": "1", "teams.0.team": str(team)}
    assert root.post(f"/pipelines/{other}/setup", form | {"_version": "1"}).status_code == 303
    with web.acting():
        assert [(one.name, one.is_default, one.team_ids) for one in funnel().pipelines] == [
            ("Sales", False, frozenset()), ("Partners", True, frozenset({team})),
        ]  # fmt: skip


def test_the_screen_costs_the_same_statements_however_many_stages(web, root):
    path = f"/pipelines/{web.pipeline_id}/setup"
    root.get(path)
    with counted() as few:
        assert root.get(path).status_code == 200
    with web.acting():
        for number in range(10):
            create(STAGE, {"name": f"More {number}", "pipeline": web.pipeline_id, "kind": "open"})
    root.get(path)
    with counted() as many:
        assert root.get(path).status_code == 200
    assert len(many) == len(few)
    assert len(few) <= 12, "\n".join(few)
