"""The core plugin `web`: assembles the screens of a generation."""

from __future__ import annotations

from typing import Any

from kumiko.host.hookspecs import hookimpl
from kumiko.web import account, errors, files, globals, i18n, importing, routing, second_factor, toasts  # noqa: A004 - of templates
from kumiko.web.assets import Folders


@hookimpl
def declare_routes() -> Any:
    return [account.blueprint, second_factor.blueprint, files.blueprint, importing.blueprint]


@hookimpl
def assemble(generation: Any) -> None:
    app = generation.app
    i18n.install(app, generation.plugins, generation.state)
    globals.install(app)
    generation.state["assets"] = Folders(generation.plugins, generation.assets)
    generation.state["error_page"] = errors.error_page
    app.after_request(toasts.forget_shown)
    routing.install(app)
