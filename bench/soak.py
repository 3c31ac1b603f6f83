"""Long tests: workers killed at random moments, modules switched under load. Ends with the exit code of what failed.

    soak.py [--minutes 10]

Runs the tests marked `soak` first, then repeats the switching scenario until the minutes are over.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from places import ROOT

SWITCHING = ("tests/scenarios/test_scenario_switch.py", "tests/platform/test_host_live.py")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    asked = parser.parse_args()
    failed = pytest("-m", "soak")
    scenarios = [path for path in SWITCHING if (ROOT / path).exists()]
    until_s, rounds = time.monotonic() + asked.minutes * 60, 0
    while not failed and time.monotonic() < until_s:
        failed = pytest(*scenarios)
        rounds += 1
    print(f"soak: {'failed' if failed else 'held'} after {rounds} rounds of {', '.join(scenarios)}")
    return failed


def pytest(*arguments: str) -> int:
    """Exit code of a run of tests; 5, nothing collected, is none of ours."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    code = subprocess.run(command, cwd=ROOT, env={**os.environ}, check=False).returncode
    return 0 if code == 5 else code


if __name__ == "__main__":
    raise SystemExit(main())
