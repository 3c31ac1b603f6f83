"""Remarks on cards of the board of tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko import Badge, company_today
from kumiko import gettext as _
from kumiko_tasks.models import OPEN_STATES


def badges(rows: Any) -> Mapping[int, tuple[Badge, ...]]:
    """Which of the shown tasks are overdue, or due today."""
    today = company_today()
    found: dict[int, tuple[Badge, ...]] = {}
    for row in rows:
        due_on = row.values.get("due_on")
        if due_on is None or row.lane not in OPEN_STATES or due_on > today:
            continue
        is_late = due_on < today
        found[row.id] = (
            Badge(text=_("Overdue") if is_late else _("Today"), tone="error" if is_late else "warn", icon="clock"),
        )
    return found
