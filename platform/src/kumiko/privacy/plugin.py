"""The core plugin `privacy`: what it declares."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import JobType, PaletteCommand, Permission
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.privacy.models import Base


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_permissions() -> Any:
    return [
        Permission(name="privacy.read", label=_l("Find and hand out everything about one person")),
        Permission(name="privacy.erase", label=_l("Erase a person for good")),
    ]


@hookimpl
def declare_routes() -> Any:
    from kumiko.privacy.api import blueprint as api  # local: with the pages
    from kumiko.privacy.pages import blueprint

    return [blueprint, api]


@hookimpl
def declare_jobs() -> Any:
    from kumiko.privacy import jobs  # local: workers alone need them

    return [
        JobType(name=jobs.EXPORT, run=jobs.write_package, label=jobs.LABELS[jobs.EXPORT], max_attempts=2),
        JobType(name=jobs.ERASE, run=jobs.erase, label=jobs.LABELS[jobs.ERASE], max_attempts=3),
        JobType(name=jobs.FORGET, run=jobs.forget_packages, label=jobs.LABELS[jobs.FORGET], cron="41 3 * * *"),
    ]


@hookimpl
def declare_palette() -> Any:
    return [
        PaletteCommand(
            key="privacy.find", label=_l("Personal data of somebody"), group=_l("Administration"), icon="user-search",
            href="/admin/personal-data", permission="privacy.read",
        ),
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    from kumiko.privacy import restored  # local: with the pages

    generation.state.setdefault("after_restore", []).append(restored.again)
    generation.state.setdefault("examine", []).append(restored.examine)
    generation.state["erase_again"] = restored.again


@hookimpl
def before_serve(base_url: str) -> list[str]:
    from kumiko.privacy import restored  # local: the start of a server alone needs it

    return restored.again()
