"""The core plugin `archive`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import Permission
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_permissions() -> Any:
    return [
        Permission(name="archive.write", label=_l("Take the whole company along as an archive")),
    ]


@hookimpl
def declare_commands() -> Any:
    from kumiko.archive import commands  # local: the command line alone needs them

    return [commands.archive]
