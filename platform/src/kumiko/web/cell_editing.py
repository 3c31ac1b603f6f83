"""Changing one value where it stands: in a list cell or on a card."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, request

from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import field_rules, queries, service
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import merging
from kumiko.web.abilities import may
from kumiko.web.answers import done, page, trigger
from kumiko.web.cells_build import build_rows
from kumiko.web.forms import names_in, values_from
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.lists import editable_columns
from kumiko.web.properties import property_of
from kumiko.web.toasts import as_event
from kumiko.web.types import type_of
from kumiko.web.values import label_of, value_text
from kumiko.web.viewmodels import CellView, FieldView, Toast


def cell(collection: str, record_id: int, name: str) -> Response:
    """GET and POST /COLLECTION/ID/cell/FIELD: the editor, then the changed cell or the editor with a sentence."""
    info = type_of(collection)
    record = service.get(info.key, record_id) if request.method == "GET" else None
    one = info.readable(principal()).get(name)
    if one is None:
        raise NotFound(_("There is no such field."))
    if name not in info.by_hand(principal()):
        if record is None:
            service.get(info.key, record_id)  # whoever may not see the record hears only that
        raise Forbidden(_("“%(label)s” cannot be changed here.", label=label_of(one)))
    if record is None:
        return _save(info, record_id, one)
    if not may("edit", record):
        raise Forbidden(_("You may see this %(what)s, but not change it.", what=inside(info.type.label)))
    place = "card" if request.args.get("place") == "card" else "list"
    return page("kumiko/cell.html", v=_editor(record, input_of(info, one, record.get(name)), place))


def _save(info: TypeInfo, record_id: int, one: FieldInfo) -> Response:
    form = request.form
    place, version = "card" if form.get("_place") == "card" else "list", merging.version_of(form)
    try:
        values = values_from([one], form)
        if not values:
            raise Invalid(_("Some values are not accepted."), {one.name: [_("nothing was sent")]})
        with unit() as opened:
            try:
                after = service.update(info.key, record_id, values, if_match=version)
            except Stale:
                now = service.get(info.key, record_id)
                _refuse_overwriting(now, one, values[one.name], version or 0)
                after = service.update(info.key, record_id, values, if_match=now.version)
            unit_id = opened.id if opened.has_effect else None
    except (Invalid, Conflict, Veto) as fault:
        return _refused(service.get(info.key, record_id), one, fault, place)
    if place == "card" and field_rules.depends_on(info, one.name):  # other fields of the card appear or go
        undo = f"/units/{unit_id}/undo" if unit_id is not None else ""
        return done(f"/{info.collection}/{record_id}", Toast(_("Saved"), undo=undo))
    response = _card_answer(after, one) if place == "card" else _list_answer(after, one)
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


def _refused(record: RecordView, one: FieldInfo, fault: Any, place: str) -> Response:
    errors = dict(getattr(fault, "errors", {}) or {})
    lines = [line for said in errors.values() for line in said] or [fault.message]
    names = names_in(record.type, [one], request.form)
    field = typed_input(record.type, one, request.form, errors=lines, names=names)
    return page("kumiko/cell.html", 422, v=_editor(record, field, place))


def _editor(record: RecordView, field: FieldView, place: str) -> CellView:
    info, name = record.type, field.name
    return CellView(
        action=f"/{info.collection}/{record.id}/cell/{name}",
        field=field,
        version=str(record.version),
        target=f"#p-{name}" if place == "card" else f"#r{record.id} [data-f={name}]",
        place="card" if place == "card" else "list",
    )


def _card_answer(record: RecordView, one: FieldInfo) -> Response:
    return page("kumiko/property.html", p=property_of(record, one, editable=True))


def _list_answer(record: RecordView, one: FieldInfo) -> Response:
    """The cell as the list draws it, from the record that was just written: no statement more."""
    info = record.type
    plan = queries.plan_of(info, names=["name", one.name])
    value = record.get(one.name)
    parts: tuple[Any, ...] = (value,)
    many: dict[int, Any] = {}
    if one.kind == "money":
        parts = (None, None) if value is None else (value.minor, value.currency)
    elif one.kind == "link":
        parts = (None, None) if value is None else (value.id, None if value.hidden else value.name)
    elif one.kind == "tags":
        parts, many = (), {record.id: {one.name: dict.fromkeys(value, True)}}
    row = (record.id, record.version, record.title, *parts, None)
    drawn = str(build_rows(plan, editable_columns(info))([row], many, {})[0][2])
    return make_response(drawn[drawn.find("<td") :])
