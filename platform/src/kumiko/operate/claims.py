"""What plugin.toml promises, against what the plugin declares."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from kumiko.host.loader import LoadedPlugin
from kumiko.host.manifest import Manifest
from kumiko.operate import sources
from kumiko_assets import icon_names

_EVENT = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*/[1-9][0-9]*")


def problems(loaded: LoadedPlugin) -> Iterator[str]:
    """A sentence for each promise that is not kept, and for each statement that was not promised."""
    one, declared = loaded.manifest, loaded.declared
    yield from _collections(loaded)
    events = {item.name for item in declared["declare_events"]}
    for name in sorted(events):
        if not _EVENT.fullmatch(name):
            yield (
                f"{one.name}, declare_events: {name!r} is no name of an event; wanted something like "
                f"'{one.prefix}.thing_done/1'."
            )
    for file, line, name in sources.emitted(one.folder):
        if name not in events:
            yield (
                f"{one.name}: {file} line {line} states the event {name!r}, which declare_events does not name; "
                "declare it with its fields, or nobody can subscribe to it."
            )


def _collections(loaded: LoadedPlugin) -> Iterator[str]:
    one = loaded.manifest
    used = {item.collection for item in loaded.declared["declare_records"]}
    used |= {word for blueprint in loaded.blueprints for word in _first_words(blueprint)}
    for collection in one.collections:
        if collection not in used:
            yield (
                f"{one.name}: plugin.toml claims the collection {collection!r}, but no record type and no address of "
                "its uses it; declare the type, or take the word out of plugin.toml so that another module may use it."
            )


def _first_words(blueprint: object) -> Iterator[str]:
    from flask import Blueprint, Flask  # local: only a check needs them here

    assert isinstance(blueprint, Blueprint)
    app = Flask("kumiko_claims", static_folder=None)
    app.register_blueprint(blueprint)
    for rule in app.url_map.iter_rules():
        parts = rule.rule.strip("/").split("/")
        yield parts[2] if parts[:2] == ["api", "v1"] and len(parts) > 2 else parts[0]


def warnings_of(loaded: LoadedPlugin) -> Iterator[str]:
    """A sentence for each thing that is a pity but no reason to stay off: icons or documentation that are not there."""
    yield from _icons(loaded)
    yield from _documentation(loaded.manifest)


def _icons(loaded: LoadedPlugin) -> Iterator[str]:
    """Names of icons that nobody can draw, with the nearest one that can be."""
    known = icon_names()
    items = [item for hook in ("declare_records", "declare_record_actions", "declare_menu", "declare_palette")
             for item in loaded.declared[hook]]  # fmt: skip
    for name in dict.fromkeys([loaded.manifest.icon, *(item.icon for item in items)]):
        if name and name not in known:
            near = difflib.get_close_matches(name, known, 3)
            hint = f"near it are {', '.join(near)}" if near else "docs/plugin-guide/ui.md lists them"
            yield f"{loaded.name}: there is no icon {name!r}, so a puzzle piece is drawn; {hint}."


def _documentation(one: Manifest) -> Iterator[str]:
    if not one.docs or one.docs.startswith(("/", "https://", "http://")):
        return
    if any((folder / one.docs).is_file() for folder in _places(one)) or _has_description(one):
        return
    yield (
        f"{one.name}: plugin.toml names {one.docs!r} as its documentation, but there is no such file; write it, or "
        "take `docs` out of plugin.toml."
    )


def _places(one: Manifest) -> Iterator[Path]:
    """The package, and the project folder around it as far as there is one."""
    yield one.folder
    for folder in list(one.folder.parents)[:3]:
        yield folder
        if (folder / "pyproject.toml").is_file():
            return


def _has_description(one: Manifest) -> bool:
    """Whether the distribution carries its README as its description, as wheels do."""
    try:
        return bool(metadata.metadata(one.distribution or one.package)["Description"])
    except metadata.PackageNotFoundError:
        return False
