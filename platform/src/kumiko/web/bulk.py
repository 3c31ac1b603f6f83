"""Changing or deleting many records at once: the chosen ones, or all that a list's address matches.

Up to a thousand are done while the person waits; more become a job with a page of its own.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host.context import principal
from kumiko.host.errors import Conflict, Invalid, Veto
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import queries, rights
from kumiko.records.bulk import Act, Ordered, act_on, preview
from kumiko.records.bulk_outcome import Preview
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.service import BulkResult
from kumiko.web import bulk_preview
from kumiko.web.answers import done, in_dialog, page, said
from kumiko.web.forms import names_in, values_from
from kumiko.web.i18n import ngettext
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.lists import EDITABLE, ListState, link_to
from kumiko.web.types import type_of
from kumiko.web.values import label_of, options_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Option, Toast

MOST_CHOSEN = 5000
TAGS = ("_add_tags", "_drop_tags")
CHOICES = ("_add", "_drop")


def chosen_ids(info: TypeInfo) -> list[int]:
    """The records that a request is about: `ids` (repeated or with commas), or all of the list `query`."""
    sent = request.form if request.method == "POST" else request.args
    if "query" in sent:
        state = ListState.of(info, MultiDict(parse_qsl(sent["query"])))
        return queries.all_ids(info, node=state.node, q=state.q)
    ids = [int(one) for text in sent.getlist("ids") for one in text.split(",") if one.isdecimal() and len(one) < 19]
    if len(ids) > MOST_CHOSEN:
        raise Invalid(_("At most %(most)d records can be chosen one by one; choose all that match.", most=MOST_CHOSEN))
    return list(dict.fromkeys(ids))


def bulk_fields(info: TypeInfo) -> list[FieldInfo]:
    """Fields that can be set on many records: single values, no names."""
    return [
        one
        for name, one in info.by_hand(principal()).items()
        if one.kind in (*EDITABLE, "longtext") and name != "name" and not one.field.derived and one.kind != "tags"
    ]


def edit(collection: str) -> Response:
    """GET and POST /COLLECTION/bulk: set fields on many records; what is left empty stays as it is."""
    info = type_of(collection)
    rights.require("bulk", info)
    fields = bulk_fields(info)
    if request.method == "GET":
        return _draw(_form(info, fields))
    ids = chosen_ids(info)
    step, mark = request.form.get("_step", ""), request.form.get("_mark", "")
    if step == "form":
        return _draw(_form(info, fields, typed=True))
    try:
        values = {
            name: value for name, value in values_from(fields, request.form).items() if value not in (None, [], "")
        }
        writable = {one.name for one in fields}
        values.update({name: None for name in request.form.getlist("_clear") if name in writable})
        add_tags, drop_tags = ([tag for tag in request.form.getlist(name) if tag] for name in TAGS)
        add, drop = (_given_choices(info, word) for word in CHOICES)
        if not (values or add_tags or drop_tags or add or drop):
            raise Invalid(_("Fill in what shall be changed."))
        if not ids:
            raise Invalid(_("No records are chosen."))
        act = Act(values=values, add_tags=add_tags, drop_tags=drop_tags, add=add, drop=drop)
        found = preview(info, ids, act) if step == "preview" else None
        if isinstance(found, Preview):
            return bulk_preview.draw(info, ids, found)
        try:
            result = found or act_on(info, ids, act, mark=mark)
        except Conflict as fault:
            again = preview(info, ids, act) if mark else None
            if not isinstance(again, Preview):
                raise
            return bulk_preview.draw(info, ids, again, note=fault.message)
    except (Invalid, Conflict, Veto) as fault:
        return _draw(_form(info, fields, fault), 422)
    if isinstance(result, Ordered):
        return done(progress_path(info, result.job))
    toast = _toast(result, ngettext("%(num)s record changed", "%(num)s records changed", result.changed))
    if in_dialog():
        return said(toast, reload=True, close=True)
    return done(f"/{collection}", toast)


def delete(collection: str) -> Response:
    """POST /COLLECTION/bulk/delete: at once, or with `_step=preview` what it would do; `_mark` binds it to that."""
    info = type_of(collection)
    rights.require("bulk", info)
    ids = chosen_ids(info)
    if not ids:
        raise Invalid(_("No records are chosen."))
    act, mark = Act(remove=True), request.form.get("_mark", "")
    result: BulkResult | Ordered
    if request.form.get("_step") == "preview":
        found = preview(info, ids, act)
        if isinstance(found, Preview):
            return bulk_preview.draw_removal(info, ids, found)
        result = found
    else:
        try:
            result = act_on(info, ids, act, mark=mark)
        except Conflict as fault:
            again = preview(info, ids, act) if mark else None
            if not isinstance(again, Preview):
                raise
            return bulk_preview.draw_removal(info, ids, again, note=fault.message)
    if isinstance(result, Ordered):
        return done(progress_path(info, result.job))
    toast = _toast(result, ngettext("%(num)s record is in the bin", "%(num)s records are in the bin", result.changed))
    if in_dialog():
        return said(toast, reload=True, close=True)
    return said(toast) if "HX-Request" in request.headers else done(f"/{collection}", toast)


def progress_path(info: TypeInfo, job_id: int) -> str:
    """Where one sees how far a job is."""
    return f"/{info.collection}/bulk/{job_id}"


def _toast(result: BulkResult, sentence: str) -> Toast:
    undo = f"/units/{result.unit}/undo" if result.unit is not None else ""
    if not result.refused:
        return Toast(sentence, undo=undo)
    why = next(iter(result.refused.values()))
    rest = ngettext(
        "%(num)s was left as it is (%(why)s)", "%(num)s were left as they are (%(why)s)", len(result.refused), why=why
    )
    href = f"/units/{result.unit}" if result.unit is not None else ""
    return Toast(f"{sentence}; {rest}", undo=undo, href=href, tone="warn")


def _given_choices(info: TypeInfo, word: str) -> dict[str, list[str]]:
    """What shall be added to (or taken off) fields of several choices."""
    found = {one.name: [key for key in request.form.getlist(f"{word}.{one.name}") if key] for one in _choices(info)}
    return {name: keys for name, keys in found.items() if keys}


def _choices(info: TypeInfo) -> list[FieldInfo]:
    return [one for one in bulk_fields(info) if one.kind == "multichoice"]


def _choice_fields(info: TypeInfo) -> tuple[FieldView, ...]:
    """Choices to add and to take off; the others of each record stay."""
    return tuple(
        FieldView(
            f"{word}.{one.name}", label, "multichoice",
            options=tuple(replace(option, chosen=option.key in request.form.getlist(f"{word}.{one.name}"))
                          for option in options_of(one).values()),
        )
        for one in _choices(info)
        for word, label in zip(CHOICES, (_("Add to “%(field)s”", field=label_of(one)),
                                         _("Remove from “%(field)s”", field=label_of(one))), strict=True)
    )  # fmt: skip


def _form(info: TypeInfo, fields: list[FieldInfo], fault: Any = None, *, typed: bool = False) -> FormView:
    typed = typed or fault is not None
    errors: dict[str, list[str]] = dict(getattr(fault, "errors", {}) or {})
    names = names_in(info, fields, request.form) if typed else {}
    inputs = [_input(info, one, errors, names, typed=typed) for one in fields]
    clear = FieldView(
        "_clear",
        _("Make empty"),
        "multichoice",
        options=tuple(
            Option(one.name, view.label, chosen=one.name in request.form.getlist("_clear"))
            for one, view in zip(fields, inputs, strict=True)
            if not one.field.required
        ),
    )
    tags = _tag_fields(info, errors)
    drawn = {one.name for one in fields} | ({"tags"} if tags else set())
    loose = [line for name, lines in errors.items() if name not in drawn for line in lines]
    sent = request.form if request.method == "POST" else request.args
    hidden = (
        tuple((name, value) for name in ("ids", "query") for value in sent.getlist(name)) if not in_dialog() else ()
    )
    if request.method == "POST":
        hidden = tuple((name, value) for name in ("ids", "query") for value in sent.getlist(name))
    return FormView(
        title=_("Edit the chosen %(what)s", what=inside(info.type.label_plural)),
        action=f"/{info.collection}/bulk",
        groups=(FieldGroup("", (*inputs, *tags, *_choice_fields(info))), FieldGroup("", (clear,))),
        submit=_("Preview"),
        cancel_href=f"/{info.collection}",
        crumbs=(link_to(info),),
        intro=_("What you leave empty stays as it is."),
        summary=tuple(loose) or ((fault.message,) if fault is not None and not errors else ()),
        hidden=(*hidden, ("_step", "preview")),
    )


def _tag_fields(info: TypeInfo, errors: Any) -> tuple[FieldView, ...]:
    """Tags to add and to take off, for those who may write tags; the other tags of each record stay."""
    if "tags" not in info.by_hand(principal()):
        return ()
    labels = ((_("Add tags"), _("Add a tag")), (_("Remove tags"), _("Choose a tag")))
    return tuple(
        FieldView(
            name,
            label,
            "tags",
            placeholder=placeholder,
            find_href=f"/pick/tags?type={info.key}",
            chosen=tuple(Option(tag, tag) for tag in request.form.getlist(name) if tag),
            errors=tuple(errors.get("tags", ())) if name == TAGS[0] else (),
        )
        for name, (label, placeholder) in zip(TAGS, labels, strict=True)
    )


def _input(info: TypeInfo, one: FieldInfo, errors: Any, names: Any, *, typed: bool) -> FieldView:
    if one.kind == "boolean":  # a switch cannot say "as it is"
        value = request.form.get(one.name, "") if typed else ""
        made = input_of(info, one, required=False)
        options = (Option("true", _("yes")), Option("false", _("no")))
        return FieldView(one.name, made.label, "choice", value=value, options=options)
    if typed:
        return typed_input(info, one, request.form, errors=errors.get(one.name, ()), required=False, names=names)
    return input_of(info, one, required=False)


def _draw(view: FormView, status: int = 200) -> Response:
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", status, v=view)
