"""Changing one value where it stands: in a list cell or on a card."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request

from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.records import queries, rights, service
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import merging
from kumiko.web.abilities import may
from kumiko.web.answers import page, trigger
from kumiko.web.cells_build import build_rows
from kumiko.web.forms import names_in, values_from
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.lists import editable_columns, linked_names
from kumiko.web.properties import property_of
from kumiko.web.toasts import as_event
from kumiko.web.types import record_of
from kumiko.web.values import label_of, value_text
from kumiko.web.viewmodels import CellView, FieldView, Toast


def cell(collection: str, record_id: int, name: str) -> Response:
    """GET and POST /COLLECTION/ID/cell/FIELD: the editor, then the changed cell or the editor with a sentence."""
    info, record = record_of(collection, record_id)
    one = info.readable(principal()).get(name)
    if one is None:
        raise NotFound(_("There is no such field."))
    rights.require("edit", info)
    if name not in info.writable(principal()) or record.deleted:
        raise Forbidden(_("“%(label)s” cannot be changed here.", label=label_of(one)))
    if request.method == "GET":
        if not may("edit", record):
            raise Forbidden(_("You may see this %(what)s, but not change it.", what=str(info.type.label).lower()))
        place = "card" if request.args.get("place") == "card" else "list"
        return page("kumiko/cell.html", v=_editor(record, input_of(info, one, record.get(name)), place, record.version))
    return _save(info, record, one)


def _save(info: TypeInfo, record: RecordView, one: FieldInfo) -> Response:
    form = request.form
    place, version = "card" if form.get("_place") == "card" else "list", merging.version_of(form)
    try:
        values = values_from([one], form)
        if not values:
            raise Invalid(_("Some values are not accepted."), {one.name: [_("nothing was sent")]})
        with unit() as opened:
            try:
                after = service.update(info.key, record.id, values, if_match=version)
            except Stale:
                _refuse_overwriting(record, one, values[one.name], version or 0)
                after = service.update(info.key, record.id, values, if_match=record.version)
            unit_id = opened.id if opened.has_effect else None
    except (Invalid, Conflict, Veto) as fault:
        return _refused(info, record, one, fault, place)
    response = _card_answer(after, one) if place == "card" else _list_answer(info, record.id, one)
    if unit_id is not None:
        trigger(response, km_toast=as_event(Toast(_("Saved"), undo=f"/units/{unit_id}/undo")))
    return response


def _refuse_overwriting(record: RecordView, one: FieldInfo, sent: Any, version: int) -> None:
    """Somebody saved first: only a change of this very field is worth a question; the next save then counts."""
    theirs, newest = merging.changed_since(record.type, record.id, version)
    if one.name not in theirs or merging.comparable(one, sent) == merging.stored(one, record.get(one.name)):
        return
    now = value_text(one, record.get(one.name)) or _("empty")
    who = (newest.actor if newest is not None else "") or _("Somebody")
    sentence = _("%(who)s set this to %(now)s meanwhile. Save again to overwrite it, or press Esc.", who=who, now=now)
    raise Invalid(sentence, {one.name: [sentence]})


def _refused(info: TypeInfo, record: RecordView, one: FieldInfo, fault: Any, place: str) -> Response:
    errors = dict(getattr(fault, "errors", {}) or {})
    lines = [line for said in errors.values() for line in said] or [fault.message]
    names = names_in(info, [one], request.form)
    view = _editor(record, typed_input(info, one, request.form, errors=lines, names=names), place, record.version)
    return page("kumiko/cell.html", 422, v=view)


def _editor(record: RecordView, field: FieldView, place: str, version: int) -> CellView:
    info, name = record.type, field.name
    target = f"#p-{name}" if place == "card" else f"#r{record.id} [data-f={name}]"
    return CellView(
        action=f"/{info.collection}/{record.id}/cell/{name}",
        field=field,
        version=str(version),
        target=target,
        place="card" if place == "card" else "list",
    )


def _card_answer(record: RecordView, one: FieldInfo) -> Response:
    return page("kumiko/property.html", p=property_of(record, one, editable=True))


def _list_answer(info: TypeInfo, record_id: int, one: FieldInfo) -> Response:
    """The `<td>` as the list draws it."""
    node = {"f": "id", "op": "eq", "v": record_id}
    fetched = queries.list_page(info, names=["name", one.name], node=node, limit=1)
    rows = build_rows(fetched.plan, editable_columns(info))(fetched.rows, fetched.many, linked_names(fetched))
    html = str(rows[0][2]) if rows else "<td>"
    return make_response(html[html.find("<td") :])
