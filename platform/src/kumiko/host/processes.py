"""Processes of one installation: logging, the pulse that keeps them current, and ending with their parent."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kumiko import draining
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.models import Process
from kumiko.watch import Watch

if TYPE_CHECKING:
    from kumiko.host.database import Database
    from kumiko.host.wsgi import Host

log = logging.getLogger("kumiko.processes")
PARENT = "KUMIKO_PARENT_PID"  # set by `kumiko serve` for the processes it starts
BEAT_EVERY_S = 15.0
LOOK_EVERY_S = 0.2  # by the clock, if no watch says earlier that something changed
FORGOTTEN_AFTER = timedelta(minutes=2)


def set_up_log(level: str) -> None:
    """Log to stderr; called once by each process of ours."""
    logging.basicConfig(
        level=level.upper(),
        stream=sys.stderr,
        format="%(asctime)s %(levelname)s %(name)s: %(message)s",
        force=True,  # a forked process inherits what its parent set up
    )
    if level != "debug":
        logging.getLogger("alembic").setLevel("WARNING")


def beat(database: Database, name: str, *, epoch: int, kind: str = "web", healthy: bool = True) -> None:
    """Write that this process lives and which epoch it has reached; forgets processes not seen for two minutes."""
    table = table_of(Process)
    now = utc_now()
    values = {"epoch": epoch, "seen_at": now, "healthy": healthy}
    try:
        with database.engine.begin() as connection:
            done = connection.execute(sa.update(table).where(table.c.name == name).values(**values))
            if done.rowcount == 0:
                connection.execute(sa.insert(table).values(name=name, kind=kind, **values))
            connection.execute(sa.delete(table).where(table.c.seen_at < now - FORGOTTEN_AFTER))
    except sa.exc.SQLAlchemyError as fault:
        log.warning("the sign of life could not be written: %s", fault)


def alive(database: Database) -> list[dict[str, Any]]:
    """Processes seen within two minutes: name, kind, epoch, seen_at, healthy."""
    table = table_of(Process)
    with database.reader.connect() as connection:
        rows = connection.execute(
            sa.select(table).where(table.c.seen_at > utc_now() - FORGOTTEN_AFTER).order_by(table.c.name)
        )
        return [dict(row) for row in rows.mappings()]


def start_pulse(host: Host, *, kind: str) -> threading.Thread:
    """A thread that follows the revision while no request does, writes signs of life, and ends with the parent."""
    if kind == "web" and os.environ.get(PARENT):
        # Ctrl+C reaches the whole process group; the server then gets it twice (also from its parent) and hangs.
        os.setpgrp()
        draining.prepare()
    host.kind = kind
    thread = threading.Thread(target=_pulse, args=(host, kind), name="kumiko-pulse", daemon=True)
    thread.start()
    return thread


def _pulse(host: Host, kind: str) -> None:
    parent = int(os.environ.get(PARENT) or 0)
    next_beat_s = 0.0
    watch = Watch(host.database)
    while True:
        if parent and os.getppid() != parent:
            end_this_process()
        try:
            host.follow(at_once=True)
            if time.monotonic() >= next_beat_s:
                beat(host.database, host.name, epoch=host.generation.epoch, kind=kind, healthy=not host.failure)
                next_beat_s = time.monotonic() + BEAT_EVERY_S
                for keep in host.generation.state.get("on_beat", ()):
                    keep(host.database)
        except Exception:
            log.exception("the pulse stumbled")
        watch.wait(LOOK_EVERY_S)


def end_this_process() -> None:
    """The parent died: finish what runs, and do not linger."""
    log.warning("the process that started this one is gone; ending")
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(10)
    os._exit(1)


def forget(database: Database, name: str) -> None:
    """A process ends as it should: no need to wait for its sign of life to fade."""
    table = table_of(Process)
    try:
        with database.engine.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.name == name))
    except sa.exc.SQLAlchemyError as fault:
        log.warning("the sign of life could not be removed: %s", fault)
