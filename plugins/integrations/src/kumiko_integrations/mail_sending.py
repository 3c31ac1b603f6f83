"""Handing a mail over, and proving afterwards that it was: its copy in the own mailbox.

A mail goes to its recipients and, in the same hand-over, to the own address. The server takes it for all or for none,
so the copy that arrives proves that it took it, however the process that sent it ended.
"""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import format_datetime, formataddr, getaddresses
from typing import Any

from kumiko import (
    Delivered,
    FileContent,
    LoginRefused,
    MailDelayed,
    MailRefused,
    MailUnclear,
    NotDelivered,
    NotFound,
    SmtpServer,
    deliver,
    read_file,
    utc_now,
)
from kumiko import gettext as _
from kumiko_contracts.integrations import Outgoing
from kumiko_integrations import imap
from kumiko_integrations.sealing import digest_of_key

PORTS = {"ssl": 465, "starttls": 587, "none": 25}
TIMEOUT_S = 30


def message_id_of(account: Any, key: str) -> str:
    """The Message-ID of a mail of this house: the same for the same key."""
    domain = str(account.settings.get("address") or "").rpartition("@")[2] or "localhost"
    return f"<k{digest_of_key(key)[:40]}@{domain}>"


def send(account: Any, outgoing: Outgoing, key: str, *, only: tuple[str, ...] = ()) -> Delivered:
    """Hand a mail over; see `kumiko.Channel.send`. `only`: those recipients that were delayed before."""
    message = compose(account, outgoing, key)
    own = str(account.settings.get("address") or "")
    everybody = [address for _name, address in getaddresses([*outgoing.to, *outgoing.cc]) if address]
    wanted = list(dict.fromkeys(only or everybody))
    copy = [own] if keeps_proof(account) and own not in wanted and not only else []
    try:
        done = deliver(server_of(account), message, timeout_s=TIMEOUT_S, recipients=[*wanted, *copy])
    except MailUnclear:
        raise
    except LoginRefused as fault:
        raise NotDelivered(fault.message) from None
    except MailRefused as fault:
        raise NotDelivered(fault.message, final=True) from None
    except MailDelayed as fault:
        raise NotDelivered(fault.message) from None
    refused = {address: said for address, said in done.refused.items() if address in wanted}
    delayed = {address: said for address, said in done.delayed.items() if address in wanted}
    if len(refused) == len(wanted):  # only the own copy was taken
        raise NotDelivered("; ".join(f"{address}: {said}" for address, said in refused.items()), final=True)
    if not copy and account.settings.get("imap_host"):
        _append_copy(account, message)
    return Delivered(external_id=message_id_of(account, key), refused=refused, delayed=delayed)


def find_sent(account: Any, key: str) -> str | None:
    """Its Message-ID when a mail went out (its copy lies in the mailbox), "" when not. None without a mailbox."""
    if not keeps_proof(account):
        return None
    message_id = message_id_of(account, key)
    with open_mailbox(account) as mailbox:
        for folder in ("INBOX", mailbox.sent_folder()):
            mailbox.choose(folder)
            if mailbox.find(message_id):
                return message_id
    return ""


def keeps_proof(account: Any) -> bool:
    """Whether copies of sent mails come into a mailbox that we can look into."""
    return bool(account.settings.get("imap_host") and account.settings.get("proof") is not False)


def open_mailbox(account: Any) -> Any:
    """The mailbox of an account, signed in, as a context manager."""
    given = account.settings
    security = given.get("imap_security") or "ssl"
    return imap.opened(
        str(given.get("imap_host") or ""), int(given.get("imap_port") or imap.PORTS[security]), security,
        str(given.get("user") or given.get("address") or ""), account.secrets.get("password", ""),
    )  # fmt: skip


def _append_copy(account: Any, message: EmailMessage) -> None:
    try:
        with open_mailbox(account) as mailbox:
            mailbox.append(mailbox.sent_folder(), message.as_bytes())
    except Exception:  # noqa: BLE001, S110 - it is sent; a copy that cannot be kept is no reason to say otherwise
        pass


def server_of(account: Any) -> SmtpServer:
    """Where an account hands its mail over."""
    given = account.settings
    security = given.get("smtp_security") or "starttls"
    password = account.secrets.get("password", "")
    user = str(given.get("user") or given.get("address") or "") if password and not given.get("smtp_open") else ""
    return SmtpServer(
        host=str(given.get("smtp_host") or ""), port=int(given.get("smtp_port") or PORTS[security]),
        security=security, user=user, password=password,
    )  # fmt: skip


def compose(account: Any, outgoing: Outgoing, key: str) -> EmailMessage:
    """The mail as it goes out."""
    message = EmailMessage()
    given = account.settings
    message["From"] = formataddr((_one_line(str(given.get("sender_name") or "")), str(given.get("address") or "")))
    message["To"] = ", ".join(_one_line(one) for one in outgoing.to)
    if outgoing.cc:
        message["Cc"] = ", ".join(_one_line(one) for one in outgoing.cc)
    message["Subject"] = _one_line(outgoing.subject)
    message["Date"] = format_datetime(utc_now())
    message["Message-ID"] = message_id_of(account, key)
    if outgoing.in_reply_to:
        message["In-Reply-To"] = _one_line(outgoing.in_reply_to)
        references = [*outgoing.references, *([outgoing.in_reply_to] if outgoing.in_reply_to not in
                                              outgoing.references else [])]  # fmt: skip
        message["References"] = " ".join(map(_one_line, references[-20:]))
    if outgoing.automatic:
        message["Auto-Submitted"] = "auto-generated"
    message.set_content(outgoing.text or " ")
    if outgoing.html:
        message.add_alternative(outgoing.html, subtype="html")
    for file_id in outgoing.attachment_ids:
        file = _file(file_id)
        main, _slash, sub = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return message


def _file(file_id: int) -> FileContent:
    try:
        return read_file(file_id)
    except NotFound as fault:
        raise NotDelivered(fault.message, final=True) from None


def _one_line(text: str) -> str:
    return " ".join(text.split())


def wrong_settings(account: Any) -> str:
    """What is missing before anything can be sent or read; "" when nothing is."""
    given = account.settings
    if not given.get("address"):
        return str(_("The address is missing."))
    if not given.get("imap_host") and not given.get("smtp_host"):
        return str(_("Neither a server for reading nor one for sending is given."))
    return ""
