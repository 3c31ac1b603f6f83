"""The action "send a mail" for processes: to the customer, the owner or an address, by template or written in the step.

It goes into the conversation of the customer when somebody keeps conversations, else straight to the outbox.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import ActionCall, ActionType, Choice, Conflict, Field, find, get, services
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import VERSION as INQUIRIES
from kumiko_contracts.inquiries import InquiriesOff
from kumiko_contracts.integrations import Outgoing
from kumiko_integrations.models import TEMPLATE
from kumiko_integrations.services import send

CUSTOMER, OWNER, ADDRESS = "customer", "owner", "address"
USER = "access.user"
_LINKS = ("person", "organization", "lead", "deal")


def run(call: ActionCall) -> Mapping[str, Any]:
    """Queue the mail of one step; the same step is one mail, however often it is tried."""
    values = call.values
    about = (call.type_key, call.record_id)
    whom = values.get("to") or CUSTOMER
    to = recipients(about, whom, str(values.get("address") or ""))
    subject, text = texts(about, values)
    files = tuple(int(word) for word in str(values.get("attachment") or "").replace(",", " ").split() if word.isdigit())
    if whom == CUSTOMER:
        try:
            message_id = services.find(INQUIRIES).write_message(
                about, channel="mail", to=to, subject=subject, text=text, attachment_ids=files, automatic=True,
                key=call.key,
            )  # fmt: skip
            return {"message_id": message_id, "sent_to": ", ".join(to)}
        except InquiriesOff:
            pass  # nobody keeps conversations at present: the mail itself can go out all the same
    outgoing = Outgoing(channel="mail", to=to, subject=subject, text=text, attachment_ids=files, automatic=True)
    return {"outbox_id": send(outgoing, key=call.key, about=about), "sent_to": ", ".join(to)}


def recipients(about: tuple[str, int], whom: str, address: str) -> tuple[str, ...]:
    """Where the mail goes; Conflict with a sentence when nobody can be reached."""
    if whom == ADDRESS:
        if "@" not in address:
            raise Conflict(_("The step names no e-mail address; found “%(text)s”.", text=address[:100]))
        return (address.strip(),)
    record = get(*about)
    if whom == OWNER:
        owner_id = record.link_id("owner")
        owner = find(USER, owner_id) if owner_id is not None else None
        if owner is None or not owner.get("email"):
            raise Conflict(_("“%(name)s” has no owner to write to.", name=record.title))
        return (str(owner.get("email")),)
    found = services.find(INQUIRIES).addresses(about, "mail")[:1] or _addresses_of(record)
    if not found:
        raise Conflict(_("No e-mail address is known of the customer of “%(name)s”.", name=record.title))
    return tuple(found)


def _addresses_of(record: Any, deep: bool = True) -> tuple[str, ...]:
    """The first address in a record, or in the customer that it names."""
    if record.get("email"):
        return (str(record.get("email")),)
    for name in _LINKS if deep else ():
        one = record.type.fields.get(name)
        linked = record.link_id(name) if one is not None else None
        target = find(one.field.to, linked) if linked is not None else None
        if target is not None and (found := _addresses_of(target, deep=False)):
            return found
    return ()


def texts(about: tuple[str, int], values: Mapping[str, Any]) -> tuple[str, str]:
    """(subject, text) of a step: those of its template, filled in; what the step itself says goes first."""
    subject, text = str(values.get("subject") or ""), str(values.get("body") or "")
    template_id = values.get("template")
    if template_id:
        from kumiko import record_values, render_text  # local: only steps with a template draw texts

        template = get(TEMPLATE, int(template_id))
        language = template.get("language") or ""
        known = record_values(*about)
        subject = subject or render_text(template.get("subject") or "", known, language=language).text
        text = text or render_text(template.get("body") or "", known, language=language).text
    if not text.strip():
        raise Conflict(_("The mail has no text: choose a template, or write one in the step."))
    return " ".join(subject.split())[:300], text


def describe(values: Mapping[str, Any]) -> str:
    """A step as a sentence."""
    words = {OWNER: _("the owner"), ADDRESS: str(values.get("address") or _("an address"))}
    whom = words.get(str(values.get("to")), _("the customer"))
    subject = str(values.get("subject") or "")
    if subject:
        return str(_("Send the mail “%(subject)s” to %(whom)s", subject=subject, whom=whom))
    return str(_("Send a mail to %(whom)s", whom=whom))


ACTIONS = [
    ActionType(
        key="integrations.send_mail", label=_l("Send a mail"), run=run, icon="mail-forward", describe=describe,
        recallable=False,
        fields=(
            Field(name="to", kind="choice", label=_l("To"), required=True, default=CUSTOMER, choices=(
                Choice(key=CUSTOMER, label=_l("The customer")), Choice(key=OWNER, label=_l("The owner of the record")),
                Choice(key=ADDRESS, label=_l("An address")),
            )),
            Field(name="address", kind="text", label=_l("Address"), help=_l("When it goes to an address.")),
            Field(name="template", kind="link", to=TEMPLATE, label=_l("Template")),
            Field(name="subject", kind="text", label=_l("Subject"), help=_l("Empty: that of the template.")),
            Field(name="body", kind="longtext", label=_l("Text"), help=_l("Empty: that of the template.")),
            Field(name="attachment", kind="text", label=_l("Attachment"),
                  help=_l("Number of a file, usually made by an earlier step.")),
        ),
        results={
            "message_id": _l("Message in the conversation"), "outbox_id": _l("Item of the outbox"),
            "sent_to": _l("Recipients"),
        },
    ),
]  # fmt: skip
