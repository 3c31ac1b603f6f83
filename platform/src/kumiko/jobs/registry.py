"""What workers need to know of a generation: which modules are on, and which kinds of jobs they declare."""

from __future__ import annotations

from typing import Any, NamedTuple

from kumiko.host.declarations import JobType


class OwnedJobType(NamedTuple):
    """A kind of job and the module that declares it."""

    plugin: str
    type: JobType


def find_job_type(generation: Any, name: str) -> OwnedJobType | None:
    """The kind of job called `name`, or None when no enabled module declares it (or there is no generation)."""
    if generation is None:
        return None
    owned = generation.jobs.get(name)
    return None if owned is None else OwnedJobType(owned.plugin, owned.item)


def runnable_names(generation: Any) -> tuple[str, ...]:
    """Names of all kinds of jobs this generation can run, sorted."""
    return tuple(sorted(generation.jobs))


def enabled_plugins(generation: Any) -> tuple[str, ...]:
    """Names of the modules that are on in this generation, sorted."""
    return tuple(sorted(generation.plugins))


def waiting_reason(generation: Any, plugin: str, name: str) -> str:
    """Why a job cannot run now ("module:NAME", "job:NAME"), or "" when it can. See models.Job.waiting_for."""
    if plugin not in generation.plugins:
        return f"module:{plugin}"
    return "" if name in generation.jobs else f"job:{name}"
