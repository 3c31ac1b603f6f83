"""Periodic jobs: what expressions mean, and that each slot is started once."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import jobs_lab as lab
import pytest
import sqlalchemy as sa

from kumiko.host import guard
from kumiko.host.database import Database
from kumiko.host.declarations import JobType
from kumiko.host.errors import DeclarationError
from kumiko.jobs.cron import Scheduler, parse
from kumiko.jobs.models import job_table

NOW = datetime(2026, 7, 19, 12, 34, 56, tzinfo=UTC)  # a Sunday


@pytest.fixture
def host(clone_database):
    database = Database.open(clone_database("jobs", lab.build))
    yield lab.SmallHost(database, generation("*/5 * * * *"))
    database.close()


def generation(cron):
    return lab.generation_of(JobType(name="lab.tick", run=lambda job: lab.write(job.payload["slot"], job), cron=cron))


def work_off(host):
    """Runs what is due, without a scheduler that knows what time it really is."""
    lab.work_off(lab.SmallHost(host.database, generation("")))


def dedupe_keys(database):
    with database.reader.connect() as connection:
        return list(connection.execute(sa.select(job_table.c.dedupe).order_by(job_table.c.id)).scalars())


@pytest.mark.parametrize(
    ("expression", "slot"),
    [
        ("* * * * *", "2026-07-19 12:34"),
        ("34 12 * * *", "2026-07-19 12:34"),
        ("35 12 * * *", "2026-07-18 12:35"),
        ("*/15 * * * *", "2026-07-19 12:30"),
        ("5-50/20 * * * *", "2026-07-19 12:25"),
        ("7/20 * * * *", "2026-07-19 12:27"),
        ("0 3 * * mon", "2026-07-13 03:00"),
        ("0 12 * * 7", "2026-07-19 12:00"),
        ("0 12 * * 0", "2026-07-19 12:00"),
        ("0 0 1,15 * fri", "2026-07-17 00:00"),  # either day field may match when both are limited
        ("0 0 */2 * fri", "2026-07-17 00:00"),  # a star is no limit, also with a step: both must match
        ("5-20/5 8-18 * jan-mar 1-5", "2026-03-31 18:20"),
        ("59 23 31 DEC *", "2025-12-31 23:59"),
        ("0 0 29 2 *", "2024-02-29 00:00"),
    ],
)
def test_an_expression_names_its_last_slot(expression, slot):
    assert parse(expression).slot_before(NOW) == datetime.fromisoformat(f"{slot}+00:00")


def test_slots_are_in_utc_whatever_the_zone_of_the_question():
    east = NOW.astimezone(datetime.fromisoformat("2026-01-01T00:00+09:00").tzinfo)

    assert parse("0 0 * * *").slot_before(east) == datetime(2026, 7, 19, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("* * * *", "wanted five fields"),
        ("60 * * * *", "'60' is no minute"),
        ("* 24 * * *", "'24' is no hour"),
        ("* * 0 * *", "'0' is no day of month"),
        ("* * * foo *", "'foo' is no month"),
        ("* * * * 8", "'8' is no day of week"),
        ("*/0 * * * *", "'*/0' is no minute"),
        ("9-3 * * * *", "'9-3' is no minute"),
        ("1, * * * *", "'' is no minute"),
        ("-5 * * * *", "'-5' is no minute"),
        ("٣ * * * *", "is no minute"),
        ("0 0 30 feb *", "this day never comes"),
    ],
)
def test_an_impossible_expression_is_refused_with_its_part(expression, sentence):
    with pytest.raises(DeclarationError, match=sentence.replace("*", r"\*")):
        parse(expression)


def test_a_new_schedule_begins_with_its_next_slot(host):
    scheduler = Scheduler(host.database)

    started = [scheduler.start_due(host.generation, NOW + timedelta(minutes=minutes)) for minutes in (0, 0.05, 1, 2)]

    assert started == [[], [], ["lab.tick"], []]
    assert dedupe_keys(host.database) == ["cron:lab.tick:2026-07-19T12:35Z"]


def test_two_schedulers_start_each_slot_once(host):
    schedulers = [Scheduler(host.database) for _number in range(4)]
    started = []
    for minute in range(0, 30, 5):
        line = threading.Barrier(4)

        def start(scheduler, at=NOW + timedelta(minutes=minute), line=line):
            line.wait()
            started.extend(scheduler.start_due(host.generation, at))

        threads = [threading.Thread(target=start, args=(scheduler,)) for scheduler in schedulers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        work_off(host)

    assert started == ["lab.tick"] * 5
    assert lab.words(host.database) == [f"2026-07-19T12:{minute}:00+00:00" for minute in (35, 40, 45, 50, 55)]


def test_after_a_pause_only_the_newest_missed_slot_is_started(host):
    Scheduler(host.database).start_due(host.generation, NOW)

    Scheduler(host.database).start_due(host.generation, NOW + timedelta(days=3))

    assert dedupe_keys(host.database) == ["cron:lab.tick:2026-07-22T12:30Z"]


def test_a_slot_is_remembered_when_its_job_is_long_forgotten(host):
    Scheduler(host.database).start_due(host.generation, NOW)
    Scheduler(host.database).start_due(host.generation, NOW + timedelta(minutes=2))
    with host.database.engine.begin() as connection:
        connection.execute(sa.delete(job_table))

    assert Scheduler(host.database).start_due(host.generation, NOW + timedelta(minutes=3)) == []


def test_a_slot_waits_while_the_job_of_a_former_one_is_unfinished(host):
    scheduler = Scheduler(host.database)
    scheduler.start_due(host.generation, NOW)
    scheduler.start_due(host.generation, NOW + timedelta(minutes=5))
    while_busy = scheduler.start_due(host.generation, NOW + timedelta(minutes=15))
    work_off(host)

    afterwards = scheduler.start_due(host.generation, NOW + timedelta(minutes=16))

    assert (while_busy, afterwards) == ([], ["lab.tick"])
    assert dedupe_keys(host.database) == ["cron:lab.tick:2026-07-19T12:35Z", "cron:lab.tick:2026-07-19T12:50Z"]


def test_a_changed_schedule_begins_with_its_next_slot(host):
    Scheduler(host.database).start_due(host.generation, NOW)

    changed = generation("30 * * * *")
    at_once = Scheduler(host.database).start_due(changed, NOW + timedelta(minutes=3))
    later = Scheduler(host.database).start_due(changed, NOW + timedelta(hours=1))

    assert (at_once, later) == ([], ["lab.tick"])
    assert dedupe_keys(host.database) == ["cron:lab.tick:2026-07-19T13:30Z"]


def test_an_impossible_schedule_hurts_only_its_own_job(host):
    broken = JobType(name="lab.broken", run=print, cron="every day")
    host.generation = lab.generation_of(broken, host.generation.jobs["lab.tick"].item)
    guard._noted.clear()
    scheduler = Scheduler(host.database)

    scheduler.start_due(host.generation, NOW)

    assert scheduler.start_due(host.generation, NOW + timedelta(minutes=5)) == ["lab.tick"]
    assert [(one.plugin, one.phase) for one in guard._noted] == [("lab", "cron")]
    guard._noted.clear()


def test_workers_start_periodic_jobs(host):
    """From a memory set back by hand: nobody waits for a minute here."""
    scheduler = Scheduler(host.database)
    scheduler.start_due(host.generation, datetime.now(UTC) - timedelta(minutes=20))

    with lab.working(host, workers=2):
        lab.wait_until(lambda: lab.words(host.database))

    assert len(lab.words(host.database)) == 1
