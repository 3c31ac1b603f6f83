"""Tables that leave: CSV, XLSX, and the file of refused rows."""

from __future__ import annotations

import csv
import io
import math
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import IO
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from kumiko.imports.cells import OutCell, neutralise
from kumiko.imports.tables import Row, TableError

_CHUNK_CHARS = 1 << 16
#: What a sheet and a cell of a spreadsheet can hold.
MAX_SHEET_ROWS = 1_048_576
MAX_CELL_CHARS = 32_767
# A spreadsheet keeps 15 digits; longer numbers are written as text so that no digit is lost.
_MAX_EXACT = 10**15
_FIRST_SHEET_DAY = date(1900, 3, 1)  # days before are shown wrongly, for 1900 had no 29 February


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that did not come in, and the sentence that says why."""

    row: Row
    reason: str


def csv_chunks(
    columns: Sequence[str], rows: Iterable[Sequence[OutCell]], *, bom: bool = False, delimiter: str = ","
) -> Iterator[bytes]:
    """The table as UTF-8 CSV in pieces of about 64 kB, for a response that is sent while it is made.

    `bom=True` puts the mark in front by which spreadsheet programs know UTF-8. Days are YYYY-MM-DD, moments ISO in UTC,
    text is neutralised (kumiko.imports.cells).
    """
    buffer = io.StringIO(newline="")
    if bom:
        buffer.write("\ufeff")
    writer = csv.writer(buffer, lineterminator="\r\n", delimiter=delimiter)
    writer.writerow([neutralise(column) for column in columns])
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
        if buffer.tell() > _CHUNK_CHARS:
            yield buffer.getvalue().encode("utf-8", errors="replace")
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode("utf-8", errors="replace")


def write_csv(
    stream: IO[bytes],
    columns: Sequence[str],
    rows: Iterable[Sequence[OutCell]],
    *,
    bom: bool = False,
    delimiter: str = ",",
) -> None:
    """Writes the table to a binary stream, see `csv_chunks`; the stream stays open."""
    for chunk in csv_chunks(columns, rows, bom=bom, delimiter=delimiter):
        stream.write(chunk)


def write_xlsx(
    stream: IO[bytes],
    columns: Sequence[str],
    rows: Iterable[Sequence[OutCell]],
    *,
    zone: ZoneInfo | timezone = UTC,
    sheet: str = "Export",
) -> list[str]:
    """Writes a workbook with one sheet; returns notes (sentences) about what a workbook could not hold.

    Days, moments (as clock time in `zone`) and numbers are real ones; no cell is a formula. Rows are passed on as they
    come, so memory does not grow with them. Raises TableError when there are more rows than a sheet has.
    """
    book = xlsxwriter.Workbook(stream, {"constant_memory": True})
    try:
        page = book.add_worksheet(sheet)
        day_format = book.add_format({"num_format": "yyyy-mm-dd"})
        moment_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        bold = book.add_format({"bold": True})
        page.freeze_panes(1, 0)
        for column, title in enumerate(columns):
            page.write_string(0, column, neutralise(title), bold)
        cut = 0
        for index, row in enumerate(rows, start=1):
            if index >= MAX_SHEET_ROWS:
                raise TableError(
                    f"A sheet holds {MAX_SHEET_ROWS - 1:,} rows below its titles, and there are more. "
                    "Export CSV instead."
                )
            for column, cell in enumerate(row):
                cut += _write_cell(page, index, column, cell, day_format, moment_format, zone)
    finally:
        book.close()
    if not cut:
        return []
    return [f"{cut:,} texts were longer than {MAX_CELL_CHARS:,} characters and were cut; CSV keeps them."]


def write_refused(path: Path, columns: Sequence[str], refused_rows: Iterable[RefusedRow]) -> int:
    """Writes the refused rows with their original columns, the row number and the reason; returns how many.

    The file is a workbook when `path` ends in .xlsx, else CSV that spreadsheet programs open. It appears under its name
    only when complete, readable by its owner alone.
    """
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            count = write_refused_to(stream, columns, refused_rows, workbook=path.suffix.lower() == ".xlsx")
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return count


def write_refused_to(
    stream: IO[bytes],
    columns: Sequence[str],
    refused_rows: Iterable[RefusedRow],
    *,
    workbook: bool,
    delimiter: str = ",",
) -> int:
    """Like `write_refused`, to a stream that stays open."""
    titles = [*columns]
    for extra in ("row", "reason"):
        titles.append(_free_title(extra, titles))
    count = 0

    def lines() -> Iterator[list[OutCell]]:
        nonlocal count
        for refused in refused_rows:
            count += 1
            yield [*(refused.row.values.get(column) for column in columns), refused.row.number, refused.reason]

    if workbook:
        write_xlsx(stream, titles, lines(), sheet="Refused")
    else:
        write_csv(stream, titles, lines(), bom=True, delimiter=delimiter)
    return count


def _free_title(wanted: str, taken: Sequence[str]) -> str:
    title, number = wanted, 1
    while title in taken:
        number += 1
        title = f"{wanted} {number}"
    return title


def _plain(cell: OutCell) -> str | int | float | None:
    """The cell as CSV text."""
    if cell is None or isinstance(cell, str):
        return neutralise(cell.replace("\x00", "")) if cell else None
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, datetime):
        return cell.isoformat() if cell.tzinfo is None else f"{cell.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, Decimal):
        return f"{cell:f}"
    return cell


def _write_cell(
    page: Worksheet,
    row: int,
    column: int,
    cell: OutCell,
    day_format: Format,
    moment_format: Format,
    zone: ZoneInfo | timezone,
) -> bool:
    """Writes one cell; True when text had to be cut."""
    if isinstance(cell, bool):
        page.write_boolean(row, column, cell)
    elif isinstance(cell, datetime):
        local = cell if cell.tzinfo is None else cell.astimezone(zone).replace(tzinfo=None)
        if local.fold and cell.tzinfo is not None:  # the hour that comes twice: only its offset tells which one
            page.write_string(row, column, cell.astimezone(zone).isoformat(" "))
        elif local.date() >= _FIRST_SHEET_DAY:
            page.write_datetime(row, column, local, moment_format)
        else:
            page.write_string(row, column, local.isoformat(" "))
    elif isinstance(cell, date):
        if cell >= _FIRST_SHEET_DAY:
            page.write_datetime(row, column, cell, day_format)
        else:
            page.write_string(row, column, cell.isoformat())
    elif isinstance(cell, (int, float, Decimal)):
        if math.isfinite(cell) and abs(float(cell)) < _MAX_EXACT:
            page.write_number(row, column, cell)
        else:
            page.write_string(row, column, neutralise(str(cell)))
    elif cell:
        text = neutralise(cell.replace("\x00", ""))
        if len(text) > MAX_CELL_CHARS:
            page.write_string(row, column, f"{text[: MAX_CELL_CHARS - 1]}…")
            return True
        page.write_string(row, column, text)
    return False
