"""Taking messages in: once each, an answer to its conversation, anything else as an inquiry."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from kumiko import (
    Invalid,
    New,
    as_system,
    attach_file,
    create,
    create_together,
    new_ids,
    session,
    unit,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.deals import SOURCE
from kumiko_contracts.inquiries import CHANNELS, CONVERSATION, INQUIRY, JOINED, MESSAGE, Incoming, Received
from kumiko_deals import interpreting, queries, receipts, texts, threads
from kumiko_deals.contacts import email_of, phone_of
from kumiko_deals.conversation_models import Message
from kumiko_deals.inquiry_models import Inquiry
from kumiko_deals.keeping import attribute, keeping

MOST_FILES = 50


def receive(incoming: Incoming) -> Received:
    """See `kumiko_contracts.inquiries.Inquiries.receive`."""
    account, item_id = texts.line(incoming.account, 80), texts.line(incoming.external_id, 500)
    with unit() as opened:
        if item_id and not receipts.claim(account, item_id):
            return find_received(account, item_id)
        sender = incoming.sender
        receipts.hold(sender.email, sender.phone, sender.handle)
        attribute(opened)  # before the system takes over: the unit is the caller's
        with as_system("what comes in is taken in whoever carries it"), keeping():
            place = threads.find_place(incoming)
            if place.conversation is not None:
                return _answer(place.conversation, incoming, account, item_id)
            return _inquiry(incoming, account, item_id, place.remark)


def find_received(account: str, item_id: str) -> Received:
    """What became of something that was received before."""
    with unscoped("whoever brings something again is told what became of it"):
        inquiry = (
            session()
            .execute(
                select(Inquiry.id, Inquiry.state, Inquiry.lead_id, Inquiry.person_id, Inquiry.conversation_id).where(
                    Inquiry.account == account, Inquiry.item_id == item_id
                )
            )
            .first()
        )
        message = (
            session()
            .execute(
                select(Message.id, Message.conversation_id, Message.lead_id, Message.person_id).where(
                    Message.account == account, Message.item_id == item_id
                )
            )
            .first()
        )
    found: Any = inquiry or message
    return Received(
        is_new=False, inquiry_id=inquiry.id if inquiry else None, state=inquiry.state if inquiry else JOINED,
        lead_id=found.lead_id if found else None, person_id=found.person_id if found else None,
        conversation_id=found.conversation_id if found else None, message_id=message.id if message else None,
    )  # fmt: skip


def _inquiry(incoming: Incoming, account: str, item_id: str, remark: str) -> Received:
    values = inquiry_values(incoming, account, item_id)
    source = values.pop("source")
    values["source"] = source.id if source is not None else None
    inquiry_id, *ids = new_ids(4)
    sender = next((values[name] for name in ("sender_email", "sender_phone", "sender_handle") if values[name]), "")
    asked = {**values, "fingerprint": texts.fingerprint(sender, values["body"] or "")}
    judged = interpreting.judge(
        asked.get, inquiry_id, remark=remark, message=message_values(incoming, account, item_id),
        owner_id=incoming.owner_id, account=account, thread=texts.line(incoming.thread), ids=ids,
    )  # fmt: skip
    known = {**judged.known, **({(SOURCE, source.id): source.name} if source is not None else {})}
    inquiry = New(type_key=INQUIRY, id=inquiry_id, values={**values, **judged.values})
    create_together([inquiry, *judged.records], known=known)
    message = next((one.id for one in judged.records if one.type_key == MESSAGE), None)
    keep_files(message, incoming)
    interpreting.notify(judged)
    return Received(
        is_new=True, inquiry_id=inquiry_id, state=judged.get("state"), lead_id=judged.get("lead"),
        person_id=judged.get("person"), conversation_id=judged.get("conversation"), message_id=message,
    )  # fmt: skip


def _answer(conversation: Any, incoming: Incoming, account: str, item_id: str) -> Received:
    places = {
        "conversation": conversation.id, "lead": conversation.lead_id, "person": conversation.person_id,
        "organization": conversation.organization_id, "deal": conversation.deal_id, "owner": conversation.owner_id,
        "team": conversation.team_id,
    }  # fmt: skip
    made = create(MESSAGE, {**message_values(incoming, account, item_id), **places})
    keep_files(made.id, incoming)
    changes: dict[str, Any] = {"last_message_at": made.get("happened_at")}
    if not incoming.automatic:
        changes["state"] = "open"
    update(CONVERSATION, conversation.id, changes)
    return Received(
        is_new=True, inquiry_id=None, state=JOINED, lead_id=conversation.lead_id, person_id=conversation.person_id,
        conversation_id=conversation.id, message_id=made.id,
    )  # fmt: skip


def keep_files(message_id: int | None, incoming: Incoming) -> None:
    """Keep the files of a message with it; one that cannot be kept is named there with why, and stops nothing."""
    if message_id is None:
        return
    refused: list[str] = []
    for one in incoming.attachments[:MOST_FILES]:
        name = texts.line(one.name, 200) or str(_("file"))
        try:
            attach_file(MESSAGE, message_id, name, one.content, media_type=one.media_type)
        except Invalid as fault:
            errors = getattr(fault, "errors", {})
            refused.append(f"{name}: {' '.join(line for lines in errors.values() for line in lines) or fault.message}")
    if len(incoming.attachments) > MOST_FILES:
        refused.append(str(_("%(count)d more files", count=len(incoming.attachments) - MOST_FILES)))
    if refused:
        said = _("Not kept: %(files)s", files="; ".join(refused))
        update(MESSAGE, message_id, {"error": texts.line(said, 1000)})


def inquiry_values(incoming: Incoming, account: str, item_id: str) -> dict[str, Any]:
    """Fields of the inquiry that a message is; what no field can hold stays in `raw`."""
    sender, origin = incoming.sender, incoming.origin
    body = texts.plain(incoming.text) or texts.text_of(incoming.html)
    raw = texts.jsonable(dict(incoming.raw))
    raw.setdefault("subject", texts.line(incoming.subject, 1000))
    for name, text in (("email", sender.email), ("phone", sender.phone)):
        if text:
            raw.setdefault(name, texts.line(text, 1000))
    email = email_of(sender.email)
    name = texts.title_of(
        texts.plain(incoming.subject, 1000), body, sender.name, email or "", sender.phone, sender.handle
    )
    channel = incoming.channel if incoming.channel in CHANNELS else "api"
    return {
        "name": name or channel, "received_at": incoming.received_at or utc_now(), "channel": channel,
        "account": account or channel, "item_id": item_id or None,
        "sender_name": texts.line(sender.name) or None, "sender_email": email, "sender_phone": phone_of(sender.phone),
        "sender_organization": texts.line(sender.organization) or None,
        "sender_handle": texts.line(sender.handle) or None, "body": body or None, "raw": raw,
        "language": texts.line(incoming.language, 20) or None, "source": queries.source_for(origin.source, channel),
        "campaign": texts.line(origin.campaign, 200) or None, "utm_source": texts.line(origin.source, 200) or None,
        "utm_medium": texts.line(origin.medium, 200) or None, "utm_term": texts.line(origin.term, 200) or None,
        "utm_content": texts.line(origin.content, 200) or None,
        "landing_page": texts.line(origin.landing_page, 1000) or None,
        "referrer": texts.line(origin.referrer, 1000) or None,
    }  # fmt: skip


def message_values(incoming: Incoming, account: str, item_id: str) -> dict[str, Any]:
    """Fields of the message; the caller adds where it belongs."""
    sender = incoming.sender
    address = texts.line(sender.email or sender.phone or sender.handle)
    body = texts.plain(incoming.text) or texts.text_of(incoming.html)
    return {
        "name": texts.title_of(texts.plain(incoming.subject, 1000), body, sender.name, address) or incoming.channel,
        "channel": incoming.channel if incoming.channel in CHANNELS else "api", "direction": "in",
        "sender": texts.line(sender.name or address) or None, "sender_address": address or None,
        "recipients": ", ".join(texts.line(one) for one in incoming.to[:200]) or None,
        "copies": ", ".join(texts.line(one) for one in incoming.cc[:200]) or None,
        "body": body or None, "html": texts.clean_html(incoming.html) or None,
        "message_id": texts.line(incoming.message_id, 500) or None,
        "in_reply_to": texts.line(incoming.in_reply_to, 500) or None,
        "reference_ids": " ".join(texts.line(one, 500) for one in incoming.references[-50:]) or None,
        "account": account, "item_id": item_id or None, "delivery": "received", "automatic": incoming.automatic,
        "happened_at": incoming.received_at, "received_at": incoming.received_at,
    }  # fmt: skip
