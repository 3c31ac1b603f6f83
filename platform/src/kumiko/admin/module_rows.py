"""Modules as lines of the page: state in words, what each adds, what is wrong and which button helps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import func, select

from kumiko.admin import replacing, trials
from kumiko.host import processes
from kumiko.host.columns import table_of
from kumiko.host.context import current, principal
from kumiko.host.i18n import gettext as _
from kumiko.host.models import Setting
from kumiko.host.scoping import trusted
from kumiko.jobs.models import DEAD, READY, Job
from kumiko.operate.lifecycle import PluginView
from kumiko.web.formats import ago_text
from kumiko.web.i18n import ngettext
from kumiko.web.viewmodels import Action, PluginRow, hue_of

PAGE = "/admin/plugins"
_job, _setting = table_of(Job), table_of(Setting)


def rows(views: Iterable[PluginView]) -> list[PluginRow]:
    """The lines of the page, in the order given."""
    jobs, busy = _jobs_by_plugin(), trials.under_way()
    rows = [_row(view, jobs.get(view.name, {})) for view in views]
    checked = _("is being checked, which takes some seconds")
    return [
        replace(row, busy=checked, state="", problem="", menu=()) if row.name in busy and not row.on else row
        for row in rows
    ]


def _row(view: PluginView, jobs: Mapping[str, int]) -> PluginRow:
    state, tone = _state(view)
    problem, detail, fix = _problem(view, jobs)
    core, on = view.state == "core", view.state == "enabled"
    startable = view.state in ("disabled", "installed", "failed", "quarantined")
    generation = current().generation
    has_settings = generation is not None and view.name in generation.settings
    return PluginRow(
        name=view.name,
        title=view.title,
        version=view.version,
        text=view.description,
        icon=view.icon,
        hue="gray" if core else hue_of(view.name),
        on=core or on,
        core=core,
        state=state,
        tone=tone,  # type: ignore[arg-type]
        toggle_href=f"{PAGE}/{view.name}/{'disable' if on else 'enable'}" if on or startable else "",
        needs=tuple(_needs(view)),
        adds=tuple(_adds(view)),
        problem=problem,
        detail=detail,
        fix=fix,
        settings_href=f"/admin/settings#{view.name}" if has_settings and principal().may("settings.edit") else "",
        adds_href=f"{PAGE}/{view.name}/adds" if startable else "",
        docs_href=view.docs if view.docs.startswith(("/", "https://", "http://")) else "",
        href=f"{PAGE}/{view.name}",
        menu=_menu(view),
    )


def _menu(view: PluginView) -> tuple[Action, ...]:
    base = f"{PAGE}/{view.name}"
    archive = Action(_("Write an archive"), f"{base}/export", "download", method="post")
    if view.state != "disabled":
        return (*replacing.actions(view.name), archive) if view.state == "enabled" else replacing.take_overs(view.name)
    return (
        *replacing.take_overs(view.name),
        archive,
        Action(_("Delete its data…"), f"{base}/purge", "trash", danger=True, dialog=True),
    )


def _state(view: PluginView) -> tuple[str, str]:
    words = {
        "core": ("", ""),
        "enabled": ("", ""),
        "disabled": (_("off"), ""),
        "installed": (_("new"), "warn"),
        "checked": (_("off"), ""),
        "migrated": (_("off"), ""),
        "failed": (_("does not run"), "error"),
        "quarantined": (_("put away"), "error"),
        "unreadable": (_("cannot be read"), "error"),
        "missing": (_("no longer installed"), "error"),
    }
    return words.get(view.state, (view.state, "warn"))


def _problem(view: PluginView, jobs: Mapping[str, int]) -> tuple[str, str, tuple[Action, ...]]:
    """(sentence, details, buttons that help)."""
    base = f"{PAGE}/{view.name}"
    again = Action(_("Try again"), f"{base}/enable", "refresh", method="post")
    off = Action(_("Switch it off"), f"{base}/disable", "plug-off", method="post")
    trace = view.failures[0].traceback if view.failures else ""
    if view.state == "disabled" and view.reason:
        rest = Action(_("Delete the rest…"), f"{base}/purge", "trash", danger=True, dialog=True)
        return view.reason, trace, (rest,)
    if view.state == "failed":
        loaded = current().generation is not None and view.name in current().generation.failed  # type: ignore[union-attr]
        return _("It does not run: %(why)s", why=view.reason), trace, ((off, again) if loaded else (again,))
    if view.state == "quarantined":
        lift = Action(_("Forget the failures and switch it on"), f"{base}/forgive", "refresh", method="post")
        return _("Put away after repeated failures. %(why)s", why=view.reason), trace, (lift,)
    if view.state == "unreadable":
        return _("%(why)s Install it again, in a version for this Kumiko.", why=view.reason), "", ()
    if view.state == "missing":
        return view.reason, "", (off,)
    if view.restart_pending:
        change = Action(_("Change over now"), "/admin/restart", "refresh", method="post")
        text = _("Another version is installed than is running. Changing over takes seconds and disturbs nobody.")
        return text, "", (change,)
    if view.health is not None and not view.health.ok:
        return _("It says: %(why)s", why=view.health.message), "", ()
    if jobs.get(DEAD):
        text = ngettext("%(num)d job failed for good and waits for you to decide.",
                        "%(num)d jobs failed for good and wait for you to decide.", jobs[DEAD])  # fmt: skip
        return text, "", (Action(_("See them"), f"/admin/jobs?status=dead&plugin={view.name}", "activity"),)
    if view.failures:
        return _failures(view), trace, (Action(_("Forget them"), f"{base}/forgive", "check", method="post"),)
    return "", "", ()


def _failures(view: PluginView) -> str:
    newest = view.failures[0]
    count = sum(one.count for one in view.failures)
    return ngettext("%(num)d failure, %(when)s: %(what)s", "%(num)d failures, the last %(when)s: %(what)s", count,
                    when=ago_text(newest.last_at), what=newest.message[:200])  # fmt: skip


def _needs(view: PluginView) -> Iterator[str]:
    generation = current().generation
    if generation is None:
        return
    for capability in view.requires:
        provider = generation.services.provider(capability) if capability in generation.services else ""
        if not provider:
            provider = next((one.name for one in generation.installed.manifests.values()
                             if capability in one.provides), "")  # fmt: skip
        one = generation.installed.manifests.get(provider)
        if one is None:
            yield _("needs %(what)s, which nothing installed provides", what=capability)
        elif not one.core:
            yield _("needs %(name)s", name=one.title) + ("" if provider in generation.plugins else f" ({_('off')})")
    if view.dependents:
        titles = [generation.installed.manifests[name].title for name in view.dependents]
        yield _("needed by %(names)s", names=", ".join(titles))


def _adds(view: PluginView) -> Iterator[str]:
    """What it brings, in words; technical parts stay out."""
    records, panels, actions = (view.adds.get(kind, []) for kind in ("records", "panels", "actions"))
    if records:
        yield _short(records)
    if actions:
        yield _("actions: %(names)s", names=_short(actions))
    if panels:
        yield ngettext("%(num)d panel on other pages", "%(num)d panels on other pages", len(panels))
    if view.adds.get("extensions"):
        count = len(view.adds["extensions"])
        yield ngettext("fields for %(num)d other type", "fields for %(num)d other types", count)


def _short(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f" +{len(names) - most}" if len(names) > most else "")


def in_words(kind: str, name: str) -> str:
    """The name of something that a module adds, as people know it."""
    generation = current().generation
    if generation is None:
        return name
    if kind == "extensions":
        info = generation.state["records"].find(name)
        return name if info is None else str(info.type.label_plural)
    known: Any = {"jobs": generation.jobs, "events": generation.events, "permissions": generation.permissions}
    found = known.get(kind, {}).get(name)
    return (found is not None and str(found.label)) or name


def other_counts(plugin: str) -> dict[str, int]:
    """What the core keeps for a module beside records: label -> count."""
    all_jobs = select(func.count()).select_from(_job).where(_job.c.plugin == plugin)
    own = _setting.c.key.startswith(f"{plugin}.", autoescape=True)
    return {
        _("Background work, done and waiting"): trusted(all_jobs).scalar() or 0,
        _("Settings"): trusted(select(func.count()).select_from(_setting).where(own)).scalar() or 0,
    }


def _jobs_by_plugin() -> dict[str, dict[str, int]]:
    """Plugin -> status -> number of jobs that wait or failed for good."""
    query = (
        select(_job.c.plugin, _job.c.status, func.count().label("n"))
        .where(_job.c.status.in_((READY, DEAD)))
        .group_by(_job.c.plugin, _job.c.status)
    )
    found: dict[str, dict[str, int]] = {}
    for row in trusted(query):
        found.setdefault(row.plugin, {})[row.status] = row.n
    return found


def jobs_of(plugin: str) -> Mapping[str, int]:
    """Status -> number of a module's jobs that wait or failed for good."""
    return _jobs_by_plugin().get(plugin, {})


def processes_line() -> tuple[str, bool]:
    """All processes follow, or how many do not yet: a sentence, and whether all do."""
    generation = current().generation
    alive: list[dict[str, Any]] = processes.alive(current().database)
    if generation is None or not alive:
        return "", True
    behind = [one for one in alive if one["epoch"] < generation.epoch or not one["healthy"]]
    if behind:
        return _("%(behind)d of %(all)d processes do not follow yet.", behind=len(behind), all=len(alive)), False
    return ngettext("The one process follows.", "All %(num)d processes follow.", len(alive)), True
