"""Reading everything that happens from a cursor on, with the rights of whoever acts: for modules that pass it on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text, tuple_

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import catalogue
from kumiko.records.history import readable_ids
from kumiko.records.models import ContractEvent, Entry, Unit

_unit, _entry, _event = table_of(Unit), table_of(Entry), table_of(ContractEvent)
_BEHIND_ALL = 2**62


@dataclass(frozen=True)
class StatedFact:
    """A contract event; `payload` without what the person may not see of the record."""

    id: int
    name: str
    at: datetime
    actor: str
    via: str
    type_key: str
    record_id: int
    payload: Mapping[str, Any]


def feed_end() -> tuple[int, int]:
    """The cursor behind all that has happened: for `changes_after` and `facts_after`, from now on."""
    if context.current().database.is_sqlite:
        entry = trusted(select(func.max(_entry.c.id))).scalar() or 0
        event = trusted(select(func.max(_event.c.id))).scalar() or 0
        return max(int(entry), int(event)), 0
    snapshot = text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
    return _BEHIND_ALL, int(trusted(snapshot).scalar_one()) - 1


def facts_after(event_id: int, xact: int, *, limit: int = 500) -> tuple[list[StatedFact], tuple[int, int], bool]:
    """Facts about readable records after the cursor, the next cursor, whether there is more; gap-free like
    `changes_after`, with a cursor of its own."""
    query = select(
        _event, _unit.c.at, _unit.c.actor, _unit.c.via, _unit.c.xact, _unit.c.undone_at
    ).join_from(_event, _unit, _unit.c.id == _event.c.unit_id)  # fmt: skip
    if context.current().database.is_sqlite:
        query = query.where(_event.c.id > event_id).order_by(_event.c.id)
    else:
        ended = text("records_unit.xact < pg_snapshot_xmin(pg_current_snapshot())::text::bigint")
        query = query.where(tuple_(_unit.c.xact, _event.c.id) > tuple_(xact, event_id), ended)
        query = query.order_by(_unit.c.xact, _event.c.id)
    rows = trusted(query.limit(limit + 1)).mappings().all()
    more, rows = len(rows) > limit, rows[:limit]
    cursor = (rows[-1]["id"], rows[-1]["xact"] or 0) if rows else (event_id, xact)
    by_type: dict[str, set[int]] = {}
    for row in rows:
        by_type.setdefault(row["type_key"], set()).add(row["record_id"])
    known = {key: readable_ids(info, ids) for key, ids in by_type.items() if (info := catalogue().find(key))}
    facts = [_fact(row) for row in rows if row["record_id"] in known.get(row["type_key"], ())]
    return facts, cursor, more


def _fact(row: Any) -> StatedFact:
    person = context.principal()
    hidden = person.hidden.get(row["type_key"], frozenset())
    payload = {
        name: value
        for name, value in (row["payload"] or {}).items()
        if name not in hidden and name.removesuffix("_id") not in hidden and name.removesuffix("_minor") not in hidden
    }
    return StatedFact(
        row["id"], row["name"], row["at"], row["actor"], row["via"], row["type_key"], row["record_id"], payload
    )
