"""From a path or bytes to a table: what kind of file it is, and whether it is within the limits."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from kumiko.imports.tables.cards import CardSource
from kumiko.imports.tables.documents import JsonSource
from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.table import Source, Table
from kumiko.imports.tables.text import TextSource
from kumiko.imports.tables.workbook import WorkbookSource

MAX_BYTES = 256 * 1024 * 1024
MAX_ROWS = 1_000_000

TEXT_SUFFIXES = frozenset({".csv", ".tsv", ".txt"})
CARD_SUFFIXES = frozenset({".vcf", ".vcard"})
JSON_SUFFIXES = frozenset({".json", ".jsonl"})
WORKBOOK_SUFFIXES = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})
SUFFIXES = TEXT_SUFFIXES | WORKBOOK_SUFFIXES | CARD_SUFFIXES | JSON_SUFFIXES

# What files begin with that people rename or pick by mistake.
_BINARY_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "a workbook (XLSX, ODS) or another ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "a workbook in the old Excel format (XLS) or another Office file"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture (PNG)"),
    (b"\xff\xd8\xff", "a picture (JPEG)"),
    (b"GIF8", "a picture (GIF)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
)


def open_table(
    path_or_bytes: str | Path | bytes,
    *,
    filename: str,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    max_bytes: int = MAX_BYTES,
    max_rows: int = MAX_ROWS,
    known_rows: int | None = None,
) -> Table:
    """The table in a CSV, TSV, XLSX, XLS, ODS, vCard or JSON file; `filename` (its ending decides) is the name used in
    messages.

    `sheet` picks a sheet of a workbook (else the first visible one). `encoding` and `delimiter` of a text file are
    found out unless given; what was assumed stands in `Table.notes`. A path is read in place and must stay until the
    table is no longer needed. `known_rows`: it was opened before and had so many rows; then it is not gone
    through again. Raises TableError for everything that makes the file as a whole unusable.
    """
    suffix = Path(filename).suffix.lower()
    if suffix not in SUFFIXES:
        raise TableError(
            f"{filename}: a table ends in .csv, .tsv, .txt, .xlsx, .xlsm, .xls, .ods, .vcf or .json; this name ends in "
            f"{suffix or 'nothing'}. Save the table as CSV or XLSX."
        )
    opener = _opener(path_or_bytes, filename, max_bytes)
    with opener() as stream:
        start = stream.read(16)
    if not start:
        raise TableError(f"{filename} is empty (0 bytes). A first row with column titles is wanted.")
    source: Source
    if suffix in TEXT_SUFFIXES:
        if sheet is not None:
            raise TableError(f'{filename} is a text file and has no sheets, but sheet "{sheet}" was asked for.')
        _refuse_binary(start, filename, suffix)
        source = TextSource(
            opener, filename=filename, encoding=encoding, delimiter=delimiter, is_known=known_rows is not None
        )
    elif suffix in CARD_SUFFIXES | JSON_SUFFIXES:
        _refuse_binary(start, filename, suffix)
        if sheet is not None or delimiter is not None:
            raise TableError(f"{filename} has neither sheets nor separators; leave both out.")
        source = (CardSource if suffix in CARD_SUFFIXES else JsonSource)(opener, filename=filename, encoding=encoding)
    else:
        if encoding is not None or delimiter is not None:
            raise TableError(f"{filename} is a workbook: encoding and delimiter can only be given for text files.")
        if not start.startswith((b"PK", b"\xd0\xcf\x11\xe0")):
            raise TableError(
                f"{filename} is named {suffix} but does not hold a workbook. If it is a text table (some programs "
                "export those under this name), rename it to .csv; else save it again as XLSX."
            )
        source = WorkbookSource(opener, filename=filename, sheet=sheet)
    return Table(source, filename=filename, max_rows=max_rows, known_rows=known_rows)


def sheets_of(table: Table) -> list[str]:
    """Names of the sheets of the workbook that a table is from; empty for other files."""
    return list(table.sheets)


def _opener(path_or_bytes: str | Path | bytes, filename: str, max_bytes: int) -> Callable[[], BinaryIO]:
    """A function that opens the content from its first byte, after the size was checked."""
    if isinstance(path_or_bytes, bytes):
        content = path_or_bytes
        size_bytes = len(content)

        def open_content() -> BinaryIO:
            return io.BytesIO(content)

        opener: Callable[[], BinaryIO] = open_content
    else:
        path = Path(path_or_bytes)

        def open_path() -> BinaryIO:
            return path.open("rb")

        try:
            with open_path():
                size_bytes = path.stat().st_size
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise TableError(f"{filename} cannot be read: {reason}. Check name and rights of the file.") from error
        opener = open_path
    if size_bytes > max_bytes:
        raise TableError(
            f"{filename} has {size_bytes:,} bytes; {max_bytes:,} are allowed. Split it into smaller files."
        )
    return opener


def _refuse_binary(start: bytes, filename: str, suffix: str) -> None:
    for magic, what in _BINARY_STARTS:
        if start.startswith(magic):
            raise TableError(
                f"{filename} is named {suffix}, so text was expected, but it holds {what}. "
                "Save the table as CSV (UTF-8), or give a workbook its own ending."
            )
