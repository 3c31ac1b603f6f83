"""integrations/1: transport of messages to and from the outside, as other modules need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from kumiko_contracts.shapes import Fact

VERSION = "integrations/1"
MESSAGE_SENT = "integrations.message_sent/1"
MESSAGE_FAILED = "integrations.message_failed/1"

SHAPES = ()

_ABOUT = {
    "message_type": 'key of the type of the message it carried, or ""',
    "message_id": "id of the message record it carried, or null",
    "account": "connection that carried it, such as mailbox:7",
}

#: Facts of the contract, each stated once; their record is the item of the outbox.
FACTS = (
    Fact(
        name=MESSAGE_SENT,
        fields={
            **_ABOUT,
            "sent_at": "moment the other side took it (RFC 3339 UTC)",
            "external_id": "its name outside: Message-ID of a mail, id of a messenger",
            "refused": "addresses that were refused with why, as {address: sentence}; {} when none",
        },
    ),
    Fact(name=MESSAGE_FAILED, fields={**_ABOUT, "error": "why it could not be sent, as a sentence"}),
)


@dataclass(frozen=True, kw_only=True)
class Outgoing:
    """One message to the outside. `attachment_ids` are files of the core; `account` "" means the usual one."""

    channel: str
    to: tuple[str, ...]
    subject: str = ""
    text: str = ""
    html: str = ""
    cc: tuple[str, ...] = ()
    attachment_ids: tuple[int, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    thread: str = ""
    account: str = ""
    automatic: bool = False


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What became of a message: queued, sent or failed, with why."""

    state: str
    external_id: str
    error: str


class IntegrationsOff(Exception):
    """Nobody provides integrations/1 at present, so nothing can be sent."""


class Integrations(Protocol):
    """The service "integrations/1"."""

    def can_send(self, channel: str) -> bool:
        """Whether a message can go out by this channel: an account for it is set up and not switched off."""

    def send(
        self,
        outgoing: Outgoing,
        *,
        key: str,
        about: tuple[str, int] | None = None,
        message: tuple[str, int] | None = None,
    ) -> int:
        """Queue a message inside the caller's unit; gives its id in the outbox. The same `key` is sent once, whatever
        crashes. `about`: record it concerns; `message`: message record that is told by MESSAGE_SENT or _FAILED."""

    def find_sent(self, key: str) -> Sent | None:
        """What became of the message with this key, None when there is none."""


class Null:
    """Stands in while nobody provides integrations/1: nothing can be sent."""

    def can_send(self, channel: str) -> bool:
        return False

    def send(
        self,
        outgoing: Outgoing,
        *,
        key: str,
        about: tuple[str, int] | None = None,
        message: tuple[str, int] | None = None,
    ) -> int:
        raise IntegrationsOff("the module integrations is switched off; switch it on to send messages")

    def find_sent(self, key: str) -> Sent | None:
        return None
