"""The board of a served installation: pages, moves by several at once, many viewers, then what `board_inside.py` sees.

A part of `run.py`. The clients are threads of this process; CPU is that of the servers (and of PostgreSQL).
"""

from __future__ import annotations

import http.client
import json
import random
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import data
import servers
from servers import Server

MOVERS, CONNECTIONS, VIEWERS = 8, 8, 1000
LOOK_EVERY_S = 5  # an open board asks this often while its person is there
Cell = dict[str, Any]


def measure(kind: str, scale: float, postmaster: int | None, seconds: float) -> Cell:
    """All figures of the board on one database."""
    found: Cell = {}
    with servers.kumiko(kind, scale, postmaster=postmaster) as ours:
        found["pages"] = pages(ours, seconds)
        found["moves"] = moves(ours, seconds)
        found["viewers, quiet"] = viewers(ours, seconds, moved_per_s=0)
        found["viewers, 2 moves a second"] = viewers(ours, seconds, moved_per_s=2)
        environ = data.environment(Path(ours.known["home"]), ours.known["url"])
        (Path(ours.known["home"]) / "bench.json").write_text(
            json.dumps({name: ours.known[name] for name in ("head", "seller", "deals", "funnel")})
        )
    command = [sys.executable, str(Path(__file__).with_name("board_inside.py"))]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    inside = json.loads(done.stdout.splitlines()[-1]) if not done.returncode else {"failed": done.stderr[-600:]}
    return {**found, **inside}


def pages(ours: Server, seconds: float) -> Cell:
    """The page, its part for a refresh, the next cards of a lane, for somebody who sees all and for a seller."""
    stage = ours.known["funnel"]["stages"][0]
    asked = {
        "page": ("head", "/deals/board", {}),
        "page of a seller": ("seller", "/deals/board", {}),
        "part": ("head", "/deals/board", {"HX-Request": "true"}),
        "rows by owner": ("head", "/deals/board?by=owner", {}),
        "filtered": ("head", "/deals/board?amount__gt=5000", {}),
        "lane": ("head", f"/deals/board/lane?_lane={stage}", {"HX-Request": "true"}),
    }
    found = {}
    for name, (who, path, headers) in asked.items():
        cell = servers.load(
            ours, [{"path": path, "headers": headers}], clients=4, seconds=seconds, headers=ours.way_in(who)
        )
        found[name] = {key: cell[key] for key in ("cpu_ms", "p50", "p95", "bytes", "statuses", "first_bad")}
    return found


def moves(ours: Server, seconds: float) -> Cell:
    """Eight at once, each with cards of its own and their versions; every second card goes above the last moved one."""
    stages, deals = ours.known["funnel"]["stages"], _open_deals(ours, MOVERS * 25)
    failed: list[str] = []

    def mover(number: int, client: _Client) -> None:
        dice, last = random.Random(number), (0, 0)
        cards = deals[number::MOVERS]
        for count in _until(client.ends_at):
            card = cards[count % len(cards)]
            target = dice.choice([one for one in stages if one != card["stage"]])
            body: dict[str, Any] = {"stage": target}
            if count % 2 and last[0] == target and last[1] != card["id"]:
                body["before"] = last[1]
            status, headers, text = client.send(
                "POST", f"/api/v1/deals/{card['id']}/move", body, {"If-Match": f'"{card["version"]}"'}
            )
            if status == 200:
                card["stage"], card["version"] = target, int(headers["etag"].strip('"'))
                last = (target, card["id"])
            else:
                failed.append(f"{status} {text[:200]!r}")

    found = _at_once(ours, MOVERS, mover, seconds, ours.way_in(page=False))
    return {**found, "failed": len(failed), "first_failed": failed[:1]}


def viewers(ours: Server, seconds: float, *, moved_per_s: int) -> Cell:
    """1,000 boards look for news, over eight connections, as fast as they are answered; each keeps its own mark."""
    marks = [""] * VIEWERS
    statuses: dict[int, int] = {}
    lock = threading.Lock()
    cards = _open_deals(ours, 20)

    def look(number: int, client: _Client) -> None:
        mine = range(number, VIEWERS, CONNECTIONS)
        for count in _until(client.ends_at):
            viewer = mine[count % len(mine)]
            status, headers, _text = client.send("GET", f"/deals/board/since?n={marks[viewer]}")
            marks[viewer] = headers.get("kumiko-mark", marks[viewer])
            with lock:
                statuses[status] = statuses.get(status, 0) + 1

    def move(client: _Client) -> None:
        stages = ours.known["funnel"]["stages"]
        for count in _until(client.ends_at):
            card = cards[count % len(cards)]
            card["stage"] = next(one for one in stages if one != card["stage"])
            client.send("POST", f"/api/v1/deals/{card['id']}/move", {"stage": card["stage"]}, {"If-Match": "*"})
            time.sleep(1 / moved_per_s)

    _at_once(ours, CONNECTIONS, look, VIEWERS / 200, ours.way_in())  # every mark is of this minute
    statuses.clear()
    beside = threading.Thread(target=lambda: None)
    if moved_per_s:
        client = _Client(ours, ours.way_in(page=False), time.monotonic() + seconds)
        beside = threading.Thread(target=move, args=(client,))
    beside.start()
    found = _at_once(ours, CONNECTIONS, look, seconds, ours.way_in())
    beside.join()
    found["statuses"] = {str(key): count for key, count in sorted(statuses.items())}
    found["cores_for_1000"] = round(VIEWERS / LOOK_EVERY_S * found["cpu_ms"] / 1000, 2)
    return found


class _Client:
    """One connection, and how long its answers took."""

    def __init__(self, server: Server, headers: dict[str, str], ends_at: float) -> None:
        self.ends_at, self.headers, self.took_ms = ends_at, headers, []  # type: tuple[float, dict[str, str], list[float]]
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

    def send(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one request."""
        said = {**self.headers, **(headers or {})}
        if body is not None:
            said["Content-Type"] = "application/json"
        started = time.perf_counter()
        self._connection.request(method, path, body=None if body is None else json.dumps(body), headers=said)
        answer = self._connection.getresponse()
        text = answer.read()
        self.took_ms.append((time.perf_counter() - started) * 1000)
        return answer.status, {key.lower(): value for key, value in answer.getheaders()}, text


def _until(ends_at: float) -> Any:
    count = 0
    while time.monotonic() < ends_at:
        yield count
        count += 1


def _at_once(
    ours: Server, count: int, act: Callable[[int, _Client], None], seconds: float, headers: dict[str, str]
) -> Cell:
    """`count` threads act until the time is over: answers, answers per second, CPU ms each, p50, p95 (ms)."""
    driver = servers.driver()
    before, started = sum(driver.cpu_seconds(ours.pids).values()), time.monotonic()
    clients = [_Client(ours, headers, started + seconds) for _ in range(count)]
    threads = [threading.Thread(target=act, args=one) for one in enumerate(clients)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    wall_s, cpu_s = time.monotonic() - started, sum(driver.cpu_seconds(ours.pids).values()) - before
    took = sorted(one for client in clients for one in client.took_ms)
    return {
        "answers": len(took), "rps": round(len(took) / wall_s, 1), "cpu_ms": round(cpu_s * 1000 / len(took), 2),
        "p50": round(statistics.median(took), 1), "p95": round(took[int(len(took) * 0.95)], 1),
        "max": round(took[-1], 1),
    }  # fmt: skip


def _open_deals(ours: Server, count: int) -> list[Cell]:
    """Open deals with stage and version, spread over the stages."""
    found: list[Cell] = []
    stages = ours.known["funnel"]["stages"]
    for stage in stages:
        path = f"/api/v1/deals?stage={stage}&fields=name,stage&limit={count // len(stages) + 1}"
        status, _headers, body = ours.get(path, ours.way_in(page=False))
        if status != 200:
            raise SystemExit(f"{path}: {status} {body[:300]!r}")
        found += [{"id": one["id"], "version": one["version"], "stage": stage} for one in json.loads(body)["data"]]
    random.Random(5).shuffle(found)
    return found[:count]
