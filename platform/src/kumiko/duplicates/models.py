"""The tables of duplicates: keys by which records are recognized, pairs, where merged records went."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, Table, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

_FRESH = text("fresh")
OPEN, IGNORED = "open", "ignored"


class Base(DeclarativeBase):
    metadata = plugin_metadata("duplicates")
    type_annotation_map = {datetime: UtcDateTime}


class Key(Base):
    """What a live record can be recognized by, normalized: its addresses, numbers, names. Kept with every write.

    `fresh`: the record has not been compared with the others since this was written.
    """

    __tablename__ = "duplicates_key"
    __scope__ = Scope.internal("compared by the recognizer; what is shown of it is limited by rights")
    __table_args__ = (
        Index("ix_duplicates_key_value", "type_key", "kind", "value", "record_id"),
        Index("ix_duplicates_key_fresh", "type_key", "record_id", sqlite_where=_FRESH, postgresql_where=_FRESH),
    )

    record_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10), primary_key=True)
    value: Mapped[str] = mapped_column(String(400), primary_key=True)
    type_key: Mapped[str] = mapped_column(String(80))
    fresh: Mapped[bool] = mapped_column(Boolean)


class Pair(Base):
    """Two records that may be the same (`left_id` < `right_id`). `score`: 0 to 100; `reasons`: what agrees."""

    __tablename__ = "duplicates_pair"
    __scope__ = Scope.internal("shown where both records may be seen")
    __table_args__ = (
        Index("ix_duplicates_pair_score", "type_key", "state", "score", "left_id", "right_id"),
        Index("ix_duplicates_pair_right", "right_id"),
    )

    left_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    right_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    type_key: Mapped[str] = mapped_column(String(80))
    score: Mapped[int] = mapped_column(Integer)
    reasons: Mapped[Any] = mapped_column(JsonValue)
    state: Mapped[str] = mapped_column(String(10))
    by_id: Mapped[int | None] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class Merged(Base):
    """Where a record went; holds as long as the unit that merged it is not undone."""

    __tablename__ = "duplicates_merged"
    __scope__ = Scope.internal("leads old addresses on; the record they lead to has rights of its own")
    __table_args__ = (Index("ix_duplicates_merged_winner", "winner_id"),)

    loser_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    unit_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    winner_id: Mapped[int] = mapped_column(Id)
    type_key: Mapped[str] = mapped_column(String(80))


class Progress(Base):
    """How far the keys of a type's old records are made, for the rules that `rules` names."""

    __tablename__ = "duplicates_progress"
    __scope__ = Scope.internal("kept by the jobs that make keys and find pairs")

    type_key: Mapped[str] = mapped_column(String(80), primary_key=True)
    rules: Mapped[str] = mapped_column(String(64))
    after_id: Mapped[int] = mapped_column(Id)
    done: Mapped[bool] = mapped_column(Boolean)
    found_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    report: Mapped[Any] = mapped_column(JsonValue, nullable=True)


key_table: Table = Key.__table__  # type: ignore[assignment]
pair_table: Table = Pair.__table__  # type: ignore[assignment]
merged_table: Table = Merged.__table__  # type: ignore[assignment]
progress_table: Table = Progress.__table__  # type: ignore[assignment]
