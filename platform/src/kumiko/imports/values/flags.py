"""Yes and no, in the words that exports use."""

from __future__ import annotations

from kumiko.imports.cells import Cell
from kumiko.imports.values.faults import ValueFault

_TRUE = frozenset({"true", "t", "yes", "y", "1", "on", "x", "wahr", "ja", "oui", "vrai", "sí", "да"})
_FALSE = frozenset({"false", "f", "no", "n", "0", "off", "falsch", "nein", "non", "faux", "нет"})


def parse_boolean(cell: Cell) -> bool:
    """True or False from a workbook's own, 1 and 0, or a word for yes or no; case does not matter."""
    if isinstance(cell, bool):
        return cell
    if isinstance(cell, (str, int, float)):
        word = f"{cell:g}" if isinstance(cell, (int, float)) else cell.strip().casefold()
        if word in _TRUE:
            return True
        if word in _FALSE:
            return False
    raise ValueFault("Yes or no (true or false, 1 or 0)", cell)
