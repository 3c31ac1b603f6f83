"""How a template reads on a real record, and which placeholders were empty there."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from kumiko import (
    FieldView,
    Invalid,
    all_ids,
    catalogue,
    draw_page,
    find,
    get_for_setup,
    record_values,
    render_text,
)

blueprint = Blueprint("integrations_templates", __name__)


@blueprint.get("/message-templates/<int:template_id>/preview")
def preview(template_id: int) -> Response:
    """GET the page; `record`: the one to read it with, else the newest that the person may see."""
    template = get_for_setup("message-templates", template_id, "read")
    info = catalogue().find(template.get("about") or "")
    record = _record(info, request.args.get("record", ""))
    drawn: dict[str, Any] = {"subject": "", "text": "", "missing": (), "problem": ""}
    if record is not None:
        drawn = _drawn(template, record)
    chooser = None
    if info is not None:
        chooser = FieldView(
            name="record", label=str(info.type.label), kind="link", value=str(record.id) if record else "",
            text=record.title if record else "", find_href=f"/pick/{info.collection}",
        )  # fmt: skip
    return draw_page("integrations/template.html", letter=template, record=record, chooser=chooser, **drawn)


def _record(info: Any, text: str) -> Any:
    if info is None:
        return None
    if text.isdecimal() and len(text) < 18:
        return find(info.key, int(text))
    try:
        newest = all_ids(info)[-1:]
    except Invalid:  # more than it lists: whoever has so many chooses one
        return None
    return find(info.key, newest[0]) if newest else None


def _drawn(template: Any, record: Any) -> dict[str, Any]:
    values = record_values(record.type.key, record.id)
    language = template.get("language") or ""
    try:
        subject = render_text(template.get("subject") or "", values, language=language)
        text = render_text(template.get("body") or "", values, language=language)
    except Invalid as fault:
        return {"subject": "", "text": "", "missing": (), "problem": fault.message}
    return {
        "subject": subject.text, "text": text.text, "problem": "",
        "missing": tuple(dict.fromkeys((*subject.missing, *text.missing))),
    }  # fmt: skip
