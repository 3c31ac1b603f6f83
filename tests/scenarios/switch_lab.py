"""An installation that is served by real processes, and programs that talk to it while modules are switched."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field

from kumiko.host import processes
from kumiko.host.database import Database
from kumiko_testing.ports import free_port

ADMIN, WORDS = "admin@example.com", "three blue rivers"


def kumiko(url, home, *arguments):
    """Run a command of the command line; what it printed."""
    environment = {**os.environ, "KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": url}
    command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


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


@contextmanager
def served(url, home):
    """(database URL, home, base URL, database) of an installation that two web processes and a worker serve."""
    port = free_port()
    environment = {**os.environ, "KUMIKO_HOME": str(home), "KUMIKO_DATABASE_URL": url, "KUMIKO_THREADS": "4"}
    command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(port), "--workers", "2"]
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    database = Database.open(url)
    try:
        wait_until(lambda: [one["kind"] for one in alive(database)].count("web") == 2, 60)
        wait_until(lambda: any(one["kind"] == "worker" for one in alive(database)), 60)
        yield url, home, f"http://127.0.0.1:{port}", database
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
