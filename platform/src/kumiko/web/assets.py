"""Stylesheets, scripts, icons and fonts: `/a/PLUGIN/HASH/PATH`, kept by browsers for a year, compressed once.

The hash is that of the whole folder, so that a script may import its neighbours by relative paths.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from flask import Response, request

import kumiko_assets
from kumiko.host.context import current
from kumiko.host.errors import NotFound
from kumiko.host.i18n import gettext as _

FOREVER = "public, max-age=31536000, immutable"
_TEXT = (".js", ".css", ".svg", ".txt", ".json")
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("font/woff2", ".woff2")


class Folders:
    """The static folders of a generation: plugin -> (folder, hash). `assets` are the third-party files."""

    def __init__(self, plugins: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
        self.folders: dict[str, tuple[Path, str]] = {}
        self.add("assets", kumiko_assets.static_dir())
        for one in plugins.values():
            if one.static is not None:
                own = one.static / one.name
                self.add(one.name, own if own.is_dir() else one.static)
        self.css = tuple(self.url(name, path) for name, one in declared.items() for path in one.css)
        self.modules = tuple(self.url(name, path) for name, one in declared.items() for path in one.modules)
        lines = "".join(f'@import url("{url}") layer(plugins);\n' for url in self.css)
        self.layer = lines.encode()
        self.layer_url = f"/a/layer/{_digest(self.layer)}/plugins.css" if self.css else ""
        imports = {
            "kumiko": self.url("web", "kumiko.js"),
            "htmx": self.url("assets", "htmx.js"),
            "sortablejs": self.url("assets", "sortable.js"),
            "echarts": self.url("assets", "echarts.js"),  # loaded when a chart comes into sight
        }
        for name, one in declared.items():
            imports.update({word: self.url(name, path) for word, path in one.imports.items() if word not in imports})
        text = orjson.dumps({"imports": imports}).decode()
        self.import_map = text.replace("<", "\\u003c")

    def add(self, name: str, folder: Path) -> None:
        self.folders[name] = (folder, _hash(folder, _newest(folder)))

    def url(self, plugin: str, path: str) -> str:
        """Address of a file; "" for a plugin without static files."""
        found = self.folders.get(plugin)
        return f"/a/{plugin}/{found[1]}/{path}" if found else ""


def _newest(folder: Path) -> int:
    return max((path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()), default=0)


@lru_cache(maxsize=100)
def _hash(folder: Path, newest: int) -> str:
    digest = hashlib.blake2b(digest_size=6)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix not in (".br", ".gz"):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=6).hexdigest()


def folders() -> Folders:
    """The folders of the current generation."""
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    found: Folders = generation.state["assets"]
    return found


def asset(plugin: str, path: str) -> str:
    """Template global: address of a static file of a plugin that is on."""
    return folders().url(plugin, path)


def serve(plugin: str, digest: str, path: str) -> Response:
    """A static file. An address with another hash is answered too, but not kept: its page is from before an update."""
    known = folders()
    if plugin == "layer":
        return _answer(known.layer, "plugins.css", "", current_hash=f"/a/layer/{digest}/" in known.layer_url)
    found = known.folders.get(plugin)
    file = None if found is None else _inside(found[0], path)
    if found is None or file is None:
        raise NotFound(_("There is no such file."))
    wanted = request.headers.get("Accept-Encoding", "")
    for word, suffix in (("br", ".br"), ("gzip", ".gz")):
        packed = file.with_name(file.name + suffix)
        if word in wanted and packed.is_file():
            return _answer(packed.read_bytes(), file.name, word, current_hash=digest == found[1])
    if "gzip" in wanted and file.suffix in _TEXT:
        return _answer(_packed(file, file.stat().st_mtime_ns), file.name, "gzip", current_hash=digest == found[1])
    return _answer(file.read_bytes(), file.name, "", current_hash=digest == found[1])


def _inside(folder: Path, path: str) -> Path | None:
    parts = path.split("/")
    if not path or "\0" in path or any(part in ("", ".", "..") or part.startswith(".") for part in parts):
        return None
    file = folder.joinpath(*parts)
    return file if file.is_file() and file.suffix not in (".br", ".gz", ".py") else None


@lru_cache(maxsize=300)
def _packed(file: Path, changed_ns: int) -> bytes:
    return gzip.compress(file.read_bytes(), 9, mtime=0)


def _answer(data: bytes, name: str, encoding: str, *, current_hash: bool) -> Response:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = Response(data, content_type=f"{kind}; charset=utf-8" if kind.startswith("text/") else kind)
    response.headers["Cache-Control"] = FOREVER if current_hash else "no-cache"
    if encoding:
        response.headers["Content-Encoding"] = encoding
    response.vary.add("Accept-Encoding")
    return response
