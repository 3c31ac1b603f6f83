"""What the module declares to the host."""

from __future__ import annotations

from typing import Any

from kumiko import (
    Assets,
    DemoData,
    Feature,
    Field,
    MenuItem,
    PaletteCommand,
    Permission,
    SettingsSection,
    Subscription,
    hookimpl,
)
from kumiko import lazy_gettext as _l
from kumiko_contracts.sales import STAGE_CHANGED
from kumiko_tasks import actions, events, handlers, offers, panels, record_types, watch
from kumiko_tasks.models import Base

_OPEN = "state=open&state=in_progress&state=waiting"


@hookimpl
def declare_models() -> Any:
    return Base


@hookimpl
def declare_records() -> Any:
    return [record_types.template(), record_types.task(), record_types.meeting()]


@hookimpl
def declare_record_actions() -> Any:
    return actions.actions()


@hookimpl
def declare_events() -> Any:
    return events.EVENTS


@hookimpl
def declare_subscriptions() -> Any:
    return [
        Subscription(
            name="tasks.follow_plan", event=STAGE_CHANGED, handler=handlers.follow_plan, feature="plans"
        )
    ]  # fmt: skip


@hookimpl
def declare_jobs() -> Any:
    return watch.JOBS


@hookimpl
def declare_services() -> Any:
    from kumiko_tasks.services import TasksService  # local: made when the first caller asks

    return {"tasks/1": TasksService}


@hookimpl
def declare_actions() -> Any:
    return offers.ACTIONS


@hookimpl
def declare_triggers() -> Any:
    return offers.TRIGGERS


@hookimpl
def declare_routes() -> Any:
    from kumiko_tasks import routes  # local: only processes that answer requests need pages

    return routes.blueprints


@hookimpl
def declare_assets() -> Any:
    return Assets(css=("tasks.css",), modules=("tasks.js",))


@hookimpl
def declare_panels() -> Any:
    return panels.PANELS


@hookimpl
def declare_menu() -> Any:
    return [
        MenuItem(key="tasks.day", label=_l("My day"), href="/tasks/day", icon="sun", order=5, keys="m"),
        MenuItem(key="tasks.tasks", section=_l("Activities"), label=_l("Tasks"), collection="tasks",
                 href=f"/tasks?{_OPEN}", icon="checkbox", order=45, keys="t"),
        MenuItem(key="tasks.calendar", section=_l("Activities"), label=_l("Calendar"), href="/tasks/calendar",
                 icon="calendar", order=46, keys="k", feature="calendar"),
        MenuItem(key="tasks.meetings", section=_l("Activities"), label=_l("Meetings"), collection="meetings",
                 icon="calendar-event", order=47),
        MenuItem(key="tasks.report", section=_l("Analytics"), label=_l("Task report"), href="/tasks/report",
                 icon="chart-bar", order=65, feature="report"),
        MenuItem(key="tasks.workload", section=_l("Analytics"), label=_l("Workload"), href="/tasks/workload",
                 icon="users", order=66, permission="tasks.workload", feature="workload"),
        MenuItem(key="tasks.templates", section=_l("Set-up"), label=_l("Task templates"), collection="task-templates",
                 icon="list-check", order=910, feature="plans"),
    ]  # fmt: skip


@hookimpl
def declare_palette() -> Any:
    return [
        PaletteCommand(key="tasks.new", label=_l("New task"), icon="checkbox", href="/tasks/new"),
        PaletteCommand(key="tasks.new_meeting", label=_l("New meeting or call"), icon="calendar-event",
                       href="/meetings/new"),
        PaletteCommand(key="tasks.my_day", label=_l("My day"), icon="sun", href="/tasks/day"),
    ]  # fmt: skip


@hookimpl
def declare_permissions() -> Any:
    return [
        Permission(name="tasks.workload", label=_l("See and move the work of others"), roles=("administrator", "head"))
    ]


@hookimpl
def declare_features() -> Any:
    return [
        Feature(name="calendar", label=_l("The calendar of tasks"), help=_l("Day, week, month and the team's week.")),
        Feature(
            name="plans", label=_l("Task templates and plans"),
            help=_l("Tasks that are made when a deal enters a stage, and by choosing a template on a card."),
        ),
        Feature(
            name="workload", label=_l("Workload"), help=_l("Who has how much to do, and moving it to somebody else."),
        ),
        Feature(
            name="report", label=_l("Task report"), help=_l("What was done, done late and overdue per employee."),
        ),
    ]  # fmt: skip


@hookimpl
def declare_settings() -> Any:
    return SettingsSection(
        title=_l("Tasks"),
        fields=(
            Field(
                name="remind_min", kind="integer", label=_l("Remind so many minutes before"), default=15, minimum=0,
                maximum=record_types.MOST_MINUTES,
                help=_l("What a new task or meeting starts with; empty: no reminder."),
            ),
            Field(
                name="day_begins_hour", kind="integer", label=_l("Hour at which a day of tasks begins"), default=9,
                minimum=0, maximum=23, help=_l("Reminders of tasks that have a day but no time count back from it."),
            ),
            Field(
                name="escalate_days", kind="integer", label=_l("Tell the head after working days"), default=1,
                minimum=0, maximum=365,
                help=_l("How long a task has been overdue when the head of the owner's team is told; empty: never."),
            ),
        ),
    )  # fmt: skip


@hookimpl
def declare_metrics() -> Any:
    from kumiko_tasks import metrics  # local: figures are declared once per generation

    return metrics.metrics()


@hookimpl
def declare_demo() -> Any:
    from kumiko_tasks import demo  # local: only needed while sample data are made

    return [DemoData(name="tasks", make=demo.make, order=70)]


@hookimpl
def after_enable() -> None:
    from kumiko_tasks import setup  # local: only needed while the module is switched on

    setup.make_templates()
