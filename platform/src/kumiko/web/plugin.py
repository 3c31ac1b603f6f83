"""The core plugin `web`: assembles the screens of a generation."""

from __future__ import annotations

from typing import Any

from kumiko.host.declarations import MenuItem
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.web import account, duplicates, errors, files, globals, i18n, importing, routing, toasts  # noqa: A004 - of templates
from kumiko.web.assets import Folders


@hookimpl
def declare_routes() -> Any:
    return [account.blueprint, duplicates.blueprint, files.blueprint, importing.blueprint]


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
    app.after_request(toasts.forget_shown)
    routing.install(app)
