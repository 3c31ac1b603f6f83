"""Tasks, meetings and templates as record types."""

from __future__ import annotations

from typing import Any

from kumiko import Board, Choice, Field, RecordType, settings_of
from kumiko import lazy_gettext as _l
from kumiko_contracts.sales import STAGE
from kumiko_tasks import boards, consequences, models, rules
from kumiko_tasks.models import (
    CANCELLED,
    DONE,
    HELD,
    IN_PROGRESS,
    MEETING,
    NOT_HELD,
    OPEN,
    PLANNED,
    TASK,
    TEMPLATE,
    WAITING,
)

PERSON, USER = "parties.person", "access.user"
MOST_MINUTES = 100_000

KINDS = (
    Choice(key="to_do", label=_l("To do"), hue="gray"),
    Choice(key="call", label=_l("Call"), hue="green"),
    Choice(key="meeting", label=_l("Meeting"), hue="violet"),
    Choice(key="mail", label=_l("Mail"), hue="blue"),
)
STATES = (
    Choice(key=OPEN, label=_l("Open"), hue="blue"),
    Choice(key=IN_PROGRESS, label=_l("In progress"), hue="violet"),
    Choice(key=WAITING, label=_l("Waiting"), hue="amber"),
    Choice(key=DONE, label=_l("Done"), hue="green"),
    Choice(key=CANCELLED, label=_l("Cancelled"), hue="gray"),
)
PRIORITIES = (
    Choice(key="low", label=_l("Low")),
    Choice(key="normal", label=_l("Normal")),
    Choice(key="high", label=_l("High"), hue="orange"),
    Choice(key="urgent", label=_l("Urgent"), hue="red"),
)
MEETING_KINDS = (
    Choice(key="call", label=_l("Call"), hue="green"),
    Choice(key="meeting", label=_l("Meeting"), hue="violet"),
)
MEETING_STATES = (
    Choice(key=PLANNED, label=_l("Planned"), hue="blue"),
    Choice(key=HELD, label=_l("Held"), hue="green"),
    Choice(key=NOT_HELD, label=_l("Not held"), hue="gray"),
)
DIRECTIONS = (
    Choice(key="out", label=_l("We call")),
    Choice(key="in", label=_l("They call")),
)
ANSWERS = (
    Choice(key="none", label=_l("No answer yet")),
    Choice(key="accepted", label=_l("Accepted")),
    Choice(key="tentative", label=_l("Perhaps")),
    Choice(key="declined", label=_l("Declined")),
)
UNITS = (
    Choice(key="working_minutes", label=_l("working minutes")),
    Choice(key="working_hours", label=_l("working hours")),
    Choice(key="working_days", label=_l("working days")),
    Choice(key="days", label=_l("days")),
)
ASSIGNEES = (
    Choice(key="owner", label=_l("Owner of the record")),
    Choice(key="head", label=_l("Head of the owner's team")),
    Choice(key="user", label=_l("A certain user")),
)
_KEPT_BY_HEADS = {
    "head": {"create": "all", "edit": "all", "delete": "all"},
    "seller": dict.fromkeys(("create", "edit", "delete", "bulk", "assign"), "none"),
}


def usual_reminders() -> list[dict[str, Any]]:
    """What a new task or meeting starts with, as the settings say."""
    minutes = settings_of("tasks").get("remind_min")
    return [] if minutes is None else [{"id": None, "minutes_before": minutes}]


def _reminders(model: type, help_text: Any) -> Field:
    return Field(
        name="reminders", kind="list", label=_l("Reminders"), model=model, sortable=False, default=usual_reminders,
        help=help_text,
        items=(
            Field(name="minutes_before", kind="integer", label=_l("Minutes before"), minimum=0, maximum=MOST_MINUTES),
        ),
    )  # fmt: skip


def _related() -> Field:
    return Field(
        name="related", kind="record", label=_l("Related to"),
        help=_l("Any record: a deal, a person, an organization, whatever your modules keep."),
    )  # fmt: skip


def _minutes(name: str, label: Any, **more: Any) -> Field:
    return Field(name=name, kind="integer", label=label, minimum=0, maximum=MOST_MINUTES, **more)


def task() -> RecordType:
    """The record type tasks.task."""
    return RecordType(
        key=TASK, collection="tasks", label=_l("Task"), label_plural=_l("Tasks"), model=models.Task, icon="checkbox",
        hue="blue", order=50, prepare=rules.prepare_task, after=consequences.after_tasks,
        timeline_links=("related",), timeline_kind="kind", default_sort="deadline_at",
        board=Board(by="state", fields=("related", "due_on", "priority"), badges=boards.badges),
        fields=(
            Field(name="name", kind="text", label=_l("Task"), required=True, searchable=True, max_length=300),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default="to_do"),
            Field(name="state", kind="choice", label=_l("State"), choices=STATES, default=OPEN),
            Field(name="priority", kind="choice", label=_l("Priority"), choices=PRIORITIES, default="normal"),
            _related(),
            Field(name="start_on", kind="date", label=_l("Start on")),
            Field(name="due_on", kind="date", label=_l("Due on")),
            Field(
                name="due_at", kind="moment", label=_l("Due at"),
                help=_l("When it is due at a certain time of the day; else the day is enough."),
            ),
            Field(
                name="deadline_at", kind="moment", label=_l("Overdue from"), writable=False, derived=True,
                history=False, help=_l("The time it is due at, else the end of the day."),
            ),
            _reminders(
                models.Reminder,
                _l("Before the time it is due; where only a day is given, before the start of that working day."),
            ),
            _minutes("effort_min", _l("Planned minutes")),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            Field(
                name="template", kind="link", to=TEMPLATE, label=_l("Template"), by_hand=False,
                help=_l("The template that it was made from."),
            ),
            Field(name="result", kind="longtext", label=_l("Result"), searchable=True, sortable=False),
            _minutes("duration_min", _l("Minutes taken")),
            Field(name="done_at", kind="moment", label=_l("Done at"), by_hand=False),
            Field(name="done_by", kind="link", to=USER, label=_l("Done by"), by_hand=False),
            Field(
                name="in_time", kind="boolean", label=_l("Done in time"), writable=False, derived=True, history=False,
                help=_l("Whether it was done before it was overdue; empty while it is open, or without a day."),
            ),
        ),
        list_columns=("name", "kind", "related", "due_on", "due_at", "priority", "state", "owner"),
        quick_fields=("name", "kind", "related", "due_on", "due_at", "priority", "body", "reminders"),
        card_groups=(
            (_l("Task"), ("kind", "state", "priority", "related")),
            (_l("When"), ("due_on", "due_at", "start_on", "reminders", "effort_min")),
            (_l("Text"), ("body",)),
            (_l("Outcome"), ("result", "duration_min", "done_at", "done_by", "in_time")),
            (_l("More"), ("template", "owner", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def meeting() -> RecordType:
    """The record type tasks.meeting: calls and meetings at a time."""
    return RecordType(
        key=MEETING, collection="meetings", label=_l("Meeting"), label_plural=_l("Meetings and calls"),
        model=models.Meeting, icon="calendar-event", hue="violet", order=52, prepare=rules.prepare_meeting,
        after=consequences.after_meetings, timeline_links=("related",), timeline_kind="kind", timeline_at="start_at",
        default_sort="-start_at",
        fields=(
            Field(name="name", kind="text", label=_l("Subject"), required=True, searchable=True, max_length=300),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=MEETING_KINDS, default="meeting"),
            Field(name="state", kind="choice", label=_l("State"), choices=MEETING_STATES, default=PLANNED),
            Field(name="start_at", kind="moment", label=_l("Starts"), required=True),
            Field(name="end_at", kind="moment", label=_l("Ends"), help=_l("Half an hour later, unless given.")),
            Field(name="all_day", kind="boolean", label=_l("All day"), default=False),
            Field(name="place", kind="text", label=_l("Place"), searchable=True, max_length=300),
            Field(name="link", kind="url", label=_l("Link"), help=_l("Of a video call, for example.")),
            _related(),
            Field(
                name="participants", kind="list", label=_l("Participants"), model=models.Participant, sortable=False,
                items=(
                    Field(name="person", kind="link", to=PERSON, label=_l("Person")),
                    Field(name="user", kind="link", to=USER, label=_l("Colleague")),
                    Field(name="answer", kind="choice", label=_l("Answer"), choices=ANSWERS, default="none"),
                ),
            ),
            Field(name="direction", kind="choice", label=_l("Direction"), choices=DIRECTIONS),
            _reminders(models.MeetingReminder, _l("Before it starts.")),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            Field(name="outcome", kind="longtext", label=_l("Outcome"), searchable=True, sortable=False),
            _minutes("duration_min", _l("Minutes taken")),
        ),
        list_columns=("name", "kind", "start_at", "related", "place", "state", "owner"),
        quick_fields=("name", "kind", "start_at", "end_at", "related", "place", "link", "participants", "reminders"),
        card_groups=(
            (_l("Meeting"), ("kind", "state", "direction", "related")),
            (_l("When and where"), ("start_at", "end_at", "all_day", "place", "link", "reminders")),
            (_l("Participants"), ("participants",)),
            (_l("Outcome"), ("outcome", "duration_min")),
            (_l("More"), ("body", "owner", "team", "co_owners", "tags")),
        ),
    )  # fmt: skip


def template() -> RecordType:
    """The record type tasks.template: a step of a plan."""
    return RecordType(
        key=TEMPLATE, collection="task-templates", label=_l("Task template"), label_plural=_l("Task templates"),
        model=models.Template, icon="list-check", order=930, prepare=rules.prepare_template,
        public="whoever makes tasks chooses from them", dictionary=True, timeline=False, grants=_KEPT_BY_HEADS,
        default_sort="name", keys=("external_id", "name"), menu=False,
        fields=(
            Field(name="name", kind="text", label=_l("Task"), required=True, searchable=True, max_length=300),
            Field(name="kind", kind="choice", label=_l("Kind"), choices=KINDS, default="to_do"),
            Field(name="priority", kind="choice", label=_l("Priority"), choices=PRIORITIES, default="normal"),
            Field(
                name="due_in", kind="integer", label=_l("Due in"), minimum=0, maximum=10_000,
                help=_l("Counted from when the task is made. Without it the task has no day."),
            ),
            Field(name="due_unit", kind="choice", label=_l("of"), choices=UNITS, default="working_hours"),
            _minutes("effort_min", _l("Planned minutes")),
            Field(name="body", kind="longtext", label=_l("Text"), searchable=True, sortable=False),
            Field(
                name="stage", kind="link", to=STAGE, label=_l("When a deal enters the stage"),
                help=_l("Then the task is made by itself, once per deal. Without a stage people choose the template."),
            ),
            Field(name="assignee", kind="choice", label=_l("For whom"), choices=ASSIGNEES, default="owner"),
            Field(name="user", kind="link", to=USER, label=_l("User"), help=_l("For “a certain user”.")),
            Field(name="position", kind="integer", label=_l("Place in the plan"), minimum=0, maximum=10_000),
            Field(name="archived", kind="boolean", label=_l("Archived"), default=False, help=_l("No longer used.")),
        ),
        list_columns=("name", "kind", "due_in", "due_unit", "stage", "assignee", "archived"),
    )  # fmt: skip
