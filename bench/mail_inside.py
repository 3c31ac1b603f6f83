"""A mailbox of many messages on a real IMAP server (Dovecot): read batch by batch, in memory that stays flat.

    mail_inside.py [--mails 20000] [--taken 2000] [--postmaster PID]

Run by `story.py`. Reading writes every message down with a job; of the jobs `--taken` are worked off, too. Bare work of
the reading: the same client fetches each message, reads its head and inserts its bytes into a plain table, twenty to a
transaction. CPU is that of the reader (and of PostgreSQL), not of Dovecot. Says so and ends when Dovecot is missing.
"""

from __future__ import annotations

import imaplib
import json
import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from at_work import AtWork
from meter import max_rss_mib, ratio, rss_mib

from kumiko import create, transaction
from kumiko_deals.inquiry_models import Inquiry
from kumiko_integrations import polling
from kumiko_integrations.mail_reading import head_of
from kumiko_integrations.models import CONNECTION, Intake
from kumiko_integrations.sealing import put_secrets
from kumiko_testing.mail_server import MailServer, find_dovecot, running_mail_server

USER, BARE = "bench", 1000
TAKE_IN = "integrations.take_in"
TEXT = "We are looking for a press for our hall, delivery in autumn. Could you call us, please?\n" * 20


def main() -> None:
    work = AtWork(__doc__ or "")
    if not find_dovecot():
        print(json.dumps({"left out": "Dovecot is not installed (Debian: dovecot-imapd)"}))
        return
    with running_mail_server() as server:
        print(json.dumps(measure(work, server)))


def measure(work: AtWork, server: MailServer) -> dict[str, Any]:
    work.work_off()
    count = work.asked.mails
    fill(server, count)
    connection_id = connect(work, server)
    found: dict[str, Any] = {"mails": count, "rss at the start, MiB": rss_mib()}
    found["read, bare"] = bare(work, server, min(count, BARE))
    along: list[tuple[int, float]] = []

    def read() -> None:
        with work.acting(), transaction():
            polling.poll_now(connection_id)
        while work.waiting(polling.POLL):
            work.worker.run_once()
            work.hold(TAKE_IN)
            along.append((work.count(Intake), rss_mib()))

    found["read"] = work.meter.measure(read, count)
    found["read, ratio"] = ratio(found["read"], found["read, bare"])
    found["written down, rss MiB"] = [along[place] for place in sorted({0, len(along) // 2, len(along) - 1})]
    taken = work.asked.taken
    work.release(TAKE_IN, taken)
    found["taken in"] = work.meter.measure(lambda: work.work_off(TAKE_IN), taken)
    found |= {"inquiries": work.count(Inquiry), "broken jobs": work.broken(), "max rss, MiB": max_rss_mib()}
    return found


def message(number: int) -> bytes:
    """A mail as they come: two parts, some headers, 4 kB."""
    head = (
        f"From: Customer {number} <customer{number}@stranger{number % 997}.example>\nTo: {USER}@example.test\n"
        f"Subject: Inquiry number {number}\nMessage-ID: <bench-{number}@stranger.example>\nMIME-Version: 1.0\n"
        f"Date: Mon, 02 Nov 2026 09:{number % 60:02}:00 +0000\nContent-Type: multipart/alternative; boundary=b\n\n"
    )
    return (
        f"{head}--b\nContent-Type: text/plain; charset=utf-8\n\n{TEXT}\n--b\nContent-Type: text/html; charset=utf-8\n\n"
        f"<p>{TEXT}</p>\n--b--\n"
    ).encode()


def fill(server: MailServer, count: int) -> None:
    """Lay the messages into the inbox, as a mail server would have them."""
    server.make_mailbox(USER)
    folder = server.folder / "mail" / USER
    owner = folder.stat()
    for number in range(count):
        path = Path(folder, "new", f"{1_700_000_000 + number}.M{number}.bench")
        path.write_bytes(message(number))
        if os.geteuid() == 0:
            os.chown(path, owner.st_uid, owner.st_gid)


def connect(work: AtWork, server: MailServer) -> int:
    settings = {
        "address": server.address(USER), "imap_host": server.host, "imap_port": server.imap_port,
        "imap_security": "none", "begin_with": "all",
    }  # fmt: skip
    with work.acting(), transaction():
        made = create(CONNECTION, {"name": "Bench", "channel": "integrations.mail", "settings": settings})
        put_secrets(made.id, {"password": server.password})
    return int(made.id)


def bare(work: AtWork, server: MailServer, count: int) -> Any:
    """Fetch, read the head, insert: nothing else."""
    metadata = sa.MetaData()
    table = sa.Table(
        "bench_mail", metadata, sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(500), unique=True), sa.Column("body", sa.LargeBinary),
    )  # fmt: skip
    engine = work.host.database.engine
    metadata.create_all(engine)

    def fetch_all() -> None:
        client = imaplib.IMAP4(server.host, server.imap_port, timeout=60)
        client.login(server.address(USER), server.password)
        client.select("INBOX", readonly=True)
        for first in range(1, count + 1, 20):
            with engine.begin() as connection:
                for number in range(first, min(first + 20, count + 1)):
                    raw = client.fetch(str(number), "(BODY.PEEK[])")[1][0][1]  # type: ignore[index]
                    connection.execute(table.insert().values(name=head_of(raw).external_id, body=raw))  # type: ignore[arg-type]
        client.logout()

    found = work.meter.measure(fetch_all, count)
    metadata.drop_all(engine)
    return found


if __name__ == "__main__":
    main()
