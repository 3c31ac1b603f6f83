"""Waits of a run: for some time, until a date of the record, until something happens."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import update

from kumiko import Invalid, session, unscoped, utc_now
from kumiko import gettext as _
from kumiko_processes import describe, hearing_words, moments
from kumiko_processes.models import DONE, WAITING, StepRun
from kumiko_processes.tree import Place, Tree, first, paths, places
from kumiko_processes.way import Way, again, ask, go, load, note, record_of, runner, sleep

LATE = timedelta(hours=6)  # what was due longer ago than that is asked about, not done


def wait(way: Way, place: Place) -> bool:
    step, step_id = place.step, str(place.step["id"])
    if way.data.get("at") == step_id:
        return _waited(way, place)
    now = utc_now()
    if step.get("for") == "date":
        with runner(way):
            record = record_of(way)
            one = record.type.find(str(step.get("field")))
            if one is None:
                raise Invalid(_("There is no field “%(name)s” any more; change the step.", name=str(step.get("field"))))
            value = record.get(one.name)
        if value is None:
            ask(way, _("“%(field)s” is empty, so there is no day to wait for. Go on without waiting?",
                       field=str(one.field.label)))  # fmt: skip
            return False
        until = moments.at_date(value, step)
        if until <= now:
            if step.get("past") == "go_on":
                note(way, place, DONE)
                return go(way, place.next)
            ask(way, _("The day that this waits for has passed. Go on at once?"))
            return False
    elif step.get("for") == "event" and not step.get("amount"):
        until = None
    else:
        until = moments.after(now, step)
    way.data["at"] = step_id
    note(way, place, WAITING)
    sleep(way, until, describe.waiting_sentence(step, way.process.about))
    return False


def _waited(way: Way, place: Place) -> bool:
    """A wait is over: time is up, or the event came."""
    step = place.step
    due = way.progress.wake_at
    if step.get("for") == "event" and way.data.get("happened") != str(step["id"]) and due is None:
        return False  # nothing has happened
    if due is not None and way.data.get("happened") != str(step["id"]):
        if utc_now() < due:
            sleep(way, due, describe.waiting_sentence(step, way.process.about))
            return False
        if utc_now() - due > LATE and not way.data.get("confirmed"):
            ask(way, _("This should have gone on at %(when)s, but processes did not run then. Go on now?",
                       when=describe.moment_text(due)))  # fmt: skip
            return False
    happened = way.data.pop("happened", None) == str(step["id"])
    way.data.pop("at", None)
    way.data.pop("confirmed", None)
    way.progress.wake_at = None
    _end_wait(way, place)
    listed = paths(step)
    if listed:
        chosen = listed[0] if happened or len(listed) == 1 else listed[1]
        return go(way, first(chosen.get("steps"), place.next))
    return go(way, place.next)


def _end_wait(way: Way, place: Place) -> None:
    with unscoped("the log of runs is written by the engine"):
        session().execute(
            update(StepRun)
            .where(
                StepRun.run_id == way.progress.run_id, StepRun.step == str(place.step["id"]), StepRun.state == WAITING
            )
            .values(state=DONE, ended_at=utc_now())
        )


def wake(run_id: int, step_id: str) -> None:
    """The event that a run waits for has come."""
    way = load(run_id)
    if way is None or not way.progress.active or way.data.get("at") != step_id or way.progress.state != WAITING:
        return
    way.data["happened"] = step_id
    again(way)


def waits_in(tree: Tree, about: str, word: str) -> list[tuple[str, Mapping[str, Any]]]:
    """(step id, spec) of the waits of a tree that a word could end; "" for what ends the whole run."""
    found = [("", one) for one in tree.get("stop_when") or () if word in hearing_words.of_spec(one, about)]
    for step_id, place in places(tree).items():
        spec = place.step.get("event")
        if place.step.get("kind") == "wait" and spec and word in hearing_words.of_spec(spec, about):
            found.append((step_id, spec))
    return found
