"""What a piece of work took: CPU of this process and of PostgreSQL, statements, memory. Wall times are not trusted."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import servers

from kumiko_testing.queries import counted

Cell = dict[str, Any]


class Meter:
    """`postmaster`: process id of PostgreSQL, whose CPU counts, too; 0 on SQLite, which works in this process."""

    def __init__(self, postmaster: int = 0) -> None:
        self.postmaster = postmaster

    def cpu_s(self) -> float:
        """CPU seconds used until now."""
        database = sum(servers.driver().cpu_seconds([self.postmaster]).values()) if self.postmaster else 0.0
        return time.process_time() + database

    def measure(self, deed: Callable[[], Any], count: int = 1) -> Cell:
        """CPU milliseconds and statements for each of `count` things that one call of the deed does; CPU seconds."""
        began_s = self.cpu_s()
        with counted() as statements:
            deed()
        spent_s = self.cpu_s() - began_s
        return {
            "count": count, "cpu_s": round(spent_s, 2), "cpu_ms": round(spent_s / count * 1000, 3),
            "per_cpu_s": round(count / spent_s) if spent_s else None,
            "statements": round(len(statements) / count, 2),
        }  # fmt: skip


def ratio(ours: Cell, bare: Cell) -> float | None:
    """How many times the bare work's CPU something takes."""
    return round(ours["cpu_ms"] / bare["cpu_ms"], 1) if bare["cpu_ms"] else None


def rss_mib() -> float:
    """Memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * resource.getpagesize() / 1024**2, 1)


def max_rss_mib() -> float:
    """The most memory that this process ever had."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
