"""Import one plugin, collect what it declares, and refuse what would reach beyond its own names."""

from __future__ import annotations

import difflib
import importlib
import sys
import threading
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pluggy
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase

from kumiko import features, offers
from kumiko.host import declarations as d
from kumiko.host import hookspecs, routes
from kumiko.host.contracts import lacking, reserved_names
from kumiko.host.errors import DeclarationError
from kumiko.host.guard import guarded
from kumiko.host.manifest import Manifest
from kumiko.host.scoping import Scope

#: What each hook returns: a list of one class.
LISTS: dict[str, type] = {
    "declare_records": d.RecordType,
    "declare_extensions": d.Extension,
    "declare_record_actions": d.RecordAction,
    "declare_menu": d.MenuItem,
    "declare_palette": d.PaletteCommand,
    "declare_panels": d.Panel,
    "declare_events": d.EventType,
    "declare_subscriptions": d.Subscription,
    "declare_permissions": d.Permission,
    "declare_features": d.Feature,
    "declare_jobs": d.JobType,
    "declare_demo": d.DemoData,
    **offers.HOOKS,
}
#: Hooks that return one thing or None.
SINGLE: dict[str, type] = {"declare_settings": d.SettingsSection, "declare_assets": d.Assets}
#: Not read while a generation is built, but when the command line asks.
LATE = ("declare_commands", "declare_demo")
#: What a hook answers when it raises; the access hooks fail closed.
FAIL_CLOSED: dict[str, Callable[[], Any]] = {
    "authorize": lambda: False,
    "scope_records": sa.false,
    "check_health": lambda: d.Health(ok=False, message="its check of health failed; the list of failures says why"),
}
_CALLED_AT_RUN = ("authenticate", "authorize", "scope_records", "check_health")

_manager = pluggy.PluginManager("kumiko")
_manager.add_hookspecs(hookspecs)
SPECS = frozenset(name for name, one in vars(hookspecs).items() if getattr(one, "kumiko_spec", None) is not None)

_imported: dict[str, str] = {}
_import_lock = threading.Lock()


class RunTimeHooks:
    """Holder of one plugin's guarded hooks; compared by identity, as pluggy expects."""


@dataclass(frozen=True, kw_only=True)
class LoadedPlugin:
    """A plugin that passed every check. `declared` maps a hook's name to what it returned."""

    manifest: Manifest
    module: types.ModuleType
    base: Any = None
    blueprints: tuple[Any, ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)
    hooks: RunTimeHooks = field(default_factory=RunTimeHooks)  # guarded run-time hooks

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def tables(self) -> tuple[sa.Table, ...]:
        return () if self.base is None else tuple(self.base.metadata.tables.values())

    @property
    def templates(self) -> Path | None:
        return _folder(self.manifest, "templates")

    @property
    def static(self) -> Path | None:
        return _folder(self.manifest, "static")

    @property
    def translations(self) -> Path | None:
        return _folder(self.manifest, "translations")

    def call(self, hook: str, **arguments: Any) -> Any:
        """Call this plugin's own implementation of a life-cycle hook, unguarded; None when it has none."""
        function = implementation(self.module, hook)
        if function is None:
            return None
        wanted = pluggy._hooks.varnames(function)
        names = [*wanted[0], *wanted[1]]
        return function(**{name: value for name, value in arguments.items() if name in names})


def implementation(module: types.ModuleType, hook: str) -> Callable[..., Any] | None:
    """The plugin's function for a hook, or None."""
    function = getattr(module, hook, None)
    return function if callable(function) and isinstance(getattr(function, "kumiko_impl", None), dict) else None


def load(manifest: Manifest) -> LoadedPlugin:
    """Import and check one plugin. Raises whatever is wrong with it; the caller contains that (`Exception`).

    What a plugin raises at import beyond Exception (SystemExit) comes out as DeclarationError.
    """
    module = import_plugin(manifest)
    _check_hook_names(manifest, module)
    declared: dict[str, Any] = {}
    for hook, wanted in LISTS.items():
        if hook not in LATE:
            declared[hook] = _declared_list(manifest, module, hook, wanted)
    for hook, single in SINGLE.items():
        declared[hook] = _declared_single(manifest, module, hook, single)
    base = _declared_base(manifest, module, [*declared["declare_records"], *declared["declare_extensions"]])
    declared["declare_services"] = _declared_services(manifest, module)
    if implementation(module, "assemble") is not None and not manifest.core:
        raise _refusal(manifest, "assemble", "only core plugins assemble a generation")
    _check_names(manifest, declared)
    for capability in manifest.provides:
        for sentence in lacking(capability, declared):
            raise _refusal(manifest, "declare_services", sentence)
    _check_extensions(manifest, declared["declare_extensions"])
    if base is not None:
        _check_models(manifest, base)
    _check_folders(manifest)
    blueprints = tuple(routes.checked_blueprints(manifest, module, _call(manifest, module, "declare_routes") or []))
    return LoadedPlugin(
        manifest=manifest,
        module=module,
        base=base,
        blueprints=blueprints,
        declared=declared,
        hooks=_run_time_hooks(manifest, module),
    )


def import_plugin(manifest: Manifest) -> types.ModuleType:
    """The plugin's module, imported once per process; a failed import leaves nothing of it behind."""
    with _import_lock:
        before = set(sys.modules)
        try:
            module = importlib.import_module(manifest.module)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            forget_import(manifest, set(sys.modules) - before)
            if isinstance(error, Exception):
                raise
            raise DeclarationError(f"{manifest.name}: its import ended with {type(error).__name__}({error})") from error
        _imported.setdefault(manifest.name, manifest.version)
        return module


def forget_import(manifest: Manifest, among: Iterable[str] | None = None) -> None:
    """Make this process forget a plugin's modules, so that the next import reads its files again."""
    own = manifest.package if manifest.core or among is None else manifest.package.partition(".")[0]
    for name in list(sys.modules if among is None else among):
        if name == own or name.startswith(own + "."):
            del sys.modules[name]
    _imported.pop(manifest.name, None)


def has_imported(manifest: Manifest, *, exactly: bool = True) -> bool:
    """Whether this process has imported exactly this version already (or any)."""
    found = _imported.get(manifest.name)
    return found == manifest.version if exactly else found is not None


def running_version(name: str) -> str:
    """The version of a plugin that this process imported, "" when it did not."""
    return _imported.get(name, "")


def checked_list(loaded: LoadedPlugin, hook: str) -> tuple[Any, ...]:
    """Items of a hook that is read late (declare_demo)."""
    return _declared_list(loaded.manifest, loaded.module, hook, LISTS[hook])


def _refusal(manifest: Manifest, hook: str, sentence: str) -> DeclarationError:
    return DeclarationError(f"{manifest.name}, {hook}: {sentence}")


def _call(manifest: Manifest, module: types.ModuleType, hook: str) -> Any:
    function = implementation(module, hook)
    if function is None:
        return None
    try:
        return function()
    except DeclarationError:
        raise
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _refusal(manifest, hook, f"it raised {type(error).__name__}: {error}") from error


def _check_hook_names(manifest: Manifest, module: types.ModuleType) -> None:
    for name, value in vars(module).items():
        # A dict, not just something: objects such as sqlalchemy.func answer to every name.
        if callable(value) and isinstance(getattr(value, "kumiko_impl", None), dict) and name not in SPECS:
            close = difflib.get_close_matches(name, SPECS, 1)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise _refusal(manifest, name, f"there is no such hook{hint}")


def _declared_list(manifest: Manifest, module: types.ModuleType, hook: str, wanted: Any) -> tuple[Any, ...]:
    items = _call(manifest, module, hook)
    if items is None:
        return ()
    if not isinstance(items, list | tuple):
        raise _refusal(manifest, hook, f"wanted a list of {wanted.__name__}, found {type(items).__name__}")
    for position, item in enumerate(items):
        if not isinstance(item, wanted):
            raise _refusal(
                manifest, hook, f"item {position} is a {type(item).__name__} ({item!r:.80}); wanted {wanted.__name__}"
            )
    return tuple(items)


def _declared_single(manifest: Manifest, module: types.ModuleType, hook: str, wanted: type) -> Any:
    item = _call(manifest, module, hook)
    if item is not None and not isinstance(item, wanted):
        raise _refusal(manifest, hook, f"wanted {wanted.__name__} or None, found {type(item).__name__}")
    return item


def _declared_services(manifest: Manifest, module: types.ModuleType) -> dict[str, Callable[[], Any]]:
    services = _call(manifest, module, "declare_services") or {}
    if not isinstance(services, dict) or not all(callable(make) for make in services.values()):
        raise _refusal(manifest, "declare_services", "wanted a dict of capability to a callable without arguments")
    if set(services) != set(manifest.provides):
        raise _refusal(
            manifest,
            "declare_services",
            f"offers {sorted(services) or 'nothing'}; plugin.toml provides {sorted(manifest.provides) or 'nothing'}",
        )
    return services


def _check_names(manifest: Manifest, declared: Mapping[str, Any]) -> None:
    """Everything that lives in a space shared by all plugins carries a name of its own."""
    contracts = {capability.partition("/")[0] for capability in manifest.provides}
    own = {manifest.name, manifest.prefix, *contracts}
    for record_type in declared["declare_records"]:
        if record_type.key.partition(".")[0] not in own:
            raise _refusal(
                manifest, "declare_records", f"the type {record_type.key!r} must start with one of {sorted(own)}"
            )
        if record_type.collection not in manifest.collections:
            raise _refusal(
                manifest,
                "declare_records",
                f"the collection {record_type.collection!r} is not among those of plugin.toml: {manifest.collections}",
            )
    for hook in ("declare_permissions", "declare_jobs", "declare_events", "declare_subscriptions", *offers.HOOKS):
        for item in declared[hook]:
            name = item.key if hook in offers.HOOKS else item.name
            if name.partition(".")[0] not in own and not (manifest.core and hook == "declare_permissions"):
                raise _refusal(manifest, hook, f"the name {name!r} must start with one of {sorted(own)} and a dot")
    if {item.name for item in declared["declare_features"]} != set(manifest.features):
        raise _refusal(manifest, "declare_features", f"plugin.toml names the features {list(manifest.features)}")
    features.check(manifest.name, declared)
    for hook, key in (
        ("declare_records", "key"),
        ("declare_menu", "key"),
        ("declare_jobs", "name"),
        ("declare_subscriptions", "name"),
        ("declare_permissions", "name"),
        ("declare_panels", "key"),
        *((hook, "key") for hook in offers.HOOKS),
    ):
        names = [getattr(item, key) for item in declared[hook]]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise _refusal(manifest, hook, f"{', '.join(twice)} is declared twice")


def _check_extensions(manifest: Manifest, extensions: tuple[d.Extension, ...]) -> None:
    """One side table per type, read through its records only, with names that nobody else can take."""
    hook = "declare_extensions"
    targets = [one.target for one in extensions]
    for one in extensions:
        if targets.count(one.target) > 1:
            raise _refusal(manifest, hook, f"{one.target!r} is extended twice; put all fields into one extension")
        reserved = reserved_names(one.target)
        prefixes = {f"{manifest.name.replace('-', '_')}_", f"{manifest.prefix}_"}
        for field_ in one.fields:
            if field_.name not in reserved and not field_.name.startswith(tuple(prefixes)):
                kept = f"the plain names kept for extensions are {', '.join(sorted(reserved))}" if reserved else ""
                raise _refusal(
                    manifest,
                    hook,
                    f"the field {field_.name!r} of {one.target!r} must start with {min(prefixes)!r}; "
                    + (kept or "no contract keeps plain names of this type for extensions"),
                )
        scope = getattr(one.model, "__scope__", None)
        if scope != Scope.through(one.target, "record_id"):
            raise _refusal(
                manifest,
                hook,
                f"{getattr(one.model, '__name__', one.model)!s} must say "
                f"__scope__ = Scope.through({one.target!r}, 'record_id'): side rows are read as far as their records",
            )


def _declared_base(manifest: Manifest, module: types.ModuleType, kept: Sequence[Any]) -> Any:
    """What `declare_models` returns, else the base of the records and extensions; all of these are on that one."""
    base = _call(manifest, module, "declare_models")
    found = {cls for one in kept for cls in getattr(one.model, "__mro__", ()) if DeclarativeBase in cls.__bases__}
    if base is None and not found:
        return None
    base = base or min(found, key=id)
    if found - {base} and not manifest.core:
        raise _refusal(
            manifest,
            "declare_models",
            "its classes are on several bases; make one with plugin_base, and give it to all of them",
        )
    if not isinstance(base, type) or not hasattr(base, "metadata") or not hasattr(base, "registry"):
        raise _refusal(manifest, "declare_models", f"wanted the declarative base of the plugin, found {base!r:.80}")
    return base


def _check_models(manifest: Manifest, base: Any) -> None:
    owner = base.metadata.info.get("plugin")
    if owner != manifest.name:
        raise _refusal(
            manifest,
            "declare_models",
            f"its tables are in the metadata of {owner or 'nobody'}; make the base with plugin_base({manifest.name!r})",
        )
    for table in base.metadata.tables.values():
        if not table.name.startswith(f"{manifest.prefix}_"):
            raise _refusal(
                manifest, "declare_models", f"the table {table.name!r} must start with {manifest.prefix + '_'!r}"
            )
        for key in table.foreign_keys:
            target = key.target_fullname.rpartition(".")[0]
            if target not in base.metadata.tables and not target.startswith("host_"):
                raise _refusal(
                    manifest,
                    "declare_models",
                    f"{table.name}.{key.parent.name} has a foreign key to {target!r}; "
                    "only own tables and those of the host may be named, others by type and id",
                )
    try:
        base.registry.configure(cascade=True)
    except Exception as error:
        raise _refusal(manifest, "declare_models", f"its classes cannot be mapped: {error}") from error
    for mapper in base.registry.mappers:
        if not isinstance(getattr(mapper.class_, "__scope__", None), Scope):
            raise _refusal(
                manifest,
                "declare_models",
                f"{mapper.class_.__name__} declares no __scope__, so nobody could say who may read its rows; "
                "give it Scope.record, through, public or internal",
            )


def _folder(manifest: Manifest, kind: str) -> Path | None:
    folder = manifest.folder / kind
    return folder if folder.is_dir() else None


def _check_folders(manifest: Manifest) -> None:
    """Templates and static files live below a folder named like the plugin, or two plugins' index.html would meet."""
    allowed = {manifest.name} | ({"kumiko"} if manifest.core else set())
    for kind in ("templates",):
        folder = _folder(manifest, kind)
        strangers = [] if folder is None else sorted(one.name for one in folder.iterdir() if one.name not in allowed)
        if strangers:
            raise DeclarationError(
                f"{manifest.name}: {kind}/ holds {', '.join(strangers[:5])}; all goes below {kind}/{manifest.name}/"
            )


def _run_time_hooks(manifest: Manifest, module: types.ModuleType) -> RunTimeHooks:
    """Guarded copies. Those of core plugins are not guarded: who is asking must not become "nobody" by an error."""
    hooks = RunTimeHooks()
    for hook in _CALLED_AT_RUN:
        function = implementation(module, hook)
        if function is not None and not manifest.core:
            function = guarded(manifest.name, hook, function, otherwise=FAIL_CLOSED.get(hook, lambda: None))
        if function is not None:
            setattr(hooks, hook, function)
    return hooks
