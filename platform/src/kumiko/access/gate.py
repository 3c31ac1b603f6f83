"""What every request passes before its view: who is it, may a stranger come here, is it forged, may it change."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from flask import Flask, Response, current_app, g, has_request_context, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from kumiko.access import forgery, principals, seen
from kumiko.access.options import read_options
from kumiko.access.principals import SignedIn
from kumiko.access.signin import Browser, Entry
from kumiko.host.config import Config
from kumiko.host.context import Principal, current
from kumiko.host.errors import Forbidden, NotSignedIn
from kumiko.host.i18n import gettext as _

_PUBLIC_PREFIXES = ("/a/", "/static/")
SESSION_COOKIE, STRANGER_COOKIE, DEVICE_COOKIE = "km_session", "km_before", "km_device"
DEVICE_STAY_S = 400 * 24 * 3600
ENROL_PAGE = "/profile/second-factor"
_ENROLLING = (ENROL_PAGE, "/sign-out", "/live", *_PUBLIC_PREFIXES)
_ENVIRON = "kumiko.signed_in"
V = TypeVar("V", bound=Callable[..., Any])


def public(view: V) -> V:
    """Mark a view that people who are not signed in may reach. Unsafe methods still need a token."""
    view.kumiko_public = True  # type: ignore[attr-defined]
    return view


def unguarded(view: V) -> V:
    """Mark a public view that programs post to without our token (reports of browsers, web hooks): it checks itself."""
    view.kumiko_public = view.kumiko_unguarded = True  # type: ignore[attr-defined]
    return view


def changes_nothing(view: V) -> V:
    """Mark a view whose unsafe method is open to readers: leaving "view as", signing out, asking with a large body."""
    view.kumiko_changes_nothing = True  # type: ignore[attr-defined]
    return view


def authenticate(asked: Any) -> Principal | None:
    """Who sent this request: by access token if one is sent (then the cookie is ignored), else by session cookie."""
    header = asked.headers.get("Authorization", "")
    if header:
        scheme, _space, token = header.partition(" ")
        found = principals.principal_for_token(token.strip()) if scheme.lower() == "bearer" else None
    else:
        cookie = asked.cookies.get(SESSION_COOKIE, "")
        found = principals.principal_for_session(cookie) if cookie else None
    if found is None:
        return None
    asked.environ[_ENVIRON] = found
    memory = seen.seen(current().database)
    if found.session_id is not None:
        memory.note("session", found.session_id)
    elif found.token_id is not None:
        memory.note("token", found.token_id)
    return found.principal


def signed_in() -> SignedIn | None:
    """How the person of this request came in, or None for strangers."""
    found: SignedIn | None = request.environ.get(_ENVIRON) if has_request_context() else None
    return found


def browser() -> Browser:
    """Where this request comes from."""
    return Browser(
        address=_address(),
        agent=request.headers.get("User-Agent", ""),
        cookie=request.cookies.get(SESSION_COOKIE, ""),
        device=request.cookies.get(DEVICE_COOKIE, ""),
    )


def _address() -> str:
    """The peer's address; behind a proxy on this machine, the one the proxy has seen."""
    peer = request.remote_addr or ""
    forwarded = request.headers.get("X-Forwarded-For", "")
    if forwarded and (peer == "::1" or peer.startswith("127.")):
        return forwarded.rpartition(",")[2].strip()[:64]
    return peer


# ------------------------------------------------------------------------------------------------ forged requests


def csrf_token() -> str:
    """The token that forms send as `_csrf` and scripts as `X-CSRF-Token`."""
    if not has_request_context():
        return ""
    token: str | None = g.get("csrf_token")
    if token is None:
        token = g.csrf_token = forgery.make_token(current_app.config["SECRET_KEY"], _bound_to(make=True))
    return token


def _bound_to(*, make: bool = False) -> str:
    known = signed_in()
    if known is not None and known.session_id is not None:
        return "session:" + request.cookies.get(SESSION_COOKIE, "")
    before = request.cookies.get(STRANGER_COOKIE, "")
    if len(before) < 20 and make:
        before = g.stranger_cookie = secrets.token_urlsafe(24)
    return f"before:{before}" if len(before) >= 20 else ""


def _refuse_forged(config: Config) -> None:
    if forgery.comes_from_elsewhere(
        fetch_site=request.headers.get("Sec-Fetch-Site", ""),
        origin=request.headers.get("Origin", ""),
        hosts=frozenset({request.host.lower(), urlsplit(config.base_url).netloc.lower()}),
    ):
        raise Forbidden(_("Another site sent this request; nothing was changed. Do it from a page of Kumiko itself."))
    token = request.headers.get("X-CSRF-Token") or request.form.get("_csrf", "")
    if not forgery.token_is_right(config.secret_key, _bound_to(), token):
        raise Forbidden(
            _("This page is too old, or Kumiko did not make it; nothing was changed. Reload it and try again.")
        )


# ------------------------------------------------------------------------------------------------------- the gate


def install(app: Flask, config: Config) -> None:
    """Put the gate before every view of the application, and `csrf_token` into its templates."""
    app.jinja_env.globals["csrf_token"] = csrf_token

    def check() -> BaseResponse | None:
        view = app.view_functions.get(request.endpoint or "")
        if getattr(view, "kumiko_unguarded", False):
            return None
        person = current().principal
        unsafe = request.method not in forgery.SAFE_METHODS
        if person is None and not _open_to_strangers(view):
            return _ask_to_sign_in()
        known = signed_in()
        if known is not None and known.scopes is not None and not request.path.startswith("/api/"):
            raise Forbidden(_("This access token opens the API only; pages need a person who signs in."))
        if unsafe and (known is None or known.token_id is None):
            _refuse_forged(config)
        if known is not None and known.must_enrol and not request.path.startswith(_ENROLLING):
            return _ask_to_enrol()
        if unsafe and person is not None and person.read_only and not getattr(view, "kumiko_changes_nothing", False):
            raise Forbidden(_only_reading(person))
        return None

    def keep_stranger(response: Response) -> Response:
        made = g.get("stranger_cookie")
        if made is not None:
            response.set_cookie(STRANGER_COOKIE, made, httponly=True, samesite="Lax", secure=config.secure)
        return response

    app.before_request(check)
    app.after_request(keep_stranger)


def _open_to_strangers(view: Any) -> bool:
    return getattr(view, "kumiko_public", False) or request.path.startswith(_PUBLIC_PREFIXES)


def _only_reading(person: Principal) -> str:
    if person.viewed_by_id is not None:
        return _(
            "You are looking through the eyes of %(name)s; nothing can be changed. Stop looking as %(name)s first.",
            name=person.name,
        )
    return _("This access token may only read.")


def _ask_to_sign_in() -> BaseResponse:
    if request.path.startswith("/api/"):
        if request.headers.get("Authorization"):
            raise NotSignedIn(_("This access token is not valid, or its user may no longer sign in."))
        raise NotSignedIn(_("Send an access token: Authorization: Bearer TOKEN. Make one in your profile."))
    if request.headers.get("HX-Request"):  # htmx would put the sign-in page where a table cell belongs
        page = request.headers.get("HX-Current-URL", "")
        response = Response(_("You are signed out; sign in again."), 401, mimetype="text/plain")
        response.headers["HX-Redirect"] = sign_in_address(_local_part(page))
        return response
    if request.method in ("GET", "HEAD"):
        wanted = request.full_path.rstrip("?")
    else:  # back to the page of the form, which puts what was typed into it again
        wanted = _local_part(request.headers.get("Referer", ""))
    if request.headers.get("Sec-Fetch-Dest") == "empty":  # asked by a script, which cannot show a page
        raise NotSignedIn(_("You are signed out; sign in again."))
    return redirect(sign_in_address(wanted), 303)


def _ask_to_enrol() -> BaseResponse:
    """A required second factor is set up before anything else; sessions of before the rule go on."""
    sentence = _("Set up your second factor first: your company asks for one.")
    if request.headers.get("HX-Request"):
        response = Response(sentence, 403, mimetype="text/plain")
        response.headers["HX-Redirect"] = ENROL_PAGE
        return response
    if request.method not in ("GET", "HEAD") or request.path.startswith("/api/"):
        raise Forbidden(sentence)
    return redirect(ENROL_PAGE, 303)


def _local_part(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return "/"
    return parts.path + (f"?{parts.query}" if parts.query else "")


def sign_in_address(wanted: str) -> str:
    """Address of the sign-in page that leads on to a local page."""
    path = forgery.safe_next(wanted)
    return "/sign-in" if path == "/" else f"/sign-in?next={quote(path, safe='/')}"


def let_in(response: Response, entry: Entry, config: Config) -> Response:
    """Give the browser its session."""
    common: dict[str, Any] = {"httponly": True, "samesite": "Lax", "secure": config.secure}
    stay_s = int(read_options().lifetime.total_seconds())
    response.set_cookie(SESSION_COOKIE, entry.cookie, max_age=stay_s, **common)
    response.set_cookie(DEVICE_COOKIE, entry.device, max_age=DEVICE_STAY_S, **common)
    response.delete_cookie(STRANGER_COOKIE, httponly=True, samesite="Lax", secure=config.secure)
    response.headers["Cache-Control"] = "no-store"
    return response


def let_out(response: Response, config: Config) -> Response:
    """Take the session away from the browser."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="Lax", secure=config.secure)
    response.headers["Cache-Control"] = "no-store"
    return response
