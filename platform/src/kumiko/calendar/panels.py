"""The panel of the start page: who is away, known to everybody; the notes stay with those who may see the absences."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.access.models import User
from kumiko.calendar.models import absences
from kumiko.host.columns import table_of
from kumiko.host.declarations import Panel
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.host.scoping import trusted
from kumiko.records.days import company_today

SHOWN, DAYS_AHEAD = 8, 14

_user = table_of(User)
_deputy = _user.alias("deputy")
_SOON = (
    select(
        _user.c.name, absences.c.from_on, absences.c.until_on, _deputy.c.name.label("deputy"),
        (absences.c.from_on <= bindparam("today")).label("is_now"),
    )
    .select_from(
        absences.join(_user, _user.c.id == absences.c.person_away_id).outerjoin(
            _deputy, _deputy.c.id == absences.c.deputy_id
        )
    )
    .where(
        absences.c.deleted_at.is_(None), absences.c.until_on >= bindparam("today"),
        absences.c.from_on <= bindparam("soon"), _user.c.active.is_(True), _user.c.deleted_at.is_(None),
    )
    .order_by(absences.c.from_on, _user.c.name)
    .limit(SHOWN)
)  # fmt: skip


def load_away(_record: Any) -> Mapping[str, Any] | None:
    """Who is away today or within two weeks; None when nobody is."""
    today = company_today()
    people = trusted(_SOON, {"today": today, "soon": today + timedelta(days=DAYS_AHEAD)}).all()
    return {"people": people} if people else None


PANELS = [
    Panel(
        slot="start.widgets", key="away", title=_l("Who is away"), template="calendar/away.html", load=load_away,
        order=90,
    )
]  # fmt: skip
