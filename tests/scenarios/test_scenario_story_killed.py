"""The story once more, shorter, while its processes are killed with SIGKILL: nothing is lost, nothing comes twice."""

import collections
import contextlib
import random
import threading
import time
import uuid

import pytest
import sqlalchemy as sa
from story_lab import OWNER, PATIENCE_S, Refused, eventually, firm_of, fits, mail_of

from kumiko import utc_now
from kumiko.jobs.models import job_table

INQUIRIES, DEALS = 12, 4
#: What is killed, in this order: a worker, a web process, everything at once.
KILLS = ("worker", "web", "worker", "worker", "server", "worker", "web", "worker")


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_killed_servers_and_workers_lose_and_double_nothing(database_url, tmp_path, mail_server, database_kind):
    with firm_of(database_url, tmp_path / "home", mail_server, f"k{uuid.uuid4().hex[:10]}") as firm:
        domain = f"{firm.mailbox}.example"
        olga, owner = firm.browser(OWNER), firm.owner
        firm.connect_mailbox(olga)
        (pipeline,) = owner.rows("pipelines")
        stage = owner.post("/stages", {
            "name": "For payment", "pipeline": pipeline["id"], "kind": "open", "probability": 60, "position": 6,
        })["id"]  # fmt: skip
        firm.hours(olga)
        answering = firm.publish(olga, "new_inquiry")
        paying = firm.publish(olga, "for_payment", stage=stage)
        deals = [make_deal(owner, number, domain) for number in range(DEALS)]
        killer = Killer(firm)
        with killer:
            for number in range(INQUIRIES):
                if number % 2:
                    firm.mail.put(firm.mailbox, mail_of(f"Guest {number} <guest{number}@{domain}>", f"Press {number}",
                                                        "How much?", f"<guest{number}@{domain}>"))  # fmt: skip
                    check(firm)
                else:
                    insist(owner, "POST", "/inquiries", {
                        "sender_name": f"Guest {number}", "sender_email": f"guest{number}@{domain}",
                        "body": f"How much is press {number}?", "external_id": f"shop-{number}", "channel": "api",
                    })  # fmt: skip
                if number % 3 == 2:
                    insist(owner, "PATCH", f"/deals/{deals[number // 3]}", {"stage": stage})
            killer.finish()
        check(firm)
        names = [f"Guest {number}" for number in range(INQUIRIES)]
        told = {"leads": lambda: sorted(one["name"] for one in owner.rows("leads")), "tasks": lambda: sorted(
            one["name"] for one in owner.rows("tasks"))}  # fmt: skip
        eventually(told["leads"], sorted(names), 2 * PATIENCE_S)
        eventually(told["tasks"], sorted(f"Call {name} back" for name in names), 2 * PATIENCE_S)
        eventually(lambda: states(owner, answering), {"waiting": INQUIRIES}, 2 * PATIENCE_S)
        eventually(lambda: states(owner, paying), {"done": DEALS}, 2 * PATIENCE_S)
        eventually(lambda: {one["state"] for one in owner.rows("outbox")}, {"sent"}, 3 * PATIENCE_S)
        invoices = owner.rows("invoices")
        year = utc_now().year
        assert sorted(one["number"] for one in invoices) == [f"INV-{year}-{n:04}" for n in range(1, DEALS + 1)]
        assert sorted(one["deal"]["id"] for one in invoices) == sorted(deals)
        assert {one["gross"]["value"] for one in invoices} == {"100.00"}
        sent = [one for one in firm.mail.smtp.messages if any(domain in to for to in one.recipients)]
        wanted = collections.Counter({("We have your message", f"guest{n}@{domain}"): 1 for n in range(INQUIRIES)})
        wanted += collections.Counter({("Your invoice", f"buyer{n}@{domain}"): 1 for n in range(DEALS)})
        found = collections.Counter(
            (one.message["Subject"], to) for one in sent for to in one.recipients if to.endswith(domain)
        )
        assert found == wanted
        assert set(collections.Counter(one.message["Message-ID"] for one in sent).values()) == {1}
        assert collections.Counter((one["channel"], one["state"]) for one in owner.rows("inquiries")) == {
            ("api", "lead"): INQUIRIES // 2, ("mail", "lead"): INQUIRIES // 2,
        }  # fmt: skip
        assert collections.Counter(one["state"] for one in owner.rows("intake")) == {"done": 6}
        print(f"{database_kind}: kills {dict(killer.killed)} ({killer.busy} of a busy worker), {len(sent)} mails, "
              f"{len(invoices)} invoices, {len(names)} tasks")  # fmt: skip


def make_deal(owner, number, domain):
    person = owner.post("/persons", {
        "name": f"Buyer {number}", "emails": [{"address": f"buyer{number}@{domain}"}],
    })["id"]  # fmt: skip
    return owner.post("/deals", {
        "name": f"Press {number}", "person": person,
        "sales_lines": [{"text": "Press", "quantity": 1, "price": "100.00"}],
    })["id"]  # fmt: skip


def insist(rest, method, path, body):
    """Ask until it is done, as a program does whose answer was lost; what it brings names itself."""

    def done():
        status, said = rest.ask(method, path, body, **{"If-Match": "*"})
        if status in (200, 201) or (status == 422 and "received before" in str(said)):
            return True
        if status and status < 500:
            raise Refused(f"{method} {path}: {status} {said}")
        return False

    eventually(done)


def check(firm):
    """Let the mailbox be read soon; when the page cannot be asked just now, the job of every minute does it."""
    with contextlib.suppress(OSError, Refused):
        firm.browser(OWNER).post(f"/connections/{firm.mailbox_id}/check")


def states(owner, process):
    return dict(collections.Counter(one["state"] for one in owner.rows("runs", fits(process=process))))


class Killer:
    """Kills processes at random moments; starts the server again when it was all of it, as an operator's init does."""

    def __init__(self, firm):
        self.firm, self.killed, self.busy = firm, collections.Counter(), 0
        self._chance, self._stop = random.Random(11), threading.Event()
        self._fault, self._thread = None, threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.finish()

    def finish(self):
        """All kills are done."""
        self._thread.join()
        if self._fault is not None:
            raise self._fault

    def _run(self):
        try:
            for kind in KILLS:
                self._wait_for(kind)
                time.sleep(self._chance.uniform(0, 0.05))
                assert self.firm.kill(kind), f"there was no {kind} to kill"
                self.killed[kind] += 1
                if kind == "server":
                    self.firm.start()
                self._let_leases_end()
        except Exception as fault:  # told by whoever waits for it
            self._fault = fault

    def _wait_for(self, kind):
        """A process of this kind is there; a worker that holds a job, as long as one comes within some seconds."""
        eventually(lambda: kind == "server" or self.firm.pids(kind))
        ends_s = time.monotonic() + (8 if kind == "worker" else 0)
        while time.monotonic() < ends_s:
            if self._running():
                self.busy += 1
                return
            time.sleep(0.005)

    def _running(self):
        pids = self.firm.pids("worker")
        with self.firm.database.reader.connect() as connection:
            workers = list(connection.execute(
                sa.select(job_table.c.worker).where(job_table.c.status == "running")).scalars())  # fmt: skip
        return any(f":{pid}:" in one for one in workers for pid in pids)

    def _let_leases_end(self):
        """What a dead process holds is free, as it is some time later."""
        pids = self.firm.pids("worker")
        with self.firm.database.engine.begin() as connection:
            rows = connection.execute(
                sa.select(job_table.c.id, job_table.c.worker).where(job_table.c.status == "running")).all()  # fmt: skip
            dead = [row.id for row in rows if not any(f":{pid}:" in row.worker for pid in pids)]
            connection.execute(sa.update(job_table).where(job_table.c.id.in_(dead)).values(lease_until=utc_now()))
