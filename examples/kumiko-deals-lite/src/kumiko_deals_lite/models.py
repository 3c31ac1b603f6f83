"""Tables: other names, other columns' order and fewer of them than the module it stands in for."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, MinorUnits, PartMixin, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes
from kumiko_contracts.deals import DEAL, INTERACTION, LOST_REASON, OPEN, SOURCE

Base: Any = plugin_base("deals-lite")


class Opportunity(RecordMixin, Base):
    """A deal."""

    __tablename__ = "deals_lite_opportunity"
    __scope__ = Scope.record(DEAL)
    __table_args__ = (
        *record_indexes("deals_lite_opportunity"),
        Index("ix_deals_lite_opportunity_customer", "organization_id", "person_id"),
    )

    outcome: Mapped[str] = mapped_column(String(8), default=OPEN)
    closed_on: Mapped[date | None] = mapped_column(Date)
    lost_reason_id: Mapped[int | None] = mapped_column(Id)
    competitor: Mapped[str | None] = mapped_column(Text)
    organization_id: Mapped[int | None] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    amount_currency: Mapped[str | None] = mapped_column(String(3))
    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    opened_on: Mapped[date | None] = mapped_column(Date)
    expected_close_on: Mapped[date | None] = mapped_column(Date)
    next_step: Mapped[str | None] = mapped_column(Text)
    next_step_on: Mapped[date | None] = mapped_column(Date)
    source_id: Mapped[int | None] = mapped_column(Id)
    campaign: Mapped[str | None] = mapped_column(Text)


class Voice(PartMixin, Base):
    """A person who has a say in a deal."""

    __tablename__ = "deals_lite_voice"
    __scope__ = Scope.through(DEAL, "parent_id")

    role: Mapped[str | None] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(Id)


class Contact(RecordMixin, Base):
    """Something that was said or written."""

    __tablename__ = "deals_lite_contact"
    __scope__ = Scope.record(INTERACTION)
    __table_args__ = (
        *record_indexes("deals_lite_contact"),
        Index("ix_deals_lite_contact_deal", "deal_id", "started_at"),
    )

    deal_id: Mapped[int | None] = mapped_column(Id)
    person_id: Mapped[int | None] = mapped_column(Id)
    organization_id: Mapped[int | None] = mapped_column(Id)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(20), default="note")
    direction: Mapped[str] = mapped_column(String(10), default="none")
    duration_min: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[str | None] = mapped_column(Text)


class Attendee(PartMixin, Base):
    """A person who took part."""

    __tablename__ = "deals_lite_attendee"
    __scope__ = Scope.through(INTERACTION, "parent_id")

    person_id: Mapped[int | None] = mapped_column(Id)


class Origin(RecordMixin, Base):
    """Where a deal came from."""

    __tablename__ = "deals_lite_origin"
    __scope__ = Scope.record(SOURCE)

    archived: Mapped[bool] = mapped_column(Boolean, default=False)


class Reason(RecordMixin, Base):
    """Why a deal was lost."""

    __tablename__ = "deals_lite_reason"
    __scope__ = Scope.record(LOST_REASON)

    archived: Mapped[bool] = mapped_column(Boolean, default=False)
