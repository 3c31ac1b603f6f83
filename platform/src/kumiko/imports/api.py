"""/api/v1/imports: upload, mapping, check, import, result. Files come as multipart/form-data, answers are JSON."""

from __future__ import annotations

from typing import Any

import orjson
from flask import Blueprint, Response, request, send_file

from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.imports import runs
from kumiko.imports.convert import text_of
from kumiko.imports.plan import field_paths, find_collection
from kumiko.imports.runs import Run
from kumiko.imports.wishes import Wishes
from kumiko.records.forms import moment_text

blueprint = Blueprint("imports", __name__, url_prefix="/api/v1/imports")
_ID = "<int(min=1, max=9223372036854775807):run_id>"


@blueprint.get("")
def list_runs() -> Response:
    """The newest imports of one's own (administrators: of all)."""
    _only(request.args, ())
    return _answer({"data": [run_json(run) for run in runs.list_runs()], "next": None})


@blueprint.post("")
def upload() -> Response:
    """Form parts `collection`, `file`, perhaps `wishes` (JSON: map, set, values, key, create). 201.

    Nothing is imported yet.
    """
    _only(request.args, ())
    _only(request.form, ("collection", "wishes", "_csrf"))
    file = request.files.get("file")
    if file is None or not file.filename:
        raise _fault("file", _("send the table as form part “file” with its file name"))
    collection = request.form.get("collection", "")
    if not collection:
        raise _fault("collection", _("say which collection the rows belong to"))
    wishes = None
    if request.form.get("wishes"):
        wishes = _wishes(_json(request.form["wishes"].encode()), collection)
    run = runs.upload(collection, file.filename, file.stream, wishes=wishes)
    made = _answer(_described(run), 201)
    made.headers["Location"] = f"/api/v1/imports/{run.id}"
    return made


@blueprint.get(f"/{_ID}")
def read(run_id: int) -> Response:
    """One import; while its file is kept, with columns, first values and fields to choose from."""
    _only(request.args, ())
    return _answer(_described(runs.get_run(run_id)))


@blueprint.patch(f"/{_ID}")
def change(run_id: int) -> Response:
    """Another mapping, whole: map, set, values, key, create, date_order, decimal_mark."""
    _only(request.args, ())
    run = runs.get_run(run_id)
    return _answer(_described(runs.set_wishes(run.id, _wishes(_json(request.get_data()), run.collection))))


@blueprint.delete(f"/{_ID}")
def delete(run_id: int) -> Response:
    """Forget an upload that was not imported."""
    _only(request.args, ())
    runs.forget(run_id)
    return Response(status=204)


@blueprint.post(f"/{_ID}/check")
def check(run_id: int) -> Response:
    """Find out in the background what would happen; writes nothing. 202."""
    _only(request.args, ())
    return _answer(run_json(runs.start(run_id, check=True)), 202)


@blueprint.post(f"/{_ID}/run")
def run(run_id: int) -> Response:
    """Import in the background. 202; the result names the group that one undo takes back."""
    _only(request.args, ())
    return _answer(run_json(runs.start(run_id, check=False)), 202)


@blueprint.get(f"/{_ID}/refused")
def refused(run_id: int) -> Response:
    """The refused rows as CSV: original columns, row number, reason."""
    _only(request.args, ())
    found = runs.get_run(run_id)
    path = runs.refused_file_of(run_id, checked=found.result is None)
    if not path.exists():
        raise NotFound(_("No refused rows of this import are kept."))
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=f"import-{run_id}-refused.csv")


def run_json(run: Run) -> dict[str, Any]:
    """One import in REST form."""
    return {
        "id": run.id,
        "collection": run.collection,
        "file": run.file_name,
        "bytes": run.file_bytes,
        "rows": run.row_count,
        "status": run.status,
        "wishes": run.wishes.as_json(),
        "check": run.checked,
        "result": run.result,
        "error": run.error or None,
        "job": run.job_id,
        "group": run.group_id,
        "created_at": moment_text(run.created_at),
        "done_at": None if run.done_at is None else moment_text(run.done_at),
    }


def _described(run: Run) -> dict[str, Any]:
    said = run_json(run)
    if runs.file_of(run.id, run.file_name).exists():
        table = runs.table_of(run)
        samples = runs.samples_of(table)
        said["columns"] = [
            {"name": name, "samples": [text_of(value) for value in samples[name]]} for name in table.columns
        ]
        said["notes"] = list(table.notes)
        said["fields"] = field_paths(find_collection(run.collection))
    return said


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
