"""Pages of an import (upload, match columns, rehearsal, import, result) and the download of a list."""

from __future__ import annotations

import tempfile
from urllib.parse import parse_qsl

from flask import Blueprint, Response, redirect, render_template, request, send_file
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.imports import export, mappings, rows, runs, samples
from kumiko.imports.api import table_answer
from kumiko.imports.export import MIMETYPES
from kumiko.imports.models import CHECKED, DONE, FAILED, PAUSED
from kumiko.imports.plan import find_collection, require_permission
from kumiko.imports.recognise import collection_of
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo
from kumiko.web import import_pages as pages
from kumiko.web import list_export
from kumiko.web.answers import done, in_dialog, is_htmx
from kumiko.web.filters_form import query_of
from kumiko.web.import_forms import cells_of_form, wishes_of_form
from kumiko.web.lists import ListState
from kumiko.web.types import type_of
from kumiko.web.viewmodels import ImportView

blueprint = Blueprint("web_import", __name__)
_ID = "<int(min=1, max=9223372036854775807):run_id>"


@blueprint.get("/import")
def upload_page() -> BaseResponse:
    require_permission()
    return _draw(pages.upload_view(request.args.get("collection", "")))


@blueprint.post("/import")
def upload() -> BaseResponse:
    require_permission()
    collection, file = request.form.get("collection", ""), request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid(_("Choose a CSV, Excel, vCard or JSON file."))
        run = runs.upload(collection or collection_of(file.filename, file.stream), file.filename, file.stream)
    except Invalid as refusal:
        return _draw(pages.upload_view(collection, refusal), 422)
    return redirect(f"/import/{run.id}", 303)


@blueprint.get("/import/sample/<collection>.<file_format>")
def sample(collection: str, file_format: str) -> Response:
    """An empty table with the titles of all fields that the person may fill."""
    require_permission()
    info = find_collection(collection)
    if file_format not in samples.FORMATS:
        raise Invalid(_("Some values are not accepted."), {"format": [export.no_format(file_format)]})
    return table_answer(lambda stream: samples.write_sample(stream, info, file_format),
                        f"{collection}-sample.{file_format}")  # fmt: skip


@blueprint.get(f"/import/{_ID}")
def show(run_id: int) -> BaseResponse:
    """The step at which the import is; `?step=match` goes back to the columns, `?kind=` chooses rows."""
    run = runs.get_run(run_id)
    kind, after = request.args.get("kind", ""), request.args.get("after", "")
    number = int(after) if after.isdecimal() and after.isascii() and len(after) < 10 else 0
    if is_htmx() and not run.is_working and request.headers.get("HX-Target", "").endswith("km-import-progress"):
        return done(f"/import/{run.id}")  # the page that waits for the end shows what comes then
    if run.status == DONE:
        return _draw(pages.result_view(run, kind, number))
    if run.is_working or run.status == PAUSED or run.can_go_on:
        return _draw(pages.work_view(run))
    if run.status == CHECKED and request.args.get("step") != "match":
        return _draw(pages.check_view(run, kind, number))
    wishes = run.wishes
    if request.args.get("mapping", "").isdecimal():
        info = find_collection(run.collection)
        chosen = mappings.get_mapping(info, int(request.args["mapping"][:9]))
        wishes = mappings.fitting(info, chosen.wishes, run.columns) or wishes
    return _draw(pages.match_view(run, wishes, (run.error,) if run.status == FAILED and run.error else ()))


@blueprint.post(f"/import/{_ID}/reading")
def read_again(run_id: int) -> BaseResponse:
    """Read the file in another encoding, with another separator or another sheet."""
    run = runs.get_run(run_id)
    said = {name: request.form.get(name, "") for name in runs.READINGS}
    if said["delimiter"] == "tab":
        said["delimiter"] = "\t"
    try:
        runs.read_again(run_id, said)
    except Invalid as refusal:
        return _draw(pages.match_view(run, run.wishes, (refusal.message,)), 422)
    return redirect(f"/import/{run_id}?step=match", 303)


@blueprint.post(f"/import/{_ID}/match")
def match(run_id: int) -> BaseResponse:
    """Keep the mapping, under a name if one was given, and start the rehearsal."""
    run = runs.get_run(run_id)
    wishes = wishes_of_form(run, request.form)
    try:
        runs.set_wishes(run_id, wishes)
        if request.form.get("mapping_name", "").strip():
            mappings.save(find_collection(run.collection), request.form["mapping_name"], wishes, run.columns)
        runs.start(run_id, check=True)
    except Invalid as refusal:
        return _draw(pages.match_view(run, wishes, (refusal.message,)), 422)
    return redirect(f"/import/{run_id}", 303)


@blueprint.post(f"/import/{_ID}/run")
def run_it(run_id: int) -> BaseResponse:
    runs.start(run_id, check=False)
    return redirect(f"/import/{run_id}", 303)


@blueprint.post(f"/import/{_ID}/pause")
def pause(run_id: int) -> BaseResponse:
    runs.pause(run_id)
    return redirect(f"/import/{run_id}", 303)


@blueprint.post(f"/import/{_ID}/resume")
def resume(run_id: int) -> BaseResponse:
    runs.go_on(run_id)
    return redirect(f"/import/{run_id}", 303)


@blueprint.post(f"/import/{_ID}/forget")
def forget(run_id: int) -> BaseResponse:
    runs.forget(run_id)
    return redirect("/import", 303)


@blueprint.post(f"/import/{_ID}/correct")
def correct(run_id: int) -> BaseResponse:
    """Bring corrected rows in again: those of the table, or a file."""
    run = runs.get_run(run_id)
    file = request.files.get("file")
    try:
        if file is not None and file.filename:
            made = rows.bring_again(run, file.filename, file.stream)
        else:
            made = rows.correct(run_id, cells_of_form(run, request.form))
    except Invalid as refusal:
        return _draw(pages.result_view(run, "", 0, (refusal.message,)), 422)
    runs.start(made.id, check=True)
    return redirect(f"/import/{made.id}", 303)


@blueprint.get(f"/import/{_ID}/refused")
def refused(run_id: int) -> Response:
    run = runs.get_run(run_id)
    return table_answer(lambda stream: rows.write_left_out(run, stream), rows.left_out_name(run))


@blueprint.get("/export/<collection>")
def download(collection: str) -> Response:
    """What a list holds, by the parameters of its address, as `format` csv, xlsx or json; without one, a choice.

    `as=seen`: the columns, order and groups of the list; else all records with every field.
    """
    own = ("format", "as")
    file_format = request.args.get("format", "" if in_dialog() else "csv")
    info = type_of(collection)
    state = ListState.of(info, MultiDict((name, text) for name, text in request.args.items(multi=True)
                                         if name not in own))  # fmt: skip
    if not file_format:
        rights.require("export", info)
        return _draw_choice(info, state)
    seen = request.args.get("as") == "seen"
    if file_format not in (list_export.FORMATS if seen else export.FORMATS):
        raise Invalid(_("Some values are not accepted."), {"format": [export.no_format(file_format)]})
    # Rows may be read only while this request lasts, so the file is complete before it leaves.
    spool = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed when the answer has left
    if seen:
        list_export.export_seen(spool, info, state, file_format)
    else:
        export.export_to(spool, collection, file_format, node=state.node, q=state.q, bom=True)
    spool.seek(0)
    return send_file(
        spool, mimetype=MIMETYPES[file_format], as_attachment=True, download_name=f"{collection}.{file_format}"
    )


def _draw_choice(info: TypeInfo, state: ListState) -> Response:
    title, path = _("Export %(what)s", what=inside(info.type.label_plural)), f"/export/{info.collection}"
    whole = f"{path}?{query_of([*parse_qsl(state.query), ('format', '-')])}".removesuffix("-")
    seen = f"{path}?{query_of([*state.seen, ('as', 'seen'), ('format', '-')])}".removesuffix("-")
    return Response(render_template("kumiko/export_dialog.html", title=title, href=whole, seen_href=seen,
                                    grouped=bool(state.group)))  # fmt: skip


def _draw(view: ImportView, status: int = 200) -> Response:
    return Response(render_template("kumiko/import.html", v=view), status)
