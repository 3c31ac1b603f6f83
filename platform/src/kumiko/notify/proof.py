"""For the leak test: what notices tell somebody, under the bell and by mail."""

from __future__ import annotations

from collections.abc import Iterator

from kumiko.notify import services, wishes


def arrange() -> None:
    """Have every notice sent by mail, too."""
    wishes.choose(dict.fromkeys(wishes.kinds(), wishes.MAIL))


def sent() -> Iterator[str]:
    """Everything that the acting person was told."""
    for one in services.own_notices(limit=services.MAX_LIMIT):
        yield f"{one.text} {one.href}"
