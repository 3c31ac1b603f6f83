"""A full installation with the module deals: an administrator, a head, a seller, and what administrators click."""

from __future__ import annotations

import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from access_lab import PASSWORD, Browser, token_in

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host import settings
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.jobs.worker import Worker
from kumiko.operate import lifecycle
from kumiko.records import service
from kumiko_testing.records import open_house, prepare_database

PEOPLE = (
    ("Root", "root@example.com", "administrator"),
    ("Hedy", "hedy@example.com", "head"),
    ("Sal", "sal@example.com", "seller"),
)
MODULES = ("deals",)


def build(url: str) -> None:
    prepare_database(url, CORE, MODULES)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            north = service.create("access.team", {"name": "North"}).id
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD, team_id=north)
            lifecycle.enable(MODULES, probing=False)
        house.database.close()


class Desk:
    """One web process, and a look behind it."""

    def __init__(self, url: str, home: Path) -> None:
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database)

    def browser(self, email: str = "root@example.com", password: str = PASSWORD) -> Clicking:
        """A browser in which this person is signed in."""
        made = Clicking(self.host, "crm.local")
        assert made.sign_in(email, password).status_code == 303
        return made

    @contextmanager
    def acting(self, email: str = ""):
        """A context of the system, or of the user with this address."""
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if email:
                context.as_principal(principals.principal_for_email(email))
            yield context

    def user_id(self, email: str) -> int:
        with self.acting():
            return accounts.get_user_id(email)

    def welcomed(self) -> None:
        """As after the first questions."""
        with self.acting():
            settings.put({"admin.welcomed": True})

    def work_off(self) -> None:
        """Run all jobs that are due."""
        worker = Worker(self.host, threading.Event())
        while worker.run_once():
            pass


class Clicking(Browser):
    """A browser that posts forms with the token of its session."""

    token = ""

    def submit(self, path: str, data: dict | None = None, **headers: str):
        self.token = self.token or token_in(self.get("/profile"))
        return self.post(path, {"_csrf": self.token, **(data or {})}, **headers)

    def says(self, path: str) -> str:
        """The text of the message that the answer to a post left for the next page."""
        page = self.get(path).text
        return page.partition('id="km-toasts"')[2].partition("</div>")[0]
