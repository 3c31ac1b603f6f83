"""The page of a type's saved views: order, names, sharing, copies, what lists open with."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

from kumiko.host.context import principal
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import links, queries, saved_views
from kumiko.records.catalogue import TEAM, USER, TypeInfo, catalogue
from kumiko.records.saved_views import NAME_LENGTH, View
from kumiko.records.view_order import order_views, set_default, set_role_defaults
from kumiko.records.view_sharing import Sharing
from kumiko.web import views
from kumiko.web.addresses import pairs_of
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.filters_form import OF_BOARDS, query_of
from kumiko.web.i18n import ngettext
from kumiko.web.types import type_of
from kumiko.web.viewmodels import Action, Empty, FieldGroup, FieldView, FormView, Link, Option, Toast
from kumiko.web.viewmodels.views import SavedViewRow, SavedViewsView

ROLE = "access.role"


def menu_of(info: TypeInfo, state: Any, board: list[tuple[str, str]] | None = None) -> list[Action]:
    """What can be done with the view that a list shows, and with all of them. `board`: its parameters, on a board."""
    path = f"/{info.collection}/views"
    listed = views.tabs(info)
    found: list[Action] = []
    at = next((one for one in listed if str(one.id) == state.view), None)
    if at is not None and saved_views.may_change(at):
        own = [] if board is None else [*board, ("_layout", "board")]
        query = query_of([pair for pair in [*state.pairs(), *own] if pair[0] != "view"])
        shown = [pair for pair in parse_qsl(query) if pair[0] != "_layout"]
        other = board is not None and at.query.get("kind") != "board"  # a list that is looked at as a board
        if not other and sorted(shown) != sorted(pairs_of(info, at.query)):
            found.append(Action(_("Save changes to “%(name)s”", name=at.name), f"{path}/{at.id}/keep?{query}",
                                "device-floppy", method="post"))  # fmt: skip
        found.append(Action(_("Rename or share this view"), f"{path}/{at.id}", "pencil", dialog=True))
        found.append(Action(_("Delete this view"), f"{path}/{at.id}/delete", "trash", method="post"))
    if listed:
        found.append(Action(_("Manage views"), path, "list-check"))
    return found


def list_views(collection: str) -> Response:
    """GET /COLLECTION/views: all of them, in the person's order."""
    info = type_of(collection)
    listed = saved_views.list_views(info.key)
    names = _names(info, listed)
    rows = tuple(_row(info, one, number, len(listed), names) for number, one in enumerate(listed))
    empty = Empty(
        _("No saved views yet"),
        _("Set filters, sorting or columns in the list, then choose “Save view”."),
        "star",
        Action(_("Back to the list"), f"/{collection}?view={views.ALL}", "list"),
    )
    view = SavedViewsView(
        title=_("Views of %(what)s", what=str(info.type.label_plural)),
        crumbs=(Link(str(info.type.label_plural), f"/{collection}"),),
        rows=rows,
        empty=None if rows else empty,
    )
    return page("kumiko/views.html", v=view)


def _row(info: TypeInfo, one: View, number: int, count: int, names: dict[tuple[str, int], str]) -> SavedViewRow:
    path = f"/{info.collection}/views/{one.id}"
    actions = [Action(_("Copy"), f"{path}/copy", "copy", method="post")]
    if saved_views.may_change(one):
        actions.insert(0, Action(_("Edit"), path, "pencil", dialog=True))
        actions.append(Action(_("Delete"), f"{path}/delete", "trash", method="post"))
    opens = _("Stop opening with it") if one.is_default else _("Open with it")
    actions.append(
        Action(opens, f"{path}/first?on={'false' if one.is_default else 'true'}", "pin", method="post")
    )  # fmt: skip
    query = {name: getattr(one, name) for name in saved_views.MEMBERS}
    return SavedViewRow(
        name=one.name,
        href=views.address_of(info, one.id, query),
        icon="player-pause" if one.paused else "star" if one.mine and one.sharing.is_private else "users",
        facts=_facts(one, names),
        paused=one.paused,
        up=_move(path, "up", _("Move “%(name)s” up", name=one.name)) if number else None,
        down=_move(path, "down", _("Move “%(name)s” down", name=one.name)) if number < count - 1 else None,
        actions=tuple(actions),
    )


def _move(path: str, way: str, label: str) -> Action:
    return Action(label, f"{path}/move?to={way}", f"arrow-{way}", method="post")


def _facts(one: View, names: dict[tuple[str, int], str]) -> tuple[str, ...]:
    found = [_("Board") if one.kind == "board" else _("List")]
    with_whom = [names.get((TEAM, each), "") for each in one.sharing.teams]
    with_whom += [names.get((USER, each), "") for each in one.sharing.users]
    known = [name for name in with_whom if name]
    if one.sharing.everybody:
        found.append(_("for everybody"))
    elif one.sharing.is_private:
        found.append(_("only for you") if one.mine else _("private"))
    elif known:
        found.append(_("for %(names)s", names=", ".join(known)))
    else:
        found.append(ngettext("for %(num)s other", "for %(num)s others", len(with_whom)))
    if not one.mine and one.owner_id is not None:
        found.append(_("by %(name)s", name=names.get((USER, one.owner_id), "•••")))
    if one.is_default:
        found.append(_("your list opens with it"))
    if one.default_roles:
        found.append(_("lists of the roles %(roles)s open with it", roles=", ".join(one.default_roles)))
    return tuple(found)


def _names(info: TypeInfo, listed: list[View]) -> dict[tuple[str, int], str]:
    teams, users = catalogue().get(TEAM), catalogue().get(USER)
    wanted = [(teams, teams, each) for one in listed for each in one.sharing.teams]
    wanted += [(users, users, each) for one in listed for each in (*one.sharing.users, one.owner_id) if each]
    return links.names_of(wanted) if wanted else {}


def edit(collection: str, view_id: int) -> Response:
    """GET and POST /COLLECTION/views/ID: name, sharing, what opens with it."""
    info, view = _view_at(collection, view_id)
    if not saved_views.may_change(view):
        raise NotFound(_("There is no view %(id)d that you may change.", id=view_id))
    fault: Invalid | None = None
    if request.method == "POST":
        sharing = Sharing(everybody="true" in request.form.getlist("shared"), teams=_ids("teams"), users=_ids("users"))
        try:
            saved_views.update_view(view_id, name=request.form.get("name", ""), sharing=sharing)
            if "first" in request.form:
                set_default(view_id, on="true" in request.form.getlist("first"))
            if principal().is_administrator and "roles" in request.form:
                set_role_defaults(view_id, [one for one in request.form.getlist("roles") if one])
        except Invalid as refused:
            fault = refused
        else:
            return done(f"/{collection}/views", Toast(_("View “%(name)s” saved", name=request.form["name"].strip())))
    form = _form(info, view, fault)
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", 422 if fault else 200, v=form)


def _ids(name: str) -> tuple[int, ...]:
    return tuple(int(one) for one in request.form.getlist(name) if one.isdecimal() and len(one) < 19)


def _form(info: TypeInfo, view: View, fault: Invalid | None) -> FormView:
    errors = fault.errors if fault is not None else {}
    typed = fault is not None
    teams, users = (_ids("teams"), _ids("users")) if typed else (view.sharing.teams, view.sharing.users)
    known = catalogue()
    wanted = [(known.get(TEAM), known.get(TEAM), one) for one in teams]
    wanted += [(known.get(USER), known.get(USER), one) for one in users]
    names = links.names_of(wanted) if wanted else {}
    everybody = "true" in request.form.getlist("shared") if typed else view.sharing.everybody
    fields = [
        FieldView("name", _("Name"), value=request.form.get("name", "") if typed else view.name, required=True,
                  autofocus=True, max_length=NAME_LENGTH, errors=tuple(errors.get("name", ()))),
        FieldView("shared", _("For everybody"), "boolean", value="true" if everybody else "false",
                  help=_("Others see the list, never records that their rights hide.")),
        FieldView("teams", _("For teams"), "tags", find_href=f"/pick/{known.get(TEAM).collection}",
                  placeholder=_("Choose a team"), errors=tuple(errors.get("sharing", ())),
                  chosen=tuple(Option(str(one), names.get((TEAM, one), str(one))) for one in teams)),
        FieldView("users", _("For persons"), "tags", find_href=f"/pick/{known.get(USER).collection}",
                  placeholder=_("Choose a person"),
                  chosen=tuple(Option(str(one), names.get((USER, one), str(one))) for one in users)),
        FieldView("first", _("Open %(what)s with it", what=str(info.type.label_plural)), "boolean",
                  value="true" if view.is_default else "false"),
    ]  # fmt: skip
    if principal().is_administrator:
        fields.append(
            FieldView("roles", _("Opens for these roles"), "multichoice", options=_role_options(view),
                      help=_("People who chose a view of their own keep it."))
        )  # fmt: skip
    loose = [line for name, lines in errors.items() if name not in ("name", "sharing") for line in lines]
    return FormView(
        title=_("View “%(name)s”", name=view.name), action=f"/{info.collection}/views/{view.id}",
        groups=(FieldGroup("", tuple(fields)),), submit=_("Save"), cancel_href=f"/{info.collection}/views",
        crumbs=(Link(str(info.type.label_plural), f"/{info.collection}"),
                Link(_("Views"), f"/{info.collection}/views")),
        summary=tuple(loose),
    )  # fmt: skip


def _role_options(view: View) -> tuple[Option, ...]:
    roles = queries.list_page(catalogue().get(ROLE), names=("name", "key"), sort="name", limit=100)
    return tuple(Option(row[3], row[2] or row[3], chosen=row[3] in view.default_roles) for row in roles.rows if row[3])


def _view_at(collection: str, view_id: int) -> tuple[TypeInfo, View]:
    info = type_of(collection)
    view = saved_views.get_view(view_id)
    if view.type_key != info.key:
        raise NotFound(_("There is no such view."))
    return info, view


def delete(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/delete: one's own; administrators also those of others."""
    _info, view = _view_at(collection, view_id)
    saved_views.delete_view(view_id)
    return done(f"/{collection}", Toast(_("View “%(name)s” deleted", name=view.name)))


def copy(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/copy: a private copy to change at will."""
    _view_at(collection, view_id)
    made = saved_views.duplicate_view(view_id)
    return done(f"/{collection}/views", Toast(_("View “%(name)s” saved", name=made.name)))


def first(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/first?on=true: the person's list opens with it, or no longer."""
    _view_at(collection, view_id)
    set_default(view_id, on=request.args.get("on") != "false")
    return done(f"/{collection}/views")


def move(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/move?to=up: one place up or down, for the person who asks."""
    info, _view = _view_at(collection, view_id)
    order = [one.id for one in saved_views.list_views(info.key)]
    at = order.index(view_id)
    to = min(len(order) - 1, max(0, at + (1 if request.args.get("to") == "down" else -1)))
    order.insert(to, order.pop(at))
    order_views(order)
    return done(f"/{collection}/views")


def keep(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/keep?LIST: the view becomes the list that the address shows."""
    info, view = _view_at(collection, view_id)
    pairs = [pair for pair in parse_qsl(request.query_string.decode("utf-8", "replace")) if pair[0] != "view"]
    is_board = ("_layout", "board") in pairs
    board = [pair for pair in pairs if is_board and pair[0] in OF_BOARDS and info.find(pair[0]) is None]
    pairs = [pair for pair in pairs if pair not in board and not pair[0].startswith("_")]
    said = views.said_by(info, pairs, board, is_board=is_board)
    saved_views.update_view(view_id, query={**dict.fromkeys(saved_views.MEMBERS), **said})
    path = views.address_of(info, view_id, said)
    return done(path, Toast(_("View “%(name)s” saved", name=view.name)))
