"""Columns that every record has (design 6)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Integer, String
from sqlalchemy.orm import Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime


class RecordMixin:
    """Mixed into the mapped class of a record type. `name` is the record's title, shown wherever it is linked.

    Owner, team and authors are soft references to users and teams; the record service keeps all of these columns.
    Declare the indexes (owner_id, created_at, id), (team_id, created_at, id) and (created_at, id) in `__table_args__`
    with `record_indexes("table_name")`.
    """

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(300), default="")
    owner_id: Mapped[int | None] = mapped_column(Id)
    team_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = mapped_column(Id)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_by_id: Mapped[int | None] = mapped_column(Id)
    version: Mapped[int] = mapped_column(Integer, default=1)
    deleted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    custom: Mapped[dict[str, Any] | None] = mapped_column(JsonValue)


class PartMixin:
    """Columns of the rows of a `list` field: an e-mail address, a participant. Journaled one by one."""

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    parent_id: Mapped[int] = mapped_column(Id, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


def record_indexes(table: str) -> tuple[Index, ...]:
    """Indexes that lists, scopes and key-set pages need; put them into `__table_args__`."""
    return (
        Index(f"ix_{table}_created", "created_at", "id"),
        Index(f"ix_{table}_owner_created", "owner_id", "created_at", "id"),
        Index(f"ix_{table}_team_created", "team_id", "created_at", "id"),
        Index(f"ix_{table}_name", "name", "id"),
    )
