"""Mailboxes on a real IMAP and SMTP server: what comes is taken in once, what is written goes out once."""

import email
import threading
import uuid
from datetime import timedelta
from email.policy import default

import pytest
import sqlalchemy as sa

from kumiko import find, transaction, utc_now
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker
from kumiko.records.models import ContractEvent
from kumiko_contracts.integrations import MESSAGE_FAILED, MESSAGE_SENT, Outgoing
from kumiko_integrations import mail_channel, polling
from kumiko_integrations.models import OUTBOX, Connection, Intake, Letter, Outbox
from kumiko_integrations.services import IntegrationsService

BROKEN = b"""From: =?utf-8?q?J=C3=B6rg?= <joerg@customer.example>
To: sales@example.test
Subject: =?iso-8859-1?q?Gr=FC=DFe?=
Content-Type: multipart/mixed; boundary="b"

--b
Content-Type: text/plain; charset=utf-8

K\xf6ln calls
--b
Content-Type: application/ms-tnef; name="winmail.dat"
Content-Transfer-Encoding: base64

!!!not base64!!!
"""
NO_ID = b"From: anna@customer.example\nSubject: no id\n\nHello"
HTML_ONLY = b"""From: html@customer.example
Message-ID: <html@customer.example>
Subject: html
Content-Type: text/html; charset=nonsense

<style>p {}</style><p>Only <b>this</b></p><script>alert(1)</script>"""
AWAY = b"From: a@customer.example\nMessage-ID: <away@x>\nAuto-Submitted: auto-replied\nSubject: away\n\nOn holiday"
BOUNCE = b"From: MAILER-DAEMON@elsewhere.example\nMessage-ID: <bounce@x>\nSubject: failed\n\nNo such user"
GARBAGE = b"\x00\xff\xfe not a mail at all \x80\x81"


@pytest.fixture
def name():
    """A user of the mail server that no other test has."""
    return f"u{uuid.uuid4().hex[:12]}"


def read(lab, connection_id):
    with lab.acting(), transaction():
        polling.poll_now(connection_id)
    lab.work()


def queue(lab, key="letter:1", who="root@example.com", **more):
    values = {"channel": "mail", "to": ("kim@customer.example",), "subject": "Offer", "text": "Dear Kim", **more}
    with lab.acting(who), transaction():
        return IntegrationsService().send(Outgoing(**values), key=key, message=("deals.message", 7))


def facts(lab):
    with lab.database.reader.connect() as connection:
        table = ContractEvent.__table__
        return [(row.name, row.payload) for row in connection.execute(sa.select(table).order_by(table.c.id))]


def sent_to(server, address):
    return [one for one in server.smtp.messages if address in one.recipients]


def test_mails_of_any_kind_come_in_once_each(lab, mail_server, name, monkeypatch):
    connection_id = lab.mailbox(mail_server, name)
    for raw in (BROKEN, NO_ID, NO_ID, HTML_ONLY, AWAY, BOUNCE, GARBAGE):
        mail_server.put(name, raw)
    monkeypatch.setattr("kumiko_integrations.imap.LARGEST_MESSAGE", 2_000_000)
    big = email.message.EmailMessage(policy=default)
    big["From"], big["Subject"], big["Message-ID"] = "big@customer.example", "plans", "<big@x>"
    big.set_content("See the plan")
    big.add_attachment(b"x" * 3_000_000, maintype="application", subtype="pdf", filename="plan.pdf")
    mail_server.put(name, big.as_bytes())
    read(lab, connection_id)
    read(lab, connection_id)
    found = {one.subject: one for one in lab.inquiries.received}
    assert len(lab.inquiries.received) == 7  # the two mails without an id are the same mail
    greeting = found["Grüße"]
    assert (greeting.sender.name, greeting.sender.email, greeting.text) == (
        "Jörg", "joerg@customer.example", "Köln calls",
    )  # fmt: skip
    assert [one.name for one in greeting.attachments] == ["winmail.dat"]
    assert (found["html"].text, found["no id"].external_id[:7], found["no id"].message_id) == (
        "Only this", "sha256:", "",
    )  # fmt: skip
    assert {subject for subject, one in found.items() if one.automatic} == {"away", "failed"}
    assert (found["plans"].attachments, "its beginning was fetched" in found["plans"].text) == ((), True)
    assert found["plans"].text.startswith("See the plan")
    assert {state for (state,) in lab.rows(Intake, "state")} == {"done"}
    assert lab.rows(Connection, "health", "last_error") == [("ok", None)]


def test_a_mailbox_goes_on_where_it_stopped_and_says_what_is_wrong(lab, mail_server, name, monkeypatch):
    connection_id = lab.mailbox(mail_server, name, begin_with="new")
    mail_server.put(name, b"From: old@x.example\nMessage-ID: <old@x>\n\nBefore")
    read(lab, connection_id)
    monkeypatch.setattr(mail_channel, "BATCH", 3)
    for number in range(8):
        mail_server.put(name, f"From: a@x.example\nMessage-ID: <n{number}@x>\nSubject: {number}\n\nText".encode())
    monkeypatch.setattr(polling, "TURN_S", 0.0)  # each job takes one batch and leaves the rest to the next
    read(lab, connection_id)
    assert sorted(one.subject for one in lab.inquiries.received) == [str(number) for number in range(8)]
    root = lab.person("root@example.com")
    page = root.get(f"/connections/{connection_id}/setup")
    assert (page.status_code, mail_server.password in page.text, "leave it empty to keep it" in page.text) == (
        200, False, True,
    )  # fmt: skip
    form = {"name": "Sales", "active": "true", "set-address": "x@y.example", "set-imap_host": mail_server.host,
            "set-imap_port": "1", "set-imap_security": "none"}  # fmt: skip
    assert root.post(f"/connections/{connection_id}/setup", form | {"set-imap_port": "99999"}).status_code == 422
    assert root.post(f"/connections/{connection_id}/setup", form).status_code == 303
    assert root.post(f"/connections/{connection_id}/check").status_code == 303
    ((health, why, since),) = lab.rows(Connection, "health", "last_error", "failing_since")
    assert (health, "cannot be reached" in why, since is not None) == ("failing", True, True)
    assert "cannot be reached" in root.get("/integrations").text


def test_a_mail_goes_out_once_lies_among_the_sent_ones_and_its_fact_is_stated(lab, mail_server, name):
    connection_id = lab.mailbox(mail_server, name, sender_name="Müller & Söhne")
    outbox_id = queue(lab, in_reply_to="<asked@customer.example>", references=("<first@customer.example>",),
                      to=(f"Kim <{name}@customer.example>", "no@customer.example"))  # fmt: skip
    mail_server.smtp.refuse("no@customer.example")
    assert queue(lab) == outbox_id
    lab.work()
    read(lab, connection_id)
    (mail,) = sent_to(mail_server, f"{name}@customer.example")
    assert (mail.message["From"], mail.message["References"]) == (
        f"Müller & Söhne <{mail_server.address(name)}>", "<first@customer.example> <asked@customer.example>",
    )  # fmt: skip
    assert lab.rows(Outbox, "state", "outside_id", "refused") == [
        ("sent", mail.message["Message-ID"], "no@customer.example: 550 5.1.1 No such mailbox")
    ]
    ((fact, payload),) = facts(lab)
    assert (fact, payload["message_id"], payload["refused"]) == (
        MESSAGE_SENT, 7, {"no@customer.example": "550 5.1.1 No such mailbox"},
    )  # fmt: skip
    assert lab.inquiries.received == []  # its own copy is no message from outside
    assert (mail_server.messages(name), len(mail_server.messages(name, "Sent"))) == ([], 1)
    with lab.acting():
        assert IntegrationsService().find_sent("letter:1").state == "sent"


def test_a_server_that_is_down_or_refuses_is_a_sentence_and_nothing_goes_twice(lab, smtp_server):
    with lab.acting(), pytest.raises(Exception, match="No account can send this"):
        assert not IntegrationsService().can_send("mail")
        with transaction():
            IntegrationsService().send(Outgoing(channel="mail", to=("a@b.example",)), key="x")

    class Server:
        host, password, smtp, imap_port = smtp_server.host, "", smtp_server, 1

        def address(self, name):
            return f"{name}@house.example"

        def make_mailbox(self, name):
            return None

    lab.mailbox(Server(), "sales", imap_host="")
    smtp_server.stop()
    down = queue(lab, "down")
    lab.work()
    ((state, error, attempts),) = lab.rows(Outbox, "state", "error", "attempts")
    assert (state, "cannot be reached" in error, attempts) == ("queued", True, 1)
    smtp_server.start()
    smtp_server.refuse("bad@customer.example")
    smtp_server.refuse("later@customer.example", "451 4.7.1 Greylisted")
    queue(lab, "bad", to=("bad@customer.example",))
    queue(lab, "partly", to=("ok@customer.example", "later@customer.example"))
    lab.work()
    lab.work(later=timedelta(minutes=2))
    states = dict(zip(("down", "bad", "partly"), lab.rows(Outbox, "state", "error"), strict=True))
    assert states["down"] == ("sent", None)
    assert (states["bad"][0], "550 5.1.1" in states["bad"][1]) == ("failed", True)
    assert (states["partly"][0], "451 4.7.1 Greylisted" in states["partly"][1]) == ("queued", True)
    smtp_server.refused.clear()
    lab.work(later=timedelta(hours=1))
    assert sorted(one.recipients for one in smtp_server.messages) == [
        ("kim@customer.example",), ("later@customer.example",), ("ok@customer.example",),
    ]  # fmt: skip
    assert [one for one, _payload in facts(lab)] == [MESSAGE_FAILED, MESSAGE_SENT, MESSAGE_SENT]
    root = lab.person("root@example.com")
    assert root.api("POST", f"/outbox/{down}/retry", {})[0] == 409  # it was sent
    assert "550 5.1.1" in root.get("/outbox").text


def killed_while(lab, monkeypatch, *, after_sending):
    """Send what is queued with a process that dies right after, or right before, the server said yes."""
    real = mail_channel.mail_sending.deliver

    def dying(*given, **more):
        if after_sending:
            real(*given, **more)
        raise KeyboardInterrupt  # as near to kill -9 as a thread comes: no handler of ours runs

    with monkeypatch.context() as patched:
        patched.setattr(mail_channel.mail_sending, "deliver", dying)
        with pytest.raises(KeyboardInterrupt):
            Worker(lab.host, threading.Event()).run_once()


@pytest.mark.parametrize("after_sending", [True, False])
def test_a_process_that_dies_while_sending_loses_nothing_and_sends_nothing_twice(
    lab, mail_server, name, monkeypatch, after_sending
):
    lab.mailbox(mail_server, name)
    address = f"{name}@customer.example"
    outbox_id = queue(lab, to=(address,))
    killed_while(lab, monkeypatch, after_sending=after_sending)
    assert lab.rows(Outbox, "state") == [("sending",)]
    lab.work()
    with lab.database.engine.begin() as connection:  # two minutes later
        connection.execute(sa.update(Letter.__table__).values(handed_at=utc_now() - timedelta(minutes=3)))
    lab.work(later=timedelta(minutes=5))
    assert lab.rows(Outbox, "state") == [("sent",)]
    assert len(sent_to(mail_server, address)) == 1
    with lab.acting():
        assert find(OUTBOX, outbox_id).get("outside_id") == sent_to(mail_server, address)[0].message["Message-ID"]


def test_without_a_mailbox_to_ask_a_person_says_what_became_of_it(lab, mail_server, name, monkeypatch):
    lab.mailbox(mail_server, name, imap_host="")
    address = f"{name}@customer.example"
    outbox_id = queue(lab, to=(address,))
    killed_while(lab, monkeypatch, after_sending=False)
    lab.work()
    assert lab.rows(Outbox, "state") == [("unsure",)]
    root = lab.person("root@example.com")
    assert "It did not arrive: send it again" in root.get(f"/outbox/{outbox_id}").text
    assert root.api("POST", f"/outbox/{outbox_id}/send_again", {})[0] == 200
    lab.work()
    assert (lab.rows(Outbox, "state"), len(sent_to(mail_server, address))) == ([("sent",)], 1)
    with lab.database.reader.connect() as connection:
        assert connection.execute(sa.select(job_table.c.id).where(job_table.c.status == "dead")).all() == []
