"""What people decide about runs: stop, try again, go on, skip, start; stopping all of a process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from kumiko import Conflict, NotFound, get, session, transaction, undo, unscoped
from kumiko import gettext as _
from kumiko_processes import starting
from kumiko_processes.models import ASKED, QUEUED, RUNNING, STOPPED, UNDONE, WAITING, Progress, StepRun
from kumiko_processes.way import Way, again, end, load, note

ACTIVE = (QUEUED, RUNNING, WAITING, ASKED)


def is_active(record: Any) -> bool:
    """Whether a run has not ended."""
    return record.get("state") in ACTIVE


def stop(record: Any, _values: Mapping[str, Any]) -> None:
    """The run ends here; what was done stays done."""
    stop_run(record.id, _("stopped by hand"))


def stop_run(run_id: int, why: str) -> None:
    """End a run that is on its way; nothing when it has ended."""
    way = load(run_id)
    if way is not None and way.progress.active:
        way.progress.turn += 1
        end(way, STOPPED, reason=why)


def stop_all(record: Any, _values: Mapping[str, Any]) -> None:
    """End every run of a process that is on its way."""
    with unscoped("stopping a process ends everybody's runs of it"):
        query = select(Progress.run_id).where(Progress.process_id == record.id, Progress.active.is_(True))
        ids = list(session().execute(query.order_by(Progress.run_id)).scalars())
    for run_id in ids:
        stop_run(run_id, _("all runs were stopped"))


def retry(record: Any, _values: Mapping[str, Any]) -> None:
    """Go on from the step that failed; steps that were done are not done again."""
    way = _way(record)
    way.progress.tries = 0
    again(way)


def go_on(record: Any, _values: Mapping[str, Any]) -> None:
    """The answer to a question: yes. The step that asked is behind; a step that was due is done now."""
    way = _way(record)
    place = way.place
    if place is not None and place.step.get("kind") == "ask":
        _answer(way, _("go on"))
        way.progress.step = place.next
    elif place is not None and place.step.get("kind") == "wait":
        if way.data.get("at") == str(place.step["id"]):
            way.data["confirmed"] = True
        else:
            _answer(way, _("go on"))
            way.progress.step = place.next
    else:
        way.data.pop("off_since", None)
    again(way)


def skip(record: Any, _values: Mapping[str, Any]) -> None:
    """Leave out the step before which the run stands."""
    way = _way(record)
    place = way.place
    if place is None:
        raise Conflict(_("It stands before no step that could be skipped."))
    note(way, place, "skipped")
    way.data.pop("at", None)
    way.progress.step, way.progress.wake_at = place.next, None
    again(way)


def _answer(way: Way, text: str) -> None:
    assert way.place is not None
    note(way, way.place, "done", output={"answer": text})


def _way(record: Any) -> Way:
    way = load(record.id)
    if way is None:
        raise NotFound(_("This run is gone."))
    return way


def start_by_action(record: Any, values: Mapping[str, Any]) -> None:
    """Start a process for a record that somebody chose."""
    start(record.id, (record.get("about"), int(values["record"])))


def start(process_id: int, about: tuple[str, int]) -> int:
    """Start a process that is on about a record; the run's id. Conflict or NotFound with a sentence when refused."""
    process = starting.find(process_id)
    if process is None:
        raise Conflict(_("This process is not on; publish it first, or switch it on."))
    if about[0] != process.about:
        raise Conflict(_("This process is about other records: %(about)s.", about=process.about))
    get(*about)  # NotFound for who may not see it
    made = starting.begin(process, [(about[1], None)], _("started by hand"))
    if not made:
        raise Conflict(_("The conditions of this process do not fit this record, so nothing was started."))
    return made[0]


def undo_run(record: Any) -> Any:
    """Take back everything that a run did: the UndoResult, None when it changed nothing. What is left of it ends."""
    group_id = record.get("effects")
    result = None
    if group_id is not None:
        result = undo(group_id)
    with transaction():
        way = load(record.id)
        if way is not None:
            way.progress.turn += 1
            end(way, UNDONE, reason=_("undone by hand"))
    return result


def not_recallable(run_id: int) -> list[str]:
    """What undo cannot take back of a run, step by step, in words."""
    query = select(StepRun.title).where(
        StepRun.run_id == run_id, StepRun.state == "done", StepRun.recallable.is_(False)
    )  # fmt: skip
    return list(session().execute(query.order_by(StepRun.id)).scalars())
