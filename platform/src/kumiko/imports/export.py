"""Records that leave: CSV, XLSX and JSON of everything in a list that the person may take out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import orjson
from sqlalchemy import func, literal_column, select

from kumiko.access import audit
from kumiko.exits import exporting, marks
from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.imports.cells import OutCell
from kumiko.imports.convert import zone_of_person
from kumiko.imports.plan import find_collection
from kumiko.imports.writers import csv_chunks, write_xlsx
from kumiko.records import rights, saved_views
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.custom import public_name
from kumiko.records.dumps import dump_view, json_value
from kumiko.records.money import Money
from kumiko.records.queries import MAX_LIMIT, list_page, plan_of, who
from kumiko.records.record_refs import RecordRef
from kumiko.records.states import load_states
from kumiko.records.views import LinkValue, RecordView, views_of

FORMATS = ("csv", "xlsx", "json")
MIMETYPES = {
    "csv": "text/csv",
    "json": "application/json",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def export_to(
    stream: IO[bytes],
    collection: str,
    file_format: str,
    *,
    node: Any = None,
    q: str = "",
    sort: str = "id",
    bom: bool = False,
) -> tuple[int, list[str]]:
    """Write the records of a collection that match filter and question to a binary stream.

    Gives how many, and notes. Forbidden without the right to export; the log gets a line before the first record
    leaves. `json` is an array of REST records; the other formats can be brought in again with `--key id`. `bom`: CSV
    starts with the mark by which spreadsheet programs know UTF-8.
    """
    info = _exportable(collection)
    titles = columns_of(info)
    question = {name: value for name, value in (("filter", node), ("q", q)) if value}
    leaving = exporting.begin(
        info, file_format, question=question, fields=titles, count=lambda most: count_exportable(info, node, q, most)
    )
    audit.note("export", collection, node=node, q=q)
    counted = _Counted(records(info, node=node, q=q, sort=sort))
    rows: Iterator[Sequence[OutCell]] = (row_of(info, view) for view in counted)
    if leaving.signs:
        rows = marks.marked(rows, titles.index("name"), leaving.signs)
    notes: list[str] = []
    if file_format == "json":
        _write_json(stream, counted)
    elif file_format == "xlsx":
        notes = write_xlsx(stream, titles, rows, zone=zone_of_person(), sheet=str(info.type.label_plural)[:31])
    else:
        for chunk in csv_chunks(titles, rows, bom=bom):
            stream.write(chunk)
    leaving.finish(counted.count)
    return counted.count, notes


def table_to(
    stream: IO[bytes],
    info: TypeInfo,
    file_format: str,
    titles: Sequence[str],
    rows: Iterator[tuple[bool, Sequence[OutCell]]],
    *,
    question: dict[str, Any],
    fields: Sequence[str],
    name_at: int,
    node: Any,
    q: str,
) -> int:
    """Write a table of records that the caller drew, as csv or xlsx, with the log, the limits and the mark of exports.

    `rows`: whether it is a record (or a sum), and its cells; only what the person may export. `name_at`: the cell that
    bears the mark. Gives how many records. Forbidden without the right to export, before the first row is asked for.
    """
    _exportable(info.collection)
    leaving = exporting.begin(
        info, file_format, question=question, fields=fields, count=lambda most: count_exportable(info, node, q, most)
    )
    audit.note("export", info.collection, **question)
    count = 0

    def counted() -> Iterator[Sequence[OutCell]]:
        nonlocal count
        for is_record, cells in rows:
            count += is_record
            yield cells

    cells = marks.marked(counted(), name_at, leaving.signs) if leaving.signs else counted()
    if file_format == "xlsx":
        write_xlsx(stream, titles, cells, zone=zone_of_person(), sheet=str(info.type.label_plural)[:31])
    else:
        for chunk in csv_chunks(titles, cells, bom=True):
            stream.write(chunk)
    leaving.finish(count)
    return count


def count_exportable(info: TypeInfo, node: Any, q: str, most: int) -> int:
    """How many records an export would have, counted up to `most`."""
    plan = plan_of(info, names=("name",), node=node, sort="id", q=q)
    allowed = info.table.alias()
    limit = rights.criterion(info, context.principal(), "export", table=allowed)
    mine = select(allowed.c.id) if limit is None else select(allowed.c.id).where(limit)
    inner: Any = (
        select(literal_column("1")).select_from(plan.source).where(plan.where, plan.places.id.in_(mine)).limit(most)
    )
    found: int = trusted(select(func.count()).select_from(inner.subquery()), who()).scalar_one()
    return found


def of_view(collection: str, view_id: int, node: Any = None) -> tuple[Any, str, str]:
    """Filter, words and order of a saved view of the collection, narrowed by `node`; Invalid with why it is paused."""
    view = saved_views.get_view(view_id)
    if view.collection != collection:
        raise Invalid(_("The view “%(name)s” shows other records than %(collection)s.", name=view.name,
                        collection=collection))  # fmt: skip
    if view.paused:
        raise Invalid(view.paused)
    parts = [one for one in (view.filter, node) if one]
    return (parts[0] if len(parts) == 1 else {"and": parts} if parts else None), view.q, view.sort or "id"


def find_exportable(collection: str, **details: Any) -> TypeInfo:
    """The type of a collection that the person may export; writes the lines of the logs."""
    info = _exportable(collection)
    exporting.note_other(info, details)
    audit.note("export", collection, **details)
    return info


def _exportable(collection: str) -> TypeInfo:
    info = find_collection(collection, to_import=False)
    rights.require("read", info)
    rights.require("export", info)
    return info


def records(info: TypeInfo, *, node: Any = None, q: str = "", sort: str = "id") -> Iterator[RecordView]:
    """The records that the person may export, page by page, so that memory does not grow with them."""
    person = context.principal()
    limit = rights.criterion(info, person, "export")
    after = ""
    while True:
        page = list_page(info, names=("name",), node=node, sort=sort, limit=MAX_LIMIT, after=after, q=q)
        ids = [row[0] for row in page.rows]
        states = load_states(info, ids, criterion=limit)
        yield from views_of([(states[record_id], None, None) for record_id in ids if record_id in states])
        if page.next is None:
            return
        after = page.next


def columns_of(info: TypeInfo) -> list[str]:
    """Titles of an export: names of the readable fields; a link has its name and its id, an amount its currency."""
    titles = ["id", "external_id"]
    for name, one in info.readable(context.principal()).items():
        titles += _titles(public_name(name), one)
    return titles


def _titles(name: str, one: FieldInfo) -> Sequence[str]:
    if one.kind == "link":
        return (name, f"{name}.id")
    if one.kind == "money":
        return (name, f"{name}.currency")
    return () if one.kind == "external_ids" else (name,)


def row_of(info: TypeInfo, view: RecordView) -> list[OutCell]:
    """One record as cells below `columns_of`."""
    cells: list[OutCell] = [view.id, view.values.get("external_id")]
    for name, one in info.readable(context.principal()).items():
        value = view.values.get(name)
        if one.kind == "link":
            shown = value if isinstance(value, LinkValue) and not value.hidden else None
            cells += [shown.name, shown.id] if shown is not None else [None, None]
        elif one.kind == "money":
            cells += [value.value, value.currency] if isinstance(value, Money) else [None, None]
        elif one.kind != "external_ids":
            cells.append(_cell(one, value))
    return cells


def _cell(one: FieldInfo, value: Any) -> OutCell:
    if value is None or value == []:
        return None
    if one.kind == "record":
        return None if value.hidden else RecordRef(value.type, value.id).text
    if one.kind == "users":
        return "; ".join(user.name for user in value if not user.hidden)
    if one.kind in ("tags", "multichoice"):
        return "; ".join(str(word) for word in value)
    if one.kind in ("list", "json"):
        return orjson.dumps(json_value(value)).decode()
    cell: OutCell = value
    return cell


def _write_json(stream: IO[bytes], views: Iterator[RecordView]) -> None:
    stream.write(b"[")
    for number, view in enumerate(views):
        stream.write(b",\n" if number else b"\n")
        stream.write(orjson.dumps(dump_view(view)))
    stream.write(b"\n]\n")


class _Counted:
    """Passes records on and counts them."""

    def __init__(self, views: Iterator[RecordView]) -> None:
        self._views = views
        self.count = 0

    def __iter__(self) -> Iterator[RecordView]:
        return self

    def __next__(self) -> RecordView:
        view = next(self._views)
        self.count += 1
        return view


def no_format(text: str) -> str:
    """The sentence for a format that there is not."""
    return _("there is no format %(name)r; there are: %(offered)s", name=text, offered=", ".join(FORMATS))
