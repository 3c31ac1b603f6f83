"""Worker processes are killed with SIGKILL again and again: nothing is lost, nothing is done twice, order holds."""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import jobs_lab as lab
import pytest
import sqlalchemy as sa

from kumiko.host.database import Database
from kumiko.jobs import NewJob, enqueue_many
from kumiko.jobs.models import job_table, key_table


def start_worker(url: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, lab.__file__, "worker", url],
        cwd=Path(lab.__file__).parent,
        stderr=subprocess.DEVNULL,  # a killed sibling's broken connection may be logged
    )


def statuses(database: Database) -> dict[str, int]:
    with database.reader.connect() as connection:
        found = connection.execute(
            sa.select(job_table.c.status, sa.func.count().label("number")).group_by(job_table.c.status)
        )
        return {row.status: row.number for row in found}


def is_working(database: Database, process: subprocess.Popen[bytes]) -> bool:
    """Whether the process holds a job right now (workers carry their process id in the name)."""
    mine = job_table.c.worker.contains(f":{process.pid}:")
    with database.reader.connect() as connection:
        return (
            connection.execute(sa.select(job_table.c.id).where(mine, job_table.c.status == "running")).first()
            is not None
        )


def kill_until_done(database: Database, url: str, *, workers: int, kills: int, timeout_s: float) -> int:
    """Keeps `workers` processes running, kills them one after the other in mid-job; how many it killed."""
    chance = random.Random(7)
    until = time.monotonic() + timeout_s
    running = [start_worker(url) for _number in range(workers)]
    killed = 0
    try:
        while set(statuses(database)) - {"done"}:
            assert time.monotonic() < until, f"not done in {timeout_s} s: {statuses(database)}"
            busy = [process for process in running if is_working(database, process)]
            if killed >= kills or not busy:
                time.sleep(0.02)
                continue
            time.sleep(chance.uniform(0, 0.02))
            victim = chance.choice(busy)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            killed += 1
            running.remove(victim)
            running.append(start_worker(url))
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(timeout=20)
    return killed


def check_killed_workers(
    url: str, *, singles: int, per_key: int, longs: int, slices: int, kills: int, timeout_s: float
) -> None:
    database = Database.open(url)
    host = lab.SmallHost(database, lab.KILLED)
    jobs = [NewJob(name="lab.insert_one", payload={"word": f"single {n}", "work_s": 0.02}) for n in range(singles)]
    jobs += [
        NewJob(name="lab.insert_one", payload={"word": f"{key} {n}", "work_s": 0.01}, order_keys=(key,))
        for n in range(per_key)
        for key in ("key a", "key b")
    ]
    jobs += [NewJob(name="lab.insert_many", payload={"word": f"long {n}", "count": slices}) for n in range(longs)]
    random.Random(3).shuffle(jobs)
    with lab.writing(host):
        enqueue_many(jobs)
    in_order = {
        key: [str(job.payload["word"]) for job in jobs if job.order_keys == (key,)] for key in ("key a", "key b")
    }

    killed = kill_until_done(database, url, workers=2, kills=kills, timeout_s=timeout_s)

    found = lab.words(database)
    wanted = [str(job.payload["word"]) for job in jobs if job.name == "lab.insert_one"]
    wanted += [f"long {n}/{number}" for n in range(longs) for number in range(slices)]
    assert collections.Counter(found) == collections.Counter(wanted)
    assert {key: [word for word in found if word.startswith(key)] for key in in_order} == in_order
    assert statuses(database) == {"done": len(jobs)}
    with database.reader.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(key_table)).scalar_one() == 0
        extra = connection.execute(sa.select(sa.func.sum(job_table.c.attempts)).select_from(job_table)).scalar_one()
    assert killed == kills
    print(f"{os.path.basename(url)}: {len(jobs)} jobs, {killed} kills, {extra - len(jobs)} attempts lost to kills")
    database.close()


def test_killed_workers_lose_and_double_nothing(clone_database):
    url = clone_database("jobs", lab.build)

    check_killed_workers(url, singles=60, per_key=15, longs=3, slices=40, kills=10, timeout_s=120)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_many_killed_workers_lose_and_double_nothing(clone_database):
    url = clone_database("jobs", lab.build)

    check_killed_workers(url, singles=1500, per_key=200, longs=10, slices=300, kills=60, timeout_s=600)
