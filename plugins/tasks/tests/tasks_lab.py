"""A web process with deals, sales and tasks, and people in teams; and a way to look behind it."""

import re
import tempfile
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert, select
from werkzeug.test import Client

from kumiko import all_ids, catalogue, create, update
from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host
from kumiko.notify.models import notices
from kumiko_deals.setup import make_lists
from kumiko_sales.setup import make_pipeline
from kumiko_tasks.setup import make_templates
from kumiko_testing.records import open_house, prepare_database

MODULES = ("deals", "sales", "tasks")
TASK, MEETING, TEMPLATE, DEAL, PERSON = "tasks.task", "tasks.meeting", "tasks.template", "deals.deal", "parties.person"
PASSWORD = "three blue rivers"
PEOPLE = (
    ("Root", "root@example.com", "administrator", ""),
    ("Hanna", "hanna@example.com", "head", "Sales"),
    ("Sam", "sam@example.com", "seller", "North"),
    ("Sue", "sue@example.com", "seller", "North"),
)


def build(url):
    """Tables, roles, people in teams, and what the modules come with; all three on."""
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
            sales = create("access.team", {"name": "Sales"}).id
            north = create("access.team", {"name": "North", "parent": sales}).id
            for name, email, role, team in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
                if team:
                    update("access.user", user_id(name), {"team": sales if team == "Sales" else north})
            update("access.team", sales, {"head": user_id("Hanna")})
            make_lists()
            make_pipeline()
            make_templates()
        house.database.close()


def user_id(name):
    return all_ids(catalogue().get("access.user"), node={"f": "name", "op": "eq", "v": name})[0]


class Lab:
    """The process."""

    def __init__(self, url, home):
        self.url, self.home = url, home
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database)

    @contextmanager
    def acting(self, email="", via="web"):
        """A context of the system, or of the user with this e-mail address."""
        with use(self.host.context(principal=SYSTEM, via=via)) as context:
            if email:
                context.as_principal(principals.principal_for_email(email))
            yield context

    def notices(self):
        """(user's name, text) of all notices, in their order."""
        user = self.host.generation.state["records"].get("access.user").table
        query = select(user.c.name, notices.c.text).join_from(notices, user, user.c.id == notices.c.user_id)
        with self.database.reader.connect() as connection:
            return [tuple(row) for row in connection.execute(query.order_by(notices.c.id))]

    def browser(self, email):
        return Browser(self, email)


class Browser:
    """A signed-in browser; posts carry the token of its first page."""

    def __init__(self, lab, email):
        self.client = Client(lab.host)
        self.token = token_in(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:500]
        self.token = token_in(self.get("/tasks"))
        with lab.acting(email):
            from kumiko import principal

            self.api_token = accounts.make_token(principal().user_id)

    def get(self, path, **headers):
        return self.client.get(path, base_url="http://crm.local", headers=headers)

    def post(self, path, data=None):
        return self.client.post(path, data={**(data or {}), "_csrf": self.token}, base_url="http://crm.local")

    def api(self, method, path, body=None, **headers):
        return Client(self.client.application).open(
            path, method=method, json=body, base_url="http://crm.local",
            headers={"Authorization": f"Bearer {self.api_token}", **headers},
        )  # fmt: skip


def token_in(answer):
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', answer.text)
    assert found is not None, answer.text[:1000]
    return found[1]


def words_of(answer):
    """The page without tags, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
