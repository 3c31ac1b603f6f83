"""Tables of connections, forms, what came in, what goes out, and templates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, JsonValue, PartMixin, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes

CONNECTION, FORM, TEMPLATE = "integrations.connection", "integrations.form", "integrations.template"
INTAKE, OUTBOX = "integrations.intake", "integrations.outbox"
#: States of what came in. taken in + failed + waiting + set aside = came in, per channel, always.
NEW, WAITING, DONE, FAILED, ASIDE = "new", "waiting", "done", "failed", "aside"
#: States of what goes out. UNSURE: handed over when the process died, and nobody could say whether it arrived.
QUEUED, SENDING, SENT, UNSURE, CANCELLED = "queued", "sending", "sent", "unsure", "cancelled"
MANAGE = "integrations.manage"

Base: Any = plugin_base("integrations")


class Connection(RecordMixin, Base):
    """An account of a channel: a mailbox, a bot of a messenger, an address for web hooks."""

    __tablename__ = "integrations_connection"
    __scope__ = Scope.record(CONNECTION)
    __table_args__ = (*record_indexes("integrations_connection"), Index("ix_integrations_connection_key", "key"))

    channel: Mapped[str] = mapped_column(String(80))
    key: Mapped[str | None] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    whose_id: Mapped[int | None] = mapped_column(Id)
    usual: Mapped[bool | None] = mapped_column(Boolean)
    settings: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    health: Mapped[str | None] = mapped_column(String(10))
    last_error: Mapped[str | None] = mapped_column(String(500))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AccountState(Base):
    """How far a connection has been read, and when it last worked: changes every minute, so it is in no journal."""

    __tablename__ = "integrations_account"
    __scope__ = Scope.internal("kept by the jobs that read connections")

    connection_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    cursor: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    busy_until: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Secret(Base):
    """A password or token, sealed with a key that is made from the installation's own; never shown again."""

    __tablename__ = "integrations_secret"
    __scope__ = Scope.internal("opened by the jobs that need it")

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    sealed: Mapped[str] = mapped_column(Text)
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Form(RecordMixin, Base):
    """A form for web sites."""

    __tablename__ = "integrations_form"
    __scope__ = Scope.record(FORM)
    __table_args__ = (*record_indexes("integrations_form"), Index("ix_integrations_form_key", "key", unique=True))

    key: Mapped[str] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    intro: Mapped[str | None] = mapped_column(Text)
    submit_label: Mapped[str | None] = mapped_column(String(80))
    thanks: Mapped[str | None] = mapped_column(Text)
    redirect_url: Mapped[str | None] = mapped_column(String(500))
    consent: Mapped[str | None] = mapped_column(Text)
    origins: Mapped[str | None] = mapped_column(Text)
    source: Mapped[str | None] = mapped_column(String(200))
    campaign: Mapped[str | None] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(10))
    honeypot: Mapped[bool | None] = mapped_column(Boolean)
    least_s: Mapped[int | None] = mapped_column(Integer)


class FormField(PartMixin, Base):
    """One question of a form, and what its answer is."""

    __tablename__ = "integrations_form_field"
    __scope__ = Scope.through(FORM, "parent_id")

    label: Mapped[str | None] = mapped_column(String(200))
    means: Mapped[str | None] = mapped_column(String(20))
    required: Mapped[bool | None] = mapped_column(Boolean)
    options: Mapped[str | None] = mapped_column(Text)


class Intake(RecordMixin, Base):
    """One thing that came in, as it came, and what became of it."""

    __tablename__ = "integrations_intake"
    __scope__ = Scope.record(INTAKE)
    __table_args__ = (
        *record_indexes("integrations_intake"),
        Index("ix_integrations_intake_state", "state", "id"),
        Index("ix_integrations_intake_channel", "channel", "state"),
    )

    channel: Mapped[str] = mapped_column(String(80))
    account: Mapped[str] = mapped_column(String(120))
    outside_id: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(10), default=NEW)
    attempts: Mapped[int | None] = mapped_column(Integer)
    error: Mapped[str | None] = mapped_column(String(1000))
    bytes: Mapped[int | None] = mapped_column(Integer)
    result: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Raw(Base):
    """What came in, byte by byte, with what the transport said about it; read through its intake only."""

    __tablename__ = "integrations_raw"
    __scope__ = Scope.internal("shown on the card of its intake")
    __table_args__ = (Index("ix_integrations_raw_once", "account", "digest", unique=True),)

    intake_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[Any] = mapped_column(LargeBinary)
    meta: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Hit(Base):
    """How often an address of the internet has asked within the present window."""

    __tablename__ = "integrations_hit"
    __scope__ = Scope.internal("counted by the addresses that strangers may reach")

    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    hits: Mapped[int] = mapped_column(Integer)


class Outbox(RecordMixin, Base):
    """One message to the outside, and what became of it."""

    __tablename__ = "integrations_outbox"
    __scope__ = Scope.record(OUTBOX)
    __table_args__ = (
        *record_indexes("integrations_outbox"),
        Index("ix_integrations_outbox_state", "state", "next_try_at"),
    )

    channel: Mapped[str] = mapped_column(String(20))
    connection_id: Mapped[int | None] = mapped_column(Id)
    recipients: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10), default=QUEUED)
    attempts: Mapped[int | None] = mapped_column(Integer)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outside_id: Mapped[str | None] = mapped_column(String(300))
    error: Mapped[str | None] = mapped_column(String(1000))
    refused: Mapped[str | None] = mapped_column(Text)
    automatic: Mapped[bool | None] = mapped_column(Boolean)


class Letter(Base):
    """What a message to the outside consists of, the key that makes it one of a kind, and when it was handed over."""

    __tablename__ = "integrations_letter"
    __scope__ = Scope.internal("kept by the job that sends it")

    outbox_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    payload: Mapped[Any] = mapped_column(JsonValue)
    handed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Template(RecordMixin, Base):
    """A text that is sent again and again, with placeholders."""

    __tablename__ = "integrations_template"
    __scope__ = Scope.record(TEMPLATE)
    __table_args__ = record_indexes("integrations_template")

    channel: Mapped[str | None] = mapped_column(String(20))
    language: Mapped[str | None] = mapped_column(String(10))
    about: Mapped[str | None] = mapped_column(String(80))
    subject: Mapped[str | None] = mapped_column(String(300))
    body: Mapped[str | None] = mapped_column(Text)
    archived: Mapped[bool | None] = mapped_column(Boolean)


WEBHOOK = "integrations.webhook"
DELIVERED = "delivered"


class Webhook(RecordMixin, Base):
    """An address that is told of what happens, with the rights of a stated user."""

    __tablename__ = "integrations_webhook"
    __scope__ = Scope.record(WEBHOOK)
    __table_args__ = record_indexes("integrations_webhook")

    url: Mapped[str | None] = mapped_column(String(500))
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    events: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    only: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    only_fields: Mapped[str | None] = mapped_column(String(500))
    acts_as_id: Mapped[int | None] = mapped_column(Id)
    health: Mapped[str | None] = mapped_column(String(10))
    last_error: Mapped[str | None] = mapped_column(String(500))
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Feed(Base):
    """How far a web hook knows the journal."""

    __tablename__ = "integrations_feed"
    __scope__ = Scope.internal("kept by the job that reads the journal")

    webhook_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    cursor: Mapped[Any] = mapped_column(JsonValue)


class Delivery(Base):
    """One call of a web hook: what it says, how often it was tried, what the other side answered."""

    __tablename__ = "integrations_delivery"
    __scope__ = Scope.internal("shown on the page of its web hook")
    __table_args__ = (
        Index("ix_integrations_delivery_hook", "webhook_id", "id"),
        Index("ix_integrations_delivery_state", "state", "next_try_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    webhook_id: Mapped[int] = mapped_column(Id)
    event: Mapped[str] = mapped_column(String(160))
    title: Mapped[str] = mapped_column(String(300))
    href: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int] = mapped_column(Integer)
    status: Mapped[int | None] = mapped_column(Integer)
    response: Mapped[str | None] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_try_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


CHAT = "integrations.chat"


class ChatSession(Base):
    """A visitor at the chat of a web site; `word` is its name in messages, its token is known by a digest only."""

    __tablename__ = "integrations_chat_session"
    __scope__ = Scope.internal("read by the visitor who holds its token, and as messages by everybody else")
    __table_args__ = (
        Index("ix_integrations_chat_session_word", "word", unique=True),
        Index("ix_integrations_chat_session_idle", "state", "seen_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    connection_id: Mapped[int] = mapped_column(Id)
    word: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200), default="")
    contact: Mapped[str] = mapped_column(String(200), default="")
    page: Mapped[str] = mapped_column(String(500), default="")
    referrer: Mapped[str] = mapped_column(String(500), default="")
    begun_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ChatLine(Base):
    """One line of a chat. `who`: visitor, bot or person; `key` makes it one of a kind."""

    __tablename__ = "integrations_chat_line"
    __scope__ = Scope.internal("read with its session")
    __table_args__ = (
        Index("ix_integrations_chat_line_session", "session_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    session_id: Mapped[int] = mapped_column(Id)
    who: Mapped[str] = mapped_column(String(10))
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    key: Mapped[str] = mapped_column(String(80), unique=True)
