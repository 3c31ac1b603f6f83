"""The Flask application of one generation: templates and rules of its plugins, the gate, the error edge."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import jinja2
from flask import Flask, Request, Response, request
from flask.templating import Environment
from jinja2.bccache import Bucket
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.exceptions import NotFound as NoRoute
from werkzeug.routing import IntegerConverter, Map, RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from kumiko import bodies, features, spending
from kumiko.host import guard
from kumiko.host.config import Config
from kumiko.host.context import current
from kumiko.host.errors import Busy, KumikoError
from kumiko.host.http import Problem, as_response, problem_of, with_headers
from kumiko.host.routes import LazyRule

if TYPE_CHECKING:
    from kumiko.host.loader import LoadedPlugin

LARGEST_ID = 2**63 - 1


class TemplateCache(jinja2.BytecodeCache):
    """Compiled templates of the process, shared by all generations: a swap recompiles nothing."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[bucket.key, bucket.checksum] = bucket.code

    def clear(self) -> None:
        self._codes.clear()


TEMPLATES = TemplateCache()
_busy: dict[str, int] = {}
_busy_lock = threading.Lock()


class HostRequest(Request):
    """A request whose HEAD is a GET to every view, so that "not GET" is never taken for a form that was sent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.method == "HEAD":  # the server still leaves the body out: it looks at the environment
            self.method = "GET"
        if self.environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
            self.max_content_length = bodies.LARGEST_TEXTS  # the parser reads it at once, whatever its size


class IdConverter(IntegerConverter):
    """`<int:...>` of an address: a number that no database can hold is nothing that could be found."""

    def __init__(self, rules: Map, fixed_digits: int = 0, **limits: Any) -> None:
        limits.setdefault("max", LARGEST_ID)
        super().__init__(rules, fixed_digits, **limits)


class HostEnvironment(Environment):
    """Templates that share the globals they were given instead of a layered copy of them.

    Every `include` copies its globals: from a plain dict in a microsecond, from layers in ten.
    """

    def make_globals(self, d: MutableMapping[str, Any] | None) -> MutableMapping[str, Any]:
        return super().make_globals(d) if d else self.globals


class HostFlask(Flask):
    """Flask with lazily compiled rules, shared compiled templates, and templates of enabled plugins only."""

    url_rule_class = LazyRule
    jinja_environment = HostEnvironment
    request_class = HostRequest
    jinja_options = {
        "bytecode_cache": TEMPLATES,
        "autoescape": True,
        "trim_blocks": True,
        "lstrip_blocks": True,
    }

    def __init__(self, plugins: Mapping[str, LoadedPlugin], threads: int) -> None:
        self._loaders: list[jinja2.BaseLoader] = [
            jinja2.FileSystemLoader(one.templates) for one in plugins.values() if one.templates is not None
        ]
        self._titles = {one.name: one.manifest.title for one in plugins.values()}
        self._packages = {one.manifest.package: one.name for one in plugins.values() if not one.manifest.core}
        self._core = {one.name for one in plugins.values() if one.manifest.core}
        self._threads = threads
        super().__init__("kumiko", static_folder=None, template_folder=None)
        self.url_map.converters["int"] = IdConverter

    def create_global_jinja_loader(self) -> Any:
        return jinja2.ChoiceLoader(self._loaders)

    def seal(self) -> None:
        """Last step of a build: compile the map, so that the first request does not."""
        self.url_map.update()

    def owner_of_request(self) -> str:
        """Plugin whose blueprint answers the current request, "" for the core's generic rules."""
        blueprint = request.blueprint
        if not blueprint:
            return ""
        name = blueprint.partition(".")[0]
        while name and name not in self._titles:
            name = name.rpartition("_")[0]
        return name

    def answer(self, error: Exception) -> BaseResponse:
        """The response to anything raised while a request was handled."""
        if isinstance(error, RequestRedirect):
            return error.get_response()
        context = current()
        if isinstance(error, NoRoute) and request.routing_exception is error:
            error = _nobody_there(error)
        if isinstance(error, RequestEntityTooLarge):
            error = bodies.refusal_of(request)
        raised = getattr(error, "original_exception", None) or error
        owner = guard.owner_of(raised, self._packages) or self.owner_of_request()
        module = "" if owner in self._core else owner
        problem = problem_of(
            error, request_id=context.request_id, module=module, module_title=self._titles.get(module, "")
        )
        if problem.fault or (problem.status >= 500 and not isinstance(raised, KumikoError)):
            guard.record(owner or "host", "route", raised)
            self.logger.error("request %s %s failed", context.request_id[:12], request.path, exc_info=raised)
        return self._drawn(problem)

    def _drawn(self, problem: Problem) -> BaseResponse:
        api = request.path.startswith("/api/")
        generation = current().generation
        draw = None if api or generation is None else generation.state.get("error_page")
        if draw is not None:
            try:
                response: Response = self.make_response(draw(problem))
                response.status_code = problem.status
                return with_headers(response, problem)
            except Exception as error:
                guard.record("web", "error page", error)
                self.logger.exception("the error page failed")
        return as_response(problem, api=api)


def make_app(config: Config, plugins: Mapping[str, LoadedPlugin]) -> HostFlask:
    """The application before the core plugins assemble their generic rules."""
    app = HostFlask(plugins, config.threads)
    app.config.update(
        SECRET_KEY=config.secret_key,
        MAX_CONTENT_LENGTH=bodies.LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=bodies.LARGEST_TEXTS,
        MAX_FORM_PARTS=bodies.MOST_PARTS,
        TEMPLATES_AUTO_RELOAD=False,
        SESSION_COOKIE_SECURE=config.secure,
    )
    app.before_request(lambda: _enter(app))
    app.before_request(_authenticate)
    app.teardown_request(lambda _error: _leave())
    app.after_request(_mark_streams)
    app.register_error_handler(Exception, app.answer)
    app.register_error_handler(HTTPException, app.answer)
    app.register_error_handler(RequestEntityTooLarge, app.answer)
    for loaded in plugins.values():
        for blueprint in loaded.blueprints:
            app.register_blueprint(blueprint)
    features.guard_views(app, plugins)
    return app


def _nobody_there(error: NoRoute) -> Exception:
    """An address without a rule may belong to a plugin that is off."""
    generation = current().generation
    parts = request.path.strip("/").split("/")
    word = parts[2] if parts[:2] == ["api", "v1"] and len(parts) > 2 else parts[0]
    return error if generation is None or generation.find_off(word) is None else generation.missing(word)


def _authenticate() -> None:
    if request.endpoint is not None and request.endpoint.rpartition(".")[2] == "static":
        return
    context = current()
    if context.generation is not None and context.principal is None:
        who = context.generation.hooks.hook.authenticate(request=request)
        if who is not None:
            context.as_principal(who)


def _enter(app: HostFlask) -> None:
    """At most half of the threads inside one plugin's routes, so that a slow one leaves room for the others."""
    owner = app.owner_of_request()
    if not owner or owner in app._core:
        return
    with _busy_lock:
        if app._threads > 1 and _busy.get(owner, 0) >= max(1, app._threads // 2):
            title = app._titles.get(owner, owner)
            raise Busy(f"The module {title} is busy with other requests; try again in a few seconds.")
        _busy[owner] = _busy.get(owner, 0) + 1
    request.environ["kumiko.busy"] = (owner, time.perf_counter())


def _leave() -> None:
    owner, began_s = request.environ.pop("kumiko.busy", ("", 0.0))
    if owner:
        spending.spend(owner, "route", time.perf_counter() - began_s)
        with _busy_lock:
            _busy[owner] -= 1


def _mark_streams(response: Response) -> Response:
    if response.is_streamed:
        request.environ["kumiko.streamed"] = True
    return response
