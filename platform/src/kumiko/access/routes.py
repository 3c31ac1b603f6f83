"""Pages and posts of the ways in and out. The profile page is drawn by the web core (`kumiko.web.account`)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko.access import forgery, gate, links, passwords, recovery, sessions, signin
from kumiko.access.options import read_options
from kumiko.host import settings
from kumiko.host.config import Config
from kumiko.host.context import current
from kumiko.host.errors import Forbidden, Invalid, NotFound, TooMany
from kumiko.host.i18n import gettext as _

log = logging.getLogger("kumiko.access")
blueprint = Blueprint("access", __name__)
_REPORT_BYTES = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """Variables of kumiko/signin.html; the meaning of each is that of `kumiko.web.viewmodels.SignInView`."""

    company: str
    action: str = "/sign-in"
    email: str = ""
    error: str = ""
    notice: str = ""
    next: str = ""
    wait: str = ""
    forgot_href: str = ""
    methods: tuple[Any, ...] = ()
    code: bool = False
    half: str = ""
    cancel_href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgotPage:
    """Variables of kumiko/forgot.html; see `kumiko.web.viewmodels.ForgotView`."""

    company: str
    action: str = "/forgot-password"
    email: str = ""
    error: str = ""
    sent: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPasswordPage:
    """Variables of kumiko/set_password.html; see `kumiko.web.viewmodels.SetPasswordView`."""

    company: str
    action: str
    email: str
    name: str = ""
    errors: tuple[str, ...] = ()
    minimum: int = passwords.SHORTEST
    first: bool = True
    skip_href: str = ""


def _config() -> Config:
    generation = current().generation
    if generation is None:
        raise NotFound(_("No application is built yet."))
    return generation.config


def _draw(template: str, page: SignInPage | SetPasswordPage | ForgotPage, status: int = 200) -> Response:
    response = make_response(render_template(template, v=page, company=page.company, lang="", dir="", theme=""), status)
    response.headers["Cache-Control"] = "no-store"
    return response


def _company() -> str:
    return str(settings.get("host.company") or "Kumiko")


@blueprint.get("/sign-in")
@gate.public
def sign_in_page() -> BaseResponse:
    wanted = forgery.safe_next(request.args.get("next", "/"))
    if current().principal is not None:
        return redirect(wanted, 303)
    notice = _("You are signed out.") if "out" in request.args else ""
    return _draw("kumiko/signin.html", first_page(next=wanted, notice=notice))


def first_page(**given: Any) -> SignInPage:
    """The page on which somebody signs in, with the other ways that are set up."""
    from kumiko.access import providers  # local: only sign-in pages look for a provider

    forgot = "/forgot-password" if read_options().reset_by_mail else ""
    methods = providers.methods(str(given.get("next") or "/"))
    return SignInPage(company=_company(), forgot_href=forgot, methods=methods, **given)


def enter(entry: signin.Entry, wanted: str) -> Response:
    """Let the browser in, or ask for the code that is still missing."""
    if entry.half:
        return _draw("kumiko/signin.html", _code_page(entry.half, wanted))
    return gate.let_in(_to(wanted), entry, _config())


def _code_page(half: str, wanted: str, **given: Any) -> SignInPage:
    return SignInPage(
        company=_company(), action="/sign-in/code", code=True, half=half, next=wanted, cancel_href="/sign-in", **given
    )


@blueprint.post("/sign-in")
@gate.public
@gate.changes_nothing
def sign_in() -> BaseResponse:
    email, wanted = request.form.get("email", "")[:254], forgery.safe_next(request.form.get("next", "/"))
    try:
        return enter(signin.sign_in(email, request.form.get("password", ""), gate.browser()), wanted)
    except Invalid as refusal:
        return _draw("kumiko/signin.html", first_page(email=email, error=refusal.message, next=wanted), 422)
    except TooMany as refusal:
        return _wait("kumiko/signin.html", first_page(email=email, wait=refusal.message, next=wanted), refusal)


@blueprint.post("/sign-in/code")
@gate.public
@gate.changes_nothing
def sign_in_code() -> BaseResponse:
    half, wanted = request.form.get("half", "")[:100], forgery.safe_next(request.form.get("next", "/"))
    try:
        return enter(signin.sign_in_with_code(half, request.form.get("code", "")[:40], gate.browser()), wanted)
    except Invalid as refusal:
        return _draw("kumiko/signin.html", _code_page(half, wanted, error=refusal.message), 422)
    except TooMany as refusal:
        return _wait("kumiko/signin.html", _code_page(half, wanted, wait=refusal.message), refusal)
    except NotFound as refusal:
        return _draw("kumiko/signin.html", first_page(error=refusal.message, next=wanted), 404)


def _wait(template: str, page: SignInPage | ForgotPage, refusal: TooMany) -> Response:
    response = _draw(template, page, 429)
    response.headers["Retry-After"] = str(refusal.retry_after_s)
    return response


@blueprint.get("/forgot-password")
@gate.public
def forgot_page() -> BaseResponse:
    if not read_options().reset_by_mail:
        raise NotFound(_("Passwords are not reset by mail here; ask an administrator for a link."))
    return _draw("kumiko/forgot.html", ForgotPage(company=_company(), by_hand=not recovery.mail_leaves()))


@blueprint.post("/forgot-password")
@gate.public
@gate.changes_nothing
def forgot_password() -> BaseResponse:
    email, by_hand = request.form.get("email", "").strip()[:254], not recovery.mail_leaves()
    try:
        recovery.ask_reset(email, gate.browser())
    except Invalid as refusal:
        page = ForgotPage(company=_company(), email=email, error=refusal.message, by_hand=by_hand)
        return _draw("kumiko/forgot.html", page, 422)
    except TooMany as refusal:
        page = ForgotPage(company=_company(), email=email, error=refusal.message, by_hand=by_hand)
        return _wait("kumiko/forgot.html", page, refusal)
    return _draw("kumiko/forgot.html", ForgotPage(company=_company(), sent=email, by_hand=by_hand))


@blueprint.get("/sign-in/link/<secret>")
@gate.public
def sign_in_by_link(secret: str) -> BaseResponse:
    """The one GET that writes: following the link is signing in. HEAD (previews of links) uses nothing up."""
    if request.environ["REQUEST_METHOD"] == "HEAD":  # the request itself says GET, for every other view
        return Response(status=204)
    try:
        return enter(signin.sign_in_by_link(secret, gate.browser()), "/")
    except NotFound as refusal:
        return _draw("kumiko/signin.html", first_page(error=refusal.message, next="/"), 404)


@blueprint.post("/sign-out")
@gate.public
@gate.changes_nothing
def sign_out() -> BaseResponse:
    cookie = request.cookies.get(gate.SESSION_COOKIE, "")
    if cookie:
        signin.sign_out(cookie)
    return gate.let_out(_to("/sign-in?out=1"), _config())


@blueprint.get("/set-password/<secret>")
@gate.public
def set_password_page(secret: str) -> BaseResponse:
    holder = links.find_holder(secret, links.PASSWORD, links.RESET)
    if holder is None:
        error = _("This link was used already or is too old; ask for a new one.")
        return _draw("kumiko/signin.html", first_page(error=error, next="/"), 404)
    return _draw("kumiko/set_password.html", _password_page(secret, holder))


@blueprint.post("/set-password/<secret>")
@gate.public
@gate.changes_nothing
def set_password(secret: str) -> BaseResponse:
    holder = links.find_holder(secret, links.PASSWORD, links.RESET)
    try:
        entry = signin.set_password_by_link(
            secret, request.form.get("password", ""), request.form.get("again", ""), gate.browser()
        )
    except Invalid as refusal:
        if holder is None:
            raise
        lines = tuple(line for said in refusal.errors.values() for line in said) or (refusal.message,)
        return _draw("kumiko/set_password.html", _password_page(secret, holder, lines), 422)
    return enter(entry, "/")


def _password_page(secret: str, holder: links.LinkHolder, errors: tuple[str, ...] = ()) -> SetPasswordPage:
    return SetPasswordPage(
        company=_company(),
        action=f"/set-password/{secret}",
        email=holder.email,
        name=holder.name,
        errors=errors,
        first=not passwords.has_password(holder.user_id),
    )


@blueprint.post("/view-as/<int:user_id>")
def view_as(user_id: int) -> BaseResponse:
    sessions.view_as(_session_id(), user_id)
    return _to("/")


@blueprint.post("/view-as/stop")
@gate.changes_nothing
def stop_view_as() -> BaseResponse:
    known = gate.signed_in()
    if known is not None and known.principal.viewed_by_id is not None:
        sessions.stop_view_as(_session_id(), known.viewer_name)
    return _to(forgery.safe_next(request.form.get("next", "/")))


def _session_id() -> int:
    known = gate.signed_in()
    if known is None or known.session_id is None:
        raise Forbidden(_("Only a signed-in browser can look through another person's eyes; a token cannot."))
    return known.session_id


@blueprint.post("/csp-report")
@gate.unguarded
def csp_report() -> BaseResponse:
    """Browsers tell here what the policy stopped; it goes to the log, shortened."""
    log.warning("a page was stopped by the content policy: %r", request.stream.read(_REPORT_BYTES))
    return Response(status=204)


def _to(path: str) -> Response:
    """Lead on with a GET; htmx needs its own header to leave the page."""
    response = make_response(redirect(path, 303))
    if request.headers.get("HX-Request"):
        response = make_response("", 200)
        response.headers["HX-Redirect"] = path
    return response
