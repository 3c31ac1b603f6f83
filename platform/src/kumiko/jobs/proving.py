"""What leaves the house without anybody asking an address: jobs that say how to prove whom they tell what.

    @sends(_l("Reports by mail"), arrange=ask_for_all, sent=texts)
    def send(job): ...

The leak test runs `arrange` as somebody of each role, has foreign records made and changed, and looks through `sent`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

_MARK, _OUTSIDE = "_kumiko_sends", "_kumiko_external"


@dataclass(frozen=True, kw_only=True)
class Sending:
    """How a job is proved. `arrange()`: as the person, order all of it that they can; KumikoError where they may not.
    `sent()`: as the person, every text that goes out to them, or that went; nothing is really sent.
    """

    label: Any
    sent: Callable[[], Iterable[str]]
    arrange: Callable[[], None] | None = None


def sends(label: Any, *, sent: Callable[[], Iterable[str]], arrange: Callable[[], None] | None = None) -> Any:
    """Marks the function of a job whose texts leave the house, or reach people by themselves."""

    def mark(function: Callable[..., Any]) -> Callable[..., Any]:
        setattr(function, _MARK, Sending(label=label, sent=sent, arrange=arrange))
        return function

    return mark


def sendings(generation: Any) -> Iterator[tuple[str, str, Sending]]:
    """(module, name of the job, how it is proved) of all that the generation's jobs say."""
    for name, owned in sorted(generation.jobs.items()):
        found = getattr(owned.item.run, _MARK, None)
        if found is not None:
            yield owned.plugin, name, found


def outside_jobs(generation: Any) -> set[str]:
    """Names of the jobs that reach beyond this machine; nobody runs them to try something."""
    return {name for name, owned in generation.jobs.items() if getattr(owned.item.run, _OUTSIDE, False)}
