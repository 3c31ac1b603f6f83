"""The table of single records that somebody shared with a colleague or a team."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

SHARE = "sharing.share"


class Base(DeclarativeBase):
    metadata = plugin_metadata("sharing")


class SharedRecord(RecordMixin, Base):
    """Who besides those whom roles name may read or edit a record; `access` is "read" or "edit".

    `kumiko.records.ways` reads it as part of every condition of rights.
    """

    __tablename__ = "sharing_share"
    __scope__ = Scope.record(SHARE)
    __table_args__ = (
        *record_indexes("sharing_share"),
        Index("ix_sharing_share_record", "record_id", "id"),
        Index("ix_sharing_share_user", "with_user_id", "record_id"),
        Index("ix_sharing_share_team", "with_team_id", "record_id"),
    )

    record_id: Mapped[int] = mapped_column(Id)
    record_type: Mapped[str] = mapped_column(String(80))
    with_user_id: Mapped[int | None] = mapped_column(Id)
    with_team_id: Mapped[int | None] = mapped_column(Id)
    access: Mapped[str] = mapped_column(String(10))
