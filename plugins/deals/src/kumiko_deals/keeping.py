"""Fields that actions keep (state of an inquiry, status of a lead, delivery of a message) are not written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from kumiko import Draft
from kumiko import gettext as _

_keeping: ContextVar[bool] = ContextVar("kumiko_deals_keeping", default=False)


@contextmanager
def keeping() -> Iterator[None]:
    """Inside, what the module itself keeps may be written: it is the module that does it."""
    token = _keeping.set(True)
    try:
        yield
    finally:
        _keeping.reset(token)


def is_keeping() -> bool:
    """Whether the module itself is writing."""
    return _keeping.get()


def guard_kept(draft: Draft, names: tuple[str, ...], how: str) -> None:
    """Refuse a person's change of these fields, with the sentence `how`; history that is brought in only warns."""
    if is_keeping():
        return
    for name in names:
        if draft.changes(name) and not (draft.is_new and draft.get(name) in (None, False)):
            draft.guard(name, how)


def write_once(draft: Draft, names: tuple[str, ...]) -> None:
    """Refuse another value for what is written once: where somebody came from first stays so, whatever comes later."""
    if draft.is_new or draft.replaying:
        return
    for name in names:
        if draft.changes(name) and draft.before(name) not in (None, ""):
            draft.refuse(name, _("Where somebody came from is written once and stays; it cannot be changed."))


def attribute(opened: Any) -> None:
    """Make the open unit the acting person's, before the system takes over for what follows from it."""
    if opened.id is None:
        raise RuntimeError("a unit has an id")
