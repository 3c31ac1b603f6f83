"""Figures of tasks: done, punctual, overdue; minutes taken."""

from __future__ import annotations

from typing import Any

from kumiko import Measure, Metric, utc_now
from kumiko import lazy_gettext as _l
from kumiko_tasks.models import CANCELLED, DONE, OPEN_STATES, TASK

SPLITS = ("owner", "team", "kind", "priority", "month")


def metrics() -> list[Metric]:
    """Punctuality by the day a task was due on, whenever it was done; overdue ones are about now."""
    due = Measure(
        type=TASK, label=_l("tasks due, but for cancelled ones"), day="due_on",
        node={"f": "state", "op": "ne", "v": CANCELLED},
    )  # fmt: skip
    in_time = Measure(
        type=TASK, label=_l("tasks due and done in time"), day="due_on",
        node={"and": [{"f": "state", "op": "eq", "v": DONE}, {"f": "in_time", "op": "eq", "v": True}]},
    )  # fmt: skip
    done = Measure(
        type=TASK, label=_l("tasks done, by the moment they were"), day="done_at",
        node={"f": "state", "op": "eq", "v": DONE},
    )  # fmt: skip
    minutes = Measure(
        type=TASK, label=_l("minutes that done tasks took"), day="done_at", how="sum", field="duration_min",
        node={"f": "state", "op": "eq", "v": DONE},
    )  # fmt: skip
    overdue = Measure(type=TASK, label=_l("open tasks whose time has passed"), node=_overdue)
    return [
        Metric(
            key="tasks.punctuality", label=_l("Punctuality of tasks"), unit="percent", formula="in_time / due",
            better="more", order=400, parts={"in_time": in_time, "due": due}, groups=SPLITS, stands_for="punctuality",
            help=_l("Tasks done before they were overdue / tasks due in the period."),
            exclusions=_l("Cancelled tasks; tasks without a day."),
        ),
        Metric(
            key="tasks.overdue", label=_l("Overdue tasks"), unit="count", formula="overdue", better="less", order=401,
            parts={"overdue": overdue}, groups=SPLITS[:-1], stands_for="overdue",
        ),
        Metric(
            key="tasks.done", label=_l("Tasks done"), unit="count", formula="done", better="more", order=402,
            parts={"done": done}, groups=SPLITS,
        ),
        Metric(
            key="tasks.minutes", label=_l("Minutes taken by tasks"), unit="minutes", formula="minutes", order=403,
            parts={"minutes": minutes}, groups=SPLITS,
        ),
    ]  # fmt: skip


def _overdue() -> dict[str, Any]:
    """Open, and the time it is due at has passed."""
    return {"and": [{"f": "state", "op": "in", "v": list(OPEN_STATES)},
                    {"f": "deadline_at", "op": "lte", "v": utc_now().isoformat()}]}  # fmt: skip
