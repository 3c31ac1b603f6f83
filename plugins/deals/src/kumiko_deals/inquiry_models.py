"""Tables of what comes in: inquiries, leads, and the rules that give them to people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, JsonValue, MinorUnits, RecordMixin, Scope, UtcDateTime, record_indexes
from kumiko_contracts.inquiries import INQUIRY, LEAD, WAITING
from kumiko_deals.models import Base

RULE = "deals.assignment_rule"


class Origin:
    """Where a stranger came from: mixed into inquiries and, as their first touch, into leads."""

    channel: Mapped[str | None] = mapped_column(String(20))
    source_id: Mapped[int | None] = mapped_column(Id)
    campaign: Mapped[str | None] = mapped_column(String(200))
    utm_source: Mapped[str | None] = mapped_column(String(200))
    utm_medium: Mapped[str | None] = mapped_column(String(200))
    utm_term: Mapped[str | None] = mapped_column(String(200))
    utm_content: Mapped[str | None] = mapped_column(String(200))
    landing_page: Mapped[str | None] = mapped_column(String(1000))
    referrer: Mapped[str | None] = mapped_column(String(1000))
    language: Mapped[str | None] = mapped_column(String(20))


class Inquiry(RecordMixin, Origin, Base):
    """What came in, as it came in. Only what it was taken for changes: state, reason, lead, customer, owner, title."""

    __tablename__ = "deals_inquiry"
    __scope__ = Scope.record(INQUIRY)
    __table_args__ = (
        *record_indexes("deals_inquiry"),
        Index("uq_deals_inquiry_item", "account", "item_id", unique=True),
        Index("ix_deals_inquiry_state", "state", "received_at", "id"),
        Index("ix_deals_inquiry_channel", "channel", "state"),
        Index("ix_deals_inquiry_received", "received_at", "id"),
        Index("ix_deals_inquiry_lead", "lead_id"),
        Index("ix_deals_inquiry_person", "person_id", "id"),
        Index("ix_deals_inquiry_organization", "organization_id", "id"),
        Index("ix_deals_inquiry_fingerprint", "fingerprint", "received_at"),
        Index("ix_deals_inquiry_source", "source_id"),
    )

    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    account: Mapped[str | None] = mapped_column(String(80))
    item_id: Mapped[str | None] = mapped_column(String(500))
    fingerprint: Mapped[str | None] = mapped_column(String(64))
    sender_name: Mapped[str | None] = mapped_column(String(300))
    sender_email: Mapped[str | None] = mapped_column(String(254))
    sender_phone: Mapped[str | None] = mapped_column(String(40))
    sender_organization: Mapped[str | None] = mapped_column(String(300))
    sender_handle: Mapped[str | None] = mapped_column(String(300))
    body: Mapped[str | None] = mapped_column(Text)
    raw: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    reject_reason: Mapped[str | None] = mapped_column(String(300))
    remark: Mapped[str | None] = mapped_column(String(500))
    lead_id: Mapped[int | None] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)
    conversation_id: Mapped[int | None] = mapped_column(Id)


class Lead(RecordMixin, Origin, Base):
    """Somebody who may buy: contact data as loose text until the lead is converted into a customer and a deal."""

    __tablename__ = "deals_lead"
    __scope__ = Scope.record(LEAD)
    __table_args__ = (
        *record_indexes("deals_lead"),
        Index("ix_deals_lead_status", "status", "id"),
        Index("ix_deals_lead_email", "contact_email"),
        Index("ix_deals_lead_phone", "contact_phone"),
        Index("ix_deals_lead_due", "first_response_due_at", "id"),
        Index("ix_deals_lead_person", "person_id", "id"),
        Index("ix_deals_lead_organization", "organization_id", "id"),
        Index("ix_deals_lead_deal", "deal_id"),
        Index("ix_deals_lead_source", "source_id"),
        Index("ix_deals_lead_rule", "assigned_by_id"),
    )

    status: Mapped[str] = mapped_column(String(20), default="new")
    contact_name: Mapped[str | None] = mapped_column(String(300))
    contact_email: Mapped[str | None] = mapped_column(String(254))
    contact_phone: Mapped[str | None] = mapped_column(String(40))
    organization_name: Mapped[str | None] = mapped_column(String(300))
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)
    deal_id: Mapped[int | None] = mapped_column(Id)
    estimated_value_minor: Mapped[int | None] = mapped_column(MinorUnits)
    estimated_value_currency: Mapped[str | None] = mapped_column(String(3))
    score: Mapped[int | None] = mapped_column(Integer)
    score_parts: Mapped[str | None] = mapped_column(String(500))
    inquiry_id: Mapped[int | None] = mapped_column(Id)
    assigned_by_id: Mapped[int | None] = mapped_column(Id)
    assignment: Mapped[str | None] = mapped_column(String(500))
    first_response_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_responded_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_response_min: Mapped[int | None] = mapped_column(Integer)
    answered_late: Mapped[bool | None] = mapped_column(Boolean)
    converted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    disqualify_reason: Mapped[str | None] = mapped_column(String(300))
    description: Mapped[str | None] = mapped_column(Text)


class AssignmentRule(RecordMixin, Base):
    """Which new leads go to whom; the first rule in order whose conditions hold decides."""

    __tablename__ = "deals_assignment_rule"
    __scope__ = Scope.record(RULE)
    __table_args__ = (*record_indexes("deals_assignment_rule"), Index("ix_deals_assignment_rule_order", "position"))

    position: Mapped[int] = mapped_column(Integer, default=100)
    active: Mapped[bool] = mapped_column(Boolean, default=True)
    channels: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    source_id: Mapped[int | None] = mapped_column(Id)
    language: Mapped[str | None] = mapped_column(String(20))
    campaign: Mapped[str | None] = mapped_column(String(200))
    condition: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    way: Mapped[str] = mapped_column(String(20), default="round_robin")
    user_id: Mapped[int | None] = mapped_column(Id)
    group_id: Mapped[int | None] = mapped_column(Id)
    most_open: Mapped[int | None] = mapped_column(Integer)


class Turn(Base):
    """Whose turn it was: per rule, user id (as text) -> number of the turn they had last. Locked while one is given."""

    __tablename__ = "deals_turn"
    __scope__ = Scope.internal("whose turn it is, is nobody's record")

    rule_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, default=0)
    last: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class Receipt(Base):
    """What was taken in, by account and id there: the database refuses the second one, whichever process brings it."""

    __tablename__ = "deals_receipt"
    __scope__ = Scope.internal("a guard against receiving twice, is nobody's record")

    account: Mapped[str] = mapped_column(String(80), primary_key=True)
    item_id: Mapped[str] = mapped_column(String(500), primary_key=True)
