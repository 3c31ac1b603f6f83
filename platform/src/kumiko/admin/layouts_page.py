"""The editor of page layouts: sections, order, width and hidden parts of cards and forms, for a role or everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from sqlalchemy import select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from kumiko.access.models import Role
from kumiko.admin import desk
from kumiko.admin.desk import blueprint, needs
from kumiko.admin.fields_page import type_at, types
from kumiko.fields.layouts import MOST_CARD_FIELDS, Layout, needs_a_place, with_resting
from kumiko.fields.loading import PREVIEW
from kumiko.fields.names import LAYOUT
from kumiko.fields.record_types import PAGE_LAYOUT
from kumiko.host.columns import table_of
from kumiko.host.context import current, principal
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.scoping import trusted
from kumiko.records import queries, service
from kumiko.records.catalogue import TypeInfo
from kumiko.records.field_names import plain_path
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web import answers, panels
from kumiko.web.columns import known_columns
from kumiko.web.properties import grouped_fields, property_groups
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Link, PropertyGroup, Toast

PAGE = "/admin/layouts"
_layout, _role = table_of(PAGE_LAYOUT.model), table_of(Role)
Refused = (Invalid, Conflict, Forbidden, Stale)


@dataclass(frozen=True, kw_only=True)
class Part:
    """A field or panel that can be placed. `needed`: forms have to show it."""

    name: str
    label: str
    wide: bool = False
    needed: bool = False
    hidden: bool = False


@dataclass(frozen=True, kw_only=True)
class SectionPart:
    """A section with its fields."""

    number: int
    title: str
    parts: tuple[Part, ...]
    closed: bool = False


@dataclass(frozen=True, kw_only=True)
class LayoutView:
    """The editor. `preview`: the groups of a card as they would look."""

    title: str
    intro: str
    action: str
    sections: tuple[SectionPart, ...]
    hidden: tuple[Part, ...]
    panels: tuple[Part, ...]
    card_tabs: tuple[Part, ...]
    columns: tuple[Part, ...]
    cards: tuple[Part, ...]
    most_on_cards: int
    roles: tuple[Link, ...]
    types: tuple[Link, ...]
    tabs: tuple[Link, ...]
    crumbs: tuple[Link, ...]
    version: str = ""
    stored: bool = False
    preview: tuple[PropertyGroup, ...] = ()
    preview_title: str = ""
    summary: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@blueprint.route("/layouts/<collection>", methods=["GET", "POST"])
@needs("fields.edit")
def layout_page(collection: str) -> Response:
    """The layout of a type for `?role=KEY` (none: everybody)."""
    info, role = type_at(collection), _role_at(request.args.get("role", ""))
    stored = _stored(info, role)
    if request.method == "GET":
        return desk.draw(
            "admin/layout.html", v=_view(info, role, stored, None if stored is None else Layout.of(_row(stored)))
        )
    values = _sent(info, request.form)
    if stored is not None:
        values = with_resting(info, _row(stored), values)
    wanted = Layout.of({"id": 0, **values})
    if "_preview" in request.form:
        return desk.draw("admin/layout.html", v=_view(info, role, stored, wanted, preview=True))
    try:
        with unit() as opened:
            if stored is None:
                service.create(LAYOUT, {**values, "record_type": info.key, "role": role["id"] if role else None})
            else:
                version = desk.number_of(desk.text_of("_version"))
                service.update(LAYOUT, stored.id, values, if_match=version)
            unit_id = opened.id if opened.has_effect else None
    except Refused as refusal:
        lines = [line for said in getattr(refusal, "errors", {}).values() for line in said] or [refusal.message]
        return desk.draw("admin/layout.html", 422, v=_view(info, role, stored, wanted, summary=tuple(lines)))
    undo = f"/units/{unit_id}/undo" if unit_id else ""
    return answers.done(_path(info, role), Toast(_("The page is arranged."), undo=undo))


@blueprint.post("/layouts/<collection>/reset")
@needs("fields.edit")
def reset_layout(collection: str) -> Response:
    """Back to how it comes (or to everybody's layout, for a role)."""
    info, role = type_at(collection), _role_at(request.args.get("role", ""))
    stored = _stored(info, role)
    if stored is None:
        return answers.done(_path(info, role), Toast(_("There was nothing to take back.")))
    with unit() as opened:
        service.delete(LAYOUT, stored.id)
        unit_id = opened.id
    return answers.done(_path(info, role), Toast(_("The page is as it comes."), undo=f"/units/{unit_id}/undo"))


def _path(info: TypeInfo, role: Mapping[str, Any] | None) -> str:
    return f"{PAGE}/{info.collection}" + (f"?role={role['key']}" if role else "")


def _roles() -> list[Mapping[str, Any]]:
    query = select(_role.c.id, _role.c.key, _role.c.name).where(_role.c.deleted_at.is_(None)).order_by(_role.c.id)
    return [dict(row) for row in trusted(query).mappings()]


def _role_at(key: str) -> Mapping[str, Any] | None:
    if not key:
        return None
    found = next((role for role in _roles() if role["key"] == key), None)
    if found is None:
        raise NotFound(_("There is no role %(name)r.", name=key[:80]))
    return found


def _stored(info: TypeInfo, role: Mapping[str, Any] | None) -> RecordView | None:
    query = select(_layout.c.id).where(
        _layout.c.record_type == info.key, _layout.c.deleted_at.is_(None),
        _layout.c.role_id.is_(None) if role is None else _layout.c.role_id == role["id"],
    )  # fmt: skip
    found = trusted(query).scalar()
    return None if found is None else service.get(LAYOUT, found)


def _row(view: RecordView) -> dict[str, Any]:
    return {
        "id": view.id,
        **{name: view.get(name) for name in ("sections", "hidden", "panels", "tabs", "columns", "cards")},
    }


def _sent(info: TypeInfo, form: MultiDict[str, str]) -> dict[str, Any]:
    """The arrangement that the order of a form's inputs says."""
    sections: list[dict[str, Any]] = []
    hidden: list[str] = []
    kept: dict[str, list[str]] = {"panel": [], "tab": [], "column": [], "card": []}
    away: dict[str, list[str]] = {"panel": [], "tab": [], "column": [], "card": []}
    into: list[Any] = []
    for item in form.getlist("item")[:2000]:
        kind, _colon, word = item.partition(":")
        if kind == "section":
            made: dict[str, Any] = {"title": form.get(f"title.{word}", "").strip()[:80], "fields": []}
            if f"closed.{word}" in form:
                made["closed"] = True
            sections.append(made)
            into = made["fields"]
        elif kind == "hidden":
            into = hidden
        elif kind == "field" and into is hidden:
            hidden.append(info.qualified(word))
        elif kind == "field":
            into.append({"name": info.qualified(word), **({"wide": True} if f"wide.{word}" in form else {})})
        elif kind in kept:
            kept[kind].append(word)
            if f"show.{kind}.{word}" not in form:
                away[kind].append(word)
    chosen = {part: [name for name in kept[part] if name not in away[part]] for part in ("column", "card")}
    return {
        "sections": [one for one in sections if one["fields"]], "hidden": hidden,
        "panels": {"order": kept["panel"], "hidden": away["panel"]},
        "tabs": {"order": kept["tab"], "hidden": away["tab"]},
        "columns": [] if chosen["column"] == [one for one in info.list_columns if one != "name"] else chosen["column"],
        "cards": [] if chosen["card"] == list(_fields_of_cards(info)) else chosen["card"],
    }  # fmt: skip


def _view(
    info: TypeInfo, role: Mapping[str, Any] | None, stored: RecordView | None, layout: Layout | None,
    *, preview: bool = False, summary: Sequence[str] = (),
) -> LayoutView:  # fmt: skip
    shown = layout or _inherited(info, role)
    current().cache[PREVIEW, info.key] = Layout(id=0, sections=())  # the groups as they come, whoever looks
    plain = grouped_fields(info)
    fields = {one.name: one for _title, listed, _closed in plain for one in listed}
    wide = shown.wide(info) if shown is not None else frozenset()
    hidden = shown.away(info) if shown is not None else frozenset()
    forced = [info.fields[info.plain(name)] for name in (shown.hidden if shown is not None else ())
              if needs_a_place(info, name)]  # fmt: skip

    def part(name: str) -> Part:
        one = fields[name]
        return Part(name=name, label=label_of(one), wide=name in wide, needed=needs_a_place(info, name))

    groups = shown.placed(info, plain) if shown is not None else plain
    sections = tuple(
        SectionPart(number=number, title=title, closed=closed, parts=tuple(part(one.name) for one in listed))
        for number, (title, listed, closed) in enumerate(groups)
    )
    drawn: tuple[PropertyGroup, ...] = ()
    said = ""
    if preview and shown is not None:
        current().cache[PREVIEW, info.key] = shown
        drawn, said = _preview(info)
    who = role["name"] if role else _("everybody")
    return LayoutView(
        title=_("Page of %(what)s for %(who)s", what=inside(info.type.label_plural), who=who),
        intro=_("Cards and forms follow this order. Rights to single fields still count: what a role may not see stays"
                " hidden."),
        action=_path(info, role), sections=sections,
        hidden=tuple(part(name) for name in fields if name in hidden), panels=_panels(info, shown),
        card_tabs=_card_tabs(info, shown), most_on_cards=MOST_CARD_FIELDS,
        columns=_choice(info, (shown.columns if shown is not None else ()) or info.list_columns),
        cards=_choice(info, (shown.cards if shown is not None else ()) or _fields_of_cards(info))
        if info.board is not None else (),
        notes=tuple(_("“%(label)s” must be filled in by now, so it is shown although this page hid it.",
                      label=label_of(one)) for one in forced),
        roles=_role_links(info, role),
        types=tuple(Link(str(one.type.label_plural), f"{PAGE}/{one.collection}", one.type.icon,
                         active=one.key == info.key) for one in types()),
        tabs=desk.tabs("fields"), crumbs=(Link(_("Fields"), f"/admin/fields/{info.collection}"),),
        version=str(stored.version) if stored is not None else "", stored=stored is not None,
        preview=drawn, preview_title=said, summary=tuple(summary),
    )  # fmt: skip


def _role_links(info: TypeInfo, chosen: Mapping[str, Any] | None) -> tuple[Link, ...]:
    path, me = f"{PAGE}/{info.collection}", None if chosen is None else chosen["id"]
    own = (Link(one["name"], f"{path}?role={one['key']}", active=one["id"] == me) for one in _roles())
    return (Link(_("Everybody"), path, active=chosen is None), *own)


def _inherited(info: TypeInfo, role: Mapping[str, Any] | None) -> Layout | None:
    """What a role sees that has no layout of its own: everybody's."""
    everybody = _stored(info, None) if role is not None else None
    return Layout.of(_row(everybody)) if everybody is not None else None


def _panels(info: TypeInfo, layout: Layout | None) -> tuple[Part, ...]:
    found = {
        f"{one.plugin}-{one.item.key}": str(one.item.title) for one in panels.panels_of(f"record.{info.key}.aside")
    }
    hidden = layout.hidden_panels if layout is not None else frozenset()
    order = [*(key for key in (layout.panels if layout is not None else ()) if key in found), *found]
    return tuple(Part(name=key, label=found[key], hidden=key in hidden) for key in dict.fromkeys(order))


def _card_tabs(info: TypeInfo, layout: Layout | None) -> tuple[Part, ...]:
    found = {f"{one.plugin}-{one.item.key}": str(one.item.title) for one in panels.panels_of(f"record.{info.key}.tabs")}
    hidden = layout.hidden_tabs if layout is not None else frozenset()
    order = [*(key for key in (layout.tabs if layout is not None else ()) if key in found), *found]
    return tuple(Part(name=key, label=found[key], hidden=key in hidden) for key in dict.fromkeys(order))


def _fields_of_cards(info: TypeInfo) -> tuple[str, ...]:
    """What cards of the board show as they come; moments are only there for remarks."""
    board, readable = info.board, info.readable(principal())
    listed = () if board is None else board.fields
    return tuple(name for name in listed if name in readable and readable[name].kind != "moment")[:MOST_CARD_FIELDS]


def _choice(info: TypeInfo, wanted: Sequence[str]) -> tuple[Part, ...]:
    """What is shown, in order, then the other fields that may be."""
    known = known_columns(info)
    chosen = [name for name in dict.fromkeys(plain_path(info, one) for one in wanted) if name in known]
    others = [name for name in known if name not in chosen and "." not in name]  # those of linked records: by the list
    return (*(Part(name=name, label=known[name]) for name in chosen),
            *(Part(name=name, label=known[name], hidden=True) for name in others))  # fmt: skip


def _preview(info: TypeInfo) -> tuple[tuple[PropertyGroup, ...], str]:
    newest = queries.list_newest(info, 1)
    if not newest:
        return (), ""
    record = service.get(info.key, newest[0][0])
    return property_groups(record, editable=False), record.title
