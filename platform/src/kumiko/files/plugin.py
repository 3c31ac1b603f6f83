"""The core plugin `files`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.files import panels, record_types, sweeping
from kumiko.files.models import Base
from kumiko.files.services import DEFAULT_MAX_MB
from kumiko.host.declarations import Field, JobType, Panel, SettingsSection
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.file()]


@hookimpl
def declare_routes() -> Any:
    from kumiko.files.routes import blueprint  # local: only processes that answer requests need pages

    return [blueprint]


@hookimpl
def declare_panels() -> Any:
    return [
        Panel(
            slot="record.*.aside", key="files", title=_l("Files"), template="files/panel.html",
            load=panels.files_panel, lazy=True, order=900,
        ),
        Panel(
            slot="record.files.file.aside", key="belongs", title=_l("Belongs to"), template="files/belongs.html",
            load=panels.belongs_panel,
        ),
    ]  # fmt: skip


@hookimpl
def declare_jobs() -> Any:
    return [JobType(name="files.sweep", run=sweeping.sweep, label=_l("Remove bytes of no file"), cron="17 3 * * *")]


@hookimpl
def declare_settings() -> Any:
    most = Field(
        name="max_mb", kind="integer", label=_l("Largest file in MB"), default=DEFAULT_MAX_MB, minimum=1, maximum=60
    )
    return SettingsSection(title=_l("Files"), fields=(most,))


@hookimpl
def assemble(generation: Any) -> None:
    generation.state.setdefault("on_purge", []).append(sweeping.forget_types)
