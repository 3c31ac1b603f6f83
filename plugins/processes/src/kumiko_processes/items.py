"""One input of the inspector."""

from __future__ import annotations

from dataclasses import dataclass

from kumiko import FieldView


@dataclass(frozen=True, kw_only=True)
class Item:
    """An input. `chips`: a text into which data can be put; `takes`: a select of values of the record instead."""

    field: FieldView
    chips: bool = False
    takes: FieldView | None = None
    drop: str = ""  # name of the field that can be left out again
    again: bool = False  # what it says decides which inputs follow
