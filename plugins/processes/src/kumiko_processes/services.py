"""Provides processes/1."""

from __future__ import annotations

from kumiko import unit
from kumiko_processes import control


class ProcessesService:
    """See `kumiko_contracts.processes`."""

    def start(self, process_id: int, about: tuple[str, int]) -> int:
        with unit():
            return control.start(process_id, about)
