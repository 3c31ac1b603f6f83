"""Tables of pipelines, stages and approvals, what sales adds to a deal, and what counts and locks documents.

Tables of products, documents, payments and goals follow from their record types (`products.py`, `documents.py`...).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Date, Float, Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kumiko import Id, JsonValue, MinorUnits, PartMixin, RecordMixin, Scope, UtcDateTime, plugin_base, record_indexes
from kumiko_contracts import sales as contract
from kumiko_contracts.deals import DEAL, LOST, OPEN, WON

BOARD, FIGURES, APPROVALS = "sales.board", "sales.figures", "sales.approvals"  # features, by their full key
PIPELINE, STAGE, APPROVAL = "sales.pipeline", "sales.stage", "sales.approval"
PRODUCT, TAX_RATE, PAYMENT = contract.PRODUCT, contract.TAX_RATE, contract.PAYMENT
QUOTE, ORDER, INVOICE = contract.QUOTE, contract.ORDER, contract.INVOICE
TEMPLATE = "sales.document_template"
DRAFT = "draft"
SENT, ACCEPTED, DECLINED_QUOTE = "sent", "accepted", "declined"  # of quotes
CONFIRMED, DELIVERED, CANCELLED = "confirmed", "delivered", "cancelled"  # of orders
ISSUED, PART_PAID, PAID = "issued", "part_paid", "paid"  # of invoices
UNPAID = (ISSUED, PART_PAID)
KINDS = (OPEN, WON, LOST)
ASKED, APPROVED, DECLINED, USED = "asked", "approved", "declined", "used"

Base: Any = plugin_base("sales")


class Pipeline(RecordMixin, Base):
    """A way that deals go, in stages."""

    __tablename__ = "sales_pipeline"
    __scope__ = Scope.record(PIPELINE)

    position: Mapped[int | None] = mapped_column(Integer)
    is_default: Mapped[bool] = mapped_column(Boolean, default=False)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)


class PipelineTeam(PartMixin, Base):
    """A team that works in a pipeline; a pipeline without any is everybody's."""

    __tablename__ = "sales_pipeline_team"
    __scope__ = Scope.through(PIPELINE, "parent_id")

    team_id: Mapped[int | None] = mapped_column(Id)


class Stage(RecordMixin, Base):
    """A step of a pipeline, and what must be there before a deal may take it."""

    __tablename__ = "sales_stage"
    __scope__ = Scope.record(STAGE)
    __table_args__ = (Index("ix_sales_stage_pipeline", "pipeline_id", "position"),)

    pipeline_id: Mapped[int | None] = mapped_column(Id)
    position: Mapped[int | None] = mapped_column(Integer)
    kind: Mapped[str] = mapped_column(String(10), default=OPEN)
    probability: Mapped[int | None] = mapped_column(Integer)
    hue: Mapped[str | None] = mapped_column(String(10))
    wip_limit: Mapped[int | None] = mapped_column(Integer)
    max_idle_days: Mapped[int | None] = mapped_column(Integer)
    max_days: Mapped[int | None] = mapped_column(Integer)
    needs_next_step: Mapped[bool] = mapped_column(Boolean, default=False)
    needs_fields: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    role_id: Mapped[int | None] = mapped_column(Id)
    approver_role_id: Mapped[int | None] = mapped_column(Id)
    archived: Mapped[bool] = mapped_column(Boolean, default=False)
    merged_into_id: Mapped[int | None] = mapped_column(Id)


class Approval(RecordMixin, Base):
    """Somebody asked whether a deal may enter a stage, and what was answered."""

    __tablename__ = "sales_approval"
    __scope__ = Scope.record(APPROVAL)
    __table_args__ = (*record_indexes("sales_approval"), Index("ix_sales_approval_deal", "deal_id", "stage_id"))

    deal_id: Mapped[int | None] = mapped_column(Id)
    stage_id: Mapped[int | None] = mapped_column(Id)
    state: Mapped[str] = mapped_column(String(10), default=ASKED)
    note: Mapped[str | None] = mapped_column(String(500))


class DealSide(Base):
    """What sales adds to a deal, with copies of what boards, sums and rights ask of the deal itself."""

    __tablename__ = "sales_deal"
    __scope__ = Scope.through(DEAL, "record_id")
    __table_args__ = (
        Index("ix_sales_deal_stage_position", "stage_id", "position", "record_id"),
        Index(  # cards in their order, and behind them what is summed of one's own
            "ix_sales_deal_owner_stage", "owner_id", "stage_id", "position", "record_id", "pipeline_id",
            "amount_currency", "amount_minor", "probability", "deleted_at",
        ),
        Index(
            "ix_sales_deal_totals", "pipeline_id", "stage_id", "amount_currency", "owner_id", "team_id",
            "amount_minor", "probability", "deleted_at",
        ),
        Index("ix_sales_deal_entered", "stage_entered_at", "record_id"),
        Index("ix_sales_deal_probability", "probability", "record_id"),
        Index("ix_sales_deal_opened", "pipeline_id", "opened_on", "record_id"),
        Index("ix_sales_deal_closed", "pipeline_id", "closed_on", "record_id"),
    )  # fmt: skip

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    pipeline_id: Mapped[int | None] = mapped_column(Id)
    stage_id: Mapped[int | None] = mapped_column(Id)
    probability: Mapped[int | None] = mapped_column(Integer)
    sales_own_probability: Mapped[bool | None] = mapped_column(Boolean)
    stage_entered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    position: Mapped[float | None] = mapped_column(Float(53))
    forecast_category: Mapped[str | None] = mapped_column(String(20))
    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    amount_currency: Mapped[str | None] = mapped_column(String(3))
    outcome: Mapped[str | None] = mapped_column(String(10))
    expected_close_on: Mapped[date | None] = mapped_column(Date)
    opened_on: Mapped[date | None] = mapped_column(Date)
    closed_on: Mapped[date | None] = mapped_column(Date)
    owner_id: Mapped[int | None] = mapped_column(Id)
    team_id: Mapped[int | None] = mapped_column(Id)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Stay(Base):
    """A deal's time in a stage: a reading of the journal, kept by the record service whatever the way in."""

    __tablename__ = "sales_stay"
    __scope__ = Scope.through(DEAL, "deal_id")
    __table_args__ = (
        Index("ix_sales_stay_deal", "deal_id", "id"),
        Index("ix_sales_stay_stage", "stage_id", "entered_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    deal_id: Mapped[int] = mapped_column(Id)
    pipeline_id: Mapped[int | None] = mapped_column(Id)
    stage_id: Mapped[int] = mapped_column(Id)
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime)
    left_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unit_id: Mapped[int] = mapped_column(Id)
    by_id: Mapped[int | None] = mapped_column(Id)
    via: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    amount_currency: Mapped[str | None] = mapped_column(String(3))
    probability: Mapped[int | None] = mapped_column(Integer)


class DealLine(PartMixin, Base):
    """A line of a deal: what is offered, before there is a document."""

    __tablename__ = "sales_deal_line"
    __scope__ = Scope.through(DEAL, "parent_id")

    product_id: Mapped[int | None] = mapped_column(Id)
    text: Mapped[str | None] = mapped_column(String(500))
    quantity: Mapped[float | None] = mapped_column(Float(53))
    unit: Mapped[str | None] = mapped_column(String(20))
    price_minor: Mapped[int | None] = mapped_column(MinorUnits)
    price_currency: Mapped[str | None] = mapped_column(String(3))
    discount_percent: Mapped[float | None] = mapped_column(Float(53))
    discount_amount_minor: Mapped[int | None] = mapped_column(MinorUnits)
    discount_amount_currency: Mapped[str | None] = mapped_column(String(3))
    tax_rate_id: Mapped[int | None] = mapped_column(Id)
    tax_percent: Mapped[float | None] = mapped_column(Float(53))
    net_minor: Mapped[int | None] = mapped_column(MinorUnits)
    net_currency: Mapped[str | None] = mapped_column(String(3))
    tax_minor: Mapped[int | None] = mapped_column(MinorUnits)
    tax_currency: Mapped[str | None] = mapped_column(String(3))
    gross_minor: Mapped[int | None] = mapped_column(MinorUnits)
    gross_currency: Mapped[str | None] = mapped_column(String(3))


class Series(Base):
    """The last number taken of a kind of document in a year; its row is the lock that makes numbers gapless."""

    __tablename__ = "sales_series"
    __scope__ = Scope.internal("numbers are taken by the rules of documents only")

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    year: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(Integer, default=0)


class MadeOnce(Base):
    """A key under which an invoice was asked for: who asks again with the same key gets the same invoice."""

    __tablename__ = "sales_made_once"
    __scope__ = Scope.internal("keys of processes are looked up by the service only")

    key: Mapped[str] = mapped_column(String(200), primary_key=True)
    invoice_id: Mapped[int | None] = mapped_column(Id)
