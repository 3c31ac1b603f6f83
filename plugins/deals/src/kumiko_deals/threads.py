"""Which conversation a message belongs to: by the headers of a mail, else by the thread of its account.

A reference alone is no proof, anybody can write one: the sender must take part in the conversation, be its customer, or
have been sent a copy of it. Otherwise the message is one of its own, with a remark.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select

from kumiko import gettext as _
from kumiko import services, session, unscoped
from kumiko_contracts.inquiries import Incoming
from kumiko_deals.conversation_models import Conversation, Message

LOOKED_AT = 200
_ADDRESS = re.compile(r"[^\s<>,;\"']+@[^\s<>,;\"']+")
COLUMNS = (
    Conversation.id, Conversation.name, Conversation.channel, Conversation.account, Conversation.thread,
    Conversation.state, Conversation.person_id, Conversation.organization_id, Conversation.lead_id,
    Conversation.deal_id, Conversation.inquiry_id, Conversation.participant, Conversation.owner_id,
    Conversation.team_id,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Place:
    """The conversation that a message belongs to (a row with COLUMNS), or None and why the one it names is not it."""

    conversation: Any = None
    remark: str = ""


def find_place(incoming: Incoming) -> Place:
    """Where a message belongs, whoever may see that conversation."""
    with unscoped("a message finds its conversation whoever sees it"):
        if incoming.thread:
            return _by_thread(incoming)
        wanted = _references(incoming)
        return _by_headers(incoming, wanted) if wanted else Place()


def _by_thread(incoming: Incoming) -> Place:
    query = (
        select(*COLUMNS)
        .where(
            Conversation.account == incoming.account, Conversation.thread == incoming.thread,
            Conversation.deleted_at.is_(None),
        )
        .order_by(Conversation.id.desc())
        .limit(1)
    )  # fmt: skip
    return Place(conversation=session().execute(query).first())


def _references(incoming: Incoming) -> list[str]:
    """Ids that the message says it answers, the nearest first."""
    listed = [incoming.in_reply_to, *reversed(incoming.references[-50:])]
    return list(dict.fromkeys(one.strip()[:500] for one in listed if one.strip()))


def _by_headers(incoming: Incoming, wanted: Sequence[str]) -> Place:
    query = (
        select(Message.message_id, *COLUMNS)
        .join(Conversation, Conversation.id == Message.conversation_id)
        .where(Message.message_id.in_(wanted), Conversation.deleted_at.is_(None), Message.deleted_at.is_(None))
    )
    rows = session().execute(query).all()
    if not rows:
        return Place()
    nearest = min(rows, key=lambda row: wanted.index(row.message_id))
    if takes_part(nearest, incoming.sender.email):
        return Place(conversation=nearest)
    return Place(
        remark=str(
            _("It claims to answer “%(name)s”, but %(sender)s takes no part in that conversation.", name=nearest.name,
              sender=incoming.sender.email or _("its sender"))
        )
    )  # fmt: skip


def takes_part(conversation: Any, address: str) -> bool:
    """Whether an address wrote in a conversation, was written to, got a copy, or is its customer's."""
    address = address.strip().casefold()
    if not address:
        return False
    if address in addresses_in(conversation.id):
        return True
    if conversation.person_id is None and conversation.organization_id is None:
        return False
    parties = services.get("parties/1").matches(email=address)
    return any(one.id in (conversation.person_id, conversation.organization_id) for one in parties)


def addresses_in(conversation_id: int) -> set[str]:
    """All addresses in the newest messages of a conversation, in small letters."""
    query = (
        select(Message.sender_address, Message.recipients, Message.copies)
        .where(Message.conversation_id == conversation_id, Message.deleted_at.is_(None))
        .where(or_(Message.sender_address.is_not(None), Message.recipients.is_not(None)))
        .order_by(Message.happened_at.desc())
        .limit(LOOKED_AT)
    )
    found: set[str] = set()
    for row in session().execute(query):
        for text in row:
            found.update(addresses_of(text or ""))
    return found


def addresses_of(text: str) -> set[str]:
    """The addresses in a text, in small letters."""
    return {one.casefold() for one in _ADDRESS.findall(text)}
