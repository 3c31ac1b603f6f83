"""Where the bytes of files lie: below the instance folder, named by their own sha256. Another store is another class.

The same bytes are kept once. They are on disk before the row that names them is committed; what no row names after a
day is swept (`kumiko.files.sweeping`).
"""

from __future__ import annotations

import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from kumiko.host.context import current
from kumiko.host.errors import ScopeError

_PIECE = 256 * 1024
HEAD = 512  # bytes that tell what a file is


@dataclass(frozen=True)
class Stored:
    """Bytes that are in the store: their name, how many, and the first of them."""

    sha256: str
    size_bytes: int
    head: bytes


class Store(Protocol):
    """What a store of files does; a folder here, an S3-compatible one may follow."""

    def put(self, stream: IO[bytes], check_size: Callable[[int], None]) -> Stored:
        """Keep what the stream gives; `check_size` is asked after each piece and may raise."""
        ...

    def open(self, sha256: str) -> IO[bytes]:
        """The bytes; FileNotFoundError when they are not there."""
        ...

    def names(self, *, older_than_s: float) -> Iterator[str]:
        """Names of everything that nobody put within so many seconds."""
        ...

    def remove(self, sha256: str) -> None:
        """Forget bytes; it does not matter whether they were there."""
        ...


class FolderStore:
    """A store in a folder; processes on several machines share it by a network folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, stream: IO[bytes], check_size: Callable[[int], None]) -> Stored:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = self._folder / f".part-{secrets.token_hex(8)}"
        digest, size, head = hashlib.sha256(), 0, b""
        try:
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                while piece := stream.read(_PIECE):
                    size += len(piece)
                    check_size(size)
                    head = head or piece[:HEAD]
                    digest.update(piece)
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
            path = self._path(digest.hexdigest())
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            part.replace(path)  # also over the same bytes: they are young again, and no sweep takes them
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        return Stored(digest.hexdigest(), size, head)

    def open(self, sha256: str) -> IO[bytes]:
        return self._path(sha256).open("rb")

    def names(self, *, older_than_s: float) -> Iterator[str]:
        limit = time.time() - older_than_s
        for path in self._folder.glob("*/*"):
            if path.is_file() and path.stat().st_mtime < limit:
                yield path.name
        for path in self._folder.glob(".part-*"):  # of a process that was killed
            if path.stat().st_mtime < limit:
                path.unlink(missing_ok=True)

    def remove(self, sha256: str) -> None:
        self._path(sha256).unlink(missing_ok=True)

    def _path(self, sha256: str) -> Path:
        return self._folder / sha256[:2] / sha256


def store() -> Store:
    """The store of this installation."""
    generation = current().generation
    if generation is None:
        raise ScopeError("files are kept inside of a generation, which knows its folder")
    return FolderStore(generation.config.home / "files")
