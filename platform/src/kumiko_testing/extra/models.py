"""Tables of the extra plugin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, MinorUnits, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin


class Base(DeclarativeBase):
    metadata = plugin_metadata("extra")
    type_annotation_map = {datetime: UtcDateTime}


class ThingSide(Base):
    """One row per thing, with copies of the columns that lists filter, sum and scopes limit by."""

    __tablename__ = "extra_thing"
    __scope__ = Scope.through("sample.thing", "record_id")
    __table_args__ = (
        Index("ix_extra_thing_rank", "extra_rank", "record_id"),
        Index("ix_extra_thing_owner", "owner_id", "extra_rank", "record_id"),
        Index("ix_extra_thing_kind", "extra_kind_id", "size", "record_id"),
    )

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    extra_phase: Mapped[str | None] = mapped_column(String(20))
    extra_rank: Mapped[int | None] = mapped_column(Integer)
    extra_kind_id: Mapped[int | None] = mapped_column(Id)
    extra_remark: Mapped[str | None] = mapped_column(String(200))
    owner_id: Mapped[int | None] = mapped_column(Id)
    team_id: Mapped[int | None] = mapped_column(Id)
    size: Mapped[int | None] = mapped_column(Integer)
    share: Mapped[float | None] = mapped_column(Float)
    price_minor: Mapped[int | None] = mapped_column(MinorUnits)
    price_currency: Mapped[str | None] = mapped_column(String(3))
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Kind(RecordMixin, Base):
    """A value of a list: what a thing's kind may be."""

    __tablename__ = "extra_kind"
    __scope__ = Scope.record("extra.kind")


class Heard(Base):
    """What the subscriber was told."""

    __tablename__ = "extra_heard"
    __scope__ = Scope.internal("read by tests")

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    event: Mapped[str] = mapped_column(String(40))
    unit: Mapped[int] = mapped_column(Id)
    what: Mapped[Any] = mapped_column(JsonValue, nullable=True)
