"""A whole mail server for tests: SMTP that takes mail for anybody, and mailboxes that are read over IMAP (Dovecot).

Everything lies in a folder of its own and listens on free ports of the loopback address; nothing of the machine's own
mail is touched. Mail to one of the server's users lies in their inbox; all mail is in `smtp.messages`.
"""

from __future__ import annotations

import contextlib
import getpass
import grp
import imaplib
import mailbox
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kumiko_testing.mail import ADDRESS, Received, SmtpTestServer
from kumiko_testing.ports import free_port

DOMAIN, PASSWORD = "example.test", "one-mailbox-2026"
_CONF = """
base_dir = {run}
state_dir = {run}/state
instance_name = {run}
protocols = imap
listen = {address}
ssl = no
disable_plaintext_auth = no
log_path = {folder}/dovecot.log
mail_location = maildir:{folder}/mail/%n
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
first_valid_uid = 0
first_valid_gid = 0
mail_access_groups =
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \\Sent
  }}
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail/%n
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class MailServer:
    """`imap_port` and `smtp.port` on `host`; every user of `DOMAIN` signs in with `PASSWORD`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.host, self.password = folder, ADDRESS, PASSWORD
        self.imap_port = free_port()
        self.smtp = SmtpTestServer()
        self.smtp.on_message = self._deliver
        self._process: subprocess.Popen[bytes] | None = None
        self._reader: tuple[int, int] | None = None  # whom mailboxes belong to: nobody, when the tests run as root
        (folder / "mail").mkdir(parents=True)
        (folder / "run" / "state").mkdir(parents=True)

    def start(self) -> None:
        """Be there, both ways."""
        self.smtp.start()
        uid, gid = os.getuid(), os.getgid()
        me = getpass.getuser()
        # As root Dovecot insists on the two users that its package makes; otherwise everything runs as oneself.
        internal, login, group = (me, me, grp.getgrgid(gid).gr_name)
        if uid == 0:
            internal, login, group = "dovecot", "dovenull", "dovecot"
            uid, gid = self._reader = (pwd.getpwnam("nobody").pw_uid, pwd.getpwnam("nobody").pw_gid)
        text = _CONF.format(
            run=self.folder / "run", folder=self.folder, address=ADDRESS, port=self.imap_port, password=PASSWORD,
            internal=internal, login=login, group=group, uid=uid, gid=gid,
        )  # fmt: skip
        (self.folder / "dovecot.conf").write_text(text, "utf-8")
        command = [find_dovecot(), "-F", "-c", str(self.folder / "dovecot.conf")]
        said = (self.folder / "said.log").open("wb")
        self._process = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
        said.close()
        self._wait()

    def stop(self) -> None:
        """Be gone; the mailboxes stay in the folder."""
        self.smtp.stop()
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait()
            self._process = None

    def _wait(self, patience_s: float = 20) -> None:
        ends_s = time.monotonic() + patience_s
        while True:
            try:
                imaplib.IMAP4(ADDRESS, self.imap_port, timeout=5).logout()
                return
            except (OSError, imaplib.IMAP4.error):
                said = "".join(
                    (self.folder / name).read_text("utf-8", "replace")
                    for name in ("said.log", "dovecot.log")
                    if (self.folder / name).exists()
                )
                is_alive = self._process is not None and self._process.poll() is None
                assert is_alive, f"Dovecot has ended:\n{said}"
                assert time.monotonic() < ends_s, f"Dovecot does not answer:\n{said}"
                time.sleep(0.05)

    def address(self, name: str) -> str:
        """The address of a user of the server."""
        return f"{name}@{DOMAIN}"

    def put(self, name: str, raw: bytes) -> None:
        """Let a mail lie in a user's inbox, byte by byte as given."""
        folder = self.folder / "mail" / name
        is_new = not folder.exists()
        box = mailbox.Maildir(folder)
        file = Path(box._path) / box._lookup(box.add(raw))  # type: ignore[attr-defined]
        if self._reader is not None:
            for path in (file, *((folder, *folder.iterdir()) if is_new else ())):
                os.chown(path, *self._reader)

    def make_mailbox(self, name: str) -> None:
        """An empty mailbox for a user."""
        folder = self.folder / "mail" / name
        if not folder.exists():
            mailbox.Maildir(folder)
            for path in (folder, *folder.iterdir()):
                if self._reader is not None:
                    os.chown(path, *self._reader)

    def _deliver(self, received: Received) -> None:
        for address in received.recipients:
            name, _at, domain = address.rpartition("@")
            if domain.lower() == DOMAIN:
                self.put(name.lower(), received.raw.replace(b"\r\n", b"\n"))

    def messages(self, name: str, folder: str = "INBOX") -> list[bytes]:
        """What lies in a folder of a user's mailbox, read over IMAP."""
        client = imaplib.IMAP4(ADDRESS, self.imap_port, timeout=20)
        with contextlib.closing(_Closing(client)):
            client.login(self.address(name), PASSWORD)
            if client.select(folder, readonly=True)[0] != "OK":
                return []
            numbers = client.search(None, "ALL")[1][0].split()
            return [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0][1] for number in numbers]  # type: ignore[index,misc]


class _Closing:
    def __init__(self, client: imaplib.IMAP4) -> None:
        self._client = client

    def close(self) -> None:
        with contextlib.suppress(imaplib.IMAP4.error, OSError):
            self._client.logout()


def find_dovecot() -> str:
    """The program, "" when it is not installed (Debian: dovecot-imapd)."""
    return shutil.which("dovecot") or next((path for path in ("/usr/sbin/dovecot",) if os.access(path, os.X_OK)), "")


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """A mail server for the length of a with block, in a folder of its own with a short path: sockets lie in it."""
    folder = Path(tempfile.mkdtemp(prefix="kmm"))
    folder.chmod(0o711)  # Dovecot's own users pass through
    server = MailServer(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)
