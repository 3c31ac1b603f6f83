"""Custom fields: made by clicking or by programs, at once in every process, and at home wherever fields are."""

import json

import pytest
from admin_lab import Desk, build
from rest_lab import Program, problem

from kumiko.access import accounts
from kumiko.host.context import SYSTEM, use

VALUES = {
    "note": ("text", "blue door", "blue door"),
    "story": ("longtext", "two\nlines", "two\nlines"),
    "rooms": ("integer", 3, 3),
    "size": ("number", 12.5, 12.5),
    "rent": ("money", {"value": "950.00", "currency": "EUR"}, {"value": "950.00", "currency": "EUR"}),
    "free_on": ("date", "2026-12-01", "2026-12-01"),
    "seen_at": ("moment", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"),
    "pets": ("boolean", True, True),
    "state": ("choice", "good", "good"),
    "extras": ("multichoice", ["lift", "roof"], ["lift", "roof"]),
    "mail": ("email", "ann@example.com", "ann@example.com"),
    "phone": ("phone", "+49 30 123456", "+4930123456"),
    "page": ("url", "example.com", "https://example.com"),
}
CHOICES = {
    "state": [{"label": "Good"}, {"label": "Bad", "hue": "red"}],
    "extras": [{"label": "Lift"}, {"label": "Roof"}, {"label": "Sauna"}],
}


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("fields", build), tmp_path)
    yield made
    made.database.close()


def program(desk, email="root@example.com"):
    with use(desk.host.context(principal=SYSTEM, via="cli")):
        return Program(desk.host, accounts.make_token(accounts.get_user_id(email)))


def define(root, key, kind, records="persons", **more):
    given = {"name": key.replace("_", " ").capitalize(), "key": key, "kind": kind, "record_type": records, **more}
    return root.make("custom-fields", **given)


def test_a_field_of_every_kind_is_written_read_filtered_sorted_and_undone_by_programs(desk):
    root = program(desk)
    for key, (kind, _given, _shown) in VALUES.items():
        define(root, key, kind, choices=CHOICES.get(key, []), searchable=kind == "text")
    define(root, "agent", "user")
    define(root, "landlord", "link", target="organizations")
    firm = root.make("organizations", name="Lamps Ltd")
    agent = desk.user_id("sal@example.com")
    plain = root.make("persons", last_name="Plain")
    custom = {key: given for key, (_kind, given, _shown) in VALUES.items()}
    made = root.make("persons", last_name="Ann", custom={**custom, "agent": agent, "landlord": firm["id"]})
    wanted = {key: shown for key, (_kind, _given, shown) in VALUES.items()}
    wanted |= {"agent": {"id": agent, "name": "Sal"}, "landlord": {"id": firm["id"], "name": "Lamps Ltd"}}
    assert made["custom"] == wanted
    assert root.get(f"/persons/{made['id']}").json["custom"] == wanted
    listed = root.get("/persons?sort=id").json["data"]
    assert [row["custom"] for row in listed] == [dict.fromkeys(wanted) | {"extras": []}, wanted]
    assert root.get(f"/persons/{plain['id']}").json["custom"] == dict.fromkeys(wanted) | {"extras": []}
    for question in (
        "custom.rooms=3", "custom.rooms__gt=2", "custom.size__between=12,13", "custom.rent__gte=900", "custom.pets=true",
        "custom.free_on__lt=2027-01-01", "custom.seen_at=2026-11-22", "custom.state=good", "custom.extras=roof",
        "custom.mail=ann@example.com", "custom.note__contains=BLUE", "custom.agent=" + str(agent),
        "custom.landlord.name=Lamps Ltd", "custom.rooms__nempty=true", "q=blue door",
        "filter=" + json.dumps({"or": [{"f": "custom.rooms", "op": "in", "v": [3, 4]}]}),
    ):  # fmt: skip
        assert root.names(f"/persons?{question}") == ["Ann"], question
    for key in ("rooms", "size", "rent", "free_on", "seen_at", "state", "note", "agent"):
        assert root.names(f"/persons?sort=-custom.{key}&fields=name,custom.{key}") == ["Ann", "Plain"], key
    status, errors = problem(root.post("/persons", {"last_name": "x", "custom": {"rooms": "many", "nothing": 1}}))
    assert (status, list(errors)) == (422, ["custom.nothing"])
    status, errors = problem(root.post("/persons", {"last_name": "x", "custom": {"rooms": "many", "state": "odd"}}))
    assert (status, sorted(errors)) == (422, ["custom.rooms", "custom.state"])
    version = made["version"]
    changed = root.patch(f"/persons/{made['id']}", {"custom": {"rooms": 4, "rent": None}}, version)
    assert changed.json["custom"] == {**wanted, "rooms": 4, "rent": None}
    entry = root.get(f"/persons/{made['id']}/history").json["data"][0]
    assert {one["field"] for one in entry["changes"]} == {"custom.rooms", "custom.rent"}
    assert root.post(f"/units/{entry['unit']}/undo", {}).json["reverted"] == 1
    assert root.get(f"/persons/{made['id']}").json["custom"] == wanted
    described = root.get("/openapi.json").json["components"]["schemas"]
    assert "rooms" in described["parties.person"]["properties"]["custom"]["properties"]
