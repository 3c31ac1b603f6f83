"""A house with integrations on, a worker that runs when it is told to, and somebody who receives inquiries."""

import re
import tempfile
import threading
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import insert
from werkzeug.test import Client

from kumiko import create, principal, transaction, utc_now
from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, use
from kumiko.host.database import Database
from kumiko.host.models import PluginState
from kumiko.host.wsgi import Host
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker
from kumiko_contracts.inquiries import Null, Received
from kumiko_integrations.models import CONNECTION, Outbox
from kumiko_integrations.sealing import put_secrets
from kumiko_testing.records import open_house, prepare_database

PASSWORD = "three blue rivers"
BASE = "http://crm.local"
PEOPLE = (
    ("Root", "root@example.com", "administrator"),
    ("Hanna", "hanna@example.com", "head"),
    ("Sam", "sam@example.com", "seller"),
)


def build(url):
    """Tables, roles, people; integrations on."""
    prepare_database(url, CORE, ("integrations",))
    database = Database.open(url)
    with database.engine.begin() as connection:
        connection.execute(insert(PluginState).values(name="integrations", state="enabled"))
    database.close()
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, ("integrations",))
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            setup.make_roles()
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD)
        house.database.close()


class Recorder(Null):
    """Receives inquiries as a provider of inquiries/1 would, and remembers them; `refuses` is what it raises."""

    def __init__(self):
        self.received, self.written, self.refuses = [], [], None

    def receive(self, incoming):
        if self.refuses is not None:
            raise self.refuses
        known = {(one.account, one.external_id) for one in self.received}
        is_new = (incoming.account, incoming.external_id) not in known
        self.received.append(incoming)
        return Received(
            is_new=is_new, inquiry_id=None, state="waiting", lead_id=None, person_id=None, conversation_id=None,
            message_id=None,
        )  # fmt: skip


class Lab:
    """One process: pages by `client`, background work by `work()`."""

    def __init__(self, url, home, *, receives=True):
        self.database = Database.open(url)
        self.host = Host(
            Config(home=home, database_url=url, secret_key="k" * 40, base_url=BASE), database=self.database
        )
        self.inquiries = Recorder()
        if receives:
            self.let_receive()
        self.client = Client(self.host)

    def let_receive(self):
        self.host.generation.services._makers["inquiries/1"] = ("recorder", lambda: self.inquiries)

    def let_nobody_receive(self):
        self.host.generation.services._makers.pop("inquiries/1", None)
        self.host.generation.services._made.pop("inquiries/1", None)

    def close(self):
        self.database.close()

    @contextmanager
    def acting(self, email=""):
        with use(self.host.context(principal=SYSTEM, via="web")) as context:
            if email:
                context.as_principal(principals.principal_for_email(email))
            yield context

    def work(self, *, later=timedelta()):
        """Do all jobs that are due, cron's of this minute included; those due within `later`, too."""
        if later:
            with self.database.engine.begin() as connection:
                connection.execute(
                    sa.update(job_table)
                    .where(job_table.c.status == "ready", job_table.c.run_at <= utc_now() + later)
                    .values(run_at=utc_now())
                )
                connection.execute(
                    sa.update(Outbox.__table__)
                    .where(Outbox.__table__.c.next_try_at <= utc_now() + later)
                    .values(next_try_at=utc_now())
                )
        worker = Worker(self.host, threading.Event())
        for _turn in range(2000):
            if not worker.run_once():
                break
        with self.database.reader.connect() as connection:
            dead = connection.execute(sa.select(job_table.c.name, job_table.c.last_error).where(
                job_table.c.last_error != "")).all()  # fmt: skip
        assert dead == [], dead

    def rows(self, model, *names):
        """Values of a table as they are, by id."""
        columns = [getattr(model, name) for name in names]
        with self.database.reader.connect() as connection:
            key = next(iter(model.__table__.primary_key.columns))
            return [tuple(row) for row in connection.execute(sa.select(*columns).order_by(key))]

    def person(self, email):
        return Person(self, email)

    def mailbox(self, server, name, *, whose=None, **settings):
        """A connection to a user's mailbox of the mail server."""
        server.make_mailbox(name)
        given = {
            "address": server.address(name), "imap_host": server.host, "imap_port": server.imap_port,
            "imap_security": "none", "smtp_host": server.host, "smtp_port": server.smtp.port,
            "smtp_security": "none", "smtp_open": True, "begin_with": "all", **settings,
        }  # fmt: skip
        with self.acting(), transaction():
            made = create(CONNECTION, {
                "name": name, "channel": "integrations.mail", "settings": given, "whose": whose,
            })  # fmt: skip
            put_secrets(made.id, {"password": server.password})
        return made.id


class Person:
    """A signed-in browser; posts carry the token of its first page."""

    def __init__(self, lab, email):
        self.client = Client(lab.host)
        self.token = token_in(self.get("/sign-in"))
        answer = self.post("/sign-in", {"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text[:500]
        self.token = token_in(self.get("/persons"))
        with lab.acting(email):
            self.user_id = principal().user_id
            self.api_token = accounts.make_token(principal().user_id)

    def get(self, path, **headers):
        return self.client.get(path, base_url=BASE, headers=named(headers))

    def post(self, path, data=None, **headers):
        sent = {**(data or {}), "_csrf": self.token}
        return self.client.post(path, data=sent, base_url=BASE, headers=named(headers))

    def api(self, method, path, body=None, **headers):
        """(status, JSON) that a program of this person gets."""
        answer = Client(self.client.application).open(
            f"/api/v1{path}", method=method, json=body, base_url=BASE,
            headers={"Authorization": f"Bearer {self.api_token}", **named(headers)},
        )  # fmt: skip
        return answer.status_code, answer.get_json(silent=True, force=True)


def named(headers):
    return {name.replace("_", "-"): value for name, value in headers.items()}


def token_in(answer):
    found = re.search(r'name="(?:_csrf|csrf)" (?:value|content)="([^"]+)"', answer.text)
    assert found is not None, answer.text[:1000]
    return found[1]
