"""Fresh databases for tests, copied from templates that are built once per run.

A template is what one `build(url)` leaves behind; all processes of a run share it. A copy costs about a millisecond on
SQLite (a file) and some tens of milliseconds on PostgreSQL (`CREATE DATABASE ... TEMPLATE`).
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from kumiko_testing import postgres, rundir

KINDS = ("sqlite", "postgresql")
Build = Callable[[str], None]

_counter = itertools.count(1)


def create(kind: str) -> str:
    """The URL of a new, empty database of this kind ("sqlite" or "postgresql")."""
    name = _fresh_name()
    if kind == "sqlite":
        return _sqlite_url(name)
    with _admin() as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return _postgres_url(name)


def clone(template_key: str, build: Build, kind: str) -> str:
    """The URL of a new copy of the template `template_key`, which `build(url)` fills at its first use in this run.

    `build` closes its connections before it returns. Drop the copy with `drop`, or use the fixture `clone_database`,
    which does; whatever is left goes with the run.
    """
    template = _template(template_key, build, kind)
    name = _fresh_name()
    if kind == "sqlite":
        shutil.copyfile(template, _sqlite_path(name))
        return _sqlite_url(name)
    with _admin() as connection:
        # Copying the files takes half as long as writing every page into the log, which nobody reads here.
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY FILE_COPY')
    return _postgres_url(name)


def drop(url: str) -> None:
    """Removes a database made by `create` or `clone`, ending connections that are still open."""
    kind, _, rest = url.partition("://")
    if kind.startswith("sqlite"):
        path = rest.lstrip("/")
        for suffix in ("", "-wal", "-shm", "-journal"):
            Path(f"/{path}{suffix}").unlink(missing_ok=True)
        return
    with _admin() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{rest.rpartition("/")[2]}" WITH (FORCE)')


@contextlib.contextmanager
def cloned(template_key: str, build: Build, kind: str) -> Iterator[str]:
    """`clone` for the length of a with block."""
    url = clone(template_key, build, kind)
    try:
        yield url
    finally:
        drop(url)


def _template(key: str, build: Build, kind: str) -> str:
    """The name (PostgreSQL) or path (SQLite) of the template, built now if this run has none yet."""
    name = "template_" + hashlib.sha256(f"{kind}:{key}".encode()).hexdigest()[:16]
    with rundir.locked(name) as folder:
        ready = folder / f"{name}.ready"
        if not ready.exists():
            if kind == "sqlite":
                _build_sqlite(name, build)
            else:
                _build_postgres(name, build)
            ready.touch()
    return str(_sqlite_path(name)) if kind == "sqlite" else name


def _build_sqlite(name: str, build: Build) -> None:
    url = _sqlite_url(name)
    drop(url)  # what a build that failed left behind
    build(url)
    connection = sqlite3.connect(_sqlite_path(name))
    try:
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    finally:
        connection.close()
    if busy:
        raise RuntimeError("the template cannot be copied: build() returned with a transaction open")


def _build_postgres(name: str, build: Build) -> None:
    with _admin() as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{name}"')
    build(_postgres_url(name))
    with _admin() as connection:  # a template with a connection cannot be copied
        connection.execute(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


@contextlib.contextmanager
def _admin() -> Iterator[Any]:
    """A connection to the cluster, kept for all of this process's tests: each new one costs a process of the server."""
    import psycopg

    known = (os.getpid(), rundir.current())
    connection = _kept.get(known)
    if connection is None or connection.closed:
        dsn = _postgres_url("postgres").replace("postgresql+psycopg", "postgresql")
        connection = _kept[known] = psycopg.connect(dsn, autocommit=True)
    yield connection


_kept: dict[tuple[int, Path], Any] = {}


def _fresh_name() -> str:
    return f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}_{next(_counter)}"


def _sqlite_path(name: str) -> Path:
    folder = rundir.current() / "sqlite"
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.db"


def _sqlite_url(name: str) -> str:
    return f"sqlite:///{_sqlite_path(name)}"


def _postgres_url(name: str) -> str:
    return f"{postgres.server_url()}/{name}"
