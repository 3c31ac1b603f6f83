"""Python environments for tests that install something: a new one that sees all that the running one has."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

#: As pip writes it: servers start processes that read this file, too, and must not run it.
_PROGRAM = "from kumiko.operate.cli import main\n\nif __name__ == '__main__':\n    main()\n"


@dataclass(frozen=True)
class Environment:
    """A virtual environment on top of the running one; what is installed into it stays in it."""

    folder: Path
    variables: Mapping[str, str]

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    def run(self, *command: str, cwd: Path, timeout_s: float = 170) -> tuple[int, str]:
        """(exit code, everything it printed) of a command, for example ("kumiko", "plugin", "list")."""
        done = subprocess.run(
            command,
            cwd=cwd,
            env=dict(self.variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=timeout_s,
        )
        return done.returncode, done.stdout


def make(folder: Path, home: Path, **variables: str) -> Environment:
    """Make an environment in `folder` with the command `kumiko`, whose instance is in `home`."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    ours, theirs = sysconfig.get_path("purelib"), _site_packages(folder)
    (theirs / "kumiko-tests.pth").write_text(f"import site; site.addsitedir({ours!r})\n", "utf-8")
    program = folder / "bin" / "kumiko"
    program.write_text(f"#!{folder}/bin/python\n{_PROGRAM}", "utf-8")
    program.chmod(0o755)
    kept = {name: os.environ[name] for name in ("HOME", "LANG", "KUMIKO_TEST_NO_SKIP") if name in os.environ}
    path = os.pathsep.join([f"{folder}/bin", sysconfig.get_path("scripts"), os.environ.get("PATH", "")])
    made = {"PATH": path, "KUMIKO_HOME": str(home)}
    return Environment(folder, {**kept, **made, "PYTHONNOUSERSITE": "1", "VIRTUAL_ENV": str(folder), **variables})


def _site_packages(folder: Path) -> Path:
    return next((folder / "lib").glob("python3*")) / "site-packages"
