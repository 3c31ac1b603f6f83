"""Switching a module under traffic, with real server processes: nothing fails but the kind 404, and all follow soon."""

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from statistics import median

import pytest

from kumiko.core import CORE
from kumiko.host import processes
from kumiko.operate import lifecycle
from kumiko_testing.zoo import Bare

PAGE = """
from flask import Blueprint
routes = Blueprint("goats", __name__)

@routes.get("/api/v1/goats")
def page():
    return {"goats": 7}

@hookimpl
def declare_routes():
    return [routes]
"""
SWITCHES = 20


def kumiko(url: str, home: str, *arguments: str) -> str:
    """Run a command of the command line; what it printed."""
    environment = {**os.environ, "KUMIKO_HOME": home, "KUMIKO_DATABASE_URL": url}
    command = [sys.executable, "-m", "kumiko.operate.cli", *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout


def whole_core(url: str) -> None:
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--modules", "")


def free_port() -> int:
    for port in range(21310, 21390):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
    raise RuntimeError("no port is free")


@pytest.fixture
def installation(clone_database, tmp_path):
    made = Bare(clone_database("whole core", whole_core), tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def server(installation, zoo):
    """Two web processes and a worker, on the installation's database; gives (base URL, process)."""
    zoo.add("goats", PAGE)
    port = free_port()
    environment = {
        **os.environ,
        "KUMIKO_HOME": str(installation.home),
        "KUMIKO_DATABASE_URL": installation.url,
        "PYTHONPATH": str(zoo.folder),
    }
    command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    base = f"http://127.0.0.1:{port}"
    wait_until(lambda: answer(f"{base}/healthz") == 200, 60)
    wait_until(lambda: len(web_epochs(installation)) == 2, 60)
    yield base, process
    if process.poll() is None:
        process.terminate()
        process.wait(30)


def answer(url: str, token: str = "") -> int:
    """Status of a request; 0 when none came, 404 only for the kind one."""
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"}), timeout=30
        ) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code if b"/problems/module-off" in error.read() else -error.code
    except OSError:
        return 0


def wait_until(done, limit_s: float) -> float:
    started = time.monotonic()
    while not done():
        assert time.monotonic() - started < limit_s, "it did not happen in time"
        time.sleep(0.01)
    return time.monotonic() - started


def web_epochs(installation) -> list[int]:
    return [one["epoch"] for one in processes.alive(installation.database) if one["kind"] == "web"]


@pytest.mark.timeout(240)
def test_many_switches_under_traffic_fail_no_request(installation, server, zoo):
    base, _ = server
    host = installation.host(core=CORE)
    token = kumiko(installation.url, str(installation.home), "token", "create", "--user", "admin@example.com").split()[
        -1
    ]
    statuses: dict[int, int] = {}
    over = threading.Event()

    def ask() -> None:
        while not over.is_set():
            status = answer(f"{base}/api/v1/goats", token)
            statuses[status] = statuses.get(status, 0) + 1

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    lags_s = []
    try:
        for round_ in range(SWITCHES):
            with installation.acting(host):
                if round_ % 2 == 0:
                    lifecycle.enable(["goats"], probing=False)
                else:
                    lifecycle.disable("goats")
            wanted = host.generation.epoch + 1
            lags_s.append(wait_until(lambda: min(web_epochs(installation)) >= wanted, 20))  # noqa: B023
            installation.follow(host)
            assert host.generation.epoch == wanted
    finally:
        over.set()
        for thread in threads:
            thread.join()
    sys.stdout.write(
        f"{statuses} requests; followed after {median(lags_s):.2f} s (median), {max(lags_s):.2f} s (worst)\n"
    )
    assert set(statuses) == {200, 404}
    assert median(lags_s) < 2, "half a second on a free machine; this one may be busy"


@pytest.mark.timeout(120)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_every_process_ends_with_the_server(end, installation, server):
    base, process = server
    group = [int(one["name"].split(":")[1]) for one in processes.alive(installation.database)]
    if end == signal.SIGINT:
        os.killpg(process.pid, end)  # as Ctrl+C in a terminal does
    else:
        process.send_signal(end)
    process.wait(30)
    wait_until(lambda: not any(alive(pid) for pid in group), 30)
    assert answer(f"{base}/healthz") == 0


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
