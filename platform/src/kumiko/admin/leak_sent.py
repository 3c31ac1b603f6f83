"""The second half of the leak walk: what reaches somebody without their asking an address, by jobs that say so.

As the person, everything is ordered that they may order; then foreign records are changed, thrown away and fetched
back, and the jobs that follow are done, but for those that reach beyond this machine. What was told is looked through.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import delete

from kumiko.admin.leak_walk import MARKS, WORD, Leak, Planted
from kumiko.host import context
from kumiko.host.context import Principal, acting_as
from kumiko.host.errors import KumikoError
from kumiko.host.scoping import trusted
from kumiko.jobs.models import READY, job_table
from kumiko.jobs.proving import outside_jobs, sendings
from kumiko.jobs.worker import Worker
from kumiko.records import service

PREFIX = "job:"
MOST_JOBS = 5000
Noted = Callable[[str, str, Leak | None], None]  # module, name of the exit, what leaked


def arrange(person: Principal) -> None:
    """Order, as the person, all that can be ordered; before there is anything to tell."""
    for _plugin, _name, sending in sendings(context.current().generation):
        if sending.arrange is not None:
            _as(person, sending.arrange)


def walk(host: Any, acting: Callable[[], Any], person: Principal, planted: Planted, noted: Noted) -> list[Leak]:
    """Stir, let the jobs work, look. `noted` is told of every text; a way without any is told of once."""
    with acting():
        stir(planted)
    _work(host, acting)
    leaks: list[Leak] = []
    with acting() as now:
        for plugin, name, sending in sendings(now.generation):
            texts = _texts(person, sending.sent)
            for text in texts or [""]:
                found = next((mark for mark in MARKS if mark in text), "")
                leak = Leak("", text[:200], 0, found, PREFIX + name) if found else None
                leaks += [leak] if leak is not None else []
                noted(plugin, PREFIX + name, leak)
    return leaks


def _as(person: Principal, act: Callable[[], Any]) -> Any:
    try:
        with acting_as(person):
            return act()
    except KumikoError:
        return None  # what somebody may not order is not sent to them


def _texts(person: Principal, sent: Callable[[], Any]) -> list[str]:
    found: list[str] = []

    def read() -> None:
        found.extend(str(one) for one in sent())

    _as(person, read)
    return found


def stir(planted: Planted) -> None:
    """Change every planted record as the system, throw it away, fetch it back: whoever hears of changes hears of it."""
    for collection, record_id in planted.ids.items():
        key = planted.types[collection]
        for act in (
            lambda key=key, record_id=record_id: service.update(key, record_id, {"tags": [f"{WORD} stirred"]}),
            lambda key=key, record_id=record_id: service.delete(key, record_id),
            lambda key=key, record_id=record_id: service.restore(key, record_id),
        ):
            try:
                act()
            except (KumikoError, LookupError, ValueError):  # kept by its module, or no such field
                continue


def _work(host: Any, acting: Callable[[], Any]) -> None:
    with acting() as now, context.transaction():
        outside = sorted(outside_jobs(now.generation))
    worker = Worker(host, threading.Event())
    for _number in range(MOST_JOBS):
        with acting(), context.transaction():
            trusted(delete(job_table).where(job_table.c.name.in_(outside), job_table.c.status == READY))
        if not worker.run_once():
            return


def labels() -> Iterator[tuple[str, str]]:
    """(name of the exit, what it is called) of all such ways of the running generation."""
    generation = context.current().generation
    for _plugin, name, sending in sendings(generation) if generation is not None else ():
        yield PREFIX + name, str(sending.label)
