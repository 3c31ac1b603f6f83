"""What other modules ask of persons and organizations (the contract parties/1)."""

from __future__ import annotations

from datetime import date
from typing import Any

from kumiko.host.context import SYSTEM, acting_as
from kumiko.parties import recognizing
from kumiko.records import service
from kumiko_contracts.parties import ORGANIZATION, PERSON, Match, Party


class PartiesService:
    """Provides parties/1; see `kumiko_contracts.parties.Parties`."""

    def find_party(self, party_id: int) -> Party | None:
        for type_key in (PERSON, ORGANIZATION):
            found = service.find(type_key, party_id)
            if found is not None:
                return Party(type=type_key, id=party_id, name=found.title)
        return None

    def matches(self, *, email: str = "", phone: str = "") -> tuple[Match, ...]:
        return recognizing.matches(email, phone)

    def note_customer(self, *, person_id: int | None, organization_id: int | None, since: date) -> None:
        with acting_as(SYSTEM):  # a seller who wins a deal may know the customer without being allowed to edit it
            if person_id is not None:
                _change(PERSON, person_id, {"lifecycle_stage": "customer"})
            if organization_id is not None:
                found = service.find(ORGANIZATION, organization_id)
                known = found.get("customer_since") if found else None
                if known is None or since < known:
                    _change(ORGANIZATION, organization_id, {"customer_since": since})


def _change(type_key: str, record_id: int, values: dict[str, Any]) -> None:
    if service.find(type_key, record_id) is not None:  # it may lie in the bin
        service.update(type_key, record_id, values)
