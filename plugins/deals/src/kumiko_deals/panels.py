"""Panels on the cards of others: the open deals of a customer, and writing to customers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko import Panel, principal
from kumiko import lazy_gettext as _l
from kumiko_contracts.inquiries import WAITING
from kumiko_deals import deciding, mail_way, queries

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


def _unanswered(_record: Any) -> Mapping[str, Any] | None:
    """Own leads without a first answer, the most urgent first; stays away when there are none."""
    found, late = queries.unanswered_leads(principal().user_id)
    return {"leads": found, "late": late} if found or late else None


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
        slot="start.widgets", key="unanswered", title=_l("Leads that wait for an answer"),
        template="deals/unanswered.html", load=_unanswered, order=15,
    ),
    *mail_way.PANELS,
]  # fmt: skip
