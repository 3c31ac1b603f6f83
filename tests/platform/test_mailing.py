"""System mail: queued with the change that wants it, delivered once, with a sentence for whatever goes wrong."""

import functools
import threading
from dataclasses import dataclass, replace
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
import sqlalchemy as sa

from kumiko import (
    Conflict,
    Invalid,
    MailDelayed,
    MailRefused,
    SmtpServer,
    deliver,
    find_system_mail,
    seal,
    send_system_mail,
    transaction,
    unseal,
)
from kumiko.host import settings
from kumiko.host.columns import utc_now
from kumiko.host.errors import ScopeError
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker
from kumiko.mailing import options, sending, services, transport
from kumiko_testing.mail import loopback_certificate, running_smtp_server
from kumiko_testing.records import open_house, prepare_database

CORE = ("kumiko.jobs", "kumiko.records", "kumiko.mailing", "kumiko.access")


@dataclass(frozen=True)
class File:
    name: str
    media_type: str
    content: bytes


class WorkerHost:
    def __init__(self, house):
        self.database, self.generation = house.database, house.generation

    def follow(self):
        return self.generation


@pytest.fixture
def house(clone_database, tmp_path):
    url = clone_database("mailing", functools.partial(prepare_database, core=CORE))
    made = open_house(url, tmp_path, CORE)
    yield made
    made.database.close()


def work_off(house):
    """Every job, also those that wait for a later moment."""
    worker = Worker(WorkerHost(house), threading.Event())
    while True:
        with house.database.engine.begin() as connection:
            soon = sa.update(job_table).where(job_table.c.status == "ready", job_table.c.name == services.JOB)
            connection.execute(soon.values(run_at=utc_now() - timedelta(seconds=1)))
        if not worker.run_once():
            return


def once(house):
    """One try of what is due now."""
    Worker(WorkerHost(house), threading.Event()).run_once()


def queue(house, key="k:1", to="ann@example.com", **more):
    with house.acting(), transaction():
        return send_system_mail(to, "Hello", "Dear Ann", key=key, **more)


def use_server(house, server):
    values = {"way": "server", "host": server.host, "port": server.port, "security": "none"}
    with house.acting():
        settings.put({f"mailing.{key}": value for key, value in values.items()})


def fate(house, key="k:1"):
    with house.acting():
        found = find_system_mail(key)
    return found.state, found.attempts, found.error


def test_a_mail_goes_out_with_its_transaction_once_per_key_into_the_folder(house, tmp_path):
    with pytest.raises(ZeroDivisionError), house.acting(), transaction():
        send_system_mail("ann@example.com", "Never", "x", key="rolled back")
        raise ZeroDivisionError
    files = [File("Invoice 7.pdf", "application/pdf", b"%PDF"), File("x.html", "text/html", b"<script>")]
    first = queue(house, html="<p>Dear Ann</p>", attachments=files)
    assert queue(house) == first
    work_off(house)
    assert fate(house) == ("sent", 1, "")
    (path,) = (tmp_path / "mail").iterdir()
    mail = message_from_bytes(path.read_bytes(), policy=default)
    assert (mail["To"], mail["Subject"], mail["From"]) == (
        "ann@example.com",
        "Hello",
        "Kumiko <kumiko@kumiko.localhost>",
    )
    assert mail["Message-ID"].strip("<>").replace("@", "_") + ".eml" == path.name
    assert [(one.get_filename(), one.get_content_type(), one.get_content()) for one in mail.iter_attachments()] == [
        ("Invoice 7.pdf", "application/pdf", b"%PDF"),
        ("x.html", "application/octet-stream", b"<script>"),
    ]
    with house.acting():
        assert find_system_mail("rolled back") is None
        with pytest.raises(ScopeError):
            send_system_mail("ann@example.com", "a", "b", key="outside of a transaction")
        for wrong in ("ann", "ann@example.com\nBcc: all@example.com", ""):
            with pytest.raises(Invalid), transaction():
                send_system_mail(wrong, "a", "b", key="wrong address")
        with transaction():
            kept = house.database.engine.connect().execute(sa.text("SELECT text, html FROM mailing_mail")).all()
    assert [tuple(row) for row in kept] == [("", "")]  # what was sent is not kept: it may let somebody in


def test_a_server_that_is_down_delays_and_one_that_says_no_ends_it(house, smtp_server):
    use_server(house, smtp_server)
    smtp_server.stop()
    queue(house)
    once(house)
    state, attempts, error = fate(house)
    assert (state, attempts) == ("queued", 1)
    assert error.startswith(f"The mail server 127.0.0.1:{smtp_server.port} cannot be reached: ")
    smtp_server.start()
    work_off(house)
    assert fate(house) == ("sent", 2, "")
    smtp_server.refuse("ann@example.com", "550 5.1.1 No such mailbox")
    queue(house, "k:2")
    work_off(house)
    assert fate(house, "k:2") == ("failed", 1, "ann@example.com: 550 5.1.1 No such mailbox")
    smtp_server.refused.clear()
    with house.acting():
        failed = find_system_mail("k:2").id
        services.send_again(failed)
        with pytest.raises(Conflict):
            services.send_again(failed)
    work_off(house)
    assert fate(house, "k:2") == ("sent", 1, "")
    assert [one.recipients for one in smtp_server.messages] == [("ann@example.com",)] * 2


def test_a_worker_that_dies_behind_the_server_sends_the_same_message_id_again(house, smtp_server, monkeypatch):
    use_server(house, smtp_server)
    queue(house)
    real = transport.hand_over

    def dies(*args):
        real(*args)
        raise KeyboardInterrupt

    monkeypatch.setattr(sending.ways, "hand_over", dies)
    with pytest.raises(KeyboardInterrupt):
        once(house)
    assert fate(house) == ("queued", 0, "")
    monkeypatch.setattr(sending.ways, "hand_over", real)
    work_off(house)
    assert fate(house) == ("sent", 1, "")
    assert len({one.message["Message-ID"] for one in smtp_server.messages}) == 1
    with house.database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE mailing_mail SET state = 'queued', job_id = 0"))
    with house.acting(), transaction():
        sending.tidy(None)
    assert fate(house) == ("failed", 1, "It was given up: the background work that sends it was ended.")


def test_a_secret_is_sealed_and_opens_with_its_own_key_only(house, tmp_path):
    with house.acting():
        sealed = seal("hunter2")
        assert "hunter2" not in sealed
        assert (unseal(sealed), seal(""), unseal("")) == ("hunter2", "", "")
        for wrong in (sealed[:-3] + "abc", "hunter2", "sealed:1:ä"):
            with pytest.raises(Conflict):
                unseal(wrong)
        settings.put({"mailing.way": "server", "mailing.host": "mail.example", "mailing.password": sealed})
        assert transport.read_transport().server.password == "hunter2"
        assert "hunter2" not in repr(transport.read_transport())
    object.__setattr__(house.generation, "config", replace(house.generation.config, secret_key="another key"))
    queue(house)
    work_off(house)
    assert fate(house)[:2] == ("failed", 1)
    assert "another secret key" in fate(house)[2]


def letter(*to):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@example.com", ", ".join(to), "Grüße"
    message.set_content("Guten Tag")
    return message


def server_at(server, **more):
    return SmtpServer(host=server.host, port=server.port, **{"security": server.security, **more})


def test_delivery_tells_refused_recipients_from_delayed_ones_and_from_a_refused_message(smtp_server):
    to = ["ann@example.com", "gone@example.com", "full@example.com"]
    smtp_server.refuse("gone@example.com", "550 Unknown")
    smtp_server.refuse("full@example.com", "452 Mailbox full")
    found = deliver(server_at(smtp_server), letter(*to))
    assert (dict(found.refused), dict(found.delayed)) == (
        {"gone@example.com": "550 Unknown"},
        {"full@example.com": "452 Mailbox full"},
    )
    assert [one.recipients for one in smtp_server.messages] == [("ann@example.com",)]
    with pytest.raises(MailRefused, match="gone@example.com: 550 Unknown"):
        deliver(server_at(smtp_server), letter("gone@example.com"))
    with pytest.raises(MailDelayed, match="452 Mailbox full"):
        deliver(server_at(smtp_server), letter(*to), recipients=list(found.delayed))
    for answer, kind in (("554 Looks like spam", MailRefused), ("451 Try later", MailDelayed)):
        smtp_server.fail_data = answer
        with pytest.raises(kind, match=answer):
            deliver(server_at(smtp_server), letter("ann@example.com"))
    smtp_server.fail_data = ""
    smtp_server.delay_s = 1.0
    with pytest.raises(MailDelayed, match="does not answer in time"):
        deliver(server_at(smtp_server), letter("ann@example.com"), timeout_s=0.2)
    with pytest.raises(MailRefused, match="does not offer"):
        deliver(server_at(smtp_server, security="starttls"), letter("ann@example.com"))
    smtp_server.stop()
    with pytest.raises(MailDelayed, match="cannot be reached"):
        deliver(server_at(smtp_server), letter("ann@example.com"))


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")  # it knows STARTTLS only
@pytest.mark.parametrize("security", ["starttls", "ssl"])
def test_delivery_is_protected_and_checks_whom_it_talks_to(security):
    with running_smtp_server(security=security, users={"ann": "right"}) as server:
        known = {"certificate": loopback_certificate(), "user": "ann", "password": "right"}
        deliver(server_at(server, **known), letter("ann@example.com"))
        assert [one.message.get_content() for one in server.messages] == ["Guten Tag\r\n"]
        with pytest.raises(MailRefused, match="does not accept user and password: 535"):
            deliver(server_at(server, **{**known, "password": "wrong"}), letter("ann@example.com"))
        with pytest.raises(MailRefused, match="No protected connection"):
            deliver(server_at(server, **{**known, "certificate": ""}), letter("ann@example.com"))
        assert len(server.messages) == 1


def test_options_keep_a_password_only_for_the_server_and_user_it_was_given_for(house):
    given = {"way": "server", "host": "mail.example", "port": "", "security": "ssl", "user": "ann", "sender": ""}
    with house.acting():
        settings.put(options.checked({**given, "password": "hunter2"}))
        kept = transport.read_transport().server
        assert (kept.host, kept.port, kept.security, kept.password) == ("mail.example", 465, "ssl", "hunter2")
        settings.put(options.checked({**given, "port": "2465", "password": ""}))
        assert (transport.read_transport().server.port, transport.read_transport().server.password) == (2465, "hunter2")
        settings.put(options.checked({**given, "host": "evil.example", "password": ""}))
        assert transport.read_transport().server.password == ""
        wrong = {"way": "x", "security": "y", "host": "a b", "port": "99999", "sender": "nobody", "user": "u" * 300}
        with pytest.raises(Invalid) as refused:
            options.checked(wrong)
        assert set(refused.value.errors) == {"way", "security", "port", "sender", "user"}
        with pytest.raises(Invalid) as refused:
            options.checked({**given, "host": "a b"})
        assert set(refused.value.errors) == {"host"}
