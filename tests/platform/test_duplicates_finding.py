"""Finding: who is recognized on every way in, pairs among old records, what was called not the same."""

import duplicates_lab as lab
import pytest
from duplicates_lab import LEAD, ORGANIZATION, PERSON, make
from sqlalchemy import delete

from kumiko.duplicates import finding, keys, leading, pairs, recognizing, together
from kumiko.duplicates.models import IGNORED, OPEN, key_table, progress_table
from kumiko.host.context import transaction
from kumiko.host.scoping import trusted
from kumiko.host.settings import put
from kumiko.jobs.queue import enqueue
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.undo import undo
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann", roles=("administrator",), permissions=frozenset({"duplicates.find"}))
BEN = person(6, "Ben", level=OWN)


@pytest.fixture
def house(clone_database, tmp_path):
    made = lab.open_all(clone_database, tmp_path)
    yield made
    made.database.close()


def likeness(type_key, values):
    """(id, per cent, why) of whom these values of a form mean, as Ann sees them."""
    found = recognizing.shown(recognizing.recognize_input(catalogue().get(type_key), values))
    return [(one.id, one.score, one.why) for one in found]


def test_spelling_order_and_company_forms_do_not_count_and_what_speaks_against_it_does(house):
    with house.acting(ANN):
        anna = make(PERSON, name="Anna Müller", email="Anna.Mueller@acme.example", phone="+49 30 1234567", city="Bonn")
        acme = make(
            ORGANIZATION, name="ACME Lampen GmbH & Co. KG", website="https://www.acme.example", tax_number="DE 12-34"
        )
        lead = make(LEAD, contact_name="Bo Lee", contact_email="bo@lee.example")

        assert likeness(PERSON, {"email": "ANNA.mueller@acme.example"}) == [(anna, 90, "same e-mail")]
        assert likeness(PERSON, {"first_name": "anna", "last_name": "MUELLER", "phone": "030 1234567"}) == [
            (anna, 82, "same phone but for the country code, same name")
        ]
        assert likeness(PERSON, {"name": "Mueller, A.", "city": "bonn", "birthday": "nonsense"}) == [
            (anna, 62, "similar name, same place")
        ]
        assert likeness(PERSON, {"name": "Tom Weber", "email": "anna.mueller@acme.example"}) == [
            (anna, 63, "same e-mail, but another name")
        ]
        assert likeness(PERSON, {"name": "Anna Müller"}) == []  # a name alone is nobody
        assert likeness(ORGANIZATION, {"name": "Acme Lampen Inc."}) == [(acme, 70, "same name")]
        assert likeness(ORGANIZATION, {"name": "Lampen, ACME", "tax_number": "FR99"}) == []
        assert likeness(ORGANIZATION, {"name": "Else", "tax_number": "de1234"}) == [
            (acme, 66, "same tax or registration number, but another name")
        ]
        assert [one[0] for one in likeness(LEAD, {"contact_email": "BO@lee.example"})] == [lead]
        assert [one[0] for one in likeness(LEAD, {"contact_email": "anna.mueller@acme.example"})] == [anna]
        rows = [{"name": "Anna Mueller", "email": "anna.mueller@acme.example"}, {"email": "new@x.example"},
                {"email": "NEW@x.example"}]  # fmt: skip
        assert [[one.id for one in each] for each in recognizing.recognize_many(catalogue().get(PERSON), rows)] == [
            [anna], [], [-2],
        ]  # fmt: skip
    with house.acting(BEN):
        hidden = recognizing.shown(
            recognizing.recognize_input(catalogue().get(PERSON), {"email": "anna.mueller@acme.example"})
        )
        assert [(one.id, one.title, one.href, one.score) for one in hidden] == [
            (None, "A colleague may know this person already: ask your head before you add it again", "", 0)
        ]


def test_keys_and_pairs_follow_every_write_and_a_search_finds_the_same_among_old_records(house):
    with house.acting(ANN):
        info = catalogue().get(PERSON)
        one = make(PERSON, name="Anna Weber", email="a@x.example")
        two = make(PERSON, name="Weber, Anna", email="A@x.example")
        three = make(PERSON, name="Anna Wehber", city="Ulm", email="w@x.example")
        four = make(PERSON, name="Wehber Anna", city="Ulm")
        work(house)
        both = found(info)
        assert both == [(one, two, 96), (three, four, 71)]

        service.update(PERSON, two, {"emails": [], "first_name": "Tom"})
        service.delete(PERSON, three)
        work(house)
        assert found(info) == []
        service.restore(PERSON, three)
        undo(lab.unit_of(PERSON, two))
        work(house)
        assert found(info) == both

        pairs.decide(info, two, one, IGNORED)
        work(house)
        assert (found(info), found(info, IGNORED)) == (both[1:], both[:1])

        with transaction():  # as after an upgrade: records, but no keys
            trusted(delete(key_table))
            trusted(delete(progress_table))
        finding.start(info)
        work(house)
        assert (found(info), found(info, IGNORED)) == (both[1:], both[:1])
        assert keys.stored([one])[one]["email"] == {"a@x.example"}
        looked = pairs.searched(info)
        assert (looked.at is not None, looked.pairs) == (True, 0)  # both were known
        pairs.decide(info, one, two, OPEN)
        with transaction():
            put({"duplicates.sure_from": 70})
        groups = pairs.clusters(info, least=70)
        assert groups == [[one, two], [three, four]]
    with house.acting():
        ordered = together.order(info, groups)
    work(house)
    with house.acting(ANN):
        assert [service.find(PERSON, two), service.find(PERSON, four)] == [None, None]
        assert leading.merged_into(PERSON, four) == three
        assert undo(ordered.group).complete
        assert service.get(PERSON, four).title == "Wehber Anna"
    with house.acting(BEN):
        assert found(catalogue().get(PERSON)) == []


def found(info, state=OPEN):
    return [(one.left_id, one.right_id, one.score) for one in pairs.pairs(info, state=state)[0]]


def work(house):
    """Let a worker do what waits, the periodic comparison included."""
    with house.acting(), transaction():
        enqueue(finding.CURRENT, {})
    lab.run_jobs(house)
