"""A house with deals, sales and processes, a plugin that offers an action that sends and a trigger, and its workers.

Run as a script it is a worker process: `processes_lab.py worker URL HOME`.
"""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from kumiko import create, create_many, enqueue, get, run_action, session, transaction, unscoped, update, utc_now
from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.columns import table_of
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker, worker_loop
from kumiko_deals.setup import make_lists
from kumiko_processes.models import PROCESS, RUN, Progress, Run, StepRun
from kumiko_sales.setup import make_pipeline
from kumiko_testing.records import open_house, prepare_database

DEAL, INTERACTION = "deals.deal", "deals.interaction"
MODULES = ("deals", "sales", "processes")
PASSWORD = "three blue rivers"
PEOPLE = (
    ("Root", "root@example.com", "administrator"),
    ("Hanna", "hanna@example.com", "head"),
    ("Sam", "sam@example.com", "seller"),
    ("Sue", "sue@example.com", "seller"),
)
TOYS = """
from kumiko import ActionType, Field, JobType, TriggerType, create, enqueue

def note(call):
    made = create("deals.interaction", {"kind": "note", "name": call.values["text"], "deal": call.record_id})
    return {"note": made.id}

def send(call):
    enqueue("toys.deliver", {"text": call.values["text"], "key": call.key}, dedupe=call.key)
    return {"sent": call.values["text"]}

def deliver(job):
    return None

def fail(call):
    raise RuntimeError("the printer is on fire")

@hookimpl
def declare_actions():
    text = Field(name="text", kind="text", label="Text", required=True, max_length=200)
    return [
        ActionType(key="toys.note", label="Note it", run=note, fields=(text,), types=("deals.deal",)),
        ActionType(key="toys.send", label="Send a toy", run=send, fields=(text,), recallable=False),
        ActionType(key="toys.fail", label="Fail", run=fail),
    ]

@hookimpl
def declare_triggers():
    return [
        TriggerType(
            key="toys.answered", label="The client answers", event="record.created/1", type="deals.interaction",
            matches=lambda payload, values: payload["after"].get("direction") == "in",
            record=lambda payload: ("deals.deal", payload["after"].get("deal")),
        )
    ]

@hookimpl
def declare_jobs():
    return [JobType(name="toys.deliver", run=deliver)]
"""


def build(url):
    """Tables of everything, people, lists, the first pipeline."""
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, MODULES)
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
            make_lists()
            make_pipeline()
        house.database.close()


class Lab:
    """The house, its people, its workers."""

    def __init__(self, house):
        self.house, self.database = house, house.database
        self._stop = threading.Event()
        self.worker = Worker(self, self._stop)

    def follow(self):
        return self.house.generation

    def acting(self, email=""):
        if not email:
            return self.house.acting()
        with self.house.acting():
            who = principals.principal_for_email(email)
        return self.house.acting(who)

    def work_off(self):
        """Everything that is due now."""
        while self.worker.run_once():
            pass

    def make_due(self, name="processes.step"):
        """What waits for a later moment is due now, as if the time had passed."""
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(job_table).where(job_table.c.name == name).values(run_at=job_table.c.created_at)
            )

    def later(self):
        """All waits are over."""
        progress = table_of(Progress)
        with self.database.engine.begin() as connection:
            connection.execute(
                sa.update(progress).where(progress.c.wake_at.is_not(None)).values(wake_at=progress.c.began_at)
            )
        self.make_due()
        self.work_off()

    def publish(self, steps, trigger=None, email="root@example.com", about=DEAL, **tree):
        """A process that is on; its id."""
        draft = {
            "format": 1,
            "trigger": trigger or {"on": "created"},
            "if": None,
            "stop_when": [],
            "steps": steps,
            **tree,
        }
        with self.acting(email):
            made = create(PROCESS, {"name": "Pilot", "about": about, "draft": draft})
            run_action(PROCESS, made.id, "publish", {})
        return made.id

    def deal(self, email="root@example.com", **values):
        with self.acting(email):
            return create(DEAL, {"name": "Roof", **values}).id

    def read(self, deal_id, *names):
        with self.acting():
            deal = get(DEAL, deal_id)
            return tuple(deal.get(name) for name in names)

    def change(self, deal_id, email="root@example.com", **values):
        with self.acting(email):
            update(DEAL, deal_id, values)

    def runs(self):
        """[(state, error)] in order."""
        with self.acting(), unscoped("a test reads runs"):
            return [tuple(row) for row in session().execute(sa.select(Run.state, Run.error).order_by(Run.id))]

    def run_ids(self):
        with self.acting(), unscoped("a test reads runs"):
            return list(session().execute(sa.select(Run.id).order_by(Run.id)).scalars())

    def steps(self):
        """[(step, state)] of all runs in order."""
        with self.acting(), unscoped("a test reads runs"):
            return [
                tuple(row) for row in session().execute(sa.select(StepRun.step, StepRun.state).order_by(StepRun.id))
            ]

    def act(self, run_id, name, email="root@example.com"):
        with self.acting(email):
            run_action(RUN, run_id, name, {})

    def ago(self, **span):
        return utc_now() - timedelta(**span)

    def run_watch(self):
        """The minute's look at the clock, as a job."""
        with self.acting(), transaction():
            enqueue("processes.watch", {})

    def expire_leases(self):
        """Whoever was killed loses his job now, not in a minute."""
        with self.database.engine.begin() as connection:
            running = sa.update(job_table).where(job_table.c.status == "running")
            alive = job_table.c.worker.contains(f":{os.getpid()}:")
            connection.execute(running.where(~alive).values(lease_until=utc_now()))

    def jobs(self, name):
        with self.database.reader.connect() as connection:
            query = sa.select(job_table.c.payload, job_table.c.status).where(job_table.c.name == name)
            return [(row.payload, row.status) for row in connection.execute(query.order_by(job_table.c.id))]

    def notes(self):
        """Names of all interactions."""
        with self.acting():
            from kumiko import all_ids, catalogue

            return [get(INTERACTION, one).title for one in all_ids(catalogue().get(INTERACTION))]


def create_deals(count):
    create_many(DEAL, [{"name": f"Deal {number}"} for number in range(count)])


def main():
    """A worker process, ended by a signal."""
    _word, url, home, zoo = sys.argv[1:]
    sys.path.insert(0, zoo)
    house = open_house(url, Path(home), CORE, (*MODULES, "toys"))
    worker_loop(Lab(house), threading.Event(), poll_s=0.05)


if __name__ == "__main__":
    main()
