"""Reckoning in working time: worked examples, nights in which clocks change, and adding against measuring."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kumiko.calendar.working import WorkingCalendar, read_hours, write_hours
from kumiko.host.errors import Conflict, Invalid

LISBON, BERLIN = ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Berlin")
NINE_TO_SIX = ((540, 1080),)
OFFICE = WorkingCalendar(
    zone=BERLIN, week=(NINE_TO_SIX,) * 5 + ((), ()), holidays=frozenset({date(2026, 12, 25), date(2027, 1, 1)})
)
NIGHTS = WorkingCalendar(zone=BERLIN, week=(((0, 1440),),) * 7)


def local(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def test_response_time_counts_only_working_hours():
    friday, monday = local("2026-11-20T17:50"), local("2026-11-23T09:10")
    assert OFFICE.measure(friday, monday) == 20
    assert OFFICE.measure(monday, friday) == 0
    assert OFFICE.add(friday, 30) == local("2026-11-23T09:20")
    assert OFFICE.add(friday, 30).tzinfo is UTC


def test_work_ends_at_its_last_minute_and_begins_at_its_first():
    friday, saturday = local("2026-11-20T17:50"), local("2026-11-21T12:00")
    assert OFFICE.add(friday, 10) == local("2026-11-20T18:00")
    assert (OFFICE.add(saturday, 0), OFFICE.add(saturday, 1)) == (saturday, local("2026-11-23T09:01"))
    assert OFFICE.next_moment(saturday) == local("2026-11-23T09:00")
    assert OFFICE.next_moment(friday) == friday
    found = [OFFICE.is_working(local(f"2026-11-20T{at}")) for at in ("08:59:59", "09:00", "17:59:59", "18:00")]
    assert found == [False, True, True, False]


def test_holidays_are_skipped():
    assert OFFICE.add(local("2026-12-24T17:00"), 120) == local("2026-12-28T10:00")
    assert OFFICE.measure(local("2026-12-24T17:00"), local("2026-12-28T10:00")) == 120
    assert not OFFICE.is_working(local("2026-12-25T10:00"))


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-10-24", 24)], ids=["spring", "autumn", "plain"]
)
def test_a_night_in_which_clocks_change_is_as_long_as_it_is(day, hours):
    start = local(f"{day}T00:00")
    end = datetime.combine(date.fromisoformat(day) + timedelta(days=1), datetime.min.time(), BERLIN)
    assert NIGHTS.measure(start, end) == hours * 60
    assert NIGHTS.add(start, hours * 60) == end


def test_hours_that_a_clock_put_forward_skips_count_once():
    odd = WorkingCalendar(zone=BERLIN, week=((), (), (), (), (), (), read_hours("01:30-02:15, 03:00-04:00")))
    assert odd.measure(local("2026-03-29T00:00"), local("2026-03-29T12:00")) == 90  # 01:30 to 04:00, an hour is missing
    assert odd.measure(local("2026-03-22T00:00"), local("2026-03-22T12:00")) == 105


def test_a_calendar_that_never_works_says_so():
    never = WorkingCalendar(zone=LISBON, week=((),) * 7)
    at = local("2026-11-20T17:50", LISBON)
    for ask in (lambda: never.add(at, 1), lambda: never.next_moment(at), lambda: never.is_working(at)):
        with pytest.raises(Conflict, match="no working hours on any day of the week"):
            ask()
    closed = WorkingCalendar(
        zone=LISBON, week=(NINE_TO_SIX, *((),) * 6),
        holidays=frozenset(date(2026, 11, 23) + timedelta(weeks=week) for week in range(1100)),
    )  # fmt: skip
    with pytest.raises(Conflict, match="too many days are holidays"):
        closed.next_moment(at)


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: OFFICE.add(local("2026-11-20T10:00"), -1), "Wanted working minutes from 0 up, found -1."),
        (lambda: OFFICE.add(local("2026-11-20T10:00"), 10**12), "1000000000000 working minutes end more than 20 years"),
        (lambda: OFFICE.add(datetime(2026, 11, 20), 1), "found 2026-11-20T00:00:00 without one"),  # noqa: DTZ001
        (lambda: OFFICE.measure(local("9999-11-20T10:00"), local("9999-11-20T11:00")), "found the year 9999"),
    ],
)
def test_what_cannot_be_reckoned_is_refused_with_a_sentence(ask, sentence):
    with pytest.raises(Invalid, match=sentence):
        ask()


def test_hours_are_read_as_people_write_them():
    written = {
        "": "", "9-17": "09:00-17:00", " 09:00 – 13:00 ,14:00-18:30": "09:00-13:00, 14:00-18:30",
        "22:00-24:00": "22:00-24:00", "0-24": "00:00-24:00",
    }  # fmt: skip
    assert {text: write_hours(read_hours(text)) for text in written} == written


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("nine to five", "'nine to five' are no working hours; wanted hours like 09:00-18:00"),
        ("09:00-25:00", "a day has the times 00:00 to 24:00"),
        ("22:00-06:00", "ends before it begins; work past midnight is written on both days"),
        ("09:00-13:00, 12:00-18:00", "begins before the hours in front of it end"),
    ],
)
def test_hours_that_are_none_are_refused_with_a_sentence(text, sentence):
    with pytest.raises(Invalid, match=sentence):
        read_hours(text)


_day = st.lists(st.integers(0, 1440), max_size=6, unique=True).map(
    lambda found: tuple(zip(sorted(found)[::2], sorted(found)[1::2], strict=False))
)


def _length(week):
    return sum(end - begin for day in week for begin, end in day)


_calendars = st.builds(
    WorkingCalendar,
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]).map(ZoneInfo),
    week=st.lists(_day, min_size=7, max_size=7).map(tuple).filter(lambda week: _length(week) > 60),
    holidays=st.frozensets(st.dates(date(2026, 1, 1), date(2027, 12, 31)), max_size=20),
)  # fmt: skip
_moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(max_examples=150, deadline=None)
@given(_calendars, _moments, st.integers(0, 20_000))
def test_measuring_gives_back_the_minutes_that_were_added(office, start, minutes):
    end = office.add(start, minutes)
    assert office.measure(start, end) == minutes
    if minutes:
        begin = office.next_moment(start)
        assert begin >= start
        assert office.is_working(begin)
        assert office.measure(start, begin) == 0
        assert office.measure(start, end - timedelta(seconds=1)) == minutes - 1
