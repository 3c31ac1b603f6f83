"""Which check a plugin needs before it is switched on: a full one once, a quick one while its files stay the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from kumiko.host.base import table_of
from kumiko.host.context import transaction
from kumiko.host.loader import has_imported
from kumiko.host.manifest import Manifest
from kumiko.host.models import Setting
from kumiko.host.scoping import trusted
from kumiko.operate import probe
from kumiko.operate.report import DEPTHS, Report

#: "quick" keeps an installation from making trials: for machines that are too small for them, and for tests.
VARIABLE = "KUMIKO_PLUGIN_CHECK"


def key_of(name: str) -> str:
    """The setting that remembers which files of a plugin passed the full check."""
    return f"host.checked.{name}"


def before_enabling(one: Manifest, depth: str, core: Sequence[str]) -> Report | None:
    """Check a plugin that is about to be switched on; None when nothing is left to be found out.

    What this process has imported already has shown what its import does; its declarations are checked when it is
    switched on. So switching on again takes no second interpreter, which a busy machine may not start in time.
    """
    if depth == "full" and needs_trial(one):
        report = probe.check(one.name, depth="full", core=core)
        if report.ok:
            remember(one)
        return report
    return None if has_imported(one) else probe.check(one.name, core=core)


def needs_trial(one: Manifest) -> bool:
    """Whether switching it on means a full check first, which takes many seconds."""
    return not one.core and os.environ.get(VARIABLE, "full") != "quick" and not has_passed(one)


def has_passed(one: Manifest) -> bool:
    """Whether exactly these files passed the full check on this installation."""
    table = table_of(Setting)
    return bool(trusted(sa.select(table.c.value).where(table.c.key == key_of(one.name))).scalar() == _mark(one))


def remember(one: Manifest) -> None:
    """Note that these files passed the full check."""
    table, key = table_of(Setting), key_of(one.name)
    with transaction():
        trusted(sa.delete(table).where(table.c.key == key))
        trusted(sa.insert(table).values(key=key, value=_mark(one)))


def _mark(one: Manifest) -> dict[str, Any]:
    return {"version": one.version, "digest": digest_of(one)}


def digest_of(one: Manifest) -> str:
    """One word for all files of a plugin's package."""
    found = hashlib.blake2b(digest_size=16)
    for path in sorted(one.folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(one.folder)}\0{path.stat().st_size}\0".encode())
            found.update(path.read_bytes())
    return found.hexdigest()


assert set(DEPTHS) == set(probe.TIME_LIMITS_S)
