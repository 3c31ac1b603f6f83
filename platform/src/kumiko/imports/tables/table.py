"""A table with titled columns, read row by row from any source, as often as needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from kumiko.exits.marks import without
from kumiko.imports.cells import Cell, restore
from kumiko.imports.tables.faults import TableError

Record = tuple[int, list[Cell]]

_SHOWN_CHARS = 60


class Source(Protocol):
    """Where records come from: a text file or a sheet of a workbook."""

    notes: list[str]
    reading: dict[str, str]  # encoding, delimiter, sheet: what was given or found out

    def records(self) -> Iterator[Record]:
        """(row number as a spreadsheet shows it, cells) from the first row on; a new iteration for every call."""
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row below the titles; `number` is the one a spreadsheet shows (titles in the first row: data starts at 2).

    A row with a `problem` (a sentence) does not fit the titles; `values` then holds what could be assigned.
    """

    number: int
    values: dict[str, Cell]
    problem: str | None = None


class Table:
    """Titles, rows and what was assumed when reading (`notes`, sentences); `row_count` leaves out blank rows."""

    def __init__(self, source: Source, *, filename: str, max_rows: int, known_rows: int | None = None) -> None:
        """Reads the source once from end to end, so every TableError comes from here and none from `rows`.

        `known_rows`: how many rows it has, when that was done before.
        """
        self._source = source
        records = source.records()
        header_number, header = next(((number, cells) for number, cells in records if not _blank(cells)), (0, []))
        if not header:
            raise TableError(f"{filename} is empty. A first row with column titles is wanted, then one row per record.")
        titles = [_title(cell) for cell in header]
        self._header_number = header_number
        self._width = len(titles)
        if known_rows is None:
            self.row_count = self._survey(records, titles, filename=filename, max_rows=max_rows)
        else:
            self.row_count = known_rows
        self.reading = dict(source.reading)
        self.sheets: list[str] = list(getattr(source, "sheets", ()))
        self._positions = {title: index for index, title in enumerate(titles) if title}
        self.columns: list[str] = list(self._positions)
        self.notes: list[str] = list(source.notes)
        if not self.row_count:
            self.notes.append(f"{filename} has column titles but no rows below them.")

    def _survey(self, records: Iterator[Record], titles: list[str], *, filename: str, max_rows: int) -> int:
        _check_duplicates(titles, filename)
        untitled = [index for index, title in enumerate(titles) if not title]
        row_count = 0
        for number, cells in records:
            if _blank(cells):
                continue
            row_count += 1
            if row_count > max_rows:
                raise TableError(
                    f"{filename} has more than {max_rows:,} rows, which is the limit. Split it into smaller files."
                )
            for index in untitled:
                if index < len(cells) and not _empty(cells[index]):
                    raise TableError(
                        f"{filename}: column {index + 1} ({_letters(index)}) has no title, but row {number} holds "
                        f"{_shown(cells[index])} there. Give the column a title in row {self._header_number} "
                        "or delete it."
                    )
        return row_count

    @property
    def rows(self) -> Iterator[Row]:
        """The rows from the first on, one at a time; every access starts anew. Blank rows are left out.

        A value is text with the apostrophe of an export taken away, or what the workbook says: int, float, bool, date
        or a datetime without zone; empty cells are None.
        """
        positions = self._positions.items()
        width = self._width
        for number, cells in self._source.records():
            if number <= self._header_number or _blank(cells):
                continue
            found = len(cells)
            problem = None if found == width else self._problem(cells)
            values = {title: _value(cells[index]) if index < found else None for title, index in positions}
            yield Row(number, values, problem)

    def cells_of(self, columns: Sequence[str]) -> Iterator[dict[str, Cell]]:
        """Only some columns of every row, for a look at a whole column; every call starts anew."""
        places = [(title, self._positions[title]) for title in columns]
        for number, cells in self._source.records():
            if number > self._header_number:
                found = len(cells)
                yield {title: _value(cells[place]) if place < found else None for title, place in places}

    def _problem(self, cells: list[Cell]) -> str | None:
        width = self._width
        found = f"The titles ask for {width} cells, this row has {len(cells)}"
        if len(cells) < width:
            return f"{found}. Check its separators and quotation marks."
        extra = [cell for cell in cells[width:] if not _empty(cell)]
        if not extra:
            return None  # separators at the end of a line say nothing
        return (
            f"{found}; too many: {', '.join(_shown(cell) for cell in extra[:3])}. "
            "Check its separators and quotation marks."
        )


def _check_duplicates(titles: list[str], filename: str) -> None:
    first: dict[str, int] = {}
    for index, title in enumerate(titles):
        if title and title in first:
            raise TableError(
                f"{filename}: columns {_letters(first[title])} and {_letters(index)} both have the title "
                f"{_shown(title)}. Rename or delete one of them."
            )
        first[title] = index


def _empty(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def _blank(cells: list[Cell]) -> bool:
    return all(_empty(cell) for cell in cells)


def _value(cell: Cell) -> Cell:
    if cell.__class__ is str:  # asked for every cell of a file, so without a call where none is needed
        if not cell or cell.isspace():
            return None
        text = restore(cell) if cell[0] == "'" else cell
        return text if text.isascii() else without(text)
    return cell


def _title(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, (date, datetime)):
        return cell.isoformat()
    # Line breaks and double spaces inside titles are layout.
    return " ".join(restore(str(cell)).split())


def _shown(cell: Cell) -> str:
    text = str(cell)
    return f'"{text[:_SHOWN_CHARS]}…"' if len(text) > _SHOWN_CHARS else f'"{text}"'


def _letters(index: int) -> str:
    """The name of a column in a spreadsheet: 0 -> A, 26 -> AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
