"""Saved views of lists: a name for an address, for oneself or for everybody."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask import Response, request

from kumiko.host.columns import utc_now
from kumiko.host.context import principal, transaction
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records.catalogue import TypeInfo
from kumiko.records.field_names import Rename, plain_path, renamed_node, renamed_sort, stored_path
from kumiko.records.models import SavedView
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.filters_form import OF_BOARDS, RESERVED, parse_node, query_of
from kumiko.web.types import type_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Toast

_view: Any = SavedView.__table__
_MINE = (
    sa.select(_view.c.id, _view.c.name, _view.c.query, _view.c.shared)
    .where(
        _view.c.type_key == sa.bindparam("type_key"),
        sa.or_(_view.c.user_id == sa.bindparam("me", type_=_view.c.user_id.type), _view.c.shared.is_(True)),
    )
    .order_by(_view.c.name, _view.c.id)
    .limit(30)
)
NAME_LENGTH, QUERY_LENGTH = 120, 4000


def links_of(info: TypeInfo, chosen: str, *, place: str = "", more: Sequence[tuple[str, str]] = ()) -> tuple[Link, ...]:
    """Tabs above a list: all records, then the saved views. `place`, `more`: what a board's address has besides."""
    path, rest = f"/{info.collection}{place}", query_of(more)
    whole = Link(_("All"), f"{path}?{rest}" if rest else path, "list", active=not chosen)
    rows = trusted(_MINE, {"type_key": info.key, "me": principal().user_id})
    return (whole, *(_link(info, path, row, chosen, more) for row in rows))


def _link(info: TypeInfo, path: str, row: Any, chosen: str, more: Sequence[tuple[str, str]]) -> Link:
    pairs = _renamed(info, parse_qsl(str((row.query or {}).get("query", ""))), plain_path)
    query = query_of([*pairs, *more, ("view", str(row.id))])
    return Link(row.name, f"{path}?{query}", "users" if row.shared else "star", active=chosen == str(row.id))


def _renamed(info: TypeInfo, pairs: Iterable[tuple[str, str]], rename: Rename) -> list[tuple[str, str]]:
    """The parameters of a list with the names of fields as they are stored, or as people write them."""
    found: list[tuple[str, str]] = []
    for name, value in pairs:
        if name == "sort":
            value = renamed_sort(info, value, rename)
        elif name == "columns":
            value = ",".join(rename(info, one) for one in value.split(","))
        elif name == "filter":
            value = _renamed_filter(info, value, rename)
        elif name not in RESERVED:
            field, mark, operator = name.partition("__")
            name = f"{rename(info, field)}{mark}{operator}"
        found.append((name, value))
    return found


def _renamed_filter(info: TypeInfo, text: str, rename: Rename) -> str:
    try:
        return json.dumps(renamed_node(info, parse_node(text), rename), separators=(",", ":"))
    except Invalid:
        return text  # the list says what is wrong with it


def new_view(collection: str) -> Response:
    """GET and POST /COLLECTION/views/new: a name for the address in the query."""
    info = type_of(collection)
    pairs = [
        (name, value) for name, value in parse_qsl(request.query_string.decode("utf-8", "replace")) if name != "view"
    ]
    board = [pair for pair in pairs if pair[0] in OF_BOARDS and info.find(pair[0]) is None]
    path = f"/{collection}/board" if ("_layout", "board") in pairs else f"/{collection}"
    asked = query_of(pairs)
    pairs = [pair for pair in pairs if pair not in board and not pair[0].startswith("_")]
    query = query_of(pairs)[:QUERY_LENGTH]
    name, shared = request.form.get("name", "").strip(), "true" in request.form.getlist("shared")
    errors: tuple[str, ...] = ()
    if request.method == "POST":
        try:
            view_id = save(info, name, query, shared=shared)
        except Invalid as fault:
            errors = tuple(fault.errors["name"])
        else:
            said = Toast(_("View “%(name)s” saved", name=name))
            return done(f"{path}?{query_of([*pairs, *board, ('view', str(view_id))])}", said)
    fields = [
        FieldView("name", _("Name"), value=name, errors=errors, required=True, autofocus=True, max_length=NAME_LENGTH)
    ]
    if not principal().read_only:
        fields.append(FieldView("shared", _("For everybody"), "boolean", value="true" if shared else "false"))
    form = FormView(
        title=_("Save view"),
        action=f"/{collection}/views/new?{asked}",
        groups=(FieldGroup("", tuple(fields)),),
        submit=_("Save"),
        cancel_href=f"{path}?{query_of([*pairs, *board])}",
        crumbs=(Link(str(info.type.label_plural), f"/{collection}"),),
    )
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", 422 if errors else 200, v=form)


def save(info: TypeInfo, name: str, query: str, *, shared: bool) -> int:
    """Keep a view; gives its id."""
    if not name or len(name) > NAME_LENGTH:
        sentence = _("Give the view a name of at most %(most)d characters.", most=NAME_LENGTH)
        raise Invalid(sentence, {"name": [sentence]})
    values = {
        "type_key": info.key, "name": name, "user_id": principal().user_id, "shared": shared,
        "query": {"query": query_of(_renamed(info, parse_qsl(query), stored_path))}, "created_at": utc_now(),
    }  # fmt: skip
    with transaction():
        made: int = trusted(sa.insert(_view).values(**values).returning(_view.c.id)).scalar_one()
    return made


def delete_view(collection: str, view_id: int) -> Response:
    """POST /COLLECTION/views/ID/delete: one's own; shared ones also by administrators."""
    info = type_of(collection)
    mine = sa.select(_view.c.user_id, _view.c.name, _view.c.shared).where(
        _view.c.id == view_id, _view.c.type_key == info.key
    )
    found = trusted(mine).first()
    person = principal()
    if found is None or not (found.shared or found.user_id == person.user_id):
        raise NotFound(_("There is no such view."))
    if found.user_id != person.user_id and not person.is_administrator:
        raise Forbidden(_("Only its owner or an administrator can delete a shared view."))
    with transaction():
        trusted(sa.delete(_view).where(_view.c.id == view_id))
    return done(f"/{collection}", Toast(_("View “%(name)s” deleted", name=found.name)))
