"""Long tests: 32 people at work while processes and the database are killed and modules switched, thousands of random
requests, workers killed at random moments. Ends with the exit code of what failed.

    soak.py [--minutes 30] [--only WORDS]

`--minutes` is the length of the work under trouble on PostgreSQL; on SQLite it is a third of it. `--only` runs the
long tests whose names hold the words (as `pytest -k`).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys

from places import ROOT


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--only", default="")
    asked = parser.parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", "-m", "soak"]
    command += ["-k", asked.only] if asked.only else []
    environment = {**os.environ, "KUMIKO_SOAK_MINUTES": str(asked.minutes)}
    failed = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    print(f"soak: {'failed' if failed else 'held'}")
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
