"""The core plugin `web`: assembles the screens of a generation."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import MenuItem
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.web import (
    account,
    as_of,
    duplicates,
    errors,
    files,
    globals,  # noqa: A004 - of templates
    i18n,
    importing,
    routing,
    second_factor,
    sharing,
    toasts,
)
from kumiko.web.assets import Folders


@hookimpl
def declare_routes() -> Any:
    return [
        account.blueprint, second_factor.blueprint, duplicates.blueprint, files.blueprint, importing.blueprint,
        sharing.blueprint,
    ]  # fmt: skip


@hookimpl
def declare_menu() -> Any:
    return [MenuItem(key="web.duplicates", label=_l("Duplicates"), href="/duplicates", icon="copy", order=20)]


@hookimpl
def assemble(generation: Any) -> None:
    app = generation.app
    i18n.install(app, generation.plugins, generation.state)
    globals.install(app)
    generation.state["assets"] = Folders(generation.plugins, generation.assets)
    generation.state["error_page"] = errors.error_page
    generation.state.setdefault("banners", []).append(as_of.banners)
    app.after_request(toasts.forget_shown)
    routing.install(app)
