"""An installation whose imports are worked off when a test says so, in this process or in one that is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import access_lab
from access_lab import PASSWORD, Browser
from sqlalchemy import update

from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.host.columns import utc_now
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.imports import engine
from kumiko.jobs.models import RUNNING, job_table
from kumiko.jobs.worker import worker_loop
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids
from kumiko_testing.records import open_house, prepare_database

FULL = (*CORE, "kumiko_testing.sample")


def build(url):
    prepare_database(url, FULL)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), FULL)
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in access_lab.PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
        house.database.close()


class Lab:
    """A web process with all core plugins, and a worker that runs when told to."""

    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=FULL)
        self.home = home

    @contextmanager
    def acting(self):
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            yield context

    def browser(self, email="root@example.com"):
        found = Browser(self.host, "crm.local")
        assert found.sign_in(email).status_code == 303
        return found

    def program(self, email="root@example.com"):
        with self.acting():
            token = accounts.make_token(accounts.get_user_id(email))
        client = Browser(self.host, "crm.local").client

        def ask(method, path, **more):
            headers = {"Authorization": f"Bearer {token}"}
            return client.open(path, method=method, base_url="http://crm.local", headers=headers, **more)

        return ask

    def work(self, until):
        stop = threading.Event()
        worker = threading.Thread(target=worker_loop, args=(self.host, stop), kwargs={"poll_s": 0.05})
        worker.start()
        deadline = time.monotonic() + 60
        try:
            while not until():
                assert time.monotonic() < deadline, "the worker did not finish"
                time.sleep(0.05)
        finally:
            stop.set()
            worker.join()

    def things(self):
        with self.acting():
            info = catalogue().get("sample.thing")
            return [(view.title, view.get("state")) for view in (service.get(info.key, one) for one in all_ids(info))]

    def run_until_killed(self, *, chunk_rows, chunk, when):
        """A worker process of its own that is killed with SIGKILL at its chunk of this number, "before" or "after" the
        commit; the job is free again afterwards, as if its lease had run out.
        """
        url = self.database.engine.url.render_as_string(hide_password=False)
        killed = subprocess.run(
            [sys.executable, __file__, url, str(self.home), str(chunk_rows), str(chunk), when],
            stderr=subprocess.DEVNULL, timeout=120, check=False,
        )  # fmt: skip
        with self.database.engine.begin() as connection:
            held = update(job_table).where(job_table.c.status == RUNNING)
            connection.execute(held.values(lease_until=utc_now().replace(year=2000)))
        return killed.returncode


def work_until_killed(url, home, chunk_rows, chunk, when):
    lab, process, seen = Lab(url, Path(home)), engine.Importer.process, []

    def cut_off(self, rows, transaction, settle=None):
        seen.append(rows)
        if len(seen) < int(chunk):
            process(self, rows, transaction, settle)
            return

        def settle_and_die():
            settle()
            if when == "before":
                os.kill(os.getpid(), signal.SIGKILL)

        process(self, rows, transaction, settle_and_die)
        os.kill(os.getpid(), signal.SIGKILL)

    engine.CHUNK = int(chunk_rows)
    engine.Importer.process = cut_off
    worker_loop(lab.host, threading.Event(), poll_s=0.05)


if __name__ == "__main__":
    work_until_killed(*sys.argv[1:])
