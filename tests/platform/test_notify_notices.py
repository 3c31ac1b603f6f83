"""Notices: told once, read by their owner only, silent about records out of sight; and who a text mentions."""

import functools

import pytest

from kumiko.host.context import transaction
from kumiko.host.errors import ScopeError
from kumiko.notify.mentions import mentioned_users, without_marks
from kumiko.notify.services import count_unread, mark_read, own_notices, send_notice
from kumiko.records import service
from kumiko_testing.records import ALL, OWN, open_house, person, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.duplicates", "kumiko.access", "kumiko.parties", "kumiko.notify")
PERSON = "parties.person"
ANN = person(9001, "Ann", level=ALL)
BEN = person(9002, "Ben", level=OWN)


@pytest.fixture
def house(clone_database, tmp_path):
    url = clone_database("notify", functools.partial(prepare_database, core=CORE))
    made = open_house(url, tmp_path, CORE)
    yield made
    made.database.close()


def tell(user_id, text, **more):
    with transaction():
        send_notice(user_id, text, **more)


def test_each_person_reads_their_own_notices_newest_first(house):
    with house.acting():
        for number in range(3):
            tell(9001, f"note {number}", href=f"/persons/{number}")
        tell(9002, "for Ben")
    with house.acting(ANN):
        assert [(one.text, one.href, one.read) for one in own_notices()] == [
            ("note 2", "/persons/2", False),
            ("note 1", "/persons/1", False),
            ("note 0", "/persons/0", False),
        ]
        page = own_notices(limit=2)
        assert [one.text for one in own_notices(limit=2, before=page[-1].id)] == ["note 0"]
        assert count_unread() == 3
        assert mark_read([page[0].id]) == 1
        assert count_unread() == 2
        assert mark_read() == 2
        assert mark_read() == 0
    with house.acting(BEN):
        assert (count_unread(), [one.text for one in own_notices()]) == (1, ["for Ben"])


def test_nobody_ticks_off_the_notices_of_others(house):
    with house.acting():
        tell(9001, "for Ann")
    with house.acting(ANN):
        wanted = [own_notices()[0].id]
    with house.acting(BEN):
        assert mark_read(wanted) == 0
    with house.acting(ANN):
        assert count_unread() == 1


def test_the_same_occasion_is_told_once(house):
    with house.acting():
        for _ in range(2):
            tell(9001, "mentioned", key="mention:1")
            tell(9002, "mentioned", key="mention:1")
            tell(9001, "no occasion")
    with house.acting(ANN):
        assert sorted(one.text for one in own_notices()) == ["mentioned", "no occasion", "no occasion"]


def test_a_notice_about_a_record_out_of_sight_says_nothing_of_it(house):
    with house.acting(ANN):
        record = service.create(PERSON, {"name": "Secret Contact"})
        for user_id in (9001, 9002):
            tell(user_id, "Secret Contact", href=f"/persons/{record.id}", type_key=PERSON, record_id=record.id)
        assert own_notices()[0].text == "Secret Contact"
    with house.acting(BEN):
        seen = own_notices()[0]
        assert (seen.text, seen.href, seen.hidden) == (
            "About something that you may not see, or that is gone.",
            "",
            True,
        )


def test_a_notice_needs_the_transaction_of_what_it_tells(house):
    with house.acting(), pytest.raises(ScopeError):
        send_notice(9001, "alone")


def test_a_text_mentions_active_users_by_name_or_id(house):
    with house.acting():
        anna = service.create("access.user", {"name": "Anna Weber"}).id
        bob = service.create("access.user", {"name": "Bob"}).id
        twin = service.create("access.user", {"name": "Bob Stone"}).id
        service.create("access.user", {"name": "Dan One"})
        service.create("access.user", {"name": "Dan Two"})
        gone = service.create("access.user", {"name": "Carl Gone", "active": False}).id
    cases = {
        "": [],
        "no one": [],
        "@Anna Weber, please": [anna],
        "ask @anna  weber and @Bob Stone": [anna, twin],
        "hello @anna!": [anna],
        "@Bob is a whole name": [bob],
        "write to info@anna.example": [],
        "@Annabel": [],
        "@Dan is short for two": [],
        "@Carl Gone left": [],
        f"@[Bob](user:{bob}) and @[X](user:{gone})": [bob],
        f"@[Bob](user:{bob}) then @Anna then @[Bob](user:{bob})": [bob, anna],
    }
    with house.acting():
        assert {text: mentioned_users(text) for text in cases} == cases


def test_a_mention_reads_like_a_name():
    assert without_marks("ask @[Anna Weber](user:17) today") == "ask @Anna Weber today"
