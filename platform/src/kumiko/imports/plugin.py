"""The core plugin `imports`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.imports.jobs import forget_files, run_import
from kumiko.imports.models import ImportsBase


@hookimpl
def declare_models() -> Any:
    return ImportsBase


@hookimpl
def declare_routes() -> Any:
    from kumiko.imports.api import blueprint  # local: the command line needs no routes

    return [blueprint]


@hookimpl
def declare_jobs() -> Any:
    return [
        JobType(name="imports.run", run=run_import, label=_l("Import a file"), max_attempts=3),
        JobType(
            name="imports.forget_files", run=forget_files, label=_l("Forget old files of imports"), cron="23 4 * * *"
        ),
    ]


@hookimpl
def declare_commands() -> Any:
    from kumiko.imports import commands  # local: only the command line needs click

    return [commands.import_, commands.export]
