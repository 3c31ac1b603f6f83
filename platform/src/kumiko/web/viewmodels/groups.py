"""Heads of groups in lists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class GroupHead:
    """One group of a list: count and sums of all its rows.

    `cells`: (classes, lines, id for their rates) per column behind the title; lines are `kumiko.web.converted.Sum`.
    """

    label: str
    count: str
    rows_href: str  # answers _rows.html
    hue: str = ""
    cells: tuple[tuple[str, tuple[Any, ...], str], ...] = ()
