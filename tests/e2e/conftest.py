"""A server on a database of its own, and a signed-in browser whose pages fail on script errors and CSP reports."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.records import service
from kumiko_assets import dev_dir
from kumiko_testing.ports import free_port
from kumiko_testing.records import prepare_database

ALL = (*CORE, "kumiko_testing.sample")
EMAIL, PASSWORD = "root@example.com", "three blue rivers"


class LiveApp:
    """The server and a way to look behind it."""

    def __init__(self, folder: Path) -> None:
        url = f"sqlite:///{folder}/e2e.db"
        prepare_database(url, ALL)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.database = Database.open(url)
        config = Config(home=folder, database_url=url, secret_key="e" * 40, base_url=self.url, threads=4)
        self.host = Host(config, database=self.database, core=ALL)
        self.server = make_server("127.0.0.1", port, self.host, threaded=True)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def acting(self, who=SYSTEM):
        return use(self.host.context(principal=who, via="web"))

    def create(self, type_key, values):
        with self.acting():
            return service.create(type_key, values).id

    def update(self, type_key, record_id, values):
        with self.acting():
            service.update(type_key, record_id, values)

    def values(self, type_key, record_id):
        with self.acting():
            return dict(service.get(type_key, record_id).values)


@pytest.fixture(scope="session")
def live_app(tmp_path_factory):
    app = LiveApp(tmp_path_factory.mktemp("e2e"))
    with app.acting():
        setup.make_roles()
        accounts.add_user("Root Ruler", EMAIL, roles=["administrator"], password=PASSWORD)
        accounts.add_user("Anna Weber", "anna@example.com", roles=["seller"], password=PASSWORD)
    yield app
    app.server.shutdown()
    app.database.close()


@pytest.fixture
def axe(page):
    """Call it with a path: what axe finds on the page, as (rule, first elements)."""
    script = (dev_dir() / "axe.min.js").read_text()

    def look(path=""):
        if path:
            page.goto(path)
        page.wait_for_selector("html[data-ready]")
        page.evaluate(script)
        found = page.evaluate(  # preloading, axe would write sheets that are imported into the page itself
            "() => axe.run({preload: false, "
            "runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})"
        )
        return [(one["id"], [node["html"][:120] for node in one["nodes"][:3]]) for one in found["violations"]]

    return look


@pytest.fixture(scope="session")
def base_url(live_app):
    return live_app.url


@pytest.fixture(scope="session")
def signed_in(browser, live_app):
    """The cookies of somebody who signed in through the real form."""
    context = browser.new_context(base_url=live_app.url)
    page = context.new_page()
    page.goto("/sign-in")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def browser_context_args(browser_context_args, signed_in, request):
    anonymous = request.node.get_closest_marker("anonymous")
    return {
        **browser_context_args,
        "viewport": {"width": 1440, "height": 900},
        "locale": "en-US",
        "timezone_id": "UTC",
        "reduced_motion": "reduce",
        "storage_state": None if anonymous else signed_in,
    }


@pytest.fixture
def page(page):
    """Fails the test on script errors, refused resources and anything the content policy stopped."""
    bad: list[str] = []
    page.on("pageerror", lambda error: bad.append(f"error: {error}"))
    page.on("console", lambda said: bad.append(f"console: {said.text}") if said.type == "error" else None)
    page.set_default_timeout(10_000)
    page.bad = bad
    yield page
    refused = [line for line in bad if "422 (" not in line and "status of 422" not in line]
    assert refused == []
