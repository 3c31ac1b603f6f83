"""Somebody leaves: everything goes to successors as the preview said, in one group that an undo takes back."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import admin_lab
import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from kumiko.access import accounts
from kumiko.access.models import USER
from kumiko.host.columns import table_of, utc_now
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker
from kumiko.leaving import inventory, services
from kumiko.leaving.models import HAND_OVER
from kumiko.notify.services import own_notices
from kumiko.records import history, service, undo
from kumiko.records.catalogue import catalogue
from kumiko.records.models import SavedView
from kumiko.records.saved_views import create_view

DEAL, PERSON = "deals.deal", "parties.person"


@pytest.fixture
def desk(clone_database, tmp_path):
    """Sal owns seven deals, five persons and a saved list; Una and Uwe will take over."""
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    with made.acting():
        made.una, made.uwe = (
            accounts.add_user(name, f"{name.lower()}@example.com", roles=["seller"], password=admin_lab.PASSWORD)
            for name in ("Una", "Uwe")
        )
    made.sal = made.user_id("sal@example.com")
    with made.acting("sal@example.com"):
        service.create_many(DEAL, [{"name": f"deal {number}"} for number in range(7)])
        service.create_many(PERSON, [{"last_name": f"person {number}"} for number in range(5)])
        create_view(catalogue().get(DEAL), "My list", {"filter": {"f": "name", "op": "contains", "v": "deal"}})
    yield made
    made.database.close()


def owned(desk):
    """Owner -> (deals, persons, saved lists)."""
    with desk.acting():
        view = table_of(SavedView)
        found = {one: [0, 0, 0] for one in (desk.sal, desk.una, desk.uwe)}
        for place, rows in enumerate((catalogue().get(DEAL).table, catalogue().get(PERSON).table)):
            for row in trusted(select(rows.c.owner_id)):
                found[row.owner_id][place] += 1
        for row in trusted(select(view.c.user_id)):
            found[row.user_id][2] += 1
        return {key: tuple(value) for key, value in found.items()}


def test_what_somebody_holds_goes_evenly_to_two_as_the_preview_said_and_comes_back_with_one_undo(desk):
    root, path = desk.browser(), f"/admin/users/{desk.sal}/leave"
    before = owned(desk)
    with desk.acting("root@example.com"):
        planned = services.plan(desk.sal, [desk.una, desk.uwe], "even")
        counts = {holding.key: counts for holding, counts in planned.rows}
    assert counts == {f"{DEAL}:owner": {desk.una: 4, desk.uwe: 3}, f"{PERSON}:owner": {desk.una: 3, desk.uwe: 2}}

    chosen = {"rule": "even", "successor": [str(desk.una), str(desk.uwe)]}
    assert "Hand over and close the way in" in root.submit(path, {**chosen, "preview": "1"}).text
    assert owned(desk) == before
    done = root.submit(path, {**chosen, "go": "1"})
    assert "12 records changed hands." in root.get(done.location).text
    assert owned(desk) == {desk.sal: (0, 0, 0), desk.una: (4, 3, 1), desk.uwe: (3, 2, 0)}
    assert admin_lab.Clicking(desk.host, "crm.local").sign_in("sal@example.com").status_code != 303
    with desk.acting("una@example.com"):
        assert [one.text for one in own_notices()] == ["You took over 7 records of Sal."]
    with desk.acting():
        one = next(row.id for row in trusted(select(catalogue().get(DEAL).table.c.id)))
        assert history.history(DEAL, one)[0].reason == "Sal leaves, taken over by Una, Uwe"
    with desk.acting("root@example.com"):
        group = service.get(HAND_OVER, int(done.location.rpartition("/")[2])).get("group_id")
        assert undo.undo(group).complete
    assert owned(desk) == before
    with desk.acting():
        assert service.get(USER, desk.sal).get("active") is True


def test_programs_preview_hand_over_and_undo_and_are_told_what_stays(desk):
    with desk.acting():
        tokens = {name: accounts.make_token(desk.user_id(f"{name}@example.com")) for name in ("root", "hedy", "sal")}

    def call(name, body, path="/hand-overs"):
        return desk.browser().client.open(
            f"/api/v1{path}", method="POST", json=body, headers={"Authorization": f"Bearer {tokens[name]}"},
            base_url="http://crm.local",
        )  # fmt: skip

    wish = {"person": desk.sal, "successors": [desk.una, desk.uwe], "rule": "even"}
    shown = call("root", {**wish, "dry_run": True}).json
    moves = {one["type"]: {to["user"]: to["count"] for to in one["to"]} for one in shown["moves"]}
    assert moves == {DEAL: {desk.una: 4, desk.uwe: 3}, PERSON: {desk.una: 3, desk.uwe: 2}}
    assert (shown["total"], shown["views"]) == (12, 1)
    assert {one["what"]: one["count"] for one in shown["stays"]} == {"Access tokens of programs": 1}
    refused = [call("root", {**wish, "successors": []}), call("root", {**wish, "rule": 7}), call("hedy", wish)]
    assert [one.status_code for one in refused] == [422, 422, 403]
    before = owned(desk)

    made = call("root", wish)
    assert (made.status_code, made.json["moved"], made.json["refused"]) == (201, 12, 0)
    assert owned(desk) == {desk.sal: (0, 0, 0), desk.una: (4, 3, 1), desk.uwe: (3, 2, 0)}
    assert call("sal", {}, "/persons").status_code == 401
    assert call("root", {}, f"/units/{made.json['group_id']}/undo").status_code == 200
    assert owned(desk) == before


def test_a_large_hand_over_is_a_job_that_goes_on_where_it_was_broken_off(desk, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 5)
    monkeypatch.setattr(services, "SLICE", 3)
    with desk.acting("root@example.com"):
        made = services.start(desk.sal, [desk.una], "one")
    stop, slices = threading.Event(), []

    def end_in_the_second_slice(_connection, _cursor, statement, *_more):
        if statement.startswith("UPDATE deals_deal"):
            slices.append(statement)
            if len(slices) == 2:
                stop.set()

    event.listen(Engine, "before_cursor_execute", end_in_the_second_slice)
    try:
        Worker(desk.host, stop).run_once()
    finally:
        event.remove(Engine, "before_cursor_execute", end_in_the_second_slice)
    half = owned(desk)
    assert 0 < half[desk.una][0] < 7
    assert half[desk.sal][2] == 1
    desk.work_off()
    assert owned(desk) == {desk.sal: (0, 0, 0), desk.una: (7, 5, 1), desk.uwe: (0, 0, 0)}
    with desk.acting("root@example.com"):
        view = service.get(HAND_OVER, made)
        assert (view.get("moved"), view.get("refused")) == (12, 0)
        assert undo.undo(view.get("group_id")).complete
    assert owned(desk)[desk.sal] == (7, 5, 1)


def test_a_hand_over_that_makes_no_sense_is_refused_with_a_sentence(desk):
    with desk.acting("root@example.com"):
        for successors, rule in (([], "one"), ([desk.una, desk.uwe], "one"), ([desk.sal], "even"), ([1 << 40], "even"),
                                 ([desk.una], "lots")):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                services.start(desk.sal, successors, rule)
            assert refused.value.errors
    assert desk.browser("hedy@example.com").get(f"/admin/users/{desk.sal}/leave").status_code == 403


def test_every_field_that_may_give_a_user_work_is_part_of_the_inventory(desk):
    with desk.acting():
        keys = {one.key for one in inventory.places()}
    assert {f"{DEAL}:owner", f"{PERSON}:owner", "access.team:head", "calendar.absence:deputy"} <= keys
    assert "calendar.absence:person_away" not in keys


WORKER = """
import sys, threading
from pathlib import Path
sys.path[:0] = {path!r}
import admin_lab
from kumiko.leaving import services
services.SLICE = 4
desk = admin_lab.Desk(sys.argv[1], Path(sys.argv[2]))
from kumiko.jobs.worker import worker_loop
worker_loop(desk.host, threading.Event(), poll_s=0.02)
"""


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_killed_workers_lose_and_double_nothing_of_a_hand_over(desk, tmp_path, monkeypatch):
    monkeypatch.setattr(services, "AT_ONCE", 5)
    with desk.acting("sal@example.com"):
        service.create_many(DEAL, [{"name": f"more {number}"} for number in range(393)])
    with desk.acting("root@example.com"):
        made = services.start(desk.sal, [desk.una, desk.uwe], "even")
    url = desk.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", WORKER.format(path=[str(Path(__file__).parent)]), url, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    kills = 0
    while owned(desk)[desk.sal] != (0, 0, 0) and kills < 14:
        process = subprocess.Popen(command, env=environment)
        before, until = owned(desk)[desk.sal][0], time.monotonic() + 120
        while owned(desk)[desk.sal][0] > before - 30 and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        kills += 1
        with desk.database.engine.begin() as connection:  # the lease is over at once instead of in a minute
            connection.execute(job_table.update().where(job_table.c.status == "running").values(lease_until=utc_now()))
    assert kills >= 10
    desk.work_off()
    assert owned(desk) == {desk.sal: (0, 0, 0), desk.una: (200, 3, 1), desk.uwe: (200, 2, 0)}
    with desk.acting("root@example.com"):
        ids = [row.id for row in trusted(select(catalogue().get(DEAL).table.c.id))]
        changes = [[one for one in history.history(DEAL, record_id) if one.action == "changed"] for record_id in ids]
        assert {len(one) for one in changes} == {1}
        view = service.get(HAND_OVER, made)
        assert (view.get("moved"), view.get("refused")) == (405, 0)
        assert undo.undo(view.get("group_id")).complete
    assert owned(desk)[desk.sal] == (400, 5, 1)
