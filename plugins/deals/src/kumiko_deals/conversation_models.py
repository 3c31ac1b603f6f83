"""Tables of what is said with customers: conversations and their messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, RecordMixin, Scope, UtcDateTime, record_indexes
from kumiko_contracts.inquiries import CONVERSATION, MESSAGE
from kumiko_deals.models import Base


class Conversation(RecordMixin, Base):
    """A thread of messages with a customer over one channel. Its owner is whoever answers it."""

    __tablename__ = "deals_conversation"
    __scope__ = Scope.record(CONVERSATION)
    __table_args__ = (
        *record_indexes("deals_conversation"),
        Index("ix_deals_conversation_thread", "account", "thread"),
        Index("ix_deals_conversation_deal", "deal_id", "last_message_at"),
        Index("ix_deals_conversation_lead", "lead_id", "last_message_at"),
        Index("ix_deals_conversation_person", "person_id", "last_message_at"),
        Index("ix_deals_conversation_organization", "organization_id", "last_message_at"),
        Index("ix_deals_conversation_inquiry", "inquiry_id"),
        Index("ix_deals_conversation_state", "state", "last_message_at", "id"),
    )

    channel: Mapped[str] = mapped_column(String(20))
    account: Mapped[str | None] = mapped_column(String(80))
    thread: Mapped[str | None] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(10), default="open")
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)
    lead_id: Mapped[int | None] = mapped_column(Id)
    deal_id: Mapped[int | None] = mapped_column(Id)
    inquiry_id: Mapped[int | None] = mapped_column(Id)
    participant: Mapped[str | None] = mapped_column(String(300))
    first_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_message_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Message(RecordMixin, Base):
    """One message of a conversation. It names the conversation's records, so that it stands in their timelines."""

    __tablename__ = "deals_message"
    __scope__ = Scope.record(MESSAGE)
    __table_args__ = (
        *record_indexes("deals_message"),
        Index("uq_deals_message_item", "account", "item_id", unique=True),
        Index("uq_deals_message_key", "key", unique=True),
        Index("ix_deals_message_conversation", "conversation_id", "happened_at", "id"),
        Index("ix_deals_message_deal", "deal_id", "happened_at", "id"),
        Index("ix_deals_message_lead", "lead_id", "happened_at", "id"),
        Index("ix_deals_message_person", "person_id", "happened_at", "id"),
        Index("ix_deals_message_organization", "organization_id", "happened_at", "id"),
        Index("ix_deals_message_message_id", "message_id"),
    )

    conversation_id: Mapped[int] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)
    lead_id: Mapped[int | None] = mapped_column(Id)
    deal_id: Mapped[int | None] = mapped_column(Id)
    channel: Mapped[str] = mapped_column(String(20))
    direction: Mapped[str] = mapped_column(String(10), default="in")
    sender: Mapped[str | None] = mapped_column(String(300))
    sender_address: Mapped[str | None] = mapped_column(String(300))
    recipients: Mapped[str | None] = mapped_column(Text)
    copies: Mapped[str | None] = mapped_column(Text)
    body: Mapped[str | None] = mapped_column(Text)
    html: Mapped[str | None] = mapped_column(Text)
    message_id: Mapped[str | None] = mapped_column(String(500))
    in_reply_to: Mapped[str | None] = mapped_column(String(500))
    reference_ids: Mapped[str | None] = mapped_column(Text)
    account: Mapped[str | None] = mapped_column(String(80))
    item_id: Mapped[str | None] = mapped_column(String(500))
    key: Mapped[str | None] = mapped_column(String(200))
    delivery: Mapped[str] = mapped_column(String(10), default="received")
    error: Mapped[str | None] = mapped_column(String(1000))
    automatic: Mapped[bool] = mapped_column(Boolean, default=False)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
