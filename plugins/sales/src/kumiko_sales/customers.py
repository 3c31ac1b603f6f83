"""What documents say of customers and of ourselves: addresses as they are on the day they go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import as_system, catalogue, find, settings_of
from kumiko_contracts.parties import ORGANIZATION, PERSON

_FIRST_KINDS = ("billing", "office")


def address_of(record: Any) -> str:
    """Name and address of whom a document is for, as lines of a letter."""
    organization, person = (_party(record, key) for key in ("organization", "person"))
    lines: list[str] = []
    if organization is not None:
        lines.append(organization.get("legal_name") or organization.title)
    if person is not None:
        lines.append(person.title)
    for party in (organization, person):
        found = _postal(party)
        if found:
            lines += found
            break
    if organization is not None and organization.get("tax_number"):
        lines.append(str(organization.get("tax_number")))
    return "\n".join(lines)


def _postal(party: Any) -> list[str]:
    """The address for invoices, else the first one."""
    rows = party.get("addresses") or [] if party is not None else []
    if not rows:
        return []
    row: Mapping[str, Any] = next((one for kind in _FIRST_KINDS for one in rows if one.get("kind") == kind), rows[0])
    town = " ".join(part for part in (row.get("postal_code"), row.get("city")) if part)
    return [part for part in (row.get("street"), town, row.get("region"), row.get("country")) if part]


def language_of(record: Any) -> str:
    """The person's language, else the company's."""
    person = _party(record, "person")
    return str((person.get("language") if person is not None else "") or company_language())


def company_language() -> str:
    """The language that the company set for itself."""
    return str(settings_of("host").get("language") or "en")


def seller() -> str:
    """Name and address of the company, as the settings have them today."""
    known = settings_of("sales")
    name = str(settings_of("host").get("company") or "")
    return "\n".join(part for part in (name, *str(known.get("seller_address") or "").splitlines()) if part)


def _party(record: Any, name: str) -> Any:
    record_id = record.link_id(name)
    key = {"organization": ORGANIZATION, "person": PERSON}[name]
    if record_id is None or catalogue().find(key) is None:
        return None
    with as_system("a document names its customer, whoever sends it out"):
        return find(key, record_id)


def own_address(party: Any) -> str:
    """Name and address of a person or organization itself."""
    name = (party.get("legal_name") if "legal_name" in party.type.fields else "") or party.title
    return "\n".join([str(name), *_postal(party)])
