"""Deals goes, another provider of deals/1 with other tables comes, and back, on real processes and under traffic.

Nothing that a person or program relies on may change: ids, links, what was said, history, stages, saved views and
addresses, the sums per stage; no request may fail except by a clear "try again in seconds".
"""

import hashlib
import itertools
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import select
from switch_lab import ADMIN, WORDS, Api, kumiko, served, wait_until

from kumiko.jobs.models import job_table
from kumiko_contracts.deals import SHAPES
from kumiko_testing import policy

EXAMPLE = Path(__file__).parents[2] / "examples" / "kumiko-deals-lite"
SHARED = Path(os.environ.get("KUMIKO_SHARED") or Path(__file__).parents[3] / "shared")
FILE = SHARED / "data" / "b2b-sales" / "sales_pipeline.csv"
CLIENTS = 3
ROWS = int(os.environ.get("KUMIKO_REPLACE_ROWS", "2500"))  # of the 8,800 of the file
BASE = ("owner", "team", "tags", "external_ids", "created_at", "updated_at")
IMPORT = (
    "--map", "external_id=opportunity_id", "--map", "name=opportunity_id",
    "--map", "organization=account", "--map", "outcome=deal_stage", "--map", "opened_on=engage_date",
    "--map", "closed_on=close_date", "--map", "amount=close_value", "--set", "currency=USD",
    "--values", "outcome:Prospecting=open", "--values", "outcome:Engaging=open", "--key", "external_id",
    "--create", "organizations",
)  # fmt: skip


def with_sales_file(url):
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--empty", "--modules", "deals,sales", "--admin", ADMIN, "--password", WORDS)
        part = Path(home) / "part.csv"
        with FILE.open(encoding="utf-8") as whole:
            part.write_text("".join(itertools.islice(whole, ROWS + 1)), "utf-8")
        kumiko(url, home, "import", "deals", str(part), *IMPORT)


@pytest.fixture
def installation(zoo, clone_database, tmp_path, monkeypatch):
    if not FILE.is_file():
        policy.missing(f"the sales file is not at {FILE}")
    zoo.install_project(EXAMPLE)
    monkeypatch.setenv("PYTHONPATH", zoo.python_path)
    with served(clone_database("deals of a year", with_sales_file), tmp_path) as made:
        yield made


class Client(Api):
    """An API client that takes "busy for seconds" for what it is and asks again."""

    waits = 0

    def do(self, method, path, body=None, *, headers=None):
        for _attempt in range(20):
            status, said = self.ask(method, path, body)
            if status != 503 or said.get("type") != "/problems/busy":
                return status, said
            self.strange.pop()
            self.waits += 1
            time.sleep(0.5)
        return status, said


def pages(api, path):
    found, cursor = [], ""
    while True:
        status, said = api.ask("GET", f"{path}&limit=200{f'&after={cursor}' if cursor else ''}")
        assert status == 200, said
        found += said["data"]
        cursor = said["next"]
        if not cursor:
            return found


def export(api):
    """The contract's export: every record of its types with what every provider keeps, by id."""
    found = {}
    for shape in SHAPES:
        names = ",".join((*(one.name for one in shape.fields), *BASE))
        found[shape.key] = pages(api, f"/{shape.collection}?sort=id&fields={names}")
    return found


def checksum(exported):
    return hashlib.sha256(json.dumps(exported, sort_keys=True).encode()).hexdigest()[:16]


def replace(api, database, old, new):
    """Replace and wait for it; the figures that the job kept."""
    status, said = api.ask("POST", f"/plugins/{old}/replace", {"by": new})
    assert status == 202, said
    api.strange.pop()
    api.statuses[202] -= 1
    job = {}

    def is_over():
        job.update(api.ask("GET", f"/jobs/{said['job']}")[1])
        return job["status"] in ("done", "dead", "cancelled")

    wait_until(is_over, 120)
    assert job["progress"]["note"] == f"{new} has taken over", job
    with database.reader.connect() as connection:
        kept = connection.execute(select(job_table.c.checkpoint).where(job_table.c.id == said["job"])).scalar_one()
    return {name: kept[name] for name in ("records", "caught_up", "waited_s", "held_s", "took_s")}


def work(api, number, over, made):
    """Make deals, win, reopen and change them, log calls: what a seller does all day, and all of it must work."""
    turn = 0
    while not over.is_set():
        turn += 1
        status, deal = api.do(
            "POST", "/deals", {"name": f"Deal {number}-{turn}", "amount": {"value": "10.00", "currency": "EUR"}}
        )
        assert status == 201, deal
        wanted = made[deal["id"]] = {"name": deal["name"], "outcome": "open", "next_step": None, "said": 0}
        status, said = api.do("POST", "/interactions", {"kind": "call", "body": "He likes it", "deal": deal["id"]})
        assert status == 201, said
        wanted["said"] = 1
        if turn % 2:
            assert api.do("POST", f"/deals/{deal['id']}/win", {})[0] == 200
            wanted["outcome"] = "won"
        if turn % 4 == 1:
            assert api.do("POST", f"/deals/{deal['id']}/reopen", {})[0] == 200
            wanted["outcome"] = "open"
        if turn % 3 == 0:
            status, said = api.do("POST", "/deals/bulk", {"ids": [deal["id"]], "set": {"next_step": "call again"}})
            assert (status, said["changed"]) == (200, 1), said
            wanted["next_step"] = "call again"
        api.do("GET", "/deals?limit=20&sort=-created_at")
        time.sleep(0.05)


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
@pytest.mark.timeout(600)
def test_another_provider_takes_over_and_gives_back_while_people_work(installation):
    url, home, base, database = installation
    token = kumiko(url, home, "token", "create", "--user", ADMIN).split()[-1]
    admin = Client(base, token)
    # A record of each kind that must survive: a saved view, something said, a history with an undo to come.
    first = admin.ask("GET", "/deals?limit=1&outcome=open&sort=id")[1]["data"][0]
    wanted = {"filter": {"f": "outcome", "op": "eq", "v": "open"}, "sort": "-amount"}
    status, view = admin.ask("POST", "/views", {"name": "Open ones", "collection": "deals", **wanted})
    assert status == 201, view
    assert admin.ask("POST", "/interactions", {"kind": "note", "body": "Said before", "deal": first["id"]})[0] == 201
    status, changed = admin.ask("POST", "/deals/bulk", {"ids": [first["id"]], "set": {
        "next_step": "visit", "description": "A long story"}})  # fmt: skip
    assert status == 200, changed

    before, stages = export(admin), Counter(one["stage"]["id"] for one in pages(admin, "/deals?fields=stage"))
    started = time.monotonic()
    quiet = replace(admin, database, "deals", "deals-lite")
    quiet_s = time.monotonic() - started
    after = export(admin)
    assert checksum(after) == checksum(before)
    assert Counter(one["stage"]["id"] for one in pages(admin, "/deals?fields=stage")) == stages
    assert admin.ask("GET", f"/views/{view['id']}")[1] == view
    history = admin.ask("GET", f"/deals/{first['id']}/history")[1]["data"]
    assert {one["unit"] for one in history} >= {changed["unit"]}
    # An undo of what was written before: what this provider keeps goes back, the rest waits for the other one.
    status, undone = admin.ask("POST", f"/units/{changed['unit']}/undo", {})
    assert (status, undone["waiting"]) == (200, ["deals"]), undone
    assert admin.ask("GET", f"/deals/{first['id']}")[1]["next_step"] is None

    clients, made, over = [Client(base, token) for _ in range(CLIENTS)], {}, threading.Event()
    threads = [threading.Thread(target=work, args=(api, n, over, made)) for n, api in enumerate(clients)]
    for thread in threads:
        thread.start()
    try:
        time.sleep(1)
        busy = replace(admin, database, "deals-lite", "deals")
        time.sleep(1)
        back = replace(admin, database, "deals", "deals-lite")
        time.sleep(1)
        again = replace(admin, database, "deals-lite", "deals")
        time.sleep(1)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    statuses = sum((api.statuses for api in clients), Counter())
    waits = sum(api.waits for api in clients)
    assert [line for api in (*clients, admin) for line in api.strange] == []
    assert set(statuses) <= {200, 201, 503}
    now = {one["id"]: one for one in pages(admin, "/deals?fields=name,outcome,next_step,stage")}
    assert {deal_id: {name: now[deal_id][name] for name in ("name", "outcome", "next_step")} for deal_id in made} == {
        deal_id: {name: wanted[name] for name in ("name", "outcome", "next_step")} for deal_id, wanted in made.items()
    }
    said = Counter(one["deal"]["id"] for one in pages(admin, "/interactions?fields=deal") if one["deal"])
    assert {deal_id: said[deal_id] for deal_id in made} == {deal_id: wanted["said"] for deal_id, wanted in made.items()}
    assert len(now) == len(before["deals.deal"]) + len(made)
    kinds = {one["id"]: one["kind"] for one in admin.ask("GET", "/stages?limit=50&fields=name,kind")[1]["data"]}
    assert all(kinds[one["stage"]["id"]] == one["outcome"] for one in now.values())
    # The field that the other one does not keep was there all the time, and the undo finishes now.
    assert admin.ask("GET", f"/deals/{first['id']}")[1]["description"] == "A long story"
    status, undone = admin.ask("POST", f"/units/{changed['unit']}/undo", {})
    assert (status, undone["waiting"]) == (200, []), undone
    assert admin.ask("GET", f"/deals/{first['id']}")[1]["description"] is None
    line = (
        f"{len(before['deals.deal'])} deals quiet in {quiet_s:.1f} s; under traffic {sum(statuses.values())} requests"
    )
    sys.stdout.write(
        f"{line} {dict(statuses)}, {waits} asked again, {len(made)} deals made, checksum {checksum(before)}\n"
    )
    for name, job in (("quiet", quiet), ("busy", busy), ("back", back), ("again", again)):
        sys.stdout.write(f"{name}: {job}\n")
