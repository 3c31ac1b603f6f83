"""A vendor's package on the path as if it were installed, and an office that switches it on while it runs."""

import importlib
import re
import subprocess
import sys
import tempfile
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host import loader
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.jobs.worker import Worker
from kumiko.operate import lifecycle
from kumiko_testing.records import open_house, prepare_database

PASSWORD = "three blue rivers"
PEOPLE = (("Root", "administrator"), ("Sam", "seller"), ("Sue", "seller"), ("Ana", "analyst"))


@contextmanager
def installed(project, place):
    """Build the wheel of a project and put what it holds on the path, as an installation would; yields its plugin."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(command, cwd=project, check=True, capture_output=True)
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        wheel.extractall(place / "site")
    package = next((place / "site").glob("*/plugin.toml")).parent.name
    name = package.removeprefix("kumiko_")
    sys.path.insert(0, str(place / "site"))
    importlib.invalidate_caches()
    try:
        yield name
    finally:
        sys.path.remove(str(place / "site"))
        for module in [one for one in sys.modules if one.partition(".")[0] == package]:
            del sys.modules[module]
        loader._imported.pop(name, None)
        importlib.invalidate_caches()


def furnish(url):
    """Tables of the core, roles and people; no module is on."""
    prepare_database(url, CORE)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(via="cli"):
            setup.make_roles()
            for name, role in PEOPLE:
                accounts.add_user(name, f"{name.lower()}@example.com", roles=[role], password=PASSWORD)
        house.database.close()


class Office:
    """One web process, its people in browsers and as programs."""

    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database)

    @contextmanager
    def acting(self, name=""):
        """A context of the system, or of a person."""
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if name:
                context.as_principal(principals.principal_for_email(f"{name}@example.com"))
            yield context

    def switch_on(self, name):
        with self.acting():
            lifecycle.enable([name])
        self.follow()

    def switch_off(self, name):
        with self.acting():
            lifecycle.disable(name)
        self.follow()

    def follow(self):
        self.host._next_look_s = 0.0
        self.host.follow()

    def work(self):
        """Run all background work that is due."""
        worker = Worker(self.host, threading.Event())
        while worker.run_once():
            pass

    def person(self, name):
        return Person(self, name)


class Person:
    """A signed-in browser (`get`, `post`) and a program with a token (`api`)."""

    def __init__(self, office, name):
        self.client = Client(office.host)
        self.token = ""
        self.token = token_in(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": f"{name}@example.com", "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:500]
        self.token = token_in(self.get("/persons"))
        with office.acting():
            self.id = accounts.get_user_id(f"{name}@example.com")
            self.api_token = accounts.make_token(self.id)

    def get(self, path, **headers):
        return self.client.get(path, base_url="http://crm.local", headers=named(headers))

    def post(self, path, data=None, **headers):
        sent = {**(data or {}), "_csrf": self.token}
        return self.client.post(path, data=sent, base_url="http://crm.local", headers=named(headers))

    def api(self, method, path, body=None, **headers):
        """The answer to a call below /api/v1."""
        return Client(self.client.application).open(
            f"/api/v1{path}", method=method, json=body, base_url="http://crm.local",
            headers={"Authorization": f"Bearer {self.api_token}", **named(headers)},
        )  # fmt: skip

    def send(self, path, parts):
        """The answer to a form with files."""
        headers = {"Authorization": f"Bearer {self.api_token}"}
        client = Client(self.client.application)
        return client.post(f"/api/v1{path}", data=parts, headers=headers, base_url="http://crm.local")

    def make(self, collection, **values):
        made = self.api("POST", f"/{collection}", values)
        assert made.status_code == 201, made.text
        return made.json


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def token_in(answer):
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', answer.text)
    assert found is not None, answer.text[:1000]
    return found[1]


def text_of(answer):
    """The page without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
