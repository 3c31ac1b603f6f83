"""The page where a form is built: its fields, what visitors see, and what to put on a web site."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request

from kumiko import (
    Conflict,
    Invalid,
    Veto,
    current,
    draw_page,
    field_inputs,
    field_values,
    get_for_setup,
    go_to,
    reading_as,
    save_record,
    version_sent,
)
from kumiko import gettext as _
from kumiko_integrations.models import FORM
from kumiko_integrations.rules import choices_of
from kumiko_integrations.submissions import TRAP, PublicForm, Question

blueprint = Blueprint("integrations_builder", __name__)
SEEN = ("name", "intro", "fields", "consent", "submit_label", "thanks", "redirect_url", "language")
BECOMES = ("source", "campaign")
SAFETY = ("active", "origins", "honeypot", "least_s")
ALL = (*SEEN, *BECOMES, *SAFETY)


@blueprint.get("/forms/<int:form_id>/build")
def build(form_id: int) -> Response:
    """GET the page."""
    return _draw(form_id)


@blueprint.post("/forms/<int:form_id>/build")
def save(form_id: int) -> Response:
    """POST: all of it, as one unit."""
    get_for_setup("forms", form_id)
    try:
        unit_id = save_record(FORM, form_id, field_values(FORM, ALL, request.form), version=version_sent())
    except (Invalid, Conflict, Veto) as fault:
        return _draw(form_id, fault)
    said = _("Nothing was changed") if unit_id is None else _("Saved")
    return go_to(f"/forms/{form_id}/build", said, undo_unit=unit_id)


@blueprint.post("/forms/<int:form_id>/preview")
def preview(form_id: int) -> Response:
    """POST: what visitors would see of what is typed."""
    record = get_for_setup("forms", form_id)
    typed = field_values(FORM, SEEN, request.form)
    values = {name: typed.get(name, record.get(name)) for name in SEEN}
    return draw_page("integrations/form_preview.html", **_preview(form_id, values))


def _draw(form_id: int, fault: Any = None) -> Response:
    record = get_for_setup("forms", form_id)
    if record.deleted:
        raise Conflict(_("This form is in the bin; restore it first."))
    inputs = field_inputs(
        FORM, ALL, record.values, typed=request.form if fault else None, errors=getattr(fault, "errors", None)
    )
    generation = current().generation
    base = generation.config.base_url if generation is not None else ""
    key = record.get("key")
    lines = _plain_html(record, f"{base}/f/{key}")
    return draw_page(
        "integrations/form_build.html",
        422 if fault else 200,
        record=record,
        groups=(
            (_("What visitors see"), [inputs[name] for name in SEEN]),
            (_("What it becomes"), [inputs[name] for name in BECOMES]),
            (_("Safety"), [inputs[name] for name in SAFETY]),
        ),
        summary=(fault.message,) if fault else (),
        href=f"{base}/f/{key}",
        snippet=f'<div data-kumiko-form="{key}"></div>\n<script async src="{base}/f/{key}/form.js"></script>',
        plain=lines,
        **_preview(form_id, record.values),
    )


def _preview(form_id: int, values: Any) -> dict[str, Any]:
    language = values.get("language") or ""
    rows = [row for row in values.get("fields") or () if isinstance(row, dict) and (row.get("label") or "").strip()]
    with reading_as(language if isinstance(language, str) else ""):
        questions = tuple(
            Question(
                name=f"p{number}", label=row["label"], means=row.get("means") or "other",
                required=row.get("required") in (True, "true", "on", "1"),
                choices=tuple(choices_of(row)) if row.get("means") == "choice" else (),
            )
            for number, row in enumerate(rows)
        )  # fmt: skip
        form = PublicForm(
            id=form_id, key="", name=str(values.get("name") or ""), intro=values.get("intro") or "",
            questions=questions, consent=values.get("consent") or "",
            submit_label=values.get("submit_label") or _("Send"), thanks="", redirect_url="", language=language,
            honeypot=False, least_s=0, origins=(), source="", campaign="",
        )  # fmt: skip
    return {"form": form, "typed": {}, "errors": {}}


def _plain_html(record: Any, address: str) -> str:
    """A form without any script, for sites that allow none. It has no token: the same words within ten minutes count
    once, and times are not checked."""
    lines = [f'<form method="post" action="{address}">']
    for row in record.get("fields") or ():
        name, label = f"q{row['id']}", _escaped(row["label"])
        need = " required" if row.get("required") else ""
        kind = {"email": "email", "phone": "tel"}.get(row.get("means") or "", "text")
        if row.get("means") == "message":
            inside = f'<textarea name="{name}" rows="5" maxlength="20000"{need}></textarea>'
        elif row.get("means") == "choice":
            options = "".join(f"<option>{_escaped(one)}</option>" for one in choices_of(row))
            inside = f'<select name="{name}"{need}><option value=""></option>{options}</select>'
        else:
            inside = f'<input type="{kind}" name="{name}" maxlength="2000"{need}>'
        lines.append(f"  <p><label>{label}<br>{inside}</label></p>")
    if record.get("consent"):
        text = _escaped(record.get("consent"))
        lines.append(f'  <p><label><input type="checkbox" name="consent" value="yes" required> {text}</label></p>')
    if record.get("honeypot"):
        lines.append(f'  <p hidden><label>{_("Leave this empty")} <input name="{TRAP}" tabindex="-1"></label></p>')
    submit = _escaped(record.get("submit_label") or _("Send"))
    lines += [f'  <p><button type="submit">{submit}</button></p>', "</form>"]
    return "\n".join(lines)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
