"""Pages of sharing: share a record, take a share back, and why somebody sees it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from kumiko.host.context import principal
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.record_refs import is_referable
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.records.ways import shares
from kumiko.sharing import services
from kumiko.sharing.explaining import action_words, explain
from kumiko.sharing.models import SHARE
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.lists import link_to
from kumiko.web.types import record_of
from kumiko.web.viewmodels import FieldGroup, FieldView, FormView, Link, Option, Toast

blueprint = Blueprint("web_sharing", __name__)
_ID = "int(min=1, max=9223372036854775807)"
_RECORD = f"/sharing/<collection>/<{_ID}:record_id>"
SHOWN = ("read", "edit", "delete", "export")


@blueprint.get(_RECORD)
def share_form(collection: str, record_id: int) -> Response:
    return _draw(_form(_record(collection, record_id)))


@blueprint.post(_RECORD)
def share(collection: str, record_id: int) -> Response:
    record = _record(collection, record_id)
    values: dict[str, Any] = {
        "record": {"type": record.type.key, "id": record.id},
        "with_user": _sent("with_user"),
        "with_team": _sent("with_team"),
        "access": request.form.get("access") or None,
    }
    try:
        with unit(reason=_("share of %(title)s", title=record.title)) as opened:
            made = service.create(SHARE, values)
            unit_id = opened.id
    except Invalid as fault:
        return _draw(_form(record, fault), 422)
    return done(_path(record), Toast(_("Shared: %(what)s", what=made.title), undo=f"/units/{unit_id}/undo"))


@blueprint.post(f"{_RECORD}/<{_ID}:share_id>/end")
def end(collection: str, record_id: int, share_id: int) -> Response:
    record = _record(collection, record_id)
    if all(one.id != share_id for one in services.shares_of(record.id)):
        raise NotFound(_("This record is not shared that way."))
    with unit(reason=_("share of %(title)s ended", title=record.title)) as opened:
        service.delete(SHARE, share_id)
        unit_id = opened.id
    return done(_path(record), Toast(_("It is shared that way no longer."), undo=f"/units/{unit_id}/undo"))


@blueprint.get(f"{_RECORD}/why")
def why(collection: str, record_id: int) -> Response:
    """Why the acting person, or another one chosen by an administrator or head, may do what with a record."""
    record = _record(collection, record_id)
    text = request.args.get("user", "")
    chosen = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    person = services.person_to_explain(chosen)
    people = services.people()
    return page(
        "sharing/why.html",
        record=record,
        path=f"/sharing/{record.type.collection}/{record.id}",
        crumbs=(link_to(record.type), Link(record.title, _path(record))),
        explained=explain(record.type, record.id, person),
        mine=person.user_id == principal().user_id,
        words=action_words(),
        shown=SHOWN,
        people=people,
        chosen=person.user_id,
        everybody=services.who_sees(record.type, record.id) if people else [],
    )


def _record(collection: str, record_id: int) -> RecordView:
    info, record = record_of(collection, record_id)
    if not is_referable(info) or shares() is None:
        raise NotFound(_("There is nothing at this address, or you may not know of it."))
    return record


def _path(record: RecordView) -> str:
    return f"/{record.type.collection}/{record.id}"


def _sent(name: str) -> str | None:
    return request.form.get(name, "").strip()[:20] or None


def _form(record: RecordView, refusal: Invalid | None = None) -> FormView:
    errors = refusal.errors if refusal is not None else {}
    access = request.form.get("access", "read")
    fields = (
        FieldView("with_user", _("With a colleague"), kind="user", value=request.form.get("with_user", ""),
                  find_href="/pick/users", errors=tuple(errors.get("with_user", ())), autofocus=True),
        FieldView("with_team", _("or with a team"), kind="team", value=request.form.get("with_team", ""),
                  find_href="/pick/teams", errors=tuple(errors.get("with_team", ()))),
        FieldView("access", _("They may"), kind="choice", value=access, required=True,
                  options=(Option("read", _("read it")), Option("edit", _("read and change it"))),
                  errors=tuple(errors.get("access", ()))),
    )  # fmt: skip
    shown = {one.name for one in fields}
    loose = tuple(line for name, lines in errors.items() if name not in shown for line in lines)
    return FormView(
        title=_("Share %(title)s", title=record.title),
        action=f"/sharing/{record.type.collection}/{record.id}",
        groups=(FieldGroup("", fields),),
        submit=_("Share"),
        cancel_href=_path(record),
        crumbs=(link_to(record.type), Link(record.title, _path(record))),
        intro=_("It counts at once, everywhere: lists, search, reports, the API. You can take it back any time."),
        summary=loose or ((refusal.message,) if refusal is not None and not errors else ()),
    )


def _draw(view: FormView, status: int = 200) -> Response:
    return page("kumiko/form_dialog.html" if in_dialog() else "kumiko/form.html", status, v=view)
