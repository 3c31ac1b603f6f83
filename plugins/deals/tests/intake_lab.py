"""A house with people of each role in which things come in, and a carrier of messages that keeps them."""

import itertools
import re
import tempfile
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert
from werkzeug.test import Client

from kumiko import create, services
from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host
from kumiko_contracts.inquiries import Incoming, Sender
from kumiko_deals.setup import make_lists
from kumiko_testing.records import open_house, prepare_database

INQUIRY, LEAD, CONVERSATION, MESSAGE = (f"inquiries.{one}" for one in ("inquiry", "lead", "conversation", "message"))
PERSON, ORGANIZATION, RULE = "parties.person", "parties.organization", "deals.assignment_rule"
PASSWORD = "three blue rivers"
PEOPLE = (
    ("Root", "root@example.com", "administrator"), ("Ann", "ann@example.com", "seller"),
    ("Ben", "ben@example.com", "seller"), ("Cleo", "cleo@example.com", "seller"),
)  # fmt: skip
_numbers = itertools.count(1)


def build(url):
    """Tables of everything, roles, people, the lists that come with deals."""
    prepare_database(url, CORE, ("deals",))
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, ("deals",))
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
            make_lists()
        house.database.close()


def incoming(text="We need a press.", **more):
    """One message from outside; `email` and `phone` of its sender, an id of its own unless given."""
    number = next(_numbers)
    sender = Sender(name=more.pop("name", "Mia Stone"), email=more.pop("email", ""), phone=more.pop("phone", ""))
    known = {
        "channel": "form", "account": "form:1", "external_id": f"item-{number}", "received_at": datetime.now(UTC),
        "sender": sender, "text": text,
    }  # fmt: skip
    return Incoming(**{**known, **more})


def receive(text="We need a press.", **more):
    return services.get("inquiries/1").receive(incoming(text, **more))


def rule(**values):
    return create(RULE, {"name": "Rule", "position": 1, **values}).id


def build_web(url):
    """The same for a web process, which reads in the database what is on."""
    build(url)
    database = Database.open(url)
    with database.engine.begin() as connection:
        connection.execute(insert(PluginState).values(name="deals", state="enabled"))
    database.close()


class Web:
    """A web process with somebody signed in, and a program of the same person."""

    def __init__(self, url, home, email="root@example.com"):
        self.database = Database.open(url)
        config = Config(home=home, database_url=url, secret_key="k" * 40, base_url="http://crm.local")
        self.host = Host(config, database=self.database)
        self.client = Client(self.host)
        page = self.get("/sign-in")
        self.token = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', page.text)[1]
        assert self.post("/sign-in", {"email": email, "password": PASSWORD}).status_code == 303
        self.token = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', self.get("/leads").text)[1]
        with self.acting():
            self.api_token = accounts.make_token(principals.principal_for_email(email).user_id)

    @contextmanager
    def acting(self):
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            yield context

    def get(self, path):
        return self.client.get(path, base_url="http://crm.local")

    def post(self, path, data=None):
        return self.client.post(
            path, data={**(data or {}), "_csrf": getattr(self, "token", "")}, base_url="http://crm.local"
        )

    def api(self, method, path, body=None, **headers):
        return Client(self.host).open(
            f"/api/v1{path}", method=method, json=body, base_url="http://crm.local",
            headers={"Authorization": f"Bearer {self.api_token}", **headers},
        )  # fmt: skip


class Carrier:
    """Stands where the module integrations will: takes what is to be sent, and keeps it."""

    def __init__(self):
        self.sent = []

    def can_send(self, channel):
        return channel == "mail"

    def send(self, outgoing, *, key, about=None, message=None):
        if key not in [one[0] for one in self.sent]:
            self.sent.append((key, outgoing, about, message))
        return len(self.sent)

    def find_sent(self, key):
        return None
