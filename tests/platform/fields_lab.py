"""A worker process that kills itself in the midst of a change of kind: `fields_lab.py URL HOME SLICE STEP WHEN`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from kumiko.fields import conversion
from kumiko.host.config import Config
from kumiko.host.database import Database
from kumiko.host.wsgi import Host
from kumiko.jobs.job import JobContext
from kumiko.jobs.worker import Worker


def run_until_killed(url: str, home: Path, *, values: int, step: int, when: str) -> int:
    """The exit code of a worker that ends at its `step`, "before" or "after" the commit."""
    command = [sys.executable, __file__, url, str(home), str(values), str(step), when]
    return subprocess.run(command, check=False, timeout=300, env={**os.environ, "KUMIKO_LOG": "error"}).returncode


def work_until_killed(url: str, home: str, values: str, step: str, when: str) -> None:
    conversion.SLICE = int(values)
    seen = 0
    convert, checkpoint = conversion.step, JobContext.slice

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def counting(*given: Any) -> Any:
        nonlocal seen
        found = convert(*given)
        seen += 1
        if when == "before" and seen == int(step):
            die()
        return found

    def slices(job: JobContext) -> Any:
        if when == "after" and seen == int(step):
            die()
        return checkpoint(job)

    conversion.step, JobContext.slice = counting, slices  # type: ignore[assignment, method-assign]
    config = Config(home=Path(home), database_url=url, secret_key="k" * 40, base_url="http://crm.local")
    worker = Worker(Host(config, database=Database.open(url)), threading.Event())
    while worker.run_once():
        pass


if __name__ == "__main__":
    work_until_killed(*sys.argv[1:])
