"""The table of erasures: what was done, with marks of the person that nobody can read back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Integer, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime, table_of
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope


class Base(DeclarativeBase):
    metadata = plugin_metadata("privacy")


class Erasure(Base):
    """One erasure. `marks` are keyed hashes of addresses, numbers and names; `records` are (type key, id) pairs.

    `counts`: table or folder -> places; `kept`: the same of what the law keeps; `left`: places found afterwards.
    """

    __tablename__ = "privacy_erasure"
    __scope__ = Scope.internal("shown to whoever may erase")

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    word: Mapped[str] = mapped_column(String(40), unique=True)  # the same in the list beside the database
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    by: Mapped[str] = mapped_column(String(200), default="")
    reason: Mapped[str] = mapped_column(String(500), default="")
    marks: Mapped[Any] = mapped_column(JsonValue)
    records: Mapped[Any] = mapped_column(JsonValue)
    counts: Mapped[Any] = mapped_column(JsonValue)
    kept: Mapped[Any] = mapped_column(JsonValue)
    left: Mapped[int] = mapped_column(Integer)
    looked: Mapped[Any] = mapped_column(JsonValue)  # tables, rows and files that were searched afterwards


erasures = table_of(Erasure)
