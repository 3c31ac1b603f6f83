"""The folder that all processes of one pytest run share: the PostgreSQL cluster, database templates, locks.

The process that starts the run makes it and names it in KUMIKO_TEST_RUN, so xdist workers and nested runs use the same.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

VARIABLE = "KUMIKO_TEST_RUN"


def create() -> Path | None:
    """Makes the folder of a new run and returns it; None inside a run that another process started."""
    if os.environ.get(VARIABLE):
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"kumiko-test-{os.getpid()}-"))
    folder.chmod(0o755)  # the database server may run as another user and must get to its folder
    os.environ[VARIABLE] = str(folder)
    return folder


def remove(folder: Path) -> None:
    """Deletes a run's folder; its servers must have stopped."""
    if os.environ.get(VARIABLE) == str(folder):
        del os.environ[VARIABLE]
    shutil.rmtree(folder, ignore_errors=True)


def current() -> Path:
    """The folder of this run."""
    value = os.environ.get(VARIABLE)
    if not value:
        raise RuntimeError("kumiko_testing is used outside a pytest run: call kumiko_testing.rundir.create() first")
    return Path(value)


def leftovers() -> list[Path]:
    """Folders of runs whose process is gone (killed): their servers may still be running."""
    found = []
    for folder in Path(tempfile.gettempdir()).glob("kumiko-test-*"):
        named = re.match(r"kumiko-test-(\d+)-", folder.name)
        if named and folder.is_dir() and os.access(folder, os.W_OK) and not _is_alive(int(named[1])):
            found.append(folder)
    return found


@contextlib.contextmanager
def locked(name: str) -> Iterator[Path]:
    """Holds the lock `name` among all processes of the run; gives the run's folder."""
    folder = current()
    with open(folder / f"{name}.lock", "w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield folder


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
