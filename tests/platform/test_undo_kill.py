"""The worker of a large undo is killed with SIGKILL wherever it is: every record goes back exactly once."""

import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from access_lab import Lab, build
from sqlalchemy import select, update

from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Conflict
from kumiko.host.scoping import trusted
from kumiko.jobs.models import DONE, RUNNING, job_table
from kumiko.jobs.worker import Worker, worker_loop
from kumiko.records import history, service, undo_jobs
from kumiko.records.models import Entry, Mark, Unit
from kumiko.records.units import group, unit
from kumiko_testing.sample.models import Thing

ROOT = "root@example.com"
_entry, _mark, _unit, _thing = (table_of(one) for one in (Entry, Mark, Unit, Thing))


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("access", build), tmp_path)
    yield made
    made.database.close()


def sizes():
    return {row.id: row.size for row in trusted(select(_thing.c.id, _thing.c.size))}


def row_of(lab, job_id):
    with lab.database.engine.connect() as connection:
        query = select(job_table.c.status, job_table.c.progress_done).where(job_table.c.id == job_id)
        return connection.execute(query).one()


def kill_in_the_midst(lab, job_id, slice_rows, dice):
    """A worker process of its own, killed at a random moment after it got on; gives how far the job was then."""
    url = lab.database.engine.url.render_as_string(hide_password=False)
    before = row_of(lab, job_id).progress_done
    words = [sys.executable, __file__, url, str(lab.host.config.home), str(slice_rows)]
    worker = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 60
        while row_of(lab, job_id).progress_done <= before:
            assert worker.poll() is None, "the worker ended by itself"
            assert time.monotonic() < deadline, "the worker did not get on"
            time.sleep(0.005)
        time.sleep(dice.random() * 0.05)
    finally:
        worker.kill()
    assert worker.wait() == -signal.SIGKILL
    with lab.database.engine.begin() as connection:  # as if its lease had run out
        held = update(job_table).where(job_table.c.status == RUNNING)
        connection.execute(held.values(lease_until=utc_now().replace(year=2000)))
    return row_of(lab, job_id)


def check_killed(lab, monkeypatch, *, records, slice_rows, kills, seed):
    monkeypatch.setattr(undo_jobs, "AT_ONCE", 20)
    monkeypatch.setattr(undo_jobs, "SLICE", slice_rows)
    dice = random.Random(seed)
    with lab.acting(ROOT):
        with unit():
            ids = [service.create("sample.thing", {"name": f"Lamp {n}", "size": n % 90}).id for n in range(records)]
        start = sizes()
        with group("all to ninety-nine") as group_id:
            for at in range(0, records, 1000):
                service.bulk("sample.thing", ids[at : at + 1000], values={"size": 99})
        later = ids[:: max(records // 7, 1)]
        for one in later:
            service.update("sample.thing", one, {"size": 3})
        ordered = undo_jobs.undo_or_order(group_id)
    seen = [kill_in_the_midst(lab, ordered.job, slice_rows, dice) for _number in range(kills)]
    assert all(one.status != DONE for one in seen)
    assert [one.progress_done for one in seen] == sorted({one.progress_done for one in seen})
    worker = Worker(lab.host, threading.Event())
    while worker.run_once():
        pass

    with lab.acting(ROOT):
        assert row_of(lab, ordered.job).status == DONE
        assert sizes() == {one: 3 if one in later else size for one, size in start.items()}
        bulk = select(_unit.c.id).where(_unit.c.group_id == group_id)
        mine = select(_unit.c.id).where(_unit.c.group_id == ordered.group)
        changed = trusted(select(_entry.c.id).where(_entry.c.unit_id.in_(bulk))).scalars().all()
        marked = trusted(select(_mark.c.entry_id).where(_mark.c.unit_id.in_(mine))).scalars().all()
        assert sorted(marked) == sorted(changed)
        back = Counter(trusted(select(_entry.c.record_id).where(_entry.c.unit_id.in_(mine))).scalars())
        assert back == dict.fromkeys(set(ids) - set(later), 1)
        newest = {
            row.record_id: (row.after or {})["size"]
            for row in trusted(select(_entry.c.record_id, _entry.c.after).order_by(_entry.c.id))
            if "size" in (row.after or {})
        }
        assert newest == {one: size for one, size in sizes().items() if one in newest}
        assert set(newest) == set(ids)
        result = undo_jobs.get_progress(ordered.job)
        assert (result.result.reverted, result.kept, result.result.refused) == (records - len(later), len(later), [])
        assert history.unit_summary(group_id).undone_at is not None
        with pytest.raises(Conflict, match="undone already"):
            undo_jobs.undo_or_order(group_id)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)  # SQLite is done before the kill: see the soak
def test_a_killed_undo_goes_on_and_every_record_goes_back_exactly_once(lab, monkeypatch):
    check_killed(lab, monkeypatch, records=120, slice_rows=3, kills=1, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_an_undo_of_thousands_killed_a_dozen_times_takes_every_record_back_exactly_once(lab, monkeypatch):
    check_killed(lab, monkeypatch, records=6000, slice_rows=5, kills=12, seed=2)


if __name__ == "__main__":
    undo_jobs.SLICE = int(sys.argv[3])
    worker_loop(Lab(sys.argv[1], Path(sys.argv[2])).host, threading.Event(), poll_s=0.05)
