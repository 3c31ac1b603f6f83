"""Every provider of tasks/1 does this."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from kumiko_contracts.parties import PERSON
from kumiko_contracts.suites import Lab, same
from kumiko_contracts.tasks import CANCELLED, DONE, FACTS, OPEN, TASK, TASK_DONE, VERSION

AT, DAY = datetime(2031, 3, 4, 10, 30, tzinfo=UTC), date(2031, 3, 7)


def _task(lab: Lab, **more: Any) -> int:
    made: int = lab.service(VERSION).create_task("Call Anna", **more)
    return made


def a_task_is_made(lab: Lab) -> None:
    """A task is made with its kind, priority, text and time, open, for whoever acts unless somebody is named."""
    about = lab.create(PERSON, {"first_name": "Anna", "last_name": "Weber"})
    task_id = _task(lab, kind="call", priority="high", due_at=AT, related=(PERSON, about), body="About the roof")
    found = lab.read(TASK, task_id)
    names = ("name", "kind", "priority", "state", "body")
    same([found[name] for name in names], ["Call Anna", "call", "high", OPEN, "About the roof"], "the task")
    same((found["due_at"], bool(found["owner"])), ("2031-03-04T10:30:00Z", True), "time and owner")


def a_task_is_due_on_a_day(lab: Lab) -> None:
    """A task may be due on a day without a time, or not at all."""
    dated, loose = lab.read(TASK, _task(lab, due_on=DAY)), lab.read(TASK, _task(lab))
    same((dated["due_on"], dated["due_at"]), (DAY.isoformat(), None), "day and moment")
    same((loose["due_on"], loose["due_at"]), (None, None), "day and moment of a task without any")


def a_task_is_done_once(lab: Lab) -> None:
    """Done notes result, duration and moment and is stated once; what is done or cancelled is not done again."""
    task_id = _task(lab)
    lab.facts()
    lab.service(VERSION).done(task_id, result="Reached her", duration_min=5)
    found = lab.read(TASK, task_id)
    same((found["state"], found["result"], found["duration_min"]), (DONE, "Reached her", 5), "the task")
    if not found["done_at"]:
        raise AssertionError("a done task does not say when it was done")
    same([(name, record) for name, record, _ in lab.facts()], [(TASK_DONE, task_id)], "the facts stated")
    if not lab.refusal(lambda: lab.service(VERSION).done(task_id)):
        raise AssertionError("a done task was done again; wanted a refusal with a sentence")


def facts_say_what_they_document(lab: Lab) -> None:
    """The fact of a done task carries exactly the documented fields, with the record that it was about."""
    about = lab.create(PERSON, {"first_name": "Anna", "last_name": "Weber"})
    task_id = _task(lab, kind="call", due_at=AT, related=(PERSON, about))
    lab.facts()
    lab.service(VERSION).done(task_id)
    payload = next(payload for name, record, payload in lab.facts() if (name, record) == (TASK_DONE, task_id))
    same(sorted(payload), sorted(next(one.fields for one in FACTS if one.name == TASK_DONE)), "fields of the fact")
    said = (payload["kind"], payload["related_type"], payload["related_id"], payload["due_at"])
    same(said, ("call", PERSON, about, "2031-03-04T10:30:00Z"), "what it says")


def cancelling_is_quiet(lab: Lab) -> None:
    """Cancelling states nothing; a task that is done or cancelled already stays as it is."""
    task_id, done_id = _task(lab), _task(lab)
    tasks = lab.service(VERSION)
    tasks.done(done_id)
    lab.facts()
    for one in (task_id, task_id, done_id):
        tasks.cancel(one, reason="Not needed")
    same([lab.read(TASK, one)["state"] for one in (task_id, done_id)], [CANCELLED, DONE], "states")
    same(lab.facts(), [], "the facts stated")


def a_task_is_reopened(lab: Lab) -> None:
    """The actions done, cancel and reopen are there; a reopened task does not say when it was done."""
    task_id = _task(lab)
    lab.act(TASK, task_id, "done", {})
    lab.act(TASK, task_id, "reopen", {})
    found = lab.read(TASK, task_id)
    same((found["state"], found["done_at"]), (OPEN, None), "state and moment after reopening")
    lab.act(TASK, task_id, "cancel", {})
    same(lab.read(TASK, task_id)["state"], CANCELLED, "state after cancelling")


def open_tasks_are_listed(lab: Lab) -> None:
    """`open_tasks` gives the tasks about a record that are neither done nor cancelled, next due first."""
    about = (PERSON, lab.create(PERSON, {"first_name": "Anna", "last_name": "Weber"}))
    tasks = lab.service(VERSION)
    loose, later, sooner, done = (
        _task(lab, related=about), _task(lab, related=about, due_on=DAY), _task(lab, related=about, due_at=AT),
        _task(lab, related=about),
    )  # fmt: skip
    tasks.done(done)
    _task(lab)
    found = tasks.open_tasks(about)
    same([one.id for one in found], [sooner, later, loose], "the open tasks")
    same((found[0].due_at, found[0].related, found[1].due_on), (AT, about, DAY), "times and what they are about")


def open_tasks_are_counted(lab: Lab) -> None:
    """`count_open` counts the open tasks of each user; somebody without any has 0."""
    task_id = _task(lab)
    owner = lab.read(TASK, task_id)["owner"]["id"]
    tasks = lab.service(VERSION)
    before = dict(tasks.count_open([owner, 999_999]))
    tasks.done(task_id)
    after = dict(tasks.count_open([owner, 999_999]))
    same((before[owner] - after[owner], after.get(999_999, 0)), (1, 0), "one less after one is done; nobody has none")


def what_is_out_of_sight_is_not_there(lab: Lab) -> None:
    """Somebody who may not see a task is told that there is none, and gets none."""
    about = (PERSON, lab.create(PERSON, {"first_name": "Anna", "last_name": "Weber"}))
    task_id = _task(lab, related=about)
    with lab.acting("seller"):
        tasks = lab.service(VERSION)
        same(tasks.open_tasks(about), (), "open tasks")
        for deed in (lambda: tasks.done(task_id), lambda: tasks.cancel(task_id)):
            if not lab.refusal(deed):
                raise AssertionError("a task out of sight was finished; wanted a refusal with a sentence")


def undoing_takes_back(lab: Lab) -> None:
    """Undoing "done" gives the open task back."""
    task_id = _task(lab)
    lab.service(VERSION).done(task_id, result="Reached her")
    lab.undo_last()
    found = lab.read(TASK, task_id)
    same((found["state"], found["result"], found["done_at"]), (OPEN, None, None), "the task after the undo")


CHECKS = (
    a_task_is_made,
    a_task_is_due_on_a_day,
    a_task_is_done_once,
    facts_say_what_they_document,
    cancelling_is_quiet,
    a_task_is_reopened,
    open_tasks_are_listed,
    open_tasks_are_counted,
    what_is_out_of_sight_is_not_there,
    undoing_takes_back,
)
