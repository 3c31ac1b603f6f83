"""Sample holidays, and an absence of a sample seller next week, with a deputy."""

from __future__ import annotations

from datetime import date, timedelta

from kumiko.access.models import USER
from kumiko.calendar.models import ABSENCE, HOLIDAY
from kumiko.calendar.services import working_calendar
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.days import company_today
from kumiko.records.queries import all_ids


def make() -> None:
    """Make them, inside the caller's unit."""
    today = company_today()
    known = {(1, 1): _("New Year's Day"), (12, 25): _("Christmas Day"), (12, 26): _("Second day of Christmas")}
    for year in (today.year, today.year + 1):
        for (month, day), name in known.items():
            if not _is_holiday(date(year, month, day)):
                service.create(HOLIDAY, {"name": name, "on": date(year, month, day).isoformat()})
    people = [service.get(USER, user_id) for user_id in all_ids(catalogue().get(USER))]
    sellers = [one for one in people if one.get("active") and "seller" in (one.get("roles") or ())]
    if len(sellers) > 1:
        monday = today + timedelta(days=7 - today.weekday())
        values = {"from_on": monday.isoformat(), "until_on": (monday + timedelta(days=4)).isoformat()}
        away, deputy = sellers[-1], sellers[-2]
        service.create(
            ABSENCE, {**values, "person_away": away.id, "deputy": deputy.id, "note": _("Holiday with family")}
        )


def _is_holiday(day: date) -> bool:
    return day in working_calendar().holidays
