"""Holidays, working hours and absences of a company: who writes them, what follows at once, and what it costs."""

import functools
from datetime import UTC, date, datetime, timedelta

import admin_lab
import pytest

import kumiko
from kumiko.calendar.plugin import check_hours
from kumiko.calendar.services import WEEKDAYS, absent_on
from kumiko.host import settings
from kumiko.host.errors import Invalid
from kumiko.records import service
from kumiko_testing.queries import counted
from kumiko_testing.records import ALL, OWN, WHOLE, open_house, person, prepare_database

ABSENCE, HOLIDAY = "calendar.absence", "calendar.holiday"
FRIDAY = datetime(2026, 11, 20, 17, 50, tzinfo=UTC)
HEAD = dict.fromkeys(("read", "edit", "delete", "bulk", "assign"), "subtree") | {"create": "all"}
SELLER = OWN | {"create": "all"}


@pytest.fixture
def house(clone_database, tmp_path):
    made = open_house(clone_database("calendar", functools.partial(prepare_database, core=WHOLE)), tmp_path, WHOLE)
    yield made
    made.database.close()


def make_people(house):
    """Ann heads Ben's team; Cem is in another one."""
    with house.acting():
        north, south = (service.create("access.team", {"name": name}).id for name in ("North", "South"))
        ids = [
            service.create("access.user", {"name": name, "team": team}).id
            for name, team in (("Ann", north), ("Ben", north), ("Cem", south))
        ]
    ann = person(ids[0], "Ann", level=HEAD, team_ids=(north,), subtree_team_ids=(north,))
    return ann, person(ids[1], "Ben", level=SELLER, team_ids=(north,)), person(ids[2], "Cem", level=SELLER)


def refusal(values, type_key=ABSENCE):
    with pytest.raises(Invalid) as caught:
        service.create(type_key, values)
    return dict(caught.value.errors)


def test_hours_and_holidays_count_at_once_and_are_read_once(house):
    with house.acting():
        assert kumiko.add_working_minutes(FRIDAY, 30) == datetime(2026, 11, 23, 9, 20, tzinfo=UTC)
        holiday = service.create(HOLIDAY, {"name": "Inventory", "on": "2026-11-23"})
        assert kumiko.add_working_minutes(FRIDAY, 30) == datetime(2026, 11, 24, 9, 20, tzinfo=UTC)
        assert refusal({"name": "Again", "on": "2026-11-23"}, HOLIDAY) == {
            "on": ["2026-11-23 is a holiday already: Inventory"]
        }
    with house.acting(), counted() as statements:
        for _ in range(3):
            assert kumiko.working_minutes(FRIDAY, datetime(2026, 11, 24, 9, 10, tzinfo=UTC)) == 20
            assert not kumiko.is_working_time(datetime(2026, 11, 23, 10, 0, tzinfo=UTC))
    assert len(statements) <= 1
    with house.acting(), counted() as statements:
        assert kumiko.next_working_moment(FRIDAY + timedelta(days=1)) == datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert statements == []
    with house.acting():
        service.delete(HOLIDAY, holiday.id)
        with kumiko.transaction():
            settings.put({"calendar.saturday": "10:00-14:00", "host.zone": "Europe/Berlin"})
        assert kumiko.add_working_minutes(FRIDAY, 30) == datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_what_a_transaction_that_fails_wrote_does_not_count(house):
    def until():
        return kumiko.add_working_minutes(FRIDAY, 30).date()

    with house.acting():
        with pytest.raises(ZeroDivisionError), kumiko.transaction():
            service.create(HOLIDAY, {"name": "Inventory", "on": "2026-11-23"})
            assert until() == date(2026, 11, 24)
            raise ZeroDivisionError
        assert until() == date(2026, 11, 23)


def test_a_week_without_hours_is_not_saved():
    check_hours({"sunday": "10:00-11:00"})
    with pytest.raises(Invalid) as caught:
        check_hours(dict.fromkeys(WEEKDAYS))
    assert caught.value.errors == {"monday": ["At least one day of the week needs working hours, such as 09:00-18:00."]}


def test_administrators_write_hours_into_the_settings(clone_database, tmp_path):
    desk = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    root = desk.browser()
    hours = dict.fromkeys(WEEKDAYS, "") | {"monday": "9-12, 13-18", "sunday": "10:00-11:00"}
    assert root.submit("/admin/settings/calendar", hours).status_code == 303
    with desk.acting():
        assert kumiko.add_working_minutes(FRIDAY, 60) == datetime(2026, 11, 22, 11, 0, tzinfo=UTC)
        assert kumiko.working_minutes(FRIDAY, FRIDAY + timedelta(days=7)) == 60 + 8 * 60
    page = root.get("/admin/settings").text
    assert 'value="09:00-12:00, 13:00-18:00"' in page
    assert 'href="/holidays"' in page
    for refused, sentence in (
        (dict.fromkeys(WEEKDAYS, ""), "At least one day of the week needs working hours"),
        ({**hours, "monday": "late"}, "are no working hours; wanted hours like 09:00-18:00"),
    ):
        answer = root.submit("/admin/settings/calendar", refused)
        assert (answer.status_code, sentence in answer.text) == (422, True)
    desk.database.close()


def test_who_is_away_is_known_to_all_and_read_by_one_statement(house):
    ann, ben, cem = make_people(house)
    today = date(2030, 5, 6)
    later = today + timedelta(days=3)
    with house.acting():
        for who, deputy in ((ben, ann), (ann, cem)):
            service.create(ABSENCE, {"person_away": who.user_id, "from_on": today.isoformat(),
                                     "until_on": later.isoformat(), "deputy": deputy.user_id})  # fmt: skip
    everybody = [one.user_id for one in (ann, ben, cem)]
    with house.acting(cem), counted() as statements:
        assert kumiko.away(everybody, today) == kumiko.away(everybody, later) == {ann.user_id, ben.user_id}
        assert kumiko.away([cem.user_id], today) == kumiko.away(everybody, later + timedelta(days=1)) == set()
        assert [kumiko.deputy_of(one, today) for one in everybody] == [cem.user_id, cem.user_id, None]
        assert kumiko.deputy_of(ben.user_id, later + timedelta(days=1)) is None
    assert len(statements) == 1
    with house.acting():
        made = service.create(ABSENCE, {"person_away": cem.user_id, "from_on": today.isoformat(),
                                        "until_on": today.isoformat(), "deputy": ben.user_id})  # fmt: skip
        assert [kumiko.deputy_of(one, today) for one in everybody] == [None] * 3  # each stands in for the next
        service.delete(ABSENCE, made.id)
        service.update("access.user", cem.user_id, {"active": False})
    with house.acting():
        assert kumiko.deputy_of(ben.user_id, today) is None
        assert {one.user_id for one in absent_on(today)} == {ann.user_id, ben.user_id}


def test_people_write_down_their_own_absences_and_heads_those_of_their_team(house):
    ann, ben, cem = make_people(house)
    days = {"from_on": "2030-05-06", "until_on": "2030-05-10"}
    with house.acting(ben):
        own = service.create(ABSENCE, days)
        assert (own.title, own.get("owner").id) == ("Ben, 2030-05-06 – 2030-05-10", ben.user_id)
        assert refusal({**days, "person_away": cem.user_id}) == {
            "person_away": ["You may write down your own absences; ask Cem or an administrator."]
        }
        assert refusal({**days, "until_on": "2030-06-01"}) == {
            "from_on": ["Ben is away already from 2030-05-06 until 2030-05-10; change that absence."]
        }
        assert refusal({"from_on": "2031-05-06", "until_on": "2031-05-05", "deputy": ben.user_id}) == {
            "until_on": ["The last day (2031-05-05) comes before the first (2031-05-06)."]
        }
        assert refusal({"from_on": "2031-05-06", "until_on": "2031-05-07", "deputy": ben.user_id}) == {
            "deputy": ["Nobody stands in for themselves; choose somebody else, or leave it empty."]
        }
    with house.acting(ann):
        service.update(ABSENCE, own.id, {"until_on": "2030-05-12"})
        assert service.get(ABSENCE, own.id).title == "Ben, 2030-05-06 – 2030-05-12"
        assert refusal({**days, "person_away": cem.user_id}) == {
            "person_away": ["You may write down your own absences and those of your team; ask Cem or an administrator."]
        }
    with house.acting(cem):
        assert service.find(ABSENCE, own.id) is None
    with house.acting(person(9, "Boss", level=ALL)):
        theirs = service.create(ABSENCE, {**days, "person_away": cem.user_id})
        assert theirs.get("owner").id == cem.user_id
    with house.acting(cem):
        assert service.find(ABSENCE, theirs.id) is not None
        unit = service.update(ABSENCE, theirs.id, {"from_on": "2030-05-08"})
        assert unit.title == "Cem, 2030-05-08 – 2030-05-10"
