"""Sample deals and interactions for the sample customers: the same on every machine, days relative to today."""

from __future__ import annotations

import random
from datetime import date, datetime, time, timedelta
from typing import Any

from kumiko import all_ids, catalogue, company_today, create, get, unit, utc_now
from kumiko_deals import demo_inquiries, queries
from kumiko_deals.models import DEAL, INTERACTION, LOST, OPEN, WON, LostReason, Source
from kumiko_deals.rules import changing_outcome

DEALS, INTERACTIONS = 150, 300
SAMPLE = {"f": "tags", "op": "eq", "v": "sample"}
PERSON, ORGANIZATION = "parties.person", "parties.organization"

People = dict[int | None, list[Any]]  # organization id -> views of its people
_WHAT = (
    "Annual supply", "Pilot", "Extension", "Replacement of the old system", "Second site", "Framework contract",
    "Maintenance", "Training", "Spring order", "Migration",
)  # fmt: skip
_STEPS = (
    "Send the offer",
    "Call back",
    "Visit the site",
    "Clarify the budget",
    "Meet the decision maker",
    "Check terms",
)
_ROLES = ("decision_maker", "evaluator", "influencer", "user", "payer")
_COMPETITORS = ("Northwind Trade", "Halcyon Group", "Brightline")
_TEXTS = {
    "note": (
        "Budget is approved for this year, the rest next spring.",
        "They compare us with one competitor; delivery time decides.",
        "Prefers to be called before noon.",
        "Asked for references from a company of their size.",
    ),
    "call": (
        "Talked through the open points; {who} wants the offer by Friday.",
        "{who} was in a hurry and asked for a short summary by mail.",
        "Went through the numbers with {who}. The quantity will be higher than planned.",
    ),
    "meeting": (
        "Presented the solution to {who} and two colleagues. Good questions about maintenance.",
        "Visited the site with {who}; two halls instead of one.",
    ),
    "mail": (
        "Sent {who} the offer with the changed terms of payment.",
        "{who} wrote that the board decides next week.",
        "Thanked {who} for the visit and sent the slides.",
    ),
}


def make() -> None:
    """Make the sample deals and interactions, inside the caller's unit; nothing while there are no sample customers."""
    dice = random.Random(21)  # noqa: S311 - sample data, the same for everybody
    organizations = [get(ORGANIZATION, one) for one in all_ids(catalogue().get(ORGANIZATION), node=SAMPLE)]
    if not organizations:
        return
    people = _people_by_organization()
    sources, reasons = queries.value_ids(Source), queries.value_ids(LostReason)
    with unit(), changing_outcome(sample=True):
        deals = [_deal(number, dice, organizations, people, sources, reasons) for number in range(DEALS)]
        for number in range(INTERACTIONS):
            _interaction(number, dice, deals[dice.randrange(len(deals))])
        demo_inquiries.make([person for known in people.values() for person in known])


def _people_by_organization() -> People:
    found: People = {}
    for person_id in all_ids(catalogue().get(PERSON), node=SAMPLE):
        person = get(PERSON, person_id)
        found.setdefault(person.link_id("organization"), []).append(person)
    return found


def _deal(
    number: int,
    dice: random.Random,
    organizations: Any,
    people: dict[int | None, list[Any]],
    sources: Any,
    reasons: Any,
) -> Any:
    today = company_today()
    organization = organizations[number % len(organizations)]
    known = people.get(organization.id, [])
    outcome = dice.choices((OPEN, WON, LOST), (45, 33, 22))[0]
    opened_on = today - timedelta(days=dice.randrange(3, 120) if outcome == OPEN else dice.randrange(60, 420))
    revenue = organization.get("annual_revenue")
    values: dict[str, Any] = {
        "name": f"{_WHAT[(number + number // len(organizations)) % len(_WHAT)]}, {organization.title}",
        "amount": {"value": f"{dice.randrange(4, 480) * 250}.00", "currency": revenue.currency if revenue else "EUR"},
        "organization": organization.id,
        "opened_on": opened_on,
        "expected_close_on": opened_on + timedelta(days=dice.randrange(20, 160)),
        "outcome": outcome,
        "owner": organization.link_id("owner"),
        "tags": ["sample"],
    }
    if known:
        values["person"] = known[0].id
        values["participants"] = [
            {"person": person.id, "role": _ROLES[(number + place) % len(_ROLES)]} for place, person in enumerate(known)
        ]
    if sources:
        values["source"] = sources[dice.randrange(len(sources))]
    if outcome == OPEN:
        if number % 3:
            values |= {"next_step": dice.choice(_STEPS), "next_step_on": today + timedelta(days=dice.randrange(-4, 21))}
    else:
        values["closed_on"] = min(today, opened_on + timedelta(days=dice.randrange(12, 150)))
    if outcome == LOST:
        if reasons:
            values["lost_reason"] = reasons[dice.randrange(len(reasons))]
        if number % 2:
            values["competitor"] = dice.choice(_COMPETITORS)
    return create(DEAL, values)


def _interaction(number: int, dice: random.Random, deal: Any) -> None:
    kind = dice.choices(("note", "call", "meeting", "mail"), (30, 30, 12, 28))[0]
    first: date = deal.get("opened_on")
    last: date = deal.get("closed_on") or company_today()
    day = first + timedelta(days=dice.randrange(0, max((last - first).days, 1)))
    started_at = datetime.combine(day, time(8 + number % 9, number * 7 % 60), tzinfo=utc_now().tzinfo)
    person = deal.get("person")
    who = person.name if person is not None else "the contact"
    values: dict[str, Any] = {
        "kind": kind,
        "direction": "none" if kind in ("note", "meeting") else ("in", "out")[number % 2],
        "started_at": min(started_at, utc_now()),
        "body": dice.choice(_TEXTS[kind]).format(who=who),
        "deal": deal.id,
        "owner": deal.link_id("owner"),
    }
    if kind in ("call", "meeting"):
        values["duration_min"] = dice.choice((5, 10, 20, 30, 45, 60))
    create(INTERACTION, values)
