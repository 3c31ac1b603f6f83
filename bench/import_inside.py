"""A large file through the import wizard's job: rows a second and the worker's memory along the way.

    import_inside.py [--rows 1000000] [--databases sqlite,postgresql] [--minutes 10] [--format csv|xlsx]

The file holds persons with names, e-mail, phone, city, birthday and an id of another system. It is uploaded, rehearsed
and accepted, as the screens do it, by a worker process of its own; each of both is paused after so many minutes, and
says how many rows it had reached then.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import cluster
from data import environment
from places import BIN, KEPT

COLUMNS = ("Id", "First name", "Last name", "E-mail", "Phone", "City", "Birthday")
MAPS = {
    "external_id": "Id", "first_name": "First name", "last_name": "Last name", "email": "E-mail", "phone": "Phone",
    "city": "City", "birthday": "Birthday",
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--databases", default="sqlite,postgresql")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--format", choices=("csv", "xlsx"), default="csv")
    said = parser.parse_args()
    path = table(said.rows, said.format)
    print(f"{said.rows:,} rows, {path.stat().st_size / 1e6:,.0f} MB, {path.suffix[1:]}", flush=True)
    for kind in said.databases.split(","):
        with cluster.running() if kind == "postgresql" else nullcontext():
            measure(kind, path, said.minutes)


def table(count: int, ending: str) -> Path:
    """The file; made once for each size."""
    KEPT.mkdir(parents=True, exist_ok=True)
    path = KEPT / f"persons-{count}.{ending}"
    if path.exists():
        return path
    if ending == "xlsx":
        from kumiko.imports.writers import write_xlsx

        with path.open("wb") as stream:
            write_xlsx(stream, COLUMNS, persons(count))
        return path
    with path.open("w", encoding="utf-8") as text:
        text.write(";".join(COLUMNS) + "\n")
        text.writelines(";".join(row) + "\n" for row in persons(count))
    return path


def persons(count: int) -> Iterator[list[str]]:
    """Rows of persons, the same for the same count."""
    chance = random.Random(count)
    for number in range(count):
        day = f"{1940 + number % 65}-{1 + number % 12:02}-{1 + number % 28:02}"
        yield [f"P{number}", f"Given{chance.randrange(4000)}", f"Family{chance.randrange(90_000)}",
               f"person{number}@example.org", f"+49 30 {1_000_000 + number}", f"City {number % 900}", day]  # fmt: skip


def measure(kind: str, path: Path, minutes: float) -> None:
    home = KEPT / f"import-{kind}"
    subprocess.run(["rm", "-rf", str(home)], check=True)
    url = ""
    if kind == "postgresql":
        cluster.recreate("kumiko_import")
        url = cluster.url("kumiko_import")
    env = environment(home, url)
    subprocess.run([BIN / "kumiko", "init", "--empty"], env=env, check=True, capture_output=True)
    worker = subprocess.Popen([BIN / "kumiko", "worker"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        client = subprocess.run(
            [sys.executable, __file__, "--client", str(path), str(worker.pid), str(minutes), kind], env=env, check=False
        )
        if client.returncode:
            raise SystemExit(f"{kind}: the measurement failed")
    finally:
        worker.terminate()
        worker.wait(60)


def client(path: Path, worker_pid: int, minutes: float, kind: str) -> None:
    """Upload, rehearse, accept; in a process of its own with the installation's environment."""
    from kumiko.host import config as configuration
    from kumiko.host.context import SYSTEM, use
    from kumiko.host.wsgi import Host
    from kumiko.imports import runs
    from kumiko.imports.wishes import Wishes

    host = Host(configuration.load())

    def within(work: Any) -> Any:
        with use(host.context(principal=SYSTEM, via="cli")):
            return work()

    wishes = Wishes(collection="persons", maps=tuple(MAPS.items()), key="external_id", duplicates="skip")
    begun = time.monotonic()
    with path.open("rb") as stream:
        run = within(lambda: runs.upload("persons", path.name, stream, wishes=wishes))
    print(f"{kind}: upload {time.monotonic() - begun:.1f} s, this process at most {peak_mb('self'):.0f} MB", flush=True)
    for check, word in ((True, "rehearsal"), (False, "acceptance")):
        within(lambda check=check: runs.start(run.id, check=check))
        begun, marks, cpu = time.monotonic(), [], cpu_s(worker_pid)
        while True:
            time.sleep(1)
            now = within(lambda: runs.get_run(run.id))
            spent = time.monotonic() - begun
            if now.is_working and len(marks) < 10 and now.progress_done >= run.row_count * (len(marks) + 1) / 10:
                marks.append(f"{rss_mb(worker_pid):.0f}")
            if not now.is_working or spent > minutes * 60:
                break
        done = now.progress_done
        if now.is_working:
            within(lambda: runs.pause(run.id))
            print(f"{kind}: {word} paused", flush=True)
        used = cpu_s(worker_pid) - cpu or 1
        print(
            f"{kind}: {word} {done:,} rows in {spent:,.0f} s, {done / spent:,.0f} rows/s, {done / used:,.0f} per CPU "
            f"second of the worker; worker at most {peak_mb(worker_pid):.0f} MB, by tenths {' '.join(marks)}; "
            f"{now.status} {now.error}",
            flush=True,
        )
        if now.is_working:
            return
    result = within(lambda: runs.get_run(run.id)).result
    print(f"{kind}: counted in the database {result['counted']}, refused {result['refused']}", flush=True)


def rss_mb(pid: int | str) -> float:
    return _memory(pid, "VmRSS")


def peak_mb(pid: int | str) -> float:
    return _memory(pid, "VmHWM")


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has taken."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _memory(pid: int | str, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        client(Path(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5])
    else:
        main()
