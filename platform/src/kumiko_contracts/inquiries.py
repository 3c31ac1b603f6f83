"""inquiries/1: from a stranger's message to a lead, and the conversations with customers, as others need them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from kumiko_contracts.deals import DEAL, SOURCE
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_contracts.shapes import Fact, Shape, ShapeField

VERSION = "inquiries/1"
INQUIRY = "inquiries.inquiry"
LEAD = "inquiries.lead"
CONVERSATION = "inquiries.conversation"
MESSAGE = "inquiries.message"
CHANNELS = ("form", "mail", "chat", "call", "messenger", "social", "order", "api", "manual")
WAITING, JOINED, BECAME_LEAD, REJECTED = "waiting", "joined", "lead", "rejected"
LEAD_STATES = ("new", "contacted", "nurture", "qualified", "converted", "unqualified")
QUEUED, SENT, FAILED = "queued", "sent", "failed"
INQUIRY_RECEIVED = "inquiries.inquiry_received/1"
LEAD_CREATED = "inquiries.lead_created/1"
LEAD_CONVERTED = "inquiries.lead_converted/1"
MESSAGE_RECEIVED = "inquiries.message_received/1"

#: Record types of the contract. received = lead + joined + rejected + waiting, per channel, always.
SHAPES = (
    Shape(
        key=LEAD,
        collection="leads",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="status", kind="choice", choices=LEAD_STATES),
            ShapeField(name="person", kind="link", to=PERSON),
            ShapeField(name="organization", kind="link", to=ORGANIZATION),
            ShapeField(name="source", kind="link", to=SOURCE),
            ShapeField(name="campaign", kind="text"),
            ShapeField(name="channel", kind="choice", choices=CHANNELS),
            ShapeField(name="first_responded_at", kind="moment"),
            ShapeField(name="converted_at", kind="moment"),
            ShapeField(name="deal", kind="link", to=DEAL),
        ),
        actions=("convert", "disqualify"),
    ),
    Shape(
        key=CONVERSATION,
        collection="conversations",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="channel", kind="choice", choices=CHANNELS),
            ShapeField(name="state", kind="choice", choices=("open", "pending", "closed")),
            ShapeField(name="person", kind="link", to=PERSON),
            ShapeField(name="organization", kind="link", to=ORGANIZATION),
            ShapeField(name="lead", kind="link", to=LEAD),
            ShapeField(name="deal", kind="link", to=DEAL),
        ),
    ),
    Shape(
        key=INQUIRY,
        collection="inquiries",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="channel", kind="choice", choices=CHANNELS),
            ShapeField(name="state", kind="choice", choices=(WAITING, JOINED, BECAME_LEAD, REJECTED)),
            ShapeField(name="received_at", kind="moment"),
            ShapeField(name="lead", kind="link", to=LEAD),
            ShapeField(name="person", kind="link", to=PERSON),
            ShapeField(name="source", kind="link", to=SOURCE),
            ShapeField(name="campaign", kind="text"),
        ),
    ),
    Shape(
        key=MESSAGE,
        collection="messages",
        fields=(
            ShapeField(name="name", kind="text"),
            ShapeField(name="conversation", kind="link", to=CONVERSATION),
            ShapeField(name="direction", kind="choice", choices=("in", "out")),
            ShapeField(name="delivery", kind="choice", choices=(QUEUED, SENT, FAILED)),
            ShapeField(name="body", kind="longtext"),
            ShapeField(name="sent_at", kind="moment"),
        ),
    ),
)

_WHO = {
    "channel": "one of CHANNELS",
    "lead_id": "lead it belongs to, or null",
    "person_id": "customer as a person, or null",
    "organization_id": "customer as an organization, or null",
    "owner_id": "user who answers for it, or null",
}

#: Facts of the contract, each stated once, with the unit that made it true.
FACTS = (
    Fact(
        name=INQUIRY_RECEIVED,
        fields={
            **_WHO,
            "state": "waiting, joined, lead or rejected",
            "conversation_id": "conversation that holds its text, or null",
        },
    ),
    Fact(name=LEAD_CREATED, fields={**_WHO, "inquiry_id": "inquiry it came from, or null"}),
    Fact(name=LEAD_CONVERTED, fields={**_WHO, "deal_id": "deal that it became"}),
    Fact(
        name=MESSAGE_RECEIVED,
        fields={
            **_WHO,
            "conversation_id": "conversation it belongs to",
            "deal_id": "deal that the conversation is about, or null",
            "is_first": "true when it began the conversation, false for an answer",
            "automatic": "true for an automatic reply or a robot, false for a person",
        },
    ),
)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file that came with a message, or shall go with one."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Sender:
    """Who wrote, as far as known; `handle` is an identity that only its account understands (a chat session)."""

    name: str = ""
    email: str = ""
    phone: str = ""
    organization: str = ""
    handle: str = ""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where a stranger came from: the values of UTM, the page and what led to it. `source` names a value of sources."""

    source: str = ""
    medium: str = ""
    campaign: str = ""
    term: str = ""
    content: str = ""
    landing_page: str = ""
    referrer: str = ""


@dataclass(frozen=True, kw_only=True)
class Incoming:
    """One message from outside. `account` and `external_id` make it unique: what comes twice is received once.

    `thread` names the conversation on its account (a chat session); mail is threaded by its headers. `raw` is kept as
    it came and never changed.
    """

    channel: str
    account: str  # "mailbox:7", "form:3", "telegram:1"
    external_id: str
    received_at: datetime
    sender: Sender
    subject: str = ""
    text: str = ""
    html: str = ""
    origin: Origin = Origin()
    language: str = ""
    raw: Mapping[str, Any] = field(default_factory=dict)
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    thread: str = ""
    attachments: tuple[Attachment, ...] = ()
    automatic: bool = False
    owner_id: int | None = None  # whose mailbox it is; None when rules decide


@dataclass(frozen=True, kw_only=True)
class Received:
    """What became of a message. `is_new`: False when it had been received before."""

    is_new: bool
    inquiry_id: int | None
    state: str
    lead_id: int | None
    person_id: int | None
    conversation_id: int | None
    message_id: int | None


class InquiriesOff(Exception):
    """Nobody provides inquiries/1 at present, so nothing can be received; keep it and try again later."""


class Inquiries(Protocol):
    """The service "inquiries/1"."""

    def receive(self, incoming: Incoming) -> Received:
        """Take one message in, inside the caller's unit: an answer goes to its conversation, anything else is an
        inquiry, which joins a known customer or becomes a lead, is assigned by rule, and shows in its card."""

    def write_message(
        self,
        about: tuple[str, int],
        *,
        channel: str,
        to: tuple[str, ...],
        subject: str,
        text: str,
        html: str = "",
        cc: tuple[str, ...] = (),
        attachment_ids: tuple[int, ...] = (),
        automatic: bool = False,
        key: str = "",
    ) -> int:
        """Put an outgoing message into the conversation about a record (lead, deal, person, conversation) and hand it
        to integrations/1, inside the caller's unit; gives its id. The same `key` makes one message only."""

    def addresses(self, about: tuple[str, int], channel: str) -> tuple[str, ...]:
        """Where the customer of a record can be reached by a channel, the usual address first."""


class Null:
    """Stands in while nobody provides inquiries/1: nothing is received, there are no conversations."""

    def receive(self, incoming: Incoming) -> Received:
        raise InquiriesOff("the module deals is switched off; what came in is kept and taken in when it is on again")

    def write_message(
        self,
        about: tuple[str, int],
        *,
        channel: str,
        to: tuple[str, ...],
        subject: str,
        text: str,
        html: str = "",
        cc: tuple[str, ...] = (),
        attachment_ids: tuple[int, ...] = (),
        automatic: bool = False,
        key: str = "",
    ) -> int:
        raise InquiriesOff("the module deals is switched off; switch it on to write to customers")

    def addresses(self, about: tuple[str, int], channel: str) -> tuple[str, ...]:
        return ()
