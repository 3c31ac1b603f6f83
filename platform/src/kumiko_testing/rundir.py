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
#: Hundreds of databases of some hundred small files each are copied and dropped: in memory that takes a thirtieth.
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - folders in it are made by mkdtemp
_ENOUGH_BYTES = 4 * 2**30


def create() -> Path | None:
    """Makes the folder of a new run and returns it; None inside a run that another process started."""
    if os.environ.get(VARIABLE):
        return None
    folder = Path(tempfile.mkdtemp(prefix=f"kumiko-test-{os.getpid()}-", dir=_roots()[0]))
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
    for folder in (one for root in _roots() for one in root.glob("kumiko-test-*")):
        named = re.match(r"kumiko-test-(\d+)-", folder.name)
        if named and folder.is_dir() and os.access(folder, os.W_OK) and not _is_alive(int(named[1])):
            found.append(folder)
    return found


def _roots() -> list[Path]:
    """Where folders of runs lie: the one for a new run first. TMPDIR, when somebody set it, is the only one."""
    usual = Path(tempfile.gettempdir())
    if os.environ.get("TMPDIR") or not os.access(_IN_MEMORY, os.W_OK | os.X_OK):
        return [usual]
    roomy = shutil.disk_usage(_IN_MEMORY).free >= _ENOUGH_BYTES
    return [_IN_MEMORY, usual] if roomy else [usual, _IN_MEMORY]


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
