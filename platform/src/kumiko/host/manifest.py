"""What a plugin says about itself before anything of it is imported: `plugin.toml` and package metadata."""

from __future__ import annotations

import functools
import importlib
import re
import site
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from importlib.machinery import PathFinder
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from kumiko.host.errors import ManifestError

HOST_API = "1"
GROUP = "kumiko.plugins"
_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,39}")
_CAPABILITY = re.compile(r"[a-z][a-z0-9_]*/[1-9][0-9]*")
_COLLECTION = re.compile(r"[a-z][a-z0-9-]*")
_TEXTS = ("host_api", "title", "description", "icon", "prefix", "docs")
_LISTS = ("collections", "features", "provides", "requires", "wants")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One installed plugin. `module` is what the entry point names; `folder` is its package's folder."""

    name: str
    version: str
    module: str
    folder: Path
    title: str
    description: str = ""
    icon: str = "puzzle"
    prefix: str = ""
    collections: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    provides: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    wants: tuple[str, ...] = ()
    docs: str = ""
    distribution: str = ""
    requires_dist: tuple[str, ...] = ()
    core: bool = False

    @property
    def package(self) -> str:
        return self.module.rpartition(".")[0] or self.module

    @property
    def migrations(self) -> Path:
        return self.folder / "migrations"


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """A plugin that is installed but cannot be offered; `reason` is a sentence."""

    name: str
    version: str
    distribution: str
    reason: str


@dataclass(frozen=True)
class Installed:
    """Result of a scan: manifests by name (core first), and those that cannot be read."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    unreadable: tuple[Unreadable, ...] = ()

    def get(self, name: str) -> Manifest:
        """The manifest called `name`; ManifestError naming those that exist."""
        if name in self.manifests:
            return self.manifests[name]
        for broken in self.unreadable:
            if broken.name == name:
                raise ManifestError(broken.reason)
        others = ", ".join(sorted(one.name for one in self.manifests.values() if not one.core)) or "none"
        raise ManifestError(f"no plugin called {name!r} is installed; installed are: {others}")


def scan(core: Sequence[str]) -> Installed:
    """Every installed plugin, without importing one. Sees what was installed after this process started."""
    _notice_new_packages()
    found: dict[str, Manifest] = {}
    broken: list[Unreadable] = []
    for package in core:
        one = read_core(package)
        if one is not None:
            found[one.name] = one
    for entry in _entry_points():
        distribution = entry.dist.name if entry.dist is not None else ""
        version = entry.dist.version if entry.dist is not None else "0"
        try:
            one = _read_entry(entry, distribution, version)
            if one.name in found:
                raise ManifestError(
                    f"{distribution or entry.value} and {found[one.name].distribution or 'Kumiko itself'} both bring "
                    f"a plugin called {one.name!r}; uninstall one of them"
                )
            found[one.name] = one
        except ManifestError as fault:
            broken.append(Unreadable(name=entry.name, version=version, distribution=distribution, reason=fault.message))
    return Installed(found, tuple(broken))


def read_core(package: str) -> Manifest | None:
    """Manifest of a built-in plugin, None while its package is not there."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations)))
    if not (folder / "plugin.toml").exists() or not (folder / "plugin.py").exists():
        return None
    return parse(
        folder / "plugin.toml",
        name=package.rpartition(".")[2],
        version=_platform_version(),
        module=f"{package}.plugin",
        distribution="kumiko-platform",
        core=True,
    )


def parse(
    path: Path,
    *,
    name: str,
    version: str,
    module: str,
    distribution: str = "",
    requires_dist: Iterable[str] = (),
    core: bool = False,
) -> Manifest:
    """Read one plugin.toml; ManifestError with the file's name and what it should say."""
    try:
        said = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as fault:
        raise ManifestError(f"{name}: {path.name} is missing beside the plugin's code") from fault
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ManifestError(f"{name}: {path.name} cannot be read: {fault}") from fault
    unknown = sorted(set(said) - {*_TEXTS, *_LISTS})
    if unknown:
        raise ManifestError(f"{name}: plugin.toml has unknown keys: {', '.join(unknown)}")
    texts = {key: _text(name, key, said.get(key, "")) for key in _TEXTS}
    lists = {key: _list(name, key, said.get(key, [])) for key in _LISTS}
    if texts["host_api"] != HOST_API:
        raise ManifestError(
            f"{name}: plugin.toml asks for host_api {texts['host_api'] or 'nothing'!r}, this Kumiko offers {HOST_API!r}"
        )
    if not texts["title"]:
        raise ManifestError(f"{name}: plugin.toml needs a title")
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise ManifestError(
            f"{name!r} is no plugin name; wanted words of a to z and digits, joined by - or _, at most 40 characters"
        )
    prefix = texts["prefix"] or name.replace("-", "_")
    if not _PREFIX.fullmatch(prefix):
        raise ManifestError(f"{name}: the prefix {prefix!r} is not made of a to z, digits and underscores")
    for key in ("provides", "requires", "wants"):
        for capability in lists[key]:
            if not _CAPABILITY.fullmatch(capability):
                raise ManifestError(f"{name}: {key} names {capability!r}; wanted a contract such as 'deals/1'")
    for collection in lists["collections"]:
        if not _COLLECTION.fullmatch(collection):
            raise ManifestError(f"{name}: the collection {collection!r} is no word for an address")
    return Manifest(
        name=name,
        version=version,
        module=module,
        folder=path.parent,
        title=texts["title"],
        description=texts["description"],
        icon=texts["icon"] or "puzzle",
        prefix=prefix,
        docs=texts["docs"],
        distribution=distribution,
        requires_dist=tuple(requires_dist),
        core=core,
        **lists,
    )


def _entry_points() -> list[metadata.EntryPoint]:
    return sorted(metadata.entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))


def _read_entry(entry: metadata.EntryPoint, distribution: str, version: str) -> Manifest:
    top = entry.module.partition(".")[0]
    try:
        # The path finder alone: a package that is already imported may have lost its spec, and nothing runs.
        spec = PathFinder.find_spec(top) or find_spec(top)
    except (ImportError, ValueError, AttributeError) as fault:
        raise ManifestError(f"{entry.name}: its package {top} cannot be found: {fault}") from fault
    if spec is None or not spec.submodule_search_locations:
        raise ManifestError(f"{entry.name}: its package {top} cannot be found; install {distribution or top} again")
    folder = Path(next(iter(spec.submodule_search_locations)))
    for part in entry.module.split(".")[1:-1]:
        folder /= part
    return parse(
        folder / "plugin.toml",
        name=entry.name,
        version=version,
        module=entry.module,
        distribution=distribution,
        requires_dist=(entry.dist.requires or ()) if entry.dist is not None else (),
    )


def _notice_new_packages() -> None:
    """Packages installed while we run: editable ones come as .pth files, which Python reads at start only."""
    for folder in {*site.getsitepackages(), *(path for path in sys.path if path.endswith("site-packages"))}:
        if Path(folder).is_dir():
            before = list(sys.path)
            site.addsitedir(folder)
            fresh = [path for path in sys.path if path not in before]
            sys.path[:] = [*before, *fresh]
    importlib.invalidate_caches()


@functools.cache
def _platform_version() -> str:
    try:
        return metadata.version("kumiko-platform")
    except metadata.PackageNotFoundError:
        return "0"


def _text(name: str, key: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ManifestError(f"{name}: {key} in plugin.toml is {value!r}; wanted a text")
    return value.strip()


def _list(name: str, key: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ManifestError(f"{name}: {key} in plugin.toml is {value!r}; wanted a list of texts")
    return tuple(value)
