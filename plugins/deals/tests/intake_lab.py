"""A house with people of each role in which things come in, and a carrier of messages that keeps them."""

import itertools
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from kumiko import create, services
from kumiko.access import accounts, setup
from kumiko.core import CORE
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
