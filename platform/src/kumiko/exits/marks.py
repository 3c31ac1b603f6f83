"""The invisible mark in an exported file: signs of no width behind a name, saying who took it out and when.

Spreadsheet programs keep such signs when they open and save a file, also as CSV. The import takes marks away, so that
an export that comes in again changes nothing. A mark is sealed with the installation's key: nobody makes one for
somebody else.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

#: Zero width space, zero width non-joiner, word joiner, invisible times: two bits each.
_SIGNS = "\u200b\u200c\u2060\u2062"
_PAYLOAD, _SEAL = struct.Struct(">III"), 4
LENGTH = (_PAYLOAD.size + _SEAL) * 4
_MARK = re.compile(f"[{_SIGNS}]{{{LENGTH}}}")
EVERY = 5  # rows; the first one always bears a mark
MOST_BYTES = 200_000_000


@dataclass(frozen=True)
class Mark:
    """What a mark says. `export_id`: its line in the log of exports; ids are kept modulo 2**32."""

    user_id: int
    at: datetime
    export_id: int


def sealed(mark: Mark, secret: str) -> str:
    """The signs of a mark; minutes of its moment are kept."""
    said = _PAYLOAD.pack(mark.user_id & 0xFFFFFFFF, int(mark.at.timestamp()) // 60, mark.export_id & 0xFFFFFFFF)
    whole = said + _seal(said, secret)
    return "".join(_SIGNS[byte >> shift & 3] for byte in whole for shift in (6, 4, 2, 0))


def _seal(said: bytes, secret: str) -> bytes:
    return hmac.new(f"mark {secret}".encode(), said, hashlib.sha256).digest()[:_SEAL]


def without(text: str) -> str:
    """The text as it was before somebody's export marked it; other signs of no width stay."""
    return _MARK.sub("", text) if not text.isascii() else text


def marked(rows: Iterable[Sequence[Any]], place: int, signs: str) -> Iterator[Sequence[Any]]:
    """The rows, with the mark behind the text at `place` in every few of them."""
    for number, row in enumerate(rows):
        cell = row[place]
        if number % EVERY == 0 and isinstance(cell, str) and cell:
            row = [*row]
            row[place] = cell + signs
        yield row


def read(stream: IO[bytes], secret: str) -> list[Mark]:
    """The marks in a file (CSV or other text in UTF-8 or UTF-16, or a workbook), each once, most frequent first."""
    raw = stream.read(MOST_BYTES)
    counts: dict[Mark, int] = {}
    for text in _texts(raw):
        for found in _MARK.finditer(text):
            mark = _opened(found[0], secret)
            if mark is not None:
                counts[mark] = counts.get(mark, 0) + 1
    return sorted(counts, key=lambda one: (-counts[one], one.export_id))


def _opened(signs: str, secret: str) -> Mark | None:
    digits = [_SIGNS.index(sign) for sign in signs]
    whole = bytes(
        digits[at] << 6 | digits[at + 1] << 4 | digits[at + 2] << 2 | digits[at + 3] for at in range(0, LENGTH, 4)
    )
    said, seal = whole[: _PAYLOAD.size], whole[_PAYLOAD.size :]
    if not hmac.compare_digest(seal, _seal(said, secret)):
        return None
    user_id, minutes, export_id = _PAYLOAD.unpack(said)
    return Mark(user_id, datetime.fromtimestamp(minutes * 60, UTC), export_id)


def _texts(raw: bytes) -> Iterator[str]:
    if raw[:2] == b"PK":
        try:
            with zipfile.ZipFile(io.BytesIO(raw)) as book:
                for one in book.infolist():
                    if one.filename.endswith(".xml") and one.file_size < MOST_BYTES:
                        yield book.read(one).decode("utf-8", errors="replace")
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError):
            return
    elif raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        yield raw.decode("utf-16", errors="replace")
    else:
        yield raw.decode("utf-8", errors="replace")
