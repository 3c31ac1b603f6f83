"""The wheels, as somebody gets them who has no checkout: installed, started, asked, tested, and one taken away again.

A single module beside the platform is enough; the platform is enough for itself.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from kumiko_testing.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DISTRIBUTIONS = (
    "platform",
    "platform/assets",
    *sorted(f"plugins/{path.parent.name}" for path in (ROOT / "plugins").glob("*/pyproject.toml")),
)
PASSWORD = "seven-plain-words-2026"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


def run(*command, **options):
    done = subprocess.run(
        [str(part) for part in command],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        check=False,
        **options,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A folder with the wheels; Node is kept out of reach, since the browser files are built already."""
    folder = tmp_path_factory.mktemp("wheels")
    tools = folder / "no-node"
    tools.mkdir()
    for name in DISTRIBUTIONS:
        command = (sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder)
        run(*command, cwd=ROOT / name, env={**os.environ, "PATH": str(tools)})
    return folder


@pytest.fixture(scope="module")
def installation(wheels, tmp_path_factory):
    """A clean environment with the wheels and the locked libraries, and an instance with sample data."""
    folder = tmp_path_factory.mktemp("elsewhere")
    run(sys.executable, "-m", "venv", "--without-pip", folder / "venv")
    tests = ("pytest", "pytest-timeout", "hypothesis")
    files = sorted(wheels.glob("*.whl"))
    install(folder, "install", "-q", "-c", ROOT / "constraints.txt", *files, *tests)
    made = Installation(folder)
    said = made.kumiko("init", "--demo", "--admin", "ann@example.com", "--password", PASSWORD)
    assert "administrator: ann@example.com" in said
    return made


def install(folder, verb, *arguments):
    run(sys.executable, "-m", "uv", "pip", verb, "--no-config", "--python", folder / "venv/bin/python", *arguments)


class Installation:
    def __init__(self, folder: Path) -> None:
        self.folder, self.bin = folder, folder / "venv" / "bin"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**kept, "KUMIKO_HOME": str(folder / "home"), "PYTHONNOUSERSITE": "1"}

    def kumiko(self, *arguments):
        return run(self.bin / "kumiko", *arguments, env=self.env, cwd=self.folder)

    @contextmanager
    def serving(self):
        """The port on which it answers."""
        port = free_port()
        said = self.folder / "serve.log"
        with said.open("w") as log:
            command = [str(self.bin / "kumiko"), "serve", "--port", str(port)]
            process = subprocess.Popen(
                command, env=self.env, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
            try:
                wait_until_it_answers(process, port, said)
                yield port
            finally:
                process.send_signal(signal.SIGTERM)
                process.wait(30)


def wait_until_it_answers(process, port, log, patience_s=60.0):
    until = time.monotonic() + patience_s
    while time.monotonic() < until and process.poll() is None:
        try:
            if ask(port, "/healthz")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"no answer within {patience_s} s:\n{log.read_text()}")


def ask(port, path, **headers):
    """(status, text) of a GET."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_the_wheels_hold_what_pages_and_languages_need(wheels):
    names = {path.name.split("-")[0]: set(zipfile.ZipFile(path).namelist()) for path in wheels.glob("*.whl")}
    wanted = {
        "kumiko_platform": {
            "kumiko/web/templates/kumiko/base.html",
            "kumiko/web/static/kit.css",
            "kumiko/web/translations/de/LC_MESSAGES/messages.po",
            "kumiko/records/migrations/versions/0001_tables_of_records.py",
            "kumiko/parties/plugin.toml",
            "kumiko_contracts/deals.py",
            "kumiko_testing/plugin.py",
        },
        "kumiko_assets": {"kumiko_assets/static/manifest.json", "kumiko_assets/static/icons.svg"},
        "kumiko_deals": {"kumiko_deals/plugin.toml", "kumiko_deals/translations/de/LC_MESSAGES/messages.po"},
        "kumiko_analytics": {
            "kumiko_analytics/plugin.toml",
            "kumiko_analytics/migrations/versions/0001_tables_of_analytics.py",
            "kumiko_analytics/templates/analytics/dashboard.html",
            "kumiko_analytics/static/analytics/analytics.css",
        },
        "kumiko_sales": {
            "kumiko_sales/plugin.toml",
            "kumiko_sales/migrations/versions/0001_tables_of_sales.py",
            "kumiko_sales/templates/sales/figures.html",
            "kumiko_sales/static/sales/figures.css",
        },
        "kumiko_tasks": {
            "kumiko_tasks/plugin.toml",
            "kumiko_tasks/migrations/versions/0001_tables_of_tasks.py",
            "kumiko_tasks/templates/tasks/my_day.html",
            "kumiko_tasks/static/tasks/tasks.js",
        },
        "kumiko_integrations": {
            "kumiko_integrations/plugin.toml",
            "kumiko_integrations/migrations/versions/0001_tables_of_integrations.py",
            "kumiko_integrations/templates/integrations/form.html",
            "kumiko_integrations/static/integrations/form-embed.js",
        },
        "kumiko_processes": {
            "kumiko_processes/plugin.toml",
            "kumiko_processes/migrations/versions/0001_tables_of_processes.py",
            "kumiko_processes/templates/processes/build.html",
        },
    }
    assert {name: files - names.get(name, set()) for name, files in wanted.items()} == {name: set() for name in wanted}


def test_wheels_serve_pass_their_tests_and_run_without_the_module(installation):
    """One test, since each step needs the one before and workers of a parallel run would install twice."""
    token = installation.kumiko("token", "create", "--user", "ann@example.com").split()[-1]
    signed = {"Authorization": f"Bearer {token}"}
    with installation.serving() as port:
        status, page = ask(port, "/sign-in")
        assert (status, "Kumiko" in page) == (200, True)
        files = re.findall(r'(?:href|src)="?(/[^" >]+\.(?:css|js|svg)[^" >]*)', page)
        assert {ask(port, file)[0] for file in files} == {200}
        status, text = ask(port, "/api/v1/deals?limit=3", **signed)
        assert (status, len(json.loads(text)["data"])) == (200, 3)

    shutil.copytree(ROOT / "plugins/deals/tests", installation.folder / "tests")
    (installation.folder / "pytest.ini").write_text("[pytest]\ntimeout = 180\n")
    pytest_there = (installation.bin / "python", "-m", "pytest", "-q", "-k", "sqlite", "tests")
    said = run(*pytest_there, env=installation.env, cwd=installation.folder)
    assert re.search(r"^\d+ passed", said, re.MULTILINE), said
    (installation.folder / "sales").mkdir()
    for name in ("conftest.py", "sales_lab.py", "sales_web.py", "test_sales_stages.py", "test_sales_off_and_on.py"):
        shutil.copy(ROOT / "plugins/sales/tests" / name, installation.folder / "sales" / name)
    said = run(*pytest_there[:-1], "sales", env=installation.env, cwd=installation.folder)
    assert re.search(r"^\d+ passed", said, re.MULTILINE), said

    (installation.folder / "tasks").mkdir()
    for name in ("conftest.py", "tasks_lab.py", "test_tasks_rules.py"):
        shutil.copy(ROOT / "plugins/tasks/tests" / name, installation.folder / "tasks" / name)
    said = run(*pytest_there[:-1], "tasks", env=installation.env, cwd=installation.folder)
    assert re.search(r"^\d+ passed", said, re.MULTILINE), said

    install(installation.folder, "uninstall", "-q", "kumiko-deals")
    with installation.serving() as port:
        pages = {
            path: ask(port, path, **signed)[0]
            for path in (
                "/api/v1/persons?limit=1",
                "/api/v1/deals",
                "/api/v1/pipelines?limit=1",
                "/api/v1/tasks?limit=1",
                "/sign-in",
            )
        }
        assert pages == {
            "/api/v1/persons?limit=1": 200, "/api/v1/deals": 404, "/api/v1/pipelines?limit=1": 200,
            "/api/v1/tasks?limit=1": 200, "/sign-in": 303,
        }  # fmt: skip
