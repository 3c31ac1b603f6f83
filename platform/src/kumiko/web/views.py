"""Saved views above their lists: tabs, the dialog that saves one, and what a list opens with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host import context
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import saved_views
from kumiko.records.catalogue import TypeInfo
from kumiko.records.saved_views import NAME_LENGTH, Tab
from kumiko.records.view_order import set_default
from kumiko.web.addresses import pairs_of
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.filters_form import OF_BOARDS, query_of
from kumiko.web.types import type_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Toast

ALL = "all"


def tabs(info: TypeInfo) -> list[Tab]:
    """The views of a type, asked for once per act."""
    kept, key = context.current().cache, (__name__, info.key)
    if key not in kept:
        kept[key] = saved_views.tabs_of(info)
    found: list[Tab] = kept[key]
    return found


def links_of(info: TypeInfo, chosen: str, *, place: str = "", more: Sequence[tuple[str, str]] = ()) -> tuple[Link, ...]:
    """Tabs above a list: all records, then the saved views. `place`, `more`: what a board's address has besides."""
    listed = tabs(info)
    start = f"/{info.collection}{place}"
    pairs = [*more, *([("view", ALL)] if any(one.is_default or one.role_default for one in listed) else [])]
    rest = query_of(pairs)
    whole = Link(_("All"), f"{start}?{rest}" if rest else start, "list", active=chosen in ("", ALL))
    return (whole, *(_link(info, one, chosen, place, more) for one in listed))


def _link(info: TypeInfo, tab: Tab, chosen: str, place: str, more: Sequence[tuple[str, str]]) -> Link:
    icon = "player-pause" if tab.paused else "users" if tab.shared else "star"
    active = chosen == str(tab.id)
    return Link(tab.name, address_of(info, tab.id, tab.query, place=place, more=more), icon, active=active,
                hint=tab.paused)  # fmt: skip


def address_of(
    info: TypeInfo, view_id: int, query: Mapping[str, Any], *, place: str = "", more: Sequence[tuple[str, str]] = ()
) -> str:
    """Where a view is shown: its own layout, for a plain list the one that is open."""
    pairs = pairs_of(info, query)
    if query.get("kind") == "board":
        place, own = "/board", {name for name, _value in pairs}
        more = [pair for pair in more if pair[0] not in own]
    return f"/{info.collection}{place}?{query_of([*pairs, *more, ('view', str(view_id))])}"


def opening(info: TypeInfo) -> str:
    """Address of the view that the person's list opens with: one's own choice, else a role's; "" for the whole list."""
    listed = [one for one in tabs(info) if not one.paused]
    chosen = next((one for one in listed if one.is_default), None) or next(
        (one for one in listed if one.role_default), None
    )
    return address_of(info, chosen.id, chosen.query) if chosen is not None else ""


def new_view(collection: str) -> Response:
    """GET and POST /COLLECTION/views/new: a name for the list in the query."""
    info = type_of(collection)
    pairs = [
        (name, value) for name, value in parse_qsl(request.query_string.decode("utf-8", "replace")) if name != "view"
    ]
    is_board = ("_layout", "board") in pairs
    board = [pair for pair in pairs if pair[0] in OF_BOARDS and info.find(pair[0]) is None]
    path = f"/{collection}/board" if is_board else f"/{collection}"
    asked = query_of(pairs)
    pairs = [pair for pair in pairs if pair not in board and not pair[0].startswith("_")]
    name, shared = request.form.get("name", "").strip(), "true" in request.form.getlist("shared")
    first = "true" in request.form.getlist("first")
    errors: Mapping[str, Sequence[str]] = {}
    if request.method == "POST":
        try:
            made = saved_views.create_view(info, name, said_by(info, pairs, board, is_board=is_board), shared=shared)
        except Invalid as fault:
            errors = fault.errors or {"": [fault.message]}
        else:
            if first:
                set_default(made.id)
            said = Toast(_("View “%(name)s” saved", name=name))
            return done(f"{path}?{query_of([*pairs, *board, ('view', str(made.id))])}", said)
    fields = [
        FieldView("name", _("Name"), value=name, errors=tuple(errors.get("name", ())), required=True, autofocus=True,
                  max_length=NAME_LENGTH)
    ]  # fmt: skip
    if not principal().read_only:
        fields.append(FieldView("shared", _("For everybody"), "boolean", value="true" if shared else "false",
                                help=_("Others see the list, never records that their rights hide. Teams and single "
                                       "persons are chosen under “Manage views”.")))  # fmt: skip
    opens = _("Open %(what)s with it", what=str(info.type.label_plural))
    fields.append(FieldView("first", opens, "boolean", value="true" if first else "false"))
    form = FormView(
        title=_("Save view"),
        action=f"/{collection}/views/new?{asked}",
        groups=(FieldGroup("", tuple(fields)),),
        submit=_("Save"),
        cancel_href=f"{path}?{query_of([*pairs, *board])}",
        crumbs=(Link(str(info.type.label_plural), f"/{collection}"),),
        summary=tuple(line for field, lines in errors.items() if field != "name" for line in lines),
    )
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", 422 if errors else 200, v=form)


def said_by(
    info: TypeInfo, pairs: Sequence[tuple[str, str]], board: Sequence[tuple[str, str]] = (), *, is_board: bool = False
) -> dict[str, Any]:
    """The list that an address shows, in the form that is saved."""
    from kumiko.web.lists import ListState  # local: cycle

    state = ListState.of(info, MultiDict(list(pairs)))
    found: dict[str, Any] = {
        "filter": state.node, "q": state.q, "sort": state.sort, "columns": list(state.columns),
        "widths": dict(state.widths), "group": state.group,
    }  # fmt: skip
    if is_board:
        found |= {"kind": "board", "board": {name: value for name, value in board if value}}
    return found
