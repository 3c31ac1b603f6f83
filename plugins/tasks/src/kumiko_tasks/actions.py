"""Buttons of tasks and meetings."""

from __future__ import annotations

from typing import Any

from kumiko import Choice, Field, RecordAction
from kumiko import lazy_gettext as _l
from kumiko_tasks import services
from kumiko_tasks.models import MEETING, OPEN_STATES, PLANNED, TASK
from kumiko_tasks.record_types import KINDS, MOST_MINUTES

_PUT_OFF = (
    Choice(key="tomorrow", label=_l("Next working day")),
    Choice(key="hour", label=_l("In an hour")),
    Choice(key="three_hours", label=_l("In three hours")),
    Choice(key="in_two_days", label=_l("In two working days")),
    Choice(key="next_week", label=_l("In a week")),
)
_MINUTES = Field(
    name="duration_min", kind="integer", label=_l("Minutes taken"), minimum=0, maximum=MOST_MINUTES
)  # fmt: skip
_NEXT = (
    Field(name="next_name", kind="text", label=_l("Next step"), max_length=300,
          help=_l("Makes the next task about the same record, for the same person.")),
    Field(name="next_kind", kind="choice", label=_l("Kind of the next step"), choices=KINDS, default="to_do"),
    Field(name="next_due_on", kind="date", label=_l("Next step due on")),
    Field(name="next_due_at", kind="moment", label=_l("Next step due at"), by_hand=False),
)  # fmt: skip


def _is_open(record: Any) -> bool:
    return record.get("state") in OPEN_STATES


def _is_planned(record: Any) -> bool:
    return record.get("state") == PLANNED


def actions() -> list[RecordAction]:
    """Done, put off, cancel and reopen of tasks; held, not held and reopen of meetings."""
    return [
        RecordAction(
            type=TASK, name="done", label=_l("Done"), icon="check", primary=True, available=_is_open,
            refusal=services.refusal, run=services.run_done,
            fields=(Field(name="result", kind="longtext", label=_l("Result")), _MINUTES, *_NEXT),
        ),
        RecordAction(
            type=TASK, name="snooze", label=_l("Put off"), icon="clock", primary=True, available=_is_open,
            refusal=services.refusal, run=services.run_snooze,
            fields=(
                Field(name="by", kind="choice", label=_l("Until"), choices=_PUT_OFF, default="tomorrow"),
                Field(name="on", kind="date", label=_l("Or until the day")),
            ),
        ),
        RecordAction(
            type=TASK, name="cancel", label=_l("Cancel the task"), icon="ban", available=_is_open,
            refusal=services.refusal, run=services.run_cancel,
            fields=(Field(name="reason", kind="text", label=_l("Why"), max_length=500),),
        ),
        RecordAction(
            type=TASK, name="reopen", label=_l("Reopen"), icon="arrow-back-up",
            available=lambda record: not _is_open(record), refusal=lambda _record: services.nothing_to_reopen(),
            run=services.run_reopen,
        ),
        RecordAction(
            type=MEETING, name="held", label=_l("Held"), icon="check", primary=True, available=_is_planned,
            run=services.run_held,
            fields=(Field(name="outcome", kind="longtext", label=_l("Outcome")), _MINUTES, *_NEXT),
        ),
        RecordAction(
            type=MEETING, name="not_held", label=_l("Not held"), icon="x", available=_is_planned,
            run=services.run_not_held,
            fields=(Field(name="outcome", kind="longtext", label=_l("Why")), *_NEXT),
        ),
        RecordAction(
            type=MEETING, name="reopen", label=_l("Reopen"), icon="arrow-back-up",
            available=lambda record: not _is_planned(record), refusal=lambda _record: services.nothing_to_reopen(),
            run=services.run_plan_again,
        ),
    ]  # fmt: skip
