"""The builder: each button changes the draft by one unit, which Undo takes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, request

from kumiko import (
    Conflict,
    Invalid,
    RecordView,
    Veto,
    draw_page,
    get_for_setup,
    go_to,
    run_action,
    save_record,
    unit,
    update,
    version_sent,
)
from kumiko import gettext as _
from kumiko_processes import describe, editing, trial
from kumiko_processes.builder_view import builder_view, draft_of
from kumiko_processes.inspector import inspector, read
from kumiko_processes.models import PROCESS

PATH = "/processes/<int:process_id>/build"
DEFAULTS: dict[str, dict[str, Any]] = {
    "wait": {"for": "time", "amount": 1, "unit": "days"},
    "notify": {"to": "owner", "values": {}},
    "ask": {"to": "owner", "values": {}},
    "only": {"if": None},
}


def add_rules(blueprint: Blueprint) -> None:
    """Put the addresses of the builder into the plugin's blueprint."""
    for rule, view, methods in (
        (PATH, show, ["GET"]),
        (f"{PATH}/add", add, ["POST"]),
        (f"{PATH}/save", save, ["POST"]),
        (f"{PATH}/draw", draw, ["POST"]),
        (f"{PATH}/move", move, ["POST"]),
        (f"{PATH}/delete", delete, ["POST"]),
        (f"{PATH}/copy", copy, ["POST"]),
        (f"{PATH}/path", add_path, ["POST"]),
        (f"{PATH}/drop", drop_draft, ["POST"]),
        (f"{PATH}/publish", publish, ["POST"]),
        (f"{PATH}/switch", switch, ["POST"]),
        (f"{PATH}/test", test, ["GET", "POST"]),
    ):  # fmt: skip
        blueprint.add_url_rule(rule, f"build_{view.__name__}", view, methods=methods)


def show(process_id: int) -> Response:
    """GET the builder; `?step=` selects."""
    return _draw(_process(process_id, "read"), request.args.get("step", ""))


def _process(process_id: int, action: str = "edit") -> RecordView:
    record = get_for_setup("processes", process_id, action)
    if record.deleted:
        raise Conflict(_("This process is in the bin; restore it first."))
    return record


def _draw(record: RecordView, key: str, typed: Any = None, summary: str = "") -> Response:
    about = str(record.get("about") or "")
    if not about:
        return go_to(f"/processes/new?process={record.id}")
    view = builder_view(record, key)
    chosen = inspector(draft_of(record), about, key, typed, summary)
    return draw_page("processes/build.html", 422 if summary else 200, v=view, i=chosen)


def _keep(record: RecordView, tree: Any, msg: str, key: str) -> Response:
    """Write the draft as one unit, and lead back with Undo."""
    path = f"/processes/{record.id}/build" + (f"?step={key}" if key else "")
    unit_id = save_record(PROCESS, record.id, {"draft": tree}, version=version_sent() or record.version)
    return go_to(path, msg if unit_id else _("Nothing was changed"), undo_unit=unit_id)


def _try(record: RecordView, key: str, deed: Callable[[], Response]) -> Response:
    try:
        return deed()
    except (Invalid, Conflict, Veto) as fault:
        return _draw(record, key, request.form, describe.fault_sentence(fault))


def add(process_id: int) -> Response:
    """POST: `what` ("wait", "action:KEY", "verb:NAME") into path `inside` as its `number`th step."""
    record = _process(process_id)
    what, _colon, name = request.form.get("what", "").partition(":")
    step: dict[str, Any] = {"kind": what, **DEFAULTS.get(what, {})}
    if what in ("action", "verb"):
        step |= {what: name, "values": {}}
    if what in ("set", "create"):
        step |= {"values": {}}

    def write() -> Response:
        number = request.form.get("number", "0")
        place = int(number) if number.isdecimal() and len(number) < 4 else 0
        tree, key = editing.put(draft_of(record), request.form.get("inside", ""), place, step)
        return _keep(record, tree, _("Step added"), key)

    return _try(record, "", write)


def save(process_id: int) -> Response:
    """POST: what was typed for the selected part."""
    record = _process(process_id)
    key, tree = request.form.get("key", ""), dict(draft_of(record))
    if request.form.get("_do"):  # a button of the conditions, without the script
        return _draw(record, key, request.form)

    def write() -> Response:
        what, values, condition = read(tree, str(record.get("about")), key, request.form)
        if what == "trigger":
            made: Any = {**tree, **values}
        elif what == "if":
            made = {**tree, "if": condition}
        elif what == "path":
            made = editing.change_path(tree, key, condition)
        else:
            made = editing.change(tree, key, values)
        return _keep(record, made, _("Saved in the draft"), key)

    return _try(record, key, write)


def draw(process_id: int) -> Response:
    """POST: the inspector again, after something that decides which inputs follow was changed."""
    record = _process(process_id)
    key = request.form.get("key", "")
    chosen = inspector(draft_of(record), str(record.get("about")), key, request.form)
    return draw_page("processes/inspector_part.html", v=builder_view(record, key), i=chosen)


def move(process_id: int) -> Response:
    """POST: a step one place up or down."""
    record = _process(process_id)
    key = request.form.get("key", "")
    by = -1 if request.form.get("by") == "-1" else 1
    return _try(record, key, lambda: _keep(record, editing.move(draft_of(record), key, by), _("Order saved"), key))


def delete(process_id: int) -> Response:
    """POST: without a step, or a path."""
    record = _process(process_id)
    key, is_path = request.form.get("key", ""), request.form.get("path") == "1"
    change = editing.drop_path if is_path else editing.drop
    said = _("Path deleted") if is_path else _("Step deleted")
    return _try(record, key, lambda: _keep(record, change(draft_of(record), key), said, ""))


def copy(process_id: int) -> Response:
    """POST: a copy behind the step."""
    record = _process(process_id)

    def write() -> Response:
        tree, key = editing.copied(draft_of(record), request.form.get("key", ""))
        return _keep(record, tree, _("Step copied"), key)

    return _try(record, request.form.get("key", ""), write)


def add_path(process_id: int) -> Response:
    """POST: one more path of a branch."""
    record = _process(process_id)

    def write() -> Response:
        tree, key = editing.add_path(draft_of(record), request.form.get("key", ""))
        return _keep(record, tree, _("Path added"), key)

    return _try(record, request.form.get("key", ""), write)


def drop_draft(process_id: int) -> Response:
    """POST: back to what is published."""
    record = _process(process_id)
    return _try(record, "", lambda: _keep(record, record.get("tree"), _("The changes are dropped"), ""))


def publish(process_id: int) -> Response:
    """POST: the draft becomes what runs."""
    return _act(process_id, "publish", _("Published; the process is on"))


def switch(process_id: int) -> Response:
    """POST: on or off."""
    is_on = request.form.get("on") == "1"
    return _act(process_id, "switch_on" if is_on else "switch_off", _("Switched on") if is_on else _("Switched off"))


def _act(process_id: int, name: str, said: str) -> Response:
    record = _process(process_id)

    def write() -> Response:
        with unit(reason=said) as opened:
            run_action(PROCESS, process_id, name, {})
            unit_id = opened.id if opened.has_effect else None
        return go_to(f"/processes/{process_id}/build", said, undo_unit=unit_id)

    return _try(record, "", write)


def test(process_id: int) -> Response:
    """GET: choose a record; POST: what each step would do with it. Nothing is kept."""
    record = _process(process_id)
    tree, about = draft_of(record), str(record.get("about") or "")
    return draw_page("processes/test.html", v=trial.view(record, tree, about, request.values.get("record", ""),
                                                         go=request.method == "POST"))  # fmt: skip


__all__ = ["add_rules", "update"]
