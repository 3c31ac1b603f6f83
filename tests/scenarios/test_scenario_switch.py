"""A module with data is switched off and on fifty times while people and programs work in it, on real processes.

Two web processes and a worker serve; four clients read lists and cards and write. Nothing may fail but the kind 404
of the module that is off, every process follows, nothing written is lost, and no work is done twice.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from statistics import median

import pytest

from kumiko.host import processes
from kumiko.host.database import Database
from kumiko_testing.ports import free_port

SWITCHES = 50
CLIENTS = 4
ADMIN, WORDS = "admin@example.com", "three blue rivers"


def kumiko(url, home, *arguments):
    """Run a command of the command line; what it printed."""
    environment = {**os.environ, "KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": url}
    command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def with_deals(url):
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--empty", "--modules", "deals", "--admin", ADMIN, "--password", WORDS)


@dataclass
class Api:
    """A program that talks to the installation; `mark` is the newest revision it has been answered by."""

    base: str
    token: str
    mark: str = ""
    statuses: Counter = field(default_factory=Counter)
    strange: list = field(default_factory=list)

    def ask(self, method, path, body=None):
        """(status, JSON) of a request; notes what is neither an answer nor the kind 404."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if self.mark:
            headers["Kumiko-Revision"] = self.mark
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/api/v1{path}", data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                status, said = response.status, json.loads(response.read() or b"{}")
                self.mark = response.headers.get("Kumiko-Revision", self.mark)
        except urllib.error.HTTPError as refusal:
            status, said = refusal.code, json.loads(refusal.read() or b"{}")
        except OSError as fault:
            status, said = 0, {"detail": repr(fault)}
        kind = "off" if status == 404 and said.get("type") == "/problems/module-off" else status
        self.statuses[kind] += 1
        if kind not in (200, 201, "off"):
            self.strange.append((method, path, status, said.get("detail")))
        return kind, said


@pytest.fixture
def installation(clone_database, tmp_path):
    """(database URL, home, base URL) of an installation that is served by two web processes and a worker."""
    url, port = clone_database("deals served", with_deals), free_port()
    environment = {**os.environ, "KUMIKO_HOME": str(tmp_path), "KUMIKO_DATABASE_URL": url, "KUMIKO_THREADS": "4"}
    command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(port), "--workers", "2"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    database = Database.open(url)
    try:
        wait_until(lambda: [one["kind"] for one in alive(database)].count("web") == 2, 60)
        wait_until(lambda: any(one["kind"] == "worker" for one in alive(database)), 60)
        yield url, tmp_path, f"http://127.0.0.1:{port}", database
    finally:
        process.terminate()
        process.wait(30)
        database.close()


def alive(database):
    return processes.alive(database)


def wait_until(done, limit_s):
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < limit_s, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - started


def work(api, number, over, made):
    """Write a deal, read its card and the list; then write a customer, which belongs to the core: always there."""
    turn = 0
    while not over.is_set():
        turn += 1
        kind, said = api.ask(
            "POST", "/deals", {"name": f"Deal {number}-{turn}", "amount": {"value": "10.00", "currency": "EUR"}}
        )
        if kind == 201:
            made.append(said["id"])
            api.ask("GET", f"/deals/{said['id']}")
        api.ask("GET", "/deals?limit=20&sort=-created_at")
        kind, said = api.ask("POST", "/organizations", {"name": f"Customer {number}-{turn}"})
        assert kind == 201, said
        time.sleep(0.1)  # people pause, and the server needs the two cores too


@pytest.mark.timeout(420)
def test_fifty_switches_of_a_module_with_data_disturb_nobody(installation):
    url, home, base, database = installation
    token = kumiko(url, home, "token", "create", "--user", ADMIN).split()[-1]
    admin = Api(base, token)
    clients = [Api(base, token) for _ in range(CLIENTS)]
    over, made = threading.Event(), []
    threads = [threading.Thread(target=work, args=(api, n, over, made)) for n, api in enumerate(clients)]
    lags_s, worker_lags_s = [], []
    for thread in threads:
        thread.start()
    try:
        for turn in range(SWITCHES):
            verb = "disable" if turn % 2 == 0 else "enable"
            kind, said = admin.ask("POST", f"/plugins/deals/{verb}", {})
            assert (kind, said.get("switched")) == (200, ["deals"]), said
            answered_s = time.monotonic()
            # Whoever switched is answered by the new state at once, whichever process answers.
            assert admin.ask("GET", "/deals?limit=1")[0] == ("off" if verb == "disable" else 200)
            epoch = epoch_of(database)
            wait_until(lambda: reached(database, "web", epoch), 30)  # noqa: B023
            lags_s.append(time.monotonic() - answered_s)
            wait_until(lambda: reached(database, "worker", epoch), 30)  # noqa: B023
            worker_lags_s.append(time.monotonic() - answered_s)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    statuses = sum((api.statuses for api in clients), Counter())
    sys.stdout.write(
        f"{sum(statuses.values())} requests {dict(statuses)}; web followed in {median(lags_s):.2f} s (median), "
        f"{max(lags_s):.2f} s (worst); worker in {median(worker_lags_s):.2f} s, {max(worker_lags_s):.2f} s\n"
    )
    assert [line for api in (*clients, admin) for line in api.strange] == []
    assert set(statuses) == {200, 201, "off"}
    assert median(lags_s) < 5, "half a second on a free machine; this one may be busy"

    kinds = [api for api in clients if api.statuses["off"] == 0]
    assert kinds == [], "every client met the module both on and off"
    assert stored_ids(admin, "/deals") >= set(made)
    counts = json.loads(kumiko(url, home, "jobs", "list", "--json"))["counts"]
    assert counts["by_status"]["dead"] == 0


def epoch_of(database):
    from kumiko.host import revision

    return revision.read(database).epoch


def reached(database, kind, epoch):
    found = [one["epoch"] for one in alive(database) if one["kind"] == kind]
    return bool(found) and min(found) >= epoch


def stored_ids(api, path):
    found, cursor = set(), ""
    while True:
        status, said = api.ask("GET", f"{path}?limit=200{f'&after={cursor}' if cursor else ''}")
        assert status == 200
        found |= {one["id"] for one in said["data"]}
        cursor = said["next"]
        if not cursor:
            return found
