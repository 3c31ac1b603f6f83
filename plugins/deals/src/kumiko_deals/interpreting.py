"""What becomes of an inquiry: it repeats another, joins who is known, or becomes a lead that somebody is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from kumiko import (
    Draft,
    New,
    as_system,
    company_today,
    create_together,
    current,
    deputy_of,
    new_ids,
    principal,
    send_notice,
    update,
)
from kumiko import gettext as _
from kumiko_contracts.inquiries import BECAME_LEAD, CONVERSATION, INQUIRY, JOINED, LEAD, MESSAGE, WAITING
from kumiko_deals import matching, receipts
from kumiko_deals.assigning import Assignment, assign
from kumiko_deals.inquiry_models import RULE
from kumiko_deals.keeping import keeping
from kumiko_deals.people import find_somebody

USER = "access.user"
#: What a lead takes over from its inquiry, and keeps for ever as its first touch.
FIRST_TOUCH = (
    "channel", "source", "campaign", "utm_source", "utm_medium", "utm_term", "utm_content", "landing_page", "referrer",
    "language",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What becomes of an inquiry. `values`: fields of the inquiry that say so; `records`: what is made with it."""

    values: Mapping[str, Any]
    records: tuple[New, ...] = ()
    notify: tuple[int, str, str, int] | None = None  # user, sentence, type and id of what it is about
    known: Mapping[tuple[str, int], str] = field(default_factory=dict)  # names of what it links, as just read

    def get(self, name: str) -> Any:
        return self.values.get(name)


def judge(
    said: Callable[[str], Any], inquiry_id: int, *, remark: str = "", message: Mapping[str, Any] | None = None,
    owner_id: int | None = None, account: str = "", thread: str = "", ids: Sequence[int] = (),
) -> Judgement:  # fmt: skip
    """What becomes of an inquiry with these fields (`said(name)`); nothing but a turn is written.

    `message`: further fields of the message that holds its text; `owner_id`: who gets it, when that is decided already;
    `ids`: three fresh ones.
    """
    email, phone = (said("sender_email") or "").strip().lower(), said("sender_phone") or ""
    repeated = matching.find_repeated(said("fingerprint"), said("received_at"), inquiry_id)
    if repeated is not None:
        return _repeats(repeated, remark)
    known = matching.recognize(email, phone)
    waits = known is not None and bool(known.candidates)
    new_lead_id, conversation_id, message_id = ids or new_ids(3)
    lead_id = new_lead_id if known is None else known.lead_id
    given = _owner(said, known, owner_id)
    customer = {
        "lead": lead_id,
        "person": known.person_id if known else None,
        "organization": known.organization_id if known else None,
    }
    where = {"owner": given.user_id, "team": given.team_id}
    records: list[New] = []
    if known is None and lead_id is not None:
        records.append(
            New(type_key=LEAD, id=lead_id, values={**_lead(said, email, given), **where, "inquiry": inquiry_id})
        )
    is_said = bool(said("body") or message)
    if is_said:
        places = {**customer, **where}
        records += _talk(said, inquiry_id, conversation_id, message_id, places, message or {}, account, thread)
    remarks = [remark, known.remark if known else "", "" if known else given.why]
    values = {
        "state": WAITING if waits else BECAME_LEAD if known is None else JOINED,
        **customer, **where,
        "conversation": conversation_id if is_said else None,
        "remark": " ".join(one for one in remarks if one)[:500] or None,
    }  # fmt: skip
    names = {(USER, given.user_id or 0): given.name, (RULE, given.rule_id or 0): given.rule}
    return Judgement(
        values=values, records=tuple(records), notify=_notice(said, values, inquiry_id),
        known={key: name for key, name in names.items() if key[1]},
    )  # fmt: skip


def interpret(draft: Draft) -> Callable[[str], Any]:
    """Judge an inquiry that was just written, and write what becomes of it; gives its fields as they are now."""
    own = principal().user_id
    typed = draft.via in ("web", "cli") and draft.get("owner") is not None
    given = draft.get("owner") if typed or draft.get("owner") not in (None, own) else None
    inquiry_id = draft.record_id or 0
    receipts.hold(*(draft.get(name) or "" for name in ("sender_email", "sender_phone", "sender_handle")))
    with as_system("what comes in is joined and given to people whoever brings it"), keeping():
        judged = judge(draft.get, inquiry_id, owner_id=given)
        create_together(judged.records, known=judged.known)
        update(INQUIRY, inquiry_id, judged.values)
        notify(judged)
    return judged.values.get


def notify(judged: Judgement) -> None:
    """Tell whoever got something new, unless it is who acts."""
    if judged.notify is not None:
        user_id, sentence, type_key, record_id = judged.notify
        send_notice(
            user_id, sentence, href=f"/{'leads' if type_key == LEAD else 'inquiries'}/{record_id}", type_key=type_key,
            record_id=record_id, key=f"deals.received:{record_id}",
        )  # fmt: skip


def _notice(said: Callable[[str], Any], values: Mapping[str, Any], inquiry_id: int) -> tuple[int, str, str, int] | None:
    owner_id, actor = values["owner"], current().unit
    if owner_id is None or actor is None:
        return None
    if values["state"] == BECAME_LEAD:
        return owner_id, str(_("New lead: %(name)s", name=said("name"))), LEAD, values["lead"]
    return owner_id, str(_("New inquiry: %(name)s", name=said("name"))), INQUIRY, inquiry_id


def _owner(said: Callable[[str], Any], known: Any, owner_id: int | None) -> Assignment:
    """Who answers for it: the one it was brought to, the customer's owner or who stands in, else who the rules say."""
    wanted = owner_id if owner_id is not None else known.owner_id if known is not None else None
    somebody = find_somebody(wanted)
    if somebody is None:
        return assign({name: said(name) for name in _ASKED})
    if owner_id is None:
        deputy = find_somebody(deputy_of(somebody.id, company_today()))
        if deputy is not None:
            why = _("%(name)s is absent, %(deputy)s stands in", name=somebody.name, deputy=deputy.name)
            return Assignment(why=str(why), user_id=deputy.id, team_id=deputy.team_id, name=deputy.name)
    return Assignment(
        why=str(_("Brought by %(name)s", name=somebody.name)), user_id=somebody.id, team_id=somebody.team_id,
        name=somebody.name,
    )  # fmt: skip


_ASKED = (
    *FIRST_TOUCH, "name", "received_at", "account", "sender_name", "sender_email", "sender_phone",
    "sender_organization", "body",
)  # fmt: skip


def _repeats(first: Any, remark: str) -> Judgement:
    same = _("The same words of the same sender within minutes: joins “%(name)s”.", name=first.name)
    values = {
        "state": JOINED if _has_place(first) else WAITING, "lead": first.lead_id, "person": first.person_id,
        "organization": first.organization_id, "conversation": first.conversation_id, "owner": first.owner_id,
        "team": first.team_id, "remark": " ".join(one for one in (remark, str(same)) if one)[:500],
    }  # fmt: skip
    return Judgement(values=values)


def _has_place(first: Any) -> bool:
    return any((first.lead_id, first.person_id, first.organization_id, first.conversation_id))


def _lead(said: Callable[[str], Any], email: str, given: Assignment) -> dict[str, Any]:
    who = said("sender_name") or said("sender_organization") or email or said("sender_phone") or said("name")
    return {
        "name": who,
        "contact_name": said("sender_name"), "contact_email": email or None, "contact_phone": said("sender_phone"),
        "organization_name": said("sender_organization"), "description": said("body"),
        "assigned_by": given.rule_id, "assignment": given.why,
        **{name: said(name) for name in FIRST_TOUCH},
    }  # fmt: skip


def _talk(
    said: Callable[[str], Any], inquiry_id: int, conversation_id: int, message_id: int, places: Mapping[str, Any],
    message: Mapping[str, Any], account: str, thread: str,
) -> list[New]:  # fmt: skip
    at = said("received_at")
    address = said("sender_email") or said("sender_phone") or said("sender_handle")
    conversation = {
        "name": said("name"), "channel": said("channel"), "account": account or said("account"),
        "thread": thread or None, "participant": address, "inquiry": inquiry_id,
        "first_message_at": at, "last_message_at": at, **places,
    }  # fmt: skip
    first = {
        "name": said("name"), "conversation": conversation_id, "channel": said("channel"), "direction": "in",
        "sender": said("sender_name") or address, "sender_address": address, "body": said("body"),
        "happened_at": at, "received_at": at, "delivery": "received", **message, **places,
    }  # fmt: skip
    return [
        New(type_key=CONVERSATION, id=conversation_id, values=conversation),
        New(type_key=MESSAGE, id=message_id, values=first),
    ]
