"""What each step of an import shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.i18n import lazy_gettext as _l
from kumiko.imports import mappings, rows, runs, standing
from kumiko.imports.models import (
    CHANGED,
    CHECKED,
    CHECKING,
    DONE,
    DUPLICATE,
    EQUAL,
    FAILED,
    IMPORTING,
    LATE,
    LEFT_OUT,
    NEW,
    PAUSED,
    REFUSED,
    UPLOADED,
)  # fmt: skip
from kumiko.imports.plan import find_collection
from kumiko.imports.runs import Run
from kumiko.imports.tables import SUFFIXES
from kumiko.imports.wishes import Wishes
from kumiko.records.catalogue import catalogue
from kumiko.web.import_forms import general_fields, importable, note_of, offered, word_fields
from kumiko.web.viewmodels import Action, FieldView, Figure, ImportColumn, ImportView, Link, Option
from kumiko.web.viewmodels.imports import ImportRow, ImportRows

SHOWN_RECENT, SHOWN_ROWS, SHOWN_CORRECTIONS = 8, 50, 25
_KIND_LABELS = {
    NEW: _l("New"), CHANGED: _l("Changed"), EQUAL: _l("Unchanged"), DUPLICATE: _l("Duplicates"), REFUSED: _l("Refused"),
    LATE: _l("Set aside"),
}  # fmt: skip
_KIND_TEXTS = {
    NEW: _l("These rows make new records."),
    CHANGED: _l("These rows change records that are there."),
    EQUAL: _l("These rows say what is there already; nothing is written for them."),
    DUPLICATE: _l("These rows seem to be there already, or repeat an earlier row, and stay out."),
    REFUSED: _l("These rows cannot come in as they are."),
    LATE: _l(
        "What these rows would do has changed since the rehearsal, so they stay out until they are rehearsed again."
    ),
}
_STATUS_LABELS = {
    UPLOADED: _l("to be matched"), CHECKING: _l("in rehearsal"), CHECKED: _l("rehearsed, to be accepted"),
    IMPORTING: _l("coming in"), DONE: _l("done"), FAILED: _l("stopped"), PAUSED: _l("paused"),
}  # fmt: skip
_ENCODINGS = (
    ("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("utf-16", "UTF-16"), ("cp1250", "Windows-1250"),
    ("cp1251", "Windows-1251"), ("iso-8859-15", "ISO 8859-15"), ("mac-roman", "Macintosh"),
)  # fmt: skip
_DELIMITERS = ((",", _l("Comma")), (";", _l("Semicolon")), ("tab", _l("Tab character")), ("|", _l("Vertical bar")))


def _crumbs() -> tuple[Link, ...]:
    return (Link(_("Import"), "/import"),)


def upload_view(chosen: str = "", refusal: Invalid | None = None) -> ImportView:
    types = importable()
    options = tuple(
        Option(info.collection, str(info.type.label_plural), chosen=info.collection == chosen) for info in types
    )
    errors: Mapping[str, Any] = refusal.errors if refusal is not None else {}
    labels = {info.collection: str(info.type.label_plural) for info in types}
    shown = [info for info in types if not chosen or info.collection == chosen]
    samples = tuple(
        Action(f"{info.type.label_plural} ({file_format.upper()})", f"/import/sample/{info.collection}.{file_format}",
               "download")
        for info in shown for file_format in (("csv", "xlsx") if chosen else ("csv",))
    )  # fmt: skip
    recent = tuple(
        (Link(run.file_name, f"/import/{run.id}", "file-spreadsheet"), labels.get(run.collection, run.collection),
         str(_STATUS_LABELS.get(run.status, run.status)))
        for run in runs.list_runs(SHOWN_RECENT)
    )  # fmt: skip
    return ImportView(
        step="upload",
        title=_("Import"),
        crumbs=(),
        action="/import",
        fields=(
            FieldView("collection", _("What the rows are"), "choice", chosen, options=options,
                      placeholder=_("Find out from the titles"), errors=tuple(errors.get("collection", ()))),
            FieldView("file", _("File"), "file", accept=",".join(sorted(SUFFIXES)), required=True,
                      errors=tuple(errors.get("file", ()))),
        ),
        recent=recent,
        samples=samples,
        summary=(refusal.message,) if refusal is not None else (),
    )  # fmt: skip


def match_view(run: Run, wishes: Wishes, problems: tuple[str, ...] = ()) -> ImportView:
    info = find_collection(run.collection)
    chosen = {column: path for path, column in reversed(wishes.maps)}
    groups = offered(info)
    facts = run.facts
    looked_at = int(facts.get("looked_at", 0))
    columns = tuple(
        ImportColumn(
            name=f"column-{number}",
            header=one["name"],
            samples=tuple(text[:40] for text in one["samples"][:3]),
            groups=tuple(
                (label, tuple(Option(path, said, chosen=chosen.get(one["name"]) == path) for path, said in fields))
                for label, fields in groups
            ),
            filled=_("empty") if not one["filled"] else "" if one["filled"] == looked_at
            else _("%(filled)s of %(rows)s filled", filled=f"{one['filled']:,}", rows=f"{looked_at:,}"),
            note=note_of(info, chosen.get(one["name"], ""), one),
        )
        for number, one in enumerate(facts.get("columns", ()))
    )  # fmt: skip
    return ImportView(
        step="match",
        title=_("Import %(what)s", what=inside(info.type.label_plural)),
        crumbs=_crumbs(),
        action=f"/import/{run.id}/match",
        file=run.file_name,
        file_text=_file_text(run, with_notes=True),
        notices=_origin(run),
        reading=_reading_fields(run),
        reading_action=f"/import/{run.id}/reading",
        first_rows=tuple(
            tuple("" if cell is None else str(cell)[:60] for cell in row) for row in facts.get("rows", ())
        ),
        column_heads=tuple(run.columns),
        mappings=tuple(
            Link(one.name, f"/import/{run.id}?step=match&mapping={one.id}") for one in mappings.list_mappings(info)
        ),
        columns=columns,
        fields=general_fields(info, wishes),
        values=word_fields(info, wishes, run),
        summary=problems,
        submit=_("Rehearse"),
        back_href="/import",
    )


def _origin(run: Run) -> tuple[str, ...]:
    kind, _colon, name = str(run.facts.get("proposal", "")).partition(":")
    if kind == "origin":
        return (
            _("This looks like an export of %(name)s: its columns are matched for you. Look them over.", name=name),
        )
    if kind == "named":
        return (_("Matched by the mapping “%(name)s”, which was kept for these titles.", name=name),)
    if kind == "memory":
        return (_("Matched as you did it last time for a file with these titles."),)
    return ()


def _reading_fields(run: Run) -> tuple[FieldView, ...]:
    found, given = run.facts.get("reading", {}), run.reading
    fields = []
    if "encoding" in found:
        fields.append(_select("encoding", _("Encoding"), given, [(key, label) for key, label in _ENCODINGS]))
    if "delimiter" in found:
        value = {**given, "delimiter": "tab" if given.get("delimiter") == "\t" else given.get("delimiter", "")}
        fields.append(_select("delimiter", _("Separator"), value, [(key, str(label)) for key, label in _DELIMITERS]))
    sheets = run.facts.get("sheets", ())
    if len(sheets) > 1:
        fields.append(_select("sheet", _("Sheet"), {"sheet": found.get("sheet", "")}, [(one, one) for one in sheets]))
    return tuple(fields)


def _select(name: str, label: str, given: Mapping[str, str], options: list[tuple[str, str]]) -> FieldView:
    chosen = given.get(name, "")
    offered_here = tuple(Option(key, said, chosen=key == chosen) for key, said in options)
    return FieldView(name, label, "choice", chosen, placeholder=_("Find out"), options=offered_here)


def _file_text(run: Run, *, with_notes: bool = False) -> str:
    if not with_notes:
        return _("%(rows)s rows", rows=f"{run.row_count:,}")
    return _("%(rows)s rows, %(columns)d columns. %(notes)s", rows=f"{run.row_count:,}", columns=len(run.columns),
             notes=" ".join(run.facts.get("notes", ())))  # fmt: skip


def check_view(run: Run, kind: str, after: int) -> ImportView:
    report = run.checked or {}
    count = report["created"] + report["updated"]
    joined = (
        (_("It joins the import whose rows it corrects: one undo takes back both."),)
        if run.parent_id is not None
        else ()
    )
    return ImportView(
        step="check",
        title=_("Rehearsal of %(file)s", file=run.file_name),
        crumbs=_crumbs(),
        action=f"/import/{run.id}/run",
        file=run.file_name,
        file_text=_file_text(run),
        notices=(_("Nothing is written yet. Accepting writes exactly what is shown here; a row whose record changes in "
                   "the meantime is set aside."), *joined),
        submit=_("Accept and import (%(count)s)", count=f"{count:,}") if count else "",
        back_href=f"/import/{run.id}?step=match",
        actions=(Action(_("Forget this file"), f"/import/{run.id}/forget", "trash", method="post"),),
        **_report_parts(run, report, kind, after),
    )  # fmt: skip


def work_view(run: Run) -> ImportView:
    checks = run.status == CHECKING or (not run.is_working and bool(run.state.get("check")))
    done = run.progress_done if run.is_working else int(run.state.get("done", 0))
    word = _("Rehearsing; nothing is written") if checks else _("Importing")
    text = _("%(what)s: %(done)s of %(total)s", what=word, done=f"{done:,}", total=f"{run.row_count:,}")
    actions: list[Action] = []
    undo, warning = None, ""
    if run.is_working:
        found = standing.standing_of(run)
        said = standing.sentence_of(found)
        warning, text = (said, text) if found.worker_silent else ("", said or text)
        if found.remaining_s is not None:
            text = f"{text}. {_remaining(found.remaining_s)}"
        actions.append(Action(_("Pause"), f"/import/{run.id}/pause", "player-pause", method="post"))
    else:
        warning = run.error
        text = _("Paused after %(done)s of %(total)s rows.", done=f"{done:,}", total=f"{run.row_count:,}")
        resume = f"/import/{run.id}/resume"
        actions.append(Action(_("Take it up again"), resume, "player-play", method="post", primary=True))
        if run.group_id is not None and not checks:
            undo = Action(_("Take back what came in"), f"/units/{run.group_id}/undo", "arrow-back-up", method="post")
        if checks:
            actions.append(Action(_("Forget this file"), f"/import/{run.id}/forget", "trash", method="post"))
    heading = _("Rehearsal of %(file)s", file=run.file_name) if checks else _("Import of %(file)s", file=run.file_name)
    return ImportView(
        step="check" if checks and not run.is_working else "run",
        title=heading,
        crumbs=_crumbs(),
        action="",
        file=run.file_name,
        file_text=_file_text(run),
        done=done,
        total=run.row_count,
        progress_text=text,
        progress_href=f"/import/{run.id}" if run.is_working else "",
        warning=warning,
        undo=undo,
        actions=tuple(actions),
    )


def _remaining(seconds: int) -> str:
    if seconds < 90:
        return _("About %(count)d seconds left.", count=max(1, seconds))
    return _("About %(count)d minutes left.", count=round(seconds / 60))


def result_view(run: Run, kind: str, after: int, problems: tuple[str, ...] = ()) -> ImportView:
    report = run.result or {}
    undo = None
    if run.group_id is not None:
        undo = Action(_("Undo this import"), f"/units/{run.group_id}/undo", "arrow-back-up", method="post")
    parts = _report_parts(run, report, kind, after, correcting=True)
    return ImportView(
        step="result",
        title=_("%(file)s is imported", file=run.file_name),
        crumbs=_crumbs(),
        action="",
        file=run.file_name,
        file_text=_file_text(run),
        notices=_counted(report),
        undo=undo,
        actions=(Action(_("Show them"), f"/{run.collection}", "list", primary=True),
                 Action(_("Import another file"), "/import", "upload")),
        upload_action=f"/import/{run.id}/correct" if report.get("refused") else "",
        summary=problems,
        **parts,
    )  # fmt: skip


def _counted(report: Mapping[str, Any]) -> tuple[str, ...]:
    """What the history holds of the import, counted in the database after the last commit."""
    found = report.get("counted")
    if found is None:
        return ()
    said = []
    for name, count in sorted(found.items()):
        action, _space, type_key = name.partition(" ")
        info = catalogue().find(type_key)
        label = inside(info.type.label_plural) if info is not None else type_key
        word = {"created": _("%(count)s %(what)s made"), "changed": _("%(count)s %(what)s changed")}.get(action)
        if word:
            said.append(word % {"count": f"{count:,}", "what": label})
    listed = ", ".join(said) or _("nothing was written")
    return (_("Counted in the history after the last commit: %(listed)s.", listed=listed),)


def _report_parts(
    run: Run, report: Mapping[str, Any], kind: str, after: int, *, correcting: bool = False
) -> dict[str, Any]:
    found = rows.counts(run)
    tabs = [one for one in _KIND_LABELS if found.get(one)]
    at = kind if kind in tabs else next((one for one in (*LEFT_OUT, *tabs) if one in tabs), "")
    columns = report.get("columns", {})
    return {
        "figures": _figures(report),
        "tabs": tuple(
            Link(str(_KIND_LABELS[one]), f"/import/{run.id}?kind={one}", count=f"{found[one]:,}", active=one == at)
            for one in tabs
        ),
        "rows": _rows(run, at, after, correcting=correcting) if at else None,
        "column_counts": tuple(
            (name, f"{one['given']:,}", f"{one['taken']:,}", f"{one['given'] - one['taken']:,}")
            for name, one in columns.items()
        ),
        "unmapped": tuple(report.get("unmapped", ())),
    }


def _figures(report: Mapping[str, Any]) -> tuple[Figure, ...]:
    duplicates, late = report.get("duplicates", 0), report.get("set_aside", 0)
    figures = [
        Figure(_("New"), f"{report['created']:,}"),
        Figure(_("Changed"), f"{report['updated']:,}"),
        Figure(_("Unchanged"), f"{report['unchanged']:,}"),
        Figure(_("Duplicates"), f"{duplicates:,}"),
        Figure(_("Refused"), f"{report['refused'] - duplicates - late:,}"),
    ]
    if late:
        figures.append(Figure(_("Set aside"), f"{late:,}", hint=_("changed since the rehearsal")))
    for collection, count in report["made"].items():
        info = catalogue().by_collection.get(collection)
        label = str(info.type.label_plural) if info is not None else collection
        figures.append(Figure(label, f"{count:,}", hint=_("made for links")))
    if report["warnings"]:
        figures.append(Figure(_("Warnings"), f"{report['warnings']:,}", hint=_("came in all the same")))
    return tuple(figures)


def _rows(run: Run, kind: str, after: int, *, correcting: bool) -> ImportRows:
    left_out = kind in LEFT_OUT
    can_correct = correcting and left_out
    page = rows.page(run, [kind], after=after, limit=SHOWN_CORRECTIONS if can_correct else SHOWN_ROWS)
    shown = tuple(
        ImportRow(
            number=str(one.number),
            reason=one.reason,
            record=one.record_name or (f"#{one.record_id}" if one.record_id is not None else ""),
            href=f"/{run.collection}/{one.record_id}" if one.record_id is not None and one.record_name else "",
            changes=tuple((label, before, text) for _name, label, before, text in one.changes),
            cells=tuple(
                (f"cell-{one.number}-{at}", title, "" if one.cells.get(title) is None else str(one.cells[title]))
                for at, title in enumerate(run.columns)
            ) if left_out else (),
        )
        for one in page.rows
    )  # fmt: skip
    return ImportRows(
        kind=kind,
        title=str(_KIND_LABELS[kind]),
        text=str(_KIND_TEXTS[kind]),
        rows=shown,
        next_href=f"/import/{run.id}?kind={quote(kind)}&after={page.next}" if page.next is not None else "",
        download_href=f"/import/{run.id}/refused" if left_out else "",
        heads=tuple(run.columns) if left_out else (),
        correct_action=f"/import/{run.id}/correct" if can_correct else "",
    )
