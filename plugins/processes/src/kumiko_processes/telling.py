"""Telling people about runs that need them."""

from __future__ import annotations

from typing import Any

from kumiko import gettext as _
from kumiko import send_notice
from kumiko_processes.models import RUN


def tell(way: Any, text: str, people: list[int] | None = None, *, key: str = "") -> None:
    """A notice that leads to the run: to `people`, else to the owner of the process."""
    told = people or [one for one in (way.process.owner_id or way.process.runs_as_id,) if one]
    run_id = way.progress.run_id
    for user_id in told:
        send_notice(
            user_id, f"{way.process.name}: {text}", href=f"/runs/{run_id}", type_key=RUN, record_id=run_id,
            key=f"processes.{key}:{user_id}" if key else None,
        )  # fmt: skip


def tell_failure(way: Any, sentence: str) -> None:
    """The owner of a process hears that a run failed."""
    key = f"failed:{way.progress.run_id}:{way.progress.turn}"
    tell(way, _("a run has failed: %(why)s", why=sentence), key=key)
