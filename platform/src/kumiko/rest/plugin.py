"""The core plugin `rest`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.rest import idempotency
from kumiko.rest.routes import blueprint


@hookimpl
def declare_routes() -> Any:
    return [blueprint]


@hookimpl
def declare_jobs() -> Any:
    return [
        JobType(
            name="rest.forget_keys", run=idempotency.forget, label=_l("Forget old request keys"), cron="23 4 * * *"
        ),
    ]


@hookimpl
def assemble(generation: Any) -> None:
    from kumiko.rest.openapi import files  # local: with the document

    generation.state.setdefault("openapi_paths", []).append(files.paths)
