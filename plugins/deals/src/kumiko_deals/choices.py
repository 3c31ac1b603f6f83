"""Choices that inquiries, leads and conversations share."""

from __future__ import annotations

from kumiko import Choice
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import BECAME_LEAD, FAILED, JOINED, QUEUED, REJECTED, SENT, WAITING

CHANNELS = (
    Choice(key="form", label=_l("Form"), hue="teal"),
    Choice(key="mail", label=_l("Mail"), hue="blue"),
    Choice(key="chat", label=_l("Chat"), hue="violet"),
    Choice(key="call", label=_l("Call"), hue="green"),
    Choice(key="messenger", label=_l("Messenger"), hue="cyan"),
    Choice(key="social", label=_l("Social network"), hue="pink"),
    Choice(key="order", label=_l("Order"), hue="lime"),
    Choice(key="api", label=_l("Interface"), hue="indigo"),
    Choice(key="manual", label=_l("Typed in"), hue="gray"),
)
CHANNEL_ICONS = {
    "form": "forms", "mail": "mail", "chat": "messages", "call": "phone", "messenger": "message", "social": "share",
    "order": "receipt", "api": "plug", "manual": "pencil",
}  # fmt: skip
STATES = (
    Choice(key=WAITING, label=_l("Waiting"), hue="amber"),
    Choice(key=BECAME_LEAD, label=_l("Became a lead"), hue="green"),
    Choice(key=JOINED, label=_l("Joined a customer"), hue="blue"),
    Choice(key=REJECTED, label=_l("Rejected"), hue="gray"),
)
LEAD_STATUS = (
    Choice(key="new", label=_l("New"), hue="amber"),
    Choice(key="contacted", label=_l("Contacted"), hue="blue"),
    Choice(key="nurture", label=_l("Nurture"), hue="violet"),
    Choice(key="qualified", label=_l("Qualified"), hue="teal"),
    Choice(key="converted", label=_l("Converted"), hue="green"),
    Choice(key="unqualified", label=_l("Unqualified"), hue="gray"),
)
CONVERSATION_STATES = (
    Choice(key="open", label=_l("Open"), hue="amber"),
    Choice(key="pending", label=_l("Waits for the customer"), hue="blue"),
    Choice(key="closed", label=_l("Closed"), hue="gray"),
)
DIRECTIONS = (
    Choice(key="in", label=_l("From the customer")),
    Choice(key="out", label=_l("To the customer")),
)
DELIVERIES = (
    Choice(key="received", label=_l("Received"), hue="teal"),
    Choice(key=QUEUED, label=_l("Being sent"), hue="amber"),
    Choice(key=SENT, label=_l("Sent"), hue="blue"),
    Choice(key=FAILED, label=_l("Could not be sent"), hue="red"),
)
WAYS = (
    Choice(key="round_robin", label=_l("In turn"), hue="blue"),
    Choice(key="least_load", label=_l("Whoever has fewest open leads"), hue="teal"),
    Choice(key="user", label=_l("Always one person"), hue="violet"),
)
