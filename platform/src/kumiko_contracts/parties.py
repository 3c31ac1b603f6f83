"""parties/1: persons and organizations, as other modules need them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from kumiko_contracts.shapes import Shape, ShapeField

VERSION = "parties/1"
PERSON = "parties.person"
ORGANIZATION = "parties.organization"

#: Record types of the contract, with the fields that others rely on.
SHAPES = (
    Shape(
        key=ORGANIZATION,
        collection="organizations",
        fields=(ShapeField(name="name", kind="text"), ShapeField(name="customer_since", kind="date")),
    ),
    Shape(
        key=PERSON,
        collection="persons",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="lifecycle_stage", kind="choice", choices=("customer",)),
        ),
    ),
)
FACTS = ()


@dataclass(frozen=True, kw_only=True)
class Party:
    """A person or organization that the acting person may see. `type` is PERSON or ORGANIZATION."""

    type: str
    id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Match:
    """A person or organization that has an address or number, whoever may see it. `by`: "email" or "phone"."""

    type: str
    id: int
    name: str
    by: str
    owner_id: int | None
    team_id: int | None
    organization_id: int | None


class Parties(Protocol):
    """The service "parties/1"."""

    def find_party(self, party_id: int) -> Party | None:
        """The person or organization with this id; None when there is none that the acting person may see."""

    def matches(self, *, email: str = "", phone: str = "") -> tuple[Match, ...]:
        """Who has this e-mail address (as it is written or in small letters) or E.164 number, each once: persons, and
        without any organizations, at most ten.

        For recognizing who writes, so whatever the acting person may see: what of it is shown is the caller's care.
        """

    def note_customer(self, *, person_id: int | None, organization_id: int | None, since: date) -> None:
        """They bought something on `since`: the person becomes a customer, the organization one since that day.

        Inside the caller's unit, as its consequence, whatever the acting person may edit; an earlier day stays.
        """


class Null:
    """Stands in while nobody provides parties/1: nobody is known, nothing is noted."""

    def find_party(self, party_id: int) -> Party | None:
        return None

    def matches(self, *, email: str = "", phone: str = "") -> tuple[Match, ...]:
        return ()

    def note_customer(self, *, person_id: int | None, organization_id: int | None, since: date) -> None:
        return None
