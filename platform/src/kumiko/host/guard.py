"""Containment: what a plugin raises becomes a recorded failure, never somebody else's broken page.

It contains mistakes; it is no sandbox. Failures are noted in memory where they happen and written later, in a short
transaction of their own, because the one they happened in is lost.
"""

from __future__ import annotations

import functools
import logging
import time
import traceback
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from kumiko import quarantine, spending
from kumiko.host.columns import utc_now
from kumiko.host.context import current, find_current
from kumiko.host.database import Database
from kumiko.host.errors import KumikoError

log = logging.getLogger("kumiko.guard")

_MESSAGE_LENGTH = 500


@dataclass(frozen=True, kw_only=True)
class Noted:
    """One failure, not written yet."""

    plugin: str
    phase: str
    message: str
    traceback: str
    at: datetime


_noted: deque[Noted] = deque(maxlen=500)


def record(plugin: str, phase: str, error: BaseException) -> Noted:
    """Note that `plugin` raised `error`; returns what the failure list will say."""
    message = str(error).strip() or type(error).__name__
    if not isinstance(error, KumikoError):
        message = f"{type(error).__name__}: {message}" if str(error).strip() else message
    noted = Noted(
        plugin=plugin,
        phase=phase,
        message=message[:_MESSAGE_LENGTH],
        traceback="".join(traceback.format_exception(error))[-8000:],
        at=utc_now(),
    )
    _noted.append(noted)
    log.warning("%s failed in %s: %s", plugin, phase, noted.message)
    log.debug("%s", noted.traceback)
    return noted


def waiting() -> bool:
    """Whether failures wait to be written."""
    return bool(_noted)


def flush(database: Database, generation: Any = None) -> list[str]:
    """Write noted failures in one short transaction of its own. Returns the plugins that were quarantined by it.

    `generation`: the running one, whose core plugins are told of modules that leave.
    """
    batch: list[Noted] = []
    while _noted:
        batch.append(_noted.popleft())
    if not batch:
        return []
    try:
        with database.engine.begin() as connection:
            for one in batch:
                quarantine.write(connection, one)
            return quarantine.put_away(connection, batch, generation)
    except sa.exc.SQLAlchemyError:
        log.exception("%d failures could not be written", len(batch))
        return []


def guarded(
    plugin: str, phase: str, function: Callable[..., Any], *, otherwise: Callable[[], Any] = lambda: None
) -> Callable[..., Any]:
    """A copy of `function` that notes what it raises and then answers `otherwise()`.

    The copy keeps name and arguments, which pluggy reads. KeyboardInterrupt and SystemExit pass after being noted.
    """

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            record(plugin, phase, error)
            return otherwise()
        except BaseException as error:
            record(plugin, phase, error)
            raise
        finally:
            spending.spend(plugin, phase, time.perf_counter() - started)

    return call


@contextmanager
def contained(plugin: str, phase: str) -> Iterator[None]:
    """Run a block of a plugin's code (a panel, a widget): what it raises is noted and goes no further.

    When it called a service of another plugin that raised, that one is to blame.
    """
    started = time.perf_counter()
    try:
        yield
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        record(blamed(error) or plugin, phase, error)
    finally:
        spending.spend(plugin, phase, time.perf_counter() - started)


@contextmanager
def savepoint() -> Iterator[None]:
    """Part of the current write transaction that can fail alone. On PostgreSQL an error without it kills the whole
    transaction; SQLite survives, so tests on it alone do not show the lack."""
    with current().session.begin_nested():
        yield


def blamed(error: BaseException) -> str:
    """The plugin of the running generation, not of the core, in whose code an error arose; "" when in none."""
    context = find_current()
    generation = None if context is None else context.generation
    return owner_of(error, generation.packages) if generation is not None else ""


def owner_of(error: BaseException, packages: Mapping[str, str]) -> str:
    """Plugin in whose code an error arose, "" when in none. `packages` maps packages to plugin names.

    The innermost frame of a plugin counts: whoever called a library wrongly is to blame, not the library.
    """
    owner = ""
    frame: types.TracebackType | None = error.__traceback__
    while frame is not None:
        module = str(frame.tb_frame.f_globals.get("__name__", ""))
        while module:
            if module in packages:
                owner = packages[module]
                break
            module = module.rpartition(".")[0]
        frame = frame.tb_next
    return owner
