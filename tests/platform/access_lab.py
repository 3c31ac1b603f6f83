"""An installation with users, and browsers and programs that talk to it as a web process would be talked to."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.test import Client, TestResponse

from kumiko.access import accounts, principals, setup
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, Principal, use
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko_testing.records import open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.access", "kumiko.web", "kumiko_testing.sample")
PASSWORD = "three blue rivers"
PEOPLE = (("Root", "root@example.com", "administrator"), ("Sam", "sam@example.com", "seller"))


def build(url: str) -> None:
    """Tables, roles, an administrator and a seller with passwords, a seller without an e-mail address."""
    prepare_database(url, CORE)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
            accounts.add_user("Nobody", None, roles=["seller"])
        house.database.close()


class Lab:
    """One web process on a database, and a way to look behind it."""

    def __init__(self, url: str, home: Path, base_url: str = "http://crm.local") -> None:
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url=base_url)
        self.host = Host(config, database=self.database, core=CORE)

    def browser(self, host: str = "crm.local") -> Browser:
        return Browser(self.host, host)

    @contextmanager
    def acting(self, who: Principal | str = SYSTEM) -> Iterator[Context]:
        """A context of the system or of the user with this e-mail address."""
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if isinstance(who, str):
                found = principals.principal_for_email(who)
                assert found is not None
                context.as_principal(found)
            else:
                context.as_principal(who)
            yield context

    def user_id(self, email: str) -> int:
        with self.acting():
            return accounts.get_user_id(email)

    def token(self, email: str, *, read_only: bool = False) -> str:
        with self.acting():
            return accounts.make_token(accounts.get_user_id(email), read_only=read_only)

    def acts(self) -> list[tuple[str, str, str]]:
        """(act, actor, subject) of the log, oldest first."""
        from kumiko.access import audit

        with self.acting():
            return [(row.act, row.actor, row.subject) for row in reversed(audit.newest())]


class Browser:
    """A browser over plain http from another machine: keeps cookies, sends no Sec-Fetch headers."""

    def __init__(self, host: Host, name: str) -> None:
        self.client = Client(host)
        self.name = name

    def get(self, path: str, **headers: str) -> TestResponse:
        return self.client.get(path, base_url=f"http://{self.name}", headers=_named(headers))

    def head(self, path: str) -> TestResponse:
        return self.client.head(path, base_url=f"http://{self.name}")

    def token_of_page(self, path: str = "/sign-in") -> str:
        """The token in the first form or meta tag of a page."""
        return token_in(self.get(path))

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> TestResponse:
        return self.client.post(path, data=data or {}, base_url=f"http://{self.name}", headers=_named(headers))

    def sign_in(self, email: str, password: str = PASSWORD, **fields: str) -> TestResponse:
        data = {"email": email, "password": password, "_csrf": self.token_of_page(), **fields}
        return self.post("/sign-in", data)

    def cookie(self, name: str = "km_session") -> str:
        found = self.client.get_cookie(name, domain=self.name.partition(":")[0])
        return found.value if found else ""

    def set_cookie(self, name: str, value: str) -> None:
        self.client.set_cookie(name, value, domain=self.name.partition(":")[0])


def token_in(page: TestResponse) -> str:
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', page.text)
    assert found is not None, page.text[:2000]
    return found[1]


def _named(headers: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements sent to the database inside the block, without the host's look at its revision."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement != "SELECT name, n FROM host_revision":
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
