"""Tables of the sample plugin."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Float, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, MinorUnits, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import PartMixin, RecordMixin, record_indexes


class Base(DeclarativeBase):
    metadata = plugin_metadata("sample")
    type_annotation_map = {datetime: UtcDateTime}


class Topic(RecordMixin, Base):
    __tablename__ = "sample_topic"
    __scope__ = Scope.record("sample.topic")


class Thing(RecordMixin, Base):
    __tablename__ = "sample_thing"
    __scope__ = Scope.record("sample.thing")
    __table_args__ = record_indexes("sample_thing")

    code: Mapped[str | None] = mapped_column(String(40))
    remark: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(Integer)
    weight: Mapped[float | None] = mapped_column(Float)
    share: Mapped[float | None] = mapped_column(Float)
    price_minor: Mapped[int | None] = mapped_column(MinorUnits)
    price_currency: Mapped[str | None] = mapped_column(String(3))
    ready: Mapped[bool | None] = mapped_column(Boolean)
    due_on: Mapped[date | None]
    seen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str | None] = mapped_column(String(20))
    flavours: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    topic_id: Mapped[int | None] = mapped_column(Id)
    label: Mapped[str | None] = mapped_column(String(400))


class ThingPart(PartMixin, Base):
    __tablename__ = "sample_thing_part"
    __scope__ = Scope.through("sample.thing", "parent_id")

    word: Mapped[str | None] = mapped_column(String(80))
    main: Mapped[bool | None] = mapped_column(Boolean)
    topic_id: Mapped[int | None] = mapped_column(Id)


class Remark(RecordMixin, Base):
    __tablename__ = "sample_remark"
    __scope__ = Scope.record("sample.remark")

    thing_id: Mapped[int | None] = mapped_column(Id, index=True)
