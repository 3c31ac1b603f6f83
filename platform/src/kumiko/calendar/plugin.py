"""The core plugin `calendar`: what it declares."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kumiko.calendar import panels, record_types
from kumiko.calendar.models import Base
from kumiko.calendar.services import WEEKDAYS
from kumiko.host.declarations import DemoData, MenuItem
from kumiko.host.errors import Invalid
from kumiko.host.hookspecs import hookimpl
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import lazy_gettext as _l


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.holiday(), record_types.absence()]


@hookimpl
def declare_settings() -> Any:
    return record_types.working_hours()


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(
            key="calendar.absences",
            section=_l("Activities"),
            label=_l("Absences"),
            collection="absences",
            icon="user-off",
            order=49,
        ),
    ]


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_demo() -> Any:
    from kumiko.calendar import demo  # local: only needed while sample data are made

    return [DemoData(name="calendar", make=demo.make, order=15)]


@hookimpl
def assemble(generation: Any) -> None:
    generation.state.setdefault("check_settings", {})["calendar"] = check_hours


def check_hours(values: Mapping[str, Any]) -> None:
    """Invalid when no day of the week has any hours: then no due time could ever be reckoned."""
    if not any(values.get(day) for day in WEEKDAYS):
        sentence = _("At least one day of the week needs working hours, such as 09:00-18:00.")
        raise Invalid(_("Some values are not accepted."), {WEEKDAYS[0]: [sentence]})
