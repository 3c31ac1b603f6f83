"""Rules of conversations and messages: a message stays as it was written, and stands where its conversation does."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from kumiko import Draft, as_system, bulk, current, emit, find, session, unscoped, utc_now
from kumiko import gettext as _
from kumiko_contracts.inquiries import CONVERSATION, MESSAGE, MESSAGE_RECEIVED
from kumiko_deals.conversation_models import Message
from kumiko_deals.keeping import guard_kept, keeping
from kumiko_deals.responses import note_response
from kumiko_deals.rules import is_sample

PLACES = ("person", "organization", "lead", "deal")
AS_WRITTEN = (
    "direction", "channel", "sender", "sender_address", "recipients", "copies", "body", "html", "message_id",
    "in_reply_to", "reference_ids", "account", "item_id", "key", "automatic", "happened_at", "received_at",
)  # fmt: skip
KEPT = ("delivery", "error", "sent_at", "message_id")


def prepare_conversation(draft: Draft) -> None:
    """A conversation is open and has a name."""
    if draft.action == "deleted":
        return
    if draft.get("state") is None:
        draft.set("state", "open")
    if draft.get("channel") is None:
        draft.set("channel", "mail")
    if not draft.get("name"):
        draft.set("name", str(_("Conversation")))


def after_conversations(drafts: Sequence[Draft]) -> None:
    """Messages move with their conversation to another card."""
    for draft in drafts:
        if draft.action != "changed" or draft.replaying or not draft.changes(*PLACES):
            continue
        with unscoped("messages stand where their conversation does"):
            query = select(Message.id).where(Message.conversation_id == draft.record_id, Message.deleted_at.is_(None))
            ids = list(session().execute(query).scalars())
        if ids:
            with as_system("messages stand where their conversation does"), keeping():
                bulk(MESSAGE, ids, values={name: draft.get(name) for name in PLACES})


def prepare_message(draft: Draft) -> None:
    """Defaults of a message; what was written is not changed any more."""
    if draft.action == "deleted":
        return
    if draft.is_new:
        for name, usual in (("direction", "in"), ("delivery", "received"), ("automatic", False), ("channel", "mail")):
            if draft.get(name) is None:
                draft.set(name, usual)
        if draft.get("happened_at") is None:
            draft.set("happened_at", utc_now())
        if not draft.get("name"):
            draft.set("name", (draft.get("body") or str(_("Message"))).strip()[:120])
        if draft.get("conversation") is not None and not any(draft.get(name) for name in PLACES):
            _take_places(draft)
    else:
        for name in AS_WRITTEN:
            if draft.changes(name) and not (name in KEPT and draft.before(name) is None):
                draft.refuse(name, _("A message stays as it was written."))
    guard_kept(draft, KEPT if not draft.is_new else ("error", "sent_at"), _("This follows from sending; leave it out."))


def _take_places(draft: Draft) -> None:
    found = find(CONVERSATION, draft.get("conversation"))
    if found is not None:
        for name in PLACES:
            if found.link_id(name) is not None:
                draft.set(name, found.link_id(name))


def after_messages(drafts: Sequence[Draft]) -> None:
    """That a customer wrote is stated once; that a person answered a lead is kept with it."""
    for draft in drafts:
        if draft.action != "created" or draft.replaying or is_sample():
            continue
        if draft.get("direction") == "in":
            _state(draft)
        elif not draft.get("automatic"):
            note_response(draft.get("lead"), draft.get("happened_at"))


def _state(draft: Draft) -> None:
    opened, conversation_id = current().unit, draft.get("conversation")
    is_first = opened is not None and (CONVERSATION, "created", conversation_id) in opened.log
    if not is_first:
        with unscoped("whether a message is the first is no secret to its conversation"):
            earlier = select(Message.id).where(
                Message.conversation_id == conversation_id, Message.id != draft.record_id
            )
            is_first = session().execute(earlier.limit(1)).first() is None
    emit(
        MESSAGE_RECEIVED, draft,
        {
            "channel": draft.get("channel"), "lead_id": draft.get("lead"), "person_id": draft.get("person"),
            "organization_id": draft.get("organization"), "owner_id": draft.get("owner"),
            "conversation_id": draft.get("conversation"), "deal_id": draft.get("deal"), "is_first": is_first,
            "automatic": bool(draft.get("automatic")),
        },
    )  # fmt: skip
