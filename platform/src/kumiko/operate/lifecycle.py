"""Switching plugins: installed -> checked -> migrated -> enabled <-> disabled -> purged, each switch one transaction.

Every function needs a current context whose principal is already known to be allowed to switch plugins.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from kumiko.core import CORE
from kumiko.host import guard, manifest, resolver, revision
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, acting_as, current, transaction
from kumiko.host.declarations import Health
from kumiko.host.errors import Conflict, DeclarationError, ManifestError, MigrationFailed, ResolutionError, Veto
from kumiko.host.generation import Generation, build, hand_over
from kumiko.host.health import health_of
from kumiko.host.loader import LoadedPlugin, load, running_version
from kumiko.host.manifest import Installed, Manifest
from kumiko.host.models import Audit, Failure, PluginState, Setting
from kumiko.host.scoping import trusted
from kumiko.operate import checks, migrate, probe
from kumiko.operate.failure_lines import FailureLine, failure_lines

log = logging.getLogger("kumiko.lifecycle")
PURGING = "purge"  # `failed_phase` of a plugin whose data are half deleted


class NeededByOthers(Conflict):
    """A plugin that others cannot run without is not switched off alone; `dependents` are their names."""

    def __init__(self, message: str, dependents: Sequence[str]) -> None:
        super().__init__(message)
        self.dependents = list(dependents)


@dataclass(frozen=True, kw_only=True)
class PluginView:
    """One line of the page of plugins. `state`: core, enabled, disabled, installed, failed, quarantined, unreadable,
    missing (switched on, but no longer installed)."""

    name: str
    title: str
    description: str = ""
    icon: str = "puzzle"
    version: str = ""
    state: str
    reason: str = ""  # why it is failed, quarantined or unreadable
    docs: str = ""
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    dependents: tuple[str, ...] = ()  # enabled plugins that cannot run without it
    adds: dict[str, list[str]] = field(default_factory=dict)
    failures: tuple[FailureLine, ...] = ()
    restart_pending: bool = False
    health: Health | None = None  # what its own check of health says, None when it has none


def plugins_view(generation: Generation) -> list[PluginView]:
    """Every plugin, core ones first, as the page and `kumiko plugin list` show it."""
    installed = manifest.scan(_core_of(generation))
    states = {row.name: row for row in trusted(sa.select(_states()))}
    failures = failure_lines()
    on = [one for name, one in installed.manifests.items() if one.core or _is(states, name, "enabled")]
    views = [_view(one, generation, states.get(one.name), failures, on) for one in installed.manifests.values()]
    for broken in installed.unreadable:
        views.append(
            PluginView(
                name=broken.name, title=broken.name, version=broken.version, state="unreadable", reason=broken.reason
            )
        )
    known = {view.name for view in views}
    for name, row in states.items():
        if name not in known and row.state != "disabled":
            reason = f"{name} is switched on, but its package is no longer installed; install it again or purge it."
            views.append(PluginView(name=name, title=name, version=row.version, state="missing", reason=reason))
    return sorted(views, key=lambda view: (view.state != "core", view.title.lower()))


def _view(
    one: Manifest, generation: Generation, row: Any, failures: dict[str, list[FailureLine]], on: list[Manifest]
) -> PluginView:
    state, reason = "core" if one.core else (row.state if row is not None else "installed"), ""
    if one.name in generation.failed:
        state, reason = "failed", generation.failed[one.name].reason
    elif state in ("quarantined", "failed") or (row is not None and row.failed_phase == PURGING):
        reason = row.failed_reason
    loaded = generation.plugins.get(one.name)
    return PluginView(
        name=one.name,
        title=one.title,
        description=one.description,
        icon=one.icon,
        version=one.version,
        state=state,
        reason=reason,
        docs=one.docs,
        provides=one.provides,
        requires=one.requires,
        wants=one.wants,
        dependents=tuple(resolver.dependents(one.name, on)),
        adds={} if loaded is None else probe.adds(loaded),
        failures=tuple(failures.get(one.name, ())),
        restart_pending=loaded is not None and running_version(one.name) not in ("", one.version),
        health=None if loaded is None else health_of(loaded),
    )


def check(name: str, *, depth: str = "quick") -> probe.Report:
    """Check a plugin in a subprocess; changes nothing."""
    manifest.scan(core_packages()).get(name)
    return probe.check(name, depth=depth, core=core_packages())


def enable(names: Iterable[str], *, probing: bool = True, depth: str = "full", catch_up: bool = True) -> list[str]:
    """Check, migrate and switch on. Several at once may need each other. Returns those that were off before.

    The check is a trial on a scratch installation the first time these files are switched on here, else (and with
    `depth="quick"`) a look at what its import does. They are told what they missed, unless `catch_up` is false.

    Raises ResolutionError (what is missing), DeclarationError (the check failed), MigrationFailed; then nothing is
    switched, though tables of plugins that were migrated before stay.
    """
    installed = manifest.scan(core_packages())
    wanted = [installed.get(name) for name in dict.fromkeys(names)]
    there = current().generation
    down = set(there.failed) if there is not None else set()
    on = enabled_names(installed)
    fresh = [one for one in wanted if (one.name not in on or one.name in down) and not one.core]
    if not fresh:
        return []
    half = {row.name for row in trusted(sa.select(_states().c.name).where(_states().c.failed_phase == PURGING))}
    if half & {one.name for one in fresh}:
        raise Conflict(f"the data of {', '.join(sorted(half))} are half deleted; finish that before switching it on.")
    together = [one for one in installed.manifests.values() if one.core or one.name in on or one in fresh]
    resolution = resolver.resolve(together, installed.manifests.values())
    problems = [line for one in fresh for line in resolution.problems.get(one.name, ())]
    problems += [line for one in on for line in resolution.problems.get(one, ()) if line not in problems]
    if problems:
        raise ResolutionError(problems)
    ordered = [installed.manifests[name] for name in resolution.order if installed.manifests[name] in fresh]
    for one in ordered if probing else ():
        report = checks.before_enabling(one, depth, core_packages())
        if report is not None and not report.ok:
            _note_state(one, "failed", phase="check", reason=" ".join(report.problems))
            raise DeclarationError(" ".join(report.problems))
    url = current().database.url.render_as_string(hide_password=False)
    for one in ordered:
        try:
            migrate.upgrade(url, migrate.history_of(one))
        except MigrationFailed as fault:
            _note_state(one, "failed", phase="migrate", reason=fault.message)
            raise
        if one.name not in on:
            _note_state(one, "migrated")
    _switch_on(ordered, on, catch_up=catch_up)
    return [one.name for one in ordered]


def _switch_on(ordered: list[Manifest], on: set[str], *, catch_up: bool = True) -> None:
    """Build the candidate beside the running generation, then flip in one transaction."""
    context = current()
    names = {*on, *(one.name for one in ordered)}
    config, core = running().config, core_packages()
    candidate = build(config, context.database, revision.read(context.database), core=core, enabled=names)
    there = context.generation.plugins if context.generation is not None else {}
    fresh = {one.name for one in ordered}
    failed = [one.reason for name, one in candidate.failed.items() if name in fresh or name in there]
    if failed:
        raise DeclarationError(" ".join(failed))
    actor = context.principal
    with transaction():
        for one in ordered:
            write_state(one.name, "enabled", version=one.version)
            audit("plugin.enable", one.name, {"version": one.version}, actor)
        revision.bump("epoch")
        before, context.generation = context.generation, candidate
        try:
            with acting_as(SYSTEM, via="system"):
                for one in ordered:
                    if not catch_up:
                        tell("on_forget", candidate, one.name)
                    for prepare in candidate.state.get("on_enable", ()):
                        prepare(candidate, one.name)
                    candidate.plugins[one.name].call("after_enable")
        finally:
            context.generation = before
        context.after_commit.append(lambda: hand_over(context.database, names, core, candidate))


def disable(name: str, *, cascade: bool = False) -> list[str]:
    """Switch off; data stay. Returns all plugins switched off, dependents first.

    Conflict lists the enabled plugins that need it unless `cascade`; a plugin may refuse with Veto.
    """
    installed = manifest.scan(core_packages())
    context = current()
    on = enabled_names(installed)
    if name in installed.manifests and installed.manifests[name].core:
        raise Conflict(f"{name} is part of the core and cannot be switched off.")
    if name not in on:
        if name not in _states_by_name():
            installed.get(name)
        return []
    manifests = [one for one in installed.manifests.values() if one.name in on]
    needing = resolver.dependents(name, manifests)
    if needing and not cascade:
        raise NeededByOthers(
            f"{name} is needed by {', '.join(needing)}; disable {'it' if len(needing) == 1 else 'them'} first, "
            "or all together (--cascade).",
            needing,
        )
    leaving = [*reversed(needing), name]
    actor = context.principal
    with transaction():
        for one in leaving:
            ask_before_disable(one)
            write_state(one, "disabled")
            tell("on_leave", context.generation, context.session.connection(), one)
            audit("plugin.disable", one, {"with": name} if one != name else {}, actor)
        revision.bump("epoch")
    return leaving


def tell(what: str, generation: Generation | None, *arguments: Any) -> None:
    """Let core plugins do their part of a switch; see `Generation.state`."""
    for act in generation.state.get(what, ()) if generation is not None else ():
        act(*arguments)


def ask_before_disable(name: str) -> None:
    """Let a plugin refuse to leave (Veto); what else it raises is recorded."""
    generation = current().generation
    loaded = None if generation is None else generation.plugins.get(name)
    if loaded is None:
        return
    try:
        with acting_as(SYSTEM, via="system"), guard.savepoint():
            loaded.call("before_disable")
    except Veto:
        raise
    except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
        guard.record(name, "before_disable", error)


def purge(name: str) -> list[str]:
    """Drop a disabled plugin's tables, settings, state, and what core plugins hold for it. There is no way back.

    Returns the tables dropped. What stops halfway says so on the page of modules, and is finished by doing it again.
    """
    context = current()
    one, loaded = get_purgeable(name)
    tables = [table.name for table in loaded.tables]
    with acting_as(SYSTEM, via="system"):
        loaded.call("before_purge")
    actor, generation = context.principal, context.generation
    with transaction():
        write_state(name, "disabled", version=one.version, phase=PURGING, reason=_halfway("it was interrupted"))
        with acting_as(SYSTEM, via="system"):
            for remove in generation.state.get("on_purge", ()) if generation is not None else ():
                remove(loaded)
        settings, failures = table_of(Setting), table_of(Failure)
        trusted(sa.delete(settings).where(settings.c.key.startswith(f"{name}.", autoescape=True)))
        trusted(sa.delete(settings).where(settings.c.key == checks.key_of(name)))
        trusted(sa.delete(failures).where(failures.c.plugin == name))
    try:
        migrate.downgrade_to_base(context.database.url.render_as_string(hide_password=False), migrate.history_of(one))
    except Exception as fault:
        _note_state(one, "disabled", phase=PURGING, reason=_halfway(str(fault)[:400]))
        raise
    with transaction():
        trusted(sa.delete(_states()).where(_states().c.name == name))
        tell("on_forget", context.generation, name)
        audit("plugin.purge", name, {"tables": tables}, actor)
        revision.bump("epoch")
    return tables


def note_failed(name: str, reason: str) -> None:
    """Note why a plugin could not be switched on, for the page; nothing when it is on."""
    one = manifest.scan(core_packages()).manifests.get(name)
    if one is not None and state_of(name) != "enabled":
        _note_state(one, "failed", phase="check", reason=reason)


def get_purgeable(name: str, *, preview: bool = False) -> tuple[Manifest, LoadedPlugin]:
    """A plugin whose data may be deleted now (`preview`: once it is off); Conflict says why not."""
    installed = manifest.scan(core_packages())
    one = installed.get(name)
    if one.core:
        raise Conflict(f"{name} is part of the core and cannot be purged.")
    if name in enabled_names(installed) and not preview:
        raise Conflict(f"{name} is switched on; disable it before its data are dropped.")
    try:
        return one, load(one)
    except Exception as fault:
        raise Conflict(
            f"{name} cannot be loaded ({type(fault).__name__}: {fault}), so nobody knows what is its own; "
            "install a version that works, then delete its data."
        ) from fault


def _halfway(why: str) -> str:
    return f"Deleting its data stopped halfway ({why}); delete its data again to finish."


def forgive(name: str) -> None:
    """Forget a plugin's failures, so that a repaired one may be enabled without being quarantined again at once."""
    failures = table_of(Failure)
    with transaction():
        trusted(sa.delete(failures).where(failures.c.plugin == name))


# -- rows -------------------------------------------------------------------------------------------------------


def _states() -> sa.Table:
    return table_of(PluginState)


def _states_by_name() -> dict[str, str]:
    return {row.name: row.state for row in trusted(sa.select(_states().c.name, _states().c.state))}


def state_of(name: str) -> str:
    """What the database says of a plugin ("enabled", "disabled"...), "" when it was never touched."""
    return _states_by_name().get(name, "")


def _is(states: dict[str, Any], name: str, state: str) -> bool:
    return name in states and states[name].state == state


def enabled_names(installed: Installed) -> set[str]:
    """Names of the installed plugins that the database says are on."""
    states = _states_by_name()
    return {name for name, state in states.items() if state == "enabled" and name in installed.manifests}


def _note_state(one: Manifest, state: str, *, phase: str = "", reason: str = "") -> None:
    with transaction():
        if state == "failed" and state_of(one.name) == "enabled":
            tell("on_leave", current().generation, current().session.connection(), one.name)
            revision.bump("epoch")
        write_state(one.name, state, version=one.version, phase=phase, reason=reason)


def write_state(name: str, state: str, *, version: str = "", phase: str = "", reason: str = "") -> None:
    """Write what the administrator wants of a plugin, in the open transaction."""
    values: dict[str, Any] = {
        "state": state,
        "failed_phase": phase,
        "failed_reason": reason,
        "traceback": "",
        "changed_at": utc_now(),
    }
    if version:
        values["version"] = version
    done = trusted(sa.update(_states()).where(_states().c.name == name).values(**values))
    if done.rowcount == 0:
        trusted(sa.insert(_states()).values(name=name, **{"version": "", **values}))


def audit(act: str, subject: str, details: dict[str, Any], actor: Any) -> None:
    """Write one line of the log, in the open transaction."""
    trusted(
        sa.insert(table_of(Audit)).values(
            at=utc_now(),
            actor_id=getattr(actor, "user_id", None),
            actor=getattr(actor, "name", "system"),
            act=act,
            subject=subject,
            details=details,
        )
    )


def running() -> Generation:
    """The generation of this context; ManifestError when there is none."""
    generation = current().generation
    if generation is None:
        raise ManifestError("plugins are switched inside a running generation; none is running in this context.")
    return generation


def core_packages() -> Sequence[str]:
    """Packages of the core plugins of this installation."""
    generation = current().generation
    return CORE if generation is None else _core_of(generation)


def _core_of(generation: Generation) -> Sequence[str]:
    return tuple(one.package for one in generation.installed.manifests.values() if one.core)
