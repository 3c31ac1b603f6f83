"""A small firm that sells machines: served by real processes, with a mailbox, a web site on another port, browsers."""

import contextlib
import functools
import http.server
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path

import pypdfium2
import sqlalchemy as sa
from switch_lab import kumiko

from kumiko import utc_now
from kumiko.access import accounts
from kumiko.core import CORE
from kumiko.host.columns import table_of
from kumiko.host.database import Database
from kumiko.jobs.models import job_table
from kumiko_processes.models import Progress
from kumiko_testing.ports import free_port
from kumiko_testing.records import open_house

MODULES = ("deals", "sales", "tasks", "integrations", "processes", "analytics")
OWNER, HEAD, SAM, SUE = "olga@firm.example", "hanna@firm.example", "sam@firm.example", "sue@firm.example"
WORDS = "three blue rivers"
PATIENCE_S = int(os.environ.get("KUMIKO_STORY_PATIENCE_S", "120"))


class Refused(AssertionError):
    """An answer that nobody expected."""


class Rest:
    """A program with somebody's token."""

    def __init__(self, base, token):
        self.base, self.token = base, token

    def ask(self, method, path, body=None, **headers):
        """(status, JSON); 0 when the server is not there."""
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json", **headers}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base}/api/v1{path}", data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read() or b"{}")
        except OSError as fault:
            return 0, {"detail": repr(fault)}

    def get(self, path, **query):
        return self._good("GET", path + (f"?{urllib.parse.urlencode(query)}" if query else ""))

    def post(self, path, body=None):
        return self._good("POST", path, body)

    def patch(self, path, body):
        return self._good("PATCH", path, body, **{"If-Match": "*"})

    def rows(self, collection, node=None, sort="id"):
        """All records of a collection that fit a condition."""
        query = {"limit": 200, "sort": sort, **({"filter": json.dumps(node)} if node else {})}
        found = self.get(f"/{collection}", **query)
        assert not found["next"], "more than a page"
        return found["data"]

    def one(self, collection, **values):
        (found,) = self.rows(collection, fits(**values))
        return found

    def _good(self, method, path, body=None, **headers):
        status, said = self.ask(method, path, body, **headers)
        if status not in (200, 201, 204):
            raise Refused(f"{method} {path}: {status} {said}")
        return said


def fits(**values):
    return {"and": [{"f": name, "op": "eq", "v": value} for name, value in values.items()]}


class Browser:
    """A person in front of pages: cookies, forms with their token, no scripts."""

    def __init__(self, base, email="", origin=""):
        self.base, self.origin, self.csrf, self.url = base, origin, "", ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
        if email:
            self.get("/sign-in")
            self.post("/sign-in", email=email, password=WORDS)
            self.get("/persons")

    def get(self, path):
        page = self._open(path)
        found = re.search(r'name="_?csrf" (?:value|content)="([^"]+)"', page)
        if found:
            self.csrf = found[1]
        return page

    def post(self, path, **values):
        """The page that follows."""
        return self._open(path, {**values, "_csrf": self.csrf})

    def send(self, path, values, **headers):
        """What a script of a foreign page gets: (status, JSON)."""
        try:
            return 200, json.loads(self._open(path, values, **headers))
        except Refused as refusal:
            return refusal.args[1], json.loads(refusal.args[2] or "{}")

    def _open(self, path, values=None, **headers):
        data = None if values is None else urllib.parse.urlencode(values).encode()
        sent = {"Origin": self.origin, **headers} if self.origin else headers
        try:
            with self._opener.open(urllib.request.Request(self.base + path, data, sent), timeout=60) as answer:
                self.url = answer.url
                return answer.read().decode()
        except urllib.error.HTTPError as refusal:
            text = refusal.read().decode()
            raise Refused(f"{path}: {refusal.code} {text_of(text)[:600]}", refusal.code, text) from None


def text_of(page):
    """What a person reads of a page, blanks folded."""
    page = re.sub(r"(?s)<(script|style)\b.*?</\1>", " ", page)
    text = unescape(re.sub(r"<[^>]*>", " ", page))
    return " ".join(text.replace("\xa0", " ").replace("\u202f", " ").split())


def text_of_pdf(content):
    with pypdfium2.PdfDocument(content) as document:
        pages = [page.get_textpage().get_text_range() for page in document]
    return " ".join(" ".join(pages).replace("\xa0", " ").replace("\u202f", " ").split())


def eventually(read, wanted=None, limit_s=PATIENCE_S):
    """What `read()` gives once it equals `wanted` (without: once it is true), else an error that shows the last."""
    ends_s = time.monotonic() + limit_s
    while True:
        found = read()
        if found == wanted if wanted is not None else found:
            return found
        assert time.monotonic() < ends_s, f"wanted {wanted!r}, the last was {found!r}"
        time.sleep(0.1)


def build(url, home):
    """The command line makes the installation; then the people. Gives e-mail -> token."""
    kumiko(url, home, "init", "--empty", "--modules", ",".join(MODULES), "--admin", OWNER, "--password", WORDS,
           "--company", "Mills & Presses", "--currency", "EUR", "--zone", "Europe/Berlin")  # fmt: skip
    house = open_house(url, home, CORE, MODULES)
    try:
        assert dict(house.generation.failed) == {}
        with house.acting(via="cli"):
            from kumiko import create, update

            team = create("access.team", {"name": "Sales"}).id
            for name, email, role in (("Hanna", HEAD, "head"), ("Sam", SAM, "seller"), ("Sue", SUE, "seller")):
                accounts.add_user(name, email, roles=[role], team_id=team, password=WORDS)
            update("access.team", team, {"head": accounts.get_user_id(HEAD)})
            people = {email: accounts.get_user_id(email) for email in (OWNER, HEAD, SAM, SUE)}
            return people, {email: accounts.make_token(user_id) for email, user_id in people.items()}
    finally:
        house.database.close()


class Firm:
    """The installation: its processes, programs of its people, its mailbox."""

    def __init__(self, url, home, mail, user):
        self.url, self.home, self.mail, self.mailbox = url, home, mail, user
        self.people, tokens = build(url, home)
        self.port, self.database, self.server = free_port(), Database.open(url), None
        self.base = f"http://127.0.0.1:{self.port}"
        self.rest = {email: Rest(self.base, token) for email, token in tokens.items()}
        self.owner = self.rest[OWNER]
        self.mailbox_id = 0

    def start(self, workers=1):
        """Begin to serve, and wait until it does."""
        environment = {**os.environ, "KUMIKO_HOME": str(self.home), "KUMIKO_DATABASE_URL": self.url,
                       "KUMIKO_THREADS": "4"}  # fmt: skip
        command = [sys.executable, "-m", "kumiko.operate.cli", "serve", "--port", str(self.port), "--workers",
                   str(workers)]  # fmt: skip
        with (self.home / "server.log").open("ab") as log:
            self.server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
        eventually(lambda: self.owner.ask("GET", "/sources?limit=1")[0], 200)
        eventually(lambda: self.pids("worker"))

    def pids(self, kind):
        """Process ids of those of a kind that are alive: descendants of the server."""
        name = {"worker": "kumiko.operate.cli worker", "web": "multiprocessing"}[kind]
        return [pid for pid, words in children_of(self.server.pid) if name in words]

    def kill(self, kind):
        """SIGKILL to a process of a kind, "server" for all of them; whether there was one."""
        if kind == "server":
            pids = [pid for pid, _words in children_of(self.server.pid)]
            self.server.send_signal(signal.SIGKILL)
            self.server.wait()
        else:
            pids = self.pids(kind)[:1]
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(pids) + (kind == "server")

    def close(self):
        if self.server is not None and self.server.poll() is None:
            self.server.terminate()
            self.server.wait(60)
        self.database.close()

    def browser(self, email):
        return Browser(self.base, email)

    def connect_mailbox(self, olga):
        """The owner fills in the page of a new mailbox, and checks it."""
        self.mail.make_mailbox(self.mailbox)
        olga.post("/integrations/connect/integrations.mail")
        self.mailbox_id = int(re.search(r"/connections/(\d+)/setup", olga.url)[1])
        settings = {
            "address": self.mail.address(self.mailbox), "imap_host": self.mail.host, "imap_port": self.mail.imap_port,
            "imap_security": "none", "smtp_host": self.mail.host, "smtp_port": self.mail.smtp.port,
            "smtp_security": "none", "smtp_open": "true", "proof": "true", "begin_with": "all",
            "sender_name": "Mills & Presses",
        }  # fmt: skip
        olga.post(f"/connections/{self.mailbox_id}/setup", name="Sales", active="true", usual="true",
                  **{"secret-password": self.mail.password},
                  **{f"set-{name}": value for name, value in settings.items()})  # fmt: skip
        eventually(lambda: self.owner.get(f"/connections/{self.mailbox_id}")["health"], "ok")

    def hours(self, olga, day_of_week=None, hours="00:00-24:00"):
        """Set the working hours: of one day of the week only, or of all."""
        days = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
        olga.post("/admin/settings/calendar",
                  **{day: hours if day_of_week in (None, place) else "" for place, day in enumerate(days)})  # fmt: skip

    def read_mailbox(self, olga):
        """Read the mailbox now, not in a minute."""
        olga.post(f"/connections/{self.mailbox_id}/check")

    def mails_to(self, address):
        """What this firm sent to an address; the mail server is shared with the story on the other database."""
        own = self.mail.address(self.mailbox)
        sent = [one.message for one in self.mail.smtp.messages if address in one.recipients]
        return [one for one in sent if own in str(one["From"])]

    def publish(self, olga, recipe, **trigger):
        """Take a recipe, choose what its trigger asks for, publish; the process's id."""
        olga.get("/processes/new")
        olga.post("/processes/new", recipe=recipe)
        process_id = int(re.search(r"/processes/(\d+)/build", olga.url)[1])
        if trigger:
            draft = self.owner.get(f"/processes/{process_id}")["draft"]
            draft["trigger"]["values"] = trigger
            self.owner.patch(f"/processes/{process_id}", {"draft": draft})
        self.owner.post(f"/processes/{process_id}/publish")
        return process_id

    def run_of(self, process_id, about_id):
        found = self.owner.rows("runs", fits(process=process_id, about_id=about_id))
        return found[-1] if found else None

    def when(self, process_id, about_id, state):
        """The run once it is in a state."""

        def read():
            found = self.run_of(process_id, about_id)
            return found["state"] if found else None

        eventually(read, state)
        return self.run_of(process_id, about_id)

    def let_time_pass(self, run_id):
        """The wait of a run is over: its moment is set to now, in the run and in its job."""
        table = table_of(Progress)
        with self.database.engine.begin() as connection:
            turn = connection.execute(
                sa.update(table).where(table.c.run_id == run_id).values(wake_at=utc_now()).returning(table.c.turn)
            ).scalar_one()
            rows = connection.execute(sa.select(job_table.c.id, job_table.c.payload).where(
                job_table.c.name == "processes.step", job_table.c.status == "ready"))  # fmt: skip
            ids = [row.id for row in rows if row.payload == {"run": run_id, "turn": turn}]
            assert ids, "the run waits for no moment"
            connection.execute(sa.update(job_table).where(job_table.c.id.in_(ids)).values(run_at=utc_now()))


def children_of(pid):
    """(pid, command line) of all descendants of a process."""
    rows = []
    for entry in os.listdir("/proc"):
        if entry.isdecimal():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
                words = Path(f"/proc/{entry}/cmdline").read_text().replace("\0", " ")
                rows.append((int(entry), int(stat[1]), words))
    found, wanted = [], {pid}
    while fresh := [row for row in rows if row[1] in wanted and row[0] not in {one for one, _ in found}]:
        found += [(row[0], row[2]) for row in fresh]
        wanted = {row[0] for row in fresh}
    return found


@contextmanager
def firm_of(url, home, mail, user, workers=1):
    """A firm that is open."""
    home.mkdir(exist_ok=True)
    firm = Firm(url, home, mail, user)
    try:
        firm.start(workers)
        yield firm
    finally:
        firm.close()


@contextmanager
def web_site(folder, **pages):
    """The address of a static site on a port of its own."""
    for name, text in pages.items():
        (folder / f"{name}.html").write_text(text, "utf-8")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mail_of(sender, subject, text, message_id, **headers):
    """The bytes of a mail."""
    made = EmailMessage(policy=default)
    made["From"], made["To"], made["Subject"], made["Message-ID"] = sender, "sales@example.test", subject, message_id
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()
