"""From a mail as it came to a message: whatever its parts are worth, a person can read something of it."""

from __future__ import annotations

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Any

from kumiko import RawItem, utc_now
from kumiko import gettext as _
from kumiko_contracts.inquiries import Attachment, Incoming, Sender

LARGEST_ATTACHMENT = 20 * 1024 * 1024
_LONGEST_TEXT = 200_000
_ID = re.compile(r"<[^<>\s]{1,990}>")


@dataclass(frozen=True)
class Head:
    """What decides about a mail before it is read: its name, whether a robot wrote it, who."""

    message_id: str
    external_id: str
    sender: str
    subject: str


def head_of(raw: bytes) -> Head:
    """The head of a mail. Without a Message-ID its name is made of its bytes: the same mail has the same name."""
    message = BytesHeaderParser().parsebytes(raw)  # whatever is inside: a body that breaks its reader stops no mailbox
    found = _ID.search(_text(message, "Message-ID"))
    sender = _addresses(message, "From")
    name = found[0] if found else f"sha256:{hashlib.sha256(raw).hexdigest()}"
    return Head(found[0] if found else "", name, sender[0][1] if sender else "", _text(message, "Subject"))


def read(account: Any, item: RawItem) -> Incoming:
    """The message of a mail; never raises for what is inside of it."""
    message = email.message_from_bytes(item.body)
    head = head_of(item.body)
    texts, htmls, attachments = _parts(message)
    notes = [str(_("Left out: %(name)s (%(size)d MB)", name=name, size=max(1, size // 1024**2)))
             for name, size in _too_large(message)]  # fmt: skip
    cut_from = int(item.meta.get("cut_from") or 0)
    if cut_from:
        attachments = []
        notes.append(str(_("The mail has %(size)d MB; only its beginning was fetched, without attachments.",
                           size=cut_from // 1024**2)))  # fmt: skip
    html = "\n".join(htmls)[:_LONGEST_TEXT]
    text = "\n".join(texts).strip() or text_of_html(html)
    text = "\n\n".join([text[:_LONGEST_TEXT], *(f"[{note}]" for note in notes)]).strip()
    name, address = next(iter(_addresses(message, "Reply-To") or _addresses(message, "From")), ("", ""))
    return Incoming(
        channel="mail",
        account=account.key,
        external_id=head.external_id,
        received_at=_sent_at(message) or item.received_at,
        sender=Sender(name=name or next(iter(_addresses(message, "From")), ("", ""))[0], email=address),
        subject=head.subject,
        text=text,
        html=html,
        raw={"headers": dict(_headers(message)), "uid": item.meta.get("uid")},
        message_id=head.message_id,
        in_reply_to=next(iter(_ID.findall(_text(message, "In-Reply-To"))), ""),
        references=tuple(_ID.findall(_text(message, "References")))[-50:],
        to=tuple(address for _name, address in _addresses(message, "To"))[:100],
        cc=tuple(address for _name, address in _addresses(message, "Cc"))[:100],
        attachments=tuple(attachments),
        automatic=is_automatic(message),
        owner_id=item.meta.get("whose"),
    )


def is_automatic(message: Message) -> bool:
    """Whether a robot wrote it: an absence note, a bounce, a list."""
    auto = _text(message, "Auto-Submitted").lower()
    sender = next((address for _name, address in _addresses(message, "From")), "").lower()
    return bool(
        (auto and not auto.startswith("no"))
        or any(message.get(name) for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress-Reply"))
        or _text(message, "Precedence").lower() in ("auto_reply", "bulk", "junk", "list")
        or _text(message, "Return-Path").strip() == "<>"
        or sender.partition("@")[0] in ("mailer-daemon", "postmaster")
        or message.get_content_type() == "multipart/report"
    )


def _parts(message: Message) -> tuple[list[str], list[str], list[Attachment]]:
    texts: list[str] = []
    htmls: list[str] = []
    attachments: list[Attachment] = []
    for part in _leaves(message):
        kind, name = part.get_content_type(), _file_name(part)
        content = _bytes(part)
        shown = part.get_content_disposition() != "attachment" and not name
        if shown and kind == "text/plain":
            texts.append(_decoded(part, content))
        elif shown and kind == "text/html":
            htmls.append(_decoded(part, content))
        elif content and len(content) <= LARGEST_ATTACHMENT:
            ending = kind.rpartition("/")[2]
            attachments.append(Attachment(name=name or f"part.{ending}", media_type=kind, content=content))
    return texts, htmls, attachments


def _too_large(message: Message) -> Iterator[tuple[str, int]]:
    for part in _leaves(message):
        content = _bytes(part)
        if len(content) > LARGEST_ATTACHMENT:
            yield _file_name(part) or part.get_content_type(), len(content)


def _leaves(message: Message) -> Iterator[Message]:
    for number, part in enumerate(message.walk()):
        if number > 500:
            return
        if not part.is_multipart():
            yield part
        elif part.get_content_type() == "message/rfc822" and part is not message:
            continue


def _bytes(part: Message) -> bytes:
    try:
        content = part.get_payload(decode=True)
    except (ValueError, LookupError, AssertionError):  # broken base64, unknown coding
        content = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return content if isinstance(content, bytes) else b""


def _decoded(part: Message, content: bytes) -> str:
    """Text by its charset; one that lies or is unknown gives way to UTF-8, then to Western European."""
    for charset in (part.get_content_charset() or "utf-8", "utf-8", "windows-1252"):
        try:
            return content.decode(charset).replace("\x00", "")
        except (LookupError, UnicodeError):
            continue
    return content.decode("latin-1").replace("\x00", "")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
    except (ValueError, LookupError, TypeError):
        return "attachment"
    return _words(name).replace("/", "_").replace("\\", "_").replace("\x00", "")[:200]


def _text(message: Message, name: str) -> str:
    """A header as text, on one line, whatever it is made of."""
    return " ".join(_words(str(message.get(name) or "")).split())[:4000]


def _words(text: str) -> str:
    try:
        pieces = decode_header(text)
    except (ValueError, LookupError, AssertionError, MessageError):  # the last: base64 that is none
        pieces = [(text, None)]
    found = []
    for piece, charset in pieces:
        if isinstance(piece, str):
            found.append(piece.encode("utf-8", "surrogateescape").decode("utf-8", "replace"))
            continue
        try:
            found.append(piece.decode(charset or "utf-8"))
        except (LookupError, UnicodeError):
            found.append(piece.decode("windows-1252", "replace"))
    return "".join(found).replace("\x00", "")


def _addresses(message: Message, name: str) -> list[tuple[str, str]]:
    try:
        lines = [str(line) for line in message.get_all(name, [])]
        found = getaddresses(lines)
    except (ValueError, IndexError, TypeError, AttributeError):
        return []
    return [(" ".join(_words(who).split())[:200], address[:254]) for who, address in found if "@" in address]


def _sent_at(message: Message) -> datetime | None:
    try:
        at = parsedate_to_datetime(str(message.get("Date")))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return at if at is not None and at.tzinfo is not None and at <= utc_now() else None


def _headers(message: Message) -> Iterator[tuple[str, str]]:
    for name in ("From", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID", "In-Reply-To", "References"):
        if message.get(name):
            yield name, _text(message, name)


class _Plain(HTMLParser):
    _BREAKS = frozenset({"br", "p", "div", "tr", "li", "h1", "h2", "h3", "h4", "blockquote", "table"})
    _SILENT = frozenset({"script", "style", "head", "title"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._silent += tag in self._SILENT
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self._SILENT and self._silent > 0
        if tag in self._BREAKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.pieces.append(" ".join(data.split("\n")))


def text_of_html(html: str) -> str:
    """What a person would read of it."""
    parser = _Plain()
    try:
        parser.feed(html)
        parser.close()
    except (ValueError, AssertionError):
        return re.sub(r"<[^>]*>", " ", html)
    lines = [" ".join(line.split()) for line in "".join(parser.pieces).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
