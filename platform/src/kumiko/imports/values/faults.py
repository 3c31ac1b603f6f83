"""The refusal of one value."""

from __future__ import annotations

from kumiko.host.errors import Invalid
from kumiko.imports.cells import Cell

_SHOWN_CHARS = 60


class ValueFault(Invalid):
    """A cell does not hold what its field wants; the message says what was wanted and what was found."""

    def __init__(self, wanted: str, found: Cell, advice: str = "") -> None:
        super().__init__(f"{wanted} is wanted, {shown(found)} was found. {advice}".rstrip())


def shown(cell: Cell) -> str:
    """The cell as a message shows it, long text cut."""
    if cell is None or cell == "":
        return "nothing"
    text = str(cell)
    return f'"{text[:_SHOWN_CHARS]}…"' if len(text) > _SHOWN_CHARS else f'"{text}"'
