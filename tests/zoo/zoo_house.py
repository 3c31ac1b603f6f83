"""A full house for animals: the core, deals and sales with a few deals, visitors who never stop, an administrator.

One per engine and test process; each animal is a plugin of its own name that is gone after its test.
"""

import html
import re
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host import revision, settings
from kumiko.host.base import table_of
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import Failure, PluginState
from kumiko.host.wsgi import Host
from kumiko.jobs.models import job_table
from kumiko.jobs.plugin import note_failure
from kumiko.jobs.worker import Worker
from kumiko.operate import lifecycle
from kumiko.records import queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Absence
from kumiko_testing.records import open_house, prepare_database
from kumiko_testing.zoo import Zoo

#: A plugin that does nothing wrong, put beside those that do.
GOOD = """
from flask import Blueprint
routes = Blueprint("good", __name__)

@routes.get("/good/page")
def page():
    return "good"

@hookimpl
def declare_routes():
    return [routes]
"""

BASE, EMAIL, PASSWORD = "http://crm.local", "root@example.com", "three blue rivers"
MODULES = ("deals", "sales")


def build(url):
    """Roles, an administrator, both modules on, three deals."""
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            accounts.add_user("Root", EMAIL, roles=["administrator"], password=PASSWORD)
            lifecycle.enable(MODULES, probing=False)
        house.database.close()
        house = open_house(url, Path(home), CORE, MODULES)
        with house.acting(SYSTEM, via="cli"):
            settings.put({"admin.welcomed": True})
            for name in ("Bridge", "Tunnel", "Tower"):
                service.create("deals.deal", {"name": name, "amount": "100 EUR"})
        house.database.close()


class ZooHouse:
    """The house as one web process with eight threads, and a worker when a test lets it work."""

    def __init__(self, url, home):
        self.url, self.home = url, home
        self.database = Database.open(url)
        self.zoo = Zoo(home / "zoo")
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url=BASE, threads=8)
        self.host = Host(config, database=self.database)
        with self.acting():
            self.deal_id = queries.all_ids(catalogue().get("deals.deal"))[-1]
            self.token = accounts.make_token(accounts.get_user_id(EMAIL))
        self.client = Client(self.host)
        self.form_token = token_in(self.get("/sign-in").text)
        assert self.post("/sign-in", {"email": EMAIL, "password": PASSWORD}).status_code == 303
        self.form_token = token_in(self.get("/deals").text)
        self.pages = ("/", "/deals", f"/deals/{self.deal_id}", "/deals/board", "/api/v1/deals", "/readyz")

    @contextmanager
    def acting(self):
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            context.as_principal(principals.principal_for_email(EMAIL))
            yield context

    def get(self, path, client=None):
        headers = {"Authorization": f"Bearer {self.token}"} if path.startswith("/api/") else {}
        return (client or self.client).get(path, base_url=BASE, headers=headers)

    def post(self, path, data=None):
        return self.client.post(path, base_url=BASE, data={**(data or {}), "_csrf": self.form_token})

    @contextmanager
    def visited(self):
        """Two visitors walk through the other pages all the while; every answer must be 200."""
        seen, leave = [], threading.Event()
        cookies = self.client._cookies

        def walk():
            client = Client(self.host)
            client._cookies = cookies
            while not leave.is_set():
                for path in self.pages:
                    try:
                        seen.append((path, self.get(path, client).status_code))
                    except BaseException as error:
                        seen.append((path, repr(error)))

        threads = [threading.Thread(target=walk) for _ in "12"]
        for thread in threads:
            thread.start()
        try:
            yield seen
            until = time.monotonic() + 30
            while len(seen) < 2 * len(self.pages) and time.monotonic() < until:
                time.sleep(0.01)
        finally:
            leave.set()
            for thread in threads:
                thread.join(60)
        wrong = sorted({one for one in seen if one[1] != 200})
        assert not wrong, f"visitors saw {wrong}"
        assert {path for path, _status in seen} == set(self.pages)

    def follow(self):
        """Let the web process reach the newest numbers, also when a visitor's thread is building already."""
        self.host.follow(revision.read(self.database))

    def enable(self, *names, probing=False):
        with self.acting():
            done = lifecycle.enable(names, probing=probing)
        self.follow()
        return done

    def enable_again(self, *names):
        """What servers find that start anew: the plugin is on, and its files are others."""
        with self.database.engine.begin() as connection:
            revision.bump("epoch", connection)
        self.follow()

    def work_off(self, seconds=30.0):
        """Run the jobs that are due."""
        worker = Worker(self.host, threading.Event(), on_failure=lambda one: note_failure(self.host, one))
        until = time.monotonic() + seconds
        while worker.run_once():
            assert time.monotonic() < until, "jobs without end"
        self.follow()

    def line(self, name):
        """What the page of modules says of one, without tags."""
        return text_of(self._row(name))

    def buttons(self, name):
        """label -> (method, address) of what the module's line offers."""
        row, found = self._row(name), {}
        for form in re.findall(r"<form[^>]*action=\"([^\"]+)\"[^>]*>(.*?)</form>", row, re.DOTALL):
            found[text_of(form[1]) or form[0].rpartition("/")[2]] = ("post", html.unescape(form[0]))
        for tag, inner in re.findall(r"(<(?:a|button)\b[^>]*>)(.*?)</(?:a|button)>", row, re.DOTALL):
            address = re.search(r"(hx-post|hx-get|href|formaction)=\"([^\"]+)\"", tag)
            if address and text_of(inner):
                method = "post" if address[1] in ("hx-post", "formaction") else "get"
                found.setdefault(text_of(inner) or "", (method, html.unescape(address[2])))
        return found

    def press(self, name, label):
        method, address = self.buttons(name)[label]
        answer = self.post(address) if method == "post" else self.get(address)
        self.follow()
        return answer

    def _row(self, name):
        page = self.get("/admin/plugins").text
        found = re.search(rf"<(\w+)[^>]*id=\"plugin-{name}\".*?(?=id=\"plugin-|</main>)", page, re.DOTALL)
        assert found, page
        return found[0]

    def listed(self, name):
        """What REST says of the module."""
        return self.get(f"/api/v1/plugins/{name}").json

    def remove(self, name):
        """The animal leaves: off, its rows and files gone, as if it had never been there."""
        package = f"zoo_{name}"
        with self.database.engine.begin() as connection:
            connection.execute(sa.delete(table_of(PluginState)).where(table_of(PluginState).c.name == name))
            connection.execute(sa.delete(table_of(Failure)).where(table_of(Failure).c.plugin == name))
            connection.execute(sa.delete(job_table).where(job_table.c.plugin == name))
            connection.execute(sa.delete(table_of(Absence)).where(table_of(Absence).c.plugin == name))
            revision.bump("epoch", connection)
        self.zoo.forget_modules()
        self.zoo.packages = [one for one in self.zoo.packages if one != package]
        for path in self.zoo.folder.glob(f"{package}*"):
            shutil.rmtree(path, ignore_errors=True)
        self.follow()

    def close(self):
        self.database.close()
        self.zoo.close()


def token_in(text):
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', text)
    assert found, text[:500]
    return found[1]


def text_of(markup):
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", markup).split()))
