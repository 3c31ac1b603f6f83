"""Pages of reports: building one, its result, its data and its picture as files."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, request, send_file
from werkzeug.datastructures import MultiDict

from kumiko import (
    Action,
    Forbidden,
    Invalid,
    KumikoError,
    NotFound,
    Option,
    RecordView,
    Source,
    chips,
    company_zone,
    create,
    csv_chunks,
    draw_page,
    filter_row,
    find_exportable,
    get_for_setup,
    go_to,
    may,
    principal,
    read_conditions,
    save_record,
    source_of,
    sources,
    version_sent,
    write_xlsx,
)
from kumiko import gettext as _
from kumiko_analytics.dashboard_pages import may_edit
from kumiko_analytics.figures import said
from kumiko_analytics.periods import UNITS
from kumiko_analytics.pictures import svg_of
from kumiko_analytics.record_types import REPORT_KEY
from kumiko_analytics.report_form import (
    CHARTS,
    HOWS,
    MOST_GROUPS,
    MOST_MEASURES,
    Report,
    kept_report,
    report_of,
    token_of,
)
from kumiko_analytics.report_table import Table, chart_of, file_rows, table_of
from kumiko_analytics.reports import Result, how_label, run

NUMBERS = ("integer", "number", "money", "percent")
NEW = "/analytics/reports/new"


@dataclass(frozen=True)
class ReportView:
    """A result with what may be done with it."""

    name: str
    label: str
    result: Result
    table: Table | None
    chart: str
    actions: tuple[Action, ...]
    filters: tuple[Any, ...]
    zone: str
    card_href: str = ""


@dataclass(frozen=True)
class Pick:
    """A select of the builder; `groups`: heading -> options."""

    name: str
    label: str
    groups: tuple[tuple[str, tuple[Option, ...]], ...]


@dataclass(frozen=True)
class BuilderView:
    """The builder: what is chosen, what can be, and the result so far."""

    title: str
    path: str
    save_href: str
    report: Report
    sources: tuple[Option, ...]
    picks: tuple[Pick, ...]
    chips: tuple[Any, ...]
    add: Any
    keep: tuple[tuple[str, str], ...]
    name: str
    version: int | None
    shown: ReportView | None


class _State:
    """What the chips of conditions need of a page: its address without one of them."""

    def __init__(self, report: Report, path: str) -> None:
        self._report, self._path = report, path

    def href(self, *, without: Any = None, **_more: Any) -> str:
        gone = list(without.pairs) if without is not None else []
        pairs = [pair for pair in self._report.pairs() if pair not in gone]
        return f"{self._path}?{urlencode(pairs)}"


def show(report_id: int) -> Response:
    """GET: a kept report, run now with the reader's rights."""
    record = get_for_setup("reports", report_id, "read")
    return draw_page("analytics/report.html", v=_shown(kept_report(record.get("definition")), record))


def _shown(report: Report, record: RecordView | None = None) -> ReportView:
    result = run(report)
    path = f"/analytics/reports/{record.id}" if record is not None else "/analytics/reports/run"
    name = record.title if record is not None else _("Result")
    actions: list[Action] = []
    if not result.problem and may("export", source_of(report.source).type.key):
        for kind, label in (("csv", _("Data as CSV")), ("xlsx", _("Data as XLSX"))):
            href = f"{path}/data.{kind}" if record is not None else report.href(f"{path}.{kind}")
            actions.append(Action(label, href, "file-type-csv" if kind == "csv" else "file-spreadsheet"))
    chart = "" if result.problem else chart_of(result)
    if chart:
        href = f"{path}/picture.svg" if record is not None else report.href("/analytics/reports/run.svg")
        actions.append(Action(_("Picture as SVG"), href, "photo"))
    return ReportView(
        name=name, label=result.label, result=result, table=None if result.problem else table_of(result), chart=chart,
        actions=tuple(actions), filters=_chips(report, path) if not result.problem else (), zone=company_zone().key,
        card_href=f"/reports/{record.id}" if record is not None else "",
    )  # fmt: skip


def _chips(report: Report, path: str) -> tuple[Any, ...]:
    try:
        info = source_of(report.source).info
        args: Any = MultiDict([pair for pair in report.pairs() if not pair[0].startswith("_")])
        return chips(info, read_conditions(info, args), _State(report, path))
    except KumikoError:
        return ()


# ------------------------------------------------------------------ building


def new() -> Response:
    """GET: the builder without a record."""
    return _builder(_asked(), None)


def edit(report_id: int) -> Response:
    """GET: the builder of a kept report; an address with parameters is what somebody is trying."""
    record = get_for_setup("reports", report_id, "read")
    report = _asked() if "_source" in request.args else kept_report(record.get("definition"))
    return _builder(report, record if may_edit(record) else None)  # of somebody else: a beginning of one's own


def _asked() -> Report:
    return report_of(request.args)


def _builder(report: Report, record: RecordView | None) -> Response:
    path = f"/analytics/reports/{record.id}/edit" if record is not None else NEW
    known = sources()
    options = tuple(Option(one.info.key, str(one.label), chosen=one.info.key == report.source) for one in known)
    problem, info = "", None
    if report.source:
        try:
            info = source_of(report.source).info
        except KumikoError as fault:
            problem = said(fault)
    row_href = f"/analytics/reports/filter-row?{urlencode({'_source': report.source})}"
    add = replace(filter_row(info), row_href=row_href) if info is not None else None
    view = BuilderView(
        title=record.title if record is not None else _("New report"), path=path,
        save_href=f"/analytics/reports/{record.id}/edit" if record is not None else NEW, report=report, sources=options,
        picks=_picks(report),
        chips=_chips(report, path), add=add,
        keep=tuple(pair for pair in report.pairs() if not pair[0].startswith("_")),
        name=record.title if record is not None else "", version=record.version if record is not None else None,
        shown=_shown(report) if report.source and not problem else None,
    )  # fmt: skip
    return draw_page("analytics/builder.html", v=view, problem=problem)


def _chart_label(kind: str) -> str:
    return {"bars": _("Bars"), "stacked": _("Stacked bars"), "line": _("Line"), "pie": _("Ring")}[kind]


def _picks(report: Report) -> tuple[Pick, ...]:
    """The selects: rows, columns, measures as many as are chosen and one more, and the chart."""
    try:
        source = source_of(report.source)
    except KumikoError:
        return ()
    groups, measures = _groupings(source), {"": _measures(source)}
    charts = {"": {one: _chart_label(one) for one in CHARTS[1:]}}
    rows, columns = ([token_of(one) for one in many] for many in (report.rows, report.columns))
    return (
        *(_pick("_row", _("Rows"), groups, one) for one in [*rows, ""][:MOST_GROUPS]),
        *(_pick("_col", _("Columns (pivot)"), groups, one) for one in [*columns, ""][:MOST_GROUPS]),
        *(_pick("_measure", _("Measure"), measures, one.token if one else "")
          for one in [*report.measures, None][:MOST_MEASURES]),
        _pick("_chart", _("Chart"), charts, report.chart),
    )  # fmt: skip


def _pick(name: str, label: str, words: Mapping[str, Mapping[str, str]], chosen: str) -> Pick:
    known = any(chosen in group for group in words.values())
    lost = ((_("Not there any more"), (Option(chosen, chosen, chosen=True),)),) if chosen and not known else ()
    return Pick(name, label, (*lost, *(
        (title, tuple(Option(key, text, chosen=key == chosen) for key, text in group.items()))
        for title, group in words.items() if group
    )))  # fmt: skip


def _groupings(source: Source) -> dict[str, dict[str, str]]:
    """What rows and columns can be, under headings: fields, days by a unit, fields of linked records."""
    units = {"day": _("day"), "week": _("week"), "month": _("month"), "quarter": _("quarter"), "year": _("year")}
    own: dict[str, str] = {}
    days: dict[str, str] = {}
    far: dict[str, str] = {}
    for name, one in source.info.readable(principal()).items():
        label = str(one.field.label)
        if one.is_many or one.kind in ("json", "longtext", "multichoice", "money", "number"):
            continue
        if one.kind in ("date", "moment"):
            days |= {f"{name}:{unit}": f"{label} ({units[unit]})" for unit in UNITS}
            continue
        own[name] = label
        target = source.target(one)
        if target is None or target.type.dictionary or target.key.startswith("access."):
            continue
        for inner, two in target.readable(principal()).items():
            is_short = two.kind in ("choice", "link") or (two.kind == "text" and inner in target.list_columns)
            if is_short and inner not in ("name", "created_by", "updated_by"):
                far[f"{name}.{inner}"] = f"{label}: {two.field.label}"
    return {title: dict(sorted(group.items(), key=lambda item: item[1].casefold()))
            for title, group in ((_("Fields"), own), (_("Time"), days), (_("Linked records"), far))}  # fmt: skip


def _measures(source: Source) -> dict[str, str]:
    """What can be measured: the number of records, and sums, means... of what is a number."""
    found = {"count": _("Number of records"), "share": _("Share of the whole")}
    for name, one in source.info.readable(principal()).items():
        if one.kind in NUMBERS and name != "position":
            hows = [how for how in HOWS if how not in ("distinct", "count")]
            found |= {f"{how}:{name}": f"{one.field.label}: {how_label(how)}" for how in hows}
        elif one.kind == "link" and name not in ("created_by", "updated_by"):
            found[f"distinct:{name}"] = f"{one.field.label}: {how_label('distinct')}"
    return found


def add_filter() -> Response:
    """GET: the row of a filter being added, after field or operator changed."""
    source = request.args.get("_source", "")
    row = filter_row(source_of(source).info, request.args.get("_f", ""), request.args.get("_op", ""))
    row = replace(row, row_href=f"/analytics/reports/filter-row?{urlencode({'_source': source})}")
    return draw_page("kumiko/list_filter_row.html", r=row)


def save_new() -> Response:
    """POST: keep what the builder shows, as a new report."""
    report = report_of(MultiDict(request.form.items(multi=True)))
    name = request.form.get("_name", "").strip()
    if not name:
        raise Invalid(_("A report needs a name."), {"name": [_("A report needs a name.")]})
    sharing = request.form.get("_sharing", "private")
    made = create(REPORT_KEY, {"name": name, "sharing": sharing, "definition": report.as_kept()})
    return go_to(f"/analytics/reports/{made.id}", _("Report saved"))


def save(report_id: int) -> Response:
    """POST: keep what the builder shows, in the report."""
    get_for_setup("reports", report_id)
    report = report_of(MultiDict(request.form.items(multi=True)))
    values: dict[str, Any] = {"definition": report.as_kept()}
    if request.form.get("_name", "").strip():
        values["name"] = request.form["_name"].strip()
    unit_id = save_record(REPORT_KEY, report_id, values, version=version_sent())
    return go_to(f"/analytics/reports/{report_id}", _("Report saved") if unit_id else "", undo_unit=unit_id)


# ------------------------------------------------------------------ files


def data(report_id: int, kind: str) -> Response:
    """The data of a kept report as a file."""
    record = get_for_setup("reports", report_id, "read")
    return _file(kept_report(record.get("definition")), kind, f"report-{report_id}")


def run_file(kind: str) -> Response:
    """The data or the picture of a report that an address means."""
    if kind == "svg":
        return _picture(_asked(), _("Report"), "report")
    return _file(_asked(), kind, "report")


def picture(report_id: int) -> Response:
    """The chart of a kept report as a picture."""
    record = get_for_setup("reports", report_id, "read")
    return _picture(kept_report(record.get("definition")), record.title, f"report-{report_id}")


def _picture(report: Report, title: str, name: str) -> Response:
    result = run(report)
    if result.problem:
        raise NotFound(result.problem)
    answer = Response(svg_of(chart_of(result), title), mimetype="image/svg+xml")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.svg"'
    return answer


def _file(report: Report, kind: str, name: str) -> Response:
    if kind not in ("csv", "xlsx"):
        raise NotFound(_("there is no format %(name)r; there are: %(offered)s", name=kind[:20], offered="csv, xlsx"))
    source = source_of(report.source)
    if not may("export", source.type.key):
        raise Forbidden(_("Your role does not allow you to export %(what)s.", what=str(source.label)))
    result = run(report)
    if result.problem:
        raise NotFound(result.problem)
    find_exportable(source.type.collection, report=name)  # writes the line of the log
    titles, rows = file_rows(result)
    spool = tempfile.SpooledTemporaryFile(max_size=8 << 20)  # noqa: SIM115 - closed when the answer has left
    if kind == "csv":
        for piece in csv_chunks(titles, rows, bom=True):
            spool.write(piece)
        mimetype = "text/csv"
    else:
        write_xlsx(spool, titles, iter(rows), zone=company_zone(), sheet=str(source.label)[:31])
        mimetype = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    spool.seek(0)
    return send_file(spool, mimetype=mimetype, as_attachment=True, download_name=f"{name}.{kind}")
