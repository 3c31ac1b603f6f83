"""Remarks on cards: how long a deal has been in its stage, whether it rots, what is overdue. A plan keeps it fresh."""

from datetime import timedelta

import pytest
import sales_lab as lab
from sales_lab import DEAL, STAGE

from kumiko import company_today, create, get, update, utc_now
from kumiko_sales.boards import badges
from kumiko_testing.records import OWN, person

ANN = person(9001, "Ann", level=OWN)


@pytest.fixture
def old_deal(sales_house, stage):
    """A deal that has been in a stage for 20 days; it rots there after 14 and may stay for 15."""
    with sales_house.acting():
        update(STAGE, stage("Proposal"), {"max_idle_days": 14, "max_days": 30})
    with sales_house.acting(ANN):
        return lab.new_deal(stage=stage("Proposal"), stage_entered_at=utc_now() - timedelta(days=20))


def told(deal_id):
    return [(str(one.text), one.tone) for one in badges([get(DEAL, deal_id)]).get(deal_id, ())]


def test_a_quiet_deal_rots_unless_something_is_planned_or_somebody_spoke(sales_house, old_deal):
    with sales_house.acting(ANN):
        assert told(old_deal) == [("20 d here", ""), ("quiet for 20 days", "warn")]
        update(DEAL, old_deal, {"next_step": "Call", "next_step_on": company_today() + timedelta(days=3)})
        assert told(old_deal) == [("20 d here", "")]
        update(DEAL, old_deal, {"next_step_on": company_today() - timedelta(days=1)})
        assert told(old_deal) == [("20 d here", ""), ("quiet for 20 days", "warn")]
        create("deals.interaction", {"deal": old_deal, "kind": "call", "started_at": utc_now() - timedelta(days=2)})
        assert told(old_deal) == [("20 d here", ""), ("next step overdue", "error")]


def test_a_deal_that_stays_too_long_is_marked_and_a_closed_one_is_not(sales_house, stage, old_deal):
    with sales_house.acting():
        update(STAGE, stage("Proposal"), {"max_days": 15, "max_idle_days": None})
    with sales_house.acting(ANN):
        assert told(old_deal) == [("20 of at most 15 days", "error"), ("no next step", "")]
        update(DEAL, old_deal, {"stage": stage("Won")})
        assert told(old_deal) == []


def test_the_card_of_a_pipeline_counts_only_what_its_reader_may_see(sales_house, stage):
    from kumiko_sales.funnel import funnel
    from kumiko_sales.panels import stages_of

    def counted():
        pipeline = get("sales.pipeline", funnel().default.id)
        return {name: count for name, _hue, count in stages_of(pipeline)["stages"]}["Prospecting"]

    with sales_house.acting(person(9002, "Ben", level=OWN)):
        lab.new_deal()
        lab.new_deal()
    with sales_house.acting(ANN):
        lab.new_deal()
        assert counted() == "1 deal"
    with sales_house.acting():
        assert counted() == "3 deals"
