"""The channel of the chat: its settings are the bot, what came in is read here, answers become lines."""

from __future__ import annotations

import json
from typing import Any

from kumiko import (
    Channel,
    Delivered,
    Field,
    Invalid,
    NotDelivered,
    NotFound,
    RawItem,
    add_working_minutes,
    find,
    services,
    utc_now,
)
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import LEAD, Incoming, Sender
from kumiko_contracts.integrations import Outgoing
from kumiko_contracts.parties import PERSON
from kumiko_contracts.tasks import TasksOff
from kumiko_integrations import chat
from kumiko_integrations.chat_flow import answers_of, contact_parts
from kumiko_integrations.form_fields import LANGUAGES
from kumiko_integrations.form_reading import origin_of
from kumiko_integrations.models import CHAT

TASKS = "tasks/1"
_CALL_WITHIN_MIN = 30


def read(account: Any, item: RawItem) -> Incoming:
    """The message of a session that was handed over, or of a line said later."""
    given = json.loads(item.body)
    if not isinstance(given, dict):
        raise Invalid(_("wanted an object of answers by field"))
    mail, phone = contact_parts(str(given.get("contact") or ""))
    lines = given.get("lines") or []
    words = {"visitor": given.get("name") or _("Visitor"), "bot": _("Bot"), "person": _("We")}
    if given.get("hand_over"):
        text = "\n".join(f"{words.get(one['who'], one['who'])}: {one['text']}" for one in lines)
    else:
        text = "\n".join(one["text"] for one in lines)
    session = str(given.get("session") or "")
    return Incoming(
        channel="chat",
        account=account.key,
        external_id=item.external_id,
        received_at=item.received_at,
        sender=Sender(name=str(given.get("name") or ""), email=mail, phone=phone, handle=session),
        subject=account.name,
        text=text,
        origin=origin_of(str(given.get("page") or ""), str(given.get("referrer") or ""), item.meta),
        language=str(item.meta.get("language") or ""),
        raw=given,
        thread=session,
        owner_id=item.meta.get("whose"),
    )


def after_received(item: RawItem, received: Any) -> None:
    """A chat that was handed over is a task for whoever answers, in the unit that takes it in."""
    given = json.loads(item.body)
    if not given.get("hand_over"):
        return
    related = None
    owner_id = item.meta.get("whose")
    for type_key, record_id in ((LEAD, received.lead_id), (PERSON, received.person_id)):
        record = find(type_key, record_id) if record_id is not None else None
        if record is not None:
            related = (type_key, record_id)
            owner_id = owner_id or record.link_id("owner")
            break
    _mail, phone = contact_parts(str(given.get("contact") or ""))
    who = given.get("name") or given.get("contact") or _("a visitor")
    name = _("Call %(who)s, who wrote in the chat", who=who) if phone else _("Answer the chat of %(who)s", who=who)
    try:
        services.find(TASKS).create_task(
            str(name)[:300], owner_id=owner_id, kind="call" if phone else "to_do", priority="high",
            due_at=add_working_minutes(utc_now(), _CALL_WITHIN_MIN), related=related,
            body=str(given.get("contact") or ""),
        )  # fmt: skip
    except TasksOff:
        return  # the inquiry itself is there


def send(account: Any, outgoing: Outgoing, key: str) -> Delivered:
    """An answer becomes a line that the visitor's page fetches."""
    word = outgoing.thread or next(iter(outgoing.to), "")
    try:
        return Delivered(external_id=str(chat.say_as_person(word, outgoing.text, key)))
    except NotFound as fault:
        raise NotDelivered(fault.message, final=True) from None


def find_sent(account: Any, key: str) -> str | None:
    """Sending writes into this database alone: when it is unclear, saying it again under the same key is the answer."""
    return ""


def check(account: Any) -> str:
    """What is wrong with the bot, as a sentence."""
    text = str(account.settings.get("answers") or "")
    if text.strip() and not answers_of(text):
        return str(
            _("Write each question on a line of its own, its answer on the next line, and a blank line between.")
        )
    return ""


def channel() -> Channel:
    """The declaration."""
    return Channel(
        key=CHAT, label=_l("Chat on your web site"), kind="chat", icon="messages", read=read, send=send,
        find_sent=find_sent, check=check, feature="chat",
        settings=(
            Field(name="greeting", kind="text", label=_l("Greeting")),
            Field(name="answers", kind="longtext", label=_l("Questions and answers"),
                  help=_l("A question on a line, its answer on the next ones, then a blank line. Visitors choose among "
                          "the questions and are answered at once.")),
            Field(name="person_label", kind="text", label=_l("Words for talking to a person")),
            Field(name="ask_name", kind="text", label=_l("How it asks for the name")),
            Field(name="ask_contact", kind="text", label=_l("How it asks for phone or e-mail")),
            Field(name="thanks", kind="text", label=_l("What it says within working hours")),
            Field(name="away", kind="text", label=_l("What it says outside of working hours"),
                  help=_l("Working hours and holidays are those of the company.")),
            Field(name="language", kind="choice", label=_l("Language"), choices=LANGUAGES),
            Field(name="source", kind="text", label=_l("Source")),
            Field(name="campaign", kind="text", label=_l("Campaign")),
            Field(name="origins", kind="longtext", label=_l("Web sites that may use it"),
                  help=_l("One per line, such as https://www.example.com. Empty: any.")),
        ),
    )  # fmt: skip
