"""Modules that were off: where the journal stood when each left, and whether it is still catching up.

The mark is the highest id of the journal. That is enough: whoever still wrote with the module on at that moment made
its deliveries himself, whatever ids his entries have, and whoever writes without it gets higher ids.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, text

from kumiko.host import context
from kumiko.host.columns import table_of, utc_now
from kumiko.host.scoping import trusted
from kumiko.records.models import Absence, ContractEvent, Entry

_absence, _entry, _event = table_of(Absence), table_of(Entry), table_of(ContractEvent)
_KNOWN = "records.absences"
_LOCK_SHARED = text("SELECT pg_advisory_xact_lock_shared(7201310)")
_LOCK = text("SELECT pg_advisory_xact_lock(7201310)")


def note(connection: Connection, plugin: str) -> None:
    """A module leaves: note where the journal stands, unless it has not caught up since it left before."""
    if connection.execute(select(_absence.c.plugin).where(_absence.c.plugin == plugin)).first() is not None:
        return
    ends = [connection.execute(select(func.max(table.c.id))).scalar() or 0 for table in (_entry, _event)]
    values = {"plugin": plugin, "left_at": utc_now(), "entry_id": ends[0], "event_id": ends[1]}
    connection.execute(insert(_absence), values)


def forget(plugin: str) -> None:
    """What a module has missed is none of its business any more: it was purged, or another took its place."""
    trusted(delete(_absence).where(_absence.c.plugin == plugin))


def catching_up(generation: Any, plugins: Set[str]) -> Set[str]:
    """Those of `plugins` that have not caught up yet: their deliveries come from the walk, not from the writer.

    Part of the writer's transaction. Each process reads the table once per generation; only while it holds a row for
    one of the modules that are told something, writers look again, under a lock that keeps the walk's end away.
    """
    known: frozenset[str] | None = generation.state.get(_KNOWN)
    if known is None:
        known = generation.state[_KNOWN] = frozenset(trusted(select(_absence.c.plugin)).scalars())
    asked = plugins & known
    if not asked:
        return asked
    if not context.current().database.is_sqlite:
        trusted(_LOCK_SHARED)
    return frozenset(trusted(select(_absence.c.plugin).where(_absence.c.plugin.in_(sorted(asked)))).scalars())


def look_again(generation: Any) -> None:
    """The numbers moved (a walk may have ended): the next writer reads the table."""
    generation.state.pop(_KNOWN, None)


def hold_writers() -> None:
    """From here to the end of the transaction nobody decides who makes deliveries. SQLite has one writer anyway."""
    if not context.current().database.is_sqlite:
        trusted(_LOCK)
