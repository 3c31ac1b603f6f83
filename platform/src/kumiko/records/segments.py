"""Segments: a saved view as a condition of other filters, which keeps itself current because it is read each time.

{"f": "segment", "op": "eq", "v": 12}      records that the filter of view 12 fits
{"f": "segment", "op": "ne", "v": 12}      all others
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import TypeInfo
from kumiko.records.field_names import plain_path, renamed_node
from kumiko.records.filter_values import integer_of, invalid
from kumiko.records.models import SavedView
from kumiko.records.view_sharing import visible

FIELD = "segment"
_view = table_of(SavedView)


def node_of(info: TypeInfo, operator: str, value: Any) -> Mapping[str, Any]:
    """The filter that a condition on a segment stands for; Invalid when there is no such view that one may use."""
    if operator not in ("eq", "ne"):
        raise invalid(_("%(name)s cannot be compared by %(op)r", name=FIELD, op=operator), FIELD)
    view_id = integer_of(value, FIELD)
    kept = context.current().cache
    key = (__name__, info.key, view_id)
    if key not in kept:
        kept[key] = None  # a segment that names itself, perhaps through others, finds this
        try:
            kept[key] = _kept_filter(info, view_id)
        finally:
            if kept[key] is None:
                del kept[key]
    found = kept[key]
    if found is None:
        raise invalid(_("the segment %(id)d names itself", id=view_id), FIELD)
    return {"not": found} if operator == "ne" else found


def forget() -> None:
    """A view has changed: what this act knows of segments is old."""
    kept = context.current().cache
    for key in [one for one in kept if isinstance(one, tuple) and one[:1] == (__name__,)]:
        del kept[key]


def _kept_filter(info: TypeInfo, view_id: int) -> Mapping[str, Any]:
    query = select(_view.c.query, _view.c.name).where(_view.c.id == view_id, _view.c.type_key == info.key)
    row = trusted(query.where(visible())).first()
    if row is None:
        raise invalid(_("there is no view %(id)d of these records that you may see", id=view_id), FIELD)
    said = row.query or {}
    if said.get("q"):
        raise invalid(_("the view “%(name)s” searches for words; a segment needs a filter alone", name=row.name), FIELD)
    node = renamed_node(info, said.get("filter"), plain_path) or {"and": []}
    _refuse_circles(info, view_id, node)
    return node


def _refuse_circles(info: TypeInfo, view_id: int, node: Any) -> None:
    """Look through the segments that the filter names, so that a circle is told and not followed for ever."""
    if not isinstance(node, Mapping):
        return
    for word in ("and", "or"):
        for one in node.get(word) or () if isinstance(node.get(word), list) else ():
            _refuse_circles(info, view_id, one)
    _refuse_circles(info, view_id, node.get("not"))
    if node.get("f") == FIELD:
        node_of(info, "eq", node.get("v"))
