"""The core plugin `jobs`: what it declares, and how a worker process reaches it."""

from __future__ import annotations

import threading
from typing import Any

from kumiko.host import guard
from kumiko.host.declarations import Health, JobType, Permission
from kumiko.host.errors import KumikoError
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.jobs import alive
from kumiko.jobs.models import JobsBase
from kumiko.jobs.queries import MANAGE, read_counts
from kumiko.jobs.services import forget_module, prune
from kumiko.jobs.worker import JobFailure, worker_loop


@hookimpl
def declare_models() -> Any:
    return JobsBase


@hookimpl
def declare_permissions() -> Any:
    return [Permission(name=MANAGE, label=_l("Look after background work"))]


@hookimpl
def declare_jobs() -> Any:
    return [JobType(name="jobs.prune", run=prune, label=_l("Forget finished jobs"), cron="17 3 * * *")]


@hookimpl
def declare_commands() -> Any:
    from kumiko.jobs.commands import jobs  # local: only the command line needs click

    return [jobs]


@hookimpl
def assemble(generation: Any) -> None:
    generation.state["worker_loop"] = run_worker
    generation.state.setdefault("readiness", {})["jobs"] = readiness
    generation.state.setdefault("on_beat", []).append(alive.beat)
    generation.state.setdefault("on_purge", []).append(lambda loaded: forget_module(loaded.name))


def run_worker(host: Any, stop: threading.Event) -> None:
    """Runs jobs until `stop` is set; what `kumiko worker` calls."""
    alive.begin(host.database)
    worker_loop(host, stop, on_failure=lambda failure: note_failure(host, failure))


def note_failure(host: Any, failure: JobFailure) -> None:
    """Count a dead letter against its module; against the one whose service raised, when it called that.

    One job that is tried six times is one failure, and what a service refuses on purpose is no fault of a module.
    """
    if failure.is_dead:
        plugin = guard.owner_of(failure.error, host.generation.packages) or failure.plugin
        guard.record(plugin, "refused" if isinstance(failure.error, KumikoError) else "job", failure.error)
        guard.flush(host.database, host.generation)


def readiness() -> Health:
    """How far background work is behind. Never a reason to take a web process out: pages work without workers."""
    counts = read_counts()
    dead = counts.by_status["dead"]
    return Health(ok=True, message=f"{counts.due} due, the oldest for {counts.oldest_due_s} s; {dead} failed for good")
