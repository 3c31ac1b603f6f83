"""The tables of notices and of what became of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, String, Table, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

_UNREAD = text("read_at IS NULL")
WAITING, SENT, FAILED, SKIPPED = "waiting", "sent", "failed", "skipped"


class Base(DeclarativeBase):
    metadata = plugin_metadata("notify")


class Notice(Base):
    """One thing one user should know. `key` names the occasion: the same occasion is told once."""

    __tablename__ = "notify_notice"
    __scope__ = Scope.internal("everybody reads their own, through kumiko.notify.services")
    __table_args__ = (
        UniqueConstraint("user_id", "key"),
        Index("ix_notify_notice_user", "user_id", "id"),
        Index("ix_notify_notice_unread", "user_id", "id", sqlite_where=_UNREAD, postgresql_where=_UNREAD),
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
    kind: Mapped[str] = mapped_column(String(40), default="", server_default="")


class Delivery(Base):
    """What became of a notice by one way beside the app: one row per notice and way. `at`: since when."""

    __tablename__ = "notify_delivery"
    __scope__ = Scope.internal("everybody reads those of their own notices, through kumiko.notify.deliveries")

    notice_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    way: Mapped[str] = mapped_column(String(20), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default=WAITING)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")


class Wish(Base):
    """By which way a user wants one kind of notice."""

    __tablename__ = "notify_wish"
    __scope__ = Scope.internal("everybody reads and writes their own, through kumiko.notify.wishes")

    user_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    way: Mapped[str] = mapped_column(String(10))


wishes: Table = Wish.__table__  # type: ignore[assignment]
deliveries: Table = Delivery.__table__  # type: ignore[assignment]
notices: Table = Notice.__table__  # type: ignore[assignment]
