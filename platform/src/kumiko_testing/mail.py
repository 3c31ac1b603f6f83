"""A real SMTP server for tests: it records what it takes, and can be told to refuse, to be slow, to be down."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from kumiko_testing.ports import free_port

ADDRESS = "127.0.0.1"


@dataclass(frozen=True)
class Received:
    """A message as the server got it."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes = field(repr=False)


class SmtpTestServer:
    """`messages`: what was taken, in order. `refuse` answers about a recipient with a code of one's own; `fail_data`
    does so once the whole message was sent; `delay_s` is how long each answer to MAIL FROM takes."""

    def __init__(
        self, *, security: str = "none", users: Mapping[str, str] | None = None, port: int | None = None
    ) -> None:
        self.host, self.port, self.security = ADDRESS, port or free_port(), security
        self.users = dict(users or {})
        self.messages: list[Received] = []
        self.refused: dict[str, str] = {}
        self.fail_data = ""
        self.drop_after_data = False
        self.delay_s = 0.0
        self.on_message: Callable[[Received], None] | None = None  # what else is done with each, before it says yes
        self._controller: Controller | None = None

    def refuse(self, recipient: str, answer: str = "550 5.1.1 No such mailbox") -> None:
        """From now on say `answer` about a recipient: 5xx for good, 4xx for now."""
        self.refused[recipient] = answer

    def start(self) -> None:
        """Be there (again), at the same port."""
        if self._controller is not None:
            return
        context = server_context() if self.security != "none" else None
        options: dict[str, Any] = {"hostname": ADDRESS, "port": self.port, "data_size_limit": 60 * 1024 * 1024}
        if self.users:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": self.security == "starttls",
            }
        if self.security == "ssl":
            options["ssl_context"] = context
        elif self.security == "starttls":
            options |= {"tls_context": context, "require_starttls": True}
        self._controller = Controller(_Handler(self), **options)
        self._controller.start()

    def stop(self) -> None:
        """Be down: connections are refused."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def wait_for(self, count: int, timeout_s: float = 10) -> list[Received]:
        """The messages once there are `count` of them."""
        ends_s = time.monotonic() + timeout_s
        while len(self.messages) < count:
            assert time.monotonic() < ends_s, f"{count} messages wanted, {len(self.messages)} came"
            time.sleep(0.02)
        return self.messages

    def _authenticate(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        known = isinstance(data, LoginPassword) and self.users.get(data.login.decode()) == data.password.decode()
        return AuthResult(success=known, handled=known)


class _Handler:
    def __init__(self, server: SmtpTestServer) -> None:
        self._server = server

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._server.delay_s:
            await asyncio.sleep(self._server.delay_s)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if address in self._server.refused:
            return self._server.refused[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        if self._server.fail_data:
            return self._server.fail_data
        message = message_from_bytes(envelope.content, policy=default)
        assert isinstance(message, EmailMessage)
        received = Received(envelope.mail_from, tuple(envelope.rcpt_tos), message, envelope.content)
        self._server.messages.append(received)
        if self._server.on_message is not None:
            self._server.on_message(received)
        if self._server.drop_after_data:
            server.transport.abort()
        return "250 OK"


@contextmanager
def running_smtp_server(**options: Any) -> Iterator[SmtpTestServer]:
    """An SMTP server for the length of a with block; see `SmtpTestServer`."""
    server = SmtpTestServer(**options)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@cache
def _certificate() -> tuple[str, str]:
    """A certificate for the loopback address that vouches for itself, and its key, as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(ADDRESS))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, SHA256())
    )
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return made.public_bytes(Encoding.PEM).decode(), secret.decode()


def loopback_certificate() -> str:
    """PEM of what the test server's TLS can be checked by."""
    return _certificate()[0]


def server_context() -> ssl.SSLContext:
    """TLS for a server on the loopback address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "both.pem"
        path.write_text("".join(reversed(_certificate())), "ascii")
        context.load_cert_chain(path)
    return context
