"""Short words for tests of deals in stages."""

from itertools import pairwise

from sqlalchemy import select

from kumiko import create, get, session, unscoped
from kumiko_deals import queries as deals_queries
from kumiko_deals.models import LostReason
from kumiko_sales.models import Stage, Stay

DEAL, PIPELINE, STAGE = "deals.deal", "sales.pipeline", "sales.stage"


def new_deal(**values):
    return create(DEAL, {"name": "Pilot", **values}).id


def place(deal_id):
    """(stage, probability, outcome) of a deal as the acting person sees it."""
    deal = get(DEAL, deal_id)
    found = deal.get("stage")
    return (found.name if found else None, deal.get("probability"), deal.get("outcome"))


def price():
    return deals_queries.find_value(LostReason, "price")


def stays(deal_id):
    """[(stage, still there?)] in order."""
    with unscoped("a test reads stays"):
        query = (
            select(Stage.name, Stay.left_at, Stay.entered_at)
            .join(Stage, Stage.id == Stay.stage_id)
            .where(Stay.deal_id == deal_id)
            .order_by(Stay.id)
        )
        rows = session().execute(query).all()
    for one, following in pairwise(rows):
        assert one.left_at == following.entered_at
    return [(row.name, row.left_at is None) for row in rows]
