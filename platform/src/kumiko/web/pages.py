"""For pages that plugins draw themselves: inputs of record fields, saving by version, messages with the way back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host.context import as_system
from kumiko.host.errors import Invalid, Stale
from kumiko.host.i18n import gettext as _
from kumiko.records import links, rights, service
from kumiko.records.catalogue import FieldInfo, catalogue, item_fields
from kumiko.records.drafts import Draft
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import merging
from kumiko.web.answers import done, is_htmx, page, trigger
from kumiko.web.forms import named_in, names_in, value_from, values_from
from kumiko.web.inputs import input_of, typed_input
from kumiko.web.toasts import as_event
from kumiko.web.types import record_of
from kumiko.web.values import value_text
from kumiko.web.viewmodels import FieldView, Toast

Typed = MultiDict[str, str]


def asked_for_part() -> bool:
    """Whether the page's script asks for a fragment, not the browser for a page."""
    return is_htmx()


def draw_page(template: str, status: int = 200, **variables: Any) -> Response:
    """A template of the plugin; status 422 for a form that was refused."""
    return page(template, status, **variables)


def get_for_setup(collection: str, record_id: int, action: str = "edit") -> RecordView:
    """A record that the person may see, for a page that changes it: NotFound as its card says, Forbidden by rights."""
    info, record = record_of(collection, record_id)
    rights.require(action, info)
    return record


def go_to(path: str, msg: str = "", *, undo_unit: int | None = None, tone: Any = "ok") -> Response:
    """After a write: lead on to `path` and say something there, with Undo for a unit."""
    return done(path, _toast(msg, undo_unit, tone) if msg else None)


def say_with(
    response: Response, msg: str = "", *, undo_unit: int | None = None, tone: Any = "ok", focus: str = ""
) -> Response:
    """Say something beside a fragment. `focus`: selector of what is focused once the fragment is in its place."""
    events: dict[str, Any] = {}
    if msg:
        events["km_toast"] = as_event(_toast(msg, undo_unit, tone))
    if focus:
        events["km_focus"] = {"sel": focus}
    return trigger(response, **events)


def _toast(msg: str, undo_unit: int | None, tone: Any) -> Toast:
    return Toast(msg, undo=f"/units/{undo_unit}/undo" if undo_unit else "", tone=tone)


def field_inputs(
    type_key: str,
    names: Iterable[str],
    values: Mapping[str, Any] | None = None,
    *,
    prefix: str = "",
    typed: Typed | None = None,
    errors: Mapping[str, list[str]] | None = None,
) -> dict[str, FieldView]:
    """Inputs of fields of a type by name: with `values` as a RecordView holds them, or as `typed` and refused.

    `prefix` begins the inputs' names, so that several records fit on one page; fields of kind list take none.
    """
    info, wrong = catalogue().get(type_key), errors or {}
    fields = [info.fields[name] for name in names]
    if typed is None:
        given = values or {}
        return {
            one.name: input_of(info, one, given.get(one.name), name=_name(prefix, one), errors=wrong.get(one.name, ()))
            for one in fields
        }
    known = names_in(info, [one for one in fields if one.kind == "list"], typed)
    known |= _linked(info, fields, prefix, typed)
    return {
        one.name: typed_input(
            info, one, typed, name=_name(prefix, one), errors=wrong.get(one.name, ()), names=known
        )
        for one in fields
    }  # fmt: skip


def field_values(type_key: str, names: Iterable[str], typed: Typed, *, prefix: str = "") -> dict[str, Any]:
    """The values of such inputs, for the record service; fields that were not sent are absent."""
    info = catalogue().get(type_key)
    fields = [info.fields[name] for name in names]
    found = values_from([one for one in fields if one.kind == "list"], typed)
    for one in fields:
        name = _name(prefix, one)
        if one.kind != "list" and name in typed:
            found[one.name] = value_from(one, typed, name)
    return found


def typed_draft(type_key: str, names: Iterable[str], typed: Typed) -> Draft:
    """What somebody typed into a form of a new or old record, checked and with its links, to reckon with: a draft of
    that much, which is never written. Invalid with sentences per field."""
    info = catalogue().get(type_key)
    draft = Draft(info, "created", service.clean(info, field_values(type_key, names, typed)))
    links.resolve([draft])
    draft.check_given()
    return draft


def save_record(
    type_key: str, record_id: int, values: Mapping[str, Any], *, version: int | None, offered: Collection[str] = ()
) -> int | None:
    """Change a record from a form of `version`, as one unit; gives its id, or None when nothing changed.

    What somebody else changed meanwhile is kept where this form leaves it alone; where both changed the same field,
    Invalid says for each what is stored now. The caller shows the form again with the record's present version.
    `offered`: links to records that the person may not see but was offered by name; who may change the rest, may these.
    """
    own = {name: value for name, value in values.items() if name not in offered}
    rest = {name: value for name, value in values.items() if name in offered}
    try:
        with unit() as opened:
            service.update(type_key, record_id, own, if_match=version)
            if rest:
                with as_system("the page offered these records by name"):
                    service.update(type_key, record_id, rest)
            return opened.id if opened.has_effect else None
    except Stale:
        record = service.get(type_key, record_id)
        merged = merging.merge(record, values, version or 0)
        if merged.conflicts:
            raise Invalid(_both_changed(merged.who), _conflicts(record, merged)) from None
        return save_record(type_key, record_id, merged.values, version=record.version, offered=offered)


def version_sent(name: str = "_version") -> int | None:
    """The version that the sent form was made from."""
    text = request.values.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _both_changed(who: str) -> str:
    return _("%(who)s changed the same meanwhile; look at it and save again.", who=who or _("Somebody"))


def _conflicts(record: RecordView, merged: merging.Merged) -> dict[str, list[str]]:
    found = {}
    for name in merged.conflicts:
        one = record.type.fields[name]
        now = value_text(one, record.get(name)) or _("nothing")
        found[name] = [
            _("%(who)s changed this meanwhile; it is now: %(now)s. Save again to keep yours.",
              who=merged.who or _("Somebody"), now=now)
        ]  # fmt: skip
    return found


def _name(prefix: str, one: FieldInfo) -> str:
    return one.name if one.kind == "list" else f"{prefix}{one.name}"


def _linked(info: Any, fields: Iterable[FieldInfo], prefix: str, typed: Typed) -> dict[tuple[str, int], str]:
    wanted = []
    for one in fields:
        if one.kind == "record":
            wanted += named_in(info, typed.getlist(_name(prefix, one)))
        target = catalogue().find(one.field.to) if one.kind == "link" and not item_fields(one) else None
        if target is not None:
            texts = typed.getlist(_name(prefix, one))
            wanted += [(info, target, int(text)) for text in texts if text.isdecimal() and len(text) < 19]
    return links.names_of(wanted) if wanted else {}
