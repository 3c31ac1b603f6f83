"""What an undo would do, before it does it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko.records.catalogue import catalogue
from kumiko.records.undo import SLICE, UndoResult, head_of, sentences, touches_for
from kumiko.records.undo_conflicts import Conflict, conflicts_of
from kumiko.records.undo_rule import draft_of_rule
from kumiko.records.undo_touches import Left, by_type, plan_of, touches_of
from kumiko.records.writer import EXISTS

#: What a preview looks at; an undo of more than that is a job, whose page tells the conflicts afterwards.
MOST_PREVIEWED = 3000


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an undo would do: how many records would go back, what stands in the way, what would be left.

    `whole` is false when there are more entries than a preview looks at. `made`: records that would go into the bin.
    """

    unit: int
    records: int
    made: int
    conflicts: Sequence[Conflict]
    refused: Sequence[Mapping[str, Any]]
    waiting: Sequence[str]
    whole: bool


def preview(unit_or_group: int, *, entry_id: int | None = None, name: str | None = None) -> Preview:
    """What `undo` would do with the same arguments, and whether later changes stand in its way. Writes nothing."""
    head = head_of(unit_or_group)
    if entry_id is not None:
        touches = touches_for(head, entry_id, name)
    else:
        touches = touches_of(head, limit=MOST_PREVIEWED + 1)
    result, records, made = UndoResult(), 0, 0
    for start in range(0, min(len(touches), MOST_PREVIEWED), SLICE):
        left = Left()
        for type_key, listed in by_type(touches[start : min(start + SLICE, MOST_PREVIEWED)]).items():
            info = catalogue().find(type_key)
            if info is None:
                left.wait_for(type_key.partition(".")[0])
                continue
            for plan in plan_of(info.whole, listed, left, sentences()):
                result.conflicts += conflicts_of(plan, head)
                draft = draft_of_rule(plan.info, plan.state, plan.wanted)
                records += draft is not None
                made += draft is not None and draft.action == "deleted" and EXISTS in plan.names
        result.take(left)
    return Preview(
        unit=unit_or_group, records=records, made=made, conflicts=result.conflicts, refused=result.refused,
        waiting=result.waiting, whole=len(touches) <= MOST_PREVIEWED,
    )  # fmt: skip
