"""The core plugin `rest`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import Field, JobType, SettingsSection
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.rest import idempotency, rates
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
def declare_settings() -> Any:
    return SettingsSection(
        title=_l("API"),
        fields=(
            Field(
                name=rates.SETTING,
                kind="integer",
                label=_l("Requests per minute and access token"),
                default=rates.USUAL,
                minimum=0,
                maximum=1_000_000,
                help=_l("A program that asks more often is told to wait. 0 = no limit."),
            ),
        ),
    )


@hookimpl
def assemble(generation: Any) -> None:
    rates.install(generation.app)
    from kumiko.rest.openapi import files, merges  # local: with the document

    generation.state.setdefault("openapi_paths", []).extend((files.paths, merges.hand_overs))
