"""What makes two leads or two deals the same, and what a merge keeps."""

from __future__ import annotations

from typing import Any

from kumiko import Matching, MatchRule
from kumiko import gettext as _
from kumiko_contracts.parties import PERSON
from kumiko_deals.models import LOST, WON

LEAD = Matching(
    rules=(
        MatchRule(field="contact_email", kind="email"),
        MatchRule(field="contact_phone", kind="phone"),
        MatchRule(field="contact_name", kind="person"),
        MatchRule(field="organization_name", kind="place"),
        MatchRule(field="person", kind="link"),
        MatchRule(field="organization", kind="link"),
    ),
    also=(PERSON,),
    first_touch=(
        "channel", "source", "campaign", "utm_source", "utm_medium", "utm_term", "utm_content", "landing_page",
        "referrer", "language", "inquiry",
    ),
    together=(
        ("status", "disqualify_reason", "converted_at", "deal"),
        ("first_responded_at", "first_response_min", "answered_late"),
        ("assigned_by", "assignment"),
    ),
    keeps=lambda record: str(_("it was converted")) if record.get("status") == "converted" else "",
)  # fmt: skip


def _keeps_deal(record: Any) -> str:
    """A closed deal counts in figures of its month."""
    outcome = record.get("outcome")
    if outcome not in (WON, LOST):
        return ""
    return str(_("it is won, and counts in the revenue") if outcome == WON else _("it is lost, with its reason"))


DEAL = Matching(
    rules=(
        MatchRule(field="name", kind="company", weight=0.5),
        MatchRule(field="organization", kind="link"),
        MatchRule(field="person", kind="link"),
    ),
    first_touch=("source", "campaign"),
    together=(("outcome", "closed_on", "lost_reason"),),
    keeps=_keeps_deal,
)
