"""Secrets of connections and web hooks: kept sealed (`kumiko.seal`), opened by the jobs that use them, never shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from kumiko import current, seal, session, transaction, unscoped, unseal, utc_now
from kumiko_integrations.models import Secret


def derived_key(purpose: str) -> bytes:
    """32 bytes for one purpose, made from the installation's secret key."""
    generation = current().generation
    assert generation is not None
    return hmac.new(generation.config.secret_key.encode(), f"integrations:{purpose}".encode(), hashlib.sha256).digest()


def digest_of_key(key: str) -> str:
    """A word for a message's key, of this installation: two houses that share a mailbox never mix up their mails."""
    return hmac.new(derived_key("outbox"), key.encode(), hashlib.sha256).hexdigest()


def put_secrets(record_id: int, values: Mapping[str, str]) -> None:
    """Keep secrets of a record; an empty value takes one away. Joins the open transaction."""
    with transaction() as writing, unscoped("secrets are sealed and read by no person"):
        for name, value in values.items():
            writing.execute(delete(Secret).where(Secret.record_id == record_id, Secret.name == name))
            if value:
                writing.add(Secret(record_id=record_id, name=name, sealed=seal(value), changed_at=utc_now()))
        writing.flush()


def open_secrets(record_id: int) -> dict[str, str]:
    """The secrets of a record, for whoever is about to use them; Conflict when they are of another installation."""
    with unscoped("secrets are opened for the system's own work"):
        rows = session().execute(select(Secret.name, Secret.sealed).where(Secret.record_id == record_id)).all()
    return {row.name: unseal(row.sealed) for row in rows}


def ages_of(record_id: int) -> dict[str, datetime]:
    """Name -> when it was set, of the secrets that a record has."""
    with unscoped("the age of a secret says nothing of it"):
        rows = session().execute(select(Secret.name, Secret.changed_at).where(Secret.record_id == record_id)).all()
    return {row.name: row.changed_at for row in rows}
