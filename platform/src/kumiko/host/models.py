"""The host's own tables."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Index, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from kumiko.host.columns import Id, JsonValue, UtcDateTime, utc_now
from kumiko.host.database import plugin_metadata
from kumiko.host.scoping import Scope


class HostBase(DeclarativeBase):
    metadata = plugin_metadata("host")
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JsonValue}


class Counter(HostBase):
    """The id counter of SQLite; PostgreSQL has the sequence `host_ids`."""

    __tablename__ = "host_counter"
    __scope__ = Scope.internal("ids are handed out by kumiko.host.database.next_ids")

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[int] = mapped_column(Id)


class Revision(HostBase):
    """Numbers that processes watch: `epoch` (plugins), `catalogue` (custom fields, dictionaries), `access` (rights)."""

    __tablename__ = "host_revision"
    __scope__ = Scope.public("three numbers")

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    n: Mapped[int] = mapped_column(Integer, default=0)


class PluginState(HostBase):
    """What the administrator wants of a plugin, and what became of it.

    `state`: installed checked migrated enabled disabled failed quarantined.
    """

    __tablename__ = "host_plugin_state"
    __scope__ = Scope.internal("read and written by the life cycle of plugins")

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(20), default="installed")
    version: Mapped[str] = mapped_column(String(40), default="")
    failed_phase: Mapped[str] = mapped_column(String(40), default="")
    failed_reason: Mapped[str] = mapped_column(Text, default="")
    traceback: Mapped[str] = mapped_column(Text, default="")
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Failure(HostBase):
    """Something of a plugin that raised; one row per plugin, phase and message, counted."""

    __tablename__ = "host_failure"
    __scope__ = Scope.internal("shown on the plugin page")
    __table_args__ = (Index("ix_host_failure_plugin", "plugin", "last_at"),)

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    plugin: Mapped[str] = mapped_column(String(80))
    phase: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    traceback: Mapped[str] = mapped_column(Text, default="")
    count: Mapped[int] = mapped_column(Integer, default=1)
    first_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)


class Setting(HostBase):
    """Settings as JSON; keys start with the plugin's name ("host.company")."""

    __tablename__ = "host_setting"
    __scope__ = Scope.internal("read through kumiko.host.settings")

    key: Mapped[str] = mapped_column(String(120), primary_key=True)
    value: Mapped[Any] = mapped_column(JsonValue)


class Audit(HostBase):
    """Acts that are no record changes: sign-ins, exports, switched plugins, changed rights."""

    __tablename__ = "host_audit"
    __scope__ = Scope.internal("shown to administrators")

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now, index=True)
    actor_id: Mapped[int | None] = mapped_column(Id)
    actor: Mapped[str] = mapped_column(String(200), default="")
    act: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(200), default="")
    details: Mapped[dict[str, Any]] = mapped_column(JsonValue, default=dict)


class Process(HostBase):
    """Server and worker processes that are alive, and the epoch each has reached."""

    __tablename__ = "host_process"
    __scope__ = Scope.internal("shown on /readyz")

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    epoch: Mapped[int] = mapped_column(Integer, default=0)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    healthy: Mapped[bool] = mapped_column(Boolean, default=True)
