"""Reading connections: each in a job of its own, batch by batch, so that a mailbox of any size goes through."""

from __future__ import annotations

import logging
import time
from datetime import timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy import update as sql_update

from kumiko import KumikoError, as_system, enqueue, sliced, transaction, unit, unscoped, utc_now
from kumiko import gettext as _
from kumiko_integrations import queries, throttle
from kumiko_integrations.accounts import account_of, channel_of, find_channel, get_connection
from kumiko_integrations.intake import Arrival, take_note
from kumiko_integrations.kept import keep
from kumiko_integrations.models import CONNECTION, AccountState

logger = logging.getLogger("kumiko.integrations")
POLL = "integrations.poll"
#: One job reads no longer than this, then others have their turn and the next job goes on.
TURN_S = 10.0
#: How long a connection counts as being read after its worker died; the jobs' order lets no two read at once anyway.
_BUSY = timedelta(minutes=1)


def poll_all(job: Any) -> None:
    """The job of every minute: a job for each connection that is read."""
    now = utc_now()
    with transaction():
        for row in queries.connection_rows():
            channel = find_channel(row.channel)
            if channel is not None and channel.poll is not None:
                enqueue(
                    POLL, {"connection": row.id}, dedupe=f"integrations.poll:{row.id}:{now:%Y%m%d%H%M}",
                    order_keys=[f"integrations.poll:{row.id}"], max_attempts=1,
                )  # fmt: skip
        throttle.forget_old()


def poll_now(connection_id: int) -> None:
    """Read one connection soon; joins the open transaction."""
    with transaction():
        enqueue(POLL, {"connection": connection_id}, order_keys=[f"integrations.poll:{connection_id}"], max_attempts=1)


@sliced
def poll(job: Any) -> None:
    """The job: what is new on one connection."""
    connection_id = job.payload["connection"]
    began_s = time.monotonic()
    with job.slice() as session:
        cursor = _begin(session, connection_id)
    if cursor is _TAKEN:
        return
    problem, more = "", False
    try:
        row = get_connection(connection_id)
        if not row.active:
            return
        channel, account = channel_of(row), account_of(row)
        for batch in channel.poll(account, cursor):
            with job.slice() as session:
                _keep_batch(session, row, account, batch)
            if time.monotonic() - began_s > TURN_S:
                more = True
                break
    except KumikoError as fault:
        if hasattr(fault, "reason"):  # the job must end: its module is off, or the worker stops
            raise
        problem = fault.message
    except Exception as fault:
        logger.warning("connection %s could not be read", connection_id, exc_info=fault)
        problem = f"{type(fault).__name__}: {fault}"[:400]
    with job.settle() as session, unscoped("how far a connection was read"):
        done = {"busy_until": None} if problem else {"busy_until": None, "read_at": utc_now()}
        session.execute(sql_update(AccountState).where(AccountState.connection_id == connection_id).values(**done))
        note_health(connection_id, problem)
        if more:
            poll_now(connection_id)


_TAKEN = object()


def _begin(session: Any, connection_id: int) -> Any:
    """The cursor, with the connection marked as being read; `_TAKEN` while another job reads it."""
    now = utc_now()
    with unscoped("how far a connection was read"):
        query = select(AccountState.cursor, AccountState.busy_until)
        found = session.execute(query.where(AccountState.connection_id == connection_id).with_for_update()).first()
        if found is None:
            session.execute(insert(AccountState).values(connection_id=connection_id, busy_until=now + _BUSY))
            return None
        if found.busy_until is not None and found.busy_until > now:
            return _TAKEN
        session.execute(
            sql_update(AccountState).where(AccountState.connection_id == connection_id)
            .values(busy_until=now + _BUSY)
        )  # fmt: skip
        return found.cursor


def _keep_batch(session: Any, row: Any, account: Any, batch: Any) -> None:
    """What came, and from where to go on: in one transaction, so nothing is lost or comes twice."""
    for item in batch.items:
        meta = {**item.meta, "whose": row.whose_id}
        title = str(meta.get("title") or "")
        arrival = Arrival(
            channel=row.channel, account=account.key, item=_with(item, meta), title=title, owner_id=row.whose_id
        )
        take_note([arrival])
    with unscoped("how far a connection was read"):
        session.execute(
            sql_update(AccountState).where(AccountState.connection_id == row.id)
            .values(cursor=batch.cursor, busy_until=utc_now() + _BUSY)
        )  # fmt: skip


def _with(item: Any, meta: dict[str, Any]) -> Any:
    from dataclasses import replace  # local: one use

    return replace(item, meta=meta)


def note_health(connection_id: int, problem: str) -> None:
    """Keep whether a connection works, when that has changed; in the open transaction."""
    row = get_connection(connection_id)
    health = "failing" if problem else "ok"
    values: dict[str, Any] = {"health": health, "last_error": problem[:500] or None}
    if row.health != health:
        values["failing_since"] = utc_now() if problem else None
    elif not problem:
        return
    with unit(reason=_("checked")), as_system("whether a connection works is found out by the module"):
        keep(CONNECTION, connection_id, values)
