"""The screen where a pipeline and its stages are set up; each button saves one thing as one unit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, make_response, request

from kumiko import (
    Conflict,
    Invalid,
    NotFound,
    Veto,
    asked_for_part,
    create,
    delete,
    draw_page,
    field_values,
    get,
    get_for_setup,
    go_to,
    save_record,
    say_with,
    unit,
    version_sent,
)
from kumiko import gettext as _
from kumiko_sales import pipelines, queries
from kumiko_sales.funnel import funnel
from kumiko_sales.models import PIPELINE, STAGE
from kumiko_sales.setup_page import NEW, OWN, ROLES, Refused, setup_view, stage_forms, stage_values

PATH = "/pipelines/<int:pipeline_id>/setup"
STAGE_PATH = f"{PATH}/stages/<int:stage_id>"


def add_rules(blueprint: Blueprint) -> None:
    """Put the addresses of the screen into the plugin's blueprint."""
    for rule, view, methods in (
        (PATH, show, ["GET"]),
        (PATH, save_pipeline, ["POST"]),
        (f"{PATH}/archived", archive_pipeline, ["POST"]),
        (f"{PATH}/order", order, ["POST"]),
        (f"{PATH}/stages", add_stage, ["POST"]),
        (STAGE_PATH, save_stage, ["POST"]),
        (f"{STAGE_PATH}/archived", archive_stage, ["POST"]),
        (f"{STAGE_PATH}/delete", delete_stage, ["POST"]),
        (f"{STAGE_PATH}/step", step, ["POST"]),
    ):  # fmt: skip
        blueprint.add_url_rule(rule, view.__name__, view, methods=methods)


def show(pipeline_id: int) -> Response:
    """GET the screen."""
    return _draw(pipeline_id)


def save_pipeline(pipeline_id: int) -> Response:
    """POST: name, default, teams."""
    get_for_setup("pipelines", pipeline_id)

    def write() -> int | None:
        values = field_values(PIPELINE, OWN, request.form)
        return save_record(PIPELINE, pipeline_id, values, version=version_sent())

    return _written(pipeline_id, 0, write, _("Saved"))


def archive_pipeline(pipeline_id: int) -> Response:
    """POST: no longer offered, or offered again."""
    get_for_setup("pipelines", pipeline_id)
    wanted = request.values.get("archived") == "true"

    def write() -> int | None:
        return save_record(PIPELINE, pipeline_id, {"archived": wanted}, version=version_sent())

    return _written(pipeline_id, 0, write, _("Archived") if wanted else _("Offered again"))


def add_stage(pipeline_id: int) -> Response:
    """POST: a stage at the end of those of its kind."""
    get_for_setup("pipelines", pipeline_id)

    def write() -> int | None:
        values = field_values(STAGE, NEW, request.form, prefix="new-")
        with unit() as opened:
            create(STAGE, {**values, "pipeline": pipeline_id})
            return opened.id

    return _written(pipeline_id, None, write, _("Stage added"))


def save_stage(pipeline_id: int, stage_id: int) -> Response:
    """POST: one stage. The page's script gets the stage's form again, everybody else the screen."""
    _require_stage(pipeline_id, stage_id)
    refused: Refused | None = None
    unit_id = None
    try:
        values = stage_values(stage_id, request.form)
        kind = get(STAGE, stage_id).get("kind")
        unit_id = save_record(STAGE, stage_id, values, version=version_sent(), offered=ROLES)
    except (Invalid, Conflict, Veto) as fault:
        refused = _refused(stage_id, fault)
    if refused is None and (not asked_for_part() or values.get("kind", kind) != kind):
        return go_to(f"/pipelines/{pipeline_id}/setup", _said(unit_id), undo_unit=unit_id)
    if not asked_for_part():
        return _draw(pipeline_id, refused)
    pipeline = funnel().find_pipeline(pipeline_id)
    assert pipeline is not None
    form = stage_forms(pipeline, refused, only=stage_id)[0]
    answer = draw_page("sales/stage_part.html", 422 if refused else 200, stage=form)
    row = f"#stage-{stage_id}"
    if refused is not None:
        return say_with(answer, focus=f"{row} [aria-invalid=true]")
    return say_with(answer, _said(unit_id), undo_unit=unit_id, focus=f"{row} .sales-save button")


def archive_stage(pipeline_id: int, stage_id: int) -> Response:
    """POST: no longer offered, or offered again; its deals stay."""
    _require_stage(pipeline_id, stage_id)
    wanted = request.values.get("archived") == "true"

    def write() -> int | None:
        return save_record(STAGE, stage_id, {"archived": wanted}, version=version_sent())

    return _written(pipeline_id, stage_id, write, _("Archived") if wanted else _("Offered again"))


def delete_stage(pipeline_id: int, stage_id: int) -> Response:
    """POST: a stage that nothing uses."""
    _require_stage(pipeline_id, stage_id, "delete")

    def write() -> int | None:
        with unit() as opened:
            delete(STAGE, stage_id)
            return opened.id

    return _written(pipeline_id, stage_id, write, _("Stage deleted"))


def order(pipeline_id: int) -> Response:
    """POST: `order` = "ID:VERSION ID:VERSION ...", all stages of a kind. Answers the versions that hold now."""
    get_for_setup("pipelines", pipeline_id)
    wanted = []
    for word in request.form.get("order", "").split():
        stage_id, _colon, version = word.partition(":")
        if not (stage_id.isdecimal() and version.isdecimal() and len(word) < 40):
            raise Invalid(_("wanted stages as ID:VERSION, found %(word)s", word=word[:40]))
        wanted.append((int(stage_id), int(version)))
    unit_id = pipelines.put_in_order(pipeline_id, wanted)
    answer = make_response(jsonify(versions=queries.stage_versions(pipeline_id)))
    answer.headers["X-Unit"] = str(unit_id or "")
    return answer


def step(pipeline_id: int, stage_id: int) -> Response:
    """POST: one place up or down, for browsers without scripts. `by`: -1 or 1."""
    _require_stage(pipeline_id, stage_id)
    pipeline = funnel().find_pipeline(pipeline_id)
    assert pipeline is not None
    mine = next(one for one in pipeline.stages if one.id == stage_id)
    ids = [one.id for one in pipeline.stages if one.kind == mine.kind]
    here = ids.index(stage_id)
    there = here + (1 if request.form.get("by") == "1" else -1)
    unit_id = None
    if 0 <= there < len(ids):
        ids[here], ids[there] = ids[there], ids[here]
        versions = queries.stage_versions(pipeline_id)
        unit_id = pipelines.put_in_order(pipeline_id, [(one, versions[one]) for one in ids])
    return go_to(f"/pipelines/{pipeline_id}/setup", _said(unit_id, _("Order saved")), undo_unit=unit_id)


def _require_stage(pipeline_id: int, stage_id: int, action: str = "edit") -> None:
    get_for_setup("pipelines", pipeline_id)
    record = get_for_setup("stages", stage_id, action)
    if record.link_id("pipeline") != pipeline_id:
        raise NotFound(_("This pipeline has no such stage."))


def _written(pipeline_id: int, which: int | None, write: Callable[[], int | None], msg: str) -> Response:
    try:
        unit_id = write()
    except (Invalid, Conflict, Veto) as fault:
        return _draw(pipeline_id, _refused(which, fault))
    return go_to(f"/pipelines/{pipeline_id}/setup", _said(unit_id, msg), undo_unit=unit_id)


def _refused(which: int | None, fault: Any) -> Refused:
    return Refused(
        stage_id=which, typed=request.form, errors=dict(getattr(fault, "errors", {}) or {}), message=fault.message
    )


def _said(unit_id: int | None, msg: str = "") -> str:
    return _("Nothing was changed") if unit_id is None else msg or _("Saved")


def _draw(pipeline_id: int, refused: Refused | None = None) -> Response:
    record = get_for_setup("pipelines", pipeline_id)
    if record.deleted:
        raise Conflict(_("This pipeline is in the bin; restore it first."))
    return draw_page("sales/setup.html", 422 if refused else 200, v=setup_view(record, refused))
