"""Time that this process spent in each plugin's code, counted in memory until somebody takes it."""

from __future__ import annotations

import threading
from typing import NamedTuple


class Spent(NamedTuple):
    """Runs of a plugin's code: how many, how long together, how long the slowest."""

    runs: int
    total_s: float
    slowest_s: float


_spent: dict[tuple[str, str], Spent] = {}
_lock = threading.Lock()


def spend(plugin: str, kind: str, seconds: float) -> None:
    """Account one run of a plugin's code: "route", "panel", "handler", "job", or the name of a hook."""
    give_back(plugin, kind, Spent(1, seconds, seconds))


def give_back(plugin: str, kind: str, more: Spent) -> None:
    """Add runs to those that were counted."""
    with _lock:
        was = _spent.get((plugin, kind), Spent(0, 0.0, 0.0))
        _spent[plugin, kind] = Spent(
            was.runs + more.runs, was.total_s + more.total_s, max(was.slowest_s, more.slowest_s)
        )


def take() -> dict[tuple[str, str], Spent]:
    """What was counted since it was asked last, by plugin and kind."""
    with _lock:
        taken = dict(_spent)
        _spent.clear()
        return taken
