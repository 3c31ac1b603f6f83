"""Every pipeline can always be entered, won and lost; names are taken once; merging moves deals and is undone whole."""

import pytest
from sales_lab import DEAL, PIPELINE, STAGE, new_deal, place

from kumiko import Conflict, Forbidden, Invalid, create, delete, find, get, restore, run_action, update
from kumiko.records.history import history
from kumiko.records.undo import undo
from kumiko_sales.funnel import funnel
from kumiko_testing.records import OWN, person


def names(pipeline_id=None):
    pipeline = funnel().find_pipeline(pipeline_id) if pipeline_id else funnel().default
    return [(one.name, one.kind) for one in pipeline.offered()]


def test_a_pipeline_begins_with_a_stage_to_enter_to_win_and_to_lose_in(sales_house):
    with sales_house.acting():
        made = create(PIPELINE, {"name": "Partners"})
        assert names(made.id) == [("New", "open"), ("Won", "won"), ("Lost", "lost")]
        assert (made.get("is_default"), made.get("position")) == (False, 2)
        with pytest.raises(Invalid, match="accepted") as refused:
            create(PIPELINE, {"name": " partners"})
        assert refused.value.errors["name"][0].startswith("There is already one with the name")


def test_the_last_stage_of_a_kind_is_neither_archived_nor_deleted_nor_made_another(sales_house, stage):
    with sales_house.acting():
        for name, word in (("Won", "won"), ("Lost", "lost")):
            with pytest.raises(Conflict, match=f"This is the only {word} stage"):
                delete(STAGE, stage(name))
            with pytest.raises(Invalid) as refused:
                update(STAGE, stage(name), {"archived": True})
            assert refused.value.errors["archived"][0].startswith(f"This is the only {word} stage")
            with pytest.raises(Invalid) as refused:
                update(STAGE, stage(name), {"kind": "open"})
            assert refused.value.errors["kind"][0].startswith(f"This is the only {word} stage")
        for name in ("Prospecting", "Qualification", "Proposal"):
            delete(STAGE, stage(name))
        with pytest.raises(Conflict, match="This is the only open stage"):
            delete(STAGE, stage("Negotiation"))


def test_a_stage_with_deals_changes_neither_kind_nor_pipeline(sales_house, stage):
    with sales_house.acting():
        new_deal(stage=stage("Proposal"))
        with pytest.raises(Invalid) as refused:
            update(STAGE, stage("Proposal"), {"kind": "won"})
        assert refused.value.errors == {
            "kind": ["1 deals are in this stage; move them before it becomes another kind."]
        }  # fmt: skip
        other = create(PIPELINE, {"name": "Partners"}).id
        with pytest.raises(Invalid) as refused:
            update(STAGE, stage("Proposal"), {"pipeline": other})
        assert "stays in its pipeline" in refused.value.errors["pipeline"][0]
        update(STAGE, stage("Negotiation"), {"kind": "won"})
        assert sorted(names()[-3:]) == [("Lost", "lost"), ("Negotiation", "won"), ("Won", "won")]
        assert get(STAGE, stage("Negotiation")).get("probability") == 100


def test_one_pipeline_is_the_default_and_stays_offered(sales_house):
    with sales_house.acting():
        first = funnel().default.id
        for values, field in (({"is_default": False}, "is_default"), ({"archived": True}, "archived")):
            with pytest.raises(Invalid) as refused:
                update(PIPELINE, first, values)
            assert list(refused.value.errors) == [field]
        with pytest.raises(Conflict, match="This pipeline is in use"):
            delete(PIPELINE, first)
        second = create(PIPELINE, {"name": "Partners", "is_default": True}).id
        assert [(one.id, one.is_default) for one in funnel().pipelines] == [(first, False), (second, True)]
        update(PIPELINE, first, {"archived": True})
        deal = get(DEAL, new_deal())
        assert (deal.link_id("pipeline"), deal.get("stage").name) == (second, "New")
        with pytest.raises(Invalid) as refused:
            update(DEAL, deal.id, {"pipeline": first})
        assert "archived or gone" in refused.value.errors["pipeline"][0]


def test_a_pipeline_with_teams_is_worked_in_by_these_only(sales_house):
    with sales_house.acting():
        north = create("access.team", {"name": "North"}).id
        partners = create(PIPELINE, {"name": "Partners", "teams": [{"team": north}]}).id
    inside = person(9001, "Ann", level=OWN, team_ids=(north,), subtree_team_ids=(north,))
    outside = person(9002, "Ben", level=OWN)
    with sales_house.acting(inside):
        assert get(DEAL, new_deal(pipeline=partners)).link_id("pipeline") == partners
    with sales_house.acting(outside):
        with pytest.raises(Invalid) as refused:
            new_deal(pipeline=partners)
        assert refused.value.errors["stage"] == [
            "The pipeline “Partners” belongs to other teams; choose one of yours."
        ]  # fmt: skip
    with sales_house.acting():
        update(PIPELINE, funnel().default.id, {"teams": [{"team": north}]})
        east = create(PIPELINE, {"name": "East"}).id
    with sales_house.acting(outside):
        assert get(DEAL, new_deal()).link_id("pipeline") == east


def test_merging_moves_every_deal_and_one_undo_brings_all_back(sales_house, stage):
    old, new = stage("Proposal"), stage("Negotiation")
    with sales_house.acting(person(9001, level=OWN)):
        deals = [new_deal(stage=old), new_deal(stage=old, probability=33)]
    with sales_house.acting():
        gone = run_action(STAGE, old, "merge", {"into": new})
        assert (gone.deleted, gone.link_id("merged_into")) == (True, new)
        assert [place(one) for one in deals] == [("Negotiation", 80, "open"), ("Negotiation", 33, "open")]
        assert find(STAGE, old) is None
        unit_id = history(DEAL, deals[0])[0].unit
        assert {history(DEAL, one)[0].unit for one in deals} == {unit_id}
        undo(unit_id)
        assert [place(one) for one in deals] == [("Proposal", 50, "open"), ("Proposal", 33, "open")]
        assert (get(STAGE, old).title, get(STAGE, old).get("merged_into")) == ("Proposal", None)
        for into, why in ((old, "another stage than"), (stage("Won"), "same pipeline and kind")):
            with pytest.raises(Conflict, match=why):
                run_action(STAGE, old, "merge", {"into": into})
        assert [place(one)[0] for one in deals] == ["Proposal", "Proposal"]


def test_a_deleted_stage_comes_back_unless_its_name_was_taken(sales_house, stage):
    with sales_house.acting():
        gone = stage("Proposal")
        delete(STAGE, gone)
        create(STAGE, {"name": "Proposal", "pipeline": funnel().default.id})
        with pytest.raises(Invalid):
            restore(STAGE, gone)
        assert find(STAGE, gone) is None


def test_sellers_use_stages_and_do_not_keep_them(sales_house, stage):
    seller = person(9001, level=dict.fromkeys(("create", "edit", "delete"), "none") | {"read": "own"})
    with sales_house.acting(seller):
        assert get(STAGE, stage("Won")).title == "Won"
        for act in (
            lambda: create(PIPELINE, {"name": "Mine"}),
            lambda: update(STAGE, stage("Won"), {"name": "Mine"}),
            lambda: run_action(STAGE, stage("Proposal"), "merge", {"into": stage("Negotiation")}),
        ):
            with pytest.raises(Forbidden):
                act()
