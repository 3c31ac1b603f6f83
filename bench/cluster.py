"""A PostgreSQL cluster of the benchmark's own, on the loopback, with settings of a small server."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from places import KEPT, POSTGRES_PORT

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "port": str(POSTGRES_PORT),
    "shared_buffers": "1GB",
    "work_mem": "32MB",
    "max_connections": "60",
    "max_wal_size": "4GB",
    "timezone": "UTC",
    "unix_socket_directories": "",
}


def binaries() -> Path | None:
    """The folder of initdb and pg_ctl, newest version first; None when PostgreSQL is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    on_path = shutil.which("pg_ctl")
    return next((path for path in found if (path / "initdb").exists()), Path(on_path).parent if on_path else None)


@contextlib.contextmanager
def running() -> Iterator[int | None]:
    """The cluster while the block runs; gives the process id of its postmaster, None without PostgreSQL."""
    folder = binaries()
    if folder is None:
        yield None
        return
    data = KEPT / "postgres"
    KEPT.mkdir(parents=True, exist_ok=True)
    if not (data / "PG_VERSION").exists():
        data.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            shutil.chown(data, "postgres")
        _call(folder / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
    (data / "postgresql.auto.conf").write_text("".join(f"{key} = '{value}'\n" for key, value in SETTINGS.items()))
    started = not _is_alive(data / "postmaster.pid")
    if started:
        _call(folder / "pg_ctl", "start", "-D", data, "-l", data / "log", "-w", "-t", "60")
    try:
        yield int((data / "postmaster.pid").read_text().splitlines()[0])
    finally:
        if started:
            _call(folder / "pg_ctl", "stop", "-D", data, "-m", "fast", "-w", "-t", "60")


def _is_alive(file: Path) -> bool:
    """Whether the server that wrote this file runs; one that was killed leaves it behind."""
    return file.exists() and Path("/proc", file.read_text().splitlines()[0]).exists()


def url(database: str) -> str:
    """Address of a database of the cluster, as Kumiko takes it."""
    return f"postgresql://postgres@127.0.0.1:{POSTGRES_PORT}/{database}"


def conninfo(database: str) -> str:
    """The same as libpq takes it."""
    return f"host=127.0.0.1 port={POSTGRES_PORT} dbname={database} user=postgres"


def recreate(database: str) -> None:
    """An empty database of this name."""
    import psycopg

    with psycopg.connect(conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{database}"')


def copy(source: str, target: str) -> None:
    """A database with what another one holds: writing workloads spoil the copy."""
    import psycopg

    with psycopg.connect(conninfo("postgres"), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        connection.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')


def _call(*command: Any) -> None:
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        cwd="/",
        check=False,
        **user,
    )
    if done.returncode:
        raise SystemExit(f"{Path(str(command[0])).name} ended with {done.returncode}; see {KEPT / 'postgres' / 'log'}")
