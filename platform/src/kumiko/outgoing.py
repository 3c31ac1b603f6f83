"""Calling addresses of others over HTTP: bounded in time and size, and never into one's own network unless allowed."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from kumiko.host.context import find_current
from kumiko.host.errors import Conflict, ScopeError
from kumiko.host.i18n import gettext as _

TIMEOUT_S = 15.0
LARGEST_ANSWER = 256 * 1024  # bytes


@dataclass(frozen=True)
class Answer:
    """What the other side said; `body` at most LARGEST_ANSWER bytes of it."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class CannotReach(Conflict):
    """The other side did not answer, or may not be asked; with why as a sentence."""


def check_url(url: str, *, allow_private: bool = False, allow_plain: bool = False) -> str:
    """What is wrong with an address, as a sentence; "" when it may be called. Names are looked up when it is called.

    Plain http is called only where `allow_plain` says so, or in one's own network where that is allowed.
    """
    wrong = _("wanted an address such as https://login.example.com")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return wrong
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https") or not host or parts.username or port == 0 or len(url) > 2000:
        return wrong
    if any(ord(sign) <= 32 or ord(sign) == 127 for sign in url):
        return wrong
    if parts.scheme == "http" and not (allow_private or allow_plain):
        return _("wanted an address that begins with https://, so that nobody reads along")
    try:
        literal = ipaddress.ip_address(host)
    except ValueError:
        return "" if host.lower() != "localhost" or allow_private else _private(host)
    return "" if literal.is_global or allow_private else _private(host)


def call_outside(
    method: str, url: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None,
    allow_private: bool = False, allow_plain: bool = False, timeout_s: float = TIMEOUT_S,
) -> Answer:  # fmt: skip
    """Ask an address and return what it says, whatever the status; CannotReach when nothing answers. Redirects are not
    followed. The address that was checked is the one that is called, whatever its name says a moment later."""
    context = find_current()
    if context is not None and context.in_transaction:
        raise ScopeError("nobody is called inside a write transaction: it would wait for the other side")
    wrong = check_url(url, allow_private=allow_private, allow_plain=allow_plain)
    if wrong:
        raise CannotReach(wrong)
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (_SecureTo if secure else _PlainTo)(host, port, timeout=timeout_s)
    try:
        connection.pinned = _address_of(host, port, allow_private=allow_private)
        connection.request(method, target, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(LARGEST_ANSWER), dict(answer.getheaders()))
    except (TimeoutError, socket.gaierror, http.client.HTTPException, OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", "") or str(fault) or type(fault).__name__
        raise CannotReach(_("%(where)s does not answer: %(why)s", where=f"{host}:{port}", why=why)) from None
    finally:
        connection.close()


def _address_of(host: str, port: int, *, allow_private: bool) -> str:
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not allow_private:
        found = [one for one in found if ipaddress.ip_address(one.partition("%")[0]).is_global]
    if not found:
        raise CannotReach(_private(host))
    return found[0]


def _private(host: str) -> str:
    return _("%(host)s lies in a private network, where nothing is called unless an administrator allows it.",
             host=host[:100])  # fmt: skip


class _PlainTo(http.client.HTTPConnection):
    pinned = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.pinned, self.port), self.timeout)


class _SecureTo(http.client.HTTPSConnection):
    pinned = ""

    def connect(self) -> None:
        plain = socket.create_connection((self.pinned, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
