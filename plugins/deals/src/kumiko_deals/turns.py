"""Whose turn it is: kept in the database, so that two processes never give the same turn twice.

The one whose last turn is longest ago is next. Somebody who comes back gets one lead and then every n-th, not all that
was missed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from kumiko import current, session, unscoped
from kumiko_deals.inquiry_models import Turn


def take_turn(rule_id: int, user_ids: Sequence[int], *, load: dict[int, int] | None = None) -> int:
    """Who of these is next by a rule; noted in the open transaction. With `load` the least loaded come first."""
    with unscoped("whose turn it is, is nobody's record"):
        row = session().execute(select(Turn.number, Turn.last).where(Turn.rule_id == rule_id).with_for_update()).first()
        if row is None:
            insert = sqlite.insert if current().database.is_sqlite else postgresql.insert
            session().execute(insert(Turn).values(rule_id=rule_id, number=0, last={}).on_conflict_do_nothing())
            row = (
                session().execute(select(Turn.number, Turn.last).where(Turn.rule_id == rule_id).with_for_update()).one()
            )
        last = dict(row.last or {})
        chosen = next_of(user_ids, last, load)
        last[str(chosen)] = row.number + 1
        session().execute(update(Turn).where(Turn.rule_id == rule_id).values(number=row.number + 1, last=last))
    return chosen


def peek_turn(rule_id: int, user_ids: Sequence[int], *, load: dict[int, int] | None = None) -> int:
    """Who would be next; nothing is noted."""
    with unscoped("whose turn it is, is nobody's record"):
        last = session().execute(select(Turn.last).where(Turn.rule_id == rule_id)).scalar()
    return next_of(user_ids, last or {}, load)


def next_of(user_ids: Sequence[int], last: dict[str, Any], load: dict[int, int] | None = None) -> int:
    """Fewest open leads first (with `load`), then longest ago, then the one who came first."""
    return min(user_ids, key=lambda one: ((load or {}).get(one, 0), int(last.get(str(one), 0)), one))
