"""A web process with deals, sales and analytics, people who sign in, and the history of `analytics_lab`."""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

import analytics_lab
from sqlalchemy import insert
from werkzeug.test import Client

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host
from kumiko_analytics.setup import make_dashboards
from kumiko_testing.records import open_house, prepare_database

MODULES = ("deals", "sales", "analytics")
PASSWORD = "three blue rivers"
PEOPLE = (
    ("Hanna", "hanna@example.com", "head"),
    ("Sam", "sam@example.com", "seller"),
    ("Sue", "sue@example.com", "seller"),
)


def build_web(url):
    """Tables, roles, people, the history, the dashboards; all modules on. Sam owns what Anna has in the history."""
    prepare_database(url, CORE, MODULES)
    database = Database.open(url)
    with database.engine.begin() as connection:
        for name in MODULES:
            connection.execute(insert(PluginState).values(name=name, state="enabled"))
    database.close()
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, MODULES)
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            setup.make_roles()
            from kumiko import all_ids, bulk, catalogue, create, get

            team = create("access.team", {"name": "Sales"}).id
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], team_id=team, password=PASSWORD)
            analytics_lab.make_history()
            sam = all_ids(catalogue().get("access.user"), node={"f": "name", "op": "eq", "v": "Sam"})[0]
            anna = all_ids(catalogue().get("access.user"), node={"f": "name", "op": "eq", "v": "Anna"})[0]
            deals = all_ids(catalogue().get("deals.deal"))
            bulk("deals.deal", [one for one in deals if get("deals.deal", one).link_id("owner") == anna],
                 values={"owner": sam, "team": team})  # fmt: skip
            bulk("deals.deal", [one for one in deals if get("deals.deal", one).link_id("owner") != sam],
                 values={"team": team})  # fmt: skip
            make_dashboards()
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

    def person(self, name):
        return Person(self, f"{name}@example.com")


class Person:
    """A signed-in browser; posts carry the token of its first page."""

    def __init__(self, web, email):
        self.client = Client(web.host)
        self.token = self._token("/sign-in")
        answer = self.post("/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:500]
        self.token = self._token("/deals")

    def _token(self, path):
        return re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', self.get(path).text)[1]

    def get(self, path):
        return self.client.get(path, base_url="http://crm.local")

    def post(self, path, data=None):
        return self.client.post(path, data={**(data or {}), "_csrf": self.token}, base_url="http://crm.local")


def text_of(answer):
    """The page without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
