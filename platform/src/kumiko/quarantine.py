"""Failures of plugins in the database, and putting away a plugin that keeps failing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from kumiko.host import revision
from kumiko.host.base import table_of
from kumiko.host.columns import utc_now
from kumiko.host.models import Audit, Failure, PluginState

if TYPE_CHECKING:
    from kumiko.host.guard import Noted

#: Phases whose repetition switches a plugin off. Never "route": a visitor could switch a module off.
PHASES = ("import", "declare", "handler", "job")
AFTER = 5
WINDOW = timedelta(hours=1)


def write(connection: sa.Connection, one: Noted) -> None:
    """One row per plugin, phase and message. After an hour counting begins anew: it is about failures in a row."""
    table = table_of(Failure)
    same = (table.c.plugin == one.plugin) & (table.c.phase == one.phase) & (table.c.message == one.message)
    is_old = table.c.first_at < one.at - WINDOW
    values = {
        "count": sa.case((is_old, 1), else_=table.c.count + 1),
        "first_at": sa.case((is_old, sa.literal(one.at, table.c.first_at.type)), else_=table.c.first_at),
        "last_at": one.at,
        "traceback": one.traceback,
    }
    if connection.execute(sa.update(table).where(same).values(values)).rowcount == 0:
        about = {"plugin": one.plugin, "phase": one.phase, "message": one.message, "traceback": one.traceback}
        connection.execute(sa.insert(table).values(count=1, first_at=one.at, last_at=one.at, **about))


def put_away(connection: sa.Connection, batch: Iterable[Noted], generation: Any) -> list[str]:
    """Switch off plugins that failed too often; which.

    Core plugins of `generation` (None: there is none) are told of these, and of those that are on but left out of it.
    """
    failures, states = table_of(Failure), table_of(PluginState)
    gone: list[str] = []
    leave = [] if generation is None else generation.state.get("on_leave", ())
    if leave and generation.failed:
        on = sa.select(states.c.name).where(states.c.state == "enabled", states.c.name.in_(sorted(generation.failed)))
        for plugin in connection.execute(on).scalars().all():
            for tell in leave:
                tell(connection, plugin)
    for plugin in sorted({one.plugin for one in batch if one.phase in PHASES}):
        count = connection.execute(
            sa.select(sa.func.sum(failures.c.count)).where(
                failures.c.plugin == plugin, failures.c.phase.in_(PHASES), failures.c.first_at > utc_now() - WINDOW
            )
        ).scalar_one()
        if (count or 0) < AFTER:
            continue
        reason = f"switched off after {count} failures within an hour; the list of failures says which"
        done = connection.execute(
            sa.update(states)
            .where(states.c.name == plugin, states.c.state == "enabled")
            .values(state="quarantined", failed_phase="repeated", failed_reason=reason, changed_at=utc_now())
        )
        if done.rowcount:
            gone.append(plugin)
            for tell in leave:
                tell(connection, plugin)
            connection.execute(
                sa.insert(table_of(Audit)).values(
                    at=utc_now(), actor="system", act="plugin.quarantine", subject=plugin, details={"failures": count}
                )
            )
            revision.bump("epoch", connection)
    return gone
