"""The rows of a run by what becomes of them, page by page; those that do not come in as a file and as a table."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sqlalchemy import func, select

from kumiko.host.errors import Conflict, Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports import runs
from kumiko.imports.models import DONE, KINDS, LEFT_OUT, row_table
from kumiko.imports.plan import find_collection
from kumiko.imports.runs import Run
from kumiko.imports.tables import Row
from kumiko.imports.writers import RefusedRow, write_csv, write_refused_to
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.history import readable_text
from kumiko.records.links import record_names

_rows = row_table
MAX_PAGE = 200
_WORKBOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".ods"})


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One row of a file and what becomes of it. `changes`: (field, label, before, after) as text. `cells`: the row as
    it was, by column, for rows that do not come in. `record_id`: the record that it is about, once there is one.
    """

    number: int
    kind: str
    record_id: int | None
    record_name: str
    reason: str
    changes: tuple[tuple[str, str, str, str], ...]
    cells: Mapping[str, Any]


@dataclass(frozen=True)
class RowPage:
    """Some rows; `next` is the number to go on after, None at the end."""

    rows: tuple[RowView, ...]
    next: int | None


def counts(run: Run) -> dict[str, int]:
    """How many rows of the run's last rehearsal or import are of each kind."""
    query = select(_rows.c.kind, func.count().label("number")).where(_mine(run)).group_by(_rows.c.kind)
    found = {row.kind: row.number for row in trusted(query)}
    return {kind: found[kind] for kind in KINDS if kind in found}


def page(run: Run, kinds: Sequence[str], *, after: int = 0, limit: int = 50) -> RowPage:
    """Rows of these kinds in the order of the file, behind the row numbered `after`."""
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise Invalid(_("Some values are not accepted."),
                      {"kind": [_("wanted one of: %(offered)s", offered=", ".join(KINDS))]})  # fmt: skip
    limit = max(1, min(limit, MAX_PAGE))
    query = select(_rows).where(_mine(run), _rows.c.kind.in_(kinds), _rows.c.number > after)
    found = trusted(query.order_by(_rows.c.number).limit(limit + 1)).all()
    shown = found[:limit]
    return RowPage(tuple(_views(run, shown)), shown[-1].number if len(found) > limit else None)


def _mine(run: Run) -> Any:
    return (_rows.c.run_id == run.id) & (_rows.c.round == run.round)


def _views(run: Run, found: Sequence[Any]) -> Iterator[RowView]:
    info = find_collection(run.collection)
    wanted: set[tuple[str, int]] = {(info.key, row.record_id) for row in found if row.record_id is not None}
    for row in found:
        for name, pair in (row.changes or {}).items():
            one = info.fields.get(name)
            if one is not None and one.kind == "link":
                wanted |= {(one.field.to, side["id"]) for side in pair if side and side.get("id")}
            elif one is not None and one.kind == "list":
                wanted |= {
                    (item.field.to, part[item.name]["id"])
                    for item in one.items if item.kind == "link"
                    for side in pair for part in side or () if (part.get(item.name) or {}).get("id")
                }  # fmt: skip
            elif one is not None and one.kind == "users":
                wanted |= {(one.field.to or "access.user", int(part)) for side in pair for part in side or ()}
    names = record_names(info.key, wanted) if wanted else {}
    for row in found:
        yield RowView(
            number=row.number, kind=row.kind, record_id=row.record_id,
            record_name=names.get((info.key, row.record_id), "") if row.record_id is not None else "",
            reason=row.reason, changes=tuple(_changes(info, row.changes or {}, names)),
            cells=dict(zip(run.columns, row.cells or (), strict=False)),
        )  # fmt: skip


def _changes(
    info: TypeInfo, changes: Mapping[str, Any], names: Mapping[tuple[str, int], str]
) -> Iterator[tuple[str, str, str, str]]:
    for name, (before, after) in changes.items():
        one = info.fields.get(name)
        if before is None and one is not None and not one.field.by_hand:
            continue  # what the system keeps about a new record
        if one is None:
            yield name, name, str(before or ""), str(after or "")
        else:
            yield name, str(one.field.label), _text(one, before, names), _text(one, after, names)


def _text(one: FieldInfo, value: Any, names: Mapping[tuple[str, int], str]) -> str:
    if one.kind == "link" and isinstance(value, dict):
        new = value.get("new")
        return _("%(name)s (new)", name=new) if new is not None else readable_text(one, value.get("id"), names)
    if one.kind == "users" and value:
        target = one.field.to or "access.user"
        return ", ".join(names.get((target, int(part)), str(part)) for part in value)
    if one.kind in ("choice", "multichoice") and isinstance(value, list):
        return ", ".join(readable_text(one, part, names) for part in value)
    if one.kind == "list" and isinstance(value, list):
        return "; ".join(_item_text(one, row, names) for row in value)
    if one.kind == "external_ids" and isinstance(value, dict):
        return ", ".join(str(part) for part in value.values())
    return readable_text(one, value, names)


def _item_text(one: FieldInfo, row: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> str:
    known = {item.name: item for item in one.items}
    parts = (_text(known[name], value, names) for name, value in row.items() if name in known and value is not False)
    return " ".join(part for part in parts if part)


# ------------------------------------------------------------------ rows that do not come in


def left_out(run: Run) -> Iterator[RefusedRow]:
    """All rows that do not come in, in the order of the file, read slice by slice."""
    after = 0
    while True:
        query = select(_rows).where(_mine(run), _rows.c.kind.in_(LEFT_OUT), _rows.c.number > after)
        found = trusted(query.order_by(_rows.c.number).limit(1000)).all()
        for row in found:
            cells = dict(zip(run.columns, row.cells or (), strict=False))
            yield RefusedRow(Row(row.number, cells), row.reason)
        if len(found) < 1000:
            return
        after = found[-1].number


def left_out_name(run: Run) -> str:
    """Name of the file of rows that do not come in: a workbook for a workbook, else CSV."""
    path = Path(run.file_name)
    return f"{path.stem}-refused{'.xlsx' if path.suffix.lower() in _WORKBOOKS else '.csv'}"


def write_left_out(run: Run, stream: IO[bytes]) -> int:
    """Write the rows that do not come in with their columns, their number and the reason; gives how many."""
    delimiter = str({**run.facts.get("reading", {}), **run.reading}.get("delimiter", ","))
    return write_refused_to(
        stream, run.columns, left_out(run), workbook=left_out_name(run).endswith(".xlsx"),
        delimiter=delimiter if delimiter in (",", ";", "\t", "|") else ",",
    )  # fmt: skip


def correct(run_id: int, corrected: Mapping[int, Mapping[str, str]]) -> Run:
    """A further import of rows that did not come in, with corrected cells (row number -> column -> text).

    It has the same mapping and joins the same group, so that one undo takes back both. It is not started.
    """
    run = runs.get_run(run_id)
    _require_done(run)
    wanted = {one.row.number: one.row for one in left_out(run) if one.row.number in corrected}
    missing = sorted(set(corrected) - set(wanted))
    if missing or not wanted:
        raise Invalid(_("Row %(row)s is not among those that did not come in.",
                        row=", ".join(map(str, missing[:5])) or "-"))  # fmt: skip
    for number, cells in corrected.items():
        unknown = sorted(set(cells) - set(run.columns))
        if unknown:
            raise Invalid(_("The file has no column %(name)r; its columns are: %(columns)s.",
                            name=unknown[0], columns=", ".join(run.columns)))  # fmt: skip
        wanted[number].values.update({name: text or None for name, text in cells.items()})
    stream = io.BytesIO()
    write_csv(stream, run.columns, ([row.values.get(name) for name in run.columns] for row in wanted.values()))
    stream.seek(0)
    return bring_again(run, f"{Path(run.file_name).stem}-corrected.csv", stream)


def bring_again(run: Run, file_name: str, stream: IO[bytes]) -> Run:
    """A further import of a corrected file of refused rows, with the same mapping and in the same group."""
    _require_done(run)
    return runs.upload(run.collection, file_name, stream, wishes=run.wishes, parent_id=run.parent_id or run.id)


def _require_done(run: Run) -> None:
    if run.status != DONE:
        raise Conflict(_("Rows are corrected after the import; this one is not done yet."))
