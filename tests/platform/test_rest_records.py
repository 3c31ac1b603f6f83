"""One record over REST: make, read, change, delete, restore, history, actions; versions, keys, bodies."""

import pytest
from rest_lab import api, problem  # noqa: F401 - a fixture

from kumiko.host.context import SYSTEM, use
from kumiko.records import dumps, service

FULL = {
    "name": "Lamp",
    "code": "L-1",
    "size": 3,
    "weight": 1.5,
    "share": 40,
    "price": {"value": "1054.00", "currency": "USD"},
    "ready": True,
    "due_on": "2026-11-30",
    "seen_at": "2026-11-22T10:30:00+01:00",
    "flavours": ["sweet"],
    "tags": ["b", "a"],
    "external_id": "L1",
}


@pytest.fixture
def root(api):
    return api.program("root")


def test_a_record_is_made_read_changed_binned_and_restored(api, root):
    topic = root.make("topics", name="Light")
    made = root.post("/things", {**FULL, "topic": topic["id"], "parts": [{"word": "bulb", "topic": topic["id"]}]})
    assert (made.status_code, made.headers["ETag"]) == (201, '"1"')
    thing = made.json
    assert made.headers["Location"] == f"/api/v1/things/{thing['id']}"
    me = {"id": api.user_id("root"), "name": "Root"}
    light = {"id": topic["id"], "name": "Light"}
    at = thing["created_at"]
    assert at.endswith("Z")
    assert thing == {
        "id": thing["id"], "type": "sample.thing", "version": 1, "name": "Lamp", "code": "L-1", "remark": None,
        "size": 3, "weight": 1.5, "share": 40.0, "price": {"value": "1054.00", "currency": "USD"}, "ready": True,
        "due_on": "2026-11-30", "seen_at": "2026-11-22T09:30:00Z", "state": "open", "flavours": ["sweet"],
        "topic": light, "label": "L-1 Lamp",
        "parts": [{"id": thing["parts"][0]["id"], "word": "bulb", "main": None, "topic": light}],
        "owner": me, "team": None, "co_owners": [], "tags": ["a", "b"],
        "external_ids": [{"system": "", "id": "L1"}], "external_id": "L1",
        "created_at": at, "created_by": me, "updated_at": at, "updated_by": me, "custom": {},
    }  # fmt: skip
    read = root.get(f"/things/{thing['id']}")
    assert (read.status_code, read.json, read.headers["ETag"]) == (200, thing, '"1"')

    changed = root.patch(f"/things/{thing['id']}", {"size": None, "topic": None, "price": "7 EUR"}, 1)
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    later = {"size": None, "topic": None, "price": {"value": "7.00", "currency": "EUR"}, "version": 2}
    assert changed.json == {**thing, **later, "updated_at": changed.json["updated_at"]}

    assert root.delete(f"/things/{thing['id']}", 2).status_code == 204
    assert problem(root.get(f"/things/{thing['id']}"))[0] == 404
    restored = root.post(f"/things/{thing['id']}/restore")
    assert (restored.status_code, restored.json["name"], restored.json["version"]) == (200, "Lamp", 4)
    assert root.get(f"/things/{thing['id']}").json == restored.json

    entries = root.get(f"/things/{thing['id']}/history").json["data"]
    assert [(one["action"], one["via"], one["version"]) for one in entries] == [
        ("restored", "restore", 4), ("deleted", "api", 3), ("changed", "api", 2), ("created", "api", 1),
    ]  # fmt: skip
    changes = {one["field"]: (one["before"], one["after"]) for one in entries[2]["changes"]}
    assert changes == {
        "size": (3, None),
        "topic": (light, None),
        "price": ({"value": "1054.00", "currency": "USD"}, {"value": "7.00", "currency": "EUR"}),
    }


def test_history_comes_in_pages(root):
    thing = root.make("things", name="v0")
    for number in range(1, 5):
        root.patch(f"/things/{thing['id']}", {"name": f"v{number}"}, number)
    first = root.get(f"/things/{thing['id']}/history?limit=3").json
    rest = root.get(f"/things/{thing['id']}/history?limit=3&before={first['next']}").json
    assert [one["version"] for one in first["data"] + rest["data"]] == [5, 4, 3, 2, 1]
    assert rest["next"] is None


def test_external_ids_are_emptied_and_set_at_once(root):
    thing = root.make("things", name="x", external_ids=None, external_id="A")
    assert thing["external_ids"] == [{"system": "", "id": "A"}]
    path = f"/things/{thing['id']}"
    both = root.patch(path, {"external_ids": [{"system": "shop", "id": "7"}], "external_id": "B"}, 1).json
    assert both["external_ids"] == [{"system": "", "id": "B"}, {"system": "shop", "id": "7"}]
    assert root.patch(path, {"external_id": None}, 2).json["external_ids"] == [{"system": "shop", "id": "7"}]
    assert root.patch(path, {"external_ids": None}, 3).json["external_ids"] == []
    root.patch(path, {"external_id": "C"}, 4)
    assert problem(root.post("/things", {"name": "y", "external_id": "C"}))[1].keys() == {"external_id"}


def test_links_are_written_by_id_or_external_id(root):
    topic = root.make("topics", name="Light", external_id="T9")
    for written in (topic["id"], {"id": topic["id"]}, {"id": topic["id"], "name": "x"}, {"external_id": "T9"}):
        assert root.make("things", name="x", topic=written)["topic"] == {"id": topic["id"], "name": "Light"}
    assert problem(root.post("/things", {"name": "x", "topic": {"external_id": "nope"}}))[1].keys() == {"topic"}


WRONG = [
    ({}, {"name"}),
    ({"name": "x", "size": "many", "due_on": "soon"}, {"size", "due_on"}),
    ({"name": "x", "size": -1}, {"size"}),
    ({"name": "x", "size": 2**31}, {"size"}),
    ({"name": "x", "size": 2**70}, {"size"}),
    ({"name": "x", "weight": "1e999"}, {"weight"}),
    ({"name": "x", "share": 101}, {"share"}),
    ({"name": "x", "state": "lost"}, {"state"}),
    ({"name": "x", "state": {}}, {"state"}),
    ({"name": "x", "flavours": [{}]}, {"flavours"}),
    ({"name": "x", "tags": [["a"]]}, {"tags"}),
    ({"name": "x", "external_ids": [{"system": "a", "id": {}}]}, {"external_ids"}),
    ({"name": "x", "external_id": {}}, {"external_id"}),
    ({"name": "x", "external_id": "x" * 301}, {"external_id"}),
    ({"name": "x", "price": {"value": "1", "currency": "XXL"}}, {"price"}),
    ({"name": "x", "price": {"value": "1.005", "currency": "USD"}}, {"price"}),
    ({"name": "x", "price": {"value": [], "currency": "USD"}}, {"price"}),
    ({"name": "x", "seen_at": "0001-01-01T00:00:00+14:00"}, {"seen_at"}),
    ({"name": "x", "seen_at": "9999-12-31T23:59:59Z"}, {"seen_at"}),
    ({"name": "x", "seen_at": "2026-11-22T10:00:00"}, {"seen_at"}),
    ({"name": "x", "topic": "²"}, {"topic"}),
    ({"name": "x", "topic": 12345}, {"topic"}),
    ({"name": "x", "topic": {"hidden": True}}, {"topic"}),
    ({"name": "x", "parts": [{"colour": "red"}]}, {"parts"}),
    ({"name": "x", "parts": ["bulb"]}, {"parts"}),
    ({"name": "x", "parts": [{"id": 2**63, "word": "w"}], "shape": 1, "label": "l"}, {"shape", "label"}),
    ({"name": "x", "custom": {"size": 1}}, {"custom"}),
    ({"name": "x\x00"}, {"name"}),
    ({"name": "x", "tags": ["\x00"]}, {"tags"}),
    ({"name": "x" * 301}, {"name"}),
    ({"id": 5, "name": "x"}, {"id"}),
]


def test_wrong_values_are_refused_by_field(root):
    for values, wrong in WRONG:
        status, errors = problem(root.post("/things", values))
        assert (status, set(errors)) == (422, wrong), values
        assert all(lines and all(lines) for lines in errors.values()), errors
    assert root.names("/things") == []


BODIES = [
    (b"", "application/json", 400),
    (b"{", "application/json", 400),
    (b'{"name": NaN}', "application/json", 400),
    (b'{"name": "\xff"}', "application/json", 400),
    (b'{"name": "\\ud800"}', "application/json", 400),
    (b"[" * 5000 + b"]" * 5000, "application/json", 400),
    (b'{"name": ' + b"[" * 500 + b"]" * 500 + b"}", "application/json", 422),
    (b"[]", "application/json", 422),
    (b'"x"', "application/json", 422),
    (b"null", "application/json", 422),
    (b'{"name": 1e300}', "application/json", 422),
    (b'{"name": 123456789012345678901234567890}', "application/json", 422),
    (b'{"name": "x"}', "text/plain", 415),
    (b'{"name": "x"}', "", 415),
    (b"name=x", "application/x-www-form-urlencoded", 415),
    (b'{"name": "' + b"x" * 9_000_000 + b'"}', "application/json", 413),
]


def test_bodies_that_are_no_json_object_are_refused_with_a_sentence(root):
    for body, kind, status in BODIES:
        assert problem(root.call("POST", "/things", data=body, content_type=kind))[0] == status, (body[:40], kind)
    assert root.names("/things") == []


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/merge-patch+json"])
def test_json_comes_under_several_names(root, kind):
    assert root.call("POST", "/things", data=b'{"name": "x"}', content_type=kind).status_code == 201


def test_a_change_needs_the_version_it_was_made_from(root):
    path = f"/things/{root.make('things', name='x')['id']}"
    assert problem(root.patch(path, {"name": "y"}))[0] == 428
    assert problem(root.delete(path))[0] == 428
    assert root.patch(path, {"name": "y"}, 1).json["version"] == 2
    stale = root.patch(path, {"name": "z"}, 1)
    assert problem(stale)[0] == 412
    assert stale.json["current_version"] == 2
    assert problem(root.delete(path, 1))[0] == 412
    assert root.get(path).json["name"] == "y"


TAGS = [
    ('"1"', 200),
    ('W/"1"', 200),
    ("*", 200),
    ('"7", "1"', 200),
    ('W/"7",W/"1"', 200),
    ("1", 200),
    ('"2"', 412),
    ('"abc"', 412),
    ('"2", "3"', 412),
    ("junk", 412),
    ('"', 412),
    ('"99999999999999999999"', 412),
]


def test_if_match_takes_every_form_of_tags(root):
    answers = {}
    for tag, _status in TAGS:
        path = f"/things/{root.make('things', name='x')['id']}"
        answers[tag] = root.patch(path, {"name": "y"}, headers={"If-Match": tag}).status_code
    assert answers == dict(TAGS)


KEPT = ['"1"', 'W/"1"', "*", '"0", "1"']


def test_who_has_the_record_already_is_told_so(root):
    path = f"/things/{root.make('things', name='x')['id']}"
    for tag in KEPT:
        kept = root.get(path, headers={"If-None-Match": tag})
        assert (kept.status_code, kept.data, kept.headers["ETag"]) == (304, b"", '"1"'), tag
    assert root.get(path, headers={"If-None-Match": '"2"'}).status_code == 200


def test_head_and_options_and_wrong_methods_are_answered(root):
    path = f"/things/{root.make('things', name='x')['id']}"
    head = root.call("HEAD", path)
    assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", '"1"')
    assert set(root.call("OPTIONS", path).headers["Allow"].split(", ")) == {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}
    wrong = root.call("PUT", path, json={})
    assert problem(wrong)[0] == 405
    assert "PATCH" in wrong.headers["Allow"]
    for method, other in (("POST", "/me"), ("DELETE", "/jobs/1"), ("POST", f"{path}/history"), ("GET", "/things/bulk")):
        assert problem(root.call(method, other))[0] == 405, other


def test_what_does_not_exist_or_is_foreign_reads_the_same(api, root):
    thing = root.make("things", name="x")
    ann = api.program("ann")
    answers = [ann.get(f"/things/{thing['id']}"), ann.get("/things/999999"), root.get("/things/999999")]
    assert [problem(one)[0] for one in answers] == [404] * 3
    assert answers[0].json["detail"] == answers[1].json["detail"].replace("999999", str(thing["id"]))
    assert problem(ann.patch(f"/things/{thing['id']}", {"name": "y"}, 1))[0] == 404
    assert problem(ann.delete(f"/things/{thing['id']}", 1))[0] == 404
    assert problem(ann.get(f"/things/{thing['id']}/history"))[0] == 404
    assert problem(ann.post(f"/things/{thing['id']}/finish"))[0] == 404
    for path in ("/nothing", "/nothing/1", "/things/x", f"/things/{2**80}", "/things/0", "/things/1/2/3"):
        assert problem(root.get(path))[0] == 404, path


def test_without_credentials_nothing_is_told(api):
    for program in (api.stranger(), api.program("root")):
        program.headers = {**program.headers, "Authorization": "Bearer kmk_wrong"} if program.headers else {}
        for path in ("/things", "/things/1", "/nothing", "/me", "/openapi.json"):
            refused = program.get(path)
            assert problem(refused)[0] == 401
            assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_reading_token_changes_nothing(api, root):
    thing = root.make("things", name="x")
    reader = api.program("root", read_only=True)
    assert reader.get(f"/things/{thing['id']}").json == thing
    assert problem(reader.post("/things", {"name": "y"}))[0] == 403
    assert problem(reader.patch(f"/things/{thing['id']}", {"name": "y"}, 1))[0] == 403


def test_rights_decide_what_may_be_done(api, root):
    eve = api.program("eve")
    thing = root.make("things", name="x")
    assert eve.get(f"/things/{thing['id']}").status_code == 200
    assert problem(eve.post("/things", {"name": "y"}))[0] == 403
    assert problem(eve.patch(f"/things/{thing['id']}", {"name": "y"}, 1))[0] == 403


def test_a_hidden_field_is_not_there(api, root):
    thing = root.make("things", name="x", code="secret")
    with use(api.host.context(principal=SYSTEM)):
        from kumiko.records import queries
        from kumiko.records.catalogue import catalogue

        analyst = queries.all_ids(catalogue().get("access.role"), node={"f": "key", "op": "eq", "v": "analyst"})
        service.update("access.role", analyst[0], {"fields": {"sample.thing": {"code": "hidden"}}})
    eve = api.program("eve")
    assert "code" not in eve.get(f"/things/{thing['id']}").json
    assert "code" not in eve.get("/things").json["data"][0]
    for path in ("/things?code=secret", "/things?fields=code", "/things?sort=code", "/things?code__starts=s"):
        assert problem(eve.get(path))[0] == 422, path
    entries = eve.get(f"/things/{thing['id']}/history").json["data"]
    assert "code" not in {change["field"] for one in entries for change in one["changes"]}


def test_a_link_to_what_one_may_not_see_is_hidden_and_survives_a_change(api, root):
    ann = api.program("ann")
    thing = root.make("things", name="secret")
    remark = root.make("remarks", name="mine", thing=thing["id"], owner=api.user_id("ann"))
    seen = ann.get(f"/remarks/{remark['id']}").json
    assert seen["thing"] == {"hidden": True}
    assert ann.get("/remarks").json["data"] == [seen]
    assert ann.patch(f"/remarks/{remark['id']}", {"name": "y"}, seen["version"]).json["thing"] == {"hidden": True}
    entries = ann.get(f"/remarks/{remark['id']}/history").json["data"]
    assert {"hidden": True} in [change["after"] for change in entries[-1]["changes"]]
    assert "secret" not in ann.get(f"/remarks/{remark['id']}/history").text


def test_an_action_is_done_once_it_is_possible(root):
    path = f"/things/{root.make('things', name='x')['id']}"
    assert problem(root.post(f"{path}/finish", {}))[1].keys() == {"code"}
    root.patch(path, {"code": "c"}, 1)
    assert problem(root.post(f"{path}/finish", {}, headers={"If-Match": '"1"'}))[0] == 412
    assert problem(root.post(f"{path}/finish", {"on": "soon"}))[1].keys() == {"on"}
    assert problem(root.post(f"{path}/finish", {"of": 1}))[1].keys() == {"of"}
    done = root.call("POST", f"{path}/finish", json={"on": "2026-12-01"}, headers={"If-Match": '"2"'})
    assert (done.status_code, done.json["state"], done.json["due_on"]) == (200, "done", "2026-12-01")
    assert done.headers["ETag"] == f'"{done.json["version"]}"'
    assert problem(root.call("POST", f"{path}/finish"))[0] == 409
    assert problem(root.call("POST", f"{path}/explode"))[0] == 404


def test_a_veto_is_a_conflict(root):
    assert problem(root.post("/things", {"name": "veto"}))[0] == 409


def test_rest_shows_what_the_service_holds(api, root):
    thing = root.make("things", **FULL)
    with use(api.host.context(principal=SYSTEM)):
        assert dumps.dump_view(service.get("sample.thing", thing["id"])) == thing


def test_the_owner_may_not_be_given_away_without_the_right(api, root):
    ann = api.program("ann")
    thing = ann.make("things", name="x")
    assert thing["owner"]["name"] == "Ann"
    given = ann.patch(f"/things/{thing['id']}", {"owner": api.user_id("ben")}, 1)
    assert given.status_code == 200
    assert problem(ann.get(f"/things/{thing['id']}"))[0] == 404
