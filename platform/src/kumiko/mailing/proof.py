"""For the leak test: everything that was mailed to somebody by the system."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from kumiko.host.context import principal
from kumiko.host.scoping import trusted
from kumiko.mailing.models import attachments, mails


def sent() -> Iterator[str]:
    """Mails to the acting person's own address, with their attachments."""
    mine = func.lower(mails.c.recipient) == principal().email.lower()
    for row in trusted(select(mails.c.subject, mails.c.text, mails.c.html).where(mine)):
        yield f"{row.subject}\n{row.text}\n{row.html}"
    query = select(attachments.c.name, attachments.c.content).join(mails, mails.c.id == attachments.c.mail_id)
    for row in trusted(query.where(mine)):
        yield f"{row.name}\n{row.content.decode('utf-8', 'replace')}"
