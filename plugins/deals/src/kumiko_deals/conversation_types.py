"""Conversations and messages as record types."""

from __future__ import annotations

from kumiko import Field, OutgoingRecordType, RecordType, RecordView
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import CONVERSATION, INQUIRY, LEAD, MESSAGE
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals import conversation_models, conversation_rules
from kumiko_deals.choices import CHANNELS, CONVERSATION_STATES, DELIVERIES, DIRECTIONS


def _places() -> tuple[Field, ...]:
    return (
        Field(name="lead", kind="link", to=LEAD, label=_l("Lead")),
        Field(name="deal", kind="link", to=DEAL, label=_l("Deal")),
        Field(name="person", kind="link", to=PERSON, label=_l("Person")),
        Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
    )


def conversation() -> RecordType:
    """The record type inquiries.conversation."""
    return RecordType(
        key=CONVERSATION, collection="conversations", label=_l("Conversation"), label_plural=_l("Conversations"),
        model=conversation_models.Conversation, icon="messages", hue="blue", order=35,
        prepare=conversation_rules.prepare_conversation, after=conversation_rules.after_conversations,
        parents=("deal", "lead", "person", "organization", "inquiry"), default_sort="-last_message_at",
        creatable=False, importable=False,
        fields=(
            Field(name="name", kind="text", label=_l("Subject"), searchable=True, max_length=300),
            Field(name="state", kind="choice", label=_l("State"), choices=CONVERSATION_STATES, default="open"),
            Field(name="channel", kind="choice", label=_l("Channel"), choices=CHANNELS, by_hand=False),
            *_places(),
            Field(name="participant", kind="text", label=_l("With"), by_hand=False, searchable=True),
            Field(name="inquiry", kind="link", to=INQUIRY, label=_l("Began with"), by_hand=False),
            Field(name="first_message_at", kind="moment", label=_l("First message"), by_hand=False, history=False),
            Field(name="last_message_at", kind="moment", label=_l("Last message"), by_hand=False, history=False),
            Field(name="account", kind="text", label=_l("Came by"), by_hand=False),
            Field(name="thread", kind="text", label=_l("Thread there"), by_hand=False),
        ),
        list_columns=("name", "channel", "state", "participant", "person", "lead", "last_message_at", "owner"),
        card_groups=(
            (_l("Conversation"), ("state", "owner", "channel", "participant")),
            (_l("Where it stands"), ("lead", "deal", "person", "organization", "inquiry")),
            (_l("More"), ("first_message_at", "last_message_at", "account", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def _left_house(record: RecordView) -> str:
    if record.get("direction") != "out" or record.get("sent_at") is None:
        return ""
    to = record.get("recipients") or ""
    return _("The message “%(subject)s” to %(to)s was sent.", subject=record.title, to=to)


def message() -> RecordType:
    """The record type inquiries.message."""
    return OutgoingRecordType(
        key=MESSAGE, collection="messages", label=_l("Message"), label_plural=_l("Messages"),
        model=conversation_models.Message, icon="mail", hue="blue", order=36, menu=False, creatable=False,
        importable=False, grants={"head": {"delete": "none"}, "seller": {"delete": "none"}}, left_house=_left_house,
        prepare=conversation_rules.prepare_message, after=conversation_rules.after_messages,
        parents=("conversation",), timeline=False, default_sort="-happened_at",
        timeline_links=("conversation", "lead", "deal", "person", "organization"), timeline_kind="delivery",
        timeline_at="happened_at", subtitle="sender",
        fields=(
            Field(name="name", kind="text", label=_l("Subject"), searchable=True, max_length=300),
            Field(name="conversation", kind="link", to=CONVERSATION, label=_l("Conversation"), required=True,
                  by_hand=False),
            Field(name="direction", kind="choice", label=_l("Direction"), choices=DIRECTIONS, by_hand=False),
            Field(name="delivery", kind="choice", label=_l("Sending"), choices=DELIVERIES, by_hand=False),
            Field(name="error", kind="text", label=_l("Problem"), by_hand=False),
            Field(name="channel", kind="choice", label=_l("Channel"), choices=CHANNELS, by_hand=False),
            Field(name="sender", kind="text", label=_l("From"), by_hand=False, searchable=True),
            Field(name="sender_address", kind="text", label=_l("Address of the sender"), by_hand=False),
            Field(name="body", kind="longtext", label=_l("Text"), by_hand=False, searchable=True, sortable=False),
            Field(name="recipients", kind="longtext", label=_l("To"), by_hand=False, sortable=False),
            Field(name="copies", kind="longtext", label=_l("Copies"), by_hand=False, sortable=False),
            Field(name="html", kind="longtext", label=_l("Formatted text"), by_hand=False, sortable=False,
                  filterable=False),
            *_places(),
            Field(name="automatic", kind="boolean", label=_l("Automatic"), by_hand=False,
                  help=_l("Written by a machine, not by a person.")),
            Field(name="happened_at", kind="moment", label=_l("When"), by_hand=False),
            Field(name="received_at", kind="moment", label=_l("Received"), by_hand=False),
            Field(name="sent_at", kind="moment", label=_l("Sent"), by_hand=False),
            Field(name="message_id", kind="text", label=_l("Id of the message"), by_hand=False),
            Field(name="in_reply_to", kind="text", label=_l("Answers"), by_hand=False),
            Field(name="reference_ids", kind="longtext", label=_l("References"), by_hand=False, sortable=False),
            Field(name="account", kind="text", label=_l("Came by"), by_hand=False),
            Field(name="item_id", kind="text", label=_l("Id there"), by_hand=False),
            Field(name="key", kind="text", label=_l("Key of the step"), by_hand=False),
        ),
        list_columns=("happened_at", "name", "sender", "delivery", "conversation"),
        card_groups=(
            (_l("Message"), ("delivery", "error", "happened_at", "sender", "recipients", "copies", "conversation")),
            (_l("Text"), ("body",)),
            (_l("Where it stands"), ("lead", "deal", "person", "organization")),
            (_l("More"), ("automatic", "sender_address", "sent_at", "message_id")),
        ),
    )  # fmt: skip
