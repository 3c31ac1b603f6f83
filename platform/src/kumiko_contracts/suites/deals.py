"""Every provider of deals/1 does this."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from kumiko_contracts.deals import (
    DEAL,
    DEAL_LOST,
    DEAL_REOPENED,
    DEAL_WON,
    FACTS,
    INTERACTION,
    LOST,
    LOST_REASON,
    OPEN,
    VERSION,
    WON,
    Deal,
)
from kumiko_contracts.parties import ORGANIZATION
from kumiko_contracts.suites import Lab, same

OPENED, DAY = date(2026, 1, 5), date(2026, 3, 2)


def _deal(lab: Lab, **values: Any) -> int:
    known = {"name": "Roof", "amount": {"value": "1054.00", "currency": "EUR"}, "opened_on": OPENED.isoformat()}
    return lab.create(DEAL, {**known, **values})


def a_deal_is_read(lab: Lab) -> None:
    """A deal is read as it was written: open, with its amount in minor units and its customer."""
    customer = lab.create(ORGANIZATION, {"name": "Acme"})
    deal_id = _deal(lab, organization=customer)
    wanted = Deal(
        id=deal_id, name="Roof", outcome=OPEN, amount_minor=105400, currency="EUR", person_id=None,
        organization_id=customer, closed_on=None,
    )  # fmt: skip
    same(lab.service(VERSION).get_deal(deal_id), wanted, "the deal")


def a_deal_is_won_once(lab: Lab) -> None:
    """Winning closes a deal on the day given and states it once; a closed deal is not won again."""
    deal_id = _deal(lab)
    lab.facts()
    lab.service(VERSION).win(deal_id, closed_on=DAY)
    deal = lab.service(VERSION).get_deal(deal_id)
    same((deal.outcome, deal.closed_on), (WON, DAY), "outcome and day")
    same([(name, record) for name, record, _ in lab.facts()], [(DEAL_WON, deal_id)], "the facts stated")
    if not lab.refusal(lambda: lab.service(VERSION).win(deal_id)):
        raise AssertionError("a won deal was won again; wanted a refusal with a sentence")


def a_lost_deal_has_a_reason(lab: Lab) -> None:
    """Losing needs a reason; with one the deal is lost, with reason and competitor, and that is stated."""
    deal_id, reason = _deal(lab), lab.create(LOST_REASON, {"name": "Too dear"})
    if not lab.refusal(lambda: lab.service(VERSION).lose(deal_id, lost_reason_id=None)):
        raise AssertionError("a deal was lost without a reason; wanted a refusal with a sentence")
    same(lab.service(VERSION).get_deal(deal_id).outcome, OPEN, "outcome after the refusal")
    lab.facts()
    lab.service(VERSION).lose(deal_id, lost_reason_id=reason, closed_on=DAY, competitor="Umbrella")
    said = lab.read(DEAL, deal_id)
    found = (said["outcome"], said["closed_on"], said["lost_reason"]["id"], said["competitor"])
    same(found, (LOST, DAY.isoformat(), reason, "Umbrella"), "outcome, day, reason and competitor")
    same([(name, record) for name, record, _ in lab.facts()], [(DEAL_LOST, deal_id)], "the facts stated")


def a_closed_deal_is_reopened(lab: Lab) -> None:
    """A reopened deal has neither day nor reason, and that is stated; an open deal is not reopened."""
    deal_id, reason = _deal(lab), lab.create(LOST_REASON, {"name": "Board said no"})
    if not lab.refusal(lambda: lab.service(VERSION).reopen(deal_id)):
        raise AssertionError("an open deal was reopened; wanted a refusal with a sentence")
    lab.service(VERSION).lose(deal_id, lost_reason_id=reason)
    lab.facts()
    lab.service(VERSION).reopen(deal_id)
    said = lab.read(DEAL, deal_id)
    same((said["outcome"], said["closed_on"], said["lost_reason"]), (OPEN, None, None), "outcome, day and reason")
    same([(name, record) for name, record, _ in lab.facts()], [(DEAL_REOPENED, deal_id)], "the facts stated")


def facts_have_the_documented_fields(lab: Lab) -> None:
    """Each fact carries exactly the fields that the contract documents."""
    documented = {fact.name: sorted(fact.fields) for fact in FACTS}
    deal_id, reason = _deal(lab), lab.create(LOST_REASON, {"name": "Too late"})
    lab.facts()
    lab.service(VERSION).win(deal_id)
    lab.service(VERSION).reopen(deal_id)
    lab.service(VERSION).lose(deal_id, lost_reason_id=reason)
    stated = {name: sorted(payload) for name, _, payload in lab.facts()}
    same(stated, documented, "facts and their fields")


def the_outcome_is_not_written_by_hand(lab: Lab) -> None:
    """The outcome changes by winning, losing and reopening only; written as a field it is refused."""
    deal_id = _deal(lab)
    if not lab.refusal(lambda: lab.change(DEAL, deal_id, {"outcome": WON})):
        raise AssertionError("the outcome was written as a field; wanted a refusal with a sentence")
    same(lab.read(DEAL, deal_id)["outcome"], OPEN, "outcome after the refusal")


def actions_do_what_the_service_does(lab: Lab) -> None:
    """The record actions win, lose and reopen are there and lead to the same outcomes."""
    deal_id, reason = _deal(lab), lab.create(LOST_REASON, {"name": "Wrong colour"})
    found = []
    for action, values in (("win", {}), ("reopen", {}), ("lose", {"lost_reason": reason})):
        lab.act(DEAL, deal_id, action, values)
        found.append(lab.read(DEAL, deal_id)["outcome"])
    same(found, [WON, OPEN, LOST], "outcomes after win, reopen and lose")


def an_outcome_is_undone(lab: Lab) -> None:
    """Undoing a win gives the open deal back, without a closing day."""
    deal_id = _deal(lab)
    lab.service(VERSION).win(deal_id, closed_on=DAY)
    lab.undo_last()
    deal = lab.service(VERSION).get_deal(deal_id)
    same((deal.outcome, deal.closed_on), (OPEN, None), "outcome and day after the undo")


def an_outcome_is_decided_within_a_change(lab: Lab) -> None:
    """`decide` puts an outcome into a change that is on its way; a closed deal is not decided again."""
    deal_id = _deal(lab)
    said: list[str] = []
    lab.change_by(DEAL, deal_id, lambda draft: said.append(lab.service(VERSION).decide(draft, WON)))
    same((said, lab.read(DEAL, deal_id)["outcome"]), ([""], WON), "answer and outcome")

    def lose(draft: Any) -> None:
        said.append(lab.service(VERSION).decide(draft, LOST))

    lab.change_by(DEAL, deal_id, lose)
    if not said[-1]:
        raise AssertionError("a won deal was decided as lost; wanted a sentence that says why not")
    same(lab.read(DEAL, deal_id)["outcome"], WON, "outcome after the sentence")


def history_may_lack_a_reason(lab: Lab) -> None:
    """A lost deal that is brought in as history may lack a reason, and states nothing."""
    lab.facts()
    with lab.bringing_history():
        deal_id = _deal(lab, outcome=LOST, closed_on=DAY.isoformat())
    said = lab.read(DEAL, deal_id)
    same((said["outcome"], said["lost_reason"], lab.facts()), (LOST, None, []), "outcome, reason and facts stated")


def what_one_may_not_see_is_not_there(lab: Lab) -> None:
    """Somebody who may not see a deal is told that there is none, whatever they ask of it."""
    deal_id = _deal(lab)
    with lab.acting("seller"):
        service = lab.service(VERSION)
        for deed in (lambda: service.get_deal(deal_id), lambda: service.win(deal_id), lambda: service.reopen(deal_id)):
            if not lab.refusal(deed):
                raise AssertionError("a deal of somebody else was read or changed; wanted that there is none")
        same(dict(service.last_contacts([deal_id])), {}, "last contacts of a deal of somebody else")
    same(lab.service(VERSION).get_deal(deal_id).outcome, OPEN, "outcome afterwards")


def last_contacts_are_the_newest_interactions(lab: Lab) -> None:
    """`last_contacts` gives the newest moment per deal, and nothing for a deal that nobody spoke about."""
    spoken, silent = _deal(lab), _deal(lab)
    for started_at in ("2026-03-02T09:00:00Z", "2026-03-04T10:30:00Z", "2026-03-03T08:00:00Z"):
        lab.create(INTERACTION, {"name": "Call", "kind": "call", "deal": spoken, "started_at": started_at})
    found = lab.service(VERSION).last_contacts([spoken, silent])
    same({key: at.isoformat() for key, at in found.items()}, {spoken: "2026-03-04T10:30:00+00:00"}, "last contacts")


def a_deal_closes_today_unless_told(lab: Lab) -> None:
    """A deal won without a day closes today, and none closes in the future."""
    deal_id = _deal(lab)
    later = datetime.now(UTC).date() + timedelta(days=40)
    if not lab.refusal(lambda: lab.service(VERSION).win(deal_id, closed_on=later)):
        raise AssertionError("a deal was closed in the future; wanted a refusal with a sentence")
    lab.service(VERSION).win(deal_id)
    closed_on = lab.service(VERSION).get_deal(deal_id).closed_on
    same(
        abs((closed_on - datetime.now(UTC).date()).days) <= 1,
        True,
        f"whether {closed_on} is today in the company's zone",
    )


CHECKS = (
    a_deal_is_read,
    a_deal_is_won_once,
    a_lost_deal_has_a_reason,
    a_closed_deal_is_reopened,
    facts_have_the_documented_fields,
    the_outcome_is_not_written_by_hand,
    actions_do_what_the_service_does,
    an_outcome_is_undone,
    an_outcome_is_decided_within_a_change,
    history_may_lack_a_reason,
    what_one_may_not_see_is_not_there,
    last_contacts_are_the_newest_interactions,
    a_deal_closes_today_unless_told,
)
