"""Bodies of requests: the sentence when one is too large, and reading the rest of one that nobody wanted.

A server that answers before it has read the whole body closes the connection, and the client, still sending, sees a
broken pipe instead of the answer. So what is left of a body is read and thrown away behind the answer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from typing import Any

from flask import Request

from kumiko.host.errors import TooLarge
from kumiko.host.i18n import gettext as _

LARGEST_BODY = 64 * 1024 * 1024  # bytes; uploads of imports
LARGEST_TEXTS = 4 * 1024 * 1024  # bytes of a form's fields that are no files
MOST_PARTS = 5000
#: Of what nobody wanted, this much is read; who sends more, or slower, finds the connection closed.
MOST_DRAINED = 128 * 1024 * 1024  # bytes
DRAIN_LIMIT_S = 30.0
LARGEST_KEPT = 1024 * 1024  # bytes of a body that is held in memory so that it can be answered twice
_PIECE = 64 * 1024
_MIB = 1024 * 1024


def too_large(limit: int, found: int | None) -> TooLarge:
    """The refusal of a body: `limit` and `found` in bytes, None when its end was not waited for."""
    if found is None:
        return TooLarge(
            _(
                "What was sent is too large: wanted at most %(limit)d MiB (%(bytes)d bytes), found more. "
                "Send it in smaller parts.",
                limit=limit // _MIB,
                bytes=limit,
            )
        )
    return TooLarge(
        _(
            "What was sent is too large: wanted at most %(limit)d MiB (%(bytes)d bytes), found %(found)d bytes. "
            "Send it in smaller parts.",
            limit=limit // _MIB,
            bytes=limit,
            found=found,
        )
    )


def refusal_of(request: Request) -> TooLarge:
    """Why the server's form parser gave up on this request."""
    found, limit = request.content_length, request.max_content_length or LARGEST_BODY
    if found is None or found > limit:
        return too_large(limit, found)
    return TooLarge(
        _(
            "This form is too large: wanted at most %(limit)d MiB of text in %(parts)d fields, found %(found)d bytes "
            "in all. Shorten the text, or attach it as a file.",
            limit=LARGEST_TEXTS // _MIB,
            parts=MOST_PARTS,
            found=found,
        )
    )


class Body:
    """`wsgi.input` that knows whether it was read to its end."""

    def __init__(self, source: Any, length: int | None, *, waits: bool) -> None:
        self._source = source
        self._left = length if length is not None else MOST_DRAINED  # bytes
        self._waits = waits  # the client sends nothing before somebody asks for it
        self._is_read = False

    def read(self, size: int = -1) -> bytes:
        return self._count(self._source.read(size), size)

    def readline(self, size: int = -1) -> bytes:
        return self._count(self._source.readline(size), size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.readline, b"")

    def _count(self, data: bytes, size: int) -> bytes:
        self._is_read = True
        self._left = 0 if not data and size != 0 else self._left - len(data)
        return data

    @property
    def has_rest(self) -> bool:
        """Whether the client may still be sending what should be read."""
        return 0 < self._left <= MOST_DRAINED and (self._is_read or not self._waits)

    def drain(self) -> None:
        """Read and forget what is left."""
        ends_s = time.monotonic() + DRAIN_LIMIT_S
        try:
            while self._left > 0 and time.monotonic() < ends_s:
                self.read(min(self._left, _PIECE))
        except (OSError, ValueError):  # the client left, or the server closed the stream
            return


def watch(environ: dict[str, Any]) -> Body | None:
    """Put a watched stream in place of the request's body; None when it has none."""
    length = environ.get("CONTENT_LENGTH") or ""
    if length.isdecimal():
        size: int | None = int(length)
    elif environ.get("HTTP_TRANSFER_ENCODING") and environ.get("wsgi.input_terminated"):
        size = None
    else:
        return None
    if size == 0:
        return None
    body = Body(environ["wsgi.input"], size, waits="HTTP_EXPECT" in environ)
    environ["wsgi.input"] = body
    return body


def keep(environ: dict[str, Any]) -> Callable[[], dict[str, Any]] | None:
    """A maker of fresh copies of a writing request, so that it can be answered again; None for those it cannot be.

    Reading ones, large ones and those of unknown length are answered once.
    """
    length = environ.get("CONTENT_LENGTH") or "0"
    if environ.get("REQUEST_METHOD") not in ("POST", "PUT", "PATCH", "DELETE") or not length.isdecimal():
        return None
    if int(length) > LARGEST_KEPT or environ.get("HTTP_TRANSFER_ENCODING"):
        return None
    try:
        body = environ["wsgi.input"].read(int(length)) if int(length) else b""
    except (OSError, ValueError):  # the client left; whoever reads the empty body says so
        body = b""
    before = dict(environ)
    return lambda: {**before, "wsgi.input": BytesIO(body)}


def with_rest(answer: list[bytes], body: Body | None) -> Iterable[bytes]:
    """The answer for the server; after it went out, what the client still sends is read, so that it sees the answer."""
    return answer if body is None or not body.has_rest else _then_drain(answer, body)


def _then_drain(answer: list[bytes], body: Body) -> Iterator[bytes]:
    yield from answer
    body.drain()
