"""Provides integrations/1: messages to the outside are queued in the caller's unit and sent by a job."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select

from kumiko import Conflict, Invalid, as_system, enqueue, get, principal, session, unit, unscoped
from kumiko import gettext as _
from kumiko_contracts.integrations import Outgoing, Sent
from kumiko_integrations.accounts import sending_connection
from kumiko_integrations.kept import make
from kumiko_integrations.models import CANCELLED, FAILED, OUTBOX, QUEUED, SENT, Letter, Outbox
from kumiko_integrations.sealing import digest_of_key

DELIVER = "integrations.deliver"
FILE = "files.file"
MOST_RECIPIENTS = 100
_SHOWN = 20_000


class IntegrationsService:
    """See `kumiko_contracts.integrations.Integrations`."""

    def can_send(self, channel: str) -> bool:
        return sending_connection(channel) is not None

    def send(
        self,
        outgoing: Outgoing,
        *,
        key: str,
        about: tuple[str, int] | None = None,
        message: tuple[str, int] | None = None,
    ) -> int:
        return send(outgoing, key=key, about=about, message=message)

    def find_sent(self, key: str) -> Sent | None:
        with unscoped("whoever knows the key has queued it"):
            query = (
                select(Outbox.state, Outbox.outside_id, Outbox.error)
                .join(Letter, Letter.outbox_id == Outbox.id)
                .where(Letter.digest == digest_of_key(key))
            )
            row = session().execute(query).first()
        if row is None:
            return None
        state = {SENT: "sent", FAILED: "failed", CANCELLED: "failed"}.get(row.state, "queued")
        return Sent(state=state, external_id=row.outside_id or "", error=row.error or "")


def send(
    outgoing: Outgoing, *, key: str, about: tuple[str, int] | None = None, message: tuple[str, int] | None = None
) -> int:
    """Queue a message inside the caller's unit, once per key; gives its id in the outbox."""
    recipients = [one.strip() for one in (*outgoing.to, *outgoing.cc) if one.strip()]
    if not key:
        raise Invalid(_("A message needs a key, so that it is sent once whatever crashes."))
    with unscoped("the same key is the same message, whoever sends it"):
        known = session().execute(select(Letter.outbox_id).where(Letter.digest == digest_of_key(key))).scalar()
    if known is not None:
        return int(known)
    if not recipients and not outgoing.thread:
        raise Invalid(_("The message has no recipient."))
    if len(recipients) > MOST_RECIPIENTS:
        raise Invalid(_("At most %(most)d recipients, found %(found)d.", most=MOST_RECIPIENTS, found=len(recipients)))
    for file_id in outgoing.attachment_ids:
        get(FILE, file_id)  # who may not read a file sends it to nobody
    connection = sending_connection(outgoing.channel, outgoing.account)
    if connection is None:
        raise Conflict(
            _("No account can send this (%(channel)s). Set one up under Connections, or switch it on.",
              channel=outgoing.account or outgoing.channel)
        )  # fmt: skip
    return _queue(outgoing, recipients, connection, key=key, about=about, message=message)


def _queue(
    outgoing: Outgoing,
    recipients: list[str],
    connection: Any,
    *,
    key: str,
    about: tuple[str, int] | None,
    message: tuple[str, int] | None,
) -> int:
    owner_id = principal().user_id
    with unit(reason=_("message to the outside")), as_system("the outbox is kept by the module itself"):
        made = make(
            OUTBOX,
            {
                "name": " ".join(outgoing.subject.split())[:300] or " ".join(outgoing.text.split())[:80] or "?",
                "channel": outgoing.channel,
                "connection": connection.id,
                "recipients": ", ".join(recipients) or outgoing.thread,
                "body": outgoing.text[:_SHOWN],
                "state": QUEUED,
                "attempts": 0,
                "automatic": outgoing.automatic,
                "owner": owner_id,
            },
        )
        payload = {
            "outgoing": asdict(outgoing), "key": key, "about": list(about) if about else None,
            "message": list(message) if message else None,
        }  # fmt: skip
        with unscoped("the letter of what was just queued"):
            session().execute(insert(Letter).values(outbox_id=made.id, digest=digest_of_key(key), payload=payload))
        enqueue(DELIVER, {"outbox": made.id}, order_keys=[f"integrations.outbox:{made.id}"])
    return made.id


def outgoing_of(payload: Any) -> Outgoing:
    """The message of an item of the outbox."""
    given = dict(payload["outgoing"])
    for name in ("to", "cc", "attachment_ids", "references"):
        given[name] = tuple(given.get(name) or ())
    return Outgoing(**given)
