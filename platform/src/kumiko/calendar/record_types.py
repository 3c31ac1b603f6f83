"""Holidays and absences as record types, and the working hours as settings."""

from __future__ import annotations

from typing import Any

from kumiko.access.models import USER
from kumiko.calendar import models, rules, services
from kumiko.calendar.models import ABSENCE, HOLIDAY
from kumiko.calendar.working import read_hours, write_hours
from kumiko.host.context import current
from kumiko.host.declarations import ACTIONS, Field, RecordType, SettingsSection
from kumiko.host.i18n import lazy_gettext as _l

_ACTIVE = {"f": "active", "op": "eq", "v": True}
_KEPT_BY_ADMINISTRATORS = dict.fromkeys((one for one in ACTIONS if one != "read"), "none")
_DAYS = (
    _l("Monday"), _l("Tuesday"), _l("Wednesday"), _l("Thursday"), _l("Friday"), _l("Saturday"), _l("Sunday"),
)  # fmt: skip


def holiday() -> RecordType:
    """The record type calendar.holiday."""
    return RecordType(
        key=HOLIDAY, collection="holidays", label=_l("Holiday"), label_plural=_l("Holidays"), model=models.Holiday,
        icon="sun", hue="red", order=955, prepare=rules.prepare_holiday, after=rules.after_holidays,
        public="everybody sees when the company does not work", timeline=False, menu=False,
        grants=dict.fromkeys(("head", "seller", "analyst"), _KEPT_BY_ADMINISTRATORS),
        fields=(
            Field(name="name", kind="text", label=_l("Name"), required=True, searchable=True, max_length=200),
            Field(name="on", kind="date", label=_l("Day"), required=True,
                  help=_l("Nobody is expected to work on it; due times and reminders skip it.")),
        ),
        list_columns=("name", "on"), quick_fields=("name", "on"), default_sort="on", subtitle="on",
        keys=("external_id", "on"),
    )  # fmt: skip


def absence() -> RecordType:
    """The record type calendar.absence."""
    return RecordType(
        key=ABSENCE, collection="absences", label=_l("Absence"), label_plural=_l("Absences"), model=models.Absence,
        icon="user-off", hue="teal", order=950, prepare=rules.prepare_absence, after=rules.after_absences,
        timeline=False,
        grants={"analyst": {**dict.fromkeys(("read", "edit", "delete"), "own"), "create": "all"}},
        fields=(
            Field(name="name", kind="text", label=_l("Name"), derived=True, writable=False, searchable=True,
                  max_length=300),
            Field(name="person_away", kind="link", to=USER, label=_l("Who is away"), required=True, default=_myself,
                  target_filter=_ACTIVE),
            Field(name="from_on", kind="date", label=_l("First day"), required=True),
            Field(name="until_on", kind="date", label=_l("Last day"), required=True,
                  help=_l("Away on this day, too.")),
            Field(name="deputy", kind="link", to=USER, label=_l("Deputy"), target_filter=_ACTIVE,
                  help=_l("Who gets new work meanwhile.")),
            Field(name="note", kind="text", label=_l("Note"), max_length=500,
                  help=_l("Seen by this person, the heads of the team and administrators.")),
        ),
        list_columns=("name", "from_on", "until_on", "deputy", "note"),
        quick_fields=("person_away", "from_on", "until_on", "deputy", "note"), default_sort="-from_on",
    )  # fmt: skip


def working_hours() -> SettingsSection:
    """The hours of each day of the week."""
    return SettingsSection(
        title=_l("Working hours"),
        fields=tuple(
            Field(name=name, kind="text", label=label, default=usual, validate=_hours, max_length=100,
                  help=_HELP if name == "monday" else "")
            for name, label, usual in zip(services.WEEKDAYS, _DAYS, services.USUAL_HOURS, strict=True)
        ),
    )  # fmt: skip


_HELP = _l("In the time zone of the company, such as 09:00-18:00, or 09:00-13:00, 14:00-18:00 with a break. Empty:"
           " nobody works on that day.")  # fmt: skip


def _hours(value: Any) -> Any:
    return write_hours(read_hours(str(value)))


def _myself() -> int | None:
    person = current().principal
    return None if person is None else person.user_id
