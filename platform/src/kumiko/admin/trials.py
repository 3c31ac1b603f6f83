"""Modules that are switched on for the first time: tried in the background, since a trial takes many seconds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy import select

from kumiko.access.defaults import DEFAULT_ROLES
from kumiko.host import manifest, processes
from kumiko.host.context import current, principal, transaction
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.manifest import Manifest
from kumiko.host.scoping import trusted
from kumiko.jobs import enqueue, sliced
from kumiko.jobs.job import JobContext, Stopped
from kumiko.jobs.models import READY, RUNNING, job_table
from kumiko.operate import additions, checks, lifecycle, plain_words, probe
from kumiko.operate.plain_words import Group, Speech
from kumiko.operate.report import Report
from kumiko.web.i18n import words_of

JOB = "admin.switch_on"
LABEL = _l("Check a module and switch it on")


def go_to_background(names: Sequence[str]) -> bool:
    """Whether switching these on is better left to a worker: one of them needs a trial, and a worker is there."""
    manifests = manifest.scan(lifecycle.core_packages()).manifests  # what was installed after this process started, too
    if not any(checks.needs_trial(manifests[name]) for name in names if name in manifests):
        return False
    return any(one["kind"] == "worker" for one in processes.alive(current().database))


def start(names: Sequence[str]) -> None:
    """Have these modules tried and switched on by a worker, as the person who asked for it."""
    with transaction():
        enqueue(JOB, {"names": list(names)}, actor_id=principal().user_id, order_keys=[JOB])


@sliced
def run(job: JobContext) -> None:
    """Try and switch on; what is wrong becomes the state of the module that was wanted."""
    with job.slice():
        pass  # takes the newest generation and the person's rights
    names = [str(name) for name in job.payload["names"]]
    try:
        if not principal().may("plugins.switch"):
            raise KumikoError(_("You may not switch modules any more."))
        lifecycle.enable(names)
    except Stopped:
        raise
    except KumikoError as refusal:
        # It does not become better by trying again; the page of modules says what is wrong, and has a button.
        lifecycle.note_failed(names[-1], refusal.message)


def under_way() -> frozenset[str]:
    """Names of the modules that a worker is to switch on."""
    query = select(job_table.c.payload).where(job_table.c.name == JOB, job_table.c.status.in_((READY, RUNNING)))
    return frozenset(name for payload in trusted(query).scalars() for name in payload["names"])


# -- what a module will add ---------------------------------------------------------------------------------------


def look(one: Manifest) -> Report:
    """The quick check of a module, made by another process; kept while its files are the same."""
    return _look(one.name, checks.digest_of(one), tuple(lifecycle.core_packages()))


@lru_cache(maxsize=30)
def _look(name: str, digest: str, core: tuple[str, ...]) -> Report:
    return probe.check(name, core=core)


def what_it_adds(one: Manifest) -> tuple[list[Group], Report]:
    """Headings with lines in the reader's language, and the check they come from. Nothing of it is imported here."""
    generation = current().generation
    loaded = generation.plugins.get(one.name) if generation is not None else None
    if loaded is not None:
        report = Report(one.name, brings=additions.brings(loaded))
    else:
        report = look(one)
    return plain_words.groups(report.brings, _speech(one, report)), report


def _speech(one: Manifest, report: Report) -> Speech:
    generation = current().generation
    label = words_of(one.folder / "translations")
    types = generation.state["records"].types if generation is not None and "records" in generation.state else {}
    own = {str(found.details["key"]): found.name for found in report.brings if found.kind == "record"}
    roles = {role.key: str(role.label) for role in DEFAULT_ROLES}

    def type_name(key: str) -> str:
        if key in own:
            return label(own[key])
        return str(types[key].type.label_plural) if key in types else key

    return Speech(label, type_name, lambda key: roles.get(key, key), frozenset({*types, *own}))
