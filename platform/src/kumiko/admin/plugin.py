"""The core plugin `admin`: what it declares, and what it does for a new installation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.host.declarations import JobType, PaletteCommand, Panel
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    from kumiko.admin.models import Base  # local: with the pages

    return Base


@hookimpl
def declare_records() -> Any:
    from kumiko.admin.setting_records import setting_type  # local: with the records

    return [setting_type()]


@hookimpl
def declare_routes() -> Any:
    from kumiko.admin import (  # local: registers the pages on the blueprint
        background,
        desk,
        exits_pages,
        fields_page,
        health,
        kind_pages,
        layouts_page,
        leak_pages,
        leaving_pages,
        log,
        mail_page,
        module_page,
        module_purge,
        modules,
        replacing,
        role_rules,
        roles,
        sample,
        settings_page,
        sign_in_page,
        start,
        teams,
        users,
        welcome,
    )

    pages = (
        background, fields_page, health, kind_pages, layouts_page, leak_pages, leaving_pages, log, mail_page,
        module_page, module_purge, modules, replacing, role_rules, roles, sample, settings_page, sign_in_page, teams,
        users,
    )  # fmt: skip
    assert all(page.blueprint is desk.blueprint for page in pages)
    return [desk.blueprint, exits_pages.blueprint, start.blueprint, welcome.blueprint]


@hookimpl
def declare_panels() -> Any:
    from kumiko.admin.start_panel import load  # local: with the pages

    return [
        Panel(slot="start.widgets", key="setup", title=_l("Administration"), template="admin/start_panel.html",
              load=load, order=5, permission="plugins.switch"),
    ]  # fmt: skip


@hookimpl
def declare_jobs() -> Any:
    from kumiko.admin import leak_job, module_export, sample, team_moves, trials  # local: workers alone need them

    return [
        JobType(name=sample.JOB, run=sample.run, label=sample.LABEL, max_attempts=3),
        JobType(name=trials.JOB, run=trials.run, label=trials.LABEL, max_attempts=2, lease_s=60),
        JobType(name=module_export.JOB, run=module_export.run, label=module_export.LABEL, max_attempts=2),
        JobType(name=leak_job.JOB, run=leak_job.run, label=leak_job.LABEL, max_attempts=2),
        JobType(name=team_moves.JOB, run=team_moves.run, label=_l("Dissolve a team")),
    ]


@hookimpl
def declare_palette() -> Any:
    from kumiko.admin.desk import TABS  # local: with the pages

    return [
        PaletteCommand(key=f"admin.{key}", label=label, group=_l("Administration"), icon=icon, href=href,
                       permission=permission)
        for key, label, href, icon, permission in TABS
    ]  # fmt: skip


@hookimpl
def assemble(generation: Any) -> None:
    from kumiko.admin import module_export, sample, time_spent  # local: with the pages

    generation.state["export_module"] = module_export.write
    generation.state.setdefault("on_beat", []).append(time_spent.keep)
    generation.state["banners"] = (*generation.state.get("banners", ()), sample.banners)


@hookimpl
def prepare_instance(options: Mapping[str, Any]) -> list[str]:
    from kumiko.admin import company  # local: the first start alone needs it

    values = company.read_company({key: options.get(key, "") for key in company.KEYS})
    if values:
        company.store(values)
    return []
