"""Animals that only real processes can show: they end their worker, eat its memory, or would end every server."""

import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from animals import JOB
from zoo_house import EMAIL, build

from kumiko.access import accounts
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, transaction, use
from kumiko.host.database import Database
from kumiko.host.processes import alive
from kumiko.host.wsgi import Host
from kumiko.jobs.models import job_table
from kumiko.jobs.queue import enqueue
from kumiko.operate import lifecycle
from kumiko_testing.ports import free_port

PAGES = ("/api/v1/deals", "/api/v1/me", "/readyz", "/healthz", "/sign-in")


class Served:
    """Two web processes and a worker of an installation with deals and sales, and visitors over HTTP."""

    def __init__(self, url, home, zoo):
        self.url, self.home, self.zoo = url, home, zoo
        self.database = Database.open(url)
        self.host = Host(Config(home=home, database_url=url, secret_key="k" * 40), database=self.database)
        with self.acting():
            self.token = accounts.make_token(accounts.get_user_id(EMAIL))

    @contextmanager
    def acting(self):
        self.host._next_look_s = 0.0
        with use(self.host.context(principal=SYSTEM, via="cli")) as context:
            yield context

    @contextmanager
    def running(self, **settings):
        port = free_port()
        self.base = f"http://127.0.0.1:{port}"
        path = os.pathsep.join([str(self.zoo.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {
            **os.environ, "KUMIKO_HOME": str(self.home), "KUMIKO_DATABASE_URL": self.url, "PYTHONPATH": path,
            "KUMIKO_THREADS": "2", **settings,
        }  # fmt: skip
        command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(port), "--workers", "2"]
        with (self.home / "server.log").open("wb") as log:
            process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_until(lambda: sorted(one["kind"] for one in alive(self.database)) == ["web", "web", "worker"], 90)
            yield
        finally:
            process.terminate()
            process.wait(60)

    @property
    def log(self):
        return (self.home / "server.log").read_text("utf-8", "replace")

    def kumiko(self, *arguments):
        """What the command line prints."""
        path = os.pathsep.join([str(self.zoo.folder), *filter(None, [os.environ.get("PYTHONPATH")])])
        environment = {
            **os.environ, "KUMIKO_HOME": str(self.home), "KUMIKO_DATABASE_URL": self.url, "PYTHONPATH": path
        }  # fmt: skip
        command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def ask(self, path, method="GET"):
        request = urllib.request.Request(self.base + path, method=method)
        request.add_header("Authorization", f"Bearer {self.token}")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    @contextmanager
    def visited(self):
        """Two visitors; every answer must be 200."""
        seen, leave = [], threading.Event()

        def walk():
            while not leave.is_set():
                for path in PAGES:
                    try:
                        seen.append((path, self.ask(path)[0]))
                    except OSError as fault:
                        seen.append((path, repr(fault)))
                    leave.wait(0.02)

        threads = [threading.Thread(target=walk) for _ in "12"]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            leave.set()
            for thread in threads:
                thread.join(60)
        wrong = sorted({one for one in seen if one[1] != 200}, key=str)
        assert not wrong, f"visitors saw {wrong}"
        assert len(seen) >= 2 * len(PAGES)

    def run(self, name, **payload):
        """Put a job into the queue and wait for its end: (status, the first line of its error)."""
        with self.acting(), transaction():
            job_id = enqueue(name, payload)
        wait_until(lambda: self.job(job_id).status in ("done", "dead"), 90)
        row = self.job(job_id)
        return row.status, row.last_error.partition("\n")[0]

    def job(self, job_id):
        with self.database.reader.connect() as connection:
            return connection.execute(job_table.select().where(job_table.c.id == job_id)).one()

    def listed(self, name):
        return json.loads(self.ask(f"/api/v1/plugins/{name}")[1])


def wait_until(done, limit_s):
    until = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def served(clone_database, tmp_path, zoo):
    made = Served(clone_database("zoo house", build), tmp_path, zoo)
    yield made
    made.database.close()


HUNGRY = (
    "if job.payload['what'] == 'eat':\n        hoard = [bytearray(8_000_000) for _ in range(100_000)]\n"
    "    if job.payload['what'] == 'end':\n        import os; os._exit(3)"
)


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
def test_jobs_that_eat_memory_or_end_their_worker(served):
    served.zoo.add("bad", JOB.format(body=HUNGRY, attempts=2))
    with served.acting():
        lifecycle.enable(["bad"], probing=False)
    with served.running(KUMIKO_JOB_MEMORY_MB="256"):
        workers = [one["name"] for one in alive(served.database) if one["kind"] == "worker"]
        with served.visited():
            assert served.run("bad.work", what="eat") == (
                "dead",
                "The job wanted more memory than jobs may use, and was ended; nothing of this attempt was kept. Report "
                "it to whoever made the module; KUMIKO_JOB_MEMORY_MB sets how much a worker may use.",
            )
            assert served.run("bad.work", what="rest") == ("done", "")
            assert [one["name"] for one in alive(served.database) if one["kind"] == "worker"] == workers
            assert served.run("bad.work", what="end") == (
                "dead",
                "The worker process that ran this job ended or fell silent; its lease ran out.",
            )
            assert served.run("bad.work", what="rest") == ("done", "")
        assert (served.listed("bad")["state"], served.listed("bad")["failures"]) == ("enabled", 2)


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
def test_a_version_that_would_end_every_server(served):
    """The version that was checked is not the one that is installed now: nobody imports that before it is checked."""
    served.zoo.add("bad", "cured = True", version="1.0")
    with served.acting():
        lifecycle.enable(["bad"], probing=False)
    served.zoo.add("bad", "import os\nos._exit(7)", version="2.0")
    with served.running(), served.visited():
        sentence = "bad: its check ended the process with exit code 7 (without a word)."
        assert f"Warning: bad stays off: {sentence}" in served.log
        assert (served.listed("bad")["state"], served.listed("bad")["reason"]) == ("failed", sentence)
        assert re.search(
            rf"^bad +2.0 +failed +Bad +{re.escape(sentence)}$", served.kumiko("plugin", "list"), re.MULTILINE
        )
        served.zoo.add("bad", "cured = True", version="2.1")
        assert served.ask("/api/v1/plugins/bad/enable", "POST")[0] == 200
        wait_until(lambda: served.listed("bad")["state"] == "enabled", 30)
