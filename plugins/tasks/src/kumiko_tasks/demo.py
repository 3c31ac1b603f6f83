"""Sample tasks and meetings about the sample deals: some overdue, some today, some planned, many done."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, time, timedelta
from typing import Any

from kumiko import RecordRef, all_ids, catalogue, company_today, company_zone, create, current, get, unit, utc_now
from kumiko_contracts.deals import DEAL
from kumiko_contracts.parties import PERSON
from kumiko_tasks import setup
from kumiko_tasks.models import DONE, HELD, MEETING, OPEN, PLANNED, TASK, TEMPLATE, WAITING

SAMPLE = {"f": "tags", "op": "eq", "v": "sample"}
OPEN_DEALS = {"and": [SAMPLE, {"f": "outcome", "op": "eq", "v": "open"}]}
TASKS, MEETINGS = 90, 24
_WHAT = (
    ("call", "Call about the offer"), ("mail", "Send the changed offer"), ("to_do", "Prepare the calculation"),
    ("call", "Ask about the budget"), ("to_do", "Check the delivery date"), ("meeting", "Show the machine"),
    ("mail", "Send references"), ("to_do", "Clarify the terms of payment"),
)  # fmt: skip
_RESULTS = (
    "Reached; wants to think about it until Friday.", "Sent, with the new delivery date.",
    "Talked it through, all fine.",
    "Nobody there; left a message.", "Done together with the workshop.",
)  # fmt: skip
_PLAN = {
    "Prospecting": (("call", "First call", 4, "working_hours"),),
    "Proposal": (("to_do", "Write the offer", 2, "working_days"),
                 ("call", "Ask whether the offer came", 4, "working_days")),
    "Negotiation": (("meeting", "Agree on the open points", 3, "working_days"),),
}  # fmt: skip


def make() -> None:
    """Make them inside the caller's unit; nothing while there are no sample deals or people."""
    dice = random.Random(41)  # noqa: S311 - sample data, the same for everybody
    about = _about()
    if not about:
        return
    with unit(), _as_history():
        _plans()
        for number in range(TASKS):
            _task(number, dice, about[dice.randrange(len(about))])
        for number in range(MEETINGS):
            _meeting(number, dice, about[dice.randrange(len(about))])


@contextmanager
def _as_history() -> Iterator[None]:
    """Sample tasks bring their past in, as an import does: nothing is stated, nothing stops them."""
    context = current()
    before, context.via = context.via, "import"
    try:
        yield
    finally:
        context.via = before


def _about() -> list[Any]:
    for type_key, node in ((DEAL, OPEN_DEALS), (PERSON, SAMPLE)):
        info = catalogue().find(type_key)
        ids = all_ids(info, node=node) if info is not None else []
        if ids:
            return [get(type_key, one) for one in ids[:60]]
    return []


def _plans() -> None:
    known = setup.stages()
    for stage, steps in _PLAN.items():
        if stage in known:
            for place, (kind, name, amount, unit_of) in enumerate(steps, 1):
                create(TEMPLATE, {
                    "name": name, "kind": kind, "due_in": amount, "due_unit": unit_of, "stage": known[stage],
                    "position": place, "tags": ["sample"],
                })  # fmt: skip


def _task(number: int, dice: random.Random, record: Any) -> None:
    kind, name = _WHAT[number % len(_WHAT)]
    today = company_today()
    state = DONE if number % 2 else WAITING if number % 14 == 0 else OPEN
    days = dice.randrange(-40, 0) if state == DONE else dice.choice((-3, -1, 0, 0, 1, 2, 3, 5, 9, 14))
    on = today + timedelta(days=days)
    values: dict[str, Any] = {
        "name": f"{name}, {record.title.partition(', ')[2] or record.title}"[:300], "kind": kind, "state": state,
        "priority": dice.choices(("low", "normal", "high", "urgent"), (2, 10, 3, 1))[0],
        "related": RecordRef(record.type.key, record.id), "owner": record.link_id("owner"),
        "effort_min": dice.choice((15, 30, 45, 60)), "tags": ["sample"],
    }  # fmt: skip
    if number % 3 == 0:
        at = datetime.combine(on, time(9 + number % 8, number * 15 % 60), company_zone()).astimezone(UTC)
        values["due_at"] = at
    else:
        values["due_on"] = on
    if state == DONE:
        late = dice.random() < 0.25
        done_at = datetime.combine(on + timedelta(days=2 if late else 0), time(8), company_zone()).astimezone(UTC)
        values |= {"done_at": min(done_at, utc_now()), "result": _RESULTS[number % len(_RESULTS)],
                   "duration_min": dice.choice((5, 10, 20, 30))}  # fmt: skip
    create(TASK, values)


def _meeting(number: int, dice: random.Random, record: Any) -> None:
    days = dice.choice((-9, -6, -2, 0, 0, 1, 1, 2, 3, 6, 8))
    day = company_today() + timedelta(days=days)
    start = datetime.combine(day, time(9 + number % 8, 30 * (number % 2)), company_zone()).astimezone(UTC)
    is_call = number % 3 == 0
    who = record.link_id("person") if "person" in record.type.fields else record.id
    values: dict[str, Any] = {
        "name": ("Call" if is_call else "Meeting") + f", {record.title.partition(', ')[2] or record.title}"[:280],
        "kind": "call" if is_call else "meeting", "start_at": start,
        "end_at": start + timedelta(minutes=30 if is_call else 60),
        "related": RecordRef(record.type.key, record.id), "owner": record.link_id("owner"), "tags": ["sample"],
        "state": HELD if start < utc_now() else PLANNED,
    }  # fmt: skip
    if not is_call:
        values["place"] = dice.choice(("At the customer", "Our show room", "Video call"))
    if who is not None:
        values["participants"] = [{"person": who, "answer": dice.choice(("accepted", "none", "tentative"))}]
    if values["state"] == HELD:
        values["duration_min"] = 30
    create(MEETING, values)
