"""Choosing a record by typing: the server's search with the same rights as the list."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from sqlalchemy import func, select

from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import queries, rights, search
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.models import Tag
from kumiko.records.record_refs import RecordRef, referable
from kumiko.web.answers import page
from kumiko.web.search import QUESTION_LENGTH
from kumiko.web.types import type_of
from kumiko.web.values import value_text
from kumiko.web.viewmodels import Option

MOST = 12
_tag = Tag.__table__


def pick(collection: str) -> Response:
    """GET /pick/COLLECTION?q=&for=TYPE.FIELD: records to link; `for` narrows to what that field takes.

    A field of the rows of a list is named by their table: `for=sales_invoice_lines.product`.
    """
    info = type_of(collection)
    q = request.args.get("q", "").strip()[:QUESTION_LENGTH]
    node = _narrowed(request.args.get("for", ""))
    if "active" in info.fields and info.fields["active"].kind == "boolean":
        active = {"not": {"f": "active", "op": "eq", "v": False}}
        node = {"and": [node, active]} if node else active
    subtitle = info.type.subtitle if info.type.subtitle in info.readable(principal()) else ""
    names = ["name", subtitle] if subtitle else ["name"]
    sort = "name" if info.fields["name"].field.sortable else ""
    found = queries.list_page(info, names=names, node=node, sort=sort, q=q, limit=MOST)
    options = [Option(str(row[0]), row[2] or str(row[0])) for row in found.rows]
    hints = {str(row[0]): _hint(info, subtitle, row) for row in found.rows} if subtitle else {}
    return page("kumiko/picker_options.html", options=options, hints=hints, create="", q=q)


def pick_records() -> Response:
    """GET /pick/records?q=: records of any type that the person may read."""
    q = request.args.get("q", "").strip()[:QUESTION_LENGTH]
    keys = [info.key for info in referable(catalogue()) if rights.level(info, principal(), "read") != "none"]
    hits = search.search(q, types=keys, limit=MOST) if q else []
    options = [Option(RecordRef(hit.type.key, hit.id).text, hit.title or str(hit.id)) for hit in hits]
    hints = {one.key: str(hit.type.type.label) for one, hit in zip(options, hits, strict=True)}
    return page("kumiko/picker_options.html", options=options, hints=hints, create="", q=q)


def _hint(info: TypeInfo, name: str, row: Any) -> str:
    one = info.fields[name]
    value = row[4] if one.kind == "link" else row[3]
    return value_text(one, value) if value is not None else ""


def _narrowed(text: str) -> Any:
    type_key, _dot, name = text.rpartition(".")
    info = catalogue().find(type_key)
    one = info.find(name) if info is not None else _item_of(type_key, name)
    return dict(one.field.target_filter) if one is not None and one.field.target_filter else None


def _item_of(table: str, name: str) -> FieldInfo | None:
    """A field of the rows of a list, by their table."""
    lists = (one for info in catalogue().types.values() for one in info.lists if one.part_table.name == table)
    return next((item for one in lists for item in one.items if item.name == name), None)


def pick_tags() -> Response:
    """GET /pick/tags?q=&type=: tags in use on records that the person may read, and the typed one as a new tag."""
    q = request.args.get("q", "").strip()[:80]
    info = catalogue().find(request.args.get("type", ""))
    options: list[Option] = []
    if info is not None and rights.level(info, principal(), "read") != "none":
        rows = info.table.alias()
        inside = select(rows.c.id).where(rights.criterion(info, principal(), table=rows))  # type: ignore[arg-type]
        query = (
            select(_tag.c.value, func.count())
            .where(_tag.c.record_id.in_(inside))
            .group_by(_tag.c.value)
            .order_by(func.count().desc(), _tag.c.value)
            .limit(200)
        )
        known = [row[0] for row in trusted(query)]
        options = [Option(tag, tag) for tag in known if q.casefold() in tag.casefold()][:MOST]
    if q and all(one.key != q for one in options):
        options.append(Option(q, q))
    hints = {q: _("new")} if q and options and options[-1].key == q and len(options) else {}
    return page("kumiko/picker_options.html", options=options, hints=hints, create="", q=q)
