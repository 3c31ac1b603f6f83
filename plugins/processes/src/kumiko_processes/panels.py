"""Parts of cards: runs on every record, the log of a run, the flow of a process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kumiko import Panel, catalogue, find, may, principal
from kumiko import gettext as _
from kumiko import lazy_gettext as _l
from kumiko_processes import control, describe, queries
from kumiko_processes.builder_view import draft_of
from kumiko_processes.record_types import RUN_STATES
from kumiko_processes.tree import places

STATES = {one.key: (one.label, one.hue) for one in RUN_STATES}
STEP_STATES = {
    "done": (_l("Done"), "green"),
    "failed": (_l("Failed"), "red"),
    "waiting": (_l("Waiting"), "cyan"),
    "asked": (_l("Asked"), "amber"),
    "skipped": (_l("Skipped"), "gray"),
}


@dataclass(frozen=True, kw_only=True)
class RunRow:
    """A run in a list."""

    href: str
    name: str
    state: str
    hue: str
    at: datetime
    note: str


@dataclass(frozen=True, kw_only=True)
class LogRow:
    """An attempt at a step."""

    title: str
    state: str
    hue: str
    attempt: int
    began_at: datetime
    took: str
    error: str
    given: tuple[tuple[str, str], ...]
    output: tuple[tuple[str, str], ...]


def runs_of(record: Any) -> Mapping[str, Any] | None:
    """The panel on every card: runs about it, and starting one."""
    if record is None or record.type.key.startswith("processes."):
        return None
    rows = [_row(row) for row in queries.runs_about(record.type.key, record.id)]
    can_start = not record.deleted and not principal().read_only and bool(queries.startable(record.type.key))
    return {"rows": rows, "start_href": f"/processes/start?type={record.type.key}&id={record.id}" if can_start else ""}


def _row(row: Any) -> RunRow:
    label, hue = STATES.get(row.state, (row.state, "gray"))
    note = row.error or getattr(row, "waits_for", None) or ""
    return RunRow(href=f"/runs/{row.id}", name=row.name, state=str(label), hue=hue, at=row.created_at, note=note)


def log_of(record: Any) -> Mapping[str, Any] | None:
    """The log of a run: each attempt at each step with what went in and what came out."""
    info = catalogue().find(str(record.get("about_type")))
    about = find(info.key, record.get("about_id")) if info is not None and record.get("about_id") else None
    rows = queries.log_of(record.id)
    left = [one.title for one in rows if one.state == "done" and not one.recallable]
    state = str(record.get("state"))
    return {
        "rows": [_log_row(one) for one in rows],
        "about": about.title if about is not None else "",
        "about_href": f"/{info.collection}/{about.id}" if info is not None and about is not None else "",
        "question": record.get("waits_for") if state == "asked" else "",
        "path": f"/runs/{record.id}",
        "can_edit": may("edit", record.type.key) and not principal().read_only,
        "can_undo": state != "undone" and (record.get("effects") is not None or state in control.ACTIVE),
        "left": left,
        "asks": state == "asked",
    }


def _log_row(one: Any) -> LogRow:
    label, hue = STEP_STATES.get(one.state, (one.state, "gray"))
    ended = one.ended_at or one.began_at
    ms = int((ended - one.began_at).total_seconds() * 1000)
    took = _("%(num)d ms", num=ms) if 0 < ms < 10_000 else ""
    return LogRow(
        title=one.title,
        state=str(label),
        hue=hue,
        attempt=one.attempt,
        began_at=one.began_at,
        took=took,
        error=one.error or "",
        given=_pairs(one.given),
        output=_pairs(one.output),
    )


def _pairs(found: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(name), str(value)) for name, value in (found or {}).items() if value not in (None, ""))


def flow_of(record: Any) -> Mapping[str, Any] | None:
    """The card of a process: what it does in sentences, and its last runs."""
    tree, about = draft_of(record), str(record.get("about") or "")
    rows = [_row(row) for row in queries.last_runs(record.id)]
    return {
        "trigger": describe.trigger_parts(tree.get("trigger") or {}, about) if about else [],
        "condition": describe.condition_parts(about, tree.get("if")) if about else [],
        "steps": [
            (place.depth, describe.title(place.step, about), describe.parts(place.step, about))
            for place in places(tree).values()
        ],
        "rows": rows,
        "build_href": f"/processes/{record.id}/build",
        "runs_href": f"/runs?process={record.id}",
        "editions": queries.editions(record.id),
        "can_edit": may("edit", record.type.key),
    }


PANELS = [
    Panel(
        slot="record.*.aside",
        key="runs",
        title=_l("Processes"),
        template="processes/runs.html",
        load=runs_of,
        order=80,
        lazy=True,
    ),
    Panel(
        slot="record.processes.run.tabs",
        key="log",
        title=_l("Steps"),
        template="processes/log.html",
        load=log_of,
        order=10,
    ),
    Panel(
        slot="record.processes.process.tabs",
        key="flow",
        title=_l("What it does"),
        template="processes/flow.html",
        load=flow_of,
        order=10,
    ),
]
