"""Check a plugin in a process of its own: it may raise, hang, exit or start threads there, and nobody notices.

Two depths. `quick` reads its source, imports it and compares what it declares with what it promises. `full` is a trial
on a scratch installation as well, done by `kumiko_testing.trial`, which this package starts by its name only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from kumiko.core import CORE
from kumiko.host import manifest
from kumiko.host.loader import LoadedPlugin, load
from kumiko.host.manifest import Manifest
from kumiko.host.models import HostBase
from kumiko.operate import additions, claims, side_effects, sources
from kumiko.operate.additions import adds
from kumiko.operate.report import Notebook, Report

__all__ = ["Report", "adds", "check", "quick"]

#: Of the clock: on a busy machine an honest import may take twenty seconds, an honest trial a minute.
TIME_LIMITS_S = {"quick": 60.0, "full": 180.0}
MEMORY_LIMIT_MB = 4096
SLOW_IMPORT_S = 3.0
_MODULES = {"quick": "kumiko.operate.probe", "full": "kumiko_testing.trial"}
_NOT_PASSED_ON = ("KUMIKO_DATABASE_URL", "KUMIKO_SECRET_KEY", "KUMIKO_BASE_URL")


def check(
    name: str,
    *,
    depth: str = "quick",
    core: Sequence[str] = CORE,
    time_limit_s: float | None = None,
    memory_limit_mb: int = MEMORY_LIMIT_MB,
) -> Report:
    """Check an installed plugin in a subprocess, which knows nothing of this installation's database."""
    limit_s = time_limit_s or TIME_LIMITS_S[depth]
    with tempfile.TemporaryDirectory(prefix="kumiko-check-") as folder:
        file, home, words = Path(folder, "report"), Path(folder, "home"), Path(folder, "words")
        home.mkdir()
        command = [sys.executable, "-m", _MODULES[depth], name, "--report", str(file)]
        command += ["--core", ",".join(core), "--memory-mb", str(memory_limit_mb)]
        with words.open("wb") as said:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, cwd=home, env=_environment(home),
                start_new_session=True,
            )  # fmt: skip
        started = time.monotonic()
        code: int | None = None
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=limit_s)
        _end_group(process)
        return _read(name, depth, file, words, code, limit_s, time.monotonic() - started)


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}
    path = os.pathsep.join(os.path.abspath(one) for one in sys.path if one)
    return {**kept, "PYTHONPATH": path, "KUMIKO_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the process and whatever it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _read(name: str, depth: str, file: Path, words: Path, code: int | None, limit_s: float, took_s: float) -> Report:
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.exists() else []
    if lines and "report" in lines[-1]:
        return Report.from_json(lines[-1]["report"])
    part = next((line["at"] for line in reversed(lines) if "at" in line), "")
    if code is None:
        doing = "importing it" if part in ("", "import") else f"its check ({part})"
        sentence = f"{name}: {doing} did not end within {limit_s:.0f} seconds."
    else:
        said = words.read_text("utf-8", "replace").strip().splitlines() or ["without a word"]
        by = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
        sentence = f"{name}: its check ended the process {by} ({said[-1][:300]})."
    return Report(name, (sentence,), depth=depth, took_s=round(took_s, 3))


# -- inside the subprocess --------------------------------------------------------------------------------------------


def quick(name: str, notebook: Notebook, core: Sequence[str] = CORE) -> LoadedPlugin | None:
    """The quick checks, in this process; None when the plugin cannot be used at all."""
    installed = manifest.scan(core)
    one = installed.get(name)
    HostBase.registry.configure()
    notebook.check("source", lambda: sources.problems(one, installed))
    before = side_effects.Snapshot()
    found: list[LoadedPlugin] = []
    notebook.check("import", lambda: _import(one, found, notebook))
    if not found:
        return None
    notebook.check("side effects", lambda: side_effects.problems(one, before))
    for sentence in (*side_effects.warnings_of(one, before), *claims.warnings_of(found[0])):
        notebook.warn(sentence)
    notebook.check("manifest", lambda: claims.problems(found[0]))
    notebook.adds = adds(found[0])
    notebook.brings = additions.brings(found[0])
    return found[0]


def _import(one: Manifest, found: list[LoadedPlugin], notebook: Notebook) -> Iterator[str]:
    started, started_cpu = time.perf_counter(), time.process_time()
    found.append(load(one))
    # A busy machine makes an import wait, not work; one that sleeps or asks a network waits long anyway.
    took_s = max(time.process_time() - started_cpu, (time.perf_counter() - started) / 5)
    if took_s > SLOW_IMPORT_S:
        notebook.warn(
            f"{one.name}: importing it took {took_s:.1f} seconds, which every process pays; import slow libraries "
            "inside the functions that use them."
        )
    yield from ()


def arguments() -> argparse.Namespace:
    """What the parent process asked for; limits the memory of this one."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--report", required=True, type=Path)
    parser.add_argument("--core", default=",".join(CORE))
    parser.add_argument("--memory-mb", type=int, default=MEMORY_LIMIT_MB)
    given = parser.parse_args()
    given.cores = tuple(filter(None, given.core.split(",")))
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # local: not on every system

        wanted = given.memory_mb << 20
        resource.setrlimit(resource.RLIMIT_AS, (wanted, wanted))
    return given


def main() -> None:
    given = arguments()
    notebook = Notebook(given.name, file=given.report)
    quick(given.name, notebook, given.cores)
    notebook.close()
    os._exit(0)  # a thread the plugin started must not keep this process


if __name__ == "__main__":
    try:
        main()
    except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
        print(f"{type(fault).__name__}: {fault}", file=sys.stderr)
        sys.exit(1)
