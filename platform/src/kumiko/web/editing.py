"""Making and changing records by form. What the server refuses stays in the form with its sentence (422)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.duplicates.leading import merged_into
from kumiko.fields.layouts import needs_a_place
from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Invalid, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import rights, service
from kumiko.records.bin import matches
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.record_refs import ref_of
from kumiko.records.units import unit
from kumiko.records.views import LinkValue, RecordView
from kumiko.web import formats, merging, similar
from kumiko.web.answers import came_from, done, in_dialog, page
from kumiko.web.answers import said as stay
from kumiko.web.form_rules import rules_of
from kumiko.web.forms import names_in, values_from
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.lists import link_to
from kumiko.web.properties import grouped_fields, layout_of
from kumiko.web.types import landing, record_of, type_of
from kumiko.web.values import label_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Toast

Refused = (Invalid, Conflict, Veto)


def form_fields(info: TypeInfo, *, new: bool) -> list[tuple[str, list[FieldInfo]]]:
    """Groups of the fields that the person may fill in. A derived field stands for its source only in short forms."""
    writable = info.by_hand(principal())
    groups: list[tuple[str, list[FieldInfo]]] = []
    name = writable.get("name")
    if name is not None and not name.field.derived:
        groups.append(("", [name]))
    for title, fields, _closed in grouped_fields(info):
        shown = [one for one in fields if one.name in writable and not one.field.derived and one.kind != "external_ids"]
        if not shown:
            continue
        if not title and groups:
            groups[0][1].extend(shown)
        else:
            groups.append((title, shown))
    if name is not None and name.field.derived:  # what the name is made of comes first: the group that is called so
        groups.sort(key=lambda group: group[0] != label_of(name))
    return groups


def quick_fields(info: TypeInfo) -> list[FieldInfo]:
    """The fields of the short form: those declared, else the columns of the list; all required ones are among them."""
    writable = info.by_hand(principal())
    names = dict.fromkeys((*(info.type.quick_fields or ("name", *info.list_columns)),))
    found = [
        writable[name] for name in names if name in writable and writable[name].kind not in ("external_ids", "users")
    ]
    needed = [one for one in writable.values() if one.field.required or needs_a_place(info, one.name)]
    found += [one for one in needed if one not in found]
    arranged = layout_of(info)
    hidden = arranged.away(info) if arranged is not None else frozenset()
    return [one for one in found if one.name not in hidden]


def new(collection: str) -> Response:
    """GET and POST /COLLECTION/new: the short form in the dialog, all fields on the page."""
    info = type_of(collection)
    service.require_creation(info)
    short = in_dialog() or "_short" in request.form
    groups = [("", _with_given(info, quick_fields(info)))] if short else form_fields(info, new=True)
    if request.method == "GET":
        return _draw(new_form(info, groups, short=short, given=_given(info, groups)))
    fields = [one for _title, listed in groups for one in listed]
    try:
        values = values_from(fields, request.form)
        if similar.INTO in request.form:
            return _added(info, request.form[similar.INTO], values)
        binned = () if "_anew" in request.form else links_to_binned(info, values)
        if binned:
            return _draw(_offering(new_form(info, groups, short=short, fault=Conflict("")), binned), 422)
        known = similar.find(info, values) if similar.is_watched(info) else []
        if similar.unseen(known, request.form):
            return _draw(_asked_again(info, groups, known, short=short), 422)
        with unit() as opened:
            made = service.create(info.key, values)
            unit_id = opened.id
    except Refused as fault:
        return _draw(new_form(info, groups, short=short, fault=fault), 422)
    said = Toast(_("“%(title)s” created", title=made.title), undo=f"/units/{unit_id}/undo")
    if "_again" in request.form:
        return done(f"/{collection}/new", said)
    return back_to(info, landing(info, made.id), said)


def links_to_binned(info: TypeInfo, values: Mapping[str, Any]) -> tuple[Link, ...]:
    """Records in the bin that match what a form wants to make, with the reason."""
    found = []
    for one in matches(info, service.clean(info, values)):
        if merged_into(info.key, one.id) is not None:
            continue  # it lives on in another record
        field = info.find(one.by)
        why = _("same %(field)s", field=label_of(field)) if field is not None else _("same external id")
        count = _("%(why)s, deleted %(when)s", why=why, when=formats.ago_text(one.deleted_at))
        found.append(Link(one.title, f"/{info.collection}/{one.id}", count=count))
    return tuple(found)


def _offering(form: FormView, binned: tuple[Link, ...]) -> FormView:
    """The form as it was sent, with the records in the bin; sent once more it makes a new one."""
    return replace(form, summary=(), binned=binned, hidden=(*form.hidden, ("_anew", "1")), submit=_("Create anyway"))


def _added(info: TypeInfo, text: str, values: Mapping[str, Any]) -> Response:
    """What was typed went into a record that was there."""
    if not text.isdecimal() or len(text) > 18:
        raise Invalid(_("Choose the record again."))
    added = similar.add_to(info, int(text), values)
    toast = Toast(_("Added to “%(title)s”", title=added.record.title), undo=f"/units/{added.unit}/undo")
    return back_to(info, f"/{info.collection}/{added.record.id}", toast)


def _asked_again(
    info: TypeInfo, groups: Iterable[tuple[str, Sequence[FieldInfo]]], known: Sequence[similar.Shown], *, short: bool
) -> FormView:
    """The form as typed, with those who may be meant; saving again makes the record all the same."""
    view = new_form(info, groups, short=short, fault=Conflict(""))
    seen = tuple((similar.SEEN, similar.mark_of(one)) for one in known)
    anew = (("_anew", "1"),) if "_anew" in request.form else ()
    return replace(
        view,
        summary=(),
        similar=similar.rows_of(info, known),
        hidden=(*view.hidden, *seen, *anew),
        submit=_("Save anyway"),
    )


def back_to(info: TypeInfo, path: str, toast: Toast) -> Response:
    """After a form: on to `path`; a dialog above a board of the type closes, and the board is drawn again."""
    if in_dialog() and came_from("").partition("?")[0] == f"/{info.collection}/board":
        return stay(replace(toast, href=toast.href or path), reload=True, close=True)
    return done(path, toast)


def _with_given(info: TypeInfo, fields: list[FieldInfo]) -> list[FieldInfo]:
    """The fields of a short form, and those that its address or the form itself sets."""
    writable = info.by_hand(principal())
    return fields + [writable[name] for name in request.values if name in writable and writable[name] not in fields]


def _given(info: TypeInfo, groups: Iterable[tuple[str, Sequence[FieldInfo]]]) -> dict[str, Any]:
    """Values in the address (`?organization=12&name=x`) and defaults, for a blank form."""
    found: dict[str, Any] = {}
    fields = {one.name: one for _title, listed in groups for one in listed}
    sent = MultiDict(request.args)
    for one in fields.values():
        default = one.field.default() if callable(one.field.default) else one.field.default
        if one.kind == "link" and default is not None:
            sent.setdefault(one.name, str(default))
        elif default is not None:
            found[one.name] = default
    names = names_in(info, fields.values(), sent)
    for name, one in fields.items():
        text = sent.get(name, "")
        if one.kind == "link" and text.isdecimal() and (one.field.to, int(text)) in names:
            found[name] = LinkValue(int(text), names[one.field.to, int(text)])
        elif one.kind == "record" and (ref := ref_of(text)) in names:
            found[name] = LinkValue(ref.id, names[ref], type=ref.type_key)
        elif text and one.kind in ("text", "longtext", "email", "phone", "url", "choice"):
            found[name] = text
    me = principal()
    if "owner" in fields and fields["owner"].columns and me.user_id is not None and not info.type.public:
        found.setdefault("owner", LinkValue(me.user_id, me.name))
    return found


def new_form(
    info: TypeInfo,
    groups: Iterable[tuple[str, Sequence[FieldInfo]]],
    *,
    short: bool,
    given: Mapping[str, Any] | None = None,
    fault: Invalid | Conflict | Veto | None = None,
) -> FormView:
    """The form of a new record, blank or as sent."""
    listed = [(title, list(fields)) for title, fields in groups]
    made, summary = _groups(info, listed, given or {}, fault)
    path = f"/{info.collection}"
    return FormView(
        title=_("New %(what)s", what=inside(info.type.label)),
        action=f"{path}/new",
        groups=made,
        submit=_("Create"),
        cancel_href=came_from(path) if not short else path,
        crumbs=(link_to(info),),
        summary=summary,
        rules=rules_of(info, listed, given or {}),
        hidden=(("_short", "1"),) if short else (),
        again="" if short else _("Create and add another"),
        more_href=f"{path}/new" if short else "",
        similar_href=f"{path}/similar" if similar.is_watched(info) else "",
    )


def edit(collection: str, record_id: int) -> Response:
    """GET and POST /COLLECTION/ID/edit."""
    info = type_of(collection)
    groups = form_fields(info, new=False)
    if request.method == "GET":
        _info, record = record_of(collection, record_id)
        if record.deleted:
            raise Conflict(_("This record is in the bin; restore it first."))
        rights.require("edit", info)
        return _draw(edit_form(record, groups))
    version = merging.version_of(request.form)
    try:
        if "_merge" in request.form:
            values = merging.chosen_values(info, request.form)
        else:
            values = values_from([one for _title, listed in groups for one in listed], request.form)
        return save(info, record_id, groups, values, version)
    except Refused as fault:
        return _draw(edit_form(service.get(info.key, record_id), groups, fault, version=version), 422)
    except NotFound:
        _info, record = record_of(collection, record_id)
        if not record.deleted:
            raise
        binned = Conflict(_("This record is in the bin; restore it first."))
        return _draw(edit_form(record, groups, binned, version=version), 422)


def save(
    info: TypeInfo,
    record_id: int,
    groups: list[tuple[str, list[FieldInfo]]],
    values: Mapping[str, Any],
    version: int | None,
) -> Response:
    """Write a form; a stale one is merged where nobody touched the same field, else both values are offered.

    The record is read beforehand only then: a change takes seven statements.
    """
    path = f"/{info.collection}/{record_id}"
    try:
        with unit() as opened:
            service.update(info.key, record_id, values, if_match=version)
            unit_id = opened.id if opened.has_effect else None
    except Stale:
        record = service.get(info.key, record_id)
        merged = merging.merge(record, values, version or 0)
        if merged.conflicts:
            return page("kumiko/merge.html", 422, v=merging.merge_view(record, merged))
        return save(info, record_id, groups, merged.values, record.version)
    if unit_id is None:
        return done(path, Toast(_("Nothing was changed")))
    return done(path, Toast(_("Saved"), undo=f"/units/{unit_id}/undo"))


def edit_form(
    record: RecordView,
    groups: list[tuple[str, list[FieldInfo]]],
    fault: Invalid | Conflict | Veto | None = None,
    *,
    version: int | None = None,
) -> FormView:
    """The form of a record, as stored or as sent."""
    info, path = record.type, f"/{record.type.collection}/{record.id}"
    made, summary = _groups(info, groups, record.values, fault)
    return FormView(
        title=_("Edit %(title)s", title=record.title),
        action=f"{path}/edit",
        groups=made,
        submit=_("Save"),
        cancel_href=path,
        crumbs=(link_to(info), Link(record.title, path)),
        summary=summary,
        rules=rules_of(info, groups, record.values),
        hidden=(("_version", str(version or record.version)),),
    )


def _groups(
    info: TypeInfo,
    groups: Sequence[tuple[str, Sequence[FieldInfo]]],
    values: Mapping[str, Any],
    fault: Invalid | Conflict | Veto | None,
    focus: str = "",
) -> tuple[tuple[FieldGroup, ...], tuple[str, ...]]:
    errors: dict[str, list[str]] = dict(getattr(fault, "errors", {}) or {})
    fields = [one for _title, listed in groups for one in listed]
    names = names_in(info, fields, request.form) if fault is not None else {}
    made: list[FieldGroup] = []
    first, arranged = True, layout_of(info)
    for title, listed in groups:
        inputs: list[FieldView] = []
        for one in listed:
            if fault is not None:
                inputs.append(typed_input(info, one, request.form, errors=errors.get(one.name, ()), names=names))
            else:
                inputs.append(
                    input_of(info, one, values.get(one.name), autofocus=one.name == focus if focus else first)
                )
            if arranged is not None and one.name in arranged.wide(info):
                inputs[-1] = replace(inputs[-1], wide=True)
            first = False
        made.append(FieldGroup(title, tuple(inputs)))
    shown = {one.name for one in fields}
    loose = [line for name, lines in errors.items() if name not in shown for line in lines]
    if fault is not None and not errors:
        loose = [fault.message]
    return tuple(made), tuple(loose)


def _draw(view: FormView, status: int = 200) -> Response:
    template = "kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html"
    return page(template, status, v=view)


def delete(collection: str, record_id: int) -> Response:
    """POST /COLLECTION/ID/delete: into the bin, with the way back in the message."""
    info, record = record_of(collection, record_id)
    with unit() as opened:
        service.delete(info.key, record_id)
        unit_id = opened.id
    return done(
        f"/{collection}", Toast(_("“%(title)s” is in the bin", title=record.title), undo=f"/units/{unit_id}/undo")
    )


def restore(collection: str, record_id: int) -> Response:
    """POST /COLLECTION/ID/restore."""
    info = type_of(collection)
    made = service.restore(info.key, record_id)
    return done(f"/{collection}/{record_id}", Toast(_("“%(title)s” is back", title=made.title)))
