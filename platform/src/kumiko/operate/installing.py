"""Installing a plugin's package into this environment without changing what Kumiko runs on.

Everything that can be known beforehand is looked at in the wheel before anything is installed: its manifest, what it
requires, whose packages it would overwrite. pip then gets the versions that Kumiko runs on as constraints, is asked
what it would do, and only then does it; what a failed installation brought is taken out again.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from email.parser import HeaderParser
from importlib import metadata
from importlib.machinery import PathFinder
from pathlib import Path, PurePosixPath

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from kumiko.host import manifest
from kumiko.host.errors import KumikoError
from kumiko.host.manifest import Manifest

PLATFORM = "kumiko-platform"
_NOISE = ("WARNING", "To fix this", "[notice]", "ResolutionImpossible")


def install(source: str, *, core: Sequence[str], editable: bool = False) -> list[Manifest]:
    """Install a folder, a wheel or a distribution by name. Returns the plugins that are new or renewed.

    `editable`: a folder stays the place of the code, so that changes need no second install. KumikoError names what
    stands against it; then the environment is as it was.
    """
    if editable and not Path(source).is_dir():
        raise KumikoError(f"{source} is no folder; only a project's folder can be installed editable")
    pinned = platform_versions()
    before = installed_versions()
    with tempfile.TemporaryDirectory(prefix="kumiko-install-") as text:
        folder = Path(text)
        constraints = folder / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in sorted(pinned.items())), "utf-8")
        wheel = _wheel_of(source, folder / "wheels", constraints)
        found = check_wheel(wheel, pinned, core=core)
        same = [one for one in found if before.get(canonicalize_name(one.distribution)) == one.version]
        if same and not editable:
            raise KumikoError(
                f"{same[0].distribution} {same[0].version} is installed already; give a changed one a higher version"
            )
        thing = ("--no-build-isolation", "--editable", source) if editable else (str(wheel),)
        command = ("install", "--constraint", str(constraints), *thing)
        _pip(source, *command, "--dry-run")
        try:
            _pip(source, *command)
        except KumikoError:
            _take_out_again(before)
            raise
    names = {one.name for one in found}
    return [one for one in manifest.scan(core).manifests.values() if one.name in names]


def platform_versions() -> dict[str, str]:
    """Canonical name -> installed version of everything that Kumiko itself runs on, the platform included."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(PLATFORM, "")]  # (name, extra)
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            distribution = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue  # for another system or Python
        found[name] = distribution.version
        for wanted in map(Requirement, distribution.requires or ()):
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(wanted.name), one) for one in ("", *wanted.extras)]
    return found


def installed_versions() -> dict[str, str]:
    """Canonical name -> version of every distribution of this environment."""
    return {
        canonicalize_name(one.metadata["Name"]): one.version for one in metadata.distributions() if one.metadata["Name"]
    }


def check_wheel(wheel: Path, pinned: Mapping[str, str], *, core: Sequence[str]) -> list[Manifest]:
    """The manifests of the plugins in a wheel; KumikoError when it may not be installed here. Runs none of its code."""
    with _unpacked(wheel) as (folder, info):
        head = HeaderParser().parsestr((info / "METADATA").read_text("utf-8"))
        name, version = str(head["Name"]), str(head["Version"])
        points = ConfigParser(delimiters=("=",), interpolation=None)
        points.optionxform = str  # type: ignore[assignment,method-assign]
        if (info / "entry_points.txt").is_file():
            points.read_string((info / "entry_points.txt").read_text("utf-8"))
        entries = dict(points[manifest.GROUP]) if manifest.GROUP in points else {}
        if not entries:
            raise KumikoError(f"{name} {version} brings no plugin (entry-point group {manifest.GROUP!r})")
        found = [
            manifest.parse(
                folder.joinpath(*value.partition(":")[0].strip().split(".")[:-1]) / "plugin.toml",
                name=plugin, version=version, module=value.partition(":")[0].strip(), distribution=name,
            )
            for plugin, value in entries.items()
        ]  # fmt: skip
        _refuse_collisions(name, head.get_all("Requires-Dist") or [], pinned)
        _refuse_overwriting(name, folder, core)
    taken = {one.name: one.distribution for one in manifest.scan(core).manifests.values()}
    for one in found:
        owner = taken.get(one.name, name)
        if canonicalize_name(owner) != canonicalize_name(name):
            raise KumikoError(f"{name} brings a plugin called {one.name!r}, which {owner} brings already")
    return found


def _refuse_collisions(name: str, requires: Sequence[str], pinned: Mapping[str, str]) -> None:
    for text in requires:
        try:
            wanted = Requirement(text)
        except InvalidRequirement as fault:
            raise KumikoError(f"{name} requires {text!r}, which nobody can read: {fault}") from fault
        here = pinned.get(canonicalize_name(wanted.name))
        if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
            continue
        if here is not None and wanted.url is not None:
            raise KumikoError(f"{name} brings its own {wanted.name}; Kumiko runs on {wanted.name} {here}")
        if here is not None and not wanted.specifier.contains(here, prereleases=True):
            raise KumikoError(
                f"{name} requires {wanted.name}{wanted.specifier}, Kumiko runs on {wanted.name} {here}; "
                "ask its vendor for a version for this Kumiko"
            )


def _refuse_overwriting(name: str, folder: Path, core: Sequence[str]) -> None:
    """Files of a wheel land beside those of all others: nobody may bring another's package."""
    owners = metadata.packages_distributions()  # editable installations do not say
    mine = {one.package.partition(".")[0]: one.distribution for one in manifest.scan(core).manifests.values()}
    for path in sorted(folder.iterdir()):
        top = path.name.removesuffix(".py")
        here = owners.get(top) or ([mine.get(top, "Kumiko or another")] if PathFinder.find_spec(top) else [])
        others = [one for one in here if canonicalize_name(one) != canonicalize_name(name)]
        if others and not path.name.endswith((".dist-info", ".data")):
            raise KumikoError(f"{name} would overwrite the package {top!r} of {others[0]}")


@contextmanager
def _unpacked(wheel: Path) -> Iterator[tuple[Path, Path]]:
    """(folder, its .dist-info) of an unpacked wheel."""
    with tempfile.TemporaryDirectory(prefix="kumiko-wheel-") as text:
        folder = Path(text)
        try:
            with zipfile.ZipFile(wheel) as archive:
                if any(".." in PurePosixPath(one).parts or one.startswith("/") for one in archive.namelist()):
                    raise KumikoError(f"{wheel.name} holds paths outside of itself")
                archive.extractall(folder)
        except zipfile.BadZipFile as fault:
            raise KumikoError(f"{wheel.name} is no wheel: {fault}") from fault
        info = next((one for one in folder.glob("*.dist-info") if (one / "METADATA").is_file()), None)
        if info is None:
            raise KumikoError(f"{wheel.name} is no wheel: it holds no .dist-info with METADATA")
        yield folder, info


def _wheel_of(source: str, folder: Path, constraints: Path) -> Path:
    """The wheel that a path or a name stands for; built or fetched, not installed."""
    folder.mkdir()
    path = Path(source)
    if path.is_file():
        return path
    if path.is_dir():
        copy = folder / "source"
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules", "build", "dist"))
        # What builds our own plugins is here already: no network needed.
        _pip(source, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(copy))
        shutil.rmtree(copy)
    elif os.sep in source or source.endswith(".whl"):
        raise KumikoError(f"there is nothing at {source}; name a folder with a pyproject.toml, or a wheel")
    else:
        _pip(source, "download", "--no-deps", "--only-binary", ":all:", "--constraint", str(constraints),
             "--dest", str(folder), source)  # fmt: skip
    found = sorted(folder.glob("*.whl"))
    if len(found) != 1:
        raise KumikoError(f"{source} gave {len(found)} wheels; wanted one")
    return found[0]


def _pip(source: str, *arguments: str) -> None:
    command = [sys.executable, "-m", "pip", *arguments, "--disable-pip-version-check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        lines = [line.removeprefix("ERROR: ").strip() for line in done.stderr.splitlines() if line.strip()]
        told = [line for line in lines if not line.startswith(_NOISE)]
        _before, found, cause = done.stdout.partition("The conflict is caused by:")
        told += [" ".join(cause.split("\n\n")[0].split())] if found else []
        raise KumikoError(f"{source} could not be installed: {' '.join(told)[:900] or 'pip gave no reason'}")


def _take_out_again(before: Mapping[str, str]) -> None:
    """Remove distributions that a failed installation left; pip itself puts back what it was renewing."""
    fresh = sorted(set(installed_versions()) - set(before))
    if fresh:
        command = [sys.executable, "-m", "pip", "uninstall", "--yes", "--quiet", "--disable-pip-version-check", *fresh]
        subprocess.run(command, capture_output=True, check=False, stdin=subprocess.DEVNULL)
