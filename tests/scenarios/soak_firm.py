"""A firm of 32 people that is served by real processes on a database which can be killed, too."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from story_lab import CORE, MODULES, OWNER, Firm, Rest, eventually

from kumiko.access import accounts
from kumiko_testing import postgres, rundir
from kumiko_testing.ports import free_port
from kumiko_testing.records import open_house

SELLERS, HEADS = 24, 4


@contextmanager
def own_cluster():
    """A PostgreSQL server of this test alone, that keeps what it has confirmed; gives it.

    It lies in the run's folder: the server's own user cannot get into pytest's.
    """
    binaries = postgres.find_binaries()
    assert binaries is not None, "no PostgreSQL is installed"
    cluster = Cluster(binaries, rundir.current() / "soak-cluster")
    try:
        cluster.make()
        yield cluster
    finally:
        cluster.run("pg_ctl", "stop", "-D", cluster.data, "-m", "immediate", "-w", check=False)
        shutil.rmtree(cluster.data, ignore_errors=True)


class Cluster:
    def __init__(self, binaries, data):
        self.binaries, self.data, self.port = binaries, data, free_port(30000, 30990)
        self.url = f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/soak"

    def make(self):
        self.data.mkdir(mode=0o700)
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", -1)
        self.run("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        settings = {
            "listen_addresses": "127.0.0.1", "port": str(self.port), "unix_socket_directories": str(self.data),
            "max_connections": "120", "shared_buffers": "128MB", "timezone": "UTC", "fsync": "off",
        }  # fmt: skip
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{key} = '{value}'\n" for key, value in settings.items())
        self.start()
        self.run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "soak")

    def start(self):
        self.run("pg_ctl", "start", "-D", self.data, "-l", self.data / "log", "-w", "-t", "120")

    def crash(self):
        """End it as a power cut would, without a checkpoint, and start it again."""
        self.run("pg_ctl", "stop", "-D", self.data, "-m", "immediate", "-w")
        time.sleep(random.uniform(0.5, 3))
        self.start()

    def kill_a_backend(self):
        """SIGKILL to one connection's process: the server ends all others and recovers."""
        master = int((self.data / "postmaster.pid").read_text().split()[0])
        found = [
            int(entry)
            for entry in os.listdir("/proc")
            if entry.isdecimal() and "postgres: postgres soak 127.0.0.1" in _words(entry) and _parent(entry) == master
        ]
        if found:
            os.kill(random.choice(found), signal.SIGKILL)
        return bool(found)

    def run(self, name, *arguments, check=True):
        command = [str(self.binaries / name), *(str(one) for one in arguments)]
        as_user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run(command, check=check, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, **as_user)  # fmt: skip


def _words(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return ""


def _parent(pid):
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return 0


class SoakFirm(Firm):
    """Sellers, heads, an analyst and administrators, each with a token and in a team."""

    def __init__(self, url, home):
        super().__init__(url, home, None, "")
        house = open_house(url, home, CORE, MODULES)
        try:
            with house.acting(via="cli"):
                from kumiko import create
                from kumiko.host import settings

                settings.put({"rest.requests_per_minute": 0})
                teams = [create("access.team", {"name": f"Team {number}"}).id for number in range(HEADS)]
                for number in range(SELLERS + HEADS):
                    role = "seller" if number < SELLERS else "head"
                    email = f"{role}{number}@firm.example"
                    user_id = accounts.add_user(f"{role.title()} {number}", email, roles=[role],
                                                team_id=teams[number % HEADS])  # fmt: skip
                    self.people[email] = user_id
                    self.rest[email] = Rest(self.base, accounts.make_token(user_id))
        finally:
            house.database.close()
        self.crowd = [email for email in self.rest if email != OWNER]
        assert len(self.rest) == 32

    def restart(self, workers):
        self.kill("server")
        self.start(workers)


class Trouble:
    """What goes wrong while people work: kills of processes and of the database, modules switched off and on."""

    def __init__(self, firm, cluster, *, workers, every_s, seed):
        self.firm, self.cluster, self.workers, self.every_s = firm, cluster, workers, every_s
        self.chance, self.done, self.fault = random.Random(seed), {}, None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _run(self):
        kinds = ["worker", "web", "server", "switch", "switch"] + (["backend", "database"] if self.cluster else [])
        try:
            while not self._stop.wait(self.chance.uniform(0.5, 1.5) * self.every_s):
                if not kinds:
                    break
                kind = self.chance.choice(kinds)
                if self._do(kind):
                    self.done[kind] = self.done.get(kind, 0) + 1
        except Exception as fault:  # told by the test
            self.fault = fault

    def _do(self, kind):
        if kind == "server":
            self.firm.restart(self.workers)
        elif kind in ("worker", "web"):
            return bool(self.firm.kill(kind))
        elif kind == "backend":
            return self.cluster.kill_a_backend()
        elif kind == "database":
            self.cluster.crash()
        else:
            name = self.chance.choice(("tasks", "analytics", "integrations"))
            self._switch(name, "disable")
            time.sleep(self.chance.uniform(0.5, 4))
            self._switch(name, "enable")
        return True

    def _switch(self, name, verb):
        def done():
            status, _said = self.firm.owner.ask("POST", f"/plugins/{name}/{verb}", {})
            if status == 200:
                return True
            states = self.firm.owner.ask("GET", "/plugins")[1].get("data", ())
            wanted = "enabled" if verb == "enable" else "disabled"
            return any(one["name"] == name and one["state"] == wanted for one in states)

        eventually(done, limit_s=180)
