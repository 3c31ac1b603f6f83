"""Routes of plugins: a dry registration on a scratch application shows what a blueprint would do to everybody."""

from __future__ import annotations

import types
import weakref
from collections.abc import Callable, Iterable
from typing import Any

from flask import Blueprint, Flask
from werkzeug.routing import Rule

from kumiko.host.errors import DeclarationError
from kumiko.host.manifest import Manifest


class LazyRule(Rule):
    """A rule that compiles its two URL builders when first used: 0.3 ms per rule and generation saved.

    Leans on a private method of werkzeug; `tests/platform/test_host_generation.py` says when it is gone.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Any:
        compile_ = super()._compile_builder
        made: list[Callable[..., Any]] = []

        def build(rule: Rule, **values: Any) -> Any:
            if not made:
                made.append(compile_(append_unknown))
            return made[0](rule, **values)

        return build


_APP_WIDE = (
    "before_request_funcs",
    "after_request_funcs",
    "teardown_request_funcs",
    "template_context_processors",
    "url_value_preprocessors",
    "url_default_functions",
    "error_handler_spec",
)


#: Modules of core plugins whose routes were tried in this process: the trial is a third of the work of a generation.
_tried: weakref.WeakSet[types.ModuleType] = weakref.WeakSet()


def checked_blueprints(manifest: Manifest, module: types.ModuleType, declared: Any) -> list[Blueprint]:
    """The blueprints of `declare_routes`, tried on a scratch app; DeclarationError says what is refused.

    Those of core plugins are tried once per process: whatever they did later would end the build as well.
    """
    if not isinstance(declared, list | tuple) or not all(isinstance(one, Blueprint) for one in declared):
        raise DeclarationError(
            f"{manifest.name}, declare_routes: wanted a list of flask.Blueprint, found {declared!r:.80}"
        )
    for blueprint in declared:
        if blueprint.name != manifest.name and not blueprint.name.startswith(f"{manifest.name}_"):
            raise DeclarationError(
                f"{manifest.name}, declare_routes: the blueprint is named {blueprint.name!r}; name it {manifest.name!r}"
            )
    if declared and module not in _tried:
        _try_on_scratch_app(manifest, declared)
        if manifest.core:
            _tried.add(module)
    return list(declared)


def _try_on_scratch_app(manifest: Manifest, blueprints: Iterable[Blueprint]) -> None:
    app = Flask("kumiko_probe", static_folder=None)
    app.url_rule_class = LazyRule
    before = _app_wide(app)
    names = []
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
        names.append(blueprint.name)
    after = _app_wide(app)
    for what, found in after.items():
        if found != before[what]:
            raise DeclarationError(
                f"{manifest.name}, declare_routes: its blueprint reaches the whole application ({what}); "
                "functions for all requests, error handlers for all and template filters are the host's"
            )
    if manifest.core:
        return
    for rule in app.url_map.iter_rules():
        refuse_foreign_rule(manifest, rule.rule)


def refuse_foreign_rule(manifest: Manifest, rule: str) -> None:
    """DeclarationError when a rule lies outside what the plugin owns: its prefix and its collections."""
    own = (manifest.prefix, *manifest.collections)
    parts = rule.strip("/").split("/")
    if parts[:2] == ["api", "v1"]:
        parts = parts[2:]
    elif parts[:1] == ["static"]:
        parts = parts[1:]
    if parts[0] not in own:
        places = ", ".join(f"/{one}" for one in own)
        raise DeclarationError(
            f"{manifest.name}, declare_routes: the address {rule!r} is not its own; it may use {places} and the same "
            "below /api/v1"
        )


def _app_wide(app: Flask) -> dict[str, Any]:
    """What the application runs for requests and templates of everybody."""
    counts: dict[str, Any] = {}
    for name in _APP_WIDE:
        everybody = getattr(app, name).get(None)
        counts[name] = _size(everybody)
    counts["template filters"] = dict(app.jinja_env.filters)
    counts["template globals"] = dict(app.jinja_env.globals)
    counts["template tests"] = dict(app.jinja_env.tests)
    counts["teardown_appcontext"] = len(app.teardown_appcontext_funcs)
    counts["shell_context_processors"] = len(app.shell_context_processors)
    counts["url_build_error_handlers"] = len(app.url_build_error_handlers)
    return counts


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return sum(_size(one) for one in value.values())
    if isinstance(value, list):
        return len(value)
    return 0 if value is None else 1
