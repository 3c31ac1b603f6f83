"""Free ports for test servers."""

from __future__ import annotations

import random
import socket


def free_port(first: int = 20000, last: int = 32000) -> int:
    """A port on 127.0.0.1 that nobody listens on now.

    It lies below 32768: above, an outgoing connection of a load generator may take it first.
    """
    for port in random.sample(range(first, last), 200):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no free port between {first} and {last}")
