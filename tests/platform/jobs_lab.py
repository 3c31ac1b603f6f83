"""A small installation for tests of background work: real tables, real workers, a generation of a few kinds of jobs.

Run as a script it is a worker process: `jobs_lab.py worker URL`.
"""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kumiko.host.context import SYSTEM, Context, Principal, transaction, use
from kumiko.host.database import Database
from kumiko.host.declarations import JobType
from kumiko.host.generation import Owned
from kumiko.host.scoping import trusted
from kumiko.jobs import JobContext, external, sliced
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker, worker_loop
from kumiko.operate import migrate

rows = sa.Table(
    "lab_row",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("job_id", sa.Integer),
    sa.Column("attempt", sa.Integer),
    sa.Column("word", sa.String(80)),
)


@dataclass(frozen=True, kw_only=True)
class SmallGeneration:
    """As much of a generation as workers look at."""

    jobs: Mapping[str, Owned[JobType]]
    plugins: Mapping[str, Any] = field(default_factory=lambda: {"lab": None, "jobs": None})
    state: dict[str, Any] = field(default_factory=dict)
    epoch: int = 1
    catalogue_n: int = 0  # sentences are translated when the web core is loaded in the same process
    access_n: int = 0


@dataclass
class SmallHost:
    """A process whose generation the test swaps by assignment."""

    database: Database
    generation: SmallGeneration

    def follow(self) -> SmallGeneration:
        return self.generation


def generation_of(*types: JobType, plugins: tuple[str, ...] = ("lab", "jobs"), **state: Any) -> SmallGeneration:
    owned = {one.name: Owned(one.name.partition(".")[0], one) for one in types}
    return SmallGeneration(jobs=owned, plugins=dict.fromkeys(plugins), state=state)


def build(url: str) -> None:
    """The template database: host and jobs as their migrations make them, and a table for effects."""
    for history in migrate.histories([], core=("kumiko.jobs",)):
        migrate.upgrade(url, history)
    database = Database.open(url)
    rows.create(database.engine)
    database.close()


def write(word: str, job: JobContext) -> None:
    trusted(sa.insert(rows).values(job_id=job.id, attempt=job.attempt, word=word))


def words(database: Database) -> list[str]:
    with database.reader.connect() as connection:
        return list(connection.execute(sa.select(rows.c.word).order_by(rows.c.id)).scalars())


def row_of(database: Database, job_id: int) -> Any:
    with database.reader.connect() as connection:
        return connection.execute(sa.select(job_table).where(job_table.c.id == job_id)).one()


@contextmanager
def acting(host: SmallHost, person: Principal = SYSTEM) -> Iterator[Context]:
    with use(Context(host.database, generation=host.generation, principal=person)) as context:  # type: ignore[arg-type]
        yield context


@contextmanager
def writing(host: SmallHost) -> Iterator[None]:
    with acting(host), transaction():
        yield


def make_due(database: Database) -> None:
    """Back-off is over for every ready job."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE jobs_job SET run_at = created_at WHERE status = 'ready'"))


def work_off(host: SmallHost, **options: Any) -> Worker:
    """A worker that runs what is due now, one job after the other, and then stays."""
    worker = Worker(host, threading.Event(), **options)
    while worker.run_once():
        pass
    return worker


@contextmanager
def working(host: SmallHost, workers: int = 1, **options: Any) -> Iterator[threading.Event]:
    """Workers in threads for the length of a with block."""
    stop = threading.Event()
    threads = [
        threading.Thread(target=worker_loop, args=(host, stop), kwargs={"poll_s": 0.05, **options})
        for _number in range(workers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield stop
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=20)
            assert not thread.is_alive()


def wait_until(claim: Callable[[], Any], timeout_s: float = 15.0) -> None:
    """Returns as soon as `claim()` is true; fails after `timeout_s`."""
    until = time.monotonic() + timeout_s
    while not claim():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


# -- what the worker processes of the kill tests run ------------------------------------------------------------------


def insert_one(job: JobContext) -> None:
    write(str(job.payload["word"]), job)
    time.sleep(job.payload.get("work_s", 0.0))  # between effect and commit: where a kill would hurt most


@sliced
def insert_many(job: JobContext) -> None:
    for number in range(job.state.get("next", 0), job.payload["count"]):
        with job.slice():
            write(f"{job.payload['word']}/{number}", job)
            job.checkpoint({"next": number + 1})
            time.sleep(0.005)


@external
def send(job: JobContext) -> None:
    with job.prepare():
        text = f"{job.payload['word']} {job.key}"
    job.payload["outside"].append(text)
    with job.settle():
        write(text, job)


KILLED = generation_of(
    JobType(name="lab.insert_one", run=insert_one, lease_s=1, max_attempts=1000),
    JobType(name="lab.insert_many", run=insert_many, lease_s=1, max_attempts=1000),
)


def main(url: str) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    worker_loop(SmallHost(Database.open(url), KILLED), stop, poll_s=0.05)


if __name__ == "__main__":
    main(sys.argv[2])
