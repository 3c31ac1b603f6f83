"""Web processes that are replaced one by one: a new one answers before the old one stops taking requests.

Leans on how granian keeps its processes (`_init_shared_socket`, `_respawn_workers`, `wrks`): the version range of
pyproject.toml and tests/scenarios/test_scenario_restart.py say when that is gone. By itself granian gives each process
a listening socket of its own on Linux, and what waits there is lost when the process ends.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import time
from collections.abc import Iterable, Mapping
from typing import Any

from granian.server.mp import MPServer

from kumiko import draining
from kumiko.host import processes
from kumiko.host.database import Database

log = logging.getLogger("kumiko.server")
READY_WITHIN_S = 60.0
DRAIN_S = 1.0  # between taking no new connections and ending: what was accepted is read and answered


class RollingServer(MPServer):
    """granian's server with one listening socket for all processes, and another way to replace them."""

    database_url = ""

    def _init_shared_socket(self) -> None:
        super()._init_shared_socket()
        if self._shd is None:
            place: Any = self._ssp
            held = self._shd = place.build()
            self._sfd = held.get_fd()
            self._ssp = None
            self._sso = socket.socket(fileno=self._sfd)  # handed to each process as it starts, under the same number
            self._sso.set_inheritable(True)

    def _respawn_workers(self, workers: Iterable[int], spawn_target: Any, target_loader: Any, delay: float = 0) -> None:
        for index in list(workers):
            self.respawned_wrks[index] = time.monotonic()
            old = self.wrks.pop(index)
            new = self._spawn_worker(idx=index, target=spawn_target, callback_loader=target_loader)
            new.start()
            self.wrks.insert(index, new)
            if not old.is_alive():
                continue
            if not self._is_ready(new):
                log.error("the new web process %s did not get ready; the old one goes on", index + 1)
                new.terminate()
                self.wrks[index] = old
                return
            with contextlib.suppress(ProcessLookupError):
                if draining.SIGNAL is not None:
                    os.kill(old.inner.pid, draining.SIGNAL)
                    time.sleep(DRAIN_S)
            old.terminate()
            old.join(self.workers_kill_timeout)
            time.sleep(0.1)  # another thread waits for it, too, and may have been told first
            if old.is_alive():
                log.warning("web process %s did not end by itself; it is killed", index + 1)
                old.kill()
                old.join()
            self._forget(old)

    def _forget(self, old: Any) -> None:
        """Its sign of life need not fade first."""
        database = Database.open(self.database_url)
        for one in processes.alive(database):
            if _is_of(one, old):
                processes.forget(database, one["name"])

    def _is_ready(self, new: Any) -> bool:
        """Wait for the first sign of life of a process."""
        database = Database.open(self.database_url)
        ends_s = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < ends_s and new.is_alive() and not self.interrupt_signal:
            if any(_is_of(one, new) for one in processes.alive(database)):
                return True
            time.sleep(0.1)
        return False


def _is_of(line: Mapping[str, Any], worker: Any) -> bool:
    """Whether a sign of life ("host:pid:random") is that of a web process of this server."""
    return line["kind"] == "web" and str(line["name"]).startswith(f"{socket.gethostname()}:{worker.inner.pid}:")
