"""Answers of pages: fragments, what a saved form or dialog says to the browser, redirects."""

from __future__ import annotations

import json
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kumiko.web.toasts import as_event, say_later
from kumiko.web.viewmodels import Toast


def is_htmx() -> bool:
    """Whether the page's script asked, and not the browser itself."""
    return "HX-Request" in request.headers


def in_dialog() -> bool:
    """Whether the answer goes into the page's dialog."""
    return request.headers.get("X-Dialog") == "1" or request.headers.get("HX-Target", "").endswith("km-dialog-body")


def page(template: str, status: int = 200, **variables: Any) -> Response:
    """A drawn template."""
    return make_response(render_template(template, **variables), status)


def trigger(response: Response, **events: Any) -> Response:
    """Add browser events to an answer; `_` in a name stands for `:`."""
    said = {name.replace("_", ":", 1): detail for name, detail in events.items()}
    response.headers["HX-Trigger"] = json.dumps(said)  # ASCII only: headers carry nothing else
    return response


def done(path: str, toast: Toast | None = None) -> Response:
    """After a write: lead on to `path`, with something to say there."""
    if is_htmx():
        response = make_response("", 200)
        response.headers["HX-Redirect"] = path
    else:
        response = make_response(redirect(path, 303))
    return say_later(response, toast) if toast is not None else response


def said(toast: Toast, *, reload: bool = False, close: bool = False) -> Response:
    """After a write asked for by a script that stays on its page."""
    events: dict[str, Any] = {"km_toast": as_event(toast)}
    if close:
        events["km_close"] = {}
    if reload:
        events["km_reload"] = {}
    return trigger(make_response("", 200), **events)


def local_path(text: str, otherwise: str = "/") -> str:
    """`text` when it is a path of this server."""
    if not text.startswith("/") or text.startswith(("//", "/\\")) or any(ord(sign) < 33 for sign in text):
        return otherwise
    return text


def came_from(otherwise: str = "/") -> str:
    """Path of the page that asked, for a way back."""
    here = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    host = request.host_url.rstrip("/")
    return local_path(here.removeprefix(host), otherwise) if here.startswith(host) else otherwise
