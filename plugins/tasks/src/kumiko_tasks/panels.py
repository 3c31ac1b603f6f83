"""Parts of other pages: the tasks of a card, one's own day on the start page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from kumiko import Panel, RecordRef, may_use, principal, utc_now
from kumiko import lazy_gettext as _l
from kumiko_tasks import lines, my_day, queries
from kumiko_tasks.models import MEETING, TASK
from kumiko_tasks.record_types import KINDS

SHOWN = 6


def of_record(record: Any) -> Mapping[str, Any] | None:
    """Open tasks and planned meetings about a record, with a short form for another task."""
    if principal().level(TASK, "read") == "none":
        return None
    ref = RecordRef(record.type.key, record.id)
    tasks = queries.open_tasks_of(record.id, SHOWN + 1)
    meetings = []
    if principal().level(MEETING, "read") != "none":
        meetings = list(queries.planned_meetings_of(record.id, utc_now() - timedelta(hours=1), SHOWN))
    found = lines.of_rows(tasks[:SHOWN], meetings)
    return {
        "lines": [line for line in found if not line.is_meeting],
        "meetings": [line for line in found if line.is_meeting],
        "more": f"/tasks?related={ref.id}&state=open&state=in_progress&state=waiting" if len(tasks) > SHOWN else "",
        "related": ref.text,
        "back": f"/{record.type.collection}/{record.id}",
        "may_create": principal().level(TASK, "create") != "none" and not record.deleted,
        "plans": may_use("tasks.plans"),
        "kinds": [(one.key, str(one.label)) for one in KINDS],
    }


def of_day(_record: Any) -> Mapping[str, Any] | None:
    """What is overdue and what is to be done today; stays away from heads who have nothing to do."""
    if principal().level(TASK, "read") == "none" or principal().user_id is None:
        return None
    day = my_day.my_day()
    listed = [line for part in day.parts if part.key in ("late", "today") for line in part.lines]
    if not listed and principal().level(TASK, "read") != "own":
        return None  # whoever sees the tasks of others may have none
    return {"late": day.count_of("late"), "today": day.count_of("today"), "lines": listed[:SHOWN],
            "more": max(len(listed) - SHOWN, 0)}  # fmt: skip


PANELS = [
    Panel(
        slot="record.*.aside", key="tasks", title=_l("Tasks"), template="tasks/panel.html", load=of_record, order=10,
        lazy=True,
    ),
    Panel(slot="start.widgets", key="day", title=_l("My day"), template="tasks/widget.html", load=of_day, order=10),
]  # fmt: skip
