"""Counting statements: what a page or call may cost is asserted as a number, never as a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

#: Sent by the process at its own pace, whatever the request does.
_HOUSEKEEPING = ("SELECT name, n FROM host_revision",)


@contextmanager
def counted(*, begins: bool = False) -> Iterator[list[str]]:
    """The statements that go to any database inside the block, in order.

    Without the look at the revision (at most five a second per process) and, unless `begins`, without BEGIN, which
    only SQLite sends as a statement.
    """
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement not in _HOUSEKEEPING and (begins or not statement.startswith("BEGIN")):
            found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)
