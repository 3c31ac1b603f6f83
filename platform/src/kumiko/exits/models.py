"""Tables of what left, what was read, and what the leak test found. Internal: pages read them by right."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime, table_of
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

#: What became of an export: it left, is leaving, was refused, waits for somebody's word, may be fetched, was denied.
DONE, RUNNING, REFUSED, WAITING, ALLOWED, DENIED = "done", "running", "refused", "waiting", "allowed", "denied"


class Base(DeclarativeBase):
    metadata = plugin_metadata("exits")
    type_annotation_map = {datetime: UtcDateTime}


class Export(Base):
    """One export: who, when, what, how much. `question`: filter and search words as they were asked."""

    __tablename__ = "exits_export"
    __scope__ = Scope.internal("the log of exports, read by administrators and heads")
    __table_args__ = (Index("ix_exits_export_user", "user_id", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int | None] = mapped_column(Id)
    user_name: Mapped[str] = mapped_column(String(200), default="")
    collection: Mapped[str] = mapped_column(String(80))
    file_format: Mapped[str] = mapped_column(String(10))
    question: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    fields: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    row_count: Mapped[int] = mapped_column(Integer, default=0)
    status: Mapped[str] = mapped_column(String(10))
    decided_by_id: Mapped[int | None] = mapped_column(Id)
    decided_at: Mapped[datetime | None]


class Reading(Base):
    """Records that somebody opened. `row_count` above 1: a page of a list that the API gave, without a record's id."""

    __tablename__ = "exits_reading"
    __scope__ = Scope.internal("the log of reading, read by administrators and heads")
    __table_args__ = (Index("ix_exits_reading_user", "user_id", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int] = mapped_column(Id)
    type_key: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int | None] = mapped_column(Id)
    row_count: Mapped[int] = mapped_column(Integer, default=1)
    via: Mapped[str] = mapped_column(String(20), default="web")


class Alarm(Base):
    """Somebody read more than usual; from then on they are slowed until it is usual again."""

    __tablename__ = "exits_alarm"
    __scope__ = Scope.internal("alarms on unusual reading, read by administrators and heads")
    __table_args__ = (Index("ix_exits_alarm_user", "user_id", "at"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    user_id: Mapped[int] = mapped_column(Id)
    user_name: Mapped[str] = mapped_column(String(200), default="")
    record_count: Mapped[int] = mapped_column(Integer)
    minutes: Mapped[int] = mapped_column(Integer)


class Proof(Base):
    """One run of the leak test. `results`: per role and exit how often it was asked and what leaked."""

    __tablename__ = "exits_proof"
    __scope__ = Scope.internal("results of the leak test, read by administrators")
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    finished_at: Mapped[datetime | None]
    asked_by_id: Mapped[int | None] = mapped_column(Id)
    job_id: Mapped[int | None] = mapped_column(Id)
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    probes: Mapped[int] = mapped_column(Integer, default=0)
    leaks: Mapped[int] = mapped_column(Integer, default=0)
    note: Mapped[str] = mapped_column(Text, default="")
    results: Mapped[Any] = mapped_column(JsonValue, nullable=True)


exports, readings, alarms, proofs = table_of(Export), table_of(Reading), table_of(Alarm), table_of(Proof)
