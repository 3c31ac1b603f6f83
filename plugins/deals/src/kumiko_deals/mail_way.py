"""Writing to a customer from a card: a way of the composer, beside notes and calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko import Panel
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import CONVERSATION, LEAD
from kumiko_contracts.parties import ORGANIZATION, PERSON
from kumiko_deals import answering

#: Type -> its field with an address; a deal's customer has one of his own, looked up when it is sent.
_ADDRESS = {PERSON: "email", ORGANIZATION: "email", LEAD: "contact_email", CONVERSATION: "participant", DEAL: ""}


def _loader(type_key: str) -> Callable[[Any], Mapping[str, Any] | None]:
    def load(record: Any) -> Mapping[str, Any] | None:
        from flask import request  # local: only processes that draw pages need these

        from kumiko import FieldView

        channel = answering.channel_for(record.get("channel") or "mail") if type_key == CONVERSATION else "mail"
        known = (record.get(_ADDRESS[type_key]) or "") if _ADDRESS[type_key] else ""
        to = known if channel != "mail" or "@" in known else ""

        def write(text: str, form: Any) -> None:
            given = tuple(one.strip() for one in form.get("message.to", "").split(",") if one.strip())
            answering.write_message(
                (type_key, record.id), channel=channel, to=given or ((to,) if to else ()),
                subject=form.get("message.subject", ""), text=text,
            )  # fmt: skip

        typed = request.form if request.method == "POST" else {}
        fields = (
            FieldView(
                "message.to", _("To"), value=typed.get("message.to", to), placeholder=_("The customer's usual address")
            ),
            FieldView(
                "message.subject",
                _("Subject"),
                value=typed.get("message.subject", ""),
                placeholder=_("As it is called so far"),
                max_length=300,
            ),
        )
        is_mail = channel == "mail"
        return {"mute": answering.why_mute(channel), "fields": fields if is_mail else (), "to": to, "write": write}

    return load


PANELS = [
    Panel(
        slot=f"record.{type_key}.composer", key=f"mail_{key}",
        title=_l("Answer") if key == "conversation" else _l("Send mail"),
        template="deals/mail_way.html", load=_loader(type_key), order=10, feature="messages",
    )
    for type_key, key in (
        (CONVERSATION, "conversation"), (LEAD, "lead"), (DEAL, "deal"), (PERSON, "person"),
        (ORGANIZATION, "organization"),
    )
]  # fmt: skip
