"""A mailbox over IMAP: the few commands that reading in batches needs, with sentences for what goes wrong.

The standard library's client, because raw bytes are wanted: what a parser cannot read must still be kept as it came.
"""

from __future__ import annotations

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from kumiko import Conflict
from kumiko import gettext as _

TIMEOUT_S = 30
PORTS = {"ssl": 993, "starttls": 143, "none": 143}
#: Of a message larger than this only the head and the beginning of its text are fetched.
LARGEST_MESSAGE = 25 * 1024 * 1024
_BEGINNING = 1024 * 1024
_UID = re.compile(rb"UID (\d+)")
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_SENT_NAMES = ("sent", "sent items", "sent messages", "gesendet", "gesendete elemente", "gesendete objekte")


@dataclass(frozen=True, kw_only=True)
class Fetched:
    """One message of a mailbox. `cut_from`: its whole size when only its beginning was fetched, else 0."""

    uid: int
    raw: bytes
    size: int
    cut_from: int = 0


class Mailbox:
    """An open connection with a chosen folder."""

    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client
        self.folder = ""

    def choose(self, folder: str, *, readonly: bool = True) -> tuple[int, int]:
        """Open a folder; gives its UIDVALIDITY and the next UID."""
        self._said(self._client.select(_quoted(folder), readonly=readonly), folder)
        self.folder = folder
        numbers = []
        for word in ("UIDVALIDITY", "UIDNEXT"):
            found = self._client.response(word)[1]
            numbers.append(int(found[0]) if found and found[0] else 0)
        return numbers[0], numbers[1]

    def uids_from(self, uid: int) -> list[int]:
        """UIDs from this one on, ascending. The server answers `N:*` with the last message even below N."""
        answer = self._said(self._client.uid("SEARCH", "UID", f"{max(uid, 1)}:*"), "SEARCH")
        return sorted(found for word in (answer[0] or b"").split() if (found := int(word)) >= uid)

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """UID -> size in bytes, of those that are still there."""
        answer = self._said(self._client.uid("FETCH", _listed(uids), "(UID RFC822.SIZE)"), "FETCH")
        found = {}
        for line in answer:
            text = line if isinstance(line, bytes) else b"".join(line or ())
            uid, size = _UID.search(text), _SIZE.search(text)
            if uid and size:
                found[int(uid[1])] = int(size[1])
        return found

    def fetch(self, uid: int, size: int) -> Fetched | None:
        """One message, without marking it as read; None when it is gone meanwhile."""
        if size <= LARGEST_MESSAGE:
            raw = self._body(uid, "BODY.PEEK[]")
            return None if raw is None else Fetched(uid=uid, raw=raw, size=size)
        head, text = self._body(uid, "BODY.PEEK[HEADER]"), self._body(uid, f"BODY.PEEK[TEXT]<0.{_BEGINNING}>")
        return None if head is None else Fetched(uid=uid, raw=head + (text or b""), size=size, cut_from=size)

    def _body(self, uid: int, what: str) -> bytes | None:
        answer = self._said(self._client.uid("FETCH", str(uid), f"({what})"), "FETCH")
        return next((bytes(part[1]) for part in answer if isinstance(part, tuple) and len(part) > 1), None)

    def find(self, message_id: str) -> list[int]:
        """UIDs in the chosen folder of messages with this Message-ID."""
        answer = self._said(self._client.uid("SEARCH", "HEADER", "Message-ID", _quoted(message_id)), "SEARCH")
        return [int(word) for word in (answer[0] or b"").split()]

    def sent_folder(self) -> str:
        """The folder of sent messages; made when there is none."""
        named = ""
        for line in self._said(self._client.list(), "LIST"):
            match = re.match(rb'\(([^)]*)\) (?:"[^"]*"|NIL) "?([^"]*)"?$', line or b"")
            if match is None:
                continue
            name = match[2].decode("ascii", "replace")
            if b"\\Sent" in match[1]:
                return name
            if re.split(r"[./]", name)[-1].lower() in _SENT_NAMES:
                named = named or name
        if named:
            return named
        self._said(self._client.create("Sent"), "CREATE")
        with suppress(imaplib.IMAP4.error):
            self._client.subscribe("Sent")
        return "Sent"

    def append(self, folder: str, raw: bytes) -> None:
        """Put a message into a folder, as read."""
        self._said(self._client.append(_quoted(folder), "(\\Seen)", "", raw), folder)

    def move(self, uids: Sequence[int], folder: str) -> None:
        """Move messages of the chosen folder (opened for writing), as read."""
        which = _listed(uids)
        self._said(self._client.uid("STORE", which, "+FLAGS.SILENT", "(\\Seen)"), "STORE")
        if "MOVE" in self._client.capabilities:
            self._said(self._client.uid("MOVE", which, _quoted(folder)), folder)
            return
        self._said(self._client.uid("COPY", which, _quoted(folder)), folder)
        self._said(self._client.uid("STORE", which, "+FLAGS.SILENT", "(\\Deleted)"), "STORE")
        self._client.expunge()

    def _said(self, answer: tuple[str, list[Any]], what: str) -> list[Any]:
        status, lines = answer
        if status != "OK":
            said = b" ".join(line for line in lines if isinstance(line, bytes)).decode("utf-8", "replace")
            raise Conflict(_("The mailbox refused %(what)s: %(said)s", what=what, said=said[:300]))
        return lines


@contextmanager
def opened(host: str, port: int, security: str, user: str, password: str) -> Iterator[Mailbox]:
    """Sign in to a mailbox; Conflict with a sentence when that, or anything said there, does not work."""
    where = f"{host}:{port}"
    try:
        client = _connected(host, port, security)
        try:
            _sign_in(client, user, password, where)
            yield Mailbox(client)
        finally:
            with suppress(imaplib.IMAP4.error, OSError):
                client.logout()
    except imaplib.IMAP4.error as fault:
        raise Conflict(_("The mailbox %(where)s said: %(said)s", where=where, said=str(fault)[:300])) from None
    except ssl.SSLError as fault:
        why = getattr(fault, "verify_message", "") or fault.reason or str(fault)
        raise Conflict(_("No protected connection to the mailbox %(where)s: %(why)s. Check security and port.",
                         where=where, why=str(why)[:200])) from None  # fmt: skip
    except TimeoutError:
        raise Conflict(_("The mailbox %(where)s does not answer in time.", where=where)) from None
    except OSError as fault:
        raise Conflict(_("The mailbox %(where)s cannot be reached: %(why)s", where=where,
                         why=fault.strerror or str(fault))) from None  # fmt: skip


def _connected(host: str, port: int, security: str) -> imaplib.IMAP4:
    context = ssl.create_default_context()
    if security == "ssl":
        return imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=TIMEOUT_S)
    client = imaplib.IMAP4(host, port, timeout=TIMEOUT_S)
    if security == "starttls":
        client.starttls(context)
    return client


def _sign_in(client: imaplib.IMAP4, user: str, password: str, where: str) -> None:
    try:
        client.login(user, password)
    except imaplib.IMAP4.error as fault:
        raise Conflict(_("The mailbox %(where)s does not accept user and password: %(said)s", where=where,
                         said=str(fault)[:200])) from None  # fmt: skip


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\r", "").replace("\n", "")
    return f'"{escaped}"'


def _listed(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))
