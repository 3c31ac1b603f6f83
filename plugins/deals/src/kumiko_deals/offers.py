"""What processes can hear of inquiries and deals, and what they can do with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko import ActionCall, ActionType, Field, TriggerType, as_system, find, get, run_action, update
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL, DEAL_LOST, DEAL_WON
from kumiko_contracts.inquiries import (
    CONVERSATION,
    INQUIRY,
    INQUIRY_RECEIVED,
    LEAD,
    LEAD_CONVERTED,
    LEAD_CREATED,
    MESSAGE_RECEIVED,
)
from kumiko_contracts.parties import PERSON
from kumiko_deals import answering
from kumiko_deals.assigning import assign
from kumiko_deals.choices import CHANNELS
from kumiko_deals.interpreting import FIRST_TOUCH
from kumiko_deals.keeping import keeping

_CHANNELS = Field(name="channels", kind="multichoice", label=_l("Only these channels"), choices=CHANNELS)


def _by_channel(payload: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return not values.get("channels") or payload["channel"] in values["channels"]


def _by_person(payload: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    return _by_channel(payload, values) and not payload["automatic"]


def _named(type_key: str, name: str) -> Callable[[Mapping[str, Any]], tuple[str, int] | None]:
    return lambda payload: (type_key, payload[name]) if payload[name] is not None else None


TRIGGERS = [
    TriggerType(
        key="inquiries.received", label=_l("An inquiry comes in"), event=INQUIRY_RECEIVED, type=INQUIRY, icon="inbox",
        fields=(_CHANNELS,), matches=_by_channel,
    ),
    TriggerType(
        key="inquiries.lead_created", label=_l("A lead is made"), event=LEAD_CREATED, type=LEAD, icon="target",
        fields=(_CHANNELS,), matches=_by_channel,
    ),
    TriggerType(
        key="inquiries.lead_converted", label=_l("A lead is converted"), event=LEAD_CONVERTED, type=DEAL,
        icon="circle-check", record=_named(DEAL, "deal_id"),
    ),
    TriggerType(
        key="inquiries.customer_answers_deal", label=_l("The customer writes about a deal"), event=MESSAGE_RECEIVED,
        type=DEAL, icon="mail", fields=(_CHANNELS,), matches=_by_person, record=_named(DEAL, "deal_id"),
    ),
    TriggerType(
        key="inquiries.customer_answers_lead", label=_l("A lead writes"), event=MESSAGE_RECEIVED, type=LEAD,
        icon="mail", fields=(_CHANNELS,), matches=_by_person, record=_named(LEAD, "lead_id"),
    ),
    TriggerType(
        key="inquiries.customer_answers_person", label=_l("A person writes"), event=MESSAGE_RECEIVED, type=PERSON,
        icon="mail", fields=(_CHANNELS,), matches=_by_person, record=_named(PERSON, "person_id"),
    ),
    TriggerType(key="deals.won", label=_l("A deal is won"), event=DEAL_WON, type=DEAL, icon="award"),
    TriggerType(key="deals.lost", label=_l("A deal is lost"), event=DEAL_LOST, type=DEAL, icon="circle-x"),
]  # fmt: skip


def _answer(call: ActionCall) -> Mapping[str, Any]:
    """Write in the conversation of the record; the same step writes once."""
    about: tuple[str, int] = (call.type_key, call.record_id)
    channel = "mail"
    if call.type_key == INQUIRY:
        inquiry = get(INQUIRY, call.record_id)
        conversation = inquiry.link_id("conversation")
        if conversation is not None:
            about = (CONVERSATION, conversation)
        channel = inquiry.get("channel") or "mail"
    elif call.type_key in (LEAD, CONVERSATION):
        channel = get(*about).get("channel") or "mail"
    message_id = answering.write_message(
        about, channel=channel, subject=call.values.get("subject") or "", text=call.values["text"], automatic=True,
        key=f"inquiries.answer:{call.key}",
    )  # fmt: skip
    return {"message": message_id}


def _assign(call: ActionCall) -> Mapping[str, Any]:
    """Give a lead or an inquiry to somebody; without a name to whom the rules say."""
    wanted = call.values.get("owner")
    if call.type_key == INQUIRY:
        run_action(INQUIRY, call.record_id, "assign", {"owner": wanted})
        return {}
    if wanted is not None:
        update(LEAD, call.record_id, {"owner": wanted})
        return {}
    lead = get(LEAD, call.record_id)
    asked = {name: lead.link_id(name) if name == "source" else lead.get(name) for name in FIRST_TOUCH}
    asked |= {"sender_name": lead.get("contact_name"), "sender_organization": lead.get("organization_name")}
    with as_system("rules decide for everybody"):
        found = assign(asked)
    if found.user_id is not None:
        with keeping():
            update(LEAD, lead.id, {"owner": found.user_id, "assignment": found.why, "assigned_by": found.rule_id})
    return {}


def _said(values: Mapping[str, Any]) -> str:
    owner = find("access.user", values["owner"]) if values.get("owner") else None
    if owner is None:
        return str(_("Assign by the rules"))
    return str(_("Give it to %(name)s", name=owner.title))


def _written(values: Mapping[str, Any]) -> str:
    return str(_("Write “%(text)s”", text=(values.get("subject") or values.get("text") or "")[:60]))


ACTIONS = [
    ActionType(
        key="inquiries.answer", label=_l("Write to the customer"), run=_answer, icon="mail", recallable=False,
        types=(INQUIRY, LEAD, DEAL, PERSON, CONVERSATION),
        fields=(
            Field(name="subject", kind="text", label=_l("Subject"), max_length=300),
            Field(name="text", kind="longtext", label=_l("Text"), required=True),
        ),
        describe=_written,
        results={"message": _l("The message")}, feature="messages",
    ),
    ActionType(
        key="inquiries.assign", label=_l("Assign"), run=_assign, icon="user-plus", types=(INQUIRY, LEAD),
        fields=(Field(name="owner", kind="link", to="access.user", label=_l("To whom"),
                      help=_l("Empty: to whom the rules of assignment say.")),),
        describe=_said,
    ),
]  # fmt: skip
