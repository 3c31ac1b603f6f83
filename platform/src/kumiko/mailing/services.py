"""Queuing a system mail, and asking what became of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko.host.columns import utc_now
from kumiko.host.context import current, transaction
from kumiko.host.errors import Conflict, Invalid, ScopeError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue
from kumiko.mailing.models import FAILED, QUEUED, mails
from kumiko.mailing.models import attachments as attachment_rows
from kumiko.mailing.transport import domain

JOB = "mailing.send"
LARGEST_MAIL = 20 * 1024 * 1024  # bytes of all attachments; most servers refuse more than 25 MB with the coding


class Attached(Protocol):
    """A file of a mail; `FileContent` of `read_file` is one."""

    @property
    def name(self) -> str: ...
    @property
    def media_type(self) -> str: ...
    @property
    def content(self) -> bytes: ...


@dataclass(frozen=True, kw_only=True)
class SystemMail:
    """What became of a mail. `state`: "queued", "sent" or "failed"; `at`: since when; `error`: a sentence."""

    id: int
    key: str
    to: str
    subject: str
    state: str
    at: datetime
    error: str
    attempts: int
    message_id: str


def send_system_mail(
    to: str, subject: str, text: str, *, html: str = "", key: str, attachments: Iterable[Attached] = ()
) -> int:
    """Id of a mail that is sent if, and only if, the open transaction commits.

    `key` names the occasion ("invitation:17"): with the same key nothing is added, and the first one's id is returned.
    Invalid for an address or a subject that no mail can have, and for attachments of more than 20 MB.
    """
    context = current()
    if not context.in_transaction:
        raise ScopeError("a mail is queued inside `with transaction()`, together with what it tells")
    files = list(attachments)
    now = utc_now()
    row = {
        "key": _checked_key(key), "message_id": message_id_of(key), "recipient": checked_address(to),
        "subject": _one_line(subject)[:500], "text": text, "html": html, "state": QUEUED, "attempts": 0, "error": "",
        "job_id": None, "made_at": now, "at": now,
    }  # fmt: skip
    size = sum(len(one.content) for one in files)
    if size > LARGEST_MAIL:
        raise Invalid(_("The attachments are too large: at most %(most)d MB together, found %(found)d MB.",
                        most=LARGEST_MAIL // 1024**2, found=-(-size // 1024**2)))  # fmt: skip
    dialect = sqlite if context.database.is_sqlite else postgresql
    made = trusted(
        dialect.insert(mails).values(row).on_conflict_do_nothing(index_elements=["key"]).returning(mails.c.id)
    ).scalar_one_or_none()
    if made is None:
        return int(trusted(select(mails.c.id).where(mails.c.key == key)).scalar_one())
    _keep_files(int(made), files)
    enqueue_sending(int(made))
    return int(made)


def find_system_mail(key: str) -> SystemMail | None:
    """The mail about an occasion, or None when none was queued."""
    row = trusted(select(mails).where(mails.c.key == key)).mappings().one_or_none()
    return None if row is None else _view(row)


def newest_mails(limit: int = 50) -> list[SystemMail]:
    """The newest mails; never their texts, which may let somebody in. The page asks for the right."""
    query = select(mails).order_by(mails.c.id.desc()).limit(min(limit, 200))
    return [_view(row) for row in trusted(query).mappings()]


def send_again(mail_id: int) -> None:
    """Queue a mail that failed once more; Conflict when it did not fail."""
    with transaction():
        done = trusted(
            update(mails)
            .where(mails.c.id == mail_id, mails.c.state == FAILED)
            .values(state=QUEUED, error="", attempts=0, at=utc_now())
        )
        if done.rowcount == 0:
            raise Conflict(_("This mail has not failed; only failed ones are sent again."))
        enqueue_sending(mail_id)


def message_id_of(key: str) -> str:
    """The Message-ID of a mail: the same for the same occasion, so that a second copy is recognised."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain()}>"


def enqueue_sending(mail_id: int, *, run_at: datetime | None = None) -> None:
    """The job that hands a mail over, now or not before `run_at`."""
    job_id = enqueue(JOB, {"mail": mail_id}, run_at=run_at)
    trusted(update(mails).where(mails.c.id == mail_id).values(job_id=job_id))


def _keep_files(mail_id: int, files: list[Attached]) -> None:
    rows = [
        {
            "mail_id": mail_id, "position": position, "name": _one_line(one.name)[:200] or "file",
            "media_type": one.media_type[:100], "content": one.content,
        }
        for position, one in enumerate(files)
    ]  # fmt: skip
    if rows:
        trusted(insert(attachment_rows), rows)


def _checked_key(key: str) -> str:
    if not key or len(key) > 200:
        raise ScopeError("a mail needs a key of at most 200 characters that names its occasion")
    return key


def checked_address(address: str) -> str:
    """An e-mail address in its usual form; Invalid with a sentence."""
    try:
        return validate_email(address.strip(), check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError:
        raise Invalid(
            _("%(found)r is no e-mail address; wanted one such as ann@example.com", found=address[:80]),
            {"to": [_("%(found)r is no e-mail address; wanted one such as ann@example.com", found=address[:80])]},
        ) from None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _view(row: Any) -> SystemMail:
    names = ("id", "key", "subject", "state", "at", "error", "attempts", "message_id")
    return SystemMail(**{name: row[name] for name in names}, to=row["recipient"])
