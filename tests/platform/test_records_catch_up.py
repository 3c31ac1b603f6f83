"""A module that returns is told what it missed: everything, once, in order, and nothing that it may not hear."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from kumiko.host import revision
from kumiko.host.columns import table_of, utc_now
from kumiko.host.context import SYSTEM, transaction, unscoped
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.scoping import trusted
from kumiko.jobs.models import job_table
from kumiko.jobs.services import prune
from kumiko.jobs.worker import Worker
from kumiko.records import absences, catch_up, service
from kumiko.records.models import Absence, Entry, Unit
from kumiko.records.undo import undo
from kumiko.records.units import unit
from kumiko_testing import records
from kumiko_testing.extra.models import Base, Heard
from kumiko_testing.records import person

ANN = person(5, "Ann", roles=("administrator",))
CORE_WITH_EXTRA = (*records.CORE, "kumiko_testing.extra")


def prepare(url):
    records.prepare_database(url)
    engine = engine_for_migration(normalise_url(url))
    Base.metadata.create_all(engine)
    engine.dispose()


class Town:
    """One database, seen by processes that run the module `extra` and by some that do not."""

    def __init__(self, url, home):
        self.url = url
        self.on = records.open_house(url, home, CORE_WITH_EXTRA)
        self.off = records.open_house(url, home)

    @property
    def database(self):
        return self.on.database

    def leave(self):
        with self.off.acting(SYSTEM) as context, transaction():
            absences.note(context.session.connection(), "extra")

    def come_back(self):
        """What the switch does, and what every process does that builds the next generation."""
        absences.look_again(self.on.generation)
        with self.on.acting(SYSTEM), transaction():
            catch_up.returned(self.on.generation, "extra")

    def work(self, house=None, most=500):
        """Jobs that are due, and those that come within a minute: another test may hold an old transaction open."""
        worker, until, done = Worker(Same(house or self.on), threading.Event()), time.monotonic() + 90, 0
        while time.monotonic() < until and done < most:
            if worker.run_once():
                done += 1
            elif not self.unfinished():
                break
            else:
                time.sleep(0.05)
        return done

    def unfinished(self):
        with self.database.reader.connect() as connection:
            query = select(job_table.c.name).where(job_table.c.status.in_(("ready", "running")))
            return list(connection.execute(query.where(job_table.c.waiting_for == "")).scalars())

    def heard(self):
        """(event, unit, what was told), as the module kept it."""
        with self.on.acting(ANN) as context, unscoped("reading what a subscriber kept"):
            rows = context.session.execute(select(Heard).order_by(Heard.id)).scalars().all()
            return [(row.event, row.unit, row.what) for row in rows]

    def marks(self):
        with self.database.reader.connect() as connection:
            return list(connection.execute(select(table_of(Absence).c.plugin)).scalars())


class Same:
    """What a worker needs of a host: a database, and a generation that stays as its numbers move."""

    def __init__(self, house):
        self.database, self.house = house.database, house

    def follow(self):
        numbers = revision.read(self.database)
        if numbers != self.house.generation.numbers:
            self.house.generation = self.house.generation.renumbered(numbers)
        return self.house.generation


@pytest.fixture
def town(clone_database, tmp_path, monkeypatch):
    monkeypatch.setattr(catch_up, "GRACE", timedelta(0))
    monkeypatch.setattr(catch_up, "WINDOW", 5)
    made = Town(clone_database("extended house", prepare), tmp_path)
    yield made
    made.database.close()


def change(house, record_id, values, via="web"):
    """Change a thing; the unit that did it."""
    with house.acting(ANN, via=via), unit() as opened:
        service.update("sample.thing", record_id, values)
    return opened.id


def make(house, via="web", **values):
    with house.acting(ANN, via=via):
        return service.create("sample.thing", {"code": "c", **values}).id


def sizes(town, record_id):
    """The sizes of one thing as the module heard of them, in their order."""
    return [
        after["size"]
        for event, _unit, what in town.heard()
        if event == "record"
        for action, told, after in what
        if action == "changed" and told == record_id and "size" in after
    ]


def test_it_hears_of_everything_once_and_in_order_and_of_newer_changes_behind_that(town):
    first, second = make(town.on, name="first"), make(town.on, name="second")
    change(town.on, first, {"size": 1})
    town.leave()
    for size in range(2, 12):
        change(town.off, first, {"size": size})
        change(town.off, second, {"size": size})
    with town.off.acting(ANN):
        service.run_action("sample.thing", second, "finish", {"on": "2026-03-01"})
    town.come_back()
    change(town.on, first, {"size": 12})
    town.work()
    change(town.on, first, {"size": 13})
    town.work()

    assert sizes(town, first) == list(range(1, 14))
    assert sizes(town, second) == list(range(2, 12))
    assert [what for event, _unit, what in town.heard() if event == "sample.finished/1"] == [{"on": "2026-03-01"}]
    assert town.marks() == []
    town.come_back()
    town.work()
    assert sizes(town, first) == list(range(1, 14))


def test_history_that_was_brought_in_meanwhile_reaches_only_who_asked_for_replays(town):
    old = make(town.on, name="old")
    town.work()
    town.leave()
    imported = make(town.off, via="import", name="imported", size=3)
    change(town.off, old, {"size": 5}, via="import")
    undone = change(town.off, old, {"size": 6})
    with town.off.acting(ANN):
        undo(undone)
    before = len(town.heard())
    town.come_back()
    town.work()

    told = [(action, record_id) for _event, _unit, what in town.heard()[before:] for action, record_id, _ in what]
    assert told == [("created", imported), ("changed", old)]


def test_a_module_that_is_new_or_was_purged_or_took_anothers_place_is_told_nothing(town):
    thing = make(town.off, name="thing")
    change(town.off, thing, {"size": 1})
    town.come_back()
    town.work()
    assert town.heard() == []

    town.leave()
    change(town.off, thing, {"size": 2})
    with town.off.acting(SYSTEM), transaction():
        absences.forget("extra")
    town.come_back()
    town.work()
    assert town.heard() == []


def test_off_and_on_again_on_the_way_neither_loses_nor_doubles(town):
    thing = make(town.on, name="thing")
    town.work()
    town.leave()
    for size in range(1, 30):
        change(town.off, thing, {"size": size})
    town.come_back()
    town.work(most=1)
    with town.database.engine.begin() as connection:  # the walk stops in the middle, as with a kill -9
        connection.execute(
            job_table.update().where(job_table.c.name == catch_up.JOB).values(status="ready", checkpoint=None)
        )
    town.leave()
    change(town.off, thing, {"size": 30})
    town.come_back()
    town.work()
    assert sizes(town, thing) == list(range(1, 31))


def test_whoever_still_knew_the_module_when_it_left_told_it_himself(town):
    thing = make(town.on, name="thing")
    town.leave()
    change(town.on, thing, {"size": 1})  # a process that does not follow yet
    change(town.off, thing, {"size": 2})
    town.work(town.on)  # and its worker
    with town.database.engine.begin() as connection:
        connection.execute(job_table.update().values(done_at=utc_now() - timedelta(days=30)))
    with town.off.acting(SYSTEM), transaction():
        trusted(insert(job_table), _done("jobs.prune"))
    _run(town.off, prune)
    town.come_back()
    town.work()
    assert sizes(town, thing) == [1, 2]


def _done(name):
    return {
        "name": name, "plugin": "jobs", "payload": {}, "run_at": utc_now(), "status": "done", "attempts": 0,
        "max_attempts": 1, "worker": "", "order_keys": [], "progress_done": 0, "progress_note": "", "waiting_for": "",
        "last_error": "", "created_at": utc_now(), "done_at": utc_now() - timedelta(days=30),
    }  # fmt: skip


def _run(house, function):
    from kumiko.jobs.queue import enqueue

    assert function is prune
    with house.acting(SYSTEM), transaction():
        enqueue("jobs.prune", {})
    worker = Worker(Same(house), threading.Event())
    while worker.run_once():
        pass


def test_a_transaction_that_is_open_while_the_walk_passes_is_not_missed(town):
    """Its entries have smaller ids than some that are visible already (PostgreSQL)."""
    if town.database.is_sqlite:
        return  # one writer: there is no such transaction
    one, other = make(town.on, name="one"), make(town.on, name="other")
    town.work()
    town.leave()
    begun, go_on, failed = threading.Event(), threading.Event(), []

    def slow():
        try:
            with town.off.acting(ANN), unit():
                service.update("sample.thing", one, {"size": 1})
                begun.set()
                assert go_on.wait(20)
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=slow)
    thread.start()
    assert begun.wait(20)
    change(town.off, other, {"size": 2})
    town.come_back()
    worker = Worker(Same(town.on), threading.Event())
    until = time.monotonic() + 2
    while time.monotonic() < until:
        if not worker.run_once():
            time.sleep(0.05)
    assert (sizes(town, one), sizes(town, other), town.marks()) == ([], [], ["extra"])
    go_on.set()
    thread.join()
    town.work()
    assert (failed, sizes(town, one), sizes(town, other), town.marks()) == ([], [1], [2], [])


def test_writers_beside_the_walk_are_told_of_once_each_in_their_order(town):
    things = [make(town.on, name=str(number)) for number in range(4)]
    town.leave()
    for size in range(1, 11):
        for thing in things:
            change(town.off, thing, {"size": size})
    town.come_back()
    failed = []

    def write(thing):
        try:
            for size in range(11, 41):
                change(town.on, thing, {"size": size})
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(thing,)) for thing in things[:2]]
    for thread in threads:
        thread.start()
    worker = Worker(Same(town.on), threading.Event())
    while any(thread.is_alive() for thread in threads):
        worker.run_once()
    for thread in threads:
        thread.join()
    town.work(most=2000)
    assert failed == []
    assert [sizes(town, thing) for thing in things] == [list(range(1, 41))] * 2 + [list(range(1, 11))] * 2


def test_modules_that_came_back_by_themselves_are_found(town):
    thing = make(town.on, name="thing")
    town.leave()
    change(town.off, thing, {"size": 1})
    with town.on.acting(SYSTEM), transaction():
        catch_up.find_returned(None)
        catch_up.find_returned(None)
    assert town.unfinished().count(catch_up.JOB) == 1
    town.work()
    assert sizes(town, thing) == [1]


WORKER = """
import sys, threading
from datetime import timedelta
from pathlib import Path
sys.path[:0] = {path!r}
import test_records_catch_up as lab
from kumiko.records import catch_up
catch_up.GRACE, catch_up.WINDOW = timedelta(0), 20
town = lab.Town(sys.argv[1], Path(sys.argv[2]))
from kumiko.jobs.worker import worker_loop
worker_loop(lab.Same(town.on), threading.Event(), poll_s=0.02)
"""


def test_killed_workers_lose_and_double_nothing_of_a_walk(town, tmp_path, monkeypatch):
    things = [make(town.on, name=str(number)) for number in range(5)]
    town.work()
    town.leave()
    for size in range(1, 41):
        for thing in things:
            change(town.off, thing, {"size": size})
    with town.database.engine.begin() as connection:
        assert connection.execute(select(func.count()).select_from(table_of(Unit))).scalar() >= 200
        assert connection.execute(select(func.count()).select_from(table_of(Entry))).scalar() >= 200
    town.come_back()
    script = WORKER.format(path=[str(Path(__file__).parent)])
    command = [sys.executable, "-c", script, town.url, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    for _kill in range(3):
        process = subprocess.Popen(command, env=environment)
        before, until = _done_jobs(town), time.monotonic() + 60
        while _done_jobs(town) < before + 25 and town.unfinished() and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        with town.database.engine.begin() as connection:  # the lease is over at once instead of in a minute
            connection.execute(job_table.update().where(job_table.c.status == "running").values(lease_until=utc_now()))
    town.work(most=2000)
    assert [sizes(town, thing) for thing in things] == [list(range(1, 41))] * 5


def _done_jobs(town):
    with town.database.reader.connect() as connection:
        return connection.execute(
            select(func.count()).select_from(job_table).where(job_table.c.status == "done")
        ).scalar_one()
