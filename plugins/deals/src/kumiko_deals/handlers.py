"""Reactions to changes, each in a job of its own, so that they never hold up who is writing."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kumiko import gettext as _
from kumiko import send_notice
from kumiko_contracts.inquiries import MESSAGE
from kumiko_deals import answering
from kumiko_deals.models import INTERACTION


def tell_mentioned(delivery: Any) -> None:
    """Tell every colleague whom an interaction newly mentions, once per interaction, except its writer."""
    for change in delivery.changes:
        for name, row in change.after.items():
            if not name.startswith("mentions#") or not row or row["user"] == delivery.actor_id:
                continue
            send_notice(
                row["user"],
                _("%(who)s mentioned you: %(subject)s", who=delivery.actor, subject=change.title),
                href=f"/interactions/{change.record_id}",
                type_key=INTERACTION,
                record_id=change.record_id,
                key=f"deals.mention:{change.record_id}",
            )


def settle_sent(delivery: Any) -> None:
    """A message went out: note when, and under which id its answers will come."""
    for fact in delivery.facts:
        said = fact.payload
        if said["message_type"] == MESSAGE and said["message_id"] is not None:
            sent_at = datetime.fromisoformat(said["sent_at"])
            answering.note_sent(said["message_id"], sent_at, said["external_id"], dict(said["refused"] or {}))


def settle_failed(delivery: Any) -> None:
    """A message could not be sent: note why."""
    for fact in delivery.facts:
        said = fact.payload
        if said["message_type"] == MESSAGE and said["message_id"] is not None:
            answering.note_failed(said["message_id"], said["error"])
