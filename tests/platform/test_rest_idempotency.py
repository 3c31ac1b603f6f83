"""A POST that is sent twice with one Idempotency-Key is done once: creating, actions, bulk edits, undo, restoring."""

import threading

import pytest
from rest_lab import api, problem  # noqa: F401 - a fixture


@pytest.fixture
def root(api):
    return api.program("root")


def test_the_same_key_makes_one_record(root):
    headers = {"Idempotency-Key": "order-1"}
    first = root.post("/things", {"name": "x", "size": 1}, headers=headers)
    again = root.post("/things", {"size": 1, "name": "x"}, headers=headers)
    assert (first.status_code, again.status_code, again.json) == (201, 201, first.json)
    assert again.headers["Location"] == first.headers["Location"]
    assert problem(root.post("/things", {"name": "y"}, headers=headers))[0] == 409
    assert len(root.names("/things")) == 1


def test_a_refused_request_leaves_its_key_free_and_keys_belong_to_their_user(api, root):
    headers = {"Idempotency-Key": "k"}
    assert problem(root.post("/things", {"name": ""}, headers=headers))[0] == 422
    assert root.post("/things", {"name": "x"}, headers=headers).status_code == 201
    assert api.program("ann").post("/things", {"name": "y"}, headers=headers).status_code == 201
    assert problem(root.post("/things", {"name": "x"}, headers={"Idempotency-Key": "k" * 201}))[0] == 422


def test_actions_bulk_edits_and_undo_are_done_once_for_a_key(api, root):
    thing, topic = root.make("things", name="x", code="c"), root.make("topics", name="t")

    def twice(path, body, key):
        answers = [root.post(path, body, headers={"Idempotency-Key": key}) for _ in range(2)]
        assert [one.headers.get("Idempotent-Replayed") for one in answers] == [None, "true"]
        assert answers[0].json == answers[1].json
        assert answers[0].headers.get("ETag") == answers[1].headers.get("ETag")
        return answers[0].json

    assert twice(f"/things/{thing['id']}/finish", {}, "finish")["state"] == "done"
    bulk = twice("/things/bulk", {"ids": [thing["id"]], "set": {"size": 5}}, "bulk")
    assert bulk["changed"] == 1
    other = {"ids": [thing["id"]], "set": {"size": 6}}
    assert problem(root.post("/things/bulk", other, headers={"Idempotency-Key": "bulk"}))[0] == 409
    undone = twice(f"/units/{bulk['unit']}/undo", None, "undo")
    assert (undone["reverted"], root.get(f"/things/{thing['id']}").json["size"]) == (1, None)
    root.delete(f"/topics/{topic['id']}", topic["version"])
    assert twice(f"/topics/{topic['id']}/restore", None, "restore")["name"] == "t"
    assert [one["action"] for one in root.get(f"/topics/{topic['id']}/history").json["data"]].count("restored") == 1


def test_a_repeated_answer_shows_no_record_that_the_person_may_no_longer_see(api, root):
    ann = api.program("ann")
    thing = ann.make("things", name="x", code="c")
    headers = {"Idempotency-Key": "mine"}
    assert ann.post(f"/things/{thing['id']}/finish", {}, headers=headers).status_code == 200
    version = root.get(f"/things/{thing['id']}").json["version"]
    root.patch(f"/things/{thing['id']}", {"owner": api.user_id("ben")}, version)

    assert problem(ann.post(f"/things/{thing['id']}/finish", {}, headers=headers))[0] == 404


def test_requests_at_once_with_one_key_make_one_record(api, root):
    programs = [api.program("root") for _ in range(4)]
    start = threading.Barrier(4)
    answers = []

    def send(program):
        start.wait()
        answers.append(program.post("/things", {"name": "x"}, headers={"Idempotency-Key": "same"}))

    threads = [threading.Thread(target=send, args=(one,)) for one in programs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status_code for one in answers] == [201] * 4
    assert len({one.json["id"] for one in answers}) == 1
    assert len(root.names("/things")) == 1
