"""The core plugin `notify`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.hookspecs import hookimpl
from kumiko.notify import services
from kumiko.notify.models import Base
from kumiko.notify.routes import blueprint


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_routes() -> Any:
    return [blueprint]


@hookimpl
def assemble(generation: Any) -> None:
    generation.state.setdefault("on_purge", []).append(services.forget_types)
