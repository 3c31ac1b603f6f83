"""Data sets of the benchmark: the generator's CSV files, loaded into Kumiko and into the reference's schema.

    data.py [--scale 1] [--databases sqlite,postgresql]

Each set is made once and kept. Kumiko's is an installation with all modules and no sample data, see `fill.py`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import cluster
from places import BIN, KEPT, REFERENCE, require_reference

SQLITE, POSTGRES = "sqlite", "postgresql"


def name_of(scale: float) -> str:
    """`1` for the usual size, `0.1` for a tenth."""
    return f"{scale:g}"


def csv_files(scale: float) -> Path:
    """The folder of the CSV files of this size."""
    folder = KEPT / f"data-{name_of(scale)}"
    if not (folder / "import_people.csv").exists():
        _run([sys.executable, REFERENCE / "gen_data.py", "--out", folder, "--scale", name_of(scale)])
    return folder


def home(kind: str, scale: float) -> Path:
    """Home of Kumiko's installation with these data; its `bench.json` holds ways in and ids."""
    return KEPT / f"kumiko-{kind}-{name_of(scale)}"


def environment(folder: Path, url: str = "") -> dict[str, str]:
    """Environment of Kumiko's commands for an installation."""
    made = {**os.environ, "KUMIKO_HOME": str(folder), "KUMIKO_LOG": "warning"}
    return {**made, "KUMIKO_DATABASE_URL": url} if url else made


def database_name(scale: float, whose: str = "kumiko") -> str:
    return f"{whose}_{name_of(scale).replace('.', '_')}"


def kumiko_url(kind: str, scale: float) -> str:
    """Address of Kumiko's loaded database; "" for the SQLite file in its home."""
    return cluster.url(database_name(scale)) if kind == POSTGRES else ""


def make(kind: str, scale: float) -> None:
    """Both data sets on one database, if they are not there yet."""
    make_kumiko(kind, scale)
    make_reference(kind, scale)


def make_kumiko(kind: str, scale: float) -> Path:
    folder = home(kind, scale)
    if (folder / "bench.json").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    if kind == POSTGRES:
        cluster.recreate(database_name(scale))
    environ = environment(folder, kumiko_url(kind, scale))
    print(f"loading Kumiko on {kind}, scale {name_of(scale)} ...", flush=True)
    _run(
        [BIN / "kumiko", "init", "--empty", "--admin", "admin@bench.example", "--password", "bench-4-bench-4"], environ
    )
    here = Path(__file__).parent
    if kind == POSTGRES:
        _run([sys.executable, here / "carry.py", make_kumiko(SQLITE, scale)], environ)
    else:
        _run([sys.executable, here / "fill.py", csv_files(scale)], environ)
    return folder


def make_reference(kind: str, scale: float) -> None:
    files = csv_files(scale)
    if kind == SQLITE:
        file = reference_file(scale)
        if not file.exists():
            _run([sys.executable, REFERENCE / "ladder_load.py", "--data", files, "--sqlite", file])
        return
    mark = KEPT / f"reference-{POSTGRES}-{name_of(scale)}.ready"
    if not mark.exists():
        cluster.recreate(database_name(scale, "reference"))
        info = cluster.conninfo(database_name(scale, "reference"))
        _run([sys.executable, REFERENCE / "ladder_load.py", "--data", files, "--pg", info])
        mark.touch()


def reference_file(scale: float) -> Path:
    """SQLite file of the reference application."""
    return KEPT / f"reference-{name_of(scale)}.db"


def _run(command: list[object], environ: dict[str, str] | None = None) -> None:
    subprocess.run([str(part) for part in command], env=environ, check=True, stdin=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--databases", default=f"{SQLITE},{POSTGRES}")
    asked = parser.parse_args()
    require_reference()
    with cluster.running():
        for kind in asked.databases.split(","):
            make(kind, asked.scale)


if __name__ == "__main__":
    main()
