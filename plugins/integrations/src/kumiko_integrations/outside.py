"""Calling addresses of others over HTTP: bounded in time and size, and never into one's own network unless allowed."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from kumiko import gettext as _
from kumiko import settings_of

TIMEOUT_S = 15
LARGEST_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Answer:
    """What the other side said; `text` is the beginning of its body."""

    status: int
    text: str


class CannotReach(Exception):
    """The other side did not answer, with why as a sentence."""


def check_url(url: str) -> str:
    """What is wrong with an address, as a sentence; "" when it may be called. Names are looked up when it is called."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return str(_("wanted an address such as https://www.example.com/hook"))
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or port == 0:
        return str(_("wanted an address such as https://www.example.com/hook"))
    try:
        literal = ipaddress.ip_address(parts.hostname)
    except ValueError:
        return "" if parts.hostname.lower() != "localhost" or _private_allowed() else _refusal(parts.hostname)
    return "" if literal.is_global or _private_allowed() else _refusal(parts.hostname)


def post(url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """Post to an address; CannotReach with a sentence when nothing answers. Redirects are not followed."""
    wrong = check_url(url)
    if wrong:
        raise CannotReach(wrong)
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = (_SecureTo if secure else _PlainTo)(host, port, timeout=TIMEOUT_S)
    try:
        connection.pinned = _address_of(host, port)
        connection.request("POST", target, body=body, headers=dict(headers))
        answer = connection.getresponse()
        text = answer.read(LARGEST_ANSWER).decode("utf-8", "replace").replace("\x00", "")
        return Answer(answer.status, text)
    except (TimeoutError, socket.gaierror, http.client.HTTPException, OSError, UnicodeError) as fault:
        why = getattr(fault, "strerror", "") or str(fault) or type(fault).__name__
        raise CannotReach(_("%(where)s does not answer: %(why)s", where=f"{host}:{port}", why=why)) from None
    finally:
        connection.close()


def _address_of(host: str, port: int) -> str:
    """An address of the host that may be called. It is then the one that is called, whatever its name says later."""
    found = [str(one[4][0]) for one in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    if not _private_allowed():
        found = [one for one in found if ipaddress.ip_address(one.partition("%")[0]).is_global]
    if not found:
        raise CannotReach(_refusal(host))
    return found[0]


def _private_allowed() -> bool:
    return bool(settings_of("integrations").get("allow_private"))


def _refusal(host: str) -> str:
    return str(_("%(host)s lies in a private network, where nothing is called; an administrator may allow it in the "
                 "settings.", host=host[:100]))  # fmt: skip


class _PlainTo(http.client.HTTPConnection):
    pinned = ""

    def connect(self) -> None:
        self.sock = socket.create_connection((self.pinned, self.port), self.timeout)


class _SecureTo(http.client.HTTPSConnection):
    pinned = ""

    def connect(self) -> None:
        plain = socket.create_connection((self.pinned, self.port), self.timeout)
        self.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=self.host)
