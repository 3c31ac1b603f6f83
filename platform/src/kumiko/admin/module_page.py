"""The page of one module: what it is, what it adds, how it is, what it takes, and its switchable parts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.wrappers import Response

from kumiko.admin import desk, module_rows, time_spent, words
from kumiko.admin.desk import blueprint, needs
from kumiko.admin.module_purge import archive_links
from kumiko.admin.modules import find_view, titles_of
from kumiko.admin.time_spent import TimeLine
from kumiko.host import loader
from kumiko.host.context import current, principal
from kumiko.host.errors import KumikoError
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Audit
from kumiko.host.scoping import trusted
from kumiko.jobs.models import DEAD, READY
from kumiko.operate import features, restarting
from kumiko.operate.features import FeatureView
from kumiko.operate.lifecycle import FailureLine, PluginView
from kumiko.web import answers
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, Link, PluginRow, Toast

PAGE = "/admin/plugins"
_audit: Any = Audit.__table__
_LOG_LINES = 10


@dataclass(frozen=True, kw_only=True)
class Happened:
    """A line of the log that is about the module."""

    at: datetime
    actor: str
    text: str


@dataclass(frozen=True, kw_only=True)
class ModuleView:
    """Everything the page shows; `row` is the module's line in the list of modules, with its switch and buttons."""

    name: str
    title: str
    row: PluginRow
    state: str
    facts: tuple[tuple[str, str], ...]
    adds: tuple[tuple[str, str], ...]
    features: tuple[FeatureView, ...]
    may_change_roles: bool
    health: tuple[str, str]  # tone (ok, warn, error, ""), sentence
    jobs: tuple[Link, ...]
    failures: tuple[FailureLine, ...]
    times: tuple[TimeLine, ...]
    log: tuple[Happened, ...]
    restart: str
    archives: tuple[Action, ...]
    tabs: tuple[Link, ...]
    crumbs: tuple[Link, ...] = ()


@blueprint.get("/plugins/<name>")
@needs("plugins.switch")
def module_page(name: str) -> Response:
    view = find_view(name)
    return desk.draw("admin/module.html", v=_page_of(view), phases=_phase)


@blueprint.post("/plugins/<name>/features/<feature>")
@needs("plugins.switch")
def switch_feature(name: str, feature: str) -> Response:
    """`on`: 1 or 0 for everybody; `for`: "roles" with the keys of the `roles` that have it."""
    path = f"{PAGE}/{name}#features"
    try:
        label = features.get_feature(name, feature).label
        if request.form.get("for") == "roles":
            changed = features.only_for(name, feature, request.form.getlist("roles"))
            said = _("Saved; it counts from the next click.") if changed else _("Nothing changed.")
        else:
            on = request.form.get("on") == "1"
            features.switch(name, feature, on)
            said = (_("“%(feature)s” is on.") if on else _("“%(feature)s” is off. All data are kept.")) % {
                "feature": label
            }
    except KumikoError as refusal:
        return desk.refused(path, refusal)
    return answers.done(path, Toast(said))


@blueprint.post("/restart")
@needs("plugins.switch")
def restart_servers() -> Response:
    """Every server replaces its processes one by one; tables of renewed modules first."""
    path = request.form.get("back", "")
    path = path if path.startswith(f"{PAGE}/") else PAGE
    try:
        restarting.ask()
    except KumikoError as refusal:
        return desk.refused(path, refusal)
    return answers.done(path, Toast(_("The server is changing over; nobody has to stop working.")))


def _page_of(view: PluginView) -> ModuleView:
    row = replace(module_rows.rows([view])[0], href="", adds=(), needs=())
    jobs = module_rows.jobs_of(view.name)
    return ModuleView(
        name=view.name,
        title=view.title,
        row=row,
        state=_state(view),
        facts=tuple(_facts(view)),
        adds=tuple(_adds(view)),
        features=tuple(features.features_of(view.name)),
        may_change_roles=principal().may("roles.edit"),
        health=_health(view),
        jobs=tuple(_jobs(view.name, jobs.get(READY, 0), jobs.get(DEAD, 0))),
        failures=view.failures,
        times=tuple(time_spent.lines_of(view.name)),
        log=tuple(_log(view.name)) if principal().may("audit.read") else (),
        restart=_restart(view),
        archives=tuple(archive_links(view.name)),
        tabs=desk.tabs("plugins"),
        crumbs=(Link(_("Modules"), PAGE),),
    )


def _state(view: PluginView) -> str:
    """The state as a sentence."""
    sentences = {
        "core": _("It is part of the core and always on."),
        "enabled": _("It is on."),
        "disabled": _("It is off. Its data are kept and come back when you switch it on."),
        "installed": _("It is installed and was never switched on."),
        "checked": _("It is installed and was checked; it is not on yet."),
        "migrated": _("Its tables are ready; it is not on yet."),
        "failed": _("It does not run; everything else does."),
        "quarantined": _("It was put away after repeated failures; everything else runs."),
        "unreadable": _("Its package cannot be read."),
        "missing": _("It is switched on, but its package is no longer installed."),
    }
    return sentences.get(view.state, view.state)


def _restart(view: PluginView) -> str:
    running = loader.running_version(view.name)
    if not view.restart_pending:
        return ""
    return _("Version %(new)s is installed, %(old)s is running.", new=view.version, old=running)


def _facts(view: PluginView) -> Iterator[tuple[str, str]]:
    running = loader.running_version(view.name) if view.state in ("core", "enabled") else ""
    yield _("Installed version"), view.version or "–"
    if running:
        yield _("Running version"), running
    if view.provides:
        yield _("Offers others"), ", ".join(view.provides)
    if view.requires:
        yield _("Cannot run without"), ", ".join(_with_provider(one) for one in view.requires)
    if view.wants:
        yield _("Works better with"), ", ".join(_with_provider(one) for one in view.wants)
    if view.dependents:
        yield _("Needed by"), ", ".join(titles_of(list(view.dependents)))


def _with_provider(capability: str) -> str:
    generation = current().generation
    manifests = generation.installed.manifests.values() if generation is not None else ()
    found = next((one for one in manifests if capability in one.provides), None)
    if found is None:
        return _("%(what)s (not installed)", what=capability)
    off = generation is not None and found.name not in generation.plugins
    return _("%(module)s (off)", module=found.title) if off else found.title


def _adds(view: PluginView) -> Iterator[tuple[str, str]]:
    labels = {
        "records": _("Kinds of records"), "menu": _("In the menu"), "actions": _("Actions"),
        "panels": _("Panels on other pages"), "extensions": _("Fields of other records"),
        "jobs": _("Background work"), "subscriptions": _("Reactions to changes"), "events": _("Facts it reports"),
        "permissions": _("Rights"), "tables": _("Tables"),
    }  # fmt: skip
    for kind, label in labels.items():
        names = view.adds.get(kind)
        if names:
            yield label, ", ".join(dict.fromkeys(module_rows.in_words(kind, one) for one in names))


def _health(view: PluginView) -> tuple[str, str]:
    if view.state not in ("core", "enabled"):
        return "", ""
    if view.health is None:
        return "", _("It has no check of its own.")
    if view.health.ok:
        return "ok", view.health.message or _("It says that all is well.")
    return "warn", _("It says: %(why)s", why=view.health.message)


def _jobs(name: str, waiting: int, dead: int) -> Iterator[Link]:
    if waiting:
        text = ngettext("%(num)d job waits", "%(num)d jobs wait", waiting)
        yield Link(text, f"/admin/jobs?status=ready&plugin={name}", "clock")
    if dead:
        text = ngettext("%(num)d job failed for good", "%(num)d jobs failed for good", dead)
        yield Link(text, f"/admin/jobs?status=dead&plugin={name}", "alert-triangle")


def _phase(phase: str) -> str:
    """Where a failure happened and what helps, in words."""
    helps = {
        "import": _("While it was loaded. It does not run; a repaired version from its vendor helps."),
        "declare": _("While it said what it adds. It does not run; a repaired version from its vendor helps."),
        "route": _("On one of its pages. Whoever opened it saw an error; try again, or tell its vendor."),
        "panel": _("In a panel on somebody else's page. The page was shown without it."),
        "handler": _("While it reacted to a change. The job is tried again; see background work."),
        "job": _("In its background work. The job is tried again; see background work."),
        "check": _("When it was checked. “Try again” checks it once more."),
        "before_disable": _("When it was switched off. It is off all the same."),
    }
    return helps.get(phase, _("In “%(phase)s”. Everything else went on.", phase=phase))


def _log(name: str) -> Sequence[Happened]:
    query = (
        select(_audit)
        .where(_audit.c.subject == name, _audit.c.act.like("plugin.%"))
        .order_by(_audit.c.id.desc())
        .limit(_LOG_LINES)
    )
    return [
        Happened(at=row.at, actor=row.actor, text=f"{words.act_label(row.act)} {_details(row.details)}".strip())
        for row in trusted(query)
    ]


def _details(details: Any) -> str:
    told = [
        f"{key} {(_('on') if value else _('off')) if isinstance(value, bool) else value}"
        for key, value in (details or {}).items()
    ]
    return f"({', '.join(told)})" if told else ""
