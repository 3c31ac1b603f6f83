"""Connections as their channels see them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kumiko import Account, Conflict, NotFound, offered, session, unscoped
from kumiko import gettext as _
from kumiko_integrations import queries
from kumiko_integrations.models import Connection
from kumiko_integrations.sealing import open_secrets


def find_channel(key: str) -> Any:
    """The declared channel of this key, None while its module is off."""
    found = offered("declare_channels").get(key)
    return None if found is None else found.item


def account_key(channel: str, connection_id: int) -> str:
    """The name of a connection in messages, such as integrations.mail:7."""
    return f"{channel}:{connection_id}"


def account_of(row: Any) -> Account:
    """A connection (a row of `queries.connection_rows`, or a `Connection`) with its secrets opened."""
    channel = find_channel(row.channel)
    settings = dict(row.settings or {})
    for one in channel.settings if channel is not None else ():
        if settings.get(one.name) in (None, ""):
            settings[one.name] = one.default
    return Account(
        id=row.id, key=account_key(row.channel, row.id), name=row.name, settings=settings,
        secrets=open_secrets(row.id),
    )  # fmt: skip


def get_connection(connection_id: int) -> Any:
    """The row of a connection, switched on or not; NotFound when it is gone."""
    with unscoped("connections are used by the system's own work"):
        query = select(
            Connection.id, Connection.name, Connection.channel, Connection.key, Connection.settings,
            Connection.whose_id, Connection.usual, Connection.health, Connection.active,
        ).where(Connection.id == connection_id, Connection.deleted_at.is_(None))  # fmt: skip
        row = session().execute(query).first()
    if row is None:
        raise NotFound(_("This connection is gone."))
    return row


def find_connection_by_key(key: str) -> Any:
    """The row of a connection that is switched on, by the word in its public address; else None."""
    with unscoped("strangers reach a connection by the word in its address"):
        query = select(
            Connection.id, Connection.name, Connection.channel, Connection.key, Connection.settings,
            Connection.whose_id, Connection.usual, Connection.health, Connection.active,
        ).where(Connection.key == key, Connection.deleted_at.is_(None), Connection.active.is_(True))  # fmt: skip
        return session().execute(query).first()


def sending_connection(kind: str, account: str = "") -> Any:
    """The connection by which messages of a kind go out: the named one, else the usual one, else None."""
    rows = queries.connection_rows(channels=sending_channels(kind))
    if account:
        return next((row for row in rows if account_key(row.channel, row.id) == account), None)
    return rows[0] if rows else None


def sending_channels(kind: str) -> list[str]:
    """Keys of the channels that send messages of a kind ("mail", "messenger")."""
    found = [key for key, one in offered("declare_channels").items() if one.item.kind == kind and one.item.send]
    return found or ["-"]


def channel_of(row: Any) -> Any:
    """The channel of a connection; Conflict with a sentence while its module is off."""
    channel = find_channel(row.channel)
    if channel is None:
        raise Conflict(_("The module that offers %(channel)s is switched off.", channel=row.channel))
    return channel
