"""The core plugin `archive`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import Field, JobType, Permission, SettingsSection
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_permissions() -> Any:
    return [
        Permission(name="archive.write", label=_l("Take the whole company along as an archive")),
        Permission(name="archive.configure", label=_l("Take the configuration along, and bring one in")),
        Permission(name="archive.back_up", label=_l("Make backups and try them out")),
        Permission(name="archive.restore", label=_l("Put a backup in the place of everything")),
    ]


@hookimpl
def declare_routes() -> Any:
    from kumiko.archive.pages import blueprint  # local: with the pages

    return [blueprint]


@hookimpl
def declare_settings() -> Any:
    return SettingsSection(
        title=_l("Backups"),
        fields=(
            Field(name="scheduled", kind="boolean", label=_l("Back everything up once a day"), default=True),
            Field(
                name="hour", kind="integer", label=_l("At this hour"), minimum=0, maximum=23, default=2, required=True,
                help=_l("From 0 to 23, in the company's time zone."),
            ),
            Field(
                name="keep", kind="integer", label=_l("How many of them are kept"), minimum=1, maximum=365, default=14,
                required=True, help=_l("Older ones are removed. Those made by hand stay until you delete them."),
            ),
        ),
    )  # fmt: skip


@hookimpl
def declare_jobs() -> Any:
    from kumiko.archive import jobs  # local: workers alone need them

    return [
        JobType(name=jobs.WRITE, run=jobs.write_archive, label=jobs.LABELS[jobs.WRITE], max_attempts=2),
        JobType(name=jobs.BACK_UP, run=jobs.back_up, label=jobs.LABELS[jobs.BACK_UP], max_attempts=2),
        JobType(name=jobs.REHEARSE, run=jobs.rehearse, label=jobs.LABELS[jobs.REHEARSE], max_attempts=2),
        JobType(name=jobs.WATCH, run=jobs.watch, label=jobs.LABELS[jobs.WATCH], cron="7 * * * *", max_attempts=2),
    ]


@hookimpl
def assemble(generation: Any) -> None:
    from kumiko.archive import closing  # local: with the pages

    closing.install(generation.app, generation.config)
    generation.state.setdefault("closed", []).append(lambda: closing.find(generation.config) is not None)


@hookimpl
def declare_commands() -> Any:
    from kumiko.archive import (
        backup_commands,
        commands,
        configuration_commands,
    )  # local: the command line alone needs them

    return [commands.archive, backup_commands.group, configuration_commands.group]
