"""For the leak test: what warnings and lists of duplicates tell somebody who guesses every value of every record."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from kumiko.duplicates import pairs, recognizing
from kumiko.duplicates.declaring import matched_types
from kumiko.host.context import principal
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.drafts import Draft
from kumiko.records.states import load_states

MOST = 300


def sent() -> Iterator[str]:
    """Warnings for the very values of each record, whoever may see it, and the pairs that the person is shown."""
    for info in matched_types():
        ids = list(trusted(select(info.table.c.id).order_by(info.table.c.id).limit(MOST)).scalars())
        for state in load_states(info, ids).values():
            found = recognizing.shown(recognizing.recognize(info, Draft(info, "changed", {}, state).get))
            yield f"{found} {recognizing.as_json(found)}"
        if rights.level(info, principal(), "read") != "none":
            listed, _following = pairs.pairs(info, limit=MOST)
            yield str(listed)
