"""What the pieces of the story share: the host in this process, whom it acts as, its worker."""

from __future__ import annotations

import argparse
import contextlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from meter import Meter

from kumiko import utc_now
from kumiko.host import config as configuration
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.wsgi import Host
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker

HEAD = "head@bench.example"


class AtWork:
    """An installation (KUMIKO_HOME, KUMIKO_DATABASE_URL), its web process and its worker in one."""

    def __init__(self, description: str) -> None:
        parser = argparse.ArgumentParser(description=description.splitlines()[0])
        for name in ("postmaster", "deals", "worked", "inquiries", "mails", "taken"):
            parser.add_argument(f"--{name}", type=int, default=0)
        self.asked = parser.parse_args()
        self.meter = Meter(self.asked.postmaster)
        self.host = Host(configuration.load())
        self.known = json.loads((self.host.config.home / "bench.json").read_text())

    @contextlib.contextmanager
    def acting(self, email: str = "") -> Iterator[Context]:
        """A context of the user with this address, or of the system."""
        with use(Context(self.host.database, generation=self.host.generation, principal=SYSTEM)) as context:
            if email:
                context.as_principal(self.host.generation.state["principal_for_email"](email))
            yield context

    @cached_property
    def worker(self) -> Worker:
        return Worker(self.host, threading.Event())

    def work_off(self, *names: str, most: int = 10**9) -> int:
        """Do jobs that are due until none of these names (none at all, without names) is left; how many it were."""
        done = 0
        while done < most and (not names or self.waiting(*names)) and self.worker.run_once():
            done += 1
        return done

    def waiting(self, *names: str) -> bool:
        """Whether jobs of these names are due."""
        query = sa.select(job_table.c.id).where(
            job_table.c.name.in_(names), job_table.c.status == "ready", job_table.c.run_at <= utc_now()
        )  # fmt: skip
        with self.host.database.reader.connect() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def hold(self, name: str) -> None:
        """Put jobs of this name off until tomorrow, so that others are measured alone."""
        self._move(job_table.c.name == name, timedelta(days=1))

    def release(self, name: str, count: int) -> None:
        """Let so many of them be due."""
        ids = sa.select(job_table.c.id).where(job_table.c.name == name, job_table.c.status == "ready")
        self._move(job_table.c.id.in_(ids.order_by(job_table.c.id).limit(count)), timedelta())

    def _move(self, condition: Any, span: timedelta) -> None:
        query = sa.update(job_table).where(condition, job_table.c.status == "ready").values(run_at=utc_now() + span)
        with self.host.database.engine.begin() as connection:
            connection.execute(query)

    def broken(self) -> list[Any]:
        """Jobs that raised: (name, error)."""
        query = sa.select(job_table.c.name, job_table.c.last_error).where(job_table.c.last_error != "").limit(5)
        with self.host.database.reader.connect() as connection:
            return [list(row) for row in connection.execute(query)]

    def count(self, model: Any, *conditions: Any) -> int:
        """Rows of a table."""
        query = sa.select(sa.func.count()).select_from(model.__table__).where(*conditions)
        with self.host.database.reader.connect() as connection:
            return int(connection.execute(query).scalar_one())
