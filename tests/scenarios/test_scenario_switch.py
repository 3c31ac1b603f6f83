"""A module with data is switched off and on fifty times while people and programs work in it, on real processes.

Two web processes and a worker serve; four clients read lists and cards and write. Nothing may fail but the kind 404
of the module that is off, every process follows, nothing written is lost, and no work is done twice.
"""

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from statistics import median

import pytest
from switch_lab import ADMIN, WORDS, Api, epoch_of, kumiko, reached, served, stored_ids, wait_until

SWITCHES = 50
CLIENTS = 4


def with_deals(url):
    with tempfile.TemporaryDirectory() as home:
        kumiko(url, home, "init", "--empty", "--modules", "deals", "--admin", ADMIN, "--password", WORDS)


@pytest.fixture
def installation(clone_database, tmp_path):
    with served(clone_database("deals served", with_deals), tmp_path) as made:
        yield made


def work(api, number, over, made):
    """Write a deal, read its card and the list; then write a customer, which belongs to the core: always there."""
    turn = 0
    while not over.is_set():
        turn += 1
        kind, said = api.ask(
            "POST", "/deals", {"name": f"Deal {number}-{turn}", "amount": {"value": "10.00", "currency": "EUR"}}
        )
        if kind == 201:
            made.append(said["id"])
            api.ask("GET", f"/deals/{said['id']}")
        api.ask("GET", "/deals?limit=20&sort=-created_at")
        kind, said = api.ask("POST", "/organizations", {"name": f"Customer {number}-{turn}"})
        assert kind == 201, said
        time.sleep(0.1)  # people pause, and the server needs the two cores too


@pytest.mark.parametrize("database_kind", [pytest.param("sqlite", marks=pytest.mark.soak), "postgresql"], indirect=True)
@pytest.mark.timeout(420)
def test_fifty_switches_of_a_module_with_data_disturb_nobody(installation):
    url, home, base, database = installation
    token = kumiko(url, home, "token", "create", "--user", ADMIN).split()[-1]
    admin = Api(base, token)
    clients = [Api(base, token) for _ in range(CLIENTS)]
    over, made = threading.Event(), []
    threads = [threading.Thread(target=work, args=(api, n, over, made)) for n, api in enumerate(clients)]
    lags_s, worker_lags_s = [], []
    for thread in threads:
        thread.start()
    try:
        for turn in range(SWITCHES):
            verb = "disable" if turn % 2 == 0 else "enable"
            kind, said = admin.ask("POST", f"/plugins/deals/{verb}", {})
            assert (kind, said.get("switched")) == (200, ["deals"]), said
            answered_s = time.monotonic()
            # Whoever switched is answered by the new state at once, whichever process answers.
            assert admin.ask("GET", "/deals?limit=1")[0] == ("off" if verb == "disable" else 200)
            epoch = epoch_of(database)
            wait_until(lambda: reached(database, "web", epoch), 30)  # noqa: B023
            lags_s.append(time.monotonic() - answered_s)
            wait_until(lambda: reached(database, "worker", epoch), 30)  # noqa: B023
            worker_lags_s.append(time.monotonic() - answered_s)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    statuses = sum((api.statuses for api in clients), Counter())
    sys.stdout.write(
        f"{sum(statuses.values())} requests {dict(statuses)}; web followed in {median(lags_s):.2f} s (median), "
        f"{max(lags_s):.2f} s (worst); worker in {median(worker_lags_s):.2f} s, {max(worker_lags_s):.2f} s\n"
    )
    assert [line for api in (*clients, admin) for line in api.strange] == []
    assert set(statuses) == {200, 201, "off"}
    assert median(lags_s) < 5, "half a second on a free machine; this one may be busy"

    kinds = [api for api in clients if api.statuses["off"] == 0]
    assert kinds == [], "every client met the module both on and off"
    assert stored_ids(admin, "/deals") >= set(made)
    counts = json.loads(kumiko(url, home, "jobs", "list", "--json"))["counts"]
    assert counts["by_status"]["dead"] == 0
