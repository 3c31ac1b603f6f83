"""Reminders and overdue tasks: sent and stated once, whatever moves, and whoever is killed."""

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, select
from tasks_lab import MEETING, TASK, user_id

from kumiko import create, enqueue, run_action, transaction, unit, update, utc_now
from kumiko.host.columns import table_of
from kumiko.notify.models import notices
from kumiko.records.models import ContractEvent
from kumiko_tasks import watch
from kumiko_tasks.models import Alarm

_event = table_of(ContractEvent)


def tick(lab):
    """What a worker does each minute."""
    with lab.acting(via="job"), transaction():
        watch.run_reminders(None)
        watch.run_overdue(None)


def test_each_reminder_comes_once_at_its_time(lab):
    soon, later = utc_now() + timedelta(minutes=10), utc_now() + timedelta(hours=5)
    with lab.acting():
        sam = user_id("Sam")
        call = create(TASK, {"name": "Call", "due_at": soon, "owner": sam})
        create(TASK, {"name": "Later", "due_at": later, "owner": sam})
        create(TASK, {"name": "Quiet", "due_at": soon, "owner": sam, "reminders": []})
        create(MEETING, {"name": "Hall", "start_at": soon, "owner": sam})
        done = create(TASK, {"name": "Done", "due_at": soon, "owner": sam})
        run_action(TASK, done.id, "done", {})
    tick(lab)
    tick(lab)
    sent = [text.partition(": ")[2] for _who, text in lab.notices()]
    assert sorted(sent) == ["Call", "Hall"]
    with lab.acting():
        update(TASK, call.id, {"body": "Ask about the roof"})  # moves nothing
    tick(lab)
    with lab.acting():
        update(TASK, call.id, {"due_at": later})  # moved away: reminded again, then
    tick(lab)
    with lab.acting():
        update(TASK, call.id, {"due_at": soon + timedelta(minutes=1)})
    tick(lab)
    assert [text.partition(": ")[2] for _who, text in lab.notices()][2:] == ["Call"]


def test_an_overdue_task_is_stated_once_per_deadline_and_the_head_is_told_later(lab):
    now = utc_now()
    with lab.acting():
        sam = user_id("Sam")
        old = create(TASK, {"name": "Old", "due_at": now - timedelta(days=12), "owner": sam})
        create(TASK, {"name": "New", "due_at": now - timedelta(minutes=2), "owner": sam})
        create(TASK, {"name": "Ahead", "due_at": now + timedelta(days=3), "owner": sam, "reminders": []})
    tick(lab)
    tick(lab)

    def stated():
        with lab.database.reader.connect() as connection:
            rows = connection.execute(select(_event.c.record_id, _event.c.payload).order_by(_event.c.id)).all()
        return [(record_id, payload["owner_id"]) for record_id, payload in rows if "due_at" in payload]

    assert sorted(lab.notices()) == [
        ("Hanna", "Overdue in your team: Old"), ("Sam", "Overdue: New"), ("Sam", "Overdue: Old"),
    ]  # fmt: skip
    assert (len(stated()), stated()[0]) == (2, (old.id, sam))
    with lab.acting():
        update(TASK, old.id, {"due_at": now - timedelta(days=2)})
    tick(lab)
    assert len(stated()) == 3


def test_reminders_are_sent_once_by_two_workers_of_which_one_is_killed(lab):
    count = 120  # three slices
    with lab.acting():
        sam = user_id("Sam")
        at = utc_now() + timedelta(minutes=10)
        with unit():
            for number in range(count):
                create(TASK, {"name": f"Call {number}", "due_at": at, "owner": sam})
        with transaction():
            for _number in range(8):
                enqueue(watch.REMIND, {})
    environment = {**os.environ, "KUMIKO_HOME": str(lab.home), "KUMIKO_DATABASE_URL": lab.url,
                   "KUMIKO_SECRET_KEY": "k" * 40}  # fmt: skip

    def worker():
        program = Path(sys.executable).parent / "kumiko"
        return subprocess.Popen([program, "worker"], env=environment, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)  # fmt: skip

    def numbers():
        with lab.database.reader.connect() as connection:
            return tuple(
                connection.execute(select(func.count()).select_from(table)).scalar_one()
                for table in (table_of(Alarm), notices)
            )

    running = [worker(), worker()]
    try:
        until = time.monotonic() + 60
        while numbers() == (count, 0) and time.monotonic() < until:
            time.sleep(0.02)
        running[0].send_signal(signal.SIGKILL)
        while numbers()[0] and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        for one in running:
            one.terminate()
        for one in running:
            one.wait(timeout=20)
    assert numbers() == (0, count)
    assert len({text for _who, text in lab.notices()}) == count
