"""The channel of mail: a mailbox (IMAP) and a way out (SMTP) with a password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from kumiko import Channel, Choice, Field, KumikoError, Polled, RawItem, session, unscoped, utc_now
from kumiko import lazy_gettext as _l
from kumiko_integrations import mail_reading, mail_sending
from kumiko_integrations.models import Letter

KEY = "integrations.mail"
BATCH = 20
#: Bytes of one batch, which are in memory together.
BATCH_BYTES = 8 * 1024 * 1024
SECURITY = (
    Choice(key="ssl", label=_l("TLS from the start")),
    Choice(key="starttls", label="STARTTLS"),
    Choice(key="none", label=_l("None (only within your own network)")),
)


def poll(account: Any, cursor: Any) -> Iterator[Polled]:
    """New mails of the inbox, in batches; own copies of sent mails are moved to the folder of sent ones instead."""
    if not account.settings.get("imap_host"):
        return
    with mail_sending.open_mailbox(account) as mailbox:
        validity, following = mailbox.choose("INBOX", readonly=False)
        known = cursor if isinstance(cursor, dict) else {}
        if not known:
            begin = 1 if account.settings.get("begin_with") == "all" else following
        else:  # another UIDVALIDITY: the numbers mean other mails now; what is known by its Message-ID stays known
            begin = int(known.get("uid", 0)) + 1 if known.get("validity") == validity else 1
        if not known:
            yield Polled(items=(), cursor={"validity": validity, "uid": begin - 1})
        uids = mailbox.uids_from(begin)
        sent_folder = ""
        while uids:
            sizes = mailbox.sizes(uids[:BATCH])
            taken, items, copies = _batch(mailbox, account, uids[:BATCH], sizes)
            yield Polled(items=items, cursor={"validity": validity, "uid": taken[-1]})
            uids = uids[len(taken) :]
            if copies:
                sent_folder = sent_folder or mailbox.sent_folder()
                mailbox.move(copies, sent_folder)


def _batch(mailbox: Any, account: Any, uids: list[int], sizes: dict[int, int]) -> tuple[list[int], list[RawItem], Any]:
    taken: list[int] = []
    items: list[RawItem] = []
    copies: list[int] = []
    held = 0
    for uid in uids:
        size = sizes.get(uid, 0)
        if taken and held + min(size, BATCH_BYTES) > BATCH_BYTES:
            break
        taken.append(uid)
        found = mailbox.fetch(uid, size) if size else None
        if found is None:
            continue
        held += len(found.raw)
        head = mail_reading.head_of(found.raw)
        if head.sender.lower() == str(account.settings.get("address")).lower() and _is_ours(head.message_id):
            copies.append(uid)
            continue
        items.append(
            RawItem(
                external_id=head.external_id, body=found.raw, received_at=utc_now(),
                meta={
                    "uid": uid, "cut_from": found.cut_from, "title": head.subject or head.sender,
                    "media_type": "message/rfc822",
                },
            )
        )  # fmt: skip
    return taken, items, copies


def _is_ours(message_id: str) -> bool:
    if not message_id.startswith("<k"):
        return False
    begins = message_id[2:42]
    with unscoped("own mails are known by their Message-ID"):
        query = select(Letter.outbox_id).where(Letter.digest >= begins, Letter.digest < begins + "g")
        return session().execute(query.limit(1)).scalar() is not None


def check(account: Any) -> str:
    """What is wrong with the account, as a sentence; "" when it can read and send."""
    from kumiko import check_smtp  # local: only a check signs in without sending

    wrong = mail_sending.wrong_settings(account)
    if wrong:
        return wrong
    try:
        if account.settings.get("imap_host"):
            with mail_sending.open_mailbox(account) as mailbox:
                mailbox.choose("INBOX")
        if account.settings.get("smtp_host"):
            check_smtp(mail_sending.server_of(account))
    except KumikoError as fault:
        return fault.message
    return ""


def channel() -> Channel:
    """The declaration."""
    return Channel(
        key=KEY, label=_l("Mailbox"), kind="mail", icon="mail", read=mail_reading.read, poll=poll,
        send=mail_sending.send, find_sent=mail_sending.find_sent, check=check,
        settings=(
            Field(name="address", kind="email", label=_l("E-mail address"), required=True),
            Field(name="sender_name", kind="text", label=_l("Name of the sender")),
            Field(name="user", kind="text", label=_l("User name"), help=_l("Empty: the address.")),
            Field(name="imap_host", kind="text", label=_l("Server for reading (IMAP)")),
            Field(name="imap_security", kind="choice", label=_l("Security (IMAP)"), choices=SECURITY, default="ssl"),
            Field(name="imap_port", kind="integer", label=_l("Port (IMAP)"), help=_l("Empty: the usual one."),
                  minimum=1, maximum=65535),
            Field(name="begin_with", kind="choice", label=_l("Begin with"), default="new",
                  choices=(Choice(key="new", label=_l("mails that come from now on")),
                           Choice(key="all", label=_l("all mails of the inbox")))),
            Field(name="smtp_host", kind="text", label=_l("Server for sending (SMTP)")),
            Field(name="smtp_security", kind="choice", label=_l("Security (SMTP)"), choices=SECURITY,
                  default="starttls"),
            Field(name="smtp_port", kind="integer", label=_l("Port (SMTP)"), help=_l("Empty: the usual one."),
                  minimum=1, maximum=65535),
            Field(name="smtp_open", kind="boolean", label=_l("Sending needs no password"), default=False),
            Field(name="proof", kind="boolean", label=_l("Send a copy to the own mailbox"), default=True,
                  help=_l("It goes to the folder of sent mails, and proves after a crash that a mail went out.")),
        ),
        secrets=(Field(name="password", kind="text", label=_l("Password")),),
    )  # fmt: skip
