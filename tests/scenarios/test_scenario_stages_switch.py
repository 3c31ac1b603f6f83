"""Sales is taken out and put in again twenty times while people win, reopen and make deals, on real processes.

Deals stay whole all the time; when sales is back for good, every deal stands in a stage that its outcome says, and the
sums per stage are those of the deals themselves.
"""

import sys
import tempfile
import threading
import time
from collections import Counter

import pytest
from switch_lab import ADMIN, WORDS, Api, kumiko, served, stored_ids, wait_until

SWITCHES, CLIENTS = 20, 3


def with_both(url):
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--empty", "--modules", "deals,sales", "--admin", ADMIN, "--password", WORDS)


@pytest.fixture
def installation(clone_database, tmp_path):
    with served(clone_database("sales served", with_both), tmp_path) as made:
        yield made


def work(api, number, over, made):
    """Make a deal, win it, sometimes reopen it, change amounts: nothing of it needs sales, and nothing may fail."""
    turn = 0
    while not over.is_set():
        turn += 1
        kind, said = api.ask(
            "POST", "/deals", {"name": f"Deal {number}-{turn}", "amount": {"value": "10.00", "currency": "EUR"}}
        )
        assert kind == 201, said
        made.append(said["id"])
        if turn % 2:
            api.ask("POST", f"/deals/{said['id']}/win", {})
        if turn % 4 == 1:
            api.ask("POST", f"/deals/{said['id']}/reopen", {})
        api.ask("GET", "/deals?limit=20&sort=-created_at")
        time.sleep(0.1)  # people pause, and the server needs the two cores too


def rows(api, query):
    found, cursor = [], ""
    while True:
        status, said = api.ask("GET", f"/deals?limit=200&{query}{f'&after={cursor}' if cursor else ''}")
        assert status == 200, said
        found += said["data"]
        cursor = said["next"]
        if not cursor:
            return found


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
@pytest.mark.timeout(420)
def test_stages_follow_what_happened_while_sales_was_off(installation):
    url, home, base, _database = installation
    token = kumiko(url, home, "token", "create", "--user", ADMIN).split()[-1]
    admin = Api(base, token)
    clients = [Api(base, token) for _ in range(CLIENTS)]
    over, made = threading.Event(), []
    threads = [threading.Thread(target=work, args=(api, n, over, made)) for n, api in enumerate(clients)]
    for thread in threads:
        thread.start()
    try:
        for turn in range(SWITCHES):
            verb = "disable" if turn % 2 == 0 else "enable"
            kind, said = admin.ask("POST", f"/plugins/sales/{verb}", {})
            assert (kind, said.get("switched")) == (200, ["sales"]), said
            time.sleep(0.7)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    statuses = sum((api.statuses for api in clients), Counter())
    sys.stdout.write(f"{sum(statuses.values())} requests {dict(statuses)}, {len(made)} deals\n")
    assert [line for api in (*clients, admin) for line in api.strange] == []
    assert set(statuses) == {200, 201}

    _kind, said = admin.ask("GET", "/stages?limit=50&fields=name,kind")
    kinds = {one["id"]: one["kind"] for one in said["data"]}

    def all_right():
        found = rows(admin, "fields=name,outcome,stage")
        return all(one["stage"] and kinds[one["stage"]["id"]] == one["outcome"] for one in found)

    wait_until(all_right, 60)
    found = rows(admin, "fields=name,outcome,stage,amount")
    assert {one["id"] for one in found} == set(made) == stored_ids(admin, "/deals")
    for stage_id, count in Counter(one["stage"]["id"] for one in found).items():
        assert len(rows(admin, f"stage={stage_id}&fields=name")) == count
