"""Addresses of forms that strangers reach: the page, what the snippet asks for, and where answers go.

They take no session and no token of ours, so they are outside of the guard against forged requests: nothing here
acts for somebody who is signed in. Sites are told apart by the form's own list of origins.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, make_response, request

from kumiko import Invalid, KumikoError, browser, draw_page, reading_as, unguarded
from kumiko import gettext as _
from kumiko_integrations import form_tokens, submissions
from kumiko_integrations.submissions import LARGEST_BODY, TRAP, PublicForm, Sent

blueprint = Blueprint("integrations_forms", __name__)
_SCRIPT = Path(__file__).parent / "static" / "integrations" / "form-embed.js"


@blueprint.get("/f/<key>")
@unguarded
def show(key: str) -> Response:
    """The form as a page of its own."""
    form = submissions.get_public_form(key)
    with reading_as(form.language):
        return _page(form)


@blueprint.post("/f/<key>")
@unguarded
def take(key: str) -> Response:
    """A form that was sent: by a page (answers a page) or by a script that accepts JSON."""
    request.max_content_length = LARGEST_BODY
    form = submissions.get_public_form(key)
    body = request.get_data(cache=True, parse_form_data=False)
    sent = Sent(
        body=body, media_type=request.mimetype, origin=request.headers.get("Origin", ""),
        own_host=request.host, referer=request.headers.get("Referer", ""), address=browser().address,
    )  # fmt: skip
    with reading_as(form.language):
        try:
            submissions.submit(form, sent)
        except Invalid as fault:
            if _wants_json():
                return make_response(jsonify(ok=False, message=fault.message, errors=fault.errors), 422)
            return _page(form, fault, _typed(sent))
        except KumikoError as fault:
            if not _wants_json():
                raise
            status = 429 if hasattr(fault, "retry_after_s") else 403
            return make_response(jsonify(ok=False, message=fault.message, errors={}), status)
        if _wants_json():
            return jsonify(ok=True, message=form.thanks, redirect=form.redirect_url)
        return draw_page("integrations/thanks.html", form=form, redirect=form.redirect_url)


@blueprint.get("/f/<key>/config.json")
@unguarded
def config(key: str) -> Response:
    """What the snippet needs to draw the form, and the token of this drawing."""
    form = submissions.get_public_form(key)
    submissions.check_origin(form, request.headers.get("Origin", ""), request.host)
    with reading_as(form.language):
        return jsonify(
            intro=form.intro,
            questions=[
                {"name": one.name, "label": one.label, "kind": one.means, "required": one.required,
                 "choices": list(one.choices)}
                for one in form.questions
            ],
            consent=form.consent, submit=form.submit_label, token=form_tokens.make_token(form.key),
            trap=TRAP if form.honeypot else "",
            words={
                "needed": _("needed"), "failed": _("That did not work. Please try again."), "sending": _("Sending…"),
                "choose": _("Choose"), "trap": _("Leave this empty"),
            },
        )  # fmt: skip


@blueprint.get("/f/<key>/form.js")
@unguarded
def script(key: str) -> Response:
    """The snippet's script: the same for every form; it finds out by its own address which one it draws."""
    submissions.get_public_form(key)
    response = make_response(_SCRIPT.read_bytes())
    response.mimetype = "text/javascript"
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@blueprint.after_request
def _allow_origin(response: Response) -> Response:
    """Let the page of another site read the answer: it holds nothing that is not for everybody."""
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).scheme in ("http", "https"):
        response.headers["Access-Control-Allow-Origin"] = origin
        response.vary.add("Origin")
    return response


def _wants_json() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _typed(sent: Sent) -> dict[str, str]:
    from kumiko import RawItem, utc_now
    from kumiko_integrations.form_reading import answers_of  # local: only for a refused form

    item = RawItem(external_id="", body=sent.body, received_at=utc_now(), meta={"media_type": sent.media_type})
    try:
        return answers_of(item)
    except KumikoError:
        return {}


def _page(form: PublicForm, fault: Invalid | None = None, typed: dict[str, str] | None = None) -> Response:
    typed = typed or {}
    values: dict[str, Any] = {
        "form": form, "typed": typed, "errors": fault.errors if fault else {},
        "message": fault.message if fault else "", "trap": TRAP if form.honeypot else "",
        "token": typed.get("_token") or form_tokens.make_token(form.key),
        "page": typed.get("_page") or request.url, "referrer": typed.get("_referrer") or request.referrer or "",
    }  # fmt: skip
    return draw_page("integrations/form.html", 422 if fault else 200, **values)
