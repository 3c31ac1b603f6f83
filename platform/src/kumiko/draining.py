"""A web process that is about to be replaced takes no new connections and closes those that it answers.

The listening socket is shared by all web processes of a server. Ending one while it still accepts would lose the
requests that it has accepted and not read. So it first puts a socket of its own, where nobody calls, in the place of
the shared one; the others go on accepting.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
from typing import Any

SIGNAL = getattr(signal, "SIGUSR1", None)
is_on = False  # answers then say "Connection: close", so that clients come back to a process that stays
_quiet: list[socket.socket] = []


def prepare() -> None:
    """Let `SIGNAL` drain this process. Only the main thread may ask for signals; elsewhere nothing happens."""
    if SIGNAL is not None and threading.current_thread() is threading.main_thread():
        signal.signal(SIGNAL, lambda *_: drain())


def drain() -> None:
    """Stop accepting connections; those that are open are still answered."""
    global is_on
    is_on = True
    if sys.platform != "linux":
        return  # the server then ends this process as it is
    quiet = socket.socket()
    quiet.bind(("127.0.0.1", 0))
    quiet.listen(1)
    quiet.setblocking(False)
    _quiet.append(quiet)
    for name in os.listdir("/proc/self/fd"):
        number = int(name)
        if number != quiet.fileno() and _is_listening(number):
            os.dup2(quiet.fileno(), number)


def close_header(headers: list[Any]) -> None:
    """Add to an answer's headers that its connection ends, while this process is drained."""
    if is_on:
        headers.append(("Connection", "close"))


def _is_listening(number: int) -> bool:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(number)) as copy:
        return copy.family in (socket.AF_INET, socket.AF_INET6) and bool(
            copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
        )
    return False
