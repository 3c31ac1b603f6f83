"""Rules of leads: where they came from is written once, actions decide what no hand writes; a score of parts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from kumiko import (
    Conflict,
    Draft,
    add_working_minutes,
    as_system,
    emit,
    session,
    settings_of,
    unscoped,
    update,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.inquiries import CONVERSATION, INQUIRY, LEAD_CREATED
from kumiko_deals.conversation_models import Conversation
from kumiko_deals.inquiry_models import Inquiry
from kumiko_deals.keeping import guard_kept, keeping, write_once
from kumiko_deals.rules import is_sample

FIRST_TOUCH = (
    "channel", "source", "campaign", "utm_source", "utm_medium", "utm_term", "utm_content", "landing_page", "referrer",
)  # fmt: skip
KEPT = (
    "deal", "converted_at", "first_responded_at", "first_response_min", "answered_late", "assigned_by", "assignment",
    "inquiry",
)  # fmt: skip
CONVERTED, UNQUALIFIED = "converted", "unqualified"
FREE_MAIL = frozenset(
    ("gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de", "gmx.net",
     "web.de", "proton.me", "aol.com", "live.com", "t-online.de")
)  # fmt: skip
LONG_TEXT = 80


def prepare_lead(draft: Draft) -> None:
    """Name from the contact, first touch once, status by actions, due by the working calendar, score."""
    if draft.action == "deleted":
        return
    if draft.get("status") is None:
        draft.set("status", "new")
    if draft.get("contact_email"):
        draft.set("contact_email", draft.get("contact_email").lower())
    if not draft.get("name"):
        names = ("contact_name", "organization_name", "contact_email", "contact_phone")
        draft.set("name", next((draft.get(name) for name in names if draft.get(name)), None))
    write_once(draft, FIRST_TOUCH)
    guard_kept(draft, KEPT, _("This is kept by the module itself; leave it out."))
    _check_status(draft)
    if draft.is_new and not draft.replaying and draft.get("first_response_due_at") is None:
        draft.set("first_response_due_at", due_at())
    score, parts = score_of(draft.get)
    for name, value in (("score", score), ("score_parts", parts)):
        if draft.before(name) != value:
            draft.set(name, value)
        else:
            draft.values.pop(name, None)


def _check_status(draft: Draft) -> None:
    status, before = draft.get("status"), draft.before("status") or "new"
    if status != before:
        if CONVERTED in (status, before):
            guard_kept(
                draft, ("status",), _("A lead is converted by the action convert, such as POST /leads/ID/convert.")
            )
        elif status == UNQUALIFIED and not draft.get("disqualify_reason"):
            draft.guard("disqualify_reason", _("Say why: use the action disqualify."))
    if status not in (UNQUALIFIED, None) and draft.get("disqualify_reason") and not draft.replaying:
        draft.set("disqualify_reason", None)


def due_at() -> Any:
    """When somebody must have answered a lead that is made now; None while the company has no working time."""
    try:
        return add_working_minutes(utc_now(), int(settings_of("deals").get("first_response_min") or 30))
    except Conflict:
        return None


def score_of(said: Any) -> tuple[int, str]:
    """How promising a lead looks, 0 to 100, and the parts it is the sum of."""
    domain = (said("contact_email") or "").rpartition("@")[2]
    parts = (
        (20, bool(domain), _("e-mail")),
        (20, bool(said("contact_phone")), _("phone")),
        (20, bool(said("organization_name")) or said("organization") is not None, _("organization")),
        (15, bool(domain) and domain not in FREE_MAIL, _("business address")),
        (15, len(said("description") or "") >= LONG_TEXT, _("says what it is about")),
        (10, bool(said("campaign")), _("came by a campaign")),
    )
    counted = [(points, word) for points, holds, word in parts if holds]
    return sum(points for points, _word in counted), ", ".join(f"{word} +{points}" for points, word in counted)


def after_leads(drafts: Sequence[Draft]) -> None:
    """A new lead is stated once; who gets a lead gets its conversations and inquiries."""
    for draft in drafts:
        if draft.replaying or is_sample():
            continue
        if draft.action == "created":
            emit(
                LEAD_CREATED, draft,
                {
                    "channel": draft.get("channel"), "lead_id": draft.record_id, "person_id": draft.get("person"),
                    "organization_id": draft.get("organization"), "owner_id": draft.get("owner"),
                    "inquiry_id": draft.get("inquiry"),
                },
            )  # fmt: skip
        elif draft.action == "changed" and draft.changes("owner"):
            _hand_on(draft)


def _hand_on(draft: Draft) -> None:
    """Conversations and inquiries that had the lead's former owner follow it."""
    before, where = draft.before("owner"), {"owner": draft.get("owner"), "team": draft.get("team")}
    with unscoped("what hangs on a lead goes with it"):
        found = [
            (type_key, record_id)
            for type_key, model in ((CONVERSATION, Conversation), (INQUIRY, Inquiry))
            for record_id in session().execute(
                select(model.id).where(
                    model.lead_id == draft.record_id, model.deleted_at.is_(None),
                    model.owner_id.is_(None) if before is None else model.owner_id == before,
                )
            ).scalars()
        ]  # fmt: skip
    with as_system("what hangs on a lead goes with it"), keeping():
        for type_key, record_id in found:
            update(type_key, record_id, where)
