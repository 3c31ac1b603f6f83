"""Places of cards in a stage: numbers, the smallest on top. What is new or was moved without a place comes on top."""

from __future__ import annotations

import itertools
import time

from kumiko import Conflict
from kumiko import gettext as _
from kumiko_sales import queries

_EPOCH_S = 1_767_225_600  # 2026-01-01: keeps the numbers small, so that more halvings fit between two of them
_STEP = 1e-3
_SMALLEST_GAP = 1e-6
_counter = itertools.count()


def on_top() -> float:
    """A place above all that were given before, without asking the database: minus the seconds since 2026."""
    return -(time.time() - _EPOCH_S) - (next(_counter) % 1000) * _STEP * 1e-3


def between(stage_id: int, deal_id: int, *, before: int | None, after: int | None) -> float | None:
    """The place just above the card `before`, or just below the card `after`; None when there is no room left.

    Conflict when the card it shall stand beside is no longer in the stage.
    """
    beside = before if before is not None else after
    if beside is None or beside == deal_id:
        return on_top()
    at = queries.position_of(beside, stage_id)
    if at is None:
        raise Conflict(_("The card that you dropped it next to is no longer in this stage; look again."))
    is_below = before is None
    other = queries.neighbour(stage_id, at, below=is_below, without=deal_id)
    if other is None:
        return at + 1 if is_below else min(on_top(), at - 1)
    middle = (at + other) / 2
    return middle if abs(middle - at) > _SMALLEST_GAP and abs(middle - other) > _SMALLEST_GAP else None
