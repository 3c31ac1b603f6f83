"""Sentences about times, for notices; in the company's zone, since a notice is one text for whoever reads it."""

from __future__ import annotations

from datetime import datetime

from kumiko import company_today, company_zone
from kumiko import gettext as _


def reminder(name: str, at: datetime, *, whole_day: bool) -> str:
    """ "10:30: Call Anna Weber", with the day when it is not today."""
    here = at.astimezone(company_zone())
    is_today = here.date() == company_today()
    if whole_day:
        return str(_("Today: %(what)s", what=name) if is_today else _("%(day)s: %(what)s", day=here.date(), what=name))
    when = here.strftime("%H:%M") if is_today else here.strftime("%Y-%m-%d %H:%M")
    return str(_("%(when)s: %(what)s", when=when, what=name))
