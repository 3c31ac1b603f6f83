"""What can be done with an inquiry, a lead, a conversation and a message: buttons, REST verbs, steps of processes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko import Field, RecordAction
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import (
    BECAME_LEAD,
    CONVERSATION,
    FAILED,
    INQUIRY,
    JOINED,
    LEAD,
    MESSAGE,
    REJECTED,
    WAITING,
)
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals import answering, converting, deciding


def _in(name: str, *values: str) -> Any:
    return lambda record: record.get(name) in values


def _done(deed: Callable[[Any, Mapping[str, Any]], object]) -> Callable[[Any, Mapping[str, Any]], None]:
    """A deed whose result is of no interest to a button."""

    def run(record: Any, values: Mapping[str, Any]) -> None:
        deed(record, values)

    return run


def _said(record: Any) -> str:
    words = {
        WAITING: _("This inquiry waits; there is nothing to reopen."),
        BECAME_LEAD: _("This inquiry became a lead already."),
        JOINED: _("This inquiry has joined a customer; reopen it first."),
        REJECTED: _("This inquiry was rejected; reopen it first."),
    }
    return str(words.get(record.get("state"), ""))


def inquiry_actions() -> list[RecordAction]:
    """Make lead, join, reject, reopen, assign."""
    return [
        RecordAction(
            type=INQUIRY, name="make_lead", label=_l("Make lead"), icon="target", primary=True, makes=LEAD,
            available=_in("state", WAITING, REJECTED), refusal=_said,
            run=_done(lambda record, _values: deciding.make_lead(record)),
        ),
        RecordAction(
            type=INQUIRY, name="join", label=_l("Join to a customer"), icon="link", primary=True,
            available=_in("state", WAITING, REJECTED), refusal=_said, confirm=deciding.proposals,
            fields=(
                Field(name="person", kind="link", to=PERSON, label=_l("Person")),
                Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
                Field(name="lead", kind="link", to=LEAD, label=_l("Lead")),
            ),
            run=deciding.join,
        ),
        RecordAction(
            type=INQUIRY, name="reject", label=_l("Reject"), icon="ban", available=_in("state", WAITING),
            refusal=_said,
            fields=(Field(name="reason", kind="text", label=_l("Why"), required=True, max_length=300),),
            run=lambda record, values: deciding.reject(record, values["reason"]),
        ),
        RecordAction(
            type=INQUIRY, name="reopen", label=_l("Reopen"), icon="arrow-back-up",
            available=_in("state", REJECTED, JOINED), refusal=_said,
            run=lambda record, _values: deciding.reopen(record),
        ),
        RecordAction(
            type=INQUIRY, name="assign", label=_l("Assign"), icon="user-plus", right="assign",
            confirm=_l("Without a name the rules of assignment decide."),
            fields=(Field(name="owner", kind="link", to="access.user", label=_l("To whom")),),
            run=lambda record, values: deciding.give(record, values["owner"]),
        ),
    ]  # fmt: skip


def lead_actions() -> list[RecordAction]:
    """Convert, disqualify, reopen."""
    is_open = _in("status", "new", "contacted", "nurture", "qualified")

    def closed(record: Any) -> str:
        return str(
            _("This lead has been converted already.") if record.get("status") == "converted"
            else _("This lead was given up; reopen it first.")
        )  # fmt: skip

    return [
        RecordAction(
            type=LEAD, name="convert", label=_l("Convert"), icon="circle-check", primary=True, available=is_open,
            refusal=closed, makes=DEAL,
            fields=(
                Field(name="deal_name", kind="text", label=_l("Name of the deal"), max_length=300),
                Field(name="amount", kind="money", label=_l("Amount")),
                Field(name="person", kind="link", to=PERSON, label=_l("Person"),
                      help=_l("Empty: who has this e-mail or phone, else a new one.")),
                Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization"),
                      help=_l("Empty: the person's, or the one of this name, else a new one.")),
            ),
            run=_done(lambda record, values: converting.convert(record.id, values)),
        ),
        RecordAction(
            type=LEAD, name="disqualify", label=_l("Disqualify"), icon="circle-x", available=is_open, refusal=closed,
            fields=(Field(name="reason", kind="text", label=_l("Why"), required=True, max_length=300),),
            run=lambda record, values: converting.disqualify(record.id, values["reason"]),
        ),
        RecordAction(
            type=LEAD, name="reopen", label=_l("Reopen"), icon="arrow-back-up", available=_in("status", "unqualified"),
            refusal=lambda _record: str(_("Only a lead that was given up is reopened.")),
            run=lambda record, _values: converting.reopen(record.id),
        ),
    ]  # fmt: skip


def conversation_actions() -> list[RecordAction]:
    """Answer, close and open a conversation, move it to another card, send a message again."""
    places = (
        Field(name="lead", kind="link", to=LEAD, label=_l("Lead")),
        Field(name="deal", kind="link", to=DEAL, label=_l("Deal")),
        Field(name="person", kind="link", to=PERSON, label=_l("Person")),
        Field(name="organization", kind="link", to=ORGANIZATION, label=_l("Organization")),
    )
    return [
        RecordAction(
            type=CONVERSATION, name="close", label=_l("Close"), icon="check", primary=True,
            available=_in("state", "open", "pending"),
            run=lambda record, _values: converting.set_state(record.id, "closed"),
        ),
        RecordAction(
            type=CONVERSATION, name="open", label=_l("Open again"), icon="arrow-back-up",
            available=_in("state", "closed"), run=lambda record, _values: converting.set_state(record.id, "open"),
        ),
        RecordAction(
            type=CONVERSATION, name="answer", label=_l("Answer"), icon="mail",
            fields=(
                Field(name="text", kind="longtext", label=_l("Text"), required=True),
                Field(name="subject", kind="text", label=_l("Subject"), max_length=300),
                Field(name="to", kind="text", label=_l("To"), help=_l("Empty: who wrote last."), max_length=2000),
            ),
            run=_done(answering.answer),
        ),
        RecordAction(
            type=CONVERSATION, name="move", label=_l("Move to another card"), icon="arrow-right", fields=places,
            confirm=_l("The whole conversation stands on the cards chosen here, and leaves the others."),
            run=lambda record, values: converting.move(record.id, values),
        ),
        RecordAction(
            type=MESSAGE, name="send_again", label=_l("Send again"), icon="refresh", primary=True,
            available=_in("delivery", FAILED),
            refusal=lambda _record: str(_("Only what could not be sent is sent again.")),
            run=lambda record, _values: answering.send_again(record),
        ),
    ]  # fmt: skip


def actions() -> list[RecordAction]:
    """All of them."""
    return [*inquiry_actions(), *lead_actions(), *conversation_actions()]
