"""Days: a date has no time zone, so "today" is the company's, and never shifts with the reader."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

from kumiko.host import settings
from kumiko.host.columns import utc_now


def company_zone() -> ZoneInfo:
    """The company's time zone; UTC while the setting names none that this machine knows."""
    try:
        return ZoneInfo(str(settings.get("host.zone") or "UTC"))
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def company_today() -> date:
    """Today's date where the company is."""
    return utc_now().astimezone(company_zone()).date()


def company_day(moment: datetime) -> date:
    """The date of a moment where the company is."""
    return moment.astimezone(company_zone()).date()
