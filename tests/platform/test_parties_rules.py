"""Persons and organizations: names, primary rows and their mirrors, loops; on both databases."""

import functools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumiko.host.errors import Invalid
from kumiko.parties import names
from kumiko.parties.services import PartiesService
from kumiko.records import search, service
from kumiko.records.money import Money
from kumiko.records.undo import undo
from kumiko.records.units import group, unit
from kumiko_testing.records import OWN, open_house, person, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties")
PERSON, ORGANIZATION = "parties.person", "parties.organization"
ANN, BEN = person(9001, "Ann", level=OWN), person(9002, "Ben", level=OWN)


@pytest.fixture
def house(clone_database, tmp_path):
    url = clone_database("parties", functools.partial(prepare_database, core=CORE))
    made = open_house(url, tmp_path, CORE)
    yield made
    made.database.close()


def emails(record):
    return [(row["address"], row["primary"]) for row in record.get("emails")]


@pytest.mark.parametrize(
    ("given_name", "parts"),
    [
        ("Anna Weber", ("", "Anna", "", "Weber")),
        ("Weber, Anna Maria", ("", "Anna", "Maria", "Weber")),
        ("Dr. Anna Weber", ("Dr.", "Anna", "", "Weber")),
        ("Ludwig van Beethoven", ("", "Ludwig", "", "van Beethoven")),
        ("Maria del Carmen", ("", "Maria", "", "del Carmen")),
        ("Martin Luther King Jr.", ("", "Martin", "Luther", "King Jr.")),
        ("Mary Ann Evans", ("", "Mary", "Ann", "Evans")),
        ("Madonna", ("", "Madonna", "", "")),
        ("van Gogh", ("", "van", "", "Gogh")),
        ("King, Jr.", ("", "King,", "", "Jr.")),
    ],
)
def test_a_name_in_one_piece_is_split_into_its_parts(given_name, parts):
    assert names.split(given_name) == parts


@given(st.lists(st.text(st.characters(categories=["L", "P"]), min_size=1, max_size=8), min_size=1, max_size=6))
def test_splitting_a_name_loses_no_word(words):
    parts = names.split(" ".join(words))
    again = f"{parts.salutation} {names.compose(*parts[1:])}".split()
    turned = sorted(" ".join(words).replace(",", "").split())
    assert sorted(" ".join(again).replace(",", "").split()) == turned


def test_the_display_name_follows_the_parts(house):
    with house.acting():
        made = service.create(PERSON, {"first_name": "Anna", "last_name": "Weber"})
        assert made.title == "Anna Weber"
        assert service.update(PERSON, made.id, {"last_name": "Novak"}).title == "Anna Novak"
        split = service.update(PERSON, made.id, {"name": "Mr. John van Dyke"})
        found = [split.get(name) for name in ("salutation", "first_name", "middle_name", "last_name", "name")]
        assert found == ["Mr.", "John", None, "van Dyke", "John van Dyke"]


def test_a_person_without_a_name_is_called_by_how_to_reach_them(house):
    with house.acting():
        made = service.create(PERSON, {"email": "Info@Example.com"})
        assert (made.title, made.get("email")) == ("info@example.com", "info@example.com")
        assert service.update(PERSON, made.id, {"first_name": "Ines"}).title == "Ines"
        with pytest.raises(Invalid) as fault:
            service.create(PERSON, {"job_title": "Buyer"})
        assert fault.value.errors == {"name": ["A person needs a name, an e-mail or a phone."]}


def test_the_single_email_is_the_primary_row(house):
    with house.acting():
        made = service.create(PERSON, {"name": "Ann Lee", "email": "ann@example.com"})
        assert emails(service.get(PERSON, made.id)) == [("ann@example.com", True)]
        service.update(PERSON, made.id, {"email": "lee@example.com"})
        assert emails(service.get(PERSON, made.id)) == [("lee@example.com", True)]
        rows = [{"address": "lee@example.com"}, {"address": "a@example.com", "primary": True, "kind": "private"}]
        changed = service.update(PERSON, made.id, {"emails": rows})
        assert changed.get("email") == "a@example.com"
        assert emails(service.get(PERSON, made.id)) == [("lee@example.com", False), ("a@example.com", True)]
        service.update(PERSON, made.id, {"email": "LEE@example.com"})
        assert emails(service.get(PERSON, made.id)) == [("lee@example.com", True), ("a@example.com", False)]
        emptied = service.update(PERSON, made.id, {"email": ""})
        assert emptied.get("email") == "a@example.com"
        assert emails(service.get(PERSON, made.id)) == [("a@example.com", True)]


def test_exactly_one_row_is_primary_whatever_is_sent(house):
    with house.acting():
        made = service.create(
            PERSON,
            {
                "name": "Ann Lee",
                "emails": [
                    {"address": "a@example.com", "primary": True},
                    {"address": "b@example.com", "primary": True},
                    {"address": "A@example.com"},
                    {"kind": "work"},
                ],
                "phones": [{"number": "+49 30 123456"}, {"number": "+49 30 654321"}],
            },
        )
        read = service.get(PERSON, made.id)
        assert emails(read) == [("a@example.com", False), ("b@example.com", True)]
        assert [(row["number"], row["primary"]) for row in read.get("phones")] == [
            ("+4930123456", True),
            ("+4930654321", False),
        ]
        assert (read.get("email"), read.get("phone")) == ("b@example.com", "+4930123456")


def test_a_list_and_a_new_single_value_sent_together_lose_nothing(house):
    with house.acting():
        made = service.create(
            PERSON, {"name": "Ann Lee", "email": "new@example.com", "emails": [{"address": "old@example.com"}]}
        )
        assert emails(service.get(PERSON, made.id)) == [("new@example.com", True), ("old@example.com", False)]


def test_a_person_works_for_several_organizations_with_a_role(house):
    with house.acting():
        acme = service.create(ORGANIZATION, {"name": "Acme"}).id
        bolt = service.create(ORGANIZATION, {"name": "Bolt"}).id
        made = service.create(
            PERSON,
            {
                "name": "Ann Lee",
                "organizations": [
                    {"organization": acme, "role": "Advisor"},
                    {"organization": bolt, "role": "Buyer", "primary": True, "from_on": "2024-01-01"},
                ],
            },
        )
        assert made.get("organization").name == "Bolt"
        service.update(PERSON, made.id, {"organization": acme})
        read = service.get(PERSON, made.id)
        assert [(row["organization"].name, row["role"], row["primary"]) for row in read.get("organizations")] == [
            ("Acme", "Advisor", True),
            ("Bolt", "Buyer", False),
        ]
        with pytest.raises(Invalid) as fault:
            service.update(PERSON, made.id, {"organizations": [{"role": "Buyer"}]})
        assert fault.value.errors == {"organizations": ["row 1 of “Organizations” names nothing; fill it or remove it"]}


def test_another_employer_does_not_inherit_the_role_of_the_former(house):
    with house.acting():
        acme = service.create(ORGANIZATION, {"name": "Acme"}).id
        bolt = service.create(ORGANIZATION, {"name": "Bolt"}).id
        made = service.create(PERSON, {"name": "Ann", "organizations": [{"organization": acme, "role": "Buyer"}]})
        service.update(PERSON, made.id, {"organization": bolt})
        rows = service.get(PERSON, made.id).get("organizations")
        assert [(row["organization"].name, row["role"]) for row in rows] == [("Bolt", None)]


def test_city_and_country_are_those_of_the_first_address(house):
    with house.acting():
        made = service.create(ORGANIZATION, {"name": "Acme", "country": "Kenya"})
        assert service.get(ORGANIZATION, made.id).get("addresses")[0]["country"] == "Kenya"
        service.update(ORGANIZATION, made.id, {"city": "Nairobi"})
        rows = service.get(ORGANIZATION, made.id).get("addresses")
        assert [(row["city"], row["country"]) for row in rows] == [("Nairobi", "Kenya")]
        service.update(ORGANIZATION, made.id, {"addresses": [{"city": "Oslo", "street": "Gate 1"}, *rows]})
        read = service.get(ORGANIZATION, made.id)
        assert (read.get("city"), read.get("country")) == ("Oslo", None)
        service.update(ORGANIZATION, made.id, {"addresses": []})
        assert service.get(ORGANIZATION, made.id).get("city") is None


def test_the_domain_is_taken_from_the_website(house):
    with house.acting():
        made = service.create(ORGANIZATION, {"name": "Acme", "website": "www.Acme.example/about"})
        assert (made.get("website"), made.get("domain")) == ("https://www.Acme.example/about", "acme.example")
        assert service.update(ORGANIZATION, made.id, {"website": None}).get("domain") is None
        with pytest.raises(Invalid):
            service.update(ORGANIZATION, made.id, {"domain": "other.example"})


def test_what_a_table_says_of_an_organization_is_kept_as_it_says(house):
    values = {
        "name": "Acme Corporation",
        "industry": "technolgy",
        "founded_year": 1996,
        "annual_revenue": {"value": "1100040000.00", "currency": "USD"},
        "employees": 2822,
        "country": "United States",
    }
    with house.acting(via="import"):
        read = service.get(ORGANIZATION, service.create(ORGANIZATION, values).id)
        found = {name: read.get(name) for name in values}
        assert found == {**values, "annual_revenue": Money(110004000000, "USD")}


def test_an_organization_cannot_stand_above_itself(house):
    with house.acting():
        top = service.create(ORGANIZATION, {"name": "Top"}).id
        middle = service.create(ORGANIZATION, {"name": "Middle", "parent": top}).id
        low = service.create(ORGANIZATION, {"name": "Low", "parent": middle}).id
        for target in (top, middle, low):
            with pytest.raises(Invalid) as fault:
                service.update(ORGANIZATION, top, {"parent": target})
            assert fault.value.errors == {"parent": ["An organization cannot belong to itself, even by way of others."]}
        assert service.update(ORGANIZATION, low, {"parent": top}).get("parent").name == "Top"


def test_nobody_is_recommended_by_themselves(house):
    with house.acting():
        ann = service.create(PERSON, {"name": "Ann"}).id
        ben = service.create(PERSON, {"name": "Ben", "referred_by": ann}).id
        with pytest.raises(Invalid) as fault:
            service.update(PERSON, ann, {"referred_by": ben})
        assert list(fault.value.errors) == ["referred_by"]


def test_people_are_found_by_address_number_and_domain(house):
    with house.acting():
        acme = service.create(ORGANIZATION, {"name": "Acme", "website": "acme-tools.example"}).id
        ann = service.create(
            PERSON, {"name": "Ann Lee", "emails": [{"address": "x@example.com"}, {"address": "lee@foo.example"}],
                     "phone": "+49 30 1234567"},
        ).id  # fmt: skip
        for question, wanted in (("foo.example", ann), ("+49 30 12345", ann), ("acme-tools", acme), ("ann l", ann)):
            assert [hit.id for hit in search.search(question)] == [wanted], question
        service.update(PERSON, ann, {"email": "moved@example.com"})
        assert [hit.id for hit in search.search("moved@")] == [ann]


def test_undoing_all_changes_in_any_order_gives_the_start_state(house):
    with house.acting():
        acme = service.create(ORGANIZATION, {"name": "Acme"}).id
        made = service.create(PERSON, {"name": "Ann Lee", "email": "a@example.com", "city": "Oslo"}).id
        start = dict(service.get(PERSON, made).values)
        changes = (
            {"email": "b@example.com"},
            {"emails": [{"address": "c@example.com", "primary": True}, {"address": "d@example.com"}]},
            {"name": "Lee, Anna Maria", "city": "Bergen"},
            {"organization": acme, "email": "d@example.com", "phone": "+4930123456"},
        )
        for order in ((0, 1, 2, 3), (3, 2, 1, 0), (2, 0, 3, 1)):
            units = []
            for values in changes:
                with unit() as opened:
                    service.update(PERSON, made, values)
                units.append(opened.id)
            for at in order:
                undo(units[at])
            found = dict(service.get(PERSON, made).values)
            assert {**found, "updated_at": None} == {**start, "updated_at": None}


def test_an_import_of_people_is_undone_as_one(house):
    with house.acting():
        with group("people.csv", via="import") as group_id:
            for number in range(5):
                with unit():
                    service.create(PERSON, {"name": f"Person {number}", "email": f"p{number}@example.com"})
        assert len(search.search("Person")) == 5
        assert undo(group_id).reverted == 5
        assert search.search("Person") == []


def test_the_service_shows_only_what_the_person_may_see(house):
    with house.acting(ANN):
        made = service.create(PERSON, {"name": "Ann's contact"}).id
        assert PartiesService().find_party(made).name == "Ann's contact"
    with house.acting(BEN):
        assert PartiesService().find_party(made) is None


def test_an_earlier_day_of_becoming_a_customer_stays(house):
    from datetime import date

    with house.acting():
        acme = service.create(ORGANIZATION, {"name": "Acme"}).id
        ann = service.create(PERSON, {"name": "Ann"}).id
        for day in (date(2026, 5, 1), date(2025, 1, 1), date(2026, 8, 1)):
            PartiesService().note_customer(person_id=ann, organization_id=acme, since=day)
        assert service.get(ORGANIZATION, acme).get("customer_since") == date(2025, 1, 1)
        assert service.get(PERSON, ann).get("lifecycle_stage") == "customer"
