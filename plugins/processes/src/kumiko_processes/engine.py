"""One step of a run after the other, each with its effects and the run's new place in one transaction.

A job of the queue works a run off until it waits, asks, ends or fails. Its commits are fenced (decision 11), so a
worker that is killed leaves the run exactly behind its last step.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from kumiko import (
    Conflict,
    Forbidden,
    Invalid,
    JobContext,
    NotFound,
    Outdated,
    Stopped,
    Veto,
    as_system,
    current,
    group,
    is_working_time,
    matching_ids,
    merged_into,
    next_working_moment,
    session,
    sliced,
    unit,
    unscoped,
    utc_now,
)
from kumiko import gettext as _
from kumiko import update as update_record
from kumiko_processes import describe, doing, telling
from kumiko_processes.filling import fill
from kumiko_processes.models import DONE, FAILED, RUN, StepRun
from kumiko_processes.rules import by_engine
from kumiko_processes.tree import Place, first, paths
from kumiko_processes.waits import LATE, wait
from kumiko_processes.way import Way, ask, end, go, key_of, load, note, record_of, runner, save, set_state, sleep

TRIES = 4
PAUSES_S = (60, 300, 1800)  # before the second, third, fourth try
FOR_GOOD = (Invalid, Forbidden, Conflict, NotFound, Veto)  # trying again changes nothing
LOOK_AGAIN = timedelta(minutes=5)


@sliced
def work(job: JobContext) -> None:
    """The job: step after step, until the run waits or ends. Payload: run, turn."""
    run_id, turn = job.payload["run"], job.payload["turn"]
    for _number in range(1000):
        try:
            with job.slice():
                goes_on = advance(run_id, turn)
        except (Stopped, Outdated):
            raise
        except Exception as fault:  # noqa: BLE001 - what a step raises is noted in the run, and tried again
            with job.slice():
                failed(run_id, turn, fault)
            return
        if not goes_on:
            return


def advance(run_id: int, turn: int) -> bool:
    """Do what the run stands before; whether it goes on at once. Inside a transaction, as the system."""
    way = load(run_id, turn)
    if way is None:
        return False
    if way.progress.step == "":
        end(way, DONE)
        return False
    place = way.place
    if place is None:
        raise Conflict(_("The step “%(step)s” is not in the edition of this run.", step=way.progress.step))
    kind = place.step.get("kind")
    if kind in doing.EFFECTS:
        return _effect(way, place)
    if kind == "wait":
        return wait(way, place)
    if kind == "ask":
        return _ask(way, place)
    if kind == "stop":
        note(way, place, DONE)
        end(way, DONE, reason=_("ended by a step"))
        return False
    return _choose(way, place)


def _effect(way: Way, place: Place) -> bool:
    step, step_id = place.step, str(place.step["id"])
    began = utc_now()
    if doing.sends(step) and _holds_back(way, place):
        return False
    if way.data.get("off_since") and _overdue(way, way.data.pop("off_since"), place):
        return False
    try:
        doing.fields_of(step, way.process.about)
    except doing.Absent as absent:
        _wait_for_module(way, str(absent))
        return False
    with runner(way):
        record = record_of(way)
        title = describe.sentence(step, way.process.about)
        with _bracket(way) as new_group, unit(reason=f"{way.process.name}: {title}"[:500]) as opened:
            deed = doing.do(step, record, way.results, key_of(way, step_id))
            if new_group and opened.has_effect:
                with as_system("a run notes that it has changed something"), by_engine():
                    update_record(RUN, way.progress.run_id, {"effects": way.progress.group_id})
            elif new_group:
                way.progress.group_id = None
    note(way, place, DONE, began=began, deed=deed)
    if deed.output:
        way.data["results"] = {**way.results, step_id: dict(deed.output)}
    return go(way, place.next)


@contextmanager
def _bracket(way: Way) -> Iterator[bool]:
    """Units inside belong to the group of the run; whether it is new."""
    ctx = current()
    if way.progress.group_id is not None:
        before, ctx.group_id = ctx.group_id, way.progress.group_id
        try:
            yield False
        finally:
            ctx.group_id = before
        return
    with group(_("process: %(name)s", name=way.process.name)) as group_id:
        way.progress.group_id = group_id
        yield True


def _holds_back(way: Way, place: Place) -> bool:
    """Whether a message has to wait: for working hours, or because too many went out within the hour."""
    now = utc_now()
    if way.tree.get("hours") and not is_working_time(now):
        sleep(way, next_working_moment(now), _("working hours"))
        return True
    most = way.process.sends_per_hour or 200
    with unscoped("messages of a process are counted"):
        sent = session().execute(
            select(func.count(), func.min(StepRun.ended_at)).where(
                StepRun.process_id == way.process.id, StepRun.sends.is_(True),
                StepRun.ended_at > now - timedelta(hours=1),
            )
        ).one()  # fmt: skip
    if sent[0] >= most:
        sleep(way, (sent[1] or now) + timedelta(hours=1), _("the limit of %(most)d messages per hour", most=most))
        return True
    return False


def _wait_for_module(way: Way, why: str) -> None:
    way.data.setdefault("off_since", utc_now().isoformat())
    sleep(way, utc_now() + LOOK_AGAIN, why)


def _overdue(way: Way, since: str, place: Place) -> bool:
    """Whether a step whose module was off for long is asked about instead of done."""
    if utc_now() - datetime.fromisoformat(since) < LATE:
        return False
    ask(way, _("“%(step)s” was due while its module was off. Shall it be done now?",
               step=describe.sentence(place.step, way.process.about)))  # fmt: skip
    return True


def _ask(way: Way, place: Place) -> bool:
    with runner(way):
        record = record_of(way)
        filled = fill(doing.NOTIFY, {"text": (place.step.get("values") or {}).get("text", "")}, record, way.results)
        told = doing.people(place.step.get("to"), record)
    ask(way, str(filled.values.get("text") or ""), told=told)
    return False


def _choose(way: Way, place: Place) -> bool:
    """Only go on if, or one of several paths."""
    step = place.step
    with runner(way):
        if step.get("kind") == "only":
            fits = _fits(way, step.get("if"))
            note(way, place, DONE, output={"fits": fits})
            if not fits:
                end(way, DONE, reason=_("a condition did not fit"))
                return False
            return go(way, place.next)
        for number, path in enumerate(paths(step), 1):
            if path.get("if") is None or _fits(way, path["if"]):
                note(way, place, DONE, output={"path": number})
                return go(way, first(path.get("steps"), place.next))
    note(way, place, DONE)
    return go(way, place.next)


def _fits(way: Way, node: Any) -> bool:
    about, record_id = way.progress.about_type, way.progress.about_id
    if matching_ids(about, node, [record_id]):
        return True
    winner = merged_into(about, record_id)
    return winner is not None and bool(matching_ids(about, node, [winner]))


def failed(run_id: int, turn: int, fault: Exception) -> None:
    """Write down what a step raised: it is tried again later, or the run has failed and its owner is told."""
    way = load(run_id, turn)
    if way is None:
        return
    sentence = describe.fault_sentence(fault)
    place = way.place
    if place is not None:
        note(way, place, FAILED, error=sentence)
    way.progress.tries += 1
    if not isinstance(fault, FOR_GOOD) and way.progress.tries < TRIES:
        until = utc_now() + timedelta(seconds=PAUSES_S[way.progress.tries - 1])
        sleep(way, until, _("another try: %(why)s", why=sentence))
        return
    way.progress.active = False
    set_state(way, FAILED, error=sentence, finished_at=utc_now())
    save(way)
    telling.tell_failure(way, sentence)
