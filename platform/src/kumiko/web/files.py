"""Files on cards: uploading by choice or by dropping, and removing; the panel comes back as it is then."""

from __future__ import annotations

from flask import Blueprint, Response, make_response, render_template, request

from kumiko.files import services
from kumiko.files.panels import files_panel
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import service
from kumiko.records.units import unit
from kumiko.records.views import RecordView
from kumiko.web.answers import done, is_htmx, trigger
from kumiko.web.i18n import ngettext
from kumiko.web.toasts import as_event
from kumiko.web.types import record_of, type_of
from kumiko.web.viewmodels import Toast

blueprint = Blueprint("web_files", __name__)
_ID = "int(min=1, max=9223372036854775807)"
MOST_FILES = 50


@blueprint.post(f"/files/upload/<collection>/<{_ID}:record_id>")
def upload(collection: str, record_id: int) -> Response:
    """All of the chosen files, or none and the reason."""
    info, record = record_of(collection, record_id)
    services.require_files(info)
    services.require_edit(info, record_id)
    chosen = [one for one in request.files.getlist("file") if one.filename]
    try:
        if not 0 < len(chosen) <= MOST_FILES:
            raise Invalid(_("Choose a file first, at most %(most)d at once.", most=MOST_FILES))
        kept = [(one, services.keep(one.stream)) for one in chosen]  # before the transaction: disks may be slow
        with unit() as opened:
            for one, stored in kept:
                services.attach_stored(info.key, record_id, one.filename or "", stored, media_type=one.mimetype or "")
    except Invalid as fault:
        return _panel(record, Toast(fault.message, tone="error"), fault.message)
    said = ngettext("The file is attached.", "%(num)s files are attached.", len(chosen))
    return _panel(record, Toast(said, undo=f"/units/{opened.id}/undo"))


@blueprint.post(f"/files/<{_ID}:file_id>/remove")
def remove(file_id: int) -> Response:
    """Into the bin, from the card of its record."""
    file_type = type_of("files")
    record = service.get(file_type.key, file_id)
    target = services.record_of_file(record)
    if target is None:
        raise NotFound(_("There is nothing at this address, or you may not know of it."))
    with unit() as opened:
        service.delete(file_type.key, file_id)
    return _panel(target, Toast(_("“%(name)s” is in the bin.", name=record.title), undo=f"/units/{opened.id}/undo"))


def _panel(record: RecordView, toast: Toast, refusal: str = "") -> Response:
    """The panel anew for the card's script; without scripts back to the card."""
    if not is_htmx():
        return done(f"/{record.type.collection}/{record.id}", toast)
    html = render_template("files/panel.html", **(files_panel(record) or {}), refusal=refusal)
    response = make_response(html, 200)
    return response if refusal else trigger(response, km_toast=as_event(toast))
