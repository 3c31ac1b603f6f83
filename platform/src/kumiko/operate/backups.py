"""Backup and restore of the database: SQLite's online copy, or pg_dump's archive on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL

from kumiko.host.config import Config
from kumiko.host.database import normalise_url
from kumiko.host.errors import KumikoError

_HEADS = {b"SQLite format 3\x00": "sqlite", b"PGDMP": "postgresql"}
_NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def backup(config: Config, file: str) -> int:
    """Write a consistent copy of the database into `file`. Returns its size in bytes."""
    url = normalise_url(config.database_url)
    target = Path(file)
    partial = target.with_name(target.name + ".part")
    partial.unlink(missing_ok=True)
    try:
        if url.get_backend_name() == "sqlite":
            if not Path(url.database or "").exists():
                raise KumikoError(f"there is no database at {url.database}; run `kumiko init` first")
            _copy(Path(url.database or ""), partial)
        else:
            dump(url, partial)
        os.replace(partial, target)
    except OSError as fault:
        raise KumikoError(f"{file} cannot be written ({fault.strerror})") from fault
    finally:
        partial.unlink(missing_ok=True)
    return target.stat().st_size


def dump(url: URL, file: Path, *, snapshot: str = "", form: str = "custom") -> None:
    """Write a PostgreSQL database into a file, as one exported `snapshot` sees it when there is one."""
    more = (f"--snapshot={snapshot}",) if snapshot else ()
    _run("pg_dump", url, f"--format={form}", "--no-owner", "--no-privileges", *more, "--file", str(file))


def restore(config: Config, file: str) -> None:
    """Replace the database by what `backup` wrote."""
    url = normalise_url(config.database_url)
    check_file(url, file)
    if url.get_backend_name() == "sqlite":
        _copy(Path(file), Path(url.database or ""))
    else:
        _run(
            "pg_restore",
            url,
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            "--dbname",
            _name(url),
            file,
        )


def check_file(url: URL, file: str) -> None:
    """KumikoError, with a sentence, unless a file is a backup of this kind of database."""
    with open(file, "rb") as stream:
        head = stream.read(16)
    theirs = next((kind for start, kind in _HEADS.items() if head.startswith(start)), "")
    ours = url.get_backend_name()
    if theirs == ours:
        if theirs == "sqlite":
            _refuse_foreign(Path(file))
        return
    if theirs:
        raise KumikoError(
            f"{file} is a backup of {_NAMES[theirs]}, and this installation keeps its data in {_NAMES[ours]}; "
            "`kumiko archive` takes everything from one to the other"
        )
    if head.startswith(b"PK"):
        raise KumikoError(f"{file} is a zip, not a backup; if it is an archive, `kumiko archive load` reads it")
    raise KumikoError(f"{file} is no backup of {_NAMES[ours]}, or it is damaged from its first byte on")


def fill(url: URL, file: Path) -> None:
    """Put what `dump` wrote into an empty PostgreSQL database."""
    _run("pg_restore", url, "--no-owner", "--no-privileges", "--exit-on-error", "--dbname", _name(url), str(file))


def swap(url: URL, prepared: URL, folder: Path) -> None:
    """Put the content of the database `prepared` in the place of everything in `url`, in one transaction.

    Whoever reads sees all of the old state or all of the new one; a process that is killed meanwhile leaves the old.
    """
    if url.get_backend_name() == "sqlite":
        _copy(Path(prepared.database or ""), Path(url.database or ""))
        return
    script = folder / f".swap-{os.getpid()}.sql"
    try:
        dump(prepared, script, form="plain")
        first = "SET lock_timeout = '60s'; DROP SCHEMA public CASCADE; CREATE SCHEMA public"
        options = ("--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1")
        _run("psql", url, *options, "--command", first, "--file", str(script))
    finally:
        script.unlink(missing_ok=True)


def missing_tools(url: URL) -> list[str]:
    """Programs that backups of this kind of database need and that this machine lacks."""
    if url.get_backend_name() == "sqlite":
        return []
    return [tool for tool in ("pg_dump", "pg_restore", "psql") if shutil.which(tool) is None]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    read, write = sqlite3.connect(f"file:{source}?mode=ro", uri=True), sqlite3.connect(target, timeout=30)
    try:
        read.backup(write)
    except sqlite3.Error as fault:
        raise KumikoError(f"{source} could not be copied: {fault}") from fault
    finally:
        read.close()
        write.close()


def _refuse_foreign(file: Path) -> None:
    connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
    try:
        found = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'host_revision'").fetchone()[0]
    except sqlite3.Error as fault:
        raise KumikoError(f"{file} is damaged: {fault}") from fault
    finally:
        connection.close()
    if not found:
        raise KumikoError(f"{file} is an SQLite database, but none of Kumiko")


def _name(url: URL) -> str:
    return str(url.database or "")


def _run(tool: str, url: URL, *arguments: str) -> None:
    if shutil.which(tool) is None:
        raise KumikoError(f"{tool} is not installed; install PostgreSQL's client tools (postgresql-client)")
    environment = {**os.environ, "PGDATABASE": _name(url)}
    for key, value in (("PGHOST", url.host), ("PGUSER", url.username), ("PGPASSWORD", url.password)):
        if value:
            environment[key] = str(value)
    if url.port:
        environment["PGPORT"] = str(url.port)
    if "host" in url.query:
        environment["PGHOST"] = str(url.query["host"])
    done = subprocess.run([tool, *arguments], env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise KumikoError(f"{tool} failed: {last}")
