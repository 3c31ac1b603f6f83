"""A vendor's first hour: a new plugin, its tests and checks, a wheel, an installation that serves while it comes."""

import json
import re
import subprocess
import time
import urllib.request
from contextlib import contextmanager

import pytest

from kumiko_testing import environments
from kumiko_testing.ports import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def vendor(tmp_path):
    """An environment to develop in."""
    return environments.make(tmp_path / "vendor", tmp_path / "vendor-home")


@pytest.fixture
def customer(tmp_path):
    """Another environment, that of an installation."""
    return environments.make(tmp_path / "customer", tmp_path / "home")


def test_a_new_plugin_is_tested_checked_built_installed_and_switched_on_while_the_server_runs(
    vendor, customer, tmp_path
):
    project = tmp_path / "kumiko-rooms"

    def said(environment, *command, cwd=tmp_path):
        code, text = environment.run(*command, cwd=cwd)
        assert code == 0, f"{command}\n{text}"
        return text

    said(vendor, "kumiko", "plugin", "new", "rooms")
    said(vendor, "kumiko", "plugin", "install", "--editable", "kumiko-rooms")
    tests = said(vendor, "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=project)
    assert re.search(r"^20 passed|^1[0-9] passed, [0-9]+ skipped", tests, re.MULTILINE), tests
    said(vendor, "python", "-m", "ruff", "check", ".", cwd=project)
    said(vendor, "python", "-m", "ruff", "format", "--check", ".", cwd=project)
    said(vendor, "python", "-m", "mypy", "--cache-dir", str(tmp_path / "mypy"), cwd=project)
    assert "rooms may be enabled (full check, " in said(vendor, "kumiko", "plugin", "check", "kumiko-rooms")
    said(vendor, "python", "-m", "hatchling", "build", "-t", "wheel", cwd=project)
    wheel = project / "dist/kumiko_rooms-0.1.0-py3-none-any.whl"

    assert "administrator: ann@example.com" in said(
        customer, "kumiko", "init", "--modules", "", "--admin", "ann@example.com"
    )
    token = said(customer, "kumiko", "token", "create", "--user", "ann@example.com").split()[-1]
    with serving(customer, tmp_path) as base:
        assert answer(f"{base}/api/v1/rooms", token)[0] == 404
        assert said(customer, "kumiko", "plugin", "install", str(wheel)).startswith("installed: rooms")
        assert said(customer, "kumiko", "plugin", "enable", "rooms") == "enabled: rooms\n"
        wait_for(lambda: answer(f"{base}/rooms", token)[0] == 200, 10)
        page = answer(f"{base}/rooms", token)[1]
        assert ("<h1" in page, "Rooms" in page) == (True, True)
        made = answer(f"{base}/api/v1/rooms", token, {"name": "Blue room"})
        assert (made[0], json.loads(made[1])["state"]) == (201, "open")
        assert answer(f"{base}/rooms/board", token)[0] == 200
        assert said(customer, "kumiko", "plugin", "disable", "rooms") == "disabled: rooms\n"
        wait_for(lambda: answer(f"{base}/rooms", token)[0] == 404, 10)


@contextmanager
def serving(environment, folder):
    """The address on which the installation answers."""
    port = free_port()
    with (folder / "serve.log").open("w") as log:
        process = subprocess.Popen(
            ["kumiko", "serve", "--port", str(port), "--no-worker"],
            executable=str(environment.bin / "kumiko"), env=dict(environment.variables), cwd=folder,
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        wait_for(lambda: process.poll() is not None or answer(f"http://127.0.0.1:{port}/healthz", "")[0] == 200, 60)
        assert process.poll() is None, (folder / "serve.log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def answer(address, token, body=None):
    """(status, text), 0 while nobody answers."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"} if token else {}
    request = urllib.request.Request(address, None if body is None else json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()
    except OSError:
        return 0, ""


def wait_for(done, limit_s):
    until = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.05)
