"""Tasks and meetings as lines of pages: one look for my day, the calendar, panels and the start page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from kumiko import RecordRef, catalogue, company_today, company_zone, principal, record_names
from kumiko import gettext as _
from kumiko_tasks import due, queries
from kumiko_tasks.models import HELD, MEETING, NOT_HELD, OPEN_STATES, PLANNED, TASK
from kumiko_tasks.record_types import KINDS, PRIORITIES

ICONS = {"to_do": "checkbox", "call": "phone", "meeting": "users", "mail": "mail"}


@dataclass(frozen=True, kw_only=True)
class About:
    """The record that something is about. `href` is "" when one may not see it or its module is off."""

    name: str
    href: str


@dataclass(frozen=True, kw_only=True)
class Line:
    """A task or meeting. `day` and `time` are of the reader's zone; `tone`: "", "late", "over" (done or past)."""

    key: str
    id: int
    name: str
    href: str
    icon: str
    kind: str
    day: date | None
    at: datetime | None
    time: str = ""
    until: str = ""
    tone: str = ""
    priority: str = ""
    priority_hue: str = ""
    about: About | None = None
    owner_id: int | None = None
    owner: str = ""
    place: str = ""
    link: str = ""
    is_meeting: bool = False
    actions: tuple[str, ...] = field(default=())


def reader_zone() -> ZoneInfo:
    """The zone in which the reader sees moments."""
    try:
        return ZoneInfo(principal().zone) if principal().zone else company_zone()
    except (KeyError, ValueError, OSError):
        return company_zone()


def of_rows(tasks: Iterable[Any], meetings: Iterable[Any] = (), names: dict[int, str] | None = None) -> list[Line]:
    """Rows of `queries` as lines, in order of time; names of owners are shown where they are given."""
    task_rows, meeting_rows = list(tasks), list(meetings)
    about = {**_about(TASK, task_rows), **_about(MEETING, meeting_rows)}
    zone = reader_zone()
    found = [_task(row, zone, about, names or {}) for row in task_rows]
    found += [_meeting(row, zone, about, names or {}) for row in meeting_rows]
    return sorted(found, key=_order)


def _order(line: Line) -> tuple[Any, ...]:
    return (line.day or date.max, line.time or "99", line.id)


def _about(source: str, rows: Sequence[Any]) -> dict[RecordRef, About]:
    refs = {ref for row in rows if (ref := queries.ref_of_row(row)) is not None}
    names = record_names(source, sorted(refs)) if refs else {}
    types = catalogue()
    found = {}
    for ref in refs:
        info, name = types.find(ref.type_key), names.get(ref)
        shown = name is not None and info is not None
        href = f"/{info.collection}/{ref.id}" if shown and info is not None else ""
        found[ref] = About(name=name or str(_("hidden")), href=href)
    return found


def _task(row: Any, zone: ZoneInfo, about: dict[RecordRef, About], names: dict[int, str]) -> Line:
    is_late = due.is_overdue(row.state, row.deadline_at)
    here = row.due_at.astimezone(zone) if row.due_at is not None else None
    priority = next((one for one in PRIORITIES if one.key == row.priority and one.hue), None)
    return Line(
        key=f"t{row.id}", id=row.id, name=row.name, href=f"/tasks/{row.id}", icon=ICONS.get(row.kind, "checkbox"),
        kind=str(next((one.label for one in KINDS if one.key == row.kind), "")),
        day=here.date() if here is not None else row.due_on, at=row.due_at,
        time=here.strftime("%H:%M") if here is not None else "",
        tone="late" if is_late else "over" if row.state not in OPEN_STATES else "",
        priority=str(priority.label) if priority is not None else "",
        priority_hue=priority.hue if priority is not None else "",
        about=_of(row, about), owner_id=row.owner_id, owner=names.get(row.owner_id or 0, ""),
        actions=("done", "snooze") if row.state in OPEN_STATES and _may_change(TASK) else (),
    )  # fmt: skip


def _meeting(row: Any, zone: ZoneInfo, about: dict[RecordRef, About], names: dict[int, str]) -> Line:
    start, end = row.start_at.astimezone(zone), row.end_at.astimezone(zone) if row.end_at is not None else None
    return Line(
        key=f"m{row.id}", id=row.id, name=row.name, href=f"/meetings/{row.id}",
        icon="phone" if row.kind == "call" else "calendar-event",
        kind=str(_("Call") if row.kind == "call" else _("Meeting")), day=start.date(), at=row.start_at,
        time="" if row.all_day else start.strftime("%H:%M"),
        until="" if row.all_day or end is None else end.strftime("%H:%M"),
        tone="over" if row.state in (HELD, NOT_HELD) else "", about=_of(row, about), owner_id=row.owner_id,
        owner=names.get(row.owner_id or 0, ""), place=row.place or "", link=row.link or "", is_meeting=True,
        actions=("held", "not_held") if row.state == PLANNED and _may_change(MEETING) else (),
    )  # fmt: skip


def _of(row: Any, about: dict[RecordRef, About]) -> About | None:
    ref = queries.ref_of_row(row)
    return about.get(ref) if ref is not None else None


def _may_change(type_key: str) -> bool:
    return principal().level(type_key, "edit") != "none"


def today() -> date:
    """Today's date for the reader; the company's while they have no zone of their own."""
    zone = reader_zone()
    return company_today() if zone == company_zone() else datetime.now(zone).date()
