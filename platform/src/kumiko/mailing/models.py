"""The tables of system mails."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, UtcDateTime, table_of
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

QUEUED, SENT, FAILED = "queued", "sent", "failed"
_REASON = "read through kumiko.mailing.services, which shows no texts"


class Base(DeclarativeBase):
    metadata = plugin_metadata("mailing")


class Mail(Base):
    """One mail. `key` names the occasion: the same occasion is written about once. Texts go once it is sent: they
    may hold links that let somebody in."""

    __tablename__ = "mailing_mail"
    __scope__ = Scope.internal(_REASON)
    __table_args__ = (Index("ix_mailing_mail_state", "state", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(String(200), unique=True)
    message_id: Mapped[str] = mapped_column(String(200))
    recipient: Mapped[str] = mapped_column(String(320))
    subject: Mapped[str] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    job_id: Mapped[int | None] = mapped_column(Id)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Attachment(Base):
    """A file of a mail."""

    __tablename__ = "mailing_attachment"
    __scope__ = Scope.internal(_REASON)

    mail_id: Mapped[int] = mapped_column(Id, ForeignKey("mailing_mail.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes] = mapped_column(LargeBinary)


mails: Table = table_of(Mail)
attachments: Table = table_of(Attachment)
