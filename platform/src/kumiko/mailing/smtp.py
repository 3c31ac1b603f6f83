"""Handing a message to an SMTP server, and telling what may be tried again from what may not.

Used for system mail and by modules that have mailboxes of their own. It never runs inside of a write transaction.
"""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import getaddresses
from typing import Any

from kumiko.host.context import find_current
from kumiko.host.errors import KumikoError, ScopeError
from kumiko.host.i18n import gettext as _

NONE, STARTTLS, SSL = "none", "starttls", "ssl"
SECURITIES = (NONE, STARTTLS, SSL)
PORTS = {NONE: 25, STARTTLS: 587, SSL: 465}
_WHOLE = 6  # the whole conversation may take so many times what one answer may


class MailRefused(KumikoError):
    """The server said no for good: trying again changes nothing until somebody does something about the sentence."""


class LoginRefused(MailRefused):
    """The server does not know the user or the password: no message goes out before somebody corrects them."""


class MailDelayed(KumikoError):
    """The server could not be reached or asked for patience: the same message may be tried again later."""


class MailUnclear(MailDelayed):
    """The connection broke behind the text, before the server said yes or no: it may have taken the message."""


@dataclass(frozen=True, kw_only=True)
class SmtpServer:
    """Where to hand mail over. `security`: "none", "starttls" or "ssl"; `certificate`: PEM of one's own authority."""

    host: str
    port: int
    security: str = STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)
    certificate: str = ""


@dataclass(frozen=True)
class Delivery:
    """The server took the message. `refused` for good, `delayed` for now: address -> sentence, of some recipients."""

    refused: Mapping[str, str] = field(default_factory=dict)
    delayed: Mapping[str, str] = field(default_factory=dict)


def deliver(
    server: SmtpServer, message: EmailMessage, *, timeout_s: float = 30, recipients: Sequence[str] | None = None
) -> Delivery:
    """Hand a message over. MailRefused or MailDelayed with a sentence when no recipient gets it.

    Goes to To, Cc and Bcc of the message, or to `recipients` alone: those of a former `Delivery.delayed`. Bcc is not
    sent along. `timeout_s`: for each answer of the server.
    """
    context = find_current()
    if context is not None and context.in_transaction:
        raise ScopeError("mail is delivered outside of transactions: a slow server would hold their locks")
    wanted = list(recipients) if recipients is not None else recipients_of(message)
    if not wanted:
        raise MailRefused(_("The mail has no recipient."))
    with _spoken(server), _connected(server, timeout_s) as client:
        try:
            answers = _handed_over(client, message, wanted)
        except smtplib.SMTPResponseException:  # an OSError, too, but a clear word
            raise
        except (smtplib.SMTPServerDisconnected, OSError):
            if not getattr(client, "was_given_text", False):
                raise
            where = f"{server.host}:{server.port}"
            raise MailUnclear(
                _("The mail server %(where)s did not say whether it took the message.", where=where)
            ) from None
    refused = {address: _sentence(code, text) for address, (code, text) in answers.items() if code >= 500}
    delayed = {address: _sentence(code, text) for address, (code, text) in answers.items() if code < 500}
    if len(answers) == len(wanted):
        raise (MailDelayed if delayed else MailRefused)(_listed({**delayed, **refused}))
    return Delivery(refused, delayed)


def check(server: SmtpServer, *, timeout_s: float = 15) -> None:
    """Connect and sign in, send nothing; MailRefused or MailDelayed with a sentence when that does not work."""
    with _spoken(server), _connected(server, timeout_s):
        pass


check_smtp = check  # the name under which plugins find it


def recipients_of(message: EmailMessage) -> list[str]:
    """Addresses of To, Cc and Bcc, each once."""
    lines = [str(line) for name in ("To", "Cc", "Bcc") for line in message.get_all(name, [])]
    return list(dict.fromkeys(address for _name, address in getaddresses(lines) if address))


Answers = dict[str, tuple[int, bytes]]


def _handed_over(client: smtplib.SMTP, message: EmailMessage, wanted: Sequence[str]) -> Answers:
    """Answers about those recipients that the server did not take."""
    sender = next((address for _name, address in getaddresses([str(message["From"] or "")]) if address), "")
    try:
        return dict(client.send_message(message, sender, list(wanted)))
    except smtplib.SMTPRecipientsRefused as fault:
        return dict(fault.recipients)


class _Client(smtplib.SMTP):
    """Knows whether the text of a message went out."""

    was_given_text = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.was_given_text = True
        return super().data(msg)


class _SslClient(_Client, smtplib.SMTP_SSL):
    """The same, protected from the start."""


@contextmanager
def _connected(server: SmtpServer, timeout_s: float) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context()
    if server.certificate:
        context.load_verify_locations(cadata=server.certificate)
    if server.security == SSL:
        client: smtplib.SMTP = _SslClient(local_hostname=socket.gethostname(), timeout=timeout_s, context=context)
    else:
        client = _Client(local_hostname=socket.gethostname(), timeout=timeout_s)
    client._host = server.host  # type: ignore[attr-defined] # the name that certificates are checked for
    guard = threading.Timer(timeout_s * _WHOLE, _cutter(client))  # a server may drip one letter per answer's time
    guard.daemon = True
    guard.start()
    try:
        client.connect(server.host, server.port)
        if server.security == STARTTLS:
            client.starttls(context=context)
        client.ehlo_or_helo_if_needed()
        if server.user:
            client.login(server.user, server.password)
        yield client
        with suppress(smtplib.SMTPException, OSError):  # it took the message; its goodbye changes nothing
            client.quit()
    finally:
        guard.cancel()
        client.close()


def _cutter(client: smtplib.SMTP) -> Callable[[], None]:
    def cut() -> None:
        sock = getattr(client, "sock", None)
        if sock is not None:
            with suppress(OSError):  # it is gone already
                sock.shutdown(socket.SHUT_RDWR)

    return cut


@contextmanager
def _spoken(server: SmtpServer) -> Iterator[None]:
    """Faults of the conversation as sentences, sorted into those for good and those for now."""
    where = f"{server.host}:{server.port}"
    try:
        yield
    except smtplib.SMTPAuthenticationError as fault:
        kind: type[MailRefused | MailDelayed] = MailDelayed if 400 <= fault.smtp_code < 500 else LoginRefused
        raise kind(
            _("The mail server %(where)s does not accept user and password: %(said)s Check them in the mail settings.",
              where=where, said=_sentence(fault.smtp_code, fault.smtp_error))
        ) from None  # fmt: skip
    except smtplib.SMTPNotSupportedError as fault:
        raise MailRefused(
            _("The mail server %(where)s does not offer what the settings ask for (%(what)s). Choose another security.",
              where=where, what=str(fault)[:200])
        ) from None  # fmt: skip
    except smtplib.SMTPResponseException as fault:
        kind = MailRefused if fault.smtp_code >= 500 else MailDelayed
        said = _sentence(fault.smtp_code, fault.smtp_error)
        raise kind(_("The mail server %(where)s said: %(said)s", where=where, said=said)) from None
    except ssl.SSLError as fault:
        reason = getattr(fault, "verify_message", "") or fault.reason or str(fault)
        raise MailRefused(
            _("No protected connection to the mail server %(where)s: %(why)s. Check security and port.",
              where=where, why=str(reason)[:200])
        ) from None  # fmt: skip
    except TimeoutError:
        raise MailDelayed(_("The mail server %(where)s does not answer in time.", where=where)) from None
    except (smtplib.SMTPException, OSError) as fault:
        why = getattr(fault, "strerror", "") or str(fault)
        if "timed out" in str(why):  # smtplib says so in words
            raise MailDelayed(_("The mail server %(where)s does not answer in time.", where=where)) from None
        raise MailDelayed(
            _("The mail server %(where)s cannot be reached: %(why)s", where=where, why=str(why)[:200])
        ) from None
    except (UnicodeError, ValueError) as fault:
        raise MailRefused(_("The mail cannot be sent as it is: %(why)s", why=str(fault)[:200])) from None


def _sentence(code: int, text: bytes | str) -> str:
    said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return f"{code} {' '.join(said.split())[:300]}"


def _listed(answers: Mapping[str, str]) -> str:
    return "; ".join(f"{address}: {said}" for address, said in answers.items())[:2000]
