"""The first time a person answered a lead: kept with it, so that response times are counted and never guessed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from kumiko import Conflict, as_system, find, update, working_minutes
from kumiko_contracts.inquiries import LEAD
from kumiko_deals.keeping import keeping


def note_response(lead_id: int | None, at: datetime | None) -> None:
    """A person got in touch with a lead at this moment; only the first time counts, and never before it came in."""
    if lead_id is None or at is None:
        return
    with as_system("that a lead was answered is kept whoever answered"), keeping():
        lead = find(LEAD, lead_id)
        if lead is None or lead.get("first_responded_at") is not None or at < lead.get("created_at"):
            return
        due = lead.get("first_response_due_at")
        values: dict[str, Any] = {
            "first_responded_at": at,
            "first_response_min": minutes(lead.get("created_at"), at),
            "answered_late": due is not None and at > due,
        }
        if lead.get("status") == "new":
            values["status"] = "contacted"
        update(LEAD, lead_id, values)


def withdraw_response(lead_id: int | None, at: datetime | None) -> None:
    """What counted as the first answer, at this moment, did not reach the lead: it still waits for one."""
    if lead_id is None or at is None:
        return
    with as_system("that a lead was answered is kept whoever answered"), keeping():
        lead = find(LEAD, lead_id)
        if lead is not None and lead.get("first_responded_at") == at:
            empty = ("first_responded_at", "first_response_min", "answered_late")
            status = {"status": "new"} if lead.get("status") == "contacted" else {}
            update(LEAD, lead_id, {**dict.fromkeys(empty), **status})


def minutes(start: datetime, end: datetime) -> int | None:
    """Working minutes between two moments; None while the company has no working time."""
    try:
        return working_minutes(start, end)
    except Conflict:
        return None
