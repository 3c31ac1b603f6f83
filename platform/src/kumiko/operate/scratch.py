"""A database beside that of the installation, for trying things out: gone afterwards."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy import URL
from sqlalchemy.pool import NullPool

from kumiko.host.config import Config
from kumiko.host.database import normalise_url
from kumiko.host.errors import KumikoError
from kumiko.operate import backups


class NoScratch(KumikoError):
    """There can be no scratch database here, with the reason."""


@contextmanager
def database(config: Config) -> Iterator[URL]:
    """An empty database of the same kind on the same machine."""
    url = normalise_url(config.database_url)
    mark = f"kumiko_scratch_{_mark(url)}_"
    word = f"{mark}{os.getpid()}_{secrets.token_hex(4)}"
    if url.get_backend_name() == "sqlite":
        for left in config.home.glob(f".{mark}*"):
            if not _lives(left.name.removeprefix(f".{mark}")):
                left.unlink(missing_ok=True)
        file = config.home / f".{word}.db"
        try:
            yield url.set(database=str(file))
        finally:
            for suffix in ("", "-wal", "-shm", "-journal"):
                Path(f"{file}{suffix}").unlink(missing_ok=True)
        return
    engine = sa.create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            _drop_left(connection, mark)
            like = connection.exec_driver_sql(
                "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
                "WHERE datname = current_database()"
            ).one()
            connection.exec_driver_sql(
                f"CREATE DATABASE {word} TEMPLATE template0 ENCODING '{like[0]}' "
                f"LC_COLLATE '{like[1]}' LC_CTYPE '{like[2]}'"
            )
    except sa.exc.DBAPIError as fault:
        engine.dispose()
        raise NoScratch(
            "a database beside this one is needed to try it out, and could not be made "
            f"({str(fault.orig).splitlines()[0]}); allow it once: ALTER ROLE {url.username or 'kumiko'} CREATEDB"
        ) from fault
    try:
        yield url.set(database=word)
    finally:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {word} WITH (FORCE)")
        engine.dispose()


def _mark(url: URL) -> str:
    """A word for this installation on this machine: what others left is theirs."""
    text = f"{socket.gethostname()} {url.render_as_string(hide_password=True)}"
    return hashlib.blake2b(text.encode(), digest_size=5).hexdigest()


def _drop_left(connection: sa.Connection, mark: str) -> None:
    """Drop what processes that were killed left behind."""
    names = sa.text("SELECT datname FROM pg_database WHERE starts_with(datname, :mark)")
    for name in connection.execute(names, {"mark": mark}).scalars().all():
        if not _lives(str(name).removeprefix(mark)):
            connection.exec_driver_sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def _lives(rest: str) -> bool:
    """Whether the process that a scratch database is named after (PID_...) is there."""
    number = rest.partition("_")[0]
    try:
        os.kill(int(number), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def restored(config: Config, file: Path) -> Iterator[URL]:
    """A scratch database that holds what a backup holds."""
    with database(config) as url:
        text = url.render_as_string(hide_password=False)
        if url.get_backend_name() == "sqlite":
            backups.restore(_with(config, text), str(file))
        else:
            backups.fill(url, file)
        yield url


def with_database(config: Config, url: URL) -> Config:
    """The same installation with another database."""
    return _with(config, url.render_as_string(hide_password=False))


def _with(config: Config, url: str) -> Config:
    return replace(config, database_url=url)
