"""An installation as a whole: making it, bringing its tables up to date, looking for what is wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kumiko.host import guard, manifest, processes, resolver, revision
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.database import Database
from kumiko.host.errors import KumikoError
from kumiko.host.models import PluginState
from kumiko.operate import lifecycle, migrate

if TYPE_CHECKING:
    from kumiko.host.config import Config
    from kumiko.operate.shell import Shell

log = logging.getLogger("kumiko.instance")
_NEVER_ON = ("", "installed", "checked", "migrated", "failed")


def initialise(shell: Shell, *, modules: Sequence[str] | None, options: Mapping[str, Any]) -> list[str]:
    """Make all tables, enable `modules` (None: every installed one), let the core fill in what is needed.

    Idempotent: what exists stays. Returns lines for the person at the keyboard.
    """
    upgrade_all(shell)
    installed = manifest.scan(shell.core)
    lines: list[str] = [f"left out: {broken.reason}" for broken in installed.unreadable]
    with shell.acting():
        enabled = lifecycle.enable(modules, depth="quick") if modules is not None else _enable_all(installed, lines)
    if enabled:
        lines.append(f"modules: {', '.join(enabled)}")
    host = shell.host
    generation = host.follow(revision.read(host.database))
    context = Context(host.database, generation=generation, principal=SYSTEM, via="system")
    with use(context):
        for loaded in generation.plugins.values():
            try:
                said = loaded.call("prepare_instance", options=options)
            except KumikoError:
                raise
            except Exception as fault:
                guard.record(loaded.name, "prepare_instance", fault)
                guard.flush(host.database)
                raise KumikoError(
                    f"{loaded.name} could not prepare the installation: {fault}; `kumiko init` goes on where it stopped"
                ) from fault
            lines += [str(line) for line in said or ()]
        make_demo = generation.state.get("make_demo")
        if options.get("demo") and make_demo is not None:
            lines += make_demo()
    return lines


def _enable_all(installed: manifest.Installed, lines: list[str]) -> list[str]:
    """Switch on every module that nobody has switched on or off yet; one that cannot run is left out by name."""
    fresh = [one for one in installed.manifests.values() if not one.core and lifecycle.state_of(one.name) in _NEVER_ON]
    on = [one for name, one in installed.manifests.items() if one.core or lifecycle.state_of(name) == "enabled"]
    fresh = _without_rivals(fresh, on, lines)
    try:
        return lifecycle.enable([one.name for one in fresh], depth="quick")
    except KumikoError:
        enabled: list[str] = []
        for name in resolver.resolve(installed.manifests.values()).order:
            if name in {one.name for one in fresh}:
                try:
                    enabled += lifecycle.enable([name], depth="quick")
                except KumikoError as refusal:
                    lines.append(f"left out: {refusal.message}")
        return enabled


def _without_rivals(
    fresh: list[manifest.Manifest], on: list[manifest.Manifest], lines: list[str]
) -> list[manifest.Manifest]:
    """Of several providers of a contract one can be on: the one that is, else the one called like the contract."""
    providers: dict[str, list[manifest.Manifest]] = {}
    for one in [*on, *fresh]:
        for capability in one.provides:
            providers.setdefault(capability, []).append(one)
    left: dict[str, str] = {}
    for capability, rivals in providers.items():
        word = capability.partition("/")[0]
        first = next((one for one in rivals if one in on), next((one for one in rivals if one.name == word), None))
        for one in rivals if len(rivals) > 1 else ():
            if one is not first and one in fresh:
                others = " and ".join(rival.name for rival in rivals if rival is not one)
                left[one.name] = f"{one.name} provides {capability} as {others} does; only one of them can be on."
    lines += [f"left out: {sentence}" for sentence in left.values()]
    return [one for one in fresh if one.name not in left]


def upgrade_all(shell: Shell) -> dict[str, list[str]]:
    """Apply every migration that waits. Returns name -> revisions, only where something was done."""
    return upgrade(shell.config, shell.core)


def upgrade(config: Config, core: Sequence[str]) -> dict[str, list[str]]:
    """The same without a command line: host, core and enabled plugins, in this order."""
    applied: dict[str, list[str]] = {}
    url = config.database_url
    done = migrate.upgrade(url, migrate.host_history())
    if done:
        applied[migrate.HOST] = done
    for history in migrate.histories(enabled_names(url), core=core)[1:]:
        done = migrate.upgrade(url, history)
        if done:
            applied[history.name] = done
    return applied


def status_all(shell: Shell) -> list[migrate.Status]:
    """Where each history stands."""
    url = shell.config.database_url
    return [migrate.status(url, one) for one in migrate.histories(enabled_names(url), core=shell.core)]


def waiting(shell: Shell) -> list[str]:
    """Names of the histories with migrations not applied."""
    return [one.name for one in status_all(shell) if one.waiting]


def enabled_names(url: str) -> list[str]:
    """Names of the plugins that are switched on; none in an empty database."""
    database = Database.open(url)
    try:
        with database.reader.connect() as connection:
            found = sa.select(PluginState.name).where(PluginState.state == "enabled")
            return list(connection.execute(found).scalars())
    except sa.exc.SQLAlchemyError:
        return []


def examine(shell: Shell) -> list[dict[str, str]]:
    """Findings for `kumiko doctor`: state (fine, note, wrong), what, detail."""
    found: list[dict[str, str]] = []

    def add(state: str, what: str, detail: str) -> None:
        found.append({"state": state, "what": what, "detail": detail})

    add("fine", "home", str(shell.config.home))
    try:
        for one in status_all(shell):
            if one.waiting:
                add("wrong", f"tables of {one.name}", f"{len(one.waiting)} migrations wait: run `kumiko db upgrade`")
        host = shell.host
    except (KumikoError, sa.exc.SQLAlchemyError) as fault:
        add("wrong", "database", str(fault).splitlines()[0])
        return found
    add("fine", "database", f"{host.database.url.get_backend_name()}, epoch {host.generation.epoch}")
    with shell.acting():
        for view in lifecycle.plugins_view(host.generation):
            if view.state in ("failed", "quarantined", "unreadable", "missing"):
                add("wrong", f"module {view.name}", f"{view.state}: {view.reason}")
            elif view.failures:
                add("note", f"module {view.name}", f"{sum(one.count for one in view.failures)} failures recorded")
            if view.health is not None and not view.health.ok:
                add("note", f"module {view.name}", view.health.message)
            if view.restart_pending:
                add("note", f"module {view.name}", "another version is installed than runs: restart the server")
        for look in host.generation.state.get("examine", ()):
            for finding in look():
                add(*finding)
    ready, said = host.readiness()
    add("fine" if ready else "wrong", "readiness", ", ".join(f"{key} {value}" for key, value in said.items()))
    for process in processes.alive(host.database):
        lag = host.generation.epoch - int(process["epoch"])
        state = "fine" if process["healthy"] and lag <= 0 else "note"
        add(state, f"{process['kind']} process", f"{process['name']}, epoch {process['epoch']}")
    if shell.config.home.joinpath("secret_key").exists():
        mode = shell.config.home.joinpath("secret_key").stat().st_mode & 0o077
        if mode:
            add("wrong", "secret key", "others on this machine can read it: chmod 600 the file secret_key in the home")
    return found
