"""Panels on the cards of others: open deals of a customer, writing to customers, what waits on the start page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from kumiko import Panel, company_today, principal
from kumiko import lazy_gettext as _l
from kumiko_contracts.deals import DEAL
from kumiko_contracts.inquiries import INQUIRY, LEAD, WAITING
from kumiko_deals import deciding, mail_way, queries
from kumiko_deals.models import OPEN

SHOWN = 4000


def _loader(column: str) -> Callable[[Any], Mapping[str, Any] | None]:
    def load(record: Any) -> Mapping[str, Any] | None:
        deals, sums, count = queries.open_deals_of(column, record.id)
        return {"deals": deals, "sums": sums, "count": count, "more": count - len(deals)}

    return load


def _inquiry_text(record: Any) -> Mapping[str, Any] | None:
    """The words of an inquiry, and while it waits who it may be from."""
    body = record.get("body") or ""
    waiting = record.get("state") == WAITING
    if not body and not waiting:
        return None
    return {"lines": body[:SHOWN].splitlines(), "more": len(body) > SHOWN,
            "proposals": deciding.proposals(record) if waiting else ""}  # fmt: skip


def _whose(type_key: str) -> int | None:
    """Whose work the start page shows: of those who see their own alone theirs, else (None) all that they see."""
    person = principal()
    return person.user_id if person.level(type_key, "read") == "own" else None


def _unanswered(_record: Any) -> Mapping[str, Any] | None:
    """Inquiries that wait and leads without a first answer, the most urgent first; stays away when there are none."""
    waiting = queries.waiting_inquiries() if principal().level(INQUIRY, "read") != "none" else 0
    if principal().level(LEAD, "read") == "none":
        return {"leads": [], "late": 0, "waiting": waiting} if waiting else None
    found, late = queries.unanswered_leads(_whose(LEAD))
    return {"leads": found, "late": late, "waiting": waiting} if found or late or waiting else None


def _stalled(_record: Any) -> Mapping[str, Any] | None:
    """Open deals without a next step, or with one whose day has passed; stays away when there are none."""
    if principal().level(DEAL, "read") == "none":
        return None
    whose = _whose(DEAL)
    found, count = queries.stalled_deals(whose, company_today())
    late: dict[str, Any] = {
        "or": [
            {"f": "next_step_on", "op": "lt", "v": "today"},
            {"f": "next_step_on", "op": "empty"},
            {"f": "next_step", "op": "empty"},
        ]
    }
    own = [{"f": "owner", "op": "eq", "v": "me"}] if whose is not None else []
    node = {"and": [{"f": "outcome", "op": "eq", "v": OPEN}, late, *own]}
    return {"deals": found, "count": count, "href": f"/deals?filter={quote(json.dumps(node))}"} if found else None


PANELS = [
    Panel(
        slot="record.parties.organization.aside", key="deals_of_organization", title=_l("Open deals"),
        template="deals/open_deals.html", load=_loader("organization_id"), order=20,
        feature="open_deals",
    ),
    Panel(
        slot="record.parties.person.aside", key="deals_of_person", title=_l("Open deals"),
        template="deals/open_deals.html", load=_loader("person_id"), order=20,
        feature="open_deals",
    ),
    Panel(
        slot="record.inquiries.inquiry.aside", key="inquiry_text", title=_l("What was written"),
        template="deals/inquiry_text.html", load=_inquiry_text, order=5,
    ),
    Panel(
        slot="start.widgets", key="unanswered", title=_l("Waiting for an answer"),
        template="deals/unanswered.html", load=_unanswered, order=15,
    ),
    Panel(
        slot="start.widgets", key="stalled", title=_l("Deals that need a step"), template="deals/stalled.html",
        load=_stalled, order=20,
    ),
    *mail_way.PANELS,
]  # fmt: skip
