"""A web process with deals and sales, people with passwords, and browsers and programs that talk to it."""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert
from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host
from kumiko_deals.setup import make_lists
from kumiko_sales.funnel import funnel
from kumiko_sales.setup import make_pipeline
from kumiko_testing.records import open_house, prepare_database

BOTH = ("deals", "sales")
PASSWORD = "three blue rivers"
PEOPLE = (
    ("Root", "root@example.com", "administrator"),
    ("Hanna", "hanna@example.com", "head"),
    ("Sam", "sam@example.com", "seller"),
    ("Sue", "sue@example.com", "seller"),
)


def build_web(url):
    """Tables, roles, people, the lists of deals and the first pipeline; both modules on."""
    prepare_database(url, CORE, BOTH)
    database = Database.open(url)
    with database.engine.begin() as connection:
        for name in BOTH:
            connection.execute(insert(PluginState).values(name=name, state="enabled"))
    database.close()
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, BOTH)
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
            make_lists()
            make_pipeline()
        house.database.close()


class Web:
    """The process, and a way to look behind it."""

    def __init__(self, url, home):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database)

    @contextmanager
    def acting(self, email=""):
        """A context of the system, or of the user with this e-mail address."""
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if email:
                context.as_principal(principals.principal_for_email(email))
            yield context

    def person(self, email):
        return Person(self, email)

    def role_id(self, key):
        from kumiko import all_ids, catalogue

        with self.acting():
            return all_ids(catalogue().get("access.role"), node={"f": "key", "op": "eq", "v": key})[0]

    def stage_id(self, name):
        with self.acting():
            return next(one.id for one in funnel().default.stages if one.name == name)

    @property
    def pipeline_id(self):
        with self.acting():
            return funnel().default.id


class Person:
    """A signed-in browser; posts carry the token of its first page."""

    def __init__(self, web, email):
        self.client = Client(web.host)
        self.token = token_in(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:500]
        self.token = token_in(self.get("/deals"))
        with web.acting(email):
            from kumiko import principal

            self.api_token = accounts.make_token(principal().user_id)

    def get(self, path, **headers):
        return self.client.get(path, base_url="http://crm.local", headers=named(headers))

    def post(self, path, data=None, **headers):
        sent = {**(data or {}), "_csrf": self.token}
        return self.client.post(path, data=sent, base_url="http://crm.local", headers=named(headers))

    def api(self, method, path, body=None, **headers):
        """A program of this person."""
        return Client(self.client.application).open(
            path, method=method, json=body, base_url="http://crm.local",
            headers={"Authorization": f"Bearer {self.api_token}", **named(headers)},
        )  # fmt: skip


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def token_in(answer):
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', answer.text)
    assert found is not None, answer.text[:1000]
    return found[1]


def text_of(answer):
    """The page without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
