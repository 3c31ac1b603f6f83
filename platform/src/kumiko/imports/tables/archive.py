"""A look into a zipped workbook before it is unpacked into memory.

The reader allots a full rectangle from the first to the last cell: one value in the last corner of a sheet of 5 kB
would ask for gigabytes. Extent and unpacked size are therefore measured first, in a stream.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree import ElementTree

from kumiko.imports.tables.faults import TableError

MAX_UNPACKED_BYTES = 1 << 29
MAX_CELLS = 20_000_000

_CHUNK_BYTES = 1 << 18
_MAX_INDEX_BYTES = 1 << 22
_RELATION = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_TAG = re.compile(rb"<(?:\w+:)?c\s([^<>]*?)(/?)>")
_REFERENCE = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_ERROR_TYPE = re.compile(rb"""\bt=["']e["']""")
_ODS_TAG = re.compile(rb"<(/?)table:(table-row|table-cell|covered-table-cell|table)\b([^<>]*?)(/?)>")
_ODS_COLUMNS = re.compile(rb"""number-columns-repeated=["'](\d{1,9})["']""")
_ODS_ROWS = re.compile(rb"""number-rows-repeated=["'](\d{1,9})["']""")


class Archive:
    """The parts of a zipped workbook, undamaged and within the size limit."""

    def __init__(self, parts: zipfile.ZipFile, filename: str) -> None:
        self._parts = parts
        self._filename = filename

    def check_sheet(self, name: str) -> int:
        """The number of cells that hold an error; raises TableError when the sheet reaches too far."""
        last_row = last_column = errors = 0
        for part in self._sheet_parts(name, set(self._parts.namelist())):
            rows, columns, faults = self._xlsx_extent(part)
            last_row, last_column = max(last_row, rows), max(last_column, columns)
            errors += faults
        self._check_extent(f'sheet "{name}"', last_row, last_column)
        return errors

    def check_open_document(self) -> None:
        """Raises TableError when an ODS workbook reaches too far; its sheets are all unpacked on opening."""
        if "content.xml" in self._parts.namelist():
            self._check_extent("a sheet", *self._ods_extent())

    def _check_extent(self, what: str, last_row: int, last_column: int) -> None:
        if last_row * last_column > MAX_CELLS:
            raise TableError(
                f"{self._filename}: {what} reaches to row {last_row:,} and column {last_column:,}, which is "
                f"more than {MAX_CELLS:,} cells. Delete stray cells far outside of the table, split it, or save it "
                "as CSV."
            )

    def _chunks(self, part: str) -> Iterator[bytes]:
        """The part in pieces that never end inside a tag."""
        rest = b""
        with self._parts.open(part) as stream:
            while chunk := stream.read(_CHUNK_BYTES):
                if not rest and chunk.startswith((b"\xff\xfe", b"\xfe\xff")):
                    raise TableError(f"{self._filename} is written in an unusual way (UTF-16). Save it again as XLSX.")
                piece = rest + chunk
                cut = piece.rfind(b"<")
                if cut < 0 or len(piece) - cut > _CHUNK_BYTES:
                    cut = len(piece)
                yield piece[:cut]
                rest = piece[cut:]
        yield rest

    def _xlsx_extent(self, part: str) -> tuple[int, int, int]:
        last_row = last_column = errors = 0
        for piece in self._chunks(part):
            for tag in _TAG.finditer(piece):
                if tag[2]:
                    continue  # format without a value
                attributes = tag[1]
                if _ERROR_TYPE.search(attributes):
                    errors += 1
                reference = _REFERENCE.search(attributes)
                if reference:
                    last_row = max(last_row, int(reference[2]))
                    last_column = max(last_column, _column_number(reference[1]))
        return last_row, last_column, errors

    def _sheet_parts(self, name: str, names: set[str]) -> list[str]:
        """The part that holds the sheet; all sheets when the workbook does not say."""
        every = sorted(part for part in names if part.startswith("xl/worksheets/") and part.endswith(".xml"))
        try:
            book = self._index("xl/workbook.xml")
            relations = self._index("xl/_rels/workbook.xml.rels")
        except (KeyError, ElementTree.ParseError):
            return every
        targets = {relation.get("Id"): relation.get("Target", "") for relation in relations}
        for element in book.iter():
            if element.tag.endswith("}sheet") and element.get("name") == name:
                target = targets.get(element.get(_RELATION), "")
                part = target.lstrip("/") if target.startswith("/") else posixpath.normpath(f"xl/{target}")
                return [part] if part in names else every
        return every

    def _index(self, part: str) -> ElementTree.Element:
        size_bytes = self._parts.getinfo(part).file_size
        if size_bytes > _MAX_INDEX_BYTES:
            raise TableError(
                f"{self._filename}: its list of sheets has {size_bytes:,} bytes; {_MAX_INDEX_BYTES:,} are allowed. "
                "Save the sheet that is wanted as CSV."
            )
        # Entities cannot grow: expat has refused amplification since 2.4.1 and never fetches external ones here.
        return ElementTree.fromstring(self._parts.read(part))  # noqa: S314

    def _ods_extent(self) -> tuple[int, int]:
        """The farthest row and column with a value, over all sheets, repetitions counted."""
        last_row = last_column = row = column = repeat = 0
        for piece in self._chunks("content.xml"):
            for tag in _ODS_TAG.finditer(piece):
                closing, kind, attributes, empty = tag.groups()
                if kind == b"table":
                    row = column = 0
                elif kind == b"table-row":
                    if not closing:
                        column = 0
                        repeat = _repeated(_ODS_ROWS, attributes)
                    if closing or empty:
                        row += repeat
                elif not closing:
                    column += _repeated(_ODS_COLUMNS, attributes)
                    if b"value-type" in attributes:
                        last_row = max(last_row, row + repeat)
                        last_column = max(last_column, column)
        return last_row, last_column


def inspect_archive(stream: BinaryIO, filename: str) -> Archive:
    """The archive behind the stream; raises TableError when it is damaged or unpacks to more than the limit."""
    try:
        parts = zipfile.ZipFile(stream)
        unpacked_bytes = sum(part.file_size for part in parts.infolist())
        if unpacked_bytes > MAX_UNPACKED_BYTES:
            raise TableError(
                f"{filename} unpacks to {unpacked_bytes:,} bytes; {MAX_UNPACKED_BYTES:,} are allowed. "
                "Split it or save it as CSV."
            )
        damaged = parts.testzip()
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise TableError(
            f"{filename} is damaged or was not copied completely ({error}). Save it again as XLSX."
        ) from error
    if damaged is not None:
        raise TableError(f"{filename} is damaged in its part {damaged}. Save it again as XLSX.")
    return Archive(parts, filename)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number


def _repeated(pattern: re.Pattern[bytes], attributes: bytes) -> int:
    found = pattern.search(attributes)
    return int(found[1]) if found else 1
