"""Packages of plugins on this machine: installing one, and checking a folder that is not installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from kumiko.core import CORE
from kumiko.host import manifest
from kumiko.host.errors import KumikoError
from kumiko.operate import probe


def is_path(text: str) -> bool:
    return "/" in text or text.endswith(".whl") or Path(text).is_dir()


def install(path_or_dist: str, *, core: Sequence[str], editable: bool = False) -> list[str]:
    """Install a folder, a wheel or a distribution by name with pip. Returns the plugins that are new or renewed.

    `editable`: a folder stays the place of the code, so that changes need no second install.
    """
    before = _versions(core)
    if is_path(path_or_dist) and not Path(path_or_dist).exists():
        raise KumikoError(f"there is nothing at {path_or_dist}; name a folder with a pyproject.toml, or a wheel")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if Path(path_or_dist).is_dir():
        command.append("--no-build-isolation")  # what builds our own plugins is here already: no network needed
    if editable:
        if not Path(path_or_dist).is_dir():
            raise KumikoError(f"{path_or_dist} is no folder; only a project's folder can be installed editable")
        command.append("--editable")
    done = subprocess.run([*command, path_or_dist], capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise KumikoError(f"{path_or_dist} could not be installed: {last}")
    after = _versions(core)
    fresh = sorted(name for name, version in after.items() if before.get(name) != version)
    if not fresh and is_path(path_or_dist):
        fresh = sorted(name for name in after if name not in before)
    if not fresh:
        raise KumikoError(f"{path_or_dist} brings no plugin that was not there (entry-point group {manifest.GROUP!r})")
    return fresh


def _versions(core: Sequence[str]) -> dict[str, str]:
    return {one.name: one.version for one in manifest.scan(core).manifests.values() if not one.core}


def check_path(text: str, *, depth: str = "full", core: Sequence[str] = CORE) -> probe.Report:
    """Check a plugin's folder or wheel without installing it into this environment."""
    path = Path(text).resolve()
    if not path.exists():
        raise KumikoError(f"there is nothing at {text}; name a folder with a pyproject.toml, or a wheel")
    with tempfile.TemporaryDirectory() as folder:
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as archive:
                archive.extractall(folder)
        else:
            _build_into(path, Path(folder))
        sys.path.insert(0, folder)
        try:
            names = [
                entry.name
                for found in manifest.metadata.distributions(path=[folder])
                for entry in found.entry_points.select(group=manifest.GROUP)
            ]
            if not names:
                raise KumikoError(f"{text} brings no plugin (entry-point group {manifest.GROUP!r})")
            return probe.check(names[0], depth=depth, core=core)
        finally:
            sys.path.remove(folder)


def _build_into(path: Path, folder: Path) -> None:
    """Install a project folder into `folder`, without its dependencies and without changing the project."""
    copy = Path(tempfile.mkdtemp(dir=folder.parent)) / path.name
    try:
        shutil.copytree(path, copy, ignore=shutil.ignore_patterns(".git", ".venv", "node_modules", "build"))
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
        done = subprocess.run(
            [*command, "--no-build-isolation", "--target", str(folder), str(copy)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
            raise KumikoError(f"{path} could not be built: {last}")
    finally:
        shutil.rmtree(copy.parent, ignore_errors=True)
