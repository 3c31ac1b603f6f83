"""Measures Kumiko beside the reference application, in one interleaved run on the same data.

    run.py [--full] [--scale 1] [--databases sqlite,postgresql] [--rounds 5] [--only W1,W2]
           [--parts load,storm,start,import,inside,board,story]
           [--deals 5000] [--worked 5000] [--inquiries 10000] [--mails 20000] [--taken 2000]

Prints a table and writes `out/results.json`. Trust CPU ms per request and the ratios: other work on the machine
changes what the clients see. Nothing here is a test; see README.md for what the goals mean.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import board
import cluster
import data
import servers
import story
from places import BIN, OUT, require_reference
from servers import Server
from workloads import Workload, reading, writing

CLIENTS, CORES = 8, 2
Cell = dict[str, Any]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="longer rounds, and growth on both sizes")
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", default="", help="keys of workloads, with commas")
    parser.add_argument("--parts", default="load,storm,start,import,inside,board,story")
    parser.add_argument("--pieces", default=story.PIECES, help="of the story")
    story.sizes_into(parser)
    asked = parser.parse_args()
    require_reference()
    OUT.mkdir(exist_ok=True)
    report: dict[str, Any] = {"at": time.strftime("%Y-%m-%d %H:%M"), "scale": asked.scale, "rounds": asked.rounds}
    with cluster.running() as postmaster:
        for kind in asked.databases.split(","):
            if kind == data.POSTGRES and postmaster is None:
                print("no PostgreSQL on this machine: left out")
                continue
            data.make(kind, asked.scale)
            report[kind] = measure(kind, asked, postmaster if kind == data.POSTGRES else None)
            if asked.full and "load" in asked.parts:
                report[kind]["growth"] = growth(kind, asked, report[kind]["load"], postmaster)
            (OUT / "results.json").write_text(json.dumps(report, indent=1))
    print(f"results: {OUT / 'results.json'}")


def measure(kind: str, asked: argparse.Namespace, postmaster: int | None) -> dict[str, Any]:
    """Everything on one database."""
    found: dict[str, Any] = {}
    parts = asked.parts.split(",")
    scale = asked.scale
    if "load" in parts or "storm" in parts:
        found |= served(kind, asked, parts, postmaster)
    if "start" in parts:
        found["start"] = starts(kind, scale, postmaster)
        print(f"{kind} start: {json.dumps(found['start'])}")
    if "import" in parts:
        found["import"] = bring_in(kind, scale, postmaster)
        print(f"{kind} import: {json.dumps(found['import'])}")
    if "inside" in parts:
        found["inside"] = inside(kind, scale)
        print(f"{kind} inside: {json.dumps(found['inside'])}")
    if "board" in parts:
        found["board"] = board.measure(kind, scale, postmaster, 6.0 if asked.full else 3.0)
        print(f"{kind} board: {json.dumps(found['board'], indent=1)}")
    if "story" in parts:
        found["story"] = story.measure(kind, scale, postmaster, asked.pieces, asked)
    return found


def served(kind: str, asked: argparse.Namespace, parts: list[str], postmaster: int | None) -> dict[str, Any]:
    """What is asked of both applications while they run side by side."""
    found: dict[str, Any] = {}
    scale = asked.scale
    with (
        servers.kumiko(kind, scale, postmaster=postmaster) as ours,
        servers.reference(kind, scale, postmaster=postmaster) as theirs,
    ):
        if "load" in parts:
            wanted = [*reading(ours, theirs, deep_page=max(2, int(190 * min(scale, 1.0)))), *writing(ours)]
            wanted = [one for one in wanted if not asked.only or one.key in asked.only.split(",")]
            found["load"] = rounds(ours, theirs, wanted, asked.rounds, 6.0 if asked.full else 2.0)
            show(kind, found["load"])
        if "storm" in parts:
            found["storm"] = storm(ours, 8.0 if asked.full else 4.0)
            print(f"{kind} at once: {json.dumps(found['storm'])}")
    return found


def growth(kind: str, asked: argparse.Namespace, large: dict[str, Cell], postmaster: int | None) -> dict[str, Any]:
    """CPU of each workload with ten times the data, as a multiple (G14, G15); the reference's beside it."""
    scale = asked.scale / 10
    data.make(kind, scale)
    pid = postmaster if kind == data.POSTGRES else None
    with servers.kumiko(kind, scale, postmaster=pid) as ours, servers.reference(kind, scale, postmaster=pid) as theirs:
        wanted = [*reading(ours, theirs, deep_page=19), *writing(ours)]
        small = rounds(ours, theirs, wanted, asked.rounds, 3.0)
    found = {
        key: {name: round(large[key][name]["cpu_ms"] / cell[name]["cpu_ms"], 2) for name in ("kumiko", "reference")}
        for key, cell in small.items()
        if key in large
    }
    print(f"{kind} growth: {json.dumps(found)}")
    return found


def rounds(ours: Server, theirs: Server, wanted: list[Workload], count: int, seconds: float) -> dict[str, Cell]:
    """Kumiko, reference, Kumiko, reference ...: medians of each workload's figures."""
    seen: dict[str, list[tuple[Cell, Cell]]] = {one.key: [] for one in wanted}
    for one in wanted:  # every process compiles its templates and statements before anything counts
        servers.load(ours, one.ours, clients=4, seconds=1, headers=ours.way_in(page=one.page), expect=one.expect)
    for _ in range(count):
        for one in wanted:
            mine = servers.load(
                ours, one.ours, clients=CLIENTS, seconds=seconds, headers=ours.way_in(page=one.page), expect=one.expect,
                contains=one.contains,
            )  # fmt: skip
            other = servers.load(
                theirs, one.theirs, clients=CLIENTS, seconds=seconds, headers=theirs.way_in(), expect=one.their_expect
            )
            for name, cell in ((f"kumiko {one.key}", mine), (f"reference {one.key}", other)):
                if cell["first_bad"]:
                    print(f"  {name}: {cell['first_bad']}")
            seen[one.key].append((mine, other))
    return {one.key: _medians(one, seen[one.key]) for one in wanted}


def _medians(one: Workload, pairs: list[tuple[Cell, Cell]]) -> Cell:
    made: Cell = {"title": one.title}
    for place, name in enumerate(("kumiko", "reference")):
        cells = [pair[place] for pair in pairs]
        made[name] = {key: _median(cells, key) for key in ("cpu_ms", "rps", "p50", "p95", "bytes")}
        made[name]["errors"] = sum(cell["errors"] for cell in cells)
    made["cpu_ratio"] = _median(
        [{"r": a["cpu_ms"] / b["cpu_ms"]} for a, b in pairs if a["cpu_ms"] and b["cpu_ms"]], "r"
    )
    return made


def _median(cells: list[Cell], key: str) -> float | None:
    values = [cell[key] for cell in cells if cell.get(key) is not None]
    return round(statistics.median(values), 3) if values else None


def show(kind: str, cells: dict[str, Cell]) -> None:
    """The table of one database."""
    print(f"\n{kind}: CPU ms per request / requests per second / p50 ms / bytes, {CLIENTS} clients, medians")
    for key, cell in cells.items():
        said = [
            " ".join(f"{one[name]!s:>8}" for name in ("cpu_ms", "rps", "p50", "bytes"))
            for one in (cell["kumiko"], cell["reference"])
        ]
        print(f"{key:4} {cell['title']:32} | {said[0]} | {said[1]} | x {cell['cpu_ratio']}", flush=True)


def storm(ours: Server, seconds: float) -> dict[str, Cell]:
    """Writers at once (errors), and a list page asked by 32 clients (G17, G18)."""
    found: dict[str, Cell] = {}
    change = writing(ours)[1]
    for clients in (8, 32):
        cell = servers.load(
            ours, change.ours, clients=clients, seconds=seconds, headers=ours.way_in(page=False), expect=(200,)
        )
        good = cell["statuses"].get("200", 0)
        found[f"writers {clients}"] = {
            "answers": cell["requests"], "failed": cell["requests"] - good + cell["errors"], "p95": cell["p95"],
            "max": cell["max"],
        }  # fmt: skip
    page = servers.load(ours, [{"path": "/deals"}], clients=32, seconds=seconds, headers=ours.way_in())
    floor = 32 * page["cpu_ms"] / CORES if page["cpu_ms"] else None
    found["readers 32"] = {
        "p95": page["p95"], "cpu_ms": page["cpu_ms"], "to_floor": floor and round(page["p95"] / floor, 2),
        "errors": page["errors"],
    }  # fmt: skip
    return found


def starts(kind: str, scale: float, postmaster: int | None) -> dict[str, Cell]:
    """Process start to first answer, CPU seconds until then, memory after some requests (W10)."""
    cells: dict[str, list[Cell]] = {"kumiko": [], "reference": []}
    for _ in range(3):
        for name, start, path in (("kumiko", servers.kumiko, "/deals"), ("reference", servers.reference, "/page-core")):
            with start(kind, scale, postmaster=postmaster) as server:
                root = [server.process.pid]
                cpu_s = sum(servers.driver().cpu_seconds(root).values())
                for _ in range(6):
                    server.get(path, server.way_in())
                rss, pss = servers.driver().rss_mib(root)
                cells[name].append(
                    {"start_s": server.known.get("start_s"), "cpu_s": cpu_s, "pss_mib": pss, "rss_mib": rss}
                )
    return {
        name: {key: _median(one, key) for key in ("start_s", "cpu_s", "pss_mib", "rss_mib")}
        for name, one in cells.items()
    }


def bring_in(kind: str, scale: float, postmaster: int | None) -> Cell:
    """Rows per second of the command line's import of 10,000 persons: read, checked, indexed, journaled (W9)."""
    file = data.csv_files(scale) / "import_people.csv"
    columns = {"first_name": "first", "last_name": "last", "email": "email", "phone": "phone", "job_title": "title"}
    columns["city"] = "city"
    with servers.kumiko(kind, scale, postmaster=postmaster) as server:
        environ = data.environment(Path(server.known["home"]), server.known["url"])
    maps = [part for field, column in columns.items() for part in ("--map", f"{field}={column}")]
    command = [str(BIN / "kumiko"), "--json", "import", "persons", str(file), *maps]
    before, started = _children_s(), time.monotonic()
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    wall_s, cpu_s = time.monotonic() - started, _children_s() - before
    rows = sum(1 for _ in file.open(encoding="utf-8")) - 1
    if done.returncode:
        return {"failed": (done.stderr or done.stdout)[-400:]}
    per_s, per_cpu_s = round(rows / wall_s), round(rows / cpu_s)
    return {"rows": rows, "rows_per_s": per_s, "rows_per_cpu_s": per_cpu_s, "said": done.stdout[:200]}


def _children_s() -> float:
    import resource

    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def inside(kind: str, scale: float) -> Cell:
    """What is measured in one process: statements per request, the dump, the build of a generation."""
    environ = data.environment(data.home(kind, scale), data.kumiko_url(kind, scale))
    command = [sys.executable, str(Path(__file__).with_name("inside.py"))]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr[-600:]}
    found: Cell = json.loads(done.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    main()
