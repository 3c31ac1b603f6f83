"""The table of hand-overs."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

HAND_OVER = "leaving.handover"


class Base(DeclarativeBase):
    metadata = plugin_metadata("leaving")


class HandOver(RecordMixin, Base):
    """Who left, who took over by which rule, and what it came to. `views`: saved lists that moved, as they were."""

    __tablename__ = "leaving_handover"
    __scope__ = Scope.record(HAND_OVER)
    __table_args__ = record_indexes("leaving_handover")

    person_id: Mapped[int | None] = mapped_column(Id)
    successors: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    rule: Mapped[str] = mapped_column(String(10))
    group_id: Mapped[int | None] = mapped_column(Id)
    job_id: Mapped[int | None] = mapped_column(Id)
    moved: Mapped[int | None] = mapped_column(Integer)
    refused: Mapped[int | None] = mapped_column(Integer)
    views: Mapped[Any] = mapped_column(JsonValue, nullable=True)
