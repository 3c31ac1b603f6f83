"""The WSGI callable: follows the revision, swaps generations, gives each request its context."""

from __future__ import annotations

import contextvars
import gc
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from werkzeug.http import parse_cookie

from kumiko import bodies, draining
from kumiko.core import CORE
from kumiko.host import config as configuration
from kumiko.host import guard, processes, revision
from kumiko.host.config import Config
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.database import Database
from kumiko.host.declarations import Health
from kumiko.host.errors import KumikoError
from kumiko.host.generation import Generation, build, take_over
from kumiko.host.health import health_of
from kumiko.host.http import problem_of
from kumiko.host.revision import Numbers

log = logging.getLogger("kumiko.host")
LOOK_EVERY_S = 0.2
RETRY_FAILED_BUILD_S = 5.0
LET_BUILD_S = 0.3  # how long a request may wait while this process builds another generation
COOKIE = "km_rev"
HEADER = "Kumiko-Revision"
StartResponse = Callable[..., Any]


class Host:
    """One process's way to the current generation. Web workers call it; the job worker and the command line ask it.

    Raises BuildFailed when there is no generation to start with.
    """

    def __init__(self, config: Config, *, database: Database | None = None, core: Sequence[str] = CORE) -> None:
        self.config = config
        self.database = database or Database.open(config.database_url, pool_size=max(2, config.threads + 1))
        self.core = tuple(core)
        self.name = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:6]}"
        self.kind = ""  # "web" or "worker" once the process shows signs of life
        self.failure = ""  # why the newest generation could not be built
        self._building = threading.Lock()
        self._next_look_s = 0.0
        self._failed: tuple[int, float] = (-1, 0.0)  # epoch that failed, and when
        try:
            numbers = revision.read(self.database)
        except sa.exc.SQLAlchemyError:
            numbers = Numbers()
        self.generation: Generation = build(config, self.database, numbers, core=self.core)
        guard.flush(self.database, self.generation)

    # -- following the revision ---------------------------------------------------------------------------------

    def follow(self, seen: Numbers | None = None, *, at_once: bool = False) -> Generation:
        """The current generation, after looking whether there is a newer one (every 0.2 s at most, or `at_once`).

        `seen` is what the asking browser has already been answered by: a process behind it looks and builds first.
        """
        behind = seen is not None and self.generation.numbers.behind(seen)
        now_s = time.monotonic()
        if not behind and not at_once and now_s < self._next_look_s:
            return self.generation
        self._next_look_s = now_s + LOOK_EVERY_S
        try:
            numbers = revision.read(self.database)
        except sa.exc.SQLAlchemyError as fault:
            log.warning("the revision cannot be read: %s", fault)
            return self.generation
        if numbers != self.generation.numbers:
            self._move_to(numbers, wait=behind)
        return self.generation

    def _move_to(self, numbers: Numbers, *, wait: bool) -> None:
        if not self._building.acquire(blocking=wait):
            return  # another thread builds; this request is answered by the old generation
        try:
            old = self.generation
            numbers = revision.read(self.database)  # another thread may have moved on while this one waited
            if numbers == old.numbers:
                return
            if numbers.epoch == old.numbers.epoch:
                self.generation = old.renumbered(numbers)
                return
            failed_epoch, failed_at_s = self._failed
            if failed_epoch == numbers.epoch and time.monotonic() - failed_at_s < RETRY_FAILED_BUILD_S:
                return
            made = take_over(self.database, numbers, core=self.core)
            self.generation = made or build(self.config, self.database, numbers, core=self.core)
            self.failure = ""
            if self.kind:
                processes.beat(self.database, self.name, epoch=numbers.epoch, kind=self.kind)
        except Exception as error:
            self._failed = (numbers.epoch, time.monotonic())
            self.failure = f"generation {numbers.mark} could not be built: {error}"
            log.exception("%s; this process keeps generation %s", self.failure, self.generation.numbers.mark)
            guard.record("host", "build", error)
        finally:
            self._building.release()

    # -- answering ----------------------------------------------------------------------------------------------

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path in ("/healthz", "/readyz"):
            return self._health(path, start_response)
        if self._building.locked() and self._building.acquire(timeout=LET_BUILD_S):
            self._building.release()  # the fewer threads work meanwhile, the sooner the new generation is there
        mark = environ.get("HTTP_KUMIKO_REVISION", "") if path.startswith("/api/") else _cookie(environ)
        generation = self.follow(Numbers.from_mark(mark) if mark else None)
        fresh_copy = bodies.keep(environ)
        while True:
            if fresh_copy is not None:
                environ = fresh_copy()
            context = Context(self.database, generation=generation, via="api" if path.startswith("/api/") else "web")
            started, body = self._answer(environ, context, generation, mark)
            if not context.outdated or fresh_copy is None:
                return self._send(started, body, start_response)
            # Nothing was written: another module has taken these records over, and the next generation knows it.
            _close(body)
            before, generation = generation, self.follow(revision.read(self.database))
            if generation is before:
                return self._send(started, body, start_response)

    @staticmethod
    def _send(started: list[Any], body: Iterable[bytes], start_response: StartResponse) -> Iterable[bytes]:
        status, headers, exc_info = started
        start_response(status, headers, exc_info) if exc_info else start_response(status, headers)
        return body

    def _answer(
        self, environ: dict[str, Any], context: Context, generation: Generation, mark: str
    ) -> tuple[list[Any], Iterable[bytes]]:
        """Status, headers and error for `start_response`, and the body."""
        api = context.via == "api"
        environ["kumiko.context"] = context
        bumps = revision.bumps()
        sent = bodies.watch(environ)
        started: list[Any] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            current = generation.numbers.mark if revision.bumps() == bumps else self._fresh_mark(generation)
            headers.append(("X-Request-Id", context.request_id))
            draining.close_header(headers)
            if api:
                headers.append((HEADER, current))
            elif current != mark and not _cacheable(headers):
                secure = "; Secure" if self.config.secure else ""
                headers.append(("Set-Cookie", f"{COOKIE}={current}; Path=/; HttpOnly; SameSite=Lax{secure}"))
            started[:] = (status, headers, exc_info)

        try:
            with use(context):
                body = generation.app.wsgi_app(environ, start)
                if environ.get("kumiko.streamed"):
                    return started, _Stream(body, contextvars.copy_context(), self._after(context))
                try:
                    return started, bodies.with_rest([b"".join(body)], sent)
                finally:
                    _close(body)
        except Exception as error:
            log.exception("request %s left the application", context.request_id)
            guard.record("host", "request", error)
            return self._last_resort(error, context.request_id)
        finally:
            if guard.waiting():
                guard.flush(self.database, self.generation)

    def _fresh_mark(self, generation: Generation) -> str:
        """This request switched something: its browser must not be answered by an older generation next."""
        self._next_look_s = 0.0
        try:
            return revision.read(self.database).mark
        except sa.exc.SQLAlchemyError:
            return generation.numbers.mark

    def _after(self, context: Context) -> Callable[[], None]:
        def close() -> None:
            context.close()
            if guard.waiting():
                guard.flush(self.database, self.generation)

        return close

    @staticmethod
    def _last_resort(error: Exception, request_id: str) -> tuple[list[Any], Iterable[bytes]]:
        problem = problem_of(error, request_id=request_id)
        body = orjson.dumps(problem.as_json())
        headers = [("Content-Type", "application/problem+json"), ("Content-Length", str(len(body)))]
        return [f"{problem.status} {problem.title}", headers, None], [body]

    # -- health -------------------------------------------------------------------------------------------------

    def _health(self, path: str, start_response: StartResponse) -> Iterable[bytes]:
        ready, said = (True, {"ok": True}) if path == "/healthz" else self.readiness()
        body = orjson.dumps(said)
        headers = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK" if ready else "503 Service Unavailable", headers)
        return [body]

    def readiness(self) -> tuple[bool, dict[str, Any]]:
        """Whether this process can serve, and the reasons: database, generations behind, what core plugins add."""
        generation = self.follow()
        said: dict[str, Any] = {"epoch": generation.epoch, "built_in_ms": round(generation.built_in_ms)}
        try:
            said["epoch_lag"] = revision.read(self.database).epoch - generation.epoch
            said["database"] = True
        except sa.exc.SQLAlchemyError:
            said["database"], said["ok"] = False, False
            return False, said
        if self.failure:
            said["failure"] = self.failure
        said["failed_modules"] = sorted(generation.failed)
        ready = not self.failure
        context = Context(self.database, generation=generation, principal=SYSTEM)
        with use(context):
            for name, ask in generation.state.get("readiness", {}).items():
                try:
                    health = ask()
                except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
                    guard.record(name, "readiness", error)
                    health = Health(ok=False, message=str(error))
                said[name] = {"ok": health.ok, "message": health.message}
                ready = ready and health.ok
            said["unhealthy_modules"] = self._unhealthy(generation)
        said["ok"] = ready
        return ready, said

    @staticmethod
    def _unhealthy(generation: Generation) -> list[str]:
        """Modules whose outside world is not fine: worth a look, no reason to take this process out."""
        answers = {name: health_of(loaded) for name, loaded in generation.plugins.items()}
        return sorted(name for name, health in answers.items() if health is not None and not health.ok)

    # -- for worker and command line ----------------------------------------------------------------------------

    def context(self, **arguments: Any) -> Context:
        """A context on the current generation; keyword arguments as for `Context`."""
        return Context(self.database, generation=self.follow(), **arguments)


class _Stream:
    """A body that is made while it is sent: its iterations happen in the context of its request."""

    def __init__(self, body: Iterable[bytes], variables: contextvars.Context, after: Callable[[], None]) -> None:
        self._body, self._variables, self._after = body, variables, after
        self._iterator = iter(body)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return self._variables.run(next, self._iterator)

    def close(self) -> None:
        try:
            self._variables.run(_close, self._body)
        finally:
            self._variables.run(self._after)


def _close(body: Any) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def _cookie(environ: dict[str, Any]) -> str:
    cookies = environ.get("HTTP_COOKIE", "")
    if COOKIE not in cookies:
        return ""
    return parse_cookie(cookies).get(COOKIE, "")


def _cacheable(headers: list[tuple[str, str]]) -> bool:
    """Assets that may be kept by shared caches carry no cookie."""
    return any(key.lower() == "cache-control" and "public" in value for key, value in headers)


def make_application() -> Host:
    """The application of a web process, set up from the environment."""
    config = configuration.load()
    processes.set_up_log(config.log)
    try:
        host = Host(config)
    except KumikoError as fault:
        raise SystemExit(f"kumiko: {fault.message}") from fault
    # Python looks for cycles after every 700 new objects; a list has thousands, none of them in a cycle.
    gc.set_threshold(20_000, 20, 20)
    processes.start_pulse(host, kind="web")
    return host


def __getattr__(name: str) -> Any:
    """`application` for WSGI servers (`kumiko.host.wsgi:application`), made when it is asked for."""
    if name == "application":
        globals()["application"] = made = make_application()
        return made
    raise AttributeError(name)
