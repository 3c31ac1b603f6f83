"""The module's own pages."""

from __future__ import annotations

from flask import Blueprint, request
from werkzeug.wrappers import Response

from kumiko import (
    Forbidden,
    Invalid,
    RecordRef,
    catalogue,
    draw_page,
    feature,
    field_values,
    find,
    go_to,
    is_referable,
    principal,
    unit,
)
from kumiko import gettext as _
from kumiko_tasks import calendar, my_day, people, plans, queries, report, services, workload
from kumiko_tasks.models import TASK

day = Blueprint("tasks", __name__)
calendar_pages = feature("calendar")(Blueprint("tasks_calendar", __name__))
plan_pages = feature("plans")(Blueprint("tasks_plans", __name__))
workload_pages = feature("workload")(Blueprint("tasks_workload", __name__))
report_pages = feature("report")(Blueprint("tasks_report", __name__))
blueprints = [day, calendar_pages, plan_pages, workload_pages, report_pages]
QUICK = ("name", "kind", "due_on")


@day.get("/tasks/day")
def show_day() -> Response:
    """My day, or that of whoever `who` names."""
    _require_readable()
    v = my_day.my_day(request.args.get("who", ""))
    return draw_page("tasks/my_day.html", v=v, may_create=_may_create(), back=request.full_path.rstrip("?"))


@day.post("/tasks/quick")
def quick() -> Response:
    """A task from the short form of a card or of my day; leads back there."""
    back = _back()
    related = _related(request.form.get("related", ""))
    values = field_values(TASK, QUICK, request.form)
    if not values.get("name"):
        return go_to(back, _("Say what is to be done."), tone="error")
    with unit() as opened:
        services.make_from_form(values, related)
        unit_id = opened.id
    return go_to(back, _("Task made: %(name)s", name=values["name"]), undo_unit=unit_id)


@plan_pages.get("/tasks/from-template")
def choose_template() -> Response:
    """The templates that may be used for a record."""
    related = _related(request.args.get("related", ""))
    if related is None:
        raise Invalid(_("Some values are not accepted."), {"related": [_("Say which record the tasks are about.")]})
    record = find(*related)
    return draw_page(
        "tasks/from_template.html", templates=queries.templates(), related=related.text, back=_back(),
        title=record.title if record is not None else "",
    )  # fmt: skip


@plan_pages.post("/tasks/from-template")
def use_template() -> Response:
    """Make the tasks of the chosen templates."""
    related = _related(request.form.get("related", ""))
    ids = [int(text) for text in request.form.getlist("template") if text.isdecimal() and len(text) < 19]
    back = _back()
    if related is None or not ids:
        return go_to(back, _("Nothing was chosen, and nothing was made."), tone="warn")
    with unit() as opened:
        made = plans.use(ids, related)
        unit_id = opened.id if opened.has_effect else None
    return go_to(back, _("Tasks made: %(count)d", count=len(made)), undo_unit=unit_id)


@calendar_pages.get("/tasks/calendar")
def show_calendar() -> Response:
    """The calendar."""
    _require_readable()
    args = request.args
    v = calendar.calendar(args.get("view", ""), args.get("on", ""), args.get("who", ""))
    return draw_page("tasks/calendar.html", v=v)


@workload_pages.get("/tasks/workload")
def show_workload() -> Response:
    """Who has how much to do."""
    _require_workload()
    return draw_page("tasks/workload.html", loads=workload.loads(), errors={}, typed={}, may_move=_may_move())


@workload_pages.post("/tasks/workload/move")
def move_work() -> Response:
    """Give tasks of one person to another."""
    _require_workload()
    form = request.form
    try:
        count, unit_id = workload.move(form.get("from", ""), form.get("to", ""), form.get("which", ""))
    except Invalid as fault:
        return draw_page(
            "tasks/workload.html", 422, loads=workload.loads(), errors=fault.errors, typed=form, may_move=_may_move()
        )
    if not count:
        return go_to("/tasks/workload", _("There was nothing to move."), tone="warn")
    return go_to("/tasks/workload", _("Tasks moved: %(count)d", count=count), undo_unit=unit_id)


@report_pages.get("/tasks/report")
def show_report() -> Response:
    """Done, done late and overdue per employee."""
    _require_readable()
    return draw_page("tasks/report.html", v=report.report(request.args), all=people.is_for_others())


def _require_readable() -> None:
    if principal().level(TASK, "read") == "none":
        raise Forbidden(_("Your role does not show tasks; ask an administrator for the right to read them."))


def _require_workload() -> None:
    if not principal().may("tasks.workload"):
        raise Forbidden(_("The workload is for heads of teams and administrators."))


def _may_create() -> bool:
    return principal().level(TASK, "create") != "none"


def _may_move() -> bool:
    me = principal()
    return all(me.level(TASK, action) != "none" for action in ("edit", "bulk", "assign"))


def _related(text: str) -> RecordRef | None:
    """The record that a form names; None when it names none. Invalid for what is no record."""
    if not text:
        return None
    kind, _colon, number = text.partition(":")
    info = catalogue().find(kind)
    if info is None or not is_referable(info) or not number.isdecimal() or len(number) > 18:
        sentence = _("%(found)r names no record; wanted something like deals.deal:17.", found=text[:60])
        raise Invalid(_("Some values are not accepted."), {"related": [sentence]})
    return RecordRef(kind, int(number))


def _back() -> str:
    """The page on this site to go back to."""
    path = request.values.get("_back", "")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/tasks/day"
