"""An installation whose things the plugin "extra" may extend: switched on and off live, for people and programs."""

from __future__ import annotations

import io
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from access_lab import PASSWORD, Browser, token_in
from rest_lab import Program
from werkzeug.test import TestResponse

from kumiko.access import accounts, principals, setup
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Principal, use
from kumiko.host.database import Database, engine_for_migration, normalise_url
from kumiko.host.wsgi import Host
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.jobs.worker import Worker
from kumiko.operate import lifecycle
from kumiko_testing.extra.models import Base
from kumiko_testing.records import CORE, open_house, prepare_database
from kumiko_testing.zoo import Zoo

FULL = (*CORE[:3], "kumiko.imports", "kumiko.rest", "kumiko.web", "kumiko_testing.sample")
PEOPLE = (("Root", "administrator"), ("Ann", "seller"), ("Ben", "seller"))


def make_tables(url: str) -> None:
    """Tables of the core and the sample plugin, and those of the extra plugin."""
    prepare_database(url, FULL)
    engine = engine_for_migration(normalise_url(url))
    Base.metadata.create_all(engine)
    engine.dispose()


def build(url: str) -> None:
    """The tables, roles and people with passwords."""
    make_tables(url)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), FULL)
        with house.acting(via="cli"):
            setup.make_roles()
            for name, role in PEOPLE:
                accounts.add_user(name, f"{name.lower()}@example.com", roles=[role], password=PASSWORD)
        house.database.close()


class Lab:
    """One web process; `switch` turns the extension on and off as an administrator does."""

    def __init__(self, url: str, home: Path) -> None:
        self.url, self.home = url, home
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database, core=FULL)

    def follow(self) -> None:
        self.host._next_look_s = 0.0
        self.host.follow()

    def switch(self, *, on: bool) -> None:
        with self.acting():
            if on:
                lifecycle.enable(["extra"], probing=False)
            else:
                lifecycle.disable("extra")
        self.follow()

    @contextmanager
    def acting(self, who: Principal | str = SYSTEM, via: str = "web") -> Iterator[Context]:
        """A context of the system or of the user with this first name."""
        with use(self.host.context(principal=SYSTEM, via=via)) as context:
            if isinstance(who, str):
                found = principals.principal_for_email(f"{who.lower()}@example.com")
                assert found is not None
                context.as_principal(found)
            else:
                context.as_principal(who)
            yield context

    def program(self, name: str = "root") -> Program:
        with self.acting(via="cli"):
            token = accounts.make_token(accounts.get_user_id(f"{name}@example.com"), read_only=False)
        return Program(self.host, token)

    def person(self, name: str = "root") -> Person:
        return Person(self, name)

    def work(self) -> int:
        """Run all jobs that are due; how many."""
        worker, done = Worker(self.host, threading.Event()), 0
        while worker.run_once():
            done += 1
            assert done < 100
        return done

    def import_csv(self, text: str, who: str = "root", **wishes: Any) -> Any:
        """Import a CSV text into things; gives the report."""
        with self.acting(who, via="import"):
            path = self.home / "import.csv"
            path.write_text(text, "utf-8")
            table = open_table(path, filename="import.csv")
            return Importer(table, compile_plan(Wishes(collection="things", **wishes), table.columns)).run()


class Person:
    """A signed-in browser; posts carry the token of its first page."""

    def __init__(self, lab: Lab, name: str) -> None:
        self.browser = Browser(lab.host, "crm.local")
        self.browser.sign_in(f"{name}@example.com")
        self.token = token_in(self.browser.get("/topics"))

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.browser.get(path, **headers)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self.browser.post(path, {**(data or {}), "_csrf": self.token}, **headers)


def exported(lab: Lab, file_format: str, who: str = "root", **wishes: Any) -> bytes:
    """Things as a file."""
    from kumiko.imports.export import export_to  # local: beside the other labs it is rarely wanted

    stream = io.BytesIO()
    with lab.acting(who):
        export_to(stream, "things", file_format, **wishes)
    return stream.getvalue()


@pytest.fixture
def lab(clone_database: Any, tmp_path: Path) -> Iterator[Lab]:
    """The installation, on both databases, with the extension switched on."""
    zoo = Zoo(tmp_path / "zoo")
    zoo.install("extra", "kumiko_testing.extra")
    made = Lab(clone_database("extension lab", build), tmp_path)
    made.switch(on=True)
    yield made
    made.database.close()
    zoo.close()
