"""Worker processes are killed with SIGKILL while processes run: every step is done exactly once."""

import collections
import os
import random
import signal
import subprocess
import sys
import time

import processes_lab
import pytest
import sqlalchemy as sa

from kumiko.jobs.models import job_table


def start_worker(url, home, zoo):
    return subprocess.Popen(
        [sys.executable, processes_lab.__file__, "worker", url, str(home), zoo.python_path], stderr=subprocess.DEVNULL
    )


def holds_a_job(database, process):
    with database.reader.connect() as connection:
        query = sa.select(job_table.c.id).where(
            job_table.c.worker.contains(f":{process.pid}:"),
            job_table.c.status == "running",
            job_table.c.name == "processes.step",
        )
        return connection.execute(query).first() is not None


def is_done(database):
    with database.reader.connect() as connection:
        left = sa.select(job_table.c.id).where(job_table.c.status.not_in(("done", "cancelled")))
        return connection.execute(left.limit(1)).first() is None


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
@pytest.mark.timeout(300)
def test_killed_workers_lose_and_double_no_step(lab, zoo, tmp_path, database_kind):
    deals, kills = 30, 4
    lab.publish([
        {"id": "s1", "kind": "action", "action": "toys.note", "values": {"text": "first {{ name }}"}},
        {"id": "s2", "kind": "action", "action": "toys.send", "values": {"text": "mail {{ name }}"}},
        {"id": "s3", "kind": "set", "values": {"campaign": "{{ s1.note }}"}},
        {"id": "s4", "kind": "action", "action": "toys.note", "values": {"text": "last {{ name }}"}},
    ])  # fmt: skip
    with lab.acting("root@example.com"):
        processes_lab.create_deals(deals)
    url = lab.database.engine.url.render_as_string(hide_password=False)
    chance, killed, until = random.Random(5), 0, time.monotonic() + 240
    running = [start_worker(url, tmp_path, zoo) for _number in range(2)]
    try:
        while killed < kills or not is_done(lab.database):
            assert time.monotonic() < until, lab.runs()
            busy = [one for one in running if holds_a_job(lab.database, one)]
            if killed >= kills or not busy:
                assert killed >= kills or not is_done(lab.database), f"done after {killed} kills"
                time.sleep(0.02)
                continue
            time.sleep(chance.uniform(0, 0.03))
            victim = chance.choice(busy)
            victim.send_signal(signal.SIGKILL)
            victim.wait()
            killed += 1
            running.remove(victim)
            lab.expire_leases()
            running.append(start_worker(url, tmp_path, zoo))
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(timeout=20)
    names = [f"Deal {number}" for number in range(deals)]
    wanted = collections.Counter([f"{word} {name}" for word in ("first", "last") for name in names])
    sent = collections.Counter(payload["text"] for payload, _status in lab.jobs("toys.deliver"))
    assert collections.Counter(lab.notes()) == wanted
    assert sent == collections.Counter(f"mail {name}" for name in names)
    assert collections.Counter(lab.runs()) == {("done", None): deals}
    assert collections.Counter(lab.steps()) == {(f"s{number}", "done"): deals for number in (1, 2, 3, 4)}
    print(f"{database_kind}: {deals} runs of 4 steps, {killed} kills, {os.getpid()}")
