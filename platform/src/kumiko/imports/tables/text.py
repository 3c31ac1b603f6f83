"""Records of a CSV file: its encoding, its separator, its lines."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import BinaryIO

from kumiko.imports.cells import Cell
from kumiko.imports.tables.faults import TableError
from kumiko.imports.tables.table import Record

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "vertical bar"}

MAX_LINE_CHARS = 4_000_000

_CHUNK_BYTES = 1 << 20
_SAMPLE_CHARS = 1 << 18
_SAMPLE_ROWS = 100
# A file of one column is split at a character that text does not contain.
_NO_DELIMITER = "\x1f"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x01-\x08\x0e-\x1f]")
_MAX_CONTROL_SHARE = 0.005
_SAVE_AS = 'Save the table as "CSV UTF-8" and try again.'


class TextSource:
    """A text file as records of text cells. The file is read from its start for every call of `records`."""

    def __init__(
        self, opener: Callable[[], BinaryIO], *, filename: str, encoding: str | None, delimiter: str | None,
        is_known: bool = False,
    ) -> None:  # fmt: skip
        """`is_known`: the file was read with this encoding before, so it need not be gone through for that."""
        self._opener = opener
        self._filename = filename
        self.notes: list[str] = []
        if is_known and encoding is not None:
            self._encoding = encoding
        else:
            self._encoding = _decide_encoding(opener, filename, encoding, self.notes)
        with closing(self._text()) as text:
            sample = text.read(_SAMPLE_CHARS)
        self._skip_first_line = False
        self._delimiter = self._decide_delimiter(sample, delimiter)
        self.reading = {"encoding": self._encoding, "delimiter": self._delimiter}

    def records(self) -> Iterator[Record]:
        """(row number as a spreadsheet shows it, text cells); blank rows come as empty lists."""
        with closing(self._text()) as text:
            lines = _Lines(text, self._filename)
            reader = csv.reader(lines, delimiter=self._delimiter)
            number = 0
            if self._skip_first_line:
                next(lines)
                number = 1
            while True:
                number += 1
                lines.given = 0
                try:
                    cells: list[Cell] = [*next(reader)]
                except StopIteration:
                    return
                except csv.Error as error:
                    raise TableError(
                        f"{self._filename}: row {number} (ends after line {lines.total:,} of the file) cannot be read "
                        f"({error}); a cell holds at most {csv.field_size_limit():,} characters. Perhaps a quotation "
                        "mark is not closed."
                    ) from error
                except UnicodeError as error:
                    raise TableError(f"{self._filename} was changed while it was read. Start again.") from error
                if lines.ended and lines.given:
                    # The reader ran out of lines inside a quoted cell.
                    raise TableError(
                        f"{self._filename}: a quotation mark opened in row {number} (line "
                        f"{lines.total - lines.given + 1:,} of the file) is never closed. Close it or double it."
                    )
                yield number, cells

    def _text(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(self._opener(), encoding=self._encoding, newline="")

    def _decide_delimiter(self, sample: str, wanted: str | None) -> str:
        first_line = sample.split("\n", 1)[0].strip()
        if re.fullmatch(r"sep=.", first_line):  # what Excel writes and reads in front of a table
            self._skip_first_line = True
            wanted = wanted or first_line[-1]
        if wanted is not None:
            if len(wanted) != 1 or wanted in '"\r\n\x00 ':
                raise TableError(f"A delimiter is one character such as a comma or a tab; {wanted!r} was given.")
            return wanted
        found = sniff_delimiter(sample)
        if found is None:
            self.notes.append("No separator was found in the first row: read as one column.")
            return _NO_DELIMITER
        self.notes.append(f"Separator: {DELIMITERS[found]}.")
        return found


class _Lines:
    """Lines of a text stream, of limited length, counted, with a memory of the end."""

    def __init__(self, text: io.TextIOWrapper, filename: str) -> None:
        self._text = text
        self._filename = filename
        self.given = 0
        self.total = 0
        self.ended = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._text.readline(MAX_LINE_CHARS + 1)
        if not line:
            self.ended = True
            raise StopIteration
        self.given += 1
        self.total += 1
        if len(line) > MAX_LINE_CHARS:
            raise TableError(
                f"{self._filename}: line {self.total:,} is longer than {MAX_LINE_CHARS:,} characters. "
                "This is hardly a table; check how it was exported."
            )
        return line


def sniff_delimiter(sample: str) -> str | None:
    """The separator that splits the first row and keeps most rows at the same width; None = one column."""
    best: tuple[float, int] = (0.0, 1)
    found: str | None = None
    lines = sample.splitlines(keepends=True)
    if len(sample) >= _SAMPLE_CHARS and len(lines) > 1:
        lines.pop()  # cut in the middle
    for delimiter in DELIMITERS:
        widths: list[int] = []
        try:
            for cells in csv.reader(lines, delimiter=delimiter):
                if any(cell.strip() for cell in cells):
                    widths.append(len(cells))
                if len(widths) >= _SAMPLE_ROWS:
                    break
        except csv.Error:
            continue  # said with its line number when the rows are read
        if not widths or widths[0] < 2:
            continue
        score = (widths.count(widths[0]) / len(widths), widths[0])
        if found is None or score > best:
            best, found = score, delimiter
    return found


def _decide_encoding(opener: Callable[[], BinaryIO], filename: str, wanted: str | None, notes: list[str]) -> str:
    """The encoding that reads the whole file: the one asked for, the mark at its start, UTF-8, else Windows-1252."""
    if wanted is not None:
        try:
            codecs.lookup(wanted)
            "".encode(wanted)
        except (LookupError, ValueError) as error:
            raise TableError(f"{wanted!r} is no known text encoding. Use for example utf-8 or cp1252.") from error
        if _decodes(opener, wanted, filename) is not None:
            raise TableError(f"{filename} is not text in the encoding {wanted}. Name another one or leave it out.")
        return wanted
    with opener() as stream:
        start = stream.read(4)
    for mark, marked in _BOMS:
        if start.startswith(mark):
            if _decodes(opener, marked, filename) is not None:
                raise TableError(f"{filename} begins as {marked.upper()} text but is damaged further on. {_SAVE_AS}")
            notes.append(f"Encoding: {marked.removesuffix('-sig').upper()}, as marked in the file.")
            return marked
    fault = _decodes(opener, "utf-8", filename)
    if fault is None:
        notes.append("Encoding: UTF-8.")
        return "utf-8"
    if _decodes(opener, "cp1252", filename) is not None:
        raise TableError(f"{filename} is not text: neither UTF-8 nor Windows-1252. {_SAVE_AS}")
    shown = fault.decode("cp1252", errors="replace").strip()
    notes.append(
        f'Encoding: the file is not UTF-8 and was read as Windows-1252, for example "{shown}". '
        "If letters look wrong, save it as CSV UTF-8 or name its encoding."
    )
    return "cp1252"


def _decodes(opener: Callable[[], BinaryIO], encoding: str, filename: str) -> bytes | None:
    """None when the whole file is text in this encoding, else the bytes around the first fault.

    Raises TableError for text that no table holds: NUL or many control characters.
    """
    decoder = codecs.getincrementaldecoder(encoding)()
    controls = total_chars = 0
    chunk = b""
    with opener() as stream:
        while True:
            chunk = stream.read(_CHUNK_BYTES)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeError as error:
                if isinstance(error, UnicodeDecodeError):
                    return bytes(error.object[max(0, error.start - 12) : error.start + 12]) or b"?"
                return b"?"
            if "\x00" in text:
                raise TableError(
                    f"{filename} holds NUL characters: it is not a text table, or UTF-16 text without its mark. "
                    f"{_SAVE_AS}"
                )
            total_chars += len(text)
            controls += len(_CONTROL.findall(text))
            if not chunk:
                break
    if controls > 3 and controls > total_chars * _MAX_CONTROL_SHARE:
        raise TableError(f"{filename} is full of control characters: it is not a text table. {_SAVE_AS}")
    return None
