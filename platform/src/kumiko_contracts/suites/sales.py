"""Every provider of sales/1 does this."""

from __future__ import annotations

from collections.abc import Callable

from kumiko_contracts.deals import DEAL, LOST, LOST_REASON, OPEN, WON
from kumiko_contracts.deals import VERSION as DEALS
from kumiko_contracts.sales import FACTS, STAGE, STAGE_CHANGED
from kumiko_contracts.suites import Lab, sales_documents, same


def a_new_deal_stands_in_an_open_stage(lab: Lab) -> None:
    """A deal gets a stage when it is made, of the kind that its outcome says, and that is stated."""
    lab.facts()
    deal_id = lab.create(DEAL, {"name": "Roof"})
    stage = lab.read(DEAL, deal_id)["stage"]
    same(lab.read(STAGE, stage["id"])["kind"], OPEN, "kind of the stage")
    documented = sorted(next(fact.fields for fact in FACTS if fact.name == STAGE_CHANGED))
    stated = [(name, record, sorted(payload)) for name, record, payload in lab.facts()]
    same(stated, [(STAGE_CHANGED, deal_id, documented)], "the facts stated")


def the_stage_follows_the_outcome(lab: Lab) -> None:
    """Winning, losing and reopening take a deal to a stage of that kind, and an undo takes it back."""
    deal_id, reason = lab.create(DEAL, {"name": "Roof"}), lab.create(LOST_REASON, {"name": "Too dear"})
    first = lab.read(DEAL, deal_id)["stage"]
    deals = lab.service(DEALS)
    found = []
    deeds: tuple[Callable[[], None], ...] = (
        lambda: deals.win(deal_id),
        lambda: deals.reopen(deal_id),
        lambda: deals.lose(deal_id, lost_reason_id=reason),
    )
    for deed in deeds:
        deed()
        found.append(lab.read(STAGE, lab.read(DEAL, deal_id)["stage"]["id"])["kind"])
    same(found, [WON, OPEN, LOST], "kinds of the stages")
    lab.undo_last()
    after = lab.read(DEAL, deal_id)
    same((after["outcome"], after["stage"]), (OPEN, first), "outcome and stage after the undo")


def the_outcome_follows_the_stage(lab: Lab) -> None:
    """A deal that is moved to a won stage is won, in the same unit: one undo takes back both."""
    deal_id = lab.create(DEAL, {"name": "Roof"})
    other = lab.create(DEAL, {"name": "Wall"})
    lab.service(DEALS).win(other)
    won = lab.read(DEAL, other)["stage"]["id"]
    lab.change(DEAL, deal_id, {"stage": won})
    same(lab.read(DEAL, deal_id)["outcome"], WON, "outcome")
    lab.undo_last()
    same(lab.read(DEAL, deal_id)["outcome"], OPEN, "outcome after the undo")


CHECKS = (
    a_new_deal_stands_in_an_open_stage,
    the_stage_follows_the_outcome,
    the_outcome_follows_the_stage,
    *sales_documents.CHECKS,
)
