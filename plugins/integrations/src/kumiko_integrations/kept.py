"""Fields that only this module writes (states, results, cursors): they pass the rules beside what people may write.

They are declared `writable=False, derived=True`: no input names them and no undo writes them, so that undoing a
unit never sends a message a second time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kumiko import Draft, RecordView, create, update

_given: ContextVar[Mapping[str, Any] | None] = ContextVar("integrations_kept", default=None)


def make(type_key: str, values: Mapping[str, Any]) -> RecordView:
    """Make a record with values of fields that nobody else may write."""
    with _giving(values):
        return create(type_key, {})


def keep(type_key: str, record_id: int, values: Mapping[str, Any], *, if_match: int | None = None) -> RecordView:
    """Change such fields; Stale when the record has another version than `if_match`."""
    with _giving(values):
        return update(type_key, record_id, {}, if_match=if_match)


def take_given(draft: Draft) -> None:
    """For `prepare` of the types: put the values of `make` and `keep` into the draft."""
    given = _given.get()
    if given is None or draft.action not in ("created", "changed"):
        return
    _given.set(None)  # what is written as a consequence has values of its own
    for name, value in given.items():
        draft.set(name, value)


@contextmanager
def _giving(values: Mapping[str, Any]) -> Iterator[None]:
    token = _given.set(values)
    try:
        yield
    finally:
        _given.reset(token)
