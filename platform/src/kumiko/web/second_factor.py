"""Setting up one's second factor: a picture for the phone, a first code, recovery codes, and switching it off."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko.access import factors, gate, profile, sessions
from kumiko.host.context import principal
from kumiko.host.errors import Forbidden, Invalid, TooMany
from kumiko.host.i18n import gettext as _
from kumiko.web import answers
from kumiko.web.account import factor_text
from kumiko.web.viewmodels import Toast

blueprint = Blueprint("web_second_factor", __name__)
PAGE = gate.ENROL_PAGE


@blueprint.get(PAGE)
def show() -> Response:
    return _draw()


@blueprint.post(PAGE)
def confirm() -> Response:
    """A first code switches it on; the answer shows the recovery codes, once, so it is no redirect."""
    try:
        codes = factors.confirm(_own_id(), request.form.get("code", "")[:40])
    except (Invalid, TooMany) as refusal:
        return _draw(422 if isinstance(refusal, Invalid) else 429, error=refusal.message)
    sessions.enrolled(_own_id())
    return _draw(codes=codes)


@blueprint.post(f"{PAGE}/codes")
def new_codes() -> Response:
    """Fresh recovery codes for a code of the app."""
    try:
        factors.check(_own_id(), request.form.get("code", "")[:40])
        return _draw(codes=factors.new_codes(_own_id()))
    except (Invalid, TooMany) as refusal:
        return _draw(422 if isinstance(refusal, Invalid) else 429, error=refusal.message)


@blueprint.post(f"{PAGE}/off")
def switch_off() -> BaseResponse:
    try:
        factors.switch_off(_own_id(), request.form.get("code", "")[:40])
    except (Invalid, TooMany) as refusal:
        return _draw(422 if isinstance(refusal, Invalid) else 429, error=refusal.message)
    return answers.done("/profile#ways-in", Toast(_("Your second factor is off.")))


def _own_id() -> int:
    if principal().read_only:
        raise Forbidden(_("Nothing can be changed here: you are only reading."))
    return profile.own_id()


def _draw(status: int = 200, *, error: str = "", codes: Any = ()) -> Response:
    user_id = _own_id()
    state, known = factors.state_of(user_id), gate.signed_in()
    response = answers.page(
        "kumiko/second_factor.html",
        status,
        is_on=state.is_on,
        state=factor_text(state),
        enrolment=None if state.is_on else factors.begin(user_id, principal().email),
        codes=codes,
        error=error,
        required=known is not None and known.must_enrol and not codes,
    )
    response.headers["Cache-Control"] = "no-store"
    return response
