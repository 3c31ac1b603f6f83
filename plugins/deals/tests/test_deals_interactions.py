"""Interactions: customer of the deal, subject, mentions and the notices they make, rights by what they hang on."""

import threading
from datetime import UTC, datetime

import pytest

from kumiko import Invalid, create, find, get, group, unit, update
from kumiko.jobs.worker import Worker
from kumiko.notify.services import own_notices
from kumiko.records import search
from kumiko.records.undo import undo
from kumiko_deals import handlers
from kumiko_deals.rules import subject_of
from kumiko_testing.records import ALL, OWN, person

DEAL, INTERACTION = "deals.deal", "deals.interaction"
ORGANIZATION, PERSON = "parties.organization", "parties.person"
ANN, BEN = person(9001, "Ann", level=OWN), person(9002, "Ben", level=OWN)


def test_an_interaction_on_a_deal_takes_over_its_customer(deals_house):
    with deals_house.acting():
        acme, bolt = (create(ORGANIZATION, {"name": name}).id for name in ("Acme", "Bolt"))
        lee = create(PERSON, {"name": "Ann Lee"}).id
        deal = create(DEAL, {"name": "Pilot", "organization": acme, "person": lee}).id
        made = create(INTERACTION, {"body": "They are interested.", "deal": deal})
        assert (made.get("person").name, made.get("organization").name) == ("Ann Lee", "Acme")
        other = create(INTERACTION, {"body": "Met the partner.", "deal": deal, "organization": bolt})
        assert (other.get("person").name, other.get("organization").name) == ("Ann Lee", "Bolt")


def test_a_note_is_a_note_made_now_unless_said_otherwise(deals_house):
    with deals_house.acting():
        made = create(INTERACTION, {"body": "Short note"})
        found = {name: made.get(name) for name in ("kind", "direction", "name", "duration_min")}
        assert found == {"kind": "note", "direction": "none", "name": "Short note", "duration_min": None}
        assert abs((datetime.now(UTC) - made.get("started_at")).total_seconds()) < 60


@pytest.mark.parametrize(
    ("body", "subject"),
    [
        (None, ""),
        ("\n  First   line \nsecond", "First line"),
        ("ask @[Anna Weber](user:17) first", "ask @Anna Weber first"),
        ("word " * 30, "word " * 15 + "word…"),
        ("exactly " * 10, "exactly " * 9 + "exactly"),
        ("x" * 200, "x" * 79 + "…"),
    ],
)
def test_the_subject_is_the_first_line_shortened_to_whole_words(body, subject):
    assert subject_of(body) == subject


def test_the_subject_follows_the_text_until_somebody_writes_one(deals_house):
    with deals_house.acting():
        made = create(INTERACTION, {"body": "Old words"}).id
        assert update(INTERACTION, made, {"body": "New words"}).title == "New words"
        assert update(INTERACTION, made, {"name": "My subject"}).title == "My subject"
        assert update(INTERACTION, made, {"body": "Newer words"}).title == "My subject"
        assert update(INTERACTION, made, {"name": ""}).title == "Newer words"


def test_a_call_needs_no_words_but_a_note_does(deals_house):
    with deals_house.acting():
        lee = create(PERSON, {"name": "Ann Lee"}).id
        started = "2026-03-01T09:30:00Z"
        assert create(INTERACTION, {"kind": "call", "person": lee, "duration_min": 5}).title == "Call with Ann Lee"
        assert create(INTERACTION, {"kind": "meeting", "started_at": started}).title == "Meeting on 2026-03-01"
        with pytest.raises(Invalid) as fault:
            create(INTERACTION, {"kind": "note", "person": lee})
        assert fault.value.errors == {"body": ["Write something, or give a subject."]}
        with pytest.raises(Invalid):
            create(INTERACTION, {"kind": "visit", "body": "x"})


def test_only_the_writer_and_those_who_own_the_deal_see_an_interaction(deals_house):
    with deals_house.acting(ANN):
        deal = create(DEAL, {"name": "Pilot"}).id
        note = create(INTERACTION, {"body": "secret word", "deal": deal}).id
        assert [hit.id for hit in search.search("secret word")] == [note]
    with deals_house.acting(BEN):
        assert find(INTERACTION, note) is None
        assert search.search("secret word") == []
        with pytest.raises(Invalid) as fault:
            create(INTERACTION, {"body": "x", "deal": deal})
        assert fault.value.errors == {"deal": [f"there is no deal {deal} that you may see"]}


def test_mentions_follow_the_text(deals_house):
    with deals_house.acting():
        nora, sam = (create("access.user", {"name": name}).id for name in ("Nora Novak", "Sam Silva"))
        made = create(INTERACTION, {"body": "@Nora Novak please look, and @sam too"}).id
        first = get(INTERACTION, made).get("mentions")
        assert [row["user"].id for row in first] == [nora, sam]
        update(INTERACTION, made, {"body": f"only @[Sam Silva](user:{sam})"})
        second = get(INTERACTION, made).get("mentions")
        assert [(row["id"], row["user"].id) for row in second] == [(first[1]["id"], sam)]
        with pytest.raises(Invalid):
            update(INTERACTION, made, {"mentions": []})


def test_a_change_of_text_and_mentions_is_undone_as_one(deals_house):
    with deals_house.acting():
        create("access.user", {"name": "Nora Novak"})
        made = create(INTERACTION, {"body": "nobody"}).id
        with unit() as opened:
            update(INTERACTION, made, {"body": "@Nora Novak look"})
        undo(opened.id)
        record = get(INTERACTION, made)
        assert (record.title, record.get("body"), record.get("mentions")) == ("nobody", "nobody", [])


class Home:
    """What a worker needs of its process."""

    def __init__(self, house):
        self.database, self.follow = house.database, lambda: house.generation


def run_jobs(house):
    worker = Worker(Home(house), threading.Event())
    while worker.run_once():
        pass


def test_a_mentioned_colleague_is_told_once_and_the_writer_never(deals_house):
    with deals_house.acting():
        nora = create("access.user", {"name": "Nora Novak"}).id
        sam = create("access.user", {"name": "Sam Silva"}).id
    writer, reader = person(nora, "Nora Novak", level=ALL), person(sam, "Sam Silva", level=ALL)
    with deals_house.acting(writer):
        made = create(INTERACTION, {"body": "@Sam Silva please look, says @Nora"}).id
        update(INTERACTION, made, {"body": "@Sam Silva please look again"})
        update(INTERACTION, made, {"body": "nobody"})
        update(INTERACTION, made, {"body": "@Sam Silva once more"})
    run_jobs(deals_house)
    with deals_house.acting(reader):
        assert [(one.text, one.href) for one in own_notices()] == [
            ("Nora Novak mentioned you: @Sam Silva please look, says @Nora", f"/interactions/{made}")
        ]
    with deals_house.acting(writer):
        assert own_notices() == []


def test_imported_history_tells_nobody(deals_house):
    with deals_house.acting():
        sam = create("access.user", {"name": "Sam Silva"}).id
        with group("notes.csv", via="import"), unit():
            made = create(INTERACTION, {"body": "@Sam Silva look"}).id
        assert [row["user"].id for row in get(INTERACTION, made).get("mentions")] == [sam]
    run_jobs(deals_house)
    with deals_house.acting(person(sam, "Sam Silva", level=ALL)):
        assert own_notices() == []


def test_the_module_reacts_by_jobs_and_never_holds_up_a_writer(deals_house):
    told = {name: one.item.handler for name, one in deals_house.generation.subscriptions.items()}
    assert told == {
        "deals.tell_mentioned_created": handlers.tell_mentioned,
        "deals.tell_mentioned_changed": handlers.tell_mentioned,
        "deals.settle_sent": handlers.settle_sent,
        "deals.settle_failed": handlers.settle_failed,
    }
