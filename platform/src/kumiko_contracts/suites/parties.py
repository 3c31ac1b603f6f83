"""Every provider of parties/1 does this."""

from __future__ import annotations

from datetime import date

from kumiko_contracts.parties import ORGANIZATION, PERSON, VERSION, Party
from kumiko_contracts.suites import Lab, same

DAY = date(2026, 3, 2)


def a_party_is_found(lab: Lab) -> None:
    """Persons and organizations are found by their id, with their kind and name; an unknown id is nobody."""
    person = lab.create(PERSON, {"name": "Anna Weber"})
    acme = lab.create(ORGANIZATION, {"name": "Acme"})
    find = lab.service(VERSION).find_party
    same(find(person), Party(type=PERSON, id=person, name="Anna Weber"), "the person")
    same(find(acme), Party(type=ORGANIZATION, id=acme, name="Acme"), "the organization")
    same(find(acme + 1_000_000), None, "an id that nobody has")


def a_deleted_party_is_nobody(lab: Lab) -> None:
    """Who lies in the bin is not found."""
    person = lab.create(PERSON, {"name": "Anna Weber"})
    lab.delete(PERSON, person)
    same(lab.service(VERSION).find_party(person), None, "a person in the bin")


def who_buys_becomes_a_customer(lab: Lab) -> None:
    """Who bought is a customer: the person by its stage of life, the organization since that day."""
    person = lab.create(PERSON, {"name": "Anna Weber"})
    acme = lab.create(ORGANIZATION, {"name": "Acme"})
    lab.service(VERSION).note_customer(person_id=person, organization_id=acme, since=DAY)
    same(lab.read(PERSON, person)["lifecycle_stage"], "customer", "the person's stage of life")
    same(lab.read(ORGANIZATION, acme)["customer_since"], DAY.isoformat(), "customer since")


def the_earliest_day_stays(lab: Lab) -> None:
    """A later purchase does not change since when somebody is a customer; an earlier one does."""
    acme = lab.create(ORGANIZATION, {"name": "Acme"})
    found = []
    for since in (DAY, date(2026, 5, 1), date(2025, 12, 24)):
        lab.service(VERSION).note_customer(person_id=None, organization_id=acme, since=since)
        found.append(lab.read(ORGANIZATION, acme)["customer_since"])
    same(found, ["2026-03-02", "2026-03-02", "2025-12-24"], "customer since, after each purchase")


def who_has_an_address_is_recognized(lab: Lab) -> None:
    """Who has an e-mail or number is found, whoever may see it: persons, and organizations only without any."""
    acme = lab.create(ORGANIZATION, {"name": "Acme", "email": "post@acme.example", "phone": "+49 30 5550101"})
    ann = lab.create(PERSON, {"name": "Ann Lee", "email": "Ann.Lee@acme.example", "organization": acme})
    lab.create(PERSON, {"name": "Ben Fox", "phone": "+49 30 5550102"})
    service = lab.service(VERSION)
    with lab.acting("seller"):
        by_mail = service.matches(email="Ann.Lee@acme.example", phone="+49305550101")
        same([(one.id, one.by, one.organization_id) for one in by_mail], [(ann, "email", acme)], "by e-mail")
        by_number = service.matches(phone="+49305550102")
        same([(one.name, one.type, one.by) for one in by_number], [("Ben Fox", PERSON, "phone")], "by number")
        same([one.id for one in service.matches(email="post@acme.example")], [acme], "the organization")
    same(service.matches(), (), "without anything to look for")
    lab.delete(PERSON, ann)
    same(service.matches(email="Ann.Lee@acme.example"), (), "somebody in the bin")


CHECKS = (
    a_party_is_found,
    a_deleted_party_is_nobody,
    who_buys_becomes_a_customer,
    the_earliest_day_stays,
    who_has_an_address_is_recognized,
)
