"""The six modules at work, on a copy of the loaded data with all of them on: a part of `run.py`.

    story.py [--databases sqlite,postgresql] [--scale 0.1] [--pieces process,inquiries,pages,figures,mail]
             [--deals 5000] [--worked 5000] [--inquiries 10000] [--mails 20000] [--taken 2000]

Each piece runs in a process of its own, one after the other, so that memory and CPU are its own.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cluster
import data
from places import BIN, KEPT, OUT, require_reference

#: In this order: pages show what the pieces before have brought.
PIECES = "process,inquiries,pages,figures,mail"
MODULES = ("deals", "sales", "tasks", "integrations", "processes", "analytics")
Cell = dict[str, Any]


def make(kind: str, scale: float) -> Path:
    """An installation with the loaded data and all modules on; made once and kept."""
    folder = KEPT / f"kumiko-{kind}-{data.name_of(scale)}-six"
    url = cluster.url(_database(scale)) if kind == data.POSTGRES else ""
    if not (folder / "bench.json").exists():
        print(f"switching all modules on, {kind}, scale {data.name_of(scale)} ...", flush=True)
        _copy(data.make_kumiko(kind, scale), folder, kind)
        if kind == data.POSTGRES:
            cluster.copy(data.database_name(scale), _database(scale))
        environ = data.environment(folder, url) | {"KUMIKO_PLUGIN_CHECK": "quick"}  # a trial of each is not the matter
        for command in (["db", "upgrade"], *(["plugin", "enable", name] for name in MODULES)):
            _call([BIN / "kumiko", *command], environ)
        shutil.copy(data.home(kind, scale) / "bench.json", folder)
    return folder


def measure(kind: str, scale: float, postmaster: int | None, pieces: str, asked: argparse.Namespace) -> Cell:
    """What each of the pieces found, on one copy. `asked` holds the sizes, see `sizes_into`."""
    origin, folder = make(kind, scale), KEPT / f"story-{kind}"
    _copy(origin, folder, kind)
    shutil.copy(origin / "bench.json", folder)
    url = ""
    if kind == data.POSTGRES:
        cluster.copy(_database(scale), "story_run")
        url = cluster.url("story_run")
    environ = data.environment(folder, url)
    _call([BIN / "kumiko", "db", "upgrade"], environ)
    sizes = ["--postmaster", str(postmaster or 0)]
    for name in ("deals", "worked", "inquiries", "mails", "taken"):
        sizes += [f"--{name}", str(getattr(asked, name))]
    found: Cell = {}
    for name in PIECES.split(","):
        if name not in pieces.split(","):
            continue
        script = Path(__file__).with_name(f"{name}_inside.py")
        command = [sys.executable, str(script), *(sizes[:2] if name == "figures" else sizes)]
        began_s = time.monotonic()
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
        found[name] = {"failed": done.stderr[-2000:]} if done.returncode else json.loads(done.stdout.splitlines()[-1])
        print(f"{kind} {name}, {time.monotonic() - began_s:.0f} s: {json.dumps(found[name], indent=1)}", flush=True)
    return found


def sizes_into(parser: argparse.ArgumentParser) -> None:
    """The sizes as options."""
    parser.add_argument("--deals", type=int, default=5000, help="deals of the bulk edit that fires a process")
    parser.add_argument("--worked", type=int, default=5000, help="so many of the runs are worked off")
    parser.add_argument("--inquiries", type=int, default=10_000, help="forms that visitors send")
    parser.add_argument("--mails", type=int, default=20_000, help="messages of the mailbox")
    parser.add_argument("--taken", type=int, default=2000, help="so many of the messages are taken in, too")


def _database(scale: float) -> str:
    return f"{data.database_name(scale)}_six"


def _copy(origin: Path, folder: Path, kind: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in ("secret_key", *(("kumiko.db", "kumiko.db-wal") if kind == data.SQLITE else ())):
        if (origin / name).exists():
            shutil.copy(origin / name, folder)


def _call(command: list[object], environ: dict[str, str]) -> None:
    subprocess.run([str(part) for part in command], env=environ, check=True, stdin=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--databases", default=f"{data.SQLITE},{data.POSTGRES}")
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--pieces", default=PIECES)
    sizes_into(parser)
    asked = parser.parse_args()
    require_reference()
    OUT.mkdir(exist_ok=True)
    with cluster.running() as postmaster:
        for kind in asked.databases.split(","):
            found = measure(kind, asked.scale, postmaster if kind == data.POSTGRES else None, asked.pieces, asked)
            (OUT / f"story-{kind}.json").write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
