"""Writing to customers: a message is kept in its conversation and handed to whoever carries it; what became of it is
noted when it is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import select

from kumiko import (
    Conflict,
    Invalid,
    NotFound,
    as_system,
    attach_file,
    create,
    files_of,
    find,
    new_ids,
    principal,
    read_file,
    services,
    session,
    unit,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import CONVERSATION, FAILED, LEAD, MESSAGE, QUEUED, SENT
from kumiko_contracts.integrations import Outgoing
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals import texts
from kumiko_deals.conversation_models import Conversation, Message
from kumiko_deals.keeping import attribute, keeping
from kumiko_deals.responses import note_response, withdraw_response

#: Channels that carry an answer themselves; what came by another one is answered by mail.
ANSWERABLE = ("mail", "chat", "messenger", "social")
FIELD_OF = {PERSON: "person", ORGANIZATION: "organization", LEAD: "lead", DEAL: "deal"}
MOST_REFERENCES = 20


def channel_for(channel: str) -> str:
    """By which channel a conversation of this one is answered."""
    return channel if channel in ANSWERABLE else "mail"


def why_mute(channel: str) -> str:
    """Why nothing can be sent by a channel, as a sentence; "" when it can."""
    transport = services.find("integrations/1")
    if transport is not None and transport.can_send(channel):
        return ""
    if channel == "mail":
        return str(_("No mailbox is set up that could send it; an administrator can connect one."))
    return str(_("Nothing can be sent by this channel at present; no account for it is set up."))


def write_message(
    about: tuple[str, int], *, channel: str, to: tuple[str, ...] = (), subject: str = "", text: str, html: str = "",
    cc: tuple[str, ...] = (), attachment_ids: tuple[int, ...] = (), automatic: bool = False, key: str = "",
) -> int:  # fmt: skip
    """See `kumiko_contracts.inquiries.Inquiries.write_message`; without `to` it goes to the usual address."""
    with unit(reason=_("wrote to a customer")) as opened:
        if key:
            with unscoped("the same step writes one message, whoever sees it"):
                known = session().execute(select(Message.id).where(Message.key == key)).scalar()
            if known is not None:
                return int(known)
        record = find(*about)
        if record is None:
            raise NotFound(_("There is no such record that you may see."))
        channel = channel_for(channel)
        mute = why_mute(channel)
        if mute:
            raise Conflict(mute)
        if not text.strip():
            raise Invalid(_("Some values are not accepted."), {"text": [_("Write something first.")]})
        to = to or addresses(about, channel, automatic=automatic)[:1]
        if not to:
            raise Invalid(
                _("Some values are not accepted."), {"to": [_("No address is known; say where it shall go.")]}
            )
        person = principal()
        attribute(opened)  # the unit is whose message it is
        conversation = _conversation(about, record, channel)
        return _write(
            conversation, person, channel=channel, to=to, subject=subject, text=text, html=html, cc=cc,
            attachment_ids=attachment_ids, automatic=automatic, key=key, about=about,
        )  # fmt: skip


def _conversation(about: tuple[str, int], record: Any, channel: str) -> Any:
    """The newest conversation about a record that goes by this channel and that the person may see, else a new one."""
    if about[0] == CONVERSATION:
        return record
    if about[0] not in FIELD_OF:  # an invoice, a task: its customer is written to
        about, record = _customer_of(record)
    field = FIELD_OF.get(about[0])
    if field is None:
        raise Invalid(_("One writes about a person, an organization, a lead, a deal or a conversation."))
    query = (
        select(Conversation.id, Conversation.channel)
        .where(getattr(Conversation, f"{field}_id") == about[1], Conversation.deleted_at.is_(None))
        .order_by(Conversation.last_message_at.desc(), Conversation.id.desc())
        .limit(20)
    )
    for row in session().execute(query):
        if channel_for(row.channel) == channel:
            found = find(CONVERSATION, row.id)
            if found is not None:
                return found
    places = {field: about[1]}
    for name in ("person", "organization"):
        if name != field and name in record.type.fields and record.link_id(name) is not None:
            places[name] = record.link_id(name)
    owner = principal().user_id
    with as_system("a conversation is begun by writing"):
        made = create(CONVERSATION, {
            "name": record.title, "channel": channel, **places, **({"owner": owner} if owner else {}),
        })  # fmt: skip
        return find(CONVERSATION, made.id)


def _customer_of(record: Any) -> tuple[tuple[str, int], Any]:
    """The deal, else the customer that a record names, as far as the person may see it; else the record itself."""
    for type_key in (DEAL, LEAD, PERSON, ORGANIZATION):
        one = record.type.fields.get(FIELD_OF[type_key])
        linked = record.link_id(FIELD_OF[type_key]) if one is not None and one.field.to == type_key else None
        found = find(type_key, linked) if linked is not None else None
        if found is not None:
            return (type_key, found.id), found
    return (record.type.key, record.id), record


def _write(
    conversation: Any, person: Any, *, channel: str, to: tuple[str, ...], subject: str, text: str, html: str,
    cc: tuple[str, ...], attachment_ids: tuple[int, ...], automatic: bool, key: str, about: tuple[str, int],
) -> int:  # fmt: skip
    now, earlier = utc_now(), _references(conversation.id)
    title = texts.line(subject) or _reply_subject(conversation.title)
    (message_id,) = new_ids(1)
    values = {
        "name": title, "conversation": conversation.id, "channel": channel, "direction": "out",
        "sender": person.name, "recipients": ", ".join(to), "copies": ", ".join(cc) or None, "body": texts.plain(text),
        "html": texts.clean_html(html) or None, "in_reply_to": earlier[0] if earlier else None,
        "reference_ids": " ".join(reversed(earlier)) or None, "delivery": QUEUED, "automatic": automatic,
        "key": key or None, "happened_at": now,
        **{name: conversation.link_id(name) for name in ("person", "organization", "lead", "deal")},
        **({"owner": person.user_id} if person.user_id else {}),
    }  # fmt: skip
    from kumiko import New, create_together  # local: keeps the head of this module short

    with as_system("a message is kept where its conversation is"), keeping():
        create_together([New(type_key=MESSAGE, id=message_id, values=values)])
        changes: dict[str, Any] = {"last_message_at": now, "state": "pending"}
        if conversation.get("first_message_at") is None:
            changes["first_message_at"] = now
        update(CONVERSATION, conversation.id, changes)
    attachment_ids = tuple(_keep_file(message_id, one) for one in attachment_ids)
    outgoing = Outgoing(
        channel=channel, to=to, subject=title, text=values["body"], html=values["html"] or "", cc=cc,
        attachment_ids=attachment_ids, in_reply_to=values["in_reply_to"] or "", references=tuple(reversed(earlier)),
        thread=conversation.get("thread") or "",
        account=(conversation.get("account") or "") if conversation.get("channel") == channel else "",
        automatic=automatic,
    )  # fmt: skip
    _hand_over(outgoing, key or f"inquiries.message:{message_id}", about, message_id)
    return message_id


def _keep_file(message_id: int, file_id: int) -> int:
    """A file that goes with a message is the message's, too: the store holds its bytes once."""
    found = read_file(file_id)
    with as_system("a message is kept where its conversation is"):
        return attach_file(MESSAGE, message_id, found.name, found.content, media_type=found.media_type)


def _hand_over(outgoing: Outgoing, key: str, about: tuple[str, int], message_id: int) -> None:
    services.find("integrations/1").send(outgoing, key=key, about=about, message=(MESSAGE, message_id))


def _reply_subject(title: str) -> str:
    return title if title.casefold().startswith(("re:", "aw:")) else f"Re: {title}"


def _references(conversation_id: int) -> list[str]:
    """Ids of the newest messages of a conversation that have one, the newest first."""
    query = (
        select(Message.message_id)
        .where(
            Message.conversation_id == conversation_id, Message.message_id.is_not(None), Message.deleted_at.is_(None)
        )
        .order_by(Message.happened_at.desc(), Message.id.desc())
        .limit(MOST_REFERENCES)
    )
    with unscoped("an answer names what it answers"):
        return [one for one in session().execute(query).scalars() if one]


def send_again(message: Any) -> None:
    """Hand a message over once more that could not be sent."""
    if message.get("delivery") != FAILED:
        raise Conflict(_("Only what could not be sent is sent again."))
    mute = why_mute(message.get("channel"))
    if mute:
        raise Conflict(mute)
    conversation_id = message.link_id("conversation")
    earlier = _references(conversation_id)
    with unit(reason=_("sent again")) as opened:
        attribute(opened)
        with as_system("what became of a message is kept with it"), keeping():
            update(MESSAGE, message.id, {"delivery": QUEUED, "error": None})
        outgoing = Outgoing(
            channel=message.get("channel"), to=_split(message.get("recipients")), subject=message.title,
            text=message.get("body") or "", html=message.get("html") or "", cc=_split(message.get("copies")),
            attachment_ids=tuple(one.id for one in files_of(MESSAGE, message.id)),
            in_reply_to=message.get("in_reply_to") or "", references=tuple(reversed(earlier)),
            automatic=bool(message.get("automatic")),
        )  # fmt: skip
        key = f"inquiries.message:{message.id}:{message.version}"
        _hand_over(outgoing, key, (CONVERSATION, conversation_id), message.id)


def _split(text: str | None) -> tuple[str, ...]:
    return tuple(one.strip() for one in (text or "").split(",") if one.strip())


def addresses(about: tuple[str, int], channel: str, *, automatic: bool = False) -> tuple[str, ...]:
    """See `kumiko_contracts.inquiries.Inquiries.addresses`; what a machine writes does not go to who opted out."""
    record = find(*about)
    if record is None:
        return ()
    if about[0] == CONVERSATION:
        found = [*_wrote(record.id), record.get("participant")]
        places = [(key, record.link_id(name)) for key, name in FIELD_OF.items()]
    else:
        found = []
        places = [about]
        if about[0] in (DEAL, LEAD):
            found.append(
                record.get("contact_email" if channel == "mail" else "contact_phone") if about[0] == LEAD else None
            )
            places += [(PERSON, record.link_id("person")), (ORGANIZATION, record.link_id("organization"))]
    if channel == "mail":
        for key, record_id in places:
            party = find(key, record_id) if record_id is not None and key in (PERSON, ORGANIZATION) else None
            if party is not None:
                usable = [
                    row["address"]
                    for row in party.get("emails") or ()
                    if not row.get("invalid") and not (automatic and row.get("opted_out"))
                ]
                found += sorted(usable, key=lambda one: one != party.get("email"))
            elif key == LEAD and record_id is not None and about[0] != LEAD:
                lead = find(LEAD, record_id)
                found.append(lead.get("contact_email") if lead is not None else None)
        found = [one for one in found if one and "@" in one]
    return tuple(dict.fromkeys(one for one in found if one))


def _wrote(conversation_id: int) -> list[str]:
    query = (
        select(Message.sender_address)
        .where(
            Message.conversation_id == conversation_id, Message.direction == "in", Message.deleted_at.is_(None),
            Message.sender_address.is_not(None),
        )
        .order_by(Message.happened_at.desc())
        .limit(1)
    )  # fmt: skip
    return [one for one in session().execute(query).scalars() if one]


def note_sent(message_id: int, sent_at: datetime, external_id: str, refused: dict[str, str]) -> None:
    """A message went out; addresses that were refused are kept with why."""
    said = "; ".join(f"{address}: {why}" for address, why in refused.items())
    values: dict[str, Any] = {"delivery": SENT, "sent_at": sent_at, "error": texts.line(said, 1000) or None}
    message = find(MESSAGE, message_id)
    if message is not None and message.get("delivery") != SENT:
        if external_id and message.get("message_id") is None:
            values["message_id"] = texts.line(external_id, 500)
        with keeping():
            update(MESSAGE, message_id, values)
        if not message.get("automatic"):
            note_response(message.link_id("lead"), message.get("happened_at"))


def note_failed(message_id: int, error: str) -> None:
    """A message could not be sent."""
    message = find(MESSAGE, message_id)
    if message is not None and message.get("delivery") == QUEUED:
        with keeping():
            update(MESSAGE, message_id, {"delivery": FAILED, "error": texts.line(error, 1000) or str(_("unknown"))})
        withdraw_response(message.link_id("lead"), message.get("happened_at"))


def answer(conversation: Any, values: Any) -> int:
    """Answer in a conversation, by the channel it came by or by mail; gives the message's id."""
    return write_message(
        (CONVERSATION, conversation.id), channel=conversation.get("channel"), to=_split(values.get("to")),
        subject=values.get("subject") or "", text=values["text"],
    )  # fmt: skip
