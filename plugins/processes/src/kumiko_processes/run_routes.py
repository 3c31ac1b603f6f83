"""Pages of runs: starting one from a card, and undo."""

from __future__ import annotations

from flask import Blueprint, Response, request

from kumiko import Conflict, FieldView, Option, catalogue, draw_page, find, get_for_setup, go_to, may, ngettext, unit
from kumiko import gettext as _
from kumiko_processes import control, queries
from kumiko_processes.models import RUN


def add_rules(blueprint: Blueprint) -> None:
    """Put the addresses into the plugin's blueprint."""
    blueprint.add_url_rule("/runs/<int:run_id>/undo", "undo_run", undo, methods=["POST"])
    blueprint.add_url_rule("/processes/start", "start", start, methods=["GET", "POST"])


def undo(run_id: int) -> Response:
    """POST: everything that a run did is taken back; what cannot be is said."""
    record = get_for_setup("runs", run_id)
    left = control.not_recallable(run_id)
    result = control.undo_run(record)
    words = [_("The run is undone.") if result is not None else _("It had changed nothing; it has ended.")]
    if result is not None and result.overwritten:
        words.append(
            ngettext(
                "%(num)d field was changed since and stays.",
                "%(num)d fields were changed since and stay.",
                len(result.overwritten),
            )
        )
    if result is not None and result.refused:
        words.append(_("Not everything is yours to change."))
    if left:
        words.append(_("Not taken back: %(what)s", what="; ".join(left)))
    unit_id = result.unit if result is not None else None
    return go_to(f"/runs/{run_id}", " ".join(words), undo_unit=unit_id, tone="warn" if left else "ok")


def start() -> Response:
    """GET: which process shall start for the record `type`, `id`; POST: start it."""
    type_key, text = request.values.get("type", ""), request.values.get("id", "")
    info = catalogue().find(type_key)
    record_id = int(text) if text.isdecimal() and len(text) < 19 else 0
    record = find(type_key, record_id) if info is not None and record_id else None
    if info is None or record is None:
        raise Conflict(_("Choose a record that you may see."))
    path = f"/{info.collection}/{record_id}"
    error = ""
    if request.method == "POST":
        chosen = request.form.get("process", "")
        try:
            with unit(reason=_("process started by hand")):
                control.start(int(chosen) if chosen.isdecimal() and len(chosen) < 19 else 0, (type_key, record_id))
            return go_to(path, _("Started"))
        except Conflict as fault:
            error = fault.message
    options = tuple(Option(str(row.id), row.name) for row in queries.startable(type_key))
    field = FieldView(name="process", label=_("Process"), kind="choice", options=options, required=True)
    return draw_page(
        "processes/start.html",
        422 if error else 200,
        field=field,
        record=record,
        path=path,
        error=error,
        type_key=type_key,
        can_make=may("create", "processes.process"),
    )


__all__ = ["RUN", "add_rules"]
