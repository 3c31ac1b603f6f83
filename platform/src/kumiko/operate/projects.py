"""A plugin's project folder on a developer's machine: what it brings, without its being installed."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kumiko.host import loader, manifest
from kumiko.host.errors import KumikoError
from kumiko.host.loader import LoadedPlugin
from kumiko.host.manifest import Manifest
from kumiko.operate import migrate, migration_files


def is_project(text: str) -> bool:
    """Whether this names a project folder rather than an installed plugin."""
    return (Path(text) / "pyproject.toml").is_file() or "/" in text


def read_project(folder: Path) -> Manifest:
    """The one plugin of a project, from its pyproject.toml and plugin.toml; imports nothing."""
    file = folder / "pyproject.toml"
    try:
        project = tomllib.loads(file.read_text("utf-8")).get("project", {})
    except FileNotFoundError as fault:
        raise KumikoError(f"there is no pyproject.toml in {folder}; name the folder of a plugin's project") from fault
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise KumikoError(f"{file} cannot be read: {fault}") from fault
    entries = project.get("entry-points", {}).get(manifest.GROUP, {})
    if len(entries) != 1:
        found = ", ".join(entries) or "none"
        raise KumikoError(f"{file} names {found} in the entry-point group {manifest.GROUP!r}; wanted one plugin")
    name, module = next(iter(entries.items()))
    return manifest.parse(
        _package_folder(folder, module) / "plugin.toml",
        name=name,
        version=str(project.get("version", "0")),
        module=module,
        distribution=str(project.get("name", "")),
    )


def _package_folder(folder: Path, module: str) -> Path:
    inside = Path(*module.split(".")[:-1])
    for place in (folder / "src" / inside, folder / inside):
        if place.is_dir():
            return place
    raise KumikoError(f"the package {inside} of the entry point {module!r} is neither in {folder}/src nor in {folder}")


@contextmanager
def loaded_project(folder: Path) -> Iterator[LoadedPlugin]:
    """The plugin of a project, imported from its folder and checked; the folder leaves the path afterwards."""
    one = read_project(folder)
    place = str(one.folder.parents[one.package.count(".")])
    sys.path.insert(0, place)
    try:
        yield loader.load(one)
    finally:
        sys.path.remove(place)


def write_migration(folder: Path, message: str) -> Path | None:
    """The migration that brings the tables of a project to its models; None when nothing differs."""
    with loaded_project(folder) as loaded:
        return migration_of(loaded, message)


def migration_of(loaded: LoadedPlugin, message: str) -> Path | None:
    """The same for a plugin that is loaded already."""
    if loaded.base is None:
        raise KumikoError(f"{loaded.name} keeps nothing: it declares neither records nor models.")
    return migration_files.autogenerate(migrate.history_of(loaded.manifest), loaded.base.metadata, message)
