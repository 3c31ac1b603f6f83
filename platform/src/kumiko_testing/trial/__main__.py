"""`python -m kumiko_testing.trial NAME --report FILE`: started by `kumiko.operate.probe`, never imported by it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from kumiko.operate import probe
from kumiko.operate.report import Notebook, sentence_of


def main() -> None:
    given = probe.arguments()
    from kumiko_testing.trial.run import trial  # local: behind the limit of memory

    notebook = Notebook(given.name, depth="full", file=given.report)
    with tempfile.TemporaryDirectory(prefix="kumiko-trial-") as folder:
        try:
            trial(given.name, notebook, Path(folder), given.cores)
        except Exception as error:  # noqa: BLE001 (a plugin may raise anything)
            notebook.problems.append(sentence_of(given.name, error))
        notebook.close()
    os._exit(0)  # a thread the plugin started must not keep this process


if __name__ == "__main__":
    try:
        main()
    except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(1)
