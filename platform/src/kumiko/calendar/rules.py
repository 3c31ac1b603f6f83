"""Rules of holidays and absences: one holiday a day, nobody away twice at once, who writes down whose absence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from kumiko.access.models import User
from kumiko.calendar.models import ABSENCE, absences, holidays
from kumiko.calendar.services import forget_absences
from kumiko.host import revision
from kumiko.host.columns import table_of
from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import rights
from kumiko.records.catalogue import catalogue
from kumiko.records.drafts import Draft

_user = table_of(User)
_PEOPLE = select(_user.c.id, _user.c.name, _user.c.team_id, _user.c.active).where(
    _user.c.id.in_(bindparam("ids", expanding=True))
)
_SAME_DAY = select(holidays.c.id, holidays.c.name).where(
    holidays.c.on == bindparam("day"), holidays.c.deleted_at.is_(None)
)
_OVERLAPPING = (
    select(absences.c.id, absences.c.from_on, absences.c.until_on)
    .where(
        absences.c.person_away_id == bindparam("person"),
        absences.c.until_on >= bindparam("from_on"),
        absences.c.from_on <= bindparam("until_on"),
        absences.c.deleted_at.is_(None),
    )
    .order_by(absences.c.from_on)
)


def prepare_holiday(draft: Draft) -> None:
    """Each day is a holiday once."""
    day = draft.get("on")
    if draft.action == "deleted" or day is None or not (draft.changes("on") or draft.action == "restored"):
        return
    for other in trusted(_SAME_DAY, {"day": day}):
        if other.id != draft.record_id:
            draft.guard("on", _("%(day)s is a holiday already: %(name)s", day=day.isoformat(), name=other.name))


def after_holidays(drafts: Sequence[Draft]) -> None:
    """Tell every process to read the holidays again."""
    revision.bump("catalogue")


def prepare_absence(draft: Draft) -> None:
    """Who is away owns the absence, so it is seen by them and by the heads of their team; name and team follow."""
    if draft.action == "deleted":
        return
    from_on, until_on, person_id = draft.get("from_on"), draft.get("until_on"), draft.get("person_away")
    if from_on and until_on and until_on < from_on:
        draft.refuse("until_on", _("The last day (%(until)s) comes before the first (%(begin)s).",
                                   until=until_on.isoformat(), begin=from_on.isoformat()))  # fmt: skip
        return
    if person_id is None or from_on is None or until_on is None:
        return  # what is needed is said by the fields
    deputy_id = draft.get("deputy")
    people = {row.id: row for row in trusted(_PEOPLE, {"ids": [person_id, deputy_id or person_id]})}
    person, deputy = people.get(person_id), people.get(deputy_id or 0)
    if person is None:
        return
    if draft.is_new or draft.changes("person_away"):
        _check_whose(draft, person)
        draft.set("team", person.team_id)
    draft.set("owner", person_id)
    draft.set("name", f"{person.name}, {from_on.isoformat()} – {until_on.isoformat()}")
    if deputy_id == person_id:
        draft.guard("deputy", _("Nobody stands in for themselves; choose somebody else, or leave it empty."))
    elif deputy is not None and not deputy.active and draft.changes("deputy"):
        draft.guard("deputy", _("%(name)s is not active and cannot stand in; choose somebody else.", name=deputy.name))
    if draft.changes("person_away", "from_on", "until_on") or draft.action == "restored":
        _refuse_twice(draft, person)


def after_absences(drafts: Sequence[Draft]) -> None:
    forget_absences()


def _check_whose(draft: Draft, person: Any) -> None:
    """A level of rights to change says whose absences somebody may write down: all, those of the team, the own."""
    who = principal()
    if person.id == who.user_id:
        return
    level = rights.level(catalogue().get(ABSENCE), who, "edit")
    teams = {"team": who.team_ids, "subtree": who.subtree_team_ids}.get(level, ())
    if level == "all" or person.team_id in teams:
        return
    if teams:
        sentence = _(
            "You may write down your own absences and those of your team; ask %(name)s or an administrator.",
            name=person.name,
        )
    else:
        sentence = _("You may write down your own absences; ask %(name)s or an administrator.", name=person.name)
    draft.refuse("person_away", sentence)


def _refuse_twice(draft: Draft, person: Any) -> None:
    wanted = {"person": person.id, "from_on": draft.get("from_on"), "until_on": draft.get("until_on")}
    for other in trusted(_OVERLAPPING, wanted):
        if other.id != draft.record_id:
            draft.guard("from_on", _("%(name)s is away already from %(begin)s until %(until)s; change that absence.",
                                     name=person.name, begin=other.from_on.isoformat(),
                                     until=other.until_on.isoformat()))  # fmt: skip
            return
