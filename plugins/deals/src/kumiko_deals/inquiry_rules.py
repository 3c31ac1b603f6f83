"""Rules of inquiries: received once, kept as they came, and always in exactly one of four states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kumiko import Draft, emit, utc_now
from kumiko import gettext as _
from kumiko_contracts.inquiries import BECAME_LEAD, INQUIRY_RECEIVED, JOINED, REJECTED, WAITING
from kumiko_deals import queries, receipts, texts
from kumiko_deals.keeping import guard_kept, is_keeping
from kumiko_deals.rules import is_sample

#: As it came in. Only erasure of personal data may change any of this.
AS_RECEIVED = (
    "received_at", "channel", "account", "item_id", "sender_name", "sender_email", "sender_phone",
    "sender_organization", "sender_handle", "body", "raw", "language", "source", "campaign",
    "utm_source", "utm_medium", "utm_term", "utm_content", "landing_page", "referrer",
)  # fmt: skip
KEPT = ("state", "lead", "conversation", "remark", "reject_reason")
SENDER = ("sender_email", "sender_phone", "sender_handle")


def prepare_inquiry(draft: Draft) -> None:
    """See the module: defaults of a new one, nothing else of an old one than what it was taken for."""
    if draft.action == "deleted":
        return
    if draft.is_new:
        _complete(draft)
    else:
        for name in AS_RECEIVED:
            if draft.changes(name):
                draft.refuse(name, _("An inquiry stays as it was received; this cannot be changed."))
    is_waiting = draft.is_new and draft.get("state") == WAITING
    guard_kept(
        draft, KEPT[1:] if is_waiting else KEPT,
        _("This follows from the actions make lead, join, reject and reopen, such as POST /inquiries/ID/reject."),
    )  # fmt: skip
    _check_state(draft)
    if draft.is_new and not draft.replaying and not draft.errors and not is_keeping():
        item = draft.get("item_id")
        if item and not receipts.claim(draft.get("account"), item):
            draft.refuse("external_id", _("“%(item)s” has been received before; it is not taken in twice.", item=item))


def _complete(draft: Draft) -> None:
    for name in SENDER:
        if draft.get(name):
            draft.set(name, draft.get(name).strip())
    if draft.get("received_at") is None:
        draft.set("received_at", utc_now())
    if draft.get("channel") is None:
        draft.set("channel", "api" if draft.via == "api" else "manual")
    if draft.get("source") is None and not draft.replaying:  # as for what connectors bring
        source = queries.source_for(draft.get("utm_source") or "", draft.get("channel"))
        draft.set("source", source.id if source is not None else None)
    if draft.get("state") is None:
        draft.set("state", WAITING)
    if not draft.get("account"):
        draft.set("account", draft.get("channel"))
    outside = (draft.values.get("external_ids") or {}).get("")
    if outside and not draft.get("item_id"):
        draft.set("item_id", outside)
    if not draft.get("name"):
        sender = next((draft.get(name) for name in ("sender_name", *SENDER) if draft.get(name)), "")
        draft.set("name", texts.title_of(draft.get("body") or "", sender))
    if not draft.get("name"):
        draft.refuse("body", _("Say who asked or what for: a text, a name, an e-mail or a phone."))
    sender = next((draft.get(name) for name in SENDER if draft.get(name)), "")
    draft.set("fingerprint", texts.fingerprint(sender, draft.get("body") or ""))


def _check_state(draft: Draft) -> None:
    """Whoever writes it: each state says the same of every inquiry, or the counters would not add up."""
    state = draft.get("state")
    if state == REJECTED and not draft.get("reject_reason"):
        draft.refuse("reject_reason", _("Say why it is rejected."))
    if state == BECAME_LEAD and draft.get("lead") is None:
        draft.refuse("lead", _("An inquiry that became a lead names the lead."))
    if state == JOINED and all(draft.get(name) is None for name in ("lead", "person", "organization", "conversation")):
        draft.refuse("person", _("An inquiry that joined a customer names the customer."))
    if state in (WAITING, REJECTED) and draft.get("lead") is not None:
        draft.refuse("lead", _("Only an inquiry that became a lead, or joined one, names it."))


def after_inquiries(drafts: Sequence[Draft]) -> None:
    """What was typed in or sent to the API is interpreted; that something came in is stated once."""
    from kumiko_deals import interpreting  # local: it writes records, and records are declared before

    for draft in drafts:
        if draft.action != "created" or draft.replaying or is_sample():
            continue
        said = interpreting.interpret(draft) if draft.get("state") == WAITING and not is_keeping() else draft.get
        emit(INQUIRY_RECEIVED, draft, facts(said, draft.get("channel")))


def facts(said: Any, channel: str | None) -> dict[str, Any]:
    """Payload of the fact that an inquiry was received; `said(name)` gives a field."""
    return {
        "channel": channel,
        "lead_id": said("lead"),
        "person_id": said("person"),
        "organization_id": said("organization"),
        "owner_id": said("owner"),
        "state": said("state"),
        "conversation_id": said("conversation"),
    }
