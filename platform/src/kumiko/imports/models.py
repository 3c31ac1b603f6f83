"""The tables of imports: what somebody brought, what became of each row, and mappings that are kept for next time."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, cast

from sqlalchemy import Index, Integer, String, Table, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

#: uploaded -> checking -> checked -> importing -> done; or failed or paused, from any of them.
UPLOADED, CHECKING, CHECKED, IMPORTING, DONE, FAILED, PAUSED = (
    "uploaded", "checking", "checked", "importing", "done", "failed", "paused",
)  # fmt: skip

#: What becomes of a row. Late: its record changed between the rehearsal and its acceptance.
NEW, CHANGED, EQUAL, REFUSED, DUPLICATE, LATE = "new", "changed", "equal", "refused", "duplicate", "late"
KINDS = (NEW, CHANGED, EQUAL, REFUSED, DUPLICATE, LATE)
LEFT_OUT = (REFUSED, DUPLICATE, LATE)


class ImportsBase(DeclarativeBase):
    metadata = plugin_metadata("imports")
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JsonValue}


class ImportRun(ImportsBase):
    """One file that somebody brought, what shall become of it, and what did.

    The file is kept in the installation's folder under the run's id until the import is done. `wishes` is the mapping
    (kumiko.imports.wishes), `reading` what the person said about the file (encoding, delimiter, sheet), `facts` what
    was found in it, `checked` and `result` are reports (kumiko.imports.report). `state`: where a check or an import
    that was cut off goes on, saved by the commit of each chunk. `round` counts rehearsals. `parent_id`: the run whose
    refused rows this one brings in, corrected; it joins the same group.
    """

    __tablename__ = "imports_run"
    __scope__ = Scope.internal("read through kumiko.imports.runs: own ones, administrators all")
    __table_args__ = (
        Index("ix_imports_run_created_at", "created_at"),
        Index("ix_imports_run_user", "user_id", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    collection: Mapped[str] = mapped_column(String(80))
    file_name: Mapped[str] = mapped_column(String(200))
    file_bytes: Mapped[int] = mapped_column(Integer)
    row_count: Mapped[int] = mapped_column(Integer)
    status: Mapped[str] = mapped_column(String(12))
    wishes: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    reading: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    facts: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    checked: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    result: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    state: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    round: Mapped[int] = mapped_column(Integer, default=0, server_default="0")
    error: Mapped[str] = mapped_column(Text)
    job_id: Mapped[int | None] = mapped_column(Id)
    group_id: Mapped[int | None] = mapped_column(Id)
    parent_id: Mapped[int | None] = mapped_column(Id)
    user_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportRow(ImportsBase):
    """What a rehearsal found for one row of a file, and what its acceptance made of it.

    `version`: that of the record at the rehearsal. `changes`: field -> [before, after] (kumiko.imports.changes).
    `cells`: the row as it was in the file, kept for rows that do not come in.
    """

    __tablename__ = "imports_row"
    __scope__ = Scope.internal("read through kumiko.imports.rows, by those who may read the run")
    __table_args__ = (Index("ix_imports_row_kind", "run_id", "round", "kind", "number"),)

    run_id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    round: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(10))
    record_id: Mapped[int | None] = mapped_column(Id)
    version: Mapped[int | None] = mapped_column(Integer)
    reason: Mapped[str] = mapped_column(Text)
    changes: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    cells: Mapped[Any] = mapped_column(JsonValue, nullable=True)


class ImportMapping(ImportsBase):
    """A mapping that is kept: under a name for everybody who imports, or without one as somebody's last for headings.

    `headings`: digest of the titles of the file's columns, in any order.
    """

    __tablename__ = "imports_mapping"
    __scope__ = Scope.internal("read through kumiko.imports.mappings: own ones, and named ones of all who import")
    __table_args__ = (
        Index("ix_imports_mapping_headings", "collection", "headings", "user_id"),
        Index("ix_imports_mapping_name", "collection", "name"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=True)
    collection: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(80))
    headings: Mapped[str] = mapped_column(String(64))
    wishes: Mapped[dict[str, Any]] = mapped_column(JsonValue)
    user_id: Mapped[int | None] = mapped_column(Id)
    used_at: Mapped[datetime] = mapped_column(UtcDateTime)


run_table = cast(Table, ImportRun.__table__)
row_table = cast(Table, ImportRow.__table__)
mapping_table = cast(Table, ImportMapping.__table__)
