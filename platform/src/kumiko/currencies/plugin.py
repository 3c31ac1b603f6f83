"""The core plugin `currencies`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.currencies import record_types
from kumiko.host.declarations import DemoData, PaletteCommand
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    return record_types.Base


@hookimpl
def declare_records() -> Any:
    return [record_types.RATE]


@hookimpl
def declare_settings() -> Any:
    return record_types.converting()


@hookimpl
def declare_demo() -> Any:
    from kumiko.currencies import demo  # local: only needed while sample data are made

    return [DemoData(name="rates", make=demo.make, order=15)]


@hookimpl
def declare_palette() -> Any:
    return [
        PaletteCommand(key="currencies.rates", label=_l("Exchange rates"), group=_l("Administration"),
                       icon="arrows-exchange", href="/rates"),
    ]  # fmt: skip
