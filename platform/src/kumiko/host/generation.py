"""One immutable application, built from the core and the plugins that are on; switching builds another beside it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import pluggy
import sqlalchemy as sa

from kumiko import features, offers
from kumiko.core import CORE
from kumiko.host import declarations as d
from kumiko.host import guard, hookspecs, manifest, resolver
from kumiko.host.app import HostFlask, make_app
from kumiko.host.config import Config
from kumiko.host.database import Database
from kumiko.host.errors import DeclarationError, KumikoError, ModuleOff, NotFound
from kumiko.host.loader import LoadedPlugin, forget_import, has_imported, load
from kumiko.host.manifest import Installed, Manifest
from kumiko.host.models import PluginState, Setting
from kumiko.host.revision import Numbers
from kumiko.host.services import Services

log = logging.getLogger("kumiko.generation")
T = TypeVar("T")


class BuildFailed(KumikoError):
    """A generation could not be built at all (a core plugin raised); the process keeps its old one."""


@dataclass(frozen=True)
class Owned(Generic[T]):
    """A declared item and the plugin it belongs to. Attributes of the item can be read directly."""

    plugin: str
    item: T

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("plugin", "item"):
            raise AttributeError(name)
        return getattr(self.item, name)


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A plugin that is enabled but not part of the generation; `reason` is a sentence."""

    manifest: Manifest
    phase: str  # check, resolve, import, declare
    reason: str


@dataclass(frozen=True, kw_only=True)
class Generation:
    """Everything a request, job or command needs to know about what is switched on. Never changed once it is public.

    `state` belongs to the core plugins, which fill it in `assemble`. Keys the host itself reads:
    `error_page(problem) -> Response`, `readiness: {name: () -> Health}`, `on_numbers: [generation -> None]` (called on
    a copy when only the catalogue or access number moved; `state` of the copy is a copy too),
    `on_enable: [(generation, plugin name) -> None]` (inside the enabling transaction),
    `on_leave: [(connection, plugin name) -> None]` (inside the transaction that disables or quarantines it),
    `on_forget: [(plugin name) -> None]` (it was purged, or comes back in another's place),
    `examine: [() -> (state, what, detail)...]` (findings for `kumiko doctor`),
    `principal_for_email(email) -> Principal`, `worker_loop(host, stop)`,
    `on_purge: [LoadedPlugin -> None]` (inside the purging transaction), `export_module(name, path, told) -> [lines]`,
    `on_beat: [database -> None]` (every 15 s in each process that lives long),
    `feature_roles([key]) -> {key: [role as dict]}`, `give_feature(key, {role key: bool})`.
    """

    numbers: Numbers
    config: Config
    app: HostFlask
    installed: Installed
    plugins: Mapping[str, LoadedPlugin]
    failed: Mapping[str, Failed]
    off: Mapping[str, Manifest]  # installed, not core, not running
    records: Sequence[Owned[d.RecordType]] = ()
    extensions: Sequence[Owned[d.Extension]] = ()
    actions: Sequence[Owned[d.RecordAction]] = ()
    menu: Sequence[Owned[d.MenuItem]] = ()
    palette: Sequence[Owned[d.PaletteCommand]] = ()
    panels: Mapping[str, Sequence[Owned[d.Panel]]] = field(default_factory=dict)  # by slot
    events: Mapping[str, Owned[d.EventType]] = field(default_factory=dict)
    subscriptions: Mapping[str, Owned[d.Subscription]] = field(default_factory=dict)
    jobs: Mapping[str, Owned[d.JobType]] = field(default_factory=dict)
    permissions: Mapping[str, Owned[d.Permission]] = field(default_factory=dict)
    settings: Mapping[str, d.SettingsSection] = field(default_factory=dict)  # by plugin
    features: Mapping[str, Owned[d.Feature]] = field(default_factory=dict)  # "plugin.feature"
    features_off: frozenset[str] = frozenset()
    assets: Mapping[str, d.Assets] = field(default_factory=dict)  # by plugin
    offers: Mapping[str, Mapping[str, Owned[Any]]] = field(default_factory=dict)  # by hook and key
    services: Services = field(default_factory=lambda: Services({}))
    hooks: pluggy.PluginManager = field(default_factory=lambda: pluggy.PluginManager("kumiko"))
    packages: Mapping[str, str] = field(default_factory=dict)  # package -> plugin that is no core, for blame
    state: dict[str, Any] = field(default_factory=dict)
    built_in_ms: float = 0.0

    @property
    def epoch(self) -> int:
        return self.numbers.epoch

    @property
    def catalogue_n(self) -> int:
        return self.numbers.catalogue

    @property
    def access_n(self) -> int:
        return self.numbers.access

    def is_on(self, plugin: str) -> bool:
        return plugin in self.plugins

    def feature_on(self, name: str) -> bool:
        """Whether the feature "plugin.feature" exists here and is not switched off for everybody."""
        return name in self.features and name not in self.features_off

    def find_off(self, word: str) -> Manifest | None:
        """The installed plugin that is not running and owns a collection or prefix, or None."""
        return next((one for one in self.off.values() if word == one.prefix or word in one.collections), None)

    def missing(self, word: str) -> NotFound:
        """The error for an address whose first word nobody answers: ModuleOff when an installed plugin owns it."""
        owner = self.find_off(word)
        if owner is None:
            return NotFound("There is nothing at this address, or you may not know of it.")
        if owner.name in self.failed:
            sentence = (
                f"The module {owner.title} has failed and is not running; the administrator's page of modules says why."
            )
        else:
            sentence = (
                f"The module {owner.title} is switched off. Its data are kept; an administrator can switch it on."
            )
        return ModuleOff(sentence, owner.name)

    def renumbered(self, numbers: Numbers) -> Generation:
        """The same application for other catalogue and access numbers (about a millisecond)."""
        copy = replace(self, numbers=numbers, state=dict(self.state))
        for refresh in self.state.get("on_numbers", ()):
            refresh(copy)
        return copy


def build(
    config: Config,
    database: Database,
    numbers: Numbers,
    *,
    core: Sequence[str] = CORE,
    enabled: Iterable[str] | None = None,
) -> Generation:
    """Build the application for `numbers`. `enabled` overrides the database (a trial before a switch).

    A plugin that fails is left out and listed in `failed`; a core plugin that fails raises BuildFailed.
    """
    started = time.perf_counter()
    installed = manifest.scan(core)
    wanted, features_off, checked = _wanted(database, enabled)
    chosen = [one for one in installed.manifests.values() if one.core or one.name in wanted]
    resolution = resolver.resolve(chosen, installed.manifests.values())
    plugins: dict[str, LoadedPlugin] = {}
    failed: dict[str, Failed] = {
        name: Failed(manifest=installed.manifests[name], phase="resolve", reason=" ".join(lines))
        for name, lines in resolution.problems.items()
    }
    for name, version in checked.items():
        one = installed.manifests.get(name)
        if one is not None and version not in ("", one.version) and not has_imported(one, exactly=False):
            reason = f"{name}: version {one.version} is installed, and {version} was checked; switch it on again."
            failed.setdefault(name, Failed(manifest=one, phase="check", reason=reason))
    while True:
        for name in resolution.order:
            if name not in failed:
                _load_into(plugins, failed, installed.manifests[name], resolution.providers)
        generation = _collect(config, numbers, installed, plugins, failed, features_off)
        blamed = _assemble(generation)
        if blamed is None:
            break
        failed[blamed.manifest.name] = blamed
        plugins.clear()
    generation.app.seal()
    made = replace(generation, built_in_ms=(time.perf_counter() - started) * 1000)
    log.info("generation %s built in %.0f ms: %s", numbers.mark, made.built_in_ms, ", ".join(plugins) or "bare")
    return made


def _assemble(generation: Generation) -> Failed | None:
    """Let the core plugins assemble the application; gives a plugin whose declarations do not fit the others'."""
    for loaded in generation.plugins.values():
        if not loaded.manifest.core:
            continue
        try:
            loaded.call("assemble", generation=generation)
        except Exception as error:
            blamed = generation.plugins.get(getattr(error, "plugin", ""))
            if isinstance(error, DeclarationError) and blamed is not None and not blamed.manifest.core:
                noted = guard.record(blamed.name, "declare", error)
                return Failed(manifest=blamed.manifest, phase="declare", reason=noted.message)
            guard.record(loaded.name, "assemble", error)
            raise BuildFailed(f"the core plugin {loaded.name} cannot assemble the application: {error}") from error
    return None


#: The generation that a switch of this process tried before its commit: (database, plugins, core, generation).
_candidate: tuple[Database, frozenset[str], tuple[str, ...], Generation] | None = None


def hand_over(database: Database, enabled: Iterable[str], core: Sequence[str], candidate: Generation) -> None:
    """Keep a generation that was tried and whose switch is committed now, so that this process need not build again."""
    global _candidate
    _candidate = (database, frozenset(enabled), tuple(core), candidate)


def take_over(database: Database, numbers: Numbers, *, core: Sequence[str]) -> Generation | None:
    """The generation that was handed over, for `numbers`; None when another switch has come before or after it."""
    global _candidate
    held, _candidate = _candidate, None
    if held is None or held[0] is not database or held[2] != tuple(core):
        return None
    candidate = held[3]
    if numbers.epoch != candidate.numbers.epoch + 1:
        return None
    if _wanted(database, None)[:2] != (set(held[1]), candidate.features_off):
        return None
    log.info("generation %s is the one that was tried before the switch", numbers.mark)
    return candidate.renumbered(numbers)


def _load_into(
    plugins: dict[str, LoadedPlugin],
    failed: dict[str, Failed],
    one: Manifest,
    providers: Mapping[str, str],
) -> None:
    lost = [capability for capability in one.requires if providers.get(capability) in failed]
    if lost and not one.core:
        provider = providers[lost[0]]
        reason = f"{one.name} needs {lost[0]!r}, whose provider {provider} has failed."
        failed[one.name] = Failed(manifest=one, phase="resolve", reason=reason)
        return
    try:
        plugins[one.name] = load(one)
    except Exception as error:
        if one.core:
            guard.record(one.name, "declare", error)
            raise BuildFailed(f"the core plugin {one.name} cannot be loaded: {error}") from error
        forget_import(one)  # a repaired one may be tried again in this process
        phase = "declare" if isinstance(error, KumikoError) else "import"
        noted = guard.record(one.name, phase, error)
        failed[one.name] = Failed(manifest=one, phase=phase, reason=noted.message)


def _wanted(database: Database, enabled: Iterable[str] | None) -> tuple[set[str], frozenset[str], dict[str, str]]:
    """Plugins that are on, features that are off, and the version of each plugin that passed its check."""
    with database.reader.connect() as connection:
        try:
            states = sa.select(PluginState.name, PluginState.version).where(PluginState.state == "enabled")
            checked = {row.name: row.version for row in connection.execute(states)}
            off = connection.execute(sa.select(Setting.value).where(Setting.key == "host.features_off")).scalar()
        except sa.exc.DBAPIError as fault:
            if isinstance(fault, sa.exc.ProgrammingError) or "no such table" in str(fault.orig):
                raise BuildFailed("this database holds no installation yet; run `kumiko init` first") from fault
            raise
    return set(checked if enabled is None else enabled), frozenset(off or ()), checked


def _collect(
    config: Config,
    numbers: Numbers,
    installed: Installed,
    plugins: dict[str, LoadedPlugin],
    failed: dict[str, Failed],
    features_off: frozenset[str],
) -> Generation:
    def owned(hook: str) -> list[Owned[Any]]:
        return [
            Owned(one.name, item)
            for one in plugins.values()
            for item in features.kept(one.name, one.declared[hook], features_off)
        ]

    def ordered(hook: str, key: Callable[[Owned[Any]], tuple[Any, ...]]) -> list[Owned[Any]]:
        return sorted(owned(hook), key=key)

    panels: dict[str, list[Owned[d.Panel]]] = {}
    for panel in ordered("declare_panels", lambda one: (one.item.order, one.plugin, one.item.key)):
        panels.setdefault(panel.item.slot, []).append(panel)
    hooks = pluggy.PluginManager("kumiko")
    hooks.add_hookspecs(hookspecs)
    for one in plugins.values():
        hooks.register(one.hooks, one.name)
    makers = {
        capability: (one.name, make)
        for one in plugins.values()
        for capability, make in one.declared["declare_services"].items()
    }
    return Generation(
        numbers=numbers,
        config=config,
        app=make_app(config, plugins),
        installed=installed,
        plugins=plugins,
        failed=failed,
        off={one.name: one for one in installed.manifests.values() if not one.core and one.name not in plugins},
        records=ordered("declare_records", lambda one: (one.item.order, one.item.key)),
        extensions=ordered("declare_extensions", lambda one: (one.plugin,)),
        actions=ordered("declare_record_actions", lambda one: (one.plugin,)),
        menu=ordered("declare_menu", lambda one: (one.item.order, one.plugin, one.item.key)),
        palette=ordered("declare_palette", lambda one: (str(one.item.group), one.plugin, one.item.key)),
        panels=panels,
        events={one.item.name: one for one in owned("declare_events")},
        subscriptions={one.item.name: one for one in owned("declare_subscriptions")},
        jobs={one.item.name: one for one in owned("declare_jobs")},
        permissions={one.item.name: one for one in ordered("declare_permissions", lambda one: (one.item.name,))},
        settings={
            one.name: one.declared["declare_settings"] for one in plugins.values() if one.declared["declare_settings"]
        },
        features={f"{one.plugin}.{one.item.name}": one for one in owned("declare_features")},
        features_off=features_off,
        assets={one.name: one.declared["declare_assets"] for one in plugins.values() if one.declared["declare_assets"]},
        offers={hook: {one.item.key: one for one in owned(hook)} for hook in offers.HOOKS},
        services=Services(makers),
        hooks=hooks,
        packages={one.manifest.package: one.name for one in plugins.values() if not one.manifest.core},
    )
