"""deals/1: deals and their outcome, as other modules need them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "deals/1"
DEAL = "deals.deal"
INTERACTION = "deals.interaction"
SOURCE = "deals.source"
LOST_REASON = "deals.lost_reason"
OPEN, WON, LOST = "open", "won", "lost"
DEAL_WON = "deals.deal_won/1"
DEAL_LOST = "deals.deal_lost/1"
DEAL_REOPENED = "deals.deal_reopened/1"

#: Plain names that whoever keeps the pipeline of deals may add to them; other extensions name theirs `PLUGIN_field`.
RESERVED = {
    DEAL: frozenset({"pipeline", "stage", "probability", "stage_entered_at", "position", "forecast_category"}),
}

_PERSON, _ORGANIZATION = "parties.person", "parties.organization"
_ROLES = ("decision_maker", "evaluator", "influencer", "user", "payer")
_VALUE_FIELDS = (ShapeField(name="name", kind="text"), ShapeField(name="archived", kind="boolean"))

#: Record types of the contract. `outcome` is open, won or lost and changes by the actions only.
SHAPES = (
    Shape(key=SOURCE, collection="sources", fields=_VALUE_FIELDS),
    Shape(key=LOST_REASON, collection="lost-reasons", fields=_VALUE_FIELDS),
    Shape(
        key=DEAL,
        collection="deals",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="amount", kind="money"),
            ShapeField(name="organization", kind="link", to=_ORGANIZATION),
            ShapeField(name="person", kind="link", to=_PERSON),
            ShapeField(
                name="participants",
                kind="list",
                items=(
                    ShapeField(name="person", kind="link", to=_PERSON),
                    ShapeField(name="role", kind="choice", choices=_ROLES),
                ),
            ),
            ShapeField(name="outcome", kind="choice", choices=(OPEN, WON, LOST)),
            ShapeField(name="expected_close_on", kind="date"),
            ShapeField(name="opened_on", kind="date"),
            ShapeField(name="closed_on", kind="date"),
            ShapeField(name="lost_reason", kind="link", to=LOST_REASON),
            ShapeField(name="competitor", kind="text"),
            ShapeField(name="source", kind="link", to=SOURCE),
            ShapeField(name="campaign", kind="text"),
            ShapeField(name="next_step", kind="text"),
            ShapeField(name="next_step_on", kind="date"),
        ),
        actions=("win", "lose", "reopen"),
    ),
    Shape(
        key=INTERACTION,
        collection="interactions",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="kind", kind="choice", choices=("note", "call", "meeting", "mail")),
            ShapeField(name="direction", kind="choice", choices=("in", "out", "none")),
            ShapeField(name="started_at", kind="moment"),
            ShapeField(name="duration_min", kind="integer"),
            ShapeField(name="body", kind="longtext"),
            ShapeField(name="deal", kind="link", to=DEAL),
            ShapeField(name="person", kind="link", to=_PERSON),
            ShapeField(name="organization", kind="link", to=_ORGANIZATION),
            ShapeField(name="participants", kind="list", items=(ShapeField(name="person", kind="link", to=_PERSON),)),
        ),
    ),
)

_CLOSED = {
    "closed_on": "date the deal was closed on, in the company's zone; null when it is open again",
    "amount": 'money {"value", "currency"}, or null when the deal has no amount',
    "owner_id": "user who owns the deal, or null",
    "person_id": "customer as a person, or null",
    "organization_id": "customer as an organization, or null",
}

#: Facts of the contract, each stated once, with the unit that made it true.
FACTS = (
    Fact(name=DEAL_WON, fields=_CLOSED),
    Fact(
        name=DEAL_LOST,
        fields={
            **_CLOSED,
            "lost_reason_id": "value of the list of reasons, or null",
            "competitor": 'who won it instead, or ""',
        },
    ),
    Fact(name=DEAL_REOPENED, fields=_CLOSED),
)


class DealsOff(Exception):
    """Nobody provides deals/1 at present, so no deal can be read or closed."""


@dataclass(frozen=True, kw_only=True)
class Deal:
    """A deal that the acting person may see. `outcome`: open, won or lost. `amount_minor` counts `currency`."""

    id: int
    name: str
    outcome: str
    amount_minor: int | None
    currency: str
    person_id: int | None
    organization_id: int | None
    closed_on: date | None


class Deals(Protocol):
    """The service "deals/1". Outcome is the truth about a deal; `win`, `lose` and `reopen` are the only ways to it."""

    def get_deal(self, deal_id: int) -> Deal:
        """The deal; the provider's "not found" when there is none that the acting person may see."""

    def win(self, deal_id: int, *, closed_on: date | None = None) -> None:
        """Close the deal as won, on a day (default: today in the company's zone)."""

    def lose(
        self, deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = ""
    ) -> None:
        """Close the deal as lost. Without a reason it is refused, except when history is brought in."""

    def reopen(self, deal_id: int) -> None:
        """Make a closed deal open again."""

    def decide(self, draft: Any, outcome: str) -> str:
        """Put an outcome into a deal (a `kumiko.Draft`) that is on its way into the store, as part of that change.

        Gives "" when it is done, else why it cannot be, as a sentence. A closing day or reason that the draft brings is
        kept. A closed deal is not decided again, except while history is brought in.
        """

    def last_contacts(self, deal_ids: Iterable[int]) -> Mapping[int, datetime]:
        """When somebody last spoke or wrote to the customer or noted something: deal id -> moment, of those that the
        acting person may see; a deal without any interaction is absent."""


class Null:
    """Stands in while nobody provides deals/1."""

    def get_deal(self, deal_id: int) -> Deal:
        raise DealsOff("the module deals is switched off; switch it on to read deals")

    def win(self, deal_id: int, *, closed_on: date | None = None) -> None:
        raise DealsOff("the module deals is switched off; switch it on to win deals")

    def lose(
        self, deal_id: int, *, lost_reason_id: int | None, closed_on: date | None = None, competitor: str = ""
    ) -> None:
        raise DealsOff("the module deals is switched off; switch it on to lose deals")

    def reopen(self, deal_id: int) -> None:
        raise DealsOff("the module deals is switched off; switch it on to reopen deals")

    def decide(self, draft: Any, outcome: str) -> str:
        return "the module deals is switched off; switch it on to win, lose or reopen deals"

    def last_contacts(self, deal_ids: Iterable[int]) -> Mapping[int, datetime]:
        return {}
