"""The table of files; their bytes lie in the store."""

from __future__ import annotations

from sqlalchemy import Index, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope
from kumiko.records.mixin import RecordMixin, record_indexes

FILE = "files.file"
KIND_LENGTH = 40


class Base(DeclarativeBase):
    metadata = plugin_metadata("files")


class File(RecordMixin, Base):
    """A file of a record; `sha256` names its bytes in the store, which several files may share."""

    __tablename__ = "files_file"
    __scope__ = Scope.record(FILE)
    __table_args__ = (
        *record_indexes("files_file"),
        Index("ix_files_file_record", "record_id", "id"),
        Index("ix_files_file_sha256", "sha256"),
    )

    kind: Mapped[str] = mapped_column(String(KIND_LENGTH))
    media_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(String(64))
    record_type: Mapped[str] = mapped_column(String(80))
    record_id: Mapped[int] = mapped_column(Id)
