"""/api/v1/imports: upload, mapping, rehearsal, import, rows, undo. Files come as multipart/form-data."""

from __future__ import annotations

import tempfile
from typing import Any

import orjson
from flask import Blueprint, Response, request, send_file

from kumiko.host.errors import Conflict, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.imports import rows, runs, samples
from kumiko.imports.convert import text_of
from kumiko.imports.export import MIMETYPES
from kumiko.imports.models import KINDS, LEFT_OUT
from kumiko.imports.plan import field_paths, find_collection, require_permission
from kumiko.imports.runs import Run
from kumiko.imports.standing import sentence_of, standing_of
from kumiko.imports.wishes import Wishes
from kumiko.records.forms import moment_text
from kumiko.records.undo import undo as undo_unit

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/imports")
_ID = "<int(min=1, max=9223372036854775807):run_id>"


@blueprint.get("")
def list_runs() -> Response:
    """The newest imports of one's own (administrators: of all)."""
    _only(request.args, ())
    return _answer({"data": [run_json(run) for run in runs.list_runs()], "next": None})


@blueprint.post("")
def upload() -> Response:
    """Form parts `collection`, `file`, perhaps `wishes` (JSON: map, set, values, key, create), `encoding`, `delimiter`,
    `sheet`. 201. Nothing is imported yet.
    """
    _only(request.args, ())
    _only(request.form, ("collection", "wishes", "_csrf", *runs.READINGS))
    collection = request.form.get("collection", "")
    if not collection:
        raise _fault("collection", _("say which collection the rows belong to"))
    file = _file()
    wishes = None
    if request.form.get("wishes"):
        wishes = _wishes(_json(request.form["wishes"].encode()), collection)
    run = runs.upload(collection, file.filename or "", file.stream, wishes=wishes, reading=_reading(request.form))
    return _made(run)


@blueprint.get("/sample")
def sample() -> Response:
    """`?collection=NAME&format=csv|xlsx`: an empty table with the titles of all fields that may be filled."""
    _only(request.args, ("collection", "format"))
    require_permission()
    info, file_format = find_collection(request.args.get("collection", "")), request.args.get("format", "csv")
    if file_format not in samples.FORMATS:
        raise _fault("format", _("wanted one of: %(offered)s", offered=", ".join(samples.FORMATS)))
    return table_answer(lambda stream: samples.write_sample(stream, info, file_format),
                        f"{info.collection}-sample.{file_format}")  # fmt: skip


@blueprint.get(f"/{_ID}")
def read(run_id: int) -> Response:
    """One import; with columns, first values and fields to choose from."""
    _only(request.args, ())
    return _answer(_described(runs.get_run(run_id)))


@blueprint.patch(f"/{_ID}")
def change(run_id: int) -> Response:
    """Another mapping, whole: map, set, values, key, create, date_order, decimal_mark, duplicates, automations; or
    `reading`: encoding, delimiter, sheet. Both may come together; the file is read again first.
    """
    _only(request.args, ())
    run = runs.get_run(run_id)
    said = _json(request.get_data())
    if "reading" in said:
        reading = said.pop("reading")
        if not isinstance(reading, dict) or not all(isinstance(one, str) for one in reading.values()):
            raise _fault("reading", _("wanted an object of texts: %(offered)s", offered=", ".join(runs.READINGS)))
        _only(reading, runs.READINGS)
        run = runs.read_again(run.id, reading)
        if not said:
            return _answer(_described(run))
    return _answer(_described(runs.set_wishes(run.id, _wishes(said, run.collection))))


@blueprint.delete(f"/{_ID}")
def delete(run_id: int) -> Response:
    """Forget an upload that was not imported."""
    _only(request.args, ())
    runs.forget(run_id)
    return Response(status=204)


@blueprint.post(f"/{_ID}/check")
def check(run_id: int) -> Response:
    """Rehearse in the background: find out what each row would do; writes nothing. 202."""
    _only(request.args, ())
    return _answer(run_json(runs.start(run_id, check=True)), 202)


@blueprint.post(f"/{_ID}/run")
def run(run_id: int) -> Response:
    """Import in the background, after a rehearsal exactly what it said. 202; the result names the group that one undo
    takes back.
    """
    _only(request.args, ())
    return _answer(run_json(runs.start(run_id, check=False)), 202)


@blueprint.post(f"/{_ID}/pause")
def pause(run_id: int) -> Response:
    """Stop a rehearsal or an import; whole chunks stay."""
    _only(request.args, ())
    return _answer(run_json(runs.pause(run_id)))


@blueprint.post(f"/{_ID}/resume")
def resume(run_id: int) -> Response:
    """Take up what was paused or cut off, where it was. 202."""
    _only(request.args, ())
    return _answer(run_json(runs.go_on(run_id)), 202)


@blueprint.post(f"/{_ID}/undo")
def undo(run_id: int) -> Response:
    """Take the whole import back: what it made and what it changed, with all that joined it."""
    _only(request.args, ())
    found = runs.get_run(run_id)
    if found.group_id is None:
        raise Conflict(_("Nothing of this import has come in, so there is nothing to take back."))
    if found.is_working:
        raise Conflict(_("This import is at work; pause it first."))
    undone = undo_unit(found.group_id)
    return _answer({
        "unit": undone.unit, "reverted": undone.reverted, "overwritten": undone.overwritten, "refused": undone.refused,
        "waiting": undone.waiting,
    })  # fmt: skip


@blueprint.get(f"/{_ID}/rows")
def list_rows(run_id: int) -> Response:
    """`?kind=new,changed&after=NUMBER&limit=50`: what becomes of each row, in the order of the file."""
    _only(request.args, ("kind", "after", "limit"))
    found = runs.get_run(run_id)
    kinds = [kind for kind in request.args.get("kind", "").split(",") if kind] or list(KINDS)
    page = rows.page(found, kinds, after=_whole("after", 0), limit=_whole("limit", 50))
    return _answer({"data": [row_json(one) for one in page.rows], "next": page.next, "counts": rows.counts(found)})


@blueprint.get(f"/{_ID}/refused")
def refused(run_id: int) -> Response:
    """The rows that do not come in, as CSV or workbook like the file: original columns, row number, reason."""
    _only(request.args, ())
    found = runs.get_run(run_id)
    if not any(kind in LEFT_OUT for kind in rows.counts(found)):
        raise NotFound(_("No refused rows of this import are kept."))
    return table_answer(lambda stream: rows.write_left_out(found, stream), rows.left_out_name(found))


@blueprint.post(f"/{_ID}/corrected")
def corrected(run_id: int) -> Response:
    """Bring rows that did not come in again: JSON {"rows": {NUMBER: {COLUMN: TEXT}}}, or a corrected file as form
    part `file`. 201 with a further import of the same mapping, to be checked and run; it joins the same group.
    """
    _only(request.args, ())
    found = runs.get_run(run_id)
    if request.files:
        file = _file()
        return _made(rows.bring_again(found, file.filename or "", file.stream))
    said = _json(request.get_data()).get("rows")
    if not isinstance(said, dict) or not all(
        str(number).isdigit() and len(str(number)) < 10 and isinstance(cells, dict)
        and all(isinstance(text, str) for text in cells.values())
        for number, cells in said.items()
    ):  # fmt: skip
        raise _fault("rows", _("wanted an object of rows: number -> column -> text"))
    return _made(rows.correct(run_id, {int(number): cells for number, cells in said.items()}))


def table_answer(write: Any, name: str) -> Response:
    """A file that `write(stream)` makes, as a download under this name."""
    spool = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed when the answer has left
    write(spool)
    spool.seek(0)
    return send_file(spool, mimetype=MIMETYPES[name.rpartition(".")[2]], as_attachment=True, download_name=name)


def row_json(row: rows.RowView) -> dict[str, Any]:
    """One row of a run in REST form."""
    return {
        "row": row.number,
        "kind": row.kind,
        "record": row.record_id,
        "name": row.record_name or None,
        "reason": row.reason or None,
        "changes": [
            {"field": name, "label": label, "before": before or None, "after": after or None}
            for name, label, before, after in row.changes
        ],
        "cells": {name: None if cell is None else text_of(cell) for name, cell in row.cells.items()},
    }


def run_json(run: Run) -> dict[str, Any]:
    """One import in REST form."""
    return {
        "id": run.id,
        "collection": run.collection,
        "file": run.file_name,
        "bytes": run.file_bytes,
        "rows": run.row_count,
        "rows_done": run.progress_done,
        "status": run.status,
        "wishes": run.wishes.as_json(),
        "check": run.checked,
        "result": run.result,
        "error": run.error or None,
        "job": run.job_id,
        "group": run.group_id,
        "corrects": run.parent_id,
        "reading": {**run.facts.get("reading", {}), **run.reading},
        "looks_like": str(run.facts.get("proposal", "")) or None,
        "created_at": moment_text(run.created_at),
        "done_at": None if run.done_at is None else moment_text(run.done_at),
    }


def _described(run: Run) -> dict[str, Any]:
    said = run_json(run)
    said["columns"] = [{"name": one["name"], "samples": one["samples"]} for one in run.facts.get("columns", ())]
    said["notes"] = list(run.facts.get("notes", ()))
    said["fields"] = field_paths(find_collection(run.collection))
    said["waits"] = sentence_of(standing_of(run)) if run.is_working else ""
    return said


def _made(run: Run) -> Response:
    made = _answer(_described(run), 201)
    made.headers["Location"] = f"/api/v1/imports/{run.id}"
    return made


def _file() -> Any:
    file = request.files.get("file")
    if file is None or not file.filename:
        raise _fault("file", _("send the table as form part “file” with its file name"))
    return file


def _reading(form: Any) -> dict[str, str]:
    return {name: form[name] for name in runs.READINGS if form.get(name)}


def _whole(name: str, default: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not text.isdecimal() or not text.isascii() or len(text) > 9:
        raise _fault(name, _("a whole number is wanted"))
    return int(text)


def _wishes(said: dict[str, Any], collection: str) -> Wishes:
    return Wishes.from_json({"collection": collection, **said})


def _json(data: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(data)
    except orjson.JSONDecodeError as fault:
        raise Invalid(_("The mapping is no JSON: %(why)s", why=str(fault))) from None
    if not isinstance(said, dict):
        raise Invalid(_("The mapping is a JSON object with map, set, values, key, create."))
    return said


def _only(given: Any, known: tuple[str, ...]) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise _fault(unknown[0], _("there is no parameter %(name)r here", name=unknown[0]))


def _fault(name: str, sentence: str) -> Invalid:
    return Invalid(_("Some values are not accepted."), {name: [sentence]})


def _answer(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, mimetype="application/json")
