"""Looking at a template with a real record: the text as it would be printed, and what is missing there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request

from kumiko import Invalid, NotFound, catalogue, find, get, list_newest, text_names
from kumiko import gettext as _
from kumiko_sales import printing, text_templates
from kumiko_sales.models import TEMPLATE

blueprint = Blueprint("sales_templates", __name__)
_ID = "<int(min=1, max=9223372036854775807):record_id>"
RECENT = 12


@blueprint.get(f"/document-templates/{_ID}/preview")
def preview(record_id: int) -> Response:
    """The template filled with a record (`?record=`, default the newest of those it is about)."""
    template = get(TEMPLATE, record_id)
    about = str(template.get("about") or "")
    info = catalogue().find(about)
    recent = list_newest(info, RECENT) if info is not None else []
    chosen = _asked(request.args.get("record", "")) or (recent[0][0] if recent else None)
    record = find(about, chosen) if info is not None and chosen is not None else None
    if chosen is not None and record is None and request.args.get("record"):
        raise NotFound(_("There is no such record that you may see."))
    return Response(
        render_template(
            "sales/template_preview.html", template=template, record=record, recent=recent,
            names=text_names(about)[:80] if info is not None else [], **_made(template, record),
        )
    )  # fmt: skip


def _made(template: Any, record: Any) -> dict[str, Any]:
    if record is None:
        return {"blocks": [], "missing": (), "wrong": ""}
    try:
        made = text_templates.filled(template, record)
    except Invalid as fault:
        return {"blocks": [], "missing": (), "wrong": fault.message}
    return {"blocks": printing.blocks_of(made.text), "missing": made.missing, "wrong": ""}


def _asked(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() and 0 < len(text) < 19 else None
