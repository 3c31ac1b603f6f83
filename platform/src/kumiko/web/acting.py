"""The dialog of a declared action: it asks for what the action needs of this record now, then does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host.declarations import RecordAction
from kumiko.host.errors import Conflict, Forbidden, Invalid, Veto
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.catalogue import FieldInfo, catalogue
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import merging
from kumiko.web.answers import in_dialog, local_path, page, trigger
from kumiko.web.editing import Refused, back_to
from kumiko.web.filters_form import query_of
from kumiko.web.forms import names_in, values_from
from kumiko.web.inputs import Typed, input_of, typed_input
from kumiko.web.lists import link_to
from kumiko.web.types import landing, record_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Option, Toast


def action(collection: str, record_id: int, name: str) -> Response:
    """GET and POST /COLLECTION/ID/actions/NAME. `?FIELD=value` fills in, `?_back=PATH` leads elsewhere afterwards."""
    info, record = record_of(collection, record_id)
    service.require_action_on(info, name)
    declared = info.actions.get(name)
    if declared is None or record.deleted:
        raise Forbidden(_("This cannot be done with this record now."))
    every = [FieldInfo(one, info.action_plugins[name], ()) for one in declared.fields]
    members = [one for one in every if one.field.by_hand]
    given = [one for one in every if not one.field.by_hand and request.values.get(one.name)]  # a board says them
    if request.method == "GET":
        return _ask(declared, record, members)
    version = merging.version_of(request.form)
    asked = [*_asked(declared, record, members, values_of(members, request.form)), *given]
    try:
        with unit(reason=str(declared.label)) as opened:
            service.run_action(info.key, record_id, name, values_from(asked, request.form), if_match=version)
            unit_id = opened.id if opened.has_effect else None
            made = next((one for key, what, one in opened.log if (key, what) == (declared.makes, "created")), None)
    except Refused as fault:
        if not members and not in_dialog():
            raise
        return _draw(_form(declared, record, members, request.form, fault), 422)
    undo = f"/units/{unit_id}/undo" if unit_id is not None else ""
    path = _back(f"/{collection}/{record_id}") if made is None else landing(catalogue().get(declared.makes), made)
    return back_to(info, path, Toast(_("%(action)s: done", action=str(declared.label)), undo=undo))


def values_of(members: list[FieldInfo], form: Typed) -> dict[str, Any]:
    """What was typed so far, ids of links as numbers; what nobody understands yet is left out."""
    try:
        found = values_from(members, form)
    except Invalid:
        return {}
    ids = {one.name for one in members if one.kind == "link"}
    return {
        name: int(value) if name in ids and isinstance(value, str) and value.isdecimal() and len(value) < 19 else value
        for name, value in found.items()
    }


def _ask(declared: RecordAction, record: RecordView, members: list[FieldInfo]) -> Response:
    given = request.args.copy()
    for one in members:
        default = one.field.default() if callable(one.field.default) else one.field.default
        if default is not None and one.name not in given:
            given[one.name] = input_of(None, one, default).value
    answer = _draw(_form(declared, record, members, given))
    if "_asked" in request.args and in_dialog():  # drawn again because a choice changed: stay where the person is
        changed = request.headers.get("HX-Trigger-Name") or next(iter(declared.offers), "")
        return trigger(answer, km_focus={"sel": f"#f-{changed}"})
    return answer


def _asked(
    declared: RecordAction, record: RecordView, members: list[FieldInfo], values: Mapping[str, Any]
) -> list[FieldInfo]:
    if declared.asks is None:
        return members
    names = declared.asks(record, values)
    return [one for one in members if one.name in names]


def _form(
    declared: RecordAction,
    record: RecordView,
    members: list[FieldInfo],
    typed: MultiDict[str, str],
    fault: Invalid | Conflict | Veto | None = None,
) -> FormView:
    info = record.type
    path = f"/{info.collection}/{record.id}"
    asked = _asked(declared, record, members, values_of(members, typed))
    errors: dict[str, list[str]] = dict(getattr(fault, "errors", {}) or {})
    names = names_in(info, [one for one in asked if one.name not in declared.offers], typed)
    inputs = [
        _offered(declared, record, one, typed, errors.get(one.name, ()))
        if one.name in declared.offers
        else typed_input(info, one, typed, errors=errors.get(one.name, ()), names=names)
        for one in asked
    ]
    wanted = request.args.get("_ask", "")
    inputs = [replace(one, autofocus=True) if one.name == wanted else one for one in inputs]
    shown = {one.name for one in asked}
    loose = [line for name, lines in errors.items() if name not in shown for line in lines]
    if fault is not None and not errors:
        loose = [fault.message]
    back = typed.get("_back", "")
    return FormView(
        title=str(declared.label),
        action=f"{path}/actions/{declared.name}",
        groups=(FieldGroup("", tuple(inputs)),) if inputs else (),
        submit=str(declared.label),
        cancel_href=_back(path),
        crumbs=(link_to(info), Link(record.title, path)),
        intro=declared.confirm(record) if callable(declared.confirm) else str(declared.confirm),
        summary=tuple(loose),
        hidden=(*((("_back", back),) if back else ()), *_said_by_address(declared)),
        again_from=tuple(declared.offers) if declared.asks is not None else (),
        again_href=f"{path}/actions/{declared.name}?{query_of([('_asked', '1'), ('_back', back)])}",
    )


def _said_by_address(declared: RecordAction) -> list[tuple[str, str]]:
    """What people are not asked for, and a board has said: the neighbours of a card."""
    names = [one.name for one in declared.fields if not one.by_hand]
    return [(name, request.values[name]) for name in names if request.values.get(name)]


def _offered(
    declared: RecordAction, record: RecordView, one: FieldInfo, typed: MultiDict[str, str], errors: Any
) -> FieldView:
    chosen = typed.get(one.name, "")
    options = tuple(
        Option(str(choice.key), str(choice.label), choice.hue, str(choice.key) == chosen)
        for choice in declared.offers[one.name](record)
    )
    return FieldView(
        name=one.name, label=str(one.field.label), kind="choice", value=chosen, options=options, errors=tuple(errors),
        required=True, help=str(one.field.help),
    )  # fmt: skip


def _back(otherwise: str) -> str:
    return local_path(request.values.get("_back", ""), otherwise)


def _draw(view: FormView, status: int = 200) -> Response:
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", status, v=view)
