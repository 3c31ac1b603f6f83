"""What belongs to no single record: bulk, units, changes, views, modules, jobs, sessions, the real server."""

import http.client
import json
import threading
import time
from datetime import timedelta

import pytest
import sqlalchemy as sa
from rest_lab import api, problem  # noqa: F401 - a fixture
from werkzeug.serving import make_server
from werkzeug.test import Client

from kumiko.access import sessions
from kumiko.access.forgery import make_token
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, transaction, use
from kumiko.records import bulk, service
from kumiko.rest import idempotency
from kumiko_testing.ports import free_port


@pytest.fixture
def root(api):
    return api.program("root")


def test_many_are_changed_in_one_unit_and_undone(root):
    ids = [root.make("things", name=f"n{number}", size=number)["id"] for number in range(4)]
    done = root.post("/things/bulk", {"ids": [*ids, ids[0], 999999], "set": {"state": "done", "code": "c"}})
    assert done.status_code == 200
    assert {**done.json, "unit": 0} == {
        "unit": 0, "changed": 4, "refused": [{"id": 999999, "reason": "not found, or not yours to change"}],
    }  # fmt: skip
    assert root.names("/things?state=done&sort=size") == ["n0", "n1", "n2", "n3"]

    unit = root.get(f"/units/{done.json['unit']}").json
    assert (unit["via"], unit["actor"], unit["count"], unit["undone_at"], unit["group"]) == (
        "api",
        "Root",
        4,
        None,
        False,
    )
    assert {entry["record"]["id"] for entry in unit["entries"]} == set(ids)

    root.patch(f"/things/{ids[0]}", {"code": "later"}, 2)
    undone = root.post(f"/units/{done.json['unit']}/undo").json
    assert (undone["reverted"], undone["refused"], undone["waiting"]) == (4, [], [])
    assert [(one["id"], one["field"]) for one in undone["overwritten"]] == [(ids[0], "code")]
    assert root.names("/things?state=open&sort=size") == ["n0", "n1", "n2", "n3"]
    assert root.get(f"/things/{ids[0]}").json["code"] == "later"
    assert root.get(f"/units/{done.json['unit']}").json["undone_at"] is not None
    assert problem(root.post(f"/units/{done.json['unit']}/undo"))[0] == 409
    assert problem(root.post("/units/999999/undo"))[0] == 404


def test_one_entry_or_field_is_undone_alone(root):
    path = f"/things/{root.make('things', name='x', size=1)['id']}"
    root.patch(path, {"name": "y", "size": 2}, 1)
    entry = root.get(f"{path}/history").json["data"][0]
    undone = root.post(f"/units/{entry['unit']}/undo", {"entry": entry["id"], "field": "size"})
    assert undone.status_code == 200, undone.text
    shown = root.get(path).json
    assert (shown["name"], shown["size"]) == ("y", 1)
    assert problem(root.post(f"/units/{entry['unit']}/undo", {"field": "size"}))[1].keys() == {"field"}


SENSELESS = [
    ({}, set()),
    ({"ids": [1]}, set()),
    ({"ids": [1], "filter": {"f": "name"}, "delete": True}, set()),
    ({"ids": [1], "set": {"name": "x"}, "delete": True}, set()),
    ({"ids": ["a"], "delete": True}, {"ids"}),
    ({"ids": 5, "delete": True}, {"ids"}),
    ({"filter": {}, "delete": True}, {"filter"}),
    ({"filter": "x", "delete": True}, {"filter"}),
    ({"filter": {"f": "colour", "op": "eq", "v": 1}, "delete": True}, {"colour"}),
    ({"ids": [1], "delete": 1}, {"delete"}),
    ({"ids": [1], "set": {}}, {"set"}),
    ({"ids": [1], "set": {"size": "big"}}, {"size"}),
    ({"ids": [1], "set": {"colour": "red"}}, {"colour"}),
    ({"ids": [1], "set": {"size": 1}, "why": "x"}, {"why"}),
]


def test_a_bulk_request_that_makes_no_sense_is_refused(root):
    for body, wrong in SENSELESS:
        status, errors = problem(root.post("/things/bulk", body))
        assert (status, set(errors)) == (422, wrong), body


def test_a_dry_run_says_what_would_happen_and_its_mark_binds_the_act(api, root):
    ids = [root.make("things", name=f"n{number}", size=number)["id"] for number in range(2)]
    change = {"ids": [*ids, 999999], "set": {"size": 1}}
    seen = root.post("/things/bulk", {**change, "dry_run": True}).json
    refused = [{"id": 999999, "reason": "not found, or not yours to change"}]
    assert seen == {"dry_run": True, "changed": 1, "equal": 1, "refused": refused, "mark": seen["mark"], "along": [],
                    "naming": []}  # fmt: skip
    root.patch(f"/things/{ids[0]}", {"code": "later"}, 1)
    assert problem(root.post("/things/bulk", {**change, "mark": seen["mark"]}))[0] == 409
    seen = root.post("/things/bulk", {**change, "dry_run": True}).json
    done = root.post("/things/bulk", {**change, "mark": seen["mark"]}).json
    assert (done["changed"], done["refused"], root.get(f"/things/{ids[0]}").json["size"]) == (1, refused, 1)

    root.make("remarks", name="r", thing=ids[0])
    gone = root.post("/things/bulk", {"ids": ids, "delete": True, "dry_run": True}).json
    assert (gone["changed"], gone["naming"], root.get(f"/things/{ids[0]}").status_code) == (
        2, [{"collection": "remarks", "field": "thing", "count": 1}], 200)  # fmt: skip
    wrong = [{"dry_run": 1}, {"mark": 5}, {"mark": "x" * 61}]
    assert [problem(root.post("/things/bulk", {**change, **one}))[0] for one in wrong] == [422] * 3
    assert problem(api.program("eve").post("/things/bulk", {**change, "dry_run": True}))[0] == 403


def test_what_matches_a_filter_is_deleted(api, root):
    for number in range(3):
        root.make("things", name=f"n{number}", size=number)
    large = {"f": "size", "op": "gte", "v": 1}
    assert root.post("/things/bulk", {"filter": large, "delete": True}).json["changed"] == 2
    assert root.names("/things") == ["n0"]
    assert problem(api.program("eve").post("/things/bulk", {"filter": {"and": []}, "delete": True}))[0] == 403


def test_tags_of_many_are_set_in_one_unit_and_undone(root):
    ids = [root.make("things", name=f"n{number}", tags=["red", str(number)])["id"] for number in range(2)]
    done = root.post("/things/bulk", {"ids": ids, "set": {"tags": ["b", "a"]}}).json
    assert (done["changed"], [root.get(f"/things/{one}").json["tags"] for one in ids]) == (2, [["a", "b"]] * 2)
    root.post(f"/units/{done['unit']}/undo")
    assert [root.get(f"/things/{one}").json["tags"] for one in ids] == [["0", "red"], ["1", "red"]]


def test_above_a_thousand_a_job_does_it_in_a_group(api, root, monkeypatch):
    assert bulk.AT_ONCE == 1000
    monkeypatch.setattr(bulk, "AT_ONCE", 20)  # the same work with fewer rows
    monkeypatch.setattr(bulk, "SLICE", 10)
    with use(api.host.context(principal=SYSTEM)):
        from kumiko.records import service
        from kumiko.records.units import unit

        with unit():
            for number in range(25):
                service.create("sample.thing", {"name": f"n{number}", "size": number})
    asked = root.post("/things/bulk", {"filter": {"and": []}, "set": {"size": 7}})
    assert (asked.status_code, set(asked.json)) == (202, {"unit", "job"})
    assert asked.headers["Location"] == f"/api/v1/jobs/{asked.json['job']}"
    assert root.get("/things?size=7&count=true").json["count"] == 1
    api.work()
    job = root.get(f"/jobs/{asked.json['job']}").json
    assert (job["status"], job["progress"]) == ("done", {"done": 25, "total": 25, "note": "24 changed"})
    assert root.get("/things?size=7&count=true").json["count"] == 25
    unit_said = root.get(f"/units/{asked.json['unit']}").json
    assert (unit_said["group"], unit_said["count"], unit_said["actor"]) == (True, 24, "Root")
    assert {(entry["via"], entry["group"]) for entry in unit_said["entries"]} == {("api", asked.json["unit"])}
    assert root.post(f"/units/{asked.json['unit']}/undo").json["reverted"] == 24
    assert root.get("/things?size=7&count=true").json["count"] == 1
    assert problem(api.program("ann").get(f"/jobs/{asked.json['job']}"))[0] == 404


def eventually(ask, enough, *, limit_s=20.0):
    """On PostgreSQL the feed waits for every older transaction of the cluster, those of other tests' databases too."""
    ends_at = time.monotonic() + limit_s
    while not enough(answer := ask()) and time.monotonic() < ends_at:
        time.sleep(0.2)
    return answer


def test_the_feed_misses_nothing_that_many_write_at_once(api, root):
    start = root.get("/changes?limit=500").json["next"]
    writers, made, read = 4, [], []
    ended = threading.Event()

    def write(program, name):
        for number in range(12):
            made.append(program.make("things", name=f"{name}{number}")["id"])

    def follow(program):
        after, ends_at = start, time.monotonic() + 60
        while time.monotonic() < ends_at and not (ended.is_set() and len(read) >= len(made)):
            page = program.get(f"/changes?after={after}&limit=3").json
            read.extend(entry["record"]["id"] for entry in page["data"])
            after = page["next"]

    threads = [threading.Thread(target=write, args=(api.program("root"), f"w{one}-")) for one in range(writers)]
    reader = threading.Thread(target=follow, args=(api.program("root"),))
    for thread in (reader, *threads):
        thread.start()
    for thread in threads:
        thread.join()
    ended.set()
    reader.join()

    assert sorted(read) == sorted(made)
    assert len(made) == 12 * writers


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_the_feed_waits_for_a_transaction_that_began_before_what_it_could_tell(api, root):
    """Ids are given when rows are written, not when they are committed: a cursor by id would pass the slow one."""
    start = root.get("/changes?limit=500").json["next"]
    with use(api.host.context(principal=SYSTEM, via="web")), transaction():
        slow = service.create("sample.thing", {"name": "slow"}).id
        quick = api.program("root").make("things", name="quick")["id"]
        during = root.get(f"/changes?after={start}").json
    # Other tests' transactions on the same server hold the feed back, too.
    after = eventually(lambda: root.get(f"/changes?after={during['next']}").json, lambda told: len(told["data"]) == 2)

    assert [entry["record"]["id"] for entry in during["data"]] == []
    assert sorted(entry["record"]["id"] for entry in after["data"]) == sorted([slow, quick])


def test_changes_are_told_without_gap_and_only_to_those_who_may_see_them(api, root):
    ann = api.program("ann")
    start = root.get("/changes?limit=500").json
    assert start["more"] is False
    after = start["next"]
    mine = ann.make("things", name="mine")
    hers = root.make("things", name="hers")
    ann.patch(f"/things/{mine['id']}", {"size": 2}, 1)

    def feed(program, after):
        found = []
        while True:
            page = program.get(f"/changes?after={after}&limit=1").json
            found += page["data"]
            after = page["next"]
            if not page["more"]:
                return [(one["record"]["name"], one["action"], one["version"]) for one in found], after

    all_of_them, end = eventually(lambda: feed(root, after), lambda told: len(told[0]) == 3)
    assert all_of_them == [("mine", "created", 1), ("hers", "created", 1), ("mine", "changed", 2)]
    assert feed(ann, after)[0] == [("mine", "created", 1), ("mine", "changed", 2)]
    assert feed(root, end)[0] == []
    root.delete(f"/things/{hers['id']}", 1)
    assert eventually(lambda: feed(root, end), lambda told: bool(told[0]))[0] == [("hers", "deleted", 2)]
    for wrong in ("x", "W10", "WzEsInh4Il0", "WzkyMjMzNzIwMzY4NTQ3NzU4MDgsMF0"):
        assert problem(root.get(f"/changes?after={wrong}"))[1].keys() == {"after"}


def test_views_are_kept_shared_and_paused(api, root):
    ann, ben = api.program("ann"), api.program("ben")
    query = {"filter": {"f": "size", "op": "gt", "v": 3}, "sort": "-size", "columns": ["name", "size"], "q": ""}
    made = ann.post("/views", {"collection": "things", "name": "Large", **query})
    assert made.status_code == 201
    view = {
        "id": made.json["id"], "collection": "things", "type": "sample.thing", "name": "Large", "shared": False,
        "mine": True, **query, "paused": "", "group": "", "kind": "list", "widths": {}, "board": {},
        "sharing": {"everybody": False, "teams": [], "users": []}, "default": False, "default_roles": [],
    }  # fmt: skip
    assert made.json == view
    assert ann.get(made.headers["Location"]).json == view
    assert ann.get("/views?collection=things").json["data"] == [view]
    assert ann.get("/views?collection=topics").json["data"] == []
    path = f"/views/{view['id']}"
    assert problem(ben.get(path))[0] == 404
    assert ann.patch(path, {"shared": True, "sort": None}).json == {
        **view, "shared": True, "sort": "", "sharing": {"everybody": True, "teams": [], "users": []},
    }  # fmt: skip
    assert ben.get(path).json["mine"] is False
    assert problem(ben.patch(path, {"name": "Mine"}))[0] == 403
    assert problem(ben.delete(path))[0] == 403
    with api.database.engine.begin() as connection:
        kept = {"filter": {"f": "stage", "op": "eq", "v": 1}}
        connection.execute(
            sa.text("UPDATE records_view SET query = :query WHERE id = :id"),
            {"query": json.dumps(kept), "id": view["id"]},
        )
    assert "stage" in ben.get(path).json["paused"]
    assert ann.delete(path).status_code == 204
    assert problem(ann.get(path))[0] == 404
    for body, wrong in (
        ({"collection": "things"}, "name"),
        ({"name": "x"}, "collection"),
        ({"collection": "things", "name": 5}, "name"),
        ({"collection": "things", "name": "x", "sort": "colour"}, "colour"),
        ({"collection": "things", "name": "x", "columns": ["colour"]}, "columns"),
        ({"collection": "things", "name": "x", "columns": "name"}, "columns"),
        ({"collection": "things", "name": "x", "filter": []}, "filter"),
        ({"collection": "things", "name": "x", "shared": "maybe"}, "shared"),
        ({"collection": "things", "name": "x", "colour": 1}, "colour"),
    ):
        status, errors = problem(ann.post("/views", body))
        assert (status, set(errors)) == (422, {wrong}), body


def test_modules_are_listed_and_switched_by_those_who_may(api, root):
    listed = root.get("/plugins").json["data"]
    states = {one["name"]: one["state"] for one in listed}
    assert states["rest"] == states["records"] == "core"
    assert root.get("/plugins/rest").json == {**next(one for one in listed if one["name"] == "rest"), "features": []}
    ann = api.program("ann")
    assert "failures" not in ann.get("/plugins/rest").json
    assert problem(ann.post("/plugins/rest/disable"))[0] == 403
    assert problem(root.post("/plugins/nothing/enable"))[0] == 404
    assert problem(root.post("/plugins/nothing/disable"))[0] == 404
    assert problem(root.post("/plugins/rest/disable"))[0] == 409
    assert problem(root.post("/plugins/rest/disable", {"cascade": "perhaps"}))[0] == 422


def test_jobs_are_for_those_who_look_after_them(api, root):
    assert problem(api.program("ann").get("/jobs"))[0] == 403
    with use(api.host.context(principal=SYSTEM)):
        from kumiko.host.context import transaction
        from kumiko.jobs.queue import enqueue

        with transaction():
            ids = [enqueue("jobs.prune", {}, run_at=utc_now() + timedelta(hours=1)) for _ in range(3)]
    first = root.get("/jobs?limit=2&name=jobs.prune").json
    rest = root.get(f"/jobs?limit=2&name=jobs.prune&before={first['next']}").json
    assert [one["id"] for one in first["data"] + rest["data"]] == ids[::-1]
    assert root.post(f"/jobs/{ids[0]}/cancel").json["status"] == "cancelled"
    assert problem(root.post(f"/jobs/{ids[0]}/cancel"))[0] == 409
    assert root.post(f"/jobs/{ids[0]}/retry").json["status"] == "ready"
    assert problem(root.get("/jobs?status=odd"))[0] == 422
    assert problem(root.post("/jobs/999999/retry"))[0] == 404


def test_old_keys_are_forgotten(api, root):
    for key in ("old", "new"):
        root.post("/things", {"name": key}, headers={"Idempotency-Key": key})
    with api.database.engine.begin() as connection:
        connection.execute(
            sa.text("UPDATE records_idempotency SET at = :at WHERE key = 'old'"),
            {"at": (utc_now() - timedelta(days=8)).replace(tzinfo=None).isoformat(" ")},
        )
    with use(api.host.context(principal=SYSTEM)):
        from kumiko.host.context import transaction

        with transaction():
            idempotency.forget(None)
    for key in ("old", "new"):
        root.post("/things", {"name": key}, headers={"Idempotency-Key": key})
    assert sorted(root.names("/things")) == ["new", "old", "old"]


def test_a_signed_in_browser_uses_the_api_with_its_token_against_forgery(api):
    with use(api.host.context(principal=SYSTEM)):
        cookie = sessions.start(api.user_id("root"))
    browser = Client(api.host)
    browser.set_cookie("km_session", cookie, domain="crm.local")
    assert browser.get("/api/v1/me", base_url="http://crm.local").json["name"] == "Root"
    send = {"json": {"name": "x"}, "base_url": "http://crm.local"}
    assert problem(browser.post("/api/v1/things", **send))[0] == 403
    word = make_token("k" * 40, f"session:{cookie}")
    made = browser.post("/api/v1/things", headers={"X-CSRF-Token": word}, **send)
    assert made.status_code == 201, made.text
    history = browser.get(f"/api/v1/things/{made.json['id']}/history", base_url="http://crm.local").json
    assert history["data"][0]["via"] == "web"
    elsewhere = {"X-CSRF-Token": word, "Origin": "http://evil.example"}
    assert problem(browser.post("/api/v1/things", headers=elsewhere, **send))[0] == 403


def test_a_real_server_answers_the_same(api, root):
    port = free_port()
    server = make_server("127.0.0.1", port, api.host, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {**root.headers, "Content-Type": "application/json"}
        link.request("POST", "/api/v1/things", json.dumps({"name": "Lämp"}), headers)
        made = link.getresponse()
        record = json.load(made)
        assert (made.status, made.headers["ETag"], record["name"]) == (201, '"1"', "Lämp")
        link.request("GET", f"/api/v1/things/{record['id']}", headers={**root.headers, "If-None-Match": '"1"'})
        assert link.getresponse().status == 304
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        link.putrequest("POST", "/api/v1/things")
        link.putheader("Authorization", root.headers["Authorization"])
        link.putheader("Content-Type", "application/json")
        link.putheader("Content-Length", "9000000")
        link.endheaders()
        assert link.getresponse().status == 413
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        link.request("GET", "/api/v1/things?name=%FF%FE&sort=%00", headers=root.headers)
        assert link.getresponse().status == 422
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_past_and_what_an_undo_would_do_are_read_over_rest(root):
    thing = root.make("things", name="first", size=1)
    path = f"/things/{thing['id']}"
    then = root.get(path).json["updated_at"]
    root.patch(path, {"name": "second", "size": 2}, 1)
    root.patch(path, {"name": "third"}, 2)
    assert root.get(f"{path}?as_of={then}").json["name"] == "first"
    assert [one["name"] for one in root.get(f"/things?as_of={then}&id={thing['id']}&fields=name").json["data"]] == [
        "first"
    ]
    assert [root.get(f"{path}?as_of={text}").status_code for text in ("2020-01-01", "soon", "2190-01-01")] == [
        404,
        422,
        422,
    ]
    unit = root.get(f"{path}/history").json["data"][1]["unit"]
    (conflict,) = root.get(f"/units/{unit}/undo").json["conflicts"]
    assert {name: conflict[name] for name in ("field", "now", "back", "actor")} == {
        "field": "name", "now": "third", "back": "first", "actor": "Root",
    }  # fmt: skip
    wrong = root.post(f"/units/{unit}/undo", {"put_back": [{"id": 1}]})
    assert problem(wrong)[1].keys() == {"put_back"}
    done = root.post(f"/units/{unit}/undo", {"put_back": [{"id": thing["id"], "field": "name"}]}).json
    assert (done["put_back"], done["overwritten"], root.get(path).json["name"]) == (1, [], "first")


def test_what_lies_in_the_bin_is_named_when_it_is_made_again(root):
    thing = root.make("things", name="x", external_id="B7")
    root.delete(f"/things/{thing['id']}", 1)
    refused = problem(root.post("/things", {"name": "x", "external_id": "B7"}))
    assert f"/api/v1/things/{thing['id']}/restore" in refused[1]["external_id"][0]
    assert root.post("/things?binned=new", {"name": "x", "external_id": "B7"}).status_code == 201
    assert problem(root.post(f"/things/{thing['id']}/restore"))[1].keys() == {"external_id"}
