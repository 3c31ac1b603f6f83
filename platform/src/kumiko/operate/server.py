"""Processes of `kumiko serve` and `kumiko worker`: web processes of granian and one process for background work."""

from __future__ import annotations

import errno
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from kumiko.host import processes
from kumiko.host.context import SYSTEM, Context, use
from kumiko.host.errors import KumikoError, Veto
from kumiko.operate import instance, lifecycle, memory, restarting

if TYPE_CHECKING:
    from kumiko.operate.shell import Shell

log = logging.getLogger("kumiko.server")
WORKER_GRACE_S = 20
LONGEST_PAUSE_S, LIVED_WELL_S = 60.0, 60.0


class WorkerKeeper:
    """Keeps one process for background work alive: another follows one that was killed, after 1 s, 2 s ... 60 s."""

    def __init__(self, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self._start, self._lock, self._stop = start, threading.Lock(), threading.Event()
        self._renewed = False
        self.child = start()
        threading.Thread(target=self._keep, name="kumiko-worker-keeper", daemon=True).start()

    def _keep(self) -> None:
        pause_s = 1.0
        while True:
            born_s = time.monotonic()
            code = self.child.wait()
            if time.monotonic() - born_s > LIVED_WELL_S:
                pause_s = 1.0
            if self._stop.is_set():
                return
            if not self._renewed:
                log.warning("the process for background work ended (exit code %s); another starts", code)
                if self._stop.wait(pause_s):
                    return
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
            self._renewed = False
            with self._lock:
                if self._stop.is_set():
                    return
                self.child = self._start()

    def renew(self) -> None:
        """Let the process finish its job and end; another, with the newest code, follows at once."""
        with self._lock:
            self._renewed = True
            if self.child.poll() is None:
                self.child.terminate()

    def end(self) -> None:
        """Let the process finish its job, and start no other."""
        self._stop.set()
        with self._lock:
            _end(self.child)


def serve(shell: Shell, *, address: str, port: int, workers: int | None, with_worker: bool) -> None:
    """Serve until SIGINT or SIGTERM; requests and the running job are finished first."""
    late = instance.waiting(shell)
    if late:
        todo = "init" if "host" in late else "db upgrade"
        raise KumikoError(f"the tables of {', '.join(late)} are not in their newest form; run `kumiko {todo}` first")
    refuse_taken(address, port)
    check_changed(shell)
    base_url = base_url_for(address, port, configured=shell.config.base_url)
    os.environ["KUMIKO_BASE_URL"] = base_url
    os.environ["KUMIKO_HOME"] = str(shell.config.home)
    os.environ[processes.PARENT] = str(os.getpid())
    announce(shell, address, base_url)
    count = workers or shell.config.workers
    keeper = WorkerKeeper(_start_worker) if with_worker else None
    try:
        _run_granian(shell, address, port, count, keeper)
    finally:
        if keeper is not None:
            keeper.end()


def refuse_taken(address: str, port: int) -> None:
    """KumikoError when somebody listens there: two servers would share the requests of one address at random."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as fault:
            if fault.errno == errno.EADDRINUSE:
                sentence = f"another program listens on {address}:{port}; stop it, or choose another port by --port"
                raise KumikoError(sentence) from fault
            raise KumikoError(f"{address}:{port} cannot be listened on: {fault.strerror}") from fault


def check_changed(shell: Shell) -> None:
    """Check modules of which another version was installed; only those that pass are imported by servers."""
    for name, one in dict(shell.host.generation.failed).items():
        if one.phase != "check":
            continue
        try:
            with shell.acting():
                lifecycle.enable([name])
            shell.host.follow(at_once=True)
            click.echo(f"{name} {one.manifest.version} was checked.")
        except KumikoError as fault:
            click.echo(f"Warning: {name} stays off: {fault.message}", err=True)


def base_url_for(address: str, port: int, *, configured: str) -> str:
    """Where people reach the server: what is configured, else what was asked for on the command line."""
    if os.environ.get("KUMIKO_BASE_URL") or configured != "http://127.0.0.1:8000":
        return configured
    shown = "127.0.0.1" if address in ("0.0.0.0", "::", "") else address  # noqa: S104
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"


def announce(shell: Shell, address: str, base_url: str) -> None:
    """Ask the core what the operator should read; a Veto stops. Then forget every connection: processes fork now."""
    host = shell.host
    os.environ["KUMIKO_BIND"] = address
    with use(Context(host.database, generation=host.generation, principal=SYSTEM, via="system")):
        for loaded in host.generation.plugins.values():
            if not loaded.manifest.core:
                continue
            try:
                lines = loaded.call("before_serve", base_url=base_url)
            except Veto as refusal:
                raise KumikoError(refusal.message) from refusal
            except Exception as fault:  # noqa: BLE001 (a plugin may raise anything)
                click.echo(f"Warning: {loaded.name}: {fault}", err=True)
                continue
            for line in lines or ():
                click.echo(str(line))
    click.echo(f"Kumiko serves on {base_url}")
    sys.stdout.flush()
    host.database.close()


def _start_worker() -> subprocess.Popen[bytes]:
    # A session of its own: Ctrl+C reaches this process alone, which ends the worker in good order.
    command = [sys.executable, "-m", "kumiko.operate.cli", "worker"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(WORKER_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def _run_granian(shell: Shell, address: str, port: int, count: int, keeper: WorkerKeeper | None) -> None:
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from kumiko.operate.rolling import RollingServer  # local: with granian

    # Each process begins as an interpreter of its own: a copy of this one would keep the versions imported here.
    multiprocessing.set_start_method("spawn", force=True)
    server = RollingServer(
        "kumiko.host.wsgi:application",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=count,
        blocking_threads=shell.config.threads,
        backpressure=max(64, shell.config.threads * 64),
        websockets=False,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=WORKER_GRACE_S,
    )
    server.database_url = shell.config.database_url
    if keeper is not None:
        server.on_reload(keeper.renew)
    server.on_startup(lambda: restarting.watch(shell.config.database_url))
    server.serve()


def work(shell: Shell) -> None:
    """Run background work until a signal; the running job is finished first."""
    late = instance.waiting(shell)
    if late:
        raise KumikoError(
            f"the tables of {', '.join(late)} are not in their newest form; run `kumiko db upgrade` first"
        )
    host = shell.host
    loop = host.generation.state.get("worker_loop")
    if loop is None:
        raise KumikoError("nothing runs background work here: the core plugin jobs is missing.")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    processes.set_up_log(shell.config.log)
    memory.limit_memory()
    processes.start_pulse(host, kind="worker")
    log.info("worker %s runs", host.name)
    loop(host, stop)
    processes.forget(host.database, host.name)
