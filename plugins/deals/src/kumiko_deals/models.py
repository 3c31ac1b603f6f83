"""Tables of deals, interactions and their dictionaries."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, MinorUnits, PartMixin, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes

DEAL, INTERACTION = "deals.deal", "deals.interaction"
SOURCE, LOST_REASON = "deals.source", "deals.lost_reason"
OPEN, WON, LOST = "open", "won", "lost"

Base: Any = plugin_base("deals")


class Deal(RecordMixin, Base):
    """A sale in the making, or made, or lost. `outcome` is the truth; the actions win, lose and reopen change it."""

    __tablename__ = "deals_deal"
    __scope__ = Scope.record(DEAL)
    __table_args__ = (
        *record_indexes("deals_deal"),
        Index("ix_deals_deal_outcome", "outcome", "expected_close_on", "id"),
        Index("ix_deals_deal_organization", "organization_id", "id"),
        Index("ix_deals_deal_person", "person_id", "id"),
        Index("ix_deals_deal_amount", "amount_minor", "id"),
        Index("ix_deals_deal_source", "source_id"),
        Index("ix_deals_deal_lost_reason", "lost_reason_id"),
    )

    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    amount_currency: Mapped[str | None] = mapped_column(String(3))
    organization_id: Mapped[int | None] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    source_id: Mapped[int | None] = mapped_column(Id)
    campaign: Mapped[str | None] = mapped_column(String(200))
    expected_close_on: Mapped[date | None] = mapped_column(Date)
    opened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    outcome: Mapped[str] = mapped_column(String(10), default=OPEN)
    lost_reason_id: Mapped[int | None] = mapped_column(Id)
    competitor: Mapped[str | None] = mapped_column(String(200))
    next_step: Mapped[str | None] = mapped_column(String(300))
    next_step_on: Mapped[date | None] = mapped_column(Date)
    description: Mapped[str | None] = mapped_column(Text)


class Participant(PartMixin, Base):
    """A person who has a say in a deal, and which."""

    __tablename__ = "deals_deal_participant"
    __scope__ = Scope.through(DEAL, "parent_id")

    person_id: Mapped[int | None] = mapped_column(Id, index=True)
    role: Mapped[str | None] = mapped_column(String(20))


class Interaction(RecordMixin, Base):
    """Something that was said or written: a note, call, meeting or mail. `name` is its subject."""

    __tablename__ = "deals_interaction"
    __scope__ = Scope.record(INTERACTION)
    __table_args__ = (
        *record_indexes("deals_interaction"),
        Index("ix_deals_interaction_deal", "deal_id", "started_at", "id"),
        Index("ix_deals_interaction_lead", "lead_id", "started_at", "id"),
        Index("ix_deals_interaction_person", "person_id", "started_at", "id"),
        Index("ix_deals_interaction_organization", "organization_id", "started_at", "id"),
        Index("ix_deals_interaction_started", "started_at", "id"),
    )

    kind: Mapped[str] = mapped_column(String(20), default="note")
    direction: Mapped[str] = mapped_column(String(10), default="none")
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    duration_min: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[str | None] = mapped_column(Text)
    deal_id: Mapped[int | None] = mapped_column(Id)
    lead_id: Mapped[int | None] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)


class InteractionParticipant(PartMixin, Base):
    """A person who took part."""

    __tablename__ = "deals_interaction_participant"
    __scope__ = Scope.through(INTERACTION, "parent_id")

    person_id: Mapped[int | None] = mapped_column(Id, index=True)


class Mention(PartMixin, Base):
    """A colleague named in the text with @."""

    __tablename__ = "deals_interaction_mention"
    __scope__ = Scope.through(INTERACTION, "parent_id")

    user_id: Mapped[int | None] = mapped_column(Id, index=True)


class Source(RecordMixin, Base):
    """Where a deal came from: a value of a list."""

    __tablename__ = "deals_source"
    __scope__ = Scope.record(SOURCE)

    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    channel: Mapped[str | None] = mapped_column(String(20))


class LostReason(RecordMixin, Base):
    """Why a deal was lost: a value of a list."""

    __tablename__ = "deals_lost_reason"
    __scope__ = Scope.record(LOST_REASON)

    archived: Mapped[bool] = mapped_column(Boolean, default=False)
