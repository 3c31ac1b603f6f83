"""The core plugin `sharing`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.columns import table_of
from kumiko.host.declarations import Panel
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.sharing.models import Base, SharedRecord


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    from kumiko.sharing.record_types import share  # local: with the access plugin

    return [share()]


@hookimpl
def declare_panels() -> Any:
    from kumiko.sharing.panel import load  # local: with the pages

    return [
        Panel(slot="record.*.aside", key="shares", title=_l("Who can see this"), template="sharing/panel.html",
              load=load, lazy=True, order=950),
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["shares"] = table_of(SharedRecord)
