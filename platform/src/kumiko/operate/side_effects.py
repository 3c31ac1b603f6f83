"""What importing a plugin changes for everybody in its process: looked at before and after, named afterwards."""

from __future__ import annotations

import builtins
import locale
import logging
import os
import signal
import socket
import sys
import threading
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kumiko.host.database import HostSession
from kumiko.host.manifest import Manifest
from kumiko.host.models import HostBase


def _our_functions() -> dict[str, dict[str, Any]]:
    """Functions and classes of Kumiko's modules that are loaded: replacing one is seen by its identity."""
    return {
        name: {
            key: value
            for key, value in vars(module).items()
            if isinstance(value, types.FunctionType | type) and not key.startswith("__")
        }
        for name, module in sorted(sys.modules.items())
        if name.startswith(("kumiko.", "kumiko_contracts")) and module is not None
    }


def _files(folder: str) -> set[str]:
    try:
        return {one.name for one in Path(folder).iterdir() if one.name != "__pycache__"}
    except OSError:
        return set()


def _host_attributes() -> dict[str, set[str]]:
    return {mapper.class_.__name__: set(vars(mapper.class_)) for mapper in HostBase.registry.mappers}


def _session_listeners() -> int:
    """How many functions listen to sessions of the host, whatever class they were put on."""
    dispatch = HostSession().dispatch
    return sum(len(list(getattr(dispatch, name))) for name in ("do_orm_execute", "before_flush", "after_commit"))


@dataclass
class Snapshot:
    """The state of this process that belongs to nobody alone."""

    threads: set[threading.Thread] = field(default_factory=lambda: set(threading.enumerate()))
    attributes: dict[str, set[str]] = field(default_factory=_host_attributes)
    listeners: int = field(default_factory=_session_listeners)
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    signals: dict[int, Any] = field(default_factory=lambda: {n: signal.getsignal(n) for n in signal.valid_signals()})
    locale: str = field(default_factory=lambda: locale.setlocale(locale.LC_ALL))
    filters: tuple[Any, ...] = field(default_factory=lambda: tuple(warnings.filters))
    log: tuple[int, tuple[Any, ...]] = field(
        default_factory=lambda: (logging.getLogger().level, tuple(logging.getLogger().handlers))
    )
    finders: tuple[Any, ...] = field(default_factory=lambda: (*sys.meta_path, *sys.path_hooks))
    streams: tuple[Any, ...] = field(
        default_factory=lambda: (sys.stdout, sys.stderr, sys.excepthook, threading.excepthook)
    )
    timeout_s: float | None = field(default_factory=socket.getdefaulttimeout)
    folder: str = field(default_factory=os.getcwd)
    files: set[str] = field(default_factory=lambda: _files("."))
    builtins: dict[str, Any] = field(default_factory=lambda: dict(vars(builtins)))
    ours: dict[str, dict[str, Any]] = field(default_factory=_our_functions)


def problems(one: Manifest, before: Snapshot) -> Iterator[str]:
    """A sentence for each change since `before`."""
    now, name = Snapshot(), one.name
    started = sorted(thread.name for thread in now.threads - before.threads)
    if started:
        yield f"{name}: importing it starts threads ({', '.join(started)}); background work is a job."
    for cls, names in now.attributes.items():
        extra = names - before.attributes.get(cls, set())
        if extra:
            yield f"{name}: it adds {', '.join(sorted(extra))} to the host's class {cls}; relationships go one way."
    if now.listeners != before.listeners:
        yield f"{name}: it listens to every database session; that is the host's."
    changed = sorted(
        key
        for key in {*now.environment, *before.environment}
        if now.environment.get(key) != before.environment.get(key)
    )
    if changed:
        yield f"{name}: importing it changes the environment ({', '.join(changed)}); that is the operator's."
    handled = [signal.Signals(n).name for n, handler in now.signals.items() if handler != before.signals.get(n)]
    if handled:
        yield f"{name}: importing it handles signals ({', '.join(handled)}); the server needs them to stop."
    if now.locale != before.locale:
        yield f"{name}: importing it sets the locale of the process; format numbers and days with kumiko's own means."
    if now.log != before.log:
        yield f"{name}: importing it sets up the root logger; use logging.getLogger({name!r}) and leave the rest."
    if now.timeout_s != before.timeout_s:
        yield f"{name}: importing it sets the time limit of all sockets; give your own connections theirs."
    if now.streams != before.streams:
        yield f"{name}: importing it replaces output streams or the last resort for errors of the process."
    yield from _replaced(one, before, now)
    if now.folder != before.folder:
        yield f"{name}: importing it changes the working folder of the process."
    elif written := sorted(now.files - before.files):
        yield f"{name}: importing it writes files ({', '.join(written[:5])}); write when asked to, elsewhere."


def warnings_of(one: Manifest, before: Snapshot) -> Iterator[str]:
    """What libraries do as well, and what is therefore only mentioned."""
    if tuple(warnings.filters) != before.filters:
        yield (
            f"{one.name}: importing it, or a library of its, changes the filters of Python's warnings for the whole "
            "process."
        )


def _replaced(one: Manifest, before: Snapshot, now: Snapshot) -> Iterator[str]:
    names = sorted(
        key for key in {*now.builtins, *before.builtins} if now.builtins.get(key) is not before.builtins.get(key)
    )
    names = [key for key in names if key not in ("_", "__build_class__")]
    if names:
        yield f"{one.name}: importing it replaces or adds built-in names ({', '.join(names)}) for everybody."
    own = one.package.partition(".")[0]
    finders = [finder for finder in now.finders if finder not in before.finders and _module_of(finder) == own]
    if finders:
        yield f"{one.name}: importing it changes how everybody's modules are found (sys.meta_path)."
    for module, functions in before.ours.items():
        current = now.ours.get(module, {})
        for key, value in functions.items():
            if current.get(key) is not value:
                yield f"{one.name}: importing it replaces {module}.{key}; hooks and contracts are the ways into Kumiko."


def _module_of(finder: Any) -> str:
    kind = finder if isinstance(finder, type) else type(finder)
    return str(getattr(finder, "__module__", "") or kind.__module__).partition(".")[0]
