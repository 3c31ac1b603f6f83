"""Where system mail goes: the settings, the folder, and the server."""

from __future__ import annotations

import os
import re
import secrets
from dataclasses import dataclass, field
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

from kumiko.host import settings
from kumiko.host.context import current
from kumiko.host.errors import ScopeError
from kumiko.host.i18n import gettext as _
from kumiko.mailing import smtp
from kumiko.secrets import unseal

FOLDER, SERVER = "folder", "server"
TIMEOUT_S = 30.0


@dataclass(frozen=True, kw_only=True)
class Transport:
    """How mail leaves: `server` None means that it is written into `folder`."""

    sender: str
    sender_name: str
    folder: Path
    server: smtp.SmtpServer | None = None
    server_fault: str = field(default="")


def read_transport() -> Transport:
    """The transport as the settings say. Conflict when the stored password cannot be read."""
    generation = current().generation
    if generation is None:
        raise ScopeError("mail needs a generation, which knows its settings")

    def value(name: str) -> str:
        return str(settings.get(f"mailing.{name}") or "")

    server = None
    if value("way") == SERVER:
        security = value("security") or smtp.STARTTLS
        server = smtp.SmtpServer(
            host=value("host"),
            port=int(settings.get("mailing.port") or smtp.PORTS[security]),
            security=security,
            user=value("user"),
            password=unseal(value("password")),
        )
    return Transport(
        sender=value("sender") or f"kumiko@{domain()}",
        sender_name=value("sender_name") or str(settings.get("host.company") or "") or "Kumiko",
        folder=generation.config.home / "mail",
        server=server,
    )


def domain() -> str:
    """The name of this installation's server, for addresses and message ids."""
    generation = current().generation
    host = urlsplit(generation.config.base_url).hostname if generation is not None else ""
    return host if host and re.search("[a-z]", host) else "kumiko.localhost"


def hand_over(transport: Transport, message: EmailMessage) -> smtp.Delivery:
    """Send the message; the same message id replaces its file in the folder, it never makes a second one."""
    if transport.server is not None:
        return smtp.deliver(transport.server, message, timeout_s=TIMEOUT_S)
    name = re.sub(r"[^A-Za-z0-9.-]", "_", str(message["Message-ID"]).strip("<>"))
    part = transport.folder / f".{name}.{secrets.token_hex(4)}"
    try:
        transport.folder.mkdir(mode=0o700, exist_ok=True)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(bytes(message))
            file.flush()
            os.fsync(file.fileno())
        part.replace(transport.folder / f"{name}.eml")
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise smtp.MailDelayed(
            _("The mail cannot be written into the folder %(folder)s: %(why)s",
              folder=transport.folder.name, why=fault.strerror or str(fault))
        ) from None  # fmt: skip
    return smtp.Delivery()
