"""`python -m kumiko_testing.trial NAME --report FILE`: started by `kumiko.operate.probe`, never imported by it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from kumiko.operate import probe
from kumiko.operate.report import Notebook


def main() -> None:
    given = probe.arguments()
    from kumiko_testing.trial.run import trial  # local: behind the limit of memory

    notebook = Notebook(given.name, depth="full", file=given.report)
    with tempfile.TemporaryDirectory(prefix="kumiko-trial-") as folder:
        notebook.check("trial", lambda: trial(given.name, notebook, Path(folder), given.cores) or ())
        notebook.parts.pop()  # the whole is no part of itself
        notebook.close()
    os._exit(0)  # a thread the plugin started must not keep this process


if __name__ == "__main__":
    try:
        main()
    except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(1)
