"""What is true of shared records and reports by mail, whoever writes them."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from kumiko import company_zone, utc_now
from kumiko import gettext as _
from kumiko_analytics.periods import next_period, start_of


def prepare_dashboard(draft: Any) -> None:
    """What is shared with a team has one."""
    if draft.action not in ("created", "changed"):
        return
    if draft.get("sharing") == "team" and draft.get("team") is None:
        draft.guard("sharing", _("Nobody would see it: it belongs to no team. Choose a team, or another way to share."))


def prepare_subscription(draft: Any) -> None:
    """It sends one report or one dashboard, to somebody, and knows when next."""
    if draft.action not in ("created", "changed"):
        return
    given = [name for name in ("report", "dashboard") if draft.get(name) is not None]
    if len(given) != 1:
        draft.guard("report", _("Choose what is sent: a report, or a dashboard; one of them."))
    if draft.get("condition") == "above":
        if draft.get("threshold") is None:
            draft.guard("threshold", _("Give the number above which it is sent."))
        if draft.get("dashboard") is not None:
            draft.guard("condition", _("A dashboard has no first total; choose another condition."))
    if draft.is_new or draft.changes("schedule") or draft.changes("hour") or draft.changes("active"):
        active = draft.get("active") is not False
        draft.set("next_at", next_time(draft.get("schedule"), draft.get("hour"), utc_now()) if active else None)


def next_time(schedule: str | None, hour: int | None, after: datetime) -> datetime:
    """The next moment at which a schedule is due, by the company's clock."""
    zone = company_zone()
    day: date = after.astimezone(zone).date()
    unit = {"daily": "day", "weekly": "week", "monthly": "month"}.get(schedule or "", "week")
    first = start_of(day, unit)
    while True:
        found = datetime.combine(first, time(hour if hour is not None else 7), zone)
        if found > after:
            return found
        first = next_period(first, unit) if unit != "day" else first + timedelta(days=1)
