"""What a table cell holds, and how text is kept from acting as a formula in a spreadsheet."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

#: What a cell read from a file holds; None = empty. A `datetime` from a workbook has no zone.
Cell = str | int | float | bool | date | datetime | None

#: What a cell that is written may hold; a `datetime` carries its zone.
OutCell = Cell | Decimal

# Spreadsheets run text that starts with one of these; a tab or a line break in front is skipped by some of them,
# and the wide forms are folded to the plain ones by East Asian versions.
_DANGEROUS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_ARMED = re.compile(f"'*[{_DANGEROUS}]")
_DISARMED = re.compile(f"'+[{_DANGEROUS}]")


def neutralise(text: str) -> str:
    """The text as it may stand in a spreadsheet: an apostrophe is put before anything that could act as a formula.

    Text that already starts with apostrophes before such a character gets one more, so `restore` gives back exactly
    what went in, whatever it was.
    """
    return f"'{text}" if _ARMED.match(text) else text


def restore(text: str) -> str:
    """The text that `neutralise` was given: one apostrophe before a dangerous character is taken away."""
    return text[1:] if text[:1] == "'" and _DISARMED.match(text) else text


def cell_json(cell: Cell) -> str | int | float | bool | None:
    """The cell as JSON keeps it; days and moments as text."""
    return cell.isoformat() if isinstance(cell, date) else cell
