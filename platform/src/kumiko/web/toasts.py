"""Messages that survive a redirect: a signed cookie, read and removed by the next page."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, g, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from kumiko.web.viewmodels import Toast

COOKIE = "km_said"
MAX_AGE_S = 60


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.config["SECRET_KEY"]), salt="toast")


def say_later(response: Response, toast: Toast) -> Response:
    """Show `toast` on the page that this response leads to."""
    said = _signer().dumps([toast.msg[:600], toast.undo, toast.href, toast.tone])
    response.set_cookie(
        COOKIE,
        said,
        max_age=MAX_AGE_S,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    return response


def waiting() -> tuple[Toast, ...]:
    """What the page before left to say; a page that is only fetched ahead leaves it where it is."""
    said = request.cookies.get(COOKIE)
    if not said or "prefetch" in request.headers.get("Sec-Purpose", ""):
        return ()
    try:
        msg, undo, href, tone = _signer().loads(said, max_age=MAX_AGE_S)
    except (BadSignature, ValueError):
        return ()
    g.km_toast_shown = True
    return (
        Toast(msg=str(msg), undo=str(undo), href=str(href), tone=tone if tone in ("ok", "warn", "error") else "ok"),
    )


def forget_shown(response: Response) -> Response:
    """After a request: remove what was shown."""
    if g.get("km_toast_shown"):
        response.delete_cookie(COOKIE, httponly=True, samesite="Lax")
    return response


def as_event(toast: Toast) -> dict[str, Any]:
    """The toast as the detail of the browser's `km:toast`."""
    return {"msg": toast.msg, "undo": toast.undo, "href": toast.href, "tone": toast.tone}
