"""The page of health: what is fine, what deserves a look, what is wrong, each with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import text
from werkzeug.wrappers import Response

from kumiko.admin import desk, module_rows
from kumiko.admin.desk import blueprint, needs
from kumiko.host import processes
from kumiko.host.context import current
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.jobs.alive import silence
from kumiko.jobs.queries import read_counts
from kumiko.operate import lifecycle, migrate
from kumiko.web.formats import ago_text, number_text, short_moment_text
from kumiko.web.i18n import ngettext


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: `tone` ok, warn or error, what was looked at, what was found, where it is mended."""

    tone: str
    what: str
    text: str
    href: str = ""


@blueprint.get("/health")
@needs("plugins.switch")
def health_page() -> Response:
    found = [*_database(), *_modules(), *_jobs(), *_processes()]
    order = {"error": 0, "warn": 1, "ok": 2}
    found.sort(key=lambda one: order[one.tone])
    return desk.draw("admin/health.html", findings=found, tabs=desk.tabs("health"))


def _database() -> Iterator[Finding]:
    database, generation = current().database, current().generation
    kind = "SQLite" if database.is_sqlite else "PostgreSQL"
    version = trusted(text("SELECT sqlite_version()" if database.is_sqlite else "SHOW server_version")).scalar()
    yield Finding("ok", _("Database"), f"{kind} {version}")
    if generation is None:
        return
    core = tuple(one.package for one in generation.installed.manifests.values() if one.core)
    on = [name for name, one in generation.plugins.items() if not one.manifest.core]
    try:
        with database.reader.connect() as connection:
            found = migrate.statuses(connection, migrate.histories(on, core=core))
    except KumikoError as fault:
        yield Finding("error", _("Tables"), fault.message)
        return
    late = [one.name for one in found if one.waiting]
    if late:
        names = ", ".join(late)
        yield Finding("error", _("Tables"), _("Migrations wait for %(names)s: run `kumiko db upgrade`.", names=names))
    else:
        yield Finding("ok", _("Tables"), _("All are in their newest form."))


def _modules() -> Iterator[Finding]:
    generation = current().generation
    if generation is None:
        return
    views = lifecycle.plugins_view(generation)
    troubled = [(view, row) for view, row in zip(views, module_rows.rows(views), strict=True) if row.problem]
    for view, row in troubled:
        yield Finding("error" if row.tone == "error" else "warn", view.title, row.problem, "/admin/plugins")
    fine = len(views) - len(troubled)
    yield Finding("ok", _("Modules"), ngettext("%(num)d without trouble", "%(num)d without trouble", fine))


def _jobs() -> Iterator[Finding]:
    counts = read_counts()
    if counts.by_status["dead"]:
        count = counts.by_status["dead"]
        said = ngettext("%(num)d job failed for good.", "%(num)d jobs failed for good.", count)
        yield Finding("warn", _("Background work"), said, "/admin/jobs?status=dead")
    if counts.oldest_due_s > 120:
        late = number_text(counts.oldest_due_s)
        said = _("Work waits for %(seconds)s seconds: is a worker process running (`kumiko worker`)?", seconds=late)
        yield Finding("error", _("Background work"), said, "/admin/jobs")
    else:
        yield Finding("ok", _("Background work"), ngettext("%(num)d job is due.", "%(num)d jobs are due.", counts.due))


def _processes() -> Iterator[Finding]:
    generation = current().generation
    alive = processes.alive(current().database)
    silent = silence()
    if silent is not None and silent.since is not None:
        since = short_moment_text(silent.since)
        yield Finding(
            "error", _("Processes"), _("The scheduler has not run since %(when)s.", when=since), "/admin/jobs"
        )
    if generation is not None and not any(one["kind"] == "worker" for one in alive):
        yield Finding("warn", _("Processes"), _("No process for background work is running; start `kumiko worker`."))
    for one in alive:
        behind = generation is not None and one["epoch"] < generation.epoch
        kind = _("web process") if one["kind"] == "web" else _("worker process")
        said = _("%(kind)s, switch number %(epoch)d, last seen %(when)s", kind=kind, epoch=one["epoch"],
                 when=ago_text(one["seen_at"]))  # fmt: skip
        yield Finding("warn" if behind or not one["healthy"] else "ok", one["name"], said)
