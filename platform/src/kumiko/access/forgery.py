"""Tokens against forged requests: bound to the session (before sign-in to a cookie of its own), masked per answer."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

_SIZE = 24  # bytes
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})


def make_token(secret_key: str, bound_to: str) -> str:
    """A token for one answer. Differs each time, so that compressed pages do not give it away (BREACH)."""
    mask = secrets.token_bytes(_SIZE)
    plain = _plain(secret_key, bound_to)
    masked = bytes(one ^ other for one, other in zip(mask, plain, strict=True))
    return base64.urlsafe_b64encode(mask + masked).decode("ascii")


def token_is_right(secret_key: str, bound_to: str, token: str) -> bool:
    """Whether a token was made for this session and installation."""
    if not token or not bound_to or len(token) > 4 * _SIZE:
        return False
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii"))
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return False
    if len(raw) != 2 * _SIZE:
        return False
    plain = bytes(one ^ other for one, other in zip(raw[:_SIZE], raw[_SIZE:], strict=True))
    return hmac.compare_digest(plain, _plain(secret_key, bound_to))


def comes_from_elsewhere(*, fetch_site: str, origin: str, hosts: frozenset[str]) -> bool:
    """Whether a browser says that another site sent this request.

    `Sec-Fetch-Site` is absent over plain http from other machines and in old browsers, so only a wrong one counts.
    `origin`: the Origin header; `hosts`: host[:port] by which this server is reached.
    """
    if fetch_site and fetch_site not in ("same-origin", "none"):
        return True
    if not origin:
        return False
    try:
        return urlsplit(origin).netloc.lower() not in hosts
    except ValueError:
        return True


def safe_next(path: str) -> str:
    """`path` when it is a page of this server, else "/"."""
    if not path.startswith("/") or path.startswith(("//", "/\\")) or len(path) > 2000:
        return "/"
    if any(ord(sign) < 33 or sign == "\\" or ord(sign) == 127 for sign in path):
        return "/"
    parts = urlsplit(path)
    if parts.scheme or parts.netloc or parts.path.startswith(("/sign-in", "/sign-out", "/set-password")):
        return "/"
    return path


def _plain(secret_key: str, bound_to: str) -> bytes:
    return hmac.new(secret_key.encode(), b"forgery:" + bound_to.encode(), hashlib.sha256).digest()[:_SIZE]
