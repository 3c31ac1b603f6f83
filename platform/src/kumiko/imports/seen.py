"""Which row brought a text first: a table of hashes that stays small for a million rows.

A dict of a million keys takes more than 100 MB; this takes 12 bytes per place, some 25 MB at most. Texts are told apart
by 64 bits of their hash: among a million texts two are mistaken for each other once in about 40 million files.
"""

from __future__ import annotations

from array import array
from hashlib import blake2b

_SMALLEST = 1 << 10


class FirstRows:
    """Text -> number of the first row that had it; numbers are from 1 to 2**32 - 1."""

    def __init__(self) -> None:
        self._count = 0
        self._allot(_SMALLEST)

    def __len__(self) -> int:
        return self._count

    def first(self, text: str, number: int) -> int:
        """The row that brought this text first, which is `number` when none did before."""
        hashed = _hash(text)
        place = self._place(hashed)
        if self._rows[place]:
            return self._rows[place]
        self._hashes[place] = hashed
        self._rows[place] = number
        self._count += 1
        if self._count * 3 > len(self._rows) * 2:
            self._grow()
        return number

    def find(self, text: str) -> int | None:
        """The row that brought this text first; None when none did."""
        return self._rows[self._place(_hash(text))] or None

    def _place(self, hashed: int) -> int:
        mask = len(self._rows) - 1
        place = hashed & mask
        rows, hashes = self._rows, self._hashes
        while rows[place] and hashes[place] != hashed:
            place = (place + 1) & mask
        return place

    def _allot(self, size: int) -> None:
        self._hashes = array("Q", bytes(8 * size))
        self._rows = array("I", bytes(4 * size))

    def _grow(self) -> None:
        hashes, rows = self._hashes, self._rows
        self._allot(2 * len(rows))
        for hashed, number in zip(hashes, rows, strict=True):
            if number:
                place = self._place(hashed)
                self._hashes[place] = hashed
                self._rows[place] = number


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
