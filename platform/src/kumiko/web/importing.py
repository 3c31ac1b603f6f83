"""Pages of an import (upload, match columns, check, import, result) and the download of a list."""

from __future__ import annotations

import tempfile
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, send_file
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from kumiko.host.context import principal
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.imports import export, runs
from kumiko.imports.convert import text_of
from kumiko.imports.models import CHECKED, CHECKING, DONE, FAILED
from kumiko.imports.plan import field_paths, find_collection, require_permission
from kumiko.imports.runs import Run
from kumiko.imports.tables import Table
from kumiko.imports.wishes import Wishes
from kumiko.jobs.models import READY
from kumiko.records import rights
from kumiko.records.catalogue import TypeInfo, catalogue
from kumiko.web.answers import in_dialog
from kumiko.web.lists import ListState
from kumiko.web.types import type_of
from kumiko.web.viewmodels import Action, FieldView, Figure, ImportColumn, ImportView, Link, Option

blueprint = Blueprint("web_import", __name__)
_ID = "<int(min=1, max=9223372036854775807):run_id>"
#: Words of a choice column that are offered for translation.
MOST_WORDS = 30
SHOWN_PROBLEMS = 20
_MIMETYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@blueprint.get("/import")
def upload_page() -> BaseResponse:
    require_permission()
    return _draw(_upload_view())


@blueprint.post("/import")
def upload() -> BaseResponse:
    require_permission()
    collection, file = request.form.get("collection", ""), request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Invalid(_("Choose a CSV or Excel file."))
        run = runs.upload(collection, file.filename, file.stream)
    except Invalid as refusal:
        return _draw(_upload_view(collection, refusal), 422)
    return redirect(f"/import/{run.id}", 303)


@blueprint.get(f"/import/{_ID}")
def show(run_id: int) -> BaseResponse:
    """The step at which the import is; `?step=match` goes back to the columns."""
    run = runs.get_run(run_id)
    if run.status == DONE:
        return _draw(_result_view(run))
    if run.is_working:
        return _draw(_work_view(run))
    if run.status == CHECKED and request.args.get("step") != "match":
        return _draw(_check_view(run))
    return _draw(_match_view(run, run.wishes, (run.error,) if run.status == FAILED and run.error else ()))


@blueprint.post(f"/import/{_ID}/match")
def match(run_id: int) -> BaseResponse:
    """Keep the mapping and start the check."""
    run = runs.get_run(run_id)
    wishes = _wishes_of_form(run)
    try:
        runs.set_wishes(run_id, wishes)
        runs.start(run_id, check=True)
    except Invalid as refusal:
        return _draw(_match_view(run, wishes, (refusal.message,)), 422)
    return redirect(f"/import/{run_id}", 303)


@blueprint.post(f"/import/{_ID}/run")
def run_it(run_id: int) -> BaseResponse:
    runs.start(run_id, check=False)
    return redirect(f"/import/{run_id}", 303)


@blueprint.get(f"/import/{_ID}/refused")
def refused(run_id: int) -> Response:
    run = runs.get_run(run_id)
    path = runs.refused_file_of(run_id, checked=run.result is None)
    if not path.exists():
        raise NotFound(_("No refused rows of this import are kept."))
    return send_file(path, mimetype="text/csv", as_attachment=True, download_name=f"import-{run_id}-refused.csv")


@blueprint.get("/export/<collection>")
def download(collection: str) -> Response:
    """What a list holds, by the parameters of its address, as `format` csv, xlsx or json; without one, a choice."""
    file_format = request.args.get("format", "" if in_dialog() else "csv")
    info = type_of(collection)
    state = ListState.of(
        info, MultiDict((name, text) for name, text in request.args.items(multi=True) if name != "format")
    )
    if not file_format:
        rights.require("export", info)
        query = f"{state.query}&" if state.query else ""
        return _draw_choice(info, f"/export/{collection}?{query}format=")
    if file_format not in export.FORMATS:
        raise Invalid(_("Some values are not accepted."), {"format": [export.no_format(file_format)]})
    # Rows may be read only while this request lasts, so the file is complete before it leaves.
    spool = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed when the answer has left
    export.export_to(spool, collection, file_format, node=state.node, q=state.q, bom=True)
    spool.seek(0)
    return send_file(
        spool, mimetype=_MIMETYPES[file_format], as_attachment=True, download_name=f"{collection}.{file_format}"
    )


def _draw_choice(info: TypeInfo, href: str) -> Response:
    title = _("Export %(what)s", what=inside(info.type.label_plural))
    return Response(render_template("kumiko/export_dialog.html", title=title, href=href))


# ------------------------------------------------------------------ steps


def _draw(view: ImportView, status: int = 200) -> Response:
    return Response(render_template("kumiko/import.html", v=view), status)


def _importable() -> list[TypeInfo]:
    return [info for info in catalogue().types.values() if info.type.importable and rights.may("create", info.key)]


def _upload_view(collection: str = "", refusal: Invalid | None = None) -> ImportView:
    chosen = collection or request.args.get("collection", "")
    options = tuple(
        Option(info.collection, str(info.type.label_plural), chosen=info.collection == chosen) for info in _importable()
    )
    errors = refusal.errors if refusal is not None else {}
    return ImportView(
        step="upload",
        title=_("Import"),
        crumbs=(),
        action="/import",
        fields=(
            FieldView("collection", _("What the rows are"), "choice", chosen, options=options, required=True,
                      errors=tuple(errors.get("collection", ()))),
            FieldView("file", _("File"), "file", accept=".csv,.tsv,.txt,.xlsx,.xlsm,.xls,.ods", required=True,
                      errors=tuple(errors.get("file", ()))),
        ),
        summary=(refusal.message,) if refusal is not None else (),
    )  # fmt: skip


def _match_view(run: Run, wishes: Wishes, problems: tuple[str, ...] = ()) -> ImportView:
    table = runs.table_of(run)
    info = find_collection(run.collection)
    samples = runs.samples_of(table)
    chosen = {column: path for path, column in wishes.maps}
    offered = _offered(info)
    columns = tuple(
        ImportColumn(
            name=f"column-{number}",
            header=name,
            samples=tuple(text_of(value)[:40] for value in samples[name][:3]),
            options=tuple(Option(path, label, chosen=chosen.get(name) == path) for path, label in offered),
        )
        for number, name in enumerate(table.columns)
    )
    return ImportView(
        step="match",
        title=_("Import %(what)s", what=inside(info.type.label_plural)),
        crumbs=(Link(_("Import"), "/import"),),
        action=f"/import/{run.id}/match",
        file=run.file_name,
        file_text=_file_text(run, table),
        columns=columns,
        fields=_match_fields(info, wishes, offered),
        values=_word_fields(info, wishes, table),
        summary=problems,
        back_href="/import",
    )


def _offered(info: TypeInfo) -> list[tuple[str, str]]:
    writable = info.writable(principal())
    found: list[tuple[str, str]] = []
    for path in field_paths(info):
        one = writable.get(path)
        found.append((path, str(one.field.label) if one is not None else _("Id in the other system")))
        if one is not None and one.kind == "money":
            found.append((f"{path}.currency", _("%(label)s: currency", label=str(one.field.label))))
    return found


def _match_fields(info: TypeInfo, wishes: Wishes, offered: list[tuple[str, str]]) -> tuple[FieldView, ...]:
    keys = ("external_id", *(key for key in info.type.keys if key != "external_id"))
    labels = dict(offered)
    fields = [
        FieldView(
            "key", _("Recognise existing records by"), "choice", wishes.key,
            options=tuple(Option(key, labels.get(key, key), chosen=key == wishes.key) for key in keys),
            help=_("Left empty: the first of these that is matched above; without any, every row makes a new record."),
        ),
        FieldView(
            "date_order", _("Days such as 3/4/2025"), "choice", wishes.date_order,
            options=(Option("dmy", _("Day first"), chosen=wishes.date_order == "dmy"),
                     Option("mdy", _("Month first"), chosen=wishes.date_order == "mdy")),
            help=_("Only needed when the column does not show it by itself."),
        ),
    ]  # fmt: skip
    if any(one.kind == "money" for one in info.fields.values()):
        given = dict(wishes.sets)
        name = next(one.name for one in info.fields.values() if one.kind == "money")
        fields.append(FieldView("set-currency", _("Currency of amounts"), "text", given.get(f"{name}.currency", ""),
                                max_length=3, help=_("Such as USD, when the file does not say it.")))  # fmt: skip
    targets = {one.field.to for one in info.fields.values() if one.kind == "link"} | {info.key}
    made = tuple(
        Option(other.collection, str(other.type.label_plural), chosen=other.collection in wishes.create)
        for other in _importable()
        if other.key in targets
    )
    fields.append(FieldView("create", _("Make linked records that are missing"), "multichoice", options=made))
    return tuple(fields)


def _word_fields(info: TypeInfo, wishes: Wishes, table: Table) -> tuple[tuple[str, tuple[FieldView, ...]], ...]:
    """For matched choice columns: which of our values each word of the file means, where it is not plain."""
    given = {(path, theirs): ours for path, theirs, ours in wishes.values}
    found: list[tuple[str, tuple[FieldView, ...]]] = []
    for path, column in wishes.maps:
        one = info.fields.get(path)
        if one is None or one.kind not in ("choice", "multichoice") or not one.choices:
            continue
        known = {key.casefold() for key in one.choices} | {str(ours.label).casefold() for ours in one.choices.values()}
        fields = tuple(
            FieldView(
                f"word:{path}:{word}", word, "choice", given.get((path, word), ""),
                options=tuple(
                    Option(key, str(choice.label), chosen=given.get((path, word)) == key)
                    for key, choice in one.choices.items()
                ),
            )
            for word in runs.distinct_words(table, column, MOST_WORDS)
            if word.strip().casefold() not in known
        )  # fmt: skip
        if fields:
            found.append((str(one.field.label), fields))
    return tuple(found)


def _wishes_of_form(run: Run) -> Wishes:
    """The mapping that the form of the step "match" sends."""
    form = request.form
    table = runs.table_of(run)
    maps = tuple(
        (form[f"column-{number}"], name) for number, name in enumerate(table.columns) if form.get(f"column-{number}")
    )
    info = find_collection(run.collection)
    mapped = {path for path, _column in maps}
    sets: list[tuple[str, str]] = []
    currency = form.get("set-currency", "").strip()
    if currency:
        sets = [
            (f"{one.name}.currency", currency)
            for one in info.fields.values()
            if one.kind == "money" and one.name in mapped and f"{one.name}.currency" not in mapped
        ]
    values: list[tuple[str, str, str]] = []
    for name, ours in form.items():
        if name.startswith("word:") and ours:
            _word, path, theirs = name.split(":", 2)
            if path in mapped:
                values.append((path, theirs, ours))
    linked = {catalogue().types[one.field.to].collection for name, one in info.fields.items()
              if name in mapped and one.kind == "link" and one.field.to in catalogue().types}  # fmt: skip
    return Wishes.from_json({
        "collection": run.collection,
        "map": dict(maps),
        "set": dict(sets),
        "values": values,
        "key": form.get("key", ""),
        "create": [name for name in form.getlist("create") if name in linked],
        "date_order": form.get("date_order", ""),
    })  # fmt: skip


def _file_text(run: Run, table: Table | None = None) -> str:
    if table is None:
        return _("%(rows)s rows", rows=f"{run.row_count:,}")
    return _("%(rows)s rows, %(columns)d columns. %(notes)s", rows=f"{run.row_count:,}", columns=len(table.columns),
             notes=" ".join(table.notes))  # fmt: skip


def _figures(report: dict[str, Any]) -> tuple[Figure, ...]:
    figures = [
        Figure(_("New"), f"{report['created']:,}"),
        Figure(_("Changed"), f"{report['updated']:,}"),
        Figure(_("Unchanged"), f"{report['unchanged']:,}"),
        Figure(_("Refused"), f"{report['refused']:,}"),
    ]
    for collection, count in report["made"].items():
        info = catalogue().by_collection.get(collection)
        label = str(info.type.label_plural) if info is not None else collection
        figures.append(Figure(label, f"{count:,}", hint=_("made for links")))
    if report["warnings"]:
        figures.append(Figure(_("Warnings"), f"{report['warnings']:,}", hint=_("came in all the same")))
    return tuple(figures)


def _problems(run: Run, report: dict[str, Any]) -> dict[str, Any]:
    listed = report["problems"][:SHOWN_PROBLEMS]
    problems = []
    for one in listed:
        field, mark, sentence = one["reason"].partition(": ")
        problems.append((str(one["row"]), field, sentence) if mark else (str(one["row"]), "", one["reason"]))
    more = report["refused"] - len(listed)
    return {
        "figures": _figures(report),
        "problems": tuple(problems),
        "problems_more": _("and %(count)s more; the file has all of them.", count=f"{more:,}") if more > 0 else "",
        "problems_href": f"/import/{run.id}/refused" if report["refused"] else "",
        "unmapped": tuple(report["unmapped"]),
    }


def _check_view(run: Run) -> ImportView:
    report = run.checked or {}
    count = report["created"] + report["updated"]
    return ImportView(
        step="check",
        title=_("Check of %(file)s", file=run.file_name),
        crumbs=(Link(_("Import"), "/import"),),
        action=f"/import/{run.id}/run",
        file=run.file_name,
        file_text=_file_text(run),
        submit=_("Import %(count)s rows", count=f"{count:,}"),
        back_href=f"/import/{run.id}?step=match",
        **_problems(run, report),
    )


def _work_view(run: Run) -> ImportView:
    checks = run.status == CHECKING
    word = _("Checking; nothing is written") if checks else _("Importing")
    text = _("%(what)s: %(done)s of %(total)s", what=word, done=f"{run.progress_done:,}", total=f"{run.row_count:,}")
    if run.job_status == READY:
        text = _("Waits for a worker process; nothing else is needed from you.")
    heading = _("Check of %(file)s", file=run.file_name) if checks else _("Import of %(file)s", file=run.file_name)
    return ImportView(
        step="run",
        title=heading,
        crumbs=(Link(_("Import"), "/import"),),
        action="",
        file=run.file_name,
        file_text=_file_text(run),
        done=run.progress_done,
        total=run.row_count,
        progress_text=text,
        progress_href=f"/import/{run.id}",
    )


def _result_view(run: Run) -> ImportView:
    report = run.result or {}
    undo = None
    if run.group_id is not None:
        undo = Action(_("Undo this import"), f"/units/{run.group_id}/undo", "arrow-back-up", method="post")
    return ImportView(
        step="result",
        title=_("%(file)s is imported", file=run.file_name),
        crumbs=(Link(_("Import"), "/import"),),
        action="",
        file=run.file_name,
        file_text=_file_text(run),
        undo=undo,
        actions=(Action(_("Show them"), f"/{run.collection}", "list", primary=True),
                 Action(_("Import another file"), "/import", "upload")),
        **_problems(run, report),
    )  # fmt: skip
