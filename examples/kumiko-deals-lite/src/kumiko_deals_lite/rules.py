"""Rules of deals and interactions, and what follows from an outcome."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from sqlalchemy import select

from kumiko import Draft, company_today, emit, services, session, utc_now
from kumiko import gettext as _
from kumiko_contracts.deals import DEAL_LOST, DEAL_REOPENED, DEAL_WON, LOST, OPEN, WON
from kumiko_deals_lite.models import Opportunity

#: On a draft whose outcome was decided within another change.
DECIDED = "deals-lite.decided"
#: Set while one of the actions writes the outcome.
deciding: ContextVar[bool] = ContextVar("kumiko_deals_lite_deciding", default=False)
_FACTS = {WON: DEAL_WON, LOST: DEAL_LOST, OPEN: DEAL_REOPENED}


def prepare_deal(draft: Draft) -> None:
    """The outcome changes by the actions only; a closed deal has a day, a lost one a reason."""
    if draft.action == "deleted":
        return
    if draft.get("outcome") is None:
        draft.set("outcome", OPEN)
    if draft.is_new and draft.get("opened_on") is None and not draft.replaying:
        draft.set("opened_on", company_today())
    before, now = draft.before("outcome") or OPEN, draft.get("outcome")
    if now != before and not (draft.replaying or deciding.get() or DECIDED in draft.marks):
        draft.refuse("outcome", _("The outcome is changed by the actions win, lose and reopen."))
    elif draft.changes("outcome", "closed_on", "lost_reason"):
        _check_closing(draft, now)


def _check_closing(draft: Draft, outcome: str) -> None:
    closed_on, reason = draft.get("closed_on"), draft.get("lost_reason")
    if outcome == LOST and reason is None:
        draft.guard("lost_reason", _("Say why the deal was lost: choose a reason."))
    if outcome != LOST and reason is not None:
        draft.guard("lost_reason", _("Only a lost deal has a reason for it."))
    if outcome == OPEN and closed_on is not None:
        draft.guard("closed_on", _("An open deal has no closing day."))
    if outcome != OPEN and closed_on is None:
        draft.guard("closed_on", _("A closed deal needs the day it was closed on."))
    if closed_on is not None and closed_on > company_today():
        draft.guard("closed_on", _("A deal cannot be closed in the future; found %(day)s.", day=closed_on))


def after_deals(drafts: Sequence[Draft]) -> None:
    """State what became of these deals; who bought is a customer."""
    for draft in drafts:
        before, now = draft.before("outcome") or OPEN, draft.get("outcome") or OPEN
        if now == before or draft.replaying or draft.action not in ("created", "changed"):
            continue
        closed_on, amount = draft.get("closed_on"), draft.get("amount")
        person, organization = draft.get("person"), draft.get("organization")
        facts: dict[str, Any] = {
            "closed_on": closed_on.isoformat() if closed_on else None,
            "amount": amount.as_json() if amount is not None else None,
            "owner_id": draft.get("owner"),
            "person_id": person,
            "organization_id": organization,
        }
        if now == LOST:
            facts |= {"lost_reason_id": draft.get("lost_reason"), "competitor": draft.get("competitor") or ""}
        emit(_FACTS[now], draft, facts)
        if now == WON:
            services.get("parties/1").note_customer(person_id=person, organization_id=organization, since=closed_on)


def prepare_interaction(draft: Draft) -> None:
    """A subject from the text; the customer of the deal."""
    if draft.action == "deleted":
        return
    for name, default in (("kind", "note"), ("direction", "none"), ("started_at", utc_now())):
        if draft.get(name) is None:
            draft.set(name, default)
    if draft.via == "undo":
        return
    if not draft.get("name"):
        line = next((line.strip() for line in (draft.get("body") or "").splitlines() if line.strip()), "")
        if line:
            draft.set("name", line[:80])
        else:
            draft.refuse("body", _("Write something, or give a subject."))
    deal_id = draft.values.get("deal")
    if deal_id is not None and draft.get("person") is None and draft.get("organization") is None:
        query = select(Opportunity.person_id, Opportunity.organization_id).where(Opportunity.id == deal_id)
        for name, value in zip(("person", "organization"), session().execute(query).first() or (), strict=False):
            draft.set(name, value)
