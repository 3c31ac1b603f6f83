"""Checking a plugin's folder or wheel that is not installed."""

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
