"""Rules of assignment as records: checked when they are written. Remarks on the board of leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kumiko import Badge, Draft, Invalid, utc_now
from kumiko import gettext as _
from kumiko_deals import conditions
from kumiko_deals.assigning import USER


def prepare_rule(draft: Draft) -> None:
    """A rule names who gets it, and its filter is one."""
    if draft.action == "deleted":
        return
    for name, usual in (("position", 100), ("active", True), ("way", "round_robin")):
        if draft.get(name) is None:
            draft.set(name, usual)
    if draft.get("way") == USER and draft.get("user") is None:
        draft.guard("user", _("Say who always gets it."))
    if draft.changes("condition") and not draft.replaying:
        try:
            draft.set("condition", conditions.check(draft.get("condition")))
        except Invalid as fault:
            errors: Mapping[str, Sequence[str]] = getattr(fault, "errors", {})
            sentences = [sentence for lines in errors.values() for sentence in lines]
            draft.refuse("condition", " ".join(sentences) or fault.message)


def badges(rows: Any) -> Mapping[int, tuple[Badge, ...]]:
    """Which leads on the board have waited too long for their first answer."""
    now, found = utc_now(), {}
    for row in rows:
        due = row.get("first_response_due_at")
        if due is not None and due < now and row.get("status") == "new":
            found[row.id] = (Badge(text=_("answer overdue"), tone="error", icon="alert-circle"),)
    return found
