"""Kumiko and the reference application as servers: the same WSGI server, two processes, one thread each."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import cluster
import data
from places import BIN, FIRST_PORT, KEPT, REFERENCE

WORKERS = 2
SECRET = "0" * 40


@dataclass
class Server:
    """A running server. `pids`: processes whose CPU counts, the database's included."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    pids: list[int]
    known: dict[str, Any] = field(default_factory=dict)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path, headers=dict(headers or {}))
            answer = connection.getresponse()
            return answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read()
        finally:
            connection.close()

    def way_in(self, who: str = "head", *, page: bool = True) -> dict[str, str]:
        """Headers of a signed-in browser (`page`) or of a program with an access token."""
        if self.name == "reference":
            return {"Cookie": self.known["cookie"]}
        if page:
            return {"Cookie": f"km_session={self.known[who]['session']}"}
        return {"Authorization": f"Bearer {self.known[who]['token']}"}


@cache
def driver() -> Any:
    """The load driver beside the repository."""
    spec = importlib.util.spec_from_file_location("bench_load_driver", REFERENCE / "load.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def load(
    server: Server, requests: Sequence[dict[str, Any]], *, clients: int, seconds: float, headers: Mapping[str, str],
    expect: Sequence[int] = (200,), contains: str = "",
) -> dict[str, Any]:  # fmt: skip
    """What `clients` at once saw: rps, p50, p95, p99, max (ms), cpu_ms per request, bytes, statuses, errors."""
    options = Namespace(
        clients=clients, seconds=seconds, warmup=0.7, timeout=60, max_requests=0, expect=set(expect),
        contains=contains, pid=server.pids, seed=1, offset=int(time.time() * 1000) % 10_000_000,
    )  # fmt: skip
    found: dict[str, Any] = driver().run(options, list(requests), "127.0.0.1", server.port, dict(headers))
    return found


@contextlib.contextmanager
def kumiko(kind: str, scale: float, *, port: int = FIRST_PORT, postmaster: int | None = None) -> Iterator[Server]:
    """Kumiko on a copy of the loaded data."""
    origin = data.home(kind, scale)
    folder = KEPT / f"run-{kind}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    url = ""
    for name in ("secret_key", "kumiko.db"):
        if (origin / name).exists() and not (kind == data.POSTGRES and name == "kumiko.db"):
            shutil.copy(origin / name, folder / name)
    if kind == data.POSTGRES:
        cluster.copy(data.database_name(scale), "kumiko_run")
        url = cluster.url("kumiko_run")
    environ = data.environment(folder, url)
    command = [BIN / "kumiko", "serve", "--port", port, "--workers", WORKERS, "--no-worker"]
    known = json.loads((origin / "bench.json").read_text())
    with _running("kumiko", command, environ, port, "/healthz", postmaster) as server:
        server.known |= {**known, "home": folder, "url": url}
        yield server


@contextlib.contextmanager
def reference(
    kind: str, scale: float, *, port: int = FIRST_PORT + 1, postmaster: int | None = None
) -> Iterator[Server]:
    """The reference application on a copy of its data."""
    environ = dict(os.environ)
    if kind == data.POSTGRES:
        cluster.copy(data.database_name(scale, "reference"), "reference_run")
        environ |= {"BENCH_PG": cluster.conninfo("reference_run"), "BENCH_TUNED": "1"}
    else:
        copied = KEPT / "reference-run.db"
        for suffix in ("", "-wal", "-shm"):
            Path(f"{copied}{suffix}").unlink(missing_ok=True)
        shutil.copy(data.reference_file(scale), copied)
        environ["BENCH_SQLITE"] = str(copied)
    environ["PYTHONPATH"] = str(REFERENCE)
    command = [
        BIN / "granian", "--interface", "wsgi", "--port", port, "--workers", WORKERS, "--blocking-threads", 1,
        "--log-level", "warning", "ladder_app:flask_app",
    ]  # fmt: skip
    with _running("reference", command, environ, port, "/null", postmaster) as server:
        _status, headers, _body = server.get("/login")
        server.known["cookie"] = headers["set-cookie"].partition(";")[0]
        yield server


@contextlib.contextmanager
def _running(
    name: str, command: Sequence[Any], environ: Mapping[str, str], port: int, path: str, postmaster: int | None
) -> Iterator[Server]:
    log = (KEPT / f"{name}.log").open("ab")
    started = time.monotonic()
    process = subprocess.Popen(
        [str(part) for part in command], env=dict(environ), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        start_new_session=True,
    )  # fmt: skip
    server = Server(name, port, process, [process.pid, *([postmaster] if postmaster else [])])
    try:
        while True:
            with contextlib.suppress(OSError):
                if server.get(path)[0] == 200:
                    break
            if process.poll() is not None or time.monotonic() - started > 120:
                raise SystemExit(f"{name} did not start; see {KEPT / (name + '.log')}")
            time.sleep(0.02)
        server.known["start_s"] = time.monotonic() - started
        yield server
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(25)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
        log.close()
