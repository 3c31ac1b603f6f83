"""A private PostgreSQL cluster for one pytest run: made on first use, shared by all its processes, gone afterwards."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from kumiko_testing import policy, rundir
from kumiko_testing.ports import free_port

HOST = "127.0.0.1"
SETTINGS = {
    "listen_addresses": HOST,
    "max_connections": "200",
    "shared_buffers": "64MB",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "autovacuum_naptime": "5min",
    "timezone": "UTC",
}


def find_binaries() -> Path | None:
    """The folder holding initdb, postgres and pg_ctl, newest version first; None when PostgreSQL is not installed."""
    if named := os.environ.get("KUMIKO_TEST_PG_BIN"):
        return Path(named)
    if on_path := shutil.which("pg_ctl"):
        return Path(on_path).resolve().parent
    patterns = ("usr/lib/postgresql/*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin")
    found = [path for pattern in patterns for path in Path("/").glob(pattern) if (path / "initdb").exists()]
    return max(found, key=_version_of, default=None)


def server_url() -> str:
    """The address of the run's cluster, `postgresql+psycopg://postgres@127.0.0.1:PORT`; starts it if needed."""
    binaries = find_binaries()
    if binaries is None:
        policy.missing("No PostgreSQL: install it (Debian: apt-get install postgresql) or set KUMIKO_TEST_PG_BIN.")
    with rundir.locked("postgres") as folder:
        ready = folder / "postgres.port"
        if not ready.exists():
            ready.write_text(str(_start(binaries, folder)), "ascii")
        port = ready.read_text("ascii")
    return f"postgresql+psycopg://postgres@{HOST}:{port}"


def stop(folder: Path) -> None:
    """Stops the cluster of the run with this folder, if it ever started."""
    binaries = find_binaries()
    if binaries and (folder / "pg" / "postmaster.pid").exists():
        _call([binaries / "pg_ctl", "stop", "-D", folder / "pg", "-m", "immediate", "-w", "-t", "20"], check=False)


def _start(binaries: Path, folder: Path) -> int:
    data = folder / "pg"
    data.mkdir(mode=0o700)
    if os.geteuid() == 0:
        shutil.chown(data, _server_user(), -1)
    locale = "C.UTF-8" if sys.platform == "linux" else "en_US.UTF-8"  # plain C would not lower-case umlauts
    flags = ["-U", "postgres", "-A", "trust", "-E", "UTF8", f"--locale={locale}", "--no-sync"]
    _call([binaries / "initdb", "-D", data, *flags])
    for attempt in range(5):
        port = free_port(31000, 32700)
        settings = {**SETTINGS, "port": str(port), "unix_socket_directories": str(data)}
        (data / "postgresql.auto.conf").write_text("".join(f"{key} = '{value}'\n" for key, value in settings.items()))
        start = [binaries / "pg_ctl", "start", "-D", data, "-l", data / "log", "-w", "-t", "60"]
        done = _call(start, check=attempt == 4)
        if done.returncode == 0:
            return port
    raise AssertionError("unreachable: the last attempt raises")


def _call(command: list[Any], check: bool = True) -> subprocess.CompletedProcess[str]:
    as_user: dict[str, Any] = {}
    if os.geteuid() == 0:  # the server refuses to run as root
        entry = pwd.getpwnam(_server_user())
        as_user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    # Output goes to a file: the server inherits it, and a pipe would keep us waiting for as long as it runs.
    with open(rundir.current() / "postgres.out" if os.environ.get(rundir.VARIABLE) else os.devnull, "a+") as out:
        done = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            check=False,
            **as_user,
        )
        if check and done.returncode:
            out.seek(0)
            raise RuntimeError(f"{Path(command[0]).name} failed with {done.returncode}:\n{out.read()[-3000:]}")
    return done


def _server_user() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        policy.missing(
            "PostgreSQL does not run as root and there is no user `postgres`: run the tests as another user."
        )


def _version_of(path: Path) -> float:
    found = re.search(r"(\d+(\.\d+)?)/bin$", path.as_posix())
    return float(found[1]) if found else 0.0
