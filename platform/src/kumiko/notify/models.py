"""The table of notices."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Table, Text, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope


class Base(DeclarativeBase):
    metadata = plugin_metadata("notify")


class Notice(Base):
    """One thing one user should know. `key` names the occasion: the same occasion is told once."""

    __tablename__ = "notify_notice"
    __scope__ = Scope.internal("everybody reads their own, through kumiko.notify.services")
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notify_notice_user", "user_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    user_id: Mapped[int] = mapped_column(Id)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    text: Mapped[str] = mapped_column(Text)
    href: Mapped[str] = mapped_column(String(500), default="")
    type_key: Mapped[str] = mapped_column(String(80), default="")
    record_id: Mapped[int | None] = mapped_column(Id)
    key: Mapped[str | None] = mapped_column(String(200))
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


notices: Table = Notice.__table__  # type: ignore[assignment]
