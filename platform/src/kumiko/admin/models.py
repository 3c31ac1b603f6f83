"""The table of the time that modules took."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope


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
