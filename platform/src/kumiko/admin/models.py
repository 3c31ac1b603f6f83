"""The tables of the time that modules took and of settings as records."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, Index, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

SETTING = "admin.setting"


class Base(DeclarativeBase):
    metadata = plugin_metadata("admin")


class TimeSpent(Base):
    """How often, and how long, a module's code ran in an hour, over all processes. `kind`: see `spending.spend`."""

    __tablename__ = "admin_time_spent"
    __scope__ = Scope.internal("shown on the page of a module")

    hour: Mapped[datetime] = mapped_column(UtcDateTime, primary_key=True)
    plugin: Mapped[str] = mapped_column(String(80), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(Integer)
    total_s: Mapped[float] = mapped_column(Float)
    slowest_s: Mapped[float] = mapped_column(Float)


class SettingRecord(RecordMixin, Base):
    """A setting as a record, for the journal; `kumiko.host.settings` is what everybody reads."""

    __tablename__ = "admin_setting"
    __scope__ = Scope.record(SETTING)
    __table_args__ = (*record_indexes("admin_setting"), Index("ix_admin_setting_key", "key"))

    key: Mapped[str] = mapped_column(String(120))
    value: Mapped[Any] = mapped_column(JsonValue, nullable=True)
