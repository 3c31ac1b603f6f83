"""Headers that every answer carries: a strict policy on what a page may load and run, and on who may frame it."""

from __future__ import annotations

import secrets

from flask import Flask, Response, g, has_request_context, request

from kumiko.host.config import Config

_PAGE = (
    "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    "manifest-src 'self'; worker-src 'self'; report-uri /csp-report"
)
_DATA = "default-src 'none'; frame-ancestors 'none'"
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()"
_ONE_YEAR_S = 31_536_000


def csp_nonce() -> str:
    """The word that marks our own scripts on this page; another one for each answer."""
    if not has_request_context():
        return ""
    nonce: str | None = g.get("csp_nonce")
    if nonce is None:
        nonce = g.csp_nonce = secrets.token_urlsafe(16)
    return nonce


def install(app: Flask, config: Config) -> None:
    """Add the headers to every answer of the application, and `csp_nonce` to its templates."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce

    def add(response: Response) -> Response:
        headers = response.headers
        if "Content-Security-Policy" not in headers:
            page = response.mimetype == "text/html"
            headers["Content-Security-Policy"] = _PAGE.replace("{nonce}", csp_nonce()) if page else _DATA
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        if config.secure or _is_this_machine(request.host):  # elsewhere browsers ignore it, and complain
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
        headers["Permissions-Policy"] = _PERMISSIONS
        if "Cache-Control" not in headers:  # what one person may see must not come out of a shared cache
            headers["Cache-Control"] = "private, no-cache"
        if config.secure:
            headers["Strict-Transport-Security"] = f"max-age={_ONE_YEAR_S}"
        if not request.path.startswith(("/api/", "/a/")):  # files are the same for everybody
            before = headers.get("Vary")
            headers["Vary"] = f"{before}, Cookie" if before and "cookie" not in before.lower() else before or "Cookie"
        return response

    app.after_request(add)


def _is_this_machine(host: str) -> bool:
    return host.startswith(("127.", "localhost", "[::1]"))
