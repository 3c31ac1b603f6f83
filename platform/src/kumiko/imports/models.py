"""The table of imports that people made from the screens and the API."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope

#: uploaded -> checking -> checked -> importing -> done; or failed, from any of them.
UPLOADED, CHECKING, CHECKED, IMPORTING, DONE, FAILED = (
    "uploaded", "checking", "checked", "importing", "done", "failed",
)  # fmt: skip


class ImportsBase(DeclarativeBase):
    metadata = plugin_metadata("imports")
    type_annotation_map: ClassVar = {datetime: UtcDateTime, dict[str, Any]: JsonValue}


class ImportRun(ImportsBase):
    """One file that somebody brought, what shall become of it, and what did.

    The file is kept in the installation's folder under the run's id until the import is done. `wishes` is the mapping
    (kumiko.imports.wishes), `check` and `result` are reports (kumiko.imports.report).
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
    checked: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    result: Mapped[Any] = mapped_column(JsonValue, nullable=True)
    error: Mapped[str] = mapped_column(Text)
    job_id: Mapped[int | None] = mapped_column(Id)
    group_id: Mapped[int | None] = mapped_column(Id)
    user_id: Mapped[int | None] = mapped_column(Id)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
