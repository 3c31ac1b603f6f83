"""The jobs: deliver one mail, and tidy up behind lost and old ones."""

from __future__ import annotations

from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Any

from sqlalchemy import delete, select, update

from kumiko.host.columns import utc_now
from kumiko.host.context import current
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.jobs import JobContext, external
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.jobs.proving import sends
from kumiko.mailing import proof
from kumiko.mailing import transport as ways
from kumiko.mailing.models import FAILED, QUEUED, SENT, attachments, mails
from kumiko.mailing.services import enqueue_sending
from kumiko.mailing.smtp import MailDelayed

#: Seconds until a delayed mail is tried again: soon at first, then hourly, two days in all.
PAUSES_S = (30, 120, 300, 900, 1800, *[3600] * 47)
KEPT_DAYS = 180


@sends(_l("Mails of the system"), sent=proof.sent)
@external
def send(job: JobContext) -> None:
    """Hand one mail over and write down what came of it.

    Killed in between, it is handed over a second time with the same Message-ID.
    """
    with job.prepare():
        row = trusted(select(mails).where(mails.c.id == job.payload["mail"])).mappings().one_or_none()
        if row is None or row["state"] != QUEUED:
            return
        attempts = row["attempts"] + 1
        try:
            transport = ways.read_transport()
            message = _message(row, transport)
        except KumikoError as fault:
            _note(row["id"], FAILED, fault.message, attempts)
            return
    try:
        delivery = ways.hand_over(transport, message)
    except MailDelayed as fault:
        with job.settle():
            _delay(row["id"], fault.message, attempts)
        return
    except KumikoError as fault:
        with job.settle():
            _note(row["id"], FAILED, fault.message, attempts)
        return
    with job.settle():
        _note(row["id"], SENT, "; ".join(delivery.refused.values()), attempts)


def tidy(job: JobContext) -> None:
    """Mails whose job was lost (its worker died each time, or it was dropped) have failed; old ones are forgotten."""
    waiting = trusted(select(mails.c.id, mails.c.job_id).where(mails.c.state == QUEUED)).all()
    coming = select(job_table.c.id).where(
        job_table.c.id.in_([row.job_id for row in waiting]), job_table.c.status.in_((READY, RUNNING))
    )
    alive = set(trusted(coming).scalars())
    for row in waiting:
        if row.job_id not in alive:
            _note(row.id, FAILED, _("It was given up: the background work that sends it was ended."), None)
    trusted(delete(mails).where(mails.c.made_at < utc_now() - timedelta(days=KEPT_DAYS), mails.c.state != QUEUED))


def _delay(mail_id: int, error: str, attempts: int) -> None:
    """Try again later, in a job of its own: a server that is down is no failure of the work."""
    if attempts > len(PAUSES_S):
        _note(mail_id, FAILED, error, attempts)
        return
    _note(mail_id, QUEUED, error, attempts)
    enqueue_sending(mail_id, run_at=utc_now() + timedelta(seconds=PAUSES_S[attempts - 1]))


def _note(mail_id: int, state: str, error: str, attempts: int | None) -> None:
    values: dict[str, Any] = {"state": state, "error": error[:2000], "at": utc_now()}
    if attempts is not None:
        values["attempts"] = attempts
    if state == SENT:
        values |= {"text": "", "html": ""}
        trusted(delete(attachments).where(attachments.c.mail_id == mail_id))
    key = trusted(update(mails).where(mails.c.id == mail_id).values(values).returning(mails.c.key)).scalar_one_or_none()
    generation = current().generation
    for tell in () if generation is None or key is None else generation.state.get("on_mail", ()):
        tell(key, state, error)  # (key, state, sentence): part of the same transaction


def _message(row: Any, transport: ways.Transport) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    local, _at, host = transport.sender.rpartition("@")
    message["From"] = Address(transport.sender_name, local, host)
    message["To"] = row["recipient"]
    message["Subject"] = row["subject"]
    message["Date"] = format_datetime(row["made_at"])
    message["Message-ID"] = row["message_id"]
    message["Auto-Submitted"] = "auto-generated"
    message["X-Kumiko-Key"] = " ".join(row["key"].split())
    message.set_content(row["text"])
    if row["html"]:
        message.add_alternative(row["html"], subtype="html")
    query = select(attachments).where(attachments.c.mail_id == row["id"]).order_by(attachments.c.position)
    for one in trusted(query).mappings():
        main, _slash, sub = (one["media_type"] or "application/octet-stream").partition("/")
        if main in ("text", "message", "multipart") or not sub:  # as they are: nobody recodes what was attached
            main, sub = "application", "octet-stream"
        message.add_attachment(one["content"], maintype=main, subtype=sub, filename=one["name"])
    return message
