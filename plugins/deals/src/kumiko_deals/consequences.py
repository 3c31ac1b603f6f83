"""What follows from a deal's outcome, whichever way it came about: the fact is stated, the customer becomes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kumiko import Draft, emit, services
from kumiko_contracts.deals import DEAL_LOST, DEAL_REOPENED, DEAL_WON
from kumiko_deals.models import LOST, OPEN, WON
from kumiko_deals.responses import note_response
from kumiko_deals.rules import is_sample

_EVENTS = {WON: DEAL_WON, LOST: DEAL_LOST, OPEN: DEAL_REOPENED}


def after_deals(drafts: Sequence[Draft]) -> None:
    """State what became of these deals, once each. History that is brought in, and undo, state nothing."""
    for draft in drafts:
        before, now = draft.before("outcome") or OPEN, draft.get("outcome") or OPEN
        if now == before or draft.replaying or draft.action not in ("created", "changed") or is_sample():
            continue
        emit(_EVENTS[now], draft, _facts(draft, now))
        if now == WON:
            services.get("parties/1").note_customer(
                person_id=draft.get("person"), organization_id=draft.get("organization"), since=draft.get("closed_on")
            )


def after_interactions(drafts: Sequence[Draft]) -> None:
    """A call or mail to a lead that somebody wrote down is its first answer, too."""
    for draft in drafts:
        if draft.action != "created" or draft.replaying or is_sample():
            continue
        if draft.get("lead") is not None and draft.get("direction") == "out" and draft.get("kind") != "note":
            note_response(draft.get("lead"), draft.get("started_at"))


def _facts(draft: Draft, outcome: str) -> dict[str, Any]:
    closed_on, amount = draft.get("closed_on"), draft.get("amount")
    facts: dict[str, Any] = {
        "closed_on": closed_on.isoformat() if closed_on else None,
        "amount": amount.as_json() if amount is not None else None,
        "owner_id": draft.get("owner"),
        "person_id": draft.get("person"),
        "organization_id": draft.get("organization"),
    }
    if outcome == LOST:
        facts |= {"lost_reason_id": draft.get("lost_reason"), "competitor": draft.get("competitor") or ""}
    return facts
