"""The pages of fields: all fields of a record type, making one by clicking, rules of when it is shown or needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from kumiko.admin import desk, field_forms
from kumiko.admin.desk import blueprint, needs
from kumiko.fields import changing, choices
from kumiko.fields.names import FIELD, RULE, takes_fields
from kumiko.fields.record_types import CUSTOM_FIELD, FIELD_RULE, KINDS
from kumiko.host.columns import table_of
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import field_rules, service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import answers
from kumiko.web.i18n import ngettext
from kumiko.web.properties import grouped_fields
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Action, Link, Toast

PAGE = "/admin/fields"
_field, _rule = table_of(CUSTOM_FIELD.model), table_of(FIELD_RULE.model)
Refused = (Invalid, Conflict, Forbidden, Stale)


@dataclass(frozen=True, kw_only=True)
class FieldRow:
    """One field on the page. `marks`: short words such as "needed"; `when`: its conditions in words."""

    label: str
    name: str
    kind: str
    section: str
    href: str
    marks: tuple[str, ...] = ()
    when: tuple[str, ...] = ()
    custom: bool = False
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FieldsView:
    """The fields of one type, and the types beside it."""

    title: str
    types: tuple[Link, ...]
    own: tuple[FieldRow, ...]
    built_in: tuple[FieldRow, ...]
    archived: tuple[FieldRow, ...]
    tabs: tuple[Link, ...]
    kinds: tuple[Link, ...]
    layout_href: str


def types() -> list[TypeInfo]:
    """Record types that may have custom fields, those with a place in the menu first."""
    found = [info for info in catalogue().types.values() if takes_fields(info)]
    return sorted(found, key=lambda info: (info.type.dictionary or not info.type.menu, info.type.order))


def type_at(collection: str) -> TypeInfo:
    """The type of an address; NotFound when it takes no fields."""
    found = catalogue().by_collection.get(collection)
    if found is None or not takes_fields(found):
        raise NotFound(_("There are no fields to make for %(what)s.", what=collection[:80]))
    return found


@blueprint.get("/fields")
@needs("fields.edit")
def fields_start() -> Response:
    """Leads to the fields of the first type."""
    return fields_page(types()[0].collection)


@blueprint.get("/fields/<collection>")
@needs("fields.edit")
def fields_page(collection: str) -> Response:
    info = type_at(collection)
    rows = _definitions(info)
    kinds = {choice.key: str(choice.label) for choice in KINDS}
    places = {one.name: title for title, fields, _closed in grouped_fields(info) for one in fields}
    own: list[FieldRow] = []
    archived: list[FieldRow] = []
    for row in rows:
        (archived if row["archived"] else own).append(_own_row(info, row, kinds, places))
    view = FieldsView(
        title=_("Fields of %(what)s", what=inside(info.type.label_plural)),
        types=_type_links(info),
        own=tuple(own),
        built_in=tuple(_built_in(info)),
        archived=tuple(archived),
        tabs=desk.tabs("fields"),
        kinds=tuple(Link(label, f"{PAGE}/{collection}/new?kind={key}", field_forms.ICONS[key])
                    for key, label in kinds.items()),
        layout_href=f"/admin/layouts/{collection}",
    )  # fmt: skip
    return desk.draw("admin/fields.html", v=view)


def _type_links(chosen: TypeInfo) -> tuple[Link, ...]:
    counted = select(_field.c.record_type, func.count()).where(
        _field.c.deleted_at.is_(None), _field.c.archived.is_not(True)
    )
    counts = {key: count for key, count in trusted(counted.group_by(_field.c.record_type))}  # noqa: C416
    return tuple(
        Link(str(info.type.label_plural), f"{PAGE}/{info.collection}", info.type.icon, active=info.key == chosen.key,
             count=str(counts.get(info.key, "")))
        for info in types()
    )  # fmt: skip


def _definitions(info: TypeInfo) -> list[Mapping[str, Any]]:
    query = select(_field).where(_field.c.record_type == info.key, _field.c.deleted_at.is_(None))
    order = (_field.c.position.is_(None), _field.c.position, _field.c.id)
    return [dict(row) for row in trusted(query.order_by(*order)).mappings()]


def _own_row(
    info: TypeInfo, row: Mapping[str, Any], kinds: Mapping[str, str], places: Mapping[str, str]
) -> FieldRow:  # fmt: skip
    path = f"{PAGE}/{info.collection}/{row['id']}"
    marks = {"required": _("needed"), "unique": _("unique"), "filterable": _("filter"), "board": _("board")}
    actions: tuple[Action, ...]
    job = changing.running(row["id"]) if row["archived"] else None
    if job is not None:
        actions = (Action(_("How far it is"), f"{path}/kind/{job}", "arrows-exchange"),)
        kinds = {**kinds, row["kind"]: _("is getting another kind")}
    elif row["archived"]:
        actions = (
            Action(_("Restore"), f"{path}/archive", "restore", method="post"),
            Action(_("Delete…"), f"{path}/delete", "trash", danger=True),
        )
    else:
        actions = (
            Action(_("Up"), f"{path}/move?by=-1", "arrow-up", method="post"),
            Action(_("Down"), f"{path}/move?by=1", "arrow-down", method="post"),
            Action(_("Change the kind…"), f"{path}/kind", "arrows-exchange"),
            Action(_("Archive"), f"{path}/archive", "archive", method="post"),
        )
    return FieldRow(
        label=row["name"], name=f"custom.{row['key']}", kind=kinds.get(row["kind"], row["kind"]),
        section=places.get(f"custom_{row['key']}") or row["section"] or "", href=path, custom=True, actions=actions,
        marks=tuple(word for key, word in marks.items() if row[key]), when=tuple(_when(info, row)),
    )  # fmt: skip


def _when(info: TypeInfo, row: Mapping[str, Any]) -> list[str]:
    said = {
        "shown_when": _("shown when %(when)s"), "required_when": _("needed when %(when)s"),
        "locked_when": _("locked when %(when)s"),
    }  # fmt: skip
    return [
        words.replace("%(when)s", field_rules.in_words(info, row[name])) for name, words in said.items() if row[name]
    ]


def _built_in(info: TypeInfo) -> list[FieldRow]:
    query = select(_rule).where(_rule.c.record_type == info.key, _rule.c.deleted_at.is_(None))
    rules = {info.plain(row["field"]): dict(row) for row in trusted(query).mappings()}
    places = {one.name: title for title, fields, _closed in grouped_fields(info) for one in fields}
    found = []
    for one in info.fields.values():
        if one.custom is not None or not (one.field.writable and one.field.by_hand):
            continue
        row = rules.get(one.name)
        path = f"{PAGE}/{info.collection}/rules/{one.name}"
        found.append(
            FieldRow(
                label=label_of(one), name=one.name, kind=field_forms.kind_word(one), section=places.get(one.name, ""),
                href="" if one.is_many else path, marks=(_("needed"),) if one.field.required else (),
                when=tuple(_when(info, row)) if row else (),
            )
        )  # fmt: skip
    return found


# ------------------------------------------------------------------ making and changing


@blueprint.get("/fields/<collection>/new")
@needs("fields.edit")
def new_field(collection: str) -> Response:
    info, kind = type_at(collection), request.args.get("kind", "text")
    start: dict[str, Any] = {"kind": kind, "filterable": True, "searchable": kind in ("text", "email", "phone")}
    return _draw_form(info, None, start | ({"choices": [{}, {}]} if kind in ("choice", "multichoice") else {}))


@blueprint.post("/fields/<collection>")
@needs("fields.edit")
def add_field(collection: str) -> Response:
    info = type_at(collection)
    values: dict[str, Any] = {}
    try:
        values = field_forms.values_from(info, request.form)
        with unit() as opened:
            made = service.create(FIELD, {**values, "record_type": info.key, "position": _last(info) + 1})
            unit_id = opened.id
    except Refused as refusal:
        return _draw_form(info, None, values, refusal)
    toast = Toast(_("The field “%(name)s” is there.", name=made.title), undo=f"/units/{unit_id}/undo")
    return answers.done(f"{PAGE}/{collection}", toast)


def _last(info: TypeInfo) -> int:
    query = select(func.max(_field.c.position)).where(_field.c.record_type == info.key)
    return int(trusted(query).scalar() or 0)


@blueprint.get("/fields/<collection>/<int:field_id>")
@needs("fields.edit")
def one_field(collection: str, field_id: int) -> Response:
    info, view = own_field(collection, field_id)
    return _draw_form(info, view, view.values)


@blueprint.post("/fields/<collection>/<int:field_id>")
@needs("fields.edit")
def change_field(collection: str, field_id: int) -> Response:
    info, view = own_field(collection, field_id)
    version = desk.number_of(desk.text_of("_version"))
    values: dict[str, Any] = {}
    try:
        values = field_forms.values_from(info, request.form, view)
        values.pop("kind", None)
        return _saved(collection, FIELD, field_id, values, version)
    except Refused as refusal:
        return _draw_form(info, view, {**view.values, **values}, refusal)


def _saved(collection: str, key: str, record_id: int, values: Mapping[str, Any], version: int | None) -> Response:
    with unit() as opened:
        after = service.update(key, record_id, values, if_match=version)
        unit_id = opened.id if opened.has_effect else None
    undo = f"/units/{unit_id}/undo" if unit_id else ""
    return answers.done(f"{PAGE}/{collection}", Toast(_("“%(name)s” is saved.", name=after.title), undo=undo))


def own_field(collection: str, field_id: int) -> tuple[TypeInfo, RecordView]:
    info, view = type_at(collection), service.get(FIELD, field_id)
    if view.get("record_type") != info.key:
        raise NotFound(_("There is no such field."))
    return info, view


def _draw_form(
    info: TypeInfo, view: RecordView | None, values: Mapping[str, Any], refusal: KumikoError | None = None
) -> Response:
    made = field_forms.form_of(info, view, values, request.form if refusal is not None else None, refusal)
    return desk.draw("admin/field.html", 422 if refusal is not None else 200, v=made)


@blueprint.get("/fields/<collection>/condition")
@needs("fields.edit")
def condition_row(collection: str) -> Response:
    """The rows of a condition again, after a field or an operator was chosen."""
    prefix = request.args.get("_prefix", "")
    name = prefix.rstrip("_")
    if name not in field_forms.PREFIXES:
        raise NotFound(_("There is no such condition."))
    view = field_forms.condition_of(type_at(collection), name, None, request.args)
    return answers.page("admin/field_condition.html", c=view)


@blueprint.post("/fields/<collection>/<int:field_id>/move")
@needs("fields.edit")
def move_field(collection: str, field_id: int) -> Response:
    """One place up or down among the custom fields of the type."""
    info, _view = own_field(collection, field_id)
    ids = [row["id"] for row in _definitions(info) if not row["archived"]]
    at = ids.index(field_id)
    to = max(0, min(len(ids) - 1, at + (1 if request.args.get("by") == "1" else -1)))
    ids.insert(to, ids.pop(at))
    with unit(reason=_("order of fields")):
        for number, one in enumerate(ids, 1):
            service.update(FIELD, one, {"position": number})
    return answers.done(f"{PAGE}/{collection}")


@blueprint.post("/fields/<collection>/<int:field_id>/archive")
@needs("fields.edit")
def archive_field(collection: str, field_id: int) -> Response:
    """Hide a field and keep its values, or bring it back."""
    _info, view = own_field(collection, field_id)
    back = bool(view.get("archived"))
    with unit() as opened:
        service.update(FIELD, field_id, {"archived": not back})
        unit_id = opened.id
    words = _("The field “%(name)s” is back, with its values.") if back else _(
        "The field “%(name)s” is archived. Its values are kept.")  # fmt: skip
    toast = Toast(words.replace("%(name)s", view.title), undo=f"/units/{unit_id}/undo")
    return answers.done(f"{PAGE}/{collection}", toast)


# ------------------------------------------------------------------ what could lose something


@blueprint.route("/fields/<collection>/<int:field_id>/delete", methods=["GET", "POST"])
@needs("fields.edit")
def delete_field(collection: str, field_id: int) -> Response:
    """Asks with counts, then puts the definition into the bin; its values stay in the records."""
    info, view = own_field(collection, field_id)
    if request.method == "GET":
        return desk.draw("kumiko/form.html", v=field_forms.delete_form(info, view))
    with unit() as opened:
        service.delete(FIELD, field_id)
        unit_id = opened.id
    toast = Toast(_("The field “%(name)s” is in the bin.", name=view.title), undo=f"/units/{unit_id}/undo")
    return answers.done(f"{PAGE}/{collection}", toast)


@blueprint.route("/fields/<collection>/<int:field_id>/choices/<key>/replace", methods=["GET", "POST"])
@needs("fields.edit")
def replace_choice(collection: str, field_id: int, key: str) -> Response:
    """Takes a choice away; records that have it get another, or none."""
    info, view = own_field(collection, field_id)
    if request.method == "GET":
        return desk.draw("kumiko/form.html", v=field_forms.replace_form(info, view, key))
    new = desk.text_of("new")
    if not new:
        asked = Invalid(_("Say what the records get instead."), {"new": [_("Choose one, or no value.")]})
        return desk.draw("kumiko/form.html", 422, v=field_forms.replace_form(info, view, key, asked))
    try:
        with unit(reason=_("choice replaced")) as opened:
            count = choices.replace_choice(field_id, key, None if new == "-" else new)
            unit_id = opened.id
    except Refused as refusal:
        return desk.draw("kumiko/form.html", 422, v=field_forms.replace_form(info, view, key, refusal))
    said = ngettext(
        "The choice is gone; %(num)s record changed.", "The choice is gone; %(num)s records changed.", count
    )
    return answers.done(f"{PAGE}/{collection}/{field_id}", Toast(said, undo=f"/units/{unit_id}/undo"))


# ------------------------------------------------------------------ rules of fields that modules bring


@blueprint.route("/fields/<collection>/rules/<name>", methods=["GET", "POST"])
@needs("fields.edit")
def rule_page(collection: str, name: str) -> Response:
    """When a built-in field is shown, needed or locked, and what it starts with."""
    info = type_at(collection)
    one = info.fields.get(name)
    if one is None or one.custom is not None or one.is_many:
        raise NotFound(_("There is no such field."))
    view = _rule_of(one, info)
    if request.method == "GET":
        values = dict(view.values) if view is not None else {}
        return desk.draw("admin/field.html", v=field_forms.rule_form(info, one, view, values))
    values = {}
    try:
        values = field_forms.rule_values(info, request.form)
        if view is None:
            with unit() as opened:
                service.create(RULE, {**values, "record_type": info.key, "field": one.journal_name})
                unit_id = opened.id
            toast = Toast(_("“%(name)s” is saved.", name=label_of(one)), undo=f"/units/{unit_id}/undo")
            return answers.done(f"{PAGE}/{collection}", toast)
        return _saved(collection, RULE, view.id, values, desk.number_of(desk.text_of("_version")))
    except Refused as refusal:
        made = field_forms.rule_form(info, one, view, values, request.form, refusal)
        return desk.draw("admin/field.html", 422, v=made)


def _rule_of(one: FieldInfo, info: TypeInfo) -> RecordView | None:
    query = select(_rule.c.id).where(
        _rule.c.record_type == info.key, _rule.c.field == one.journal_name, _rule.c.deleted_at.is_(None)
    )
    found = trusted(query).scalar()
    return None if found is None else service.get(RULE, found)
