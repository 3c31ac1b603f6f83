"""What is read of intake and outbox beyond the generic lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select

from kumiko import session, unscoped
from kumiko_integrations.intake import Counts
from kumiko_integrations.models import ASIDE, DONE, FAILED, Connection, Intake, Outbox

_NAMES = {DONE: "done", FAILED: "failed", ASIDE: "aside"}


def counts_by_channel() -> list[Counts]:
    """Per channel what became of what came in, of what the acting person may see; one statement."""
    query = (
        select(Intake.channel, Intake.state, func.count(Intake.id))
        .where(Intake.deleted_at.is_(None))
        .group_by(Intake.channel, Intake.state)
    )
    found: dict[str, dict[str, int]] = {}
    for channel, state, number in session().execute(query):
        name = _NAMES.get(state, "waiting")  # what has just arrived waits, too
        kept = found.setdefault(channel, {})
        kept[name] = kept.get(name, 0) + int(number)
    return [Counts(channel=channel, **numbers) for channel, numbers in sorted(found.items())]


def outbox_counts() -> dict[str, int]:
    """State -> how many messages to the outside that the acting person may see."""
    query = select(Outbox.state, func.count(Outbox.id)).where(Outbox.deleted_at.is_(None)).group_by(Outbox.state)
    return {state: int(number) for state, number in session().execute(query)}


def connection_rows(*, channels: Iterable[str] = ()) -> list[Any]:
    """Connections that are switched on, the usual ones first; for the system's own work."""
    with unscoped("connections are used by whoever writes or reads messages"):
        query = select(
            Connection.id, Connection.name, Connection.channel, Connection.key, Connection.settings,
            Connection.whose_id, Connection.usual, Connection.health, Connection.active,
        ).where(Connection.deleted_at.is_(None), Connection.active.is_(True))  # fmt: skip
        wanted = list(channels)
        if wanted:
            query = query.where(Connection.channel.in_(wanted))
        return list(session().execute(query.order_by(Connection.usual.desc().nulls_last(), Connection.id)))
