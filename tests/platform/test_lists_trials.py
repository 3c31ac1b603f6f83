"""Filters made to break things: whatever a client sends gets a sentence, never a 5xx, and tells nothing it must not."""

import json
from urllib.parse import urlencode

import pytest
from access_lab import token_in
from imports_lab import Lab, build

from kumiko.access import accounts
from kumiko.access.models import ROLE
from kumiko.records import queries, saved_views, service
from kumiko.records.catalogue import catalogue


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("imports lab", build), tmp_path)
    yield made
    made.database.close()


LEAF = {"f": "size", "op": "gte", "v": 1}


def nested(start, end, depth):
    return start * depth + json.dumps(LEAF) + end * depth


def related(depth):
    """Things with remarks on things with remarks..."""
    node = {"f": "name", "op": "eq", "v": "x"}
    for level in range(depth):
        node = {"f": "remarks.thing" if level % 2 == (depth - 1) % 2 else "thing", "op": "has", "v": node}
    return node


EVIL = {
    "unknown field": {"f": "colour", "op": "eq", "v": 1},
    "unknown operator": {"f": "size", "op": "like", "v": 1},
    "not 10 deep": nested('{"not":', "}", 10),
    "and 10 deep": nested('{"and":[', "]}", 10),
    "or 400 deep": nested('{"or":[', "]}", 400),
    "not 900 deep": nested('{"not":', "}", 900),
    "many conditions": {"or": [LEAF] * 5000},
    "thousands of values": {"f": "size", "op": "in", "v": list(range(5000))},
    "thousands of texts": {"f": "name", "op": "in", "v": ["x" * 50] * 3000},
    "no list": {"f": "size", "op": "in", "v": 5},
    "a list in a list": {"f": "size", "op": "in", "v": [[1]]},
    "an object": {"f": "size", "op": "eq", "v": {"a": {}}},
    "no value": {"f": "size", "op": "between", "v": [None, None]},
    "huge number": {"f": "size", "op": "eq", "v": 10**400},
    "not a number": {"f": "weight", "op": "eq", "v": "nan"},
    "a nul": {"f": "name", "op": "contains", "v": "a\x00b"},
    "a lone surrogate": {"f": "name", "op": "eq", "v": "\ud800"},
    "a field that is no text": {"f": ["size"], "op": "eq", "v": 1},
    "an operator that is no text": {"f": "size", "op": {}, "v": 1},
    "a path without end": {"f": ".".join(["topic"] * 500), "op": "eq", "v": 1},
    "a relation to nowhere": {"f": "walls.topic", "op": "has"},
    "relations 10 deep": related(10),
    "no segment": {"f": "segment", "op": "eq", "v": 999999},
    "a segment that is no number": {"f": "segment", "op": "eq", "v": {"x": 1}},
    "a bad day": {"f": "due_on", "op": "within", "v": "2026-99-99"},
    "a far day": {"f": "due_on", "op": "within", "v": "last_99999999999_days"},
    "a bad moment": {"f": "seen_at", "op": "gte", "v": "99999-01-01"},
    "and with more": {"and": [], "f": "size"},
    "and of a text": {"and": "size"},
    "not of nothing": {"not": None},
    "a text": '"size"',
    "a list": [LEAF],
}
#: Sent to every place; the others to those that read filters in a way of their own.
EVERYWHERE = ("unknown field", "not 900 deep", "relations 10 deep", "thousands of values", "a lone surrogate")


def test_no_filter_breaks_anything_wherever_it_is_sent(lab):
    browser, ask = lab.browser(), lab.program()
    token = token_in(browser.get("/things"))
    with lab.acting():
        service.create("sample.thing", {"name": "One", "size": 1})
    bad = []

    def sent(place, body):
        return ask("POST", f"/api/v1/{place}", data=body, content_type="application/json")

    for name, node in EVIL.items():
        text = node if isinstance(node, str) else json.dumps(node)
        query = urlencode({"filter": text})
        form = {"_csrf": token, "n.w": "and", "n.0.raw": text}
        answers = {
            "list": browser.get(f"/things?{query}"),
            "typed": browser.post("/things/filter", form),
            "rest": ask("GET", f"/api/v1/things?{query}"),
            "bulk": sent("things/bulk", f'{{"filter": {text}, "delete": true, "dry_run": true}}'),
        }
        if name in EVERYWHERE:
            answers |= {
                "grouped": browser.get(f"/things?{query}&group_by=state"),
                "totals": browser.get(f"/things/totals?{query}"),
                "board": browser.get(f"/things/board?{query}"),
                "editor": browser.get(f"/things/filter?{query}"),
                "counted": browser.post("/things/filter/count", form),
                "view": browser.post(f"/things/views/new?{query}", {"_csrf": token, "name": name}),
                "file": browser.get(f"/export/things?{query}&as=seen&format=csv"),
                "view by REST": sent("views", f'{{"collection": "things", "name": "{name}", "filter": {text}}}'),
            }
        for place, answer in answers.items():
            if answer.status_code >= 500:
                bad.append((name, place, answer.status_code))
        if answers["rest"].status_code != 422 or answers["bulk"].status_code not in (400, 422):  # 400: no JSON
            bad.append((name, answers["rest"].status_code, answers["bulk"].status_code))
    assert bad == []


def test_a_filter_tells_nothing_of_what_one_may_not_read(lab):
    """By counts neither: what is hidden is refused as what is not there, and rows of others are not asked."""
    with lab.acting():
        (role,) = queries.list_page(catalogue().get(ROLE), names=("name",),
                                    node={"f": "key", "op": "eq", "v": "seller"}).rows  # fmt: skip
        grants = {"sample.thing": {"read": "own"}, "sample.remark": {"read": "none"}}
        service.update(ROLE, role[0], {"grants": grants, "fields": {"sample.thing": {"size": "hidden"}}})
        topic = service.create("sample.topic", {"name": "Oak"}).id
        sam = accounts.get_user_id("sam@example.com")
        mine = service.create("sample.thing", {"name": "mine", "owner": sam, "size": 5}).id
        secret = service.create("sample.thing", {"name": "secret", "topic": topic, "size": 7}).id
        service.create("sample.remark", {"name": "on mine", "thing": mine})
        own = saved_views.create_view(catalogue().get("sample.thing"), "Private",
                                      {"filter": {"f": "size", "op": "gte", "v": 6}}).id  # fmt: skip
    ask = lab.program("sam@example.com")

    def said(collection, node):
        answer = ask("GET", f"/api/v1/{collection}?{urlencode({'filter': json.dumps(node)})}")
        if answer.status_code == 200:
            return [row["id"] for row in answer.json["data"]]
        return answer.status_code, json.dumps(answer.json["errors"])

    def alike(one, other, *names):
        (status, first), (again, second) = one, other
        return (status, first) == (again, second.replace(names[1], names[0])) and status == 422

    has_secret = {"f": "things.topic", "op": "has", "v": {"f": "name", "op": "eq", "v": "secret"}}
    assert (said("topics", has_secret), said("topics", {"f": "things.topic", "op": "has"})) == ([], [])
    assert said("topics", {"not": has_secret}) == [topic]
    assert said("things", {"f": "topic.name", "op": "eq", "v": "Oak"}) == []
    assert said("things", {"f": "id", "op": "in", "v": [mine, secret]}) == [mine]
    gone = said("things", {"f": "remarkz.thing", "op": "has"})
    assert alike(said("things", {"f": "remarks.thing", "op": "has"}), gone, "remarks", "remarkz"), gone
    size = {"f": "things.topic", "op": "has", "v": {"f": "size", "op": "gte", "v": 6}}
    sizz = {"f": "things.topic", "op": "has", "v": {"f": "sizz", "op": "gte", "v": 6}}
    assert alike(said("topics", size), said("topics", sizz), "size", "sizz"), said("topics", size)
    none = said("things", {"f": "segment", "op": "eq", "v": 987654})
    assert alike(said("things", {"f": "segment", "op": "eq", "v": own}), none, str(own), "987654"), none


def test_the_deepest_filter_that_is_allowed_is_answered_on_both_databases(lab):
    """SQLite's parser has a stack: relations through links, under narrow rights, denied at each level."""
    with lab.acting():
        (role,) = queries.list_page(catalogue().get(ROLE), names=("name",),
                                    node={"f": "key", "op": "eq", "v": "seller"}).rows  # fmt: skip
        service.update(ROLE, role[0], {"grants": {"sample.thing": {"read": "team"}, "sample.remark": {"read": "team"}}})
    ask, plain = lab.program("sam@example.com"), []
    leaf = {"not": {"f": "thing.code", "op": "ne", "v": "x"}}
    node = {"f": "remarks.thing", "op": "has_no", "v": {"f": "thing.remarks.thing", "op": "has_no", "v": leaf}}
    wide = {"or": [{"and": [{"not": {"f": "topic.name", "op": "contains", "v": str(number)}}]} for number in range(14)]}
    deep = {"and": [{"or": [{"not": {"and": [{"not": {"f": "topic.name", "op": "eq", "v": "x"}}]}}]}]}
    for one in (node, wide, deep):
        answer = ask("GET", f"/api/v1/things?{urlencode({'filter': json.dumps(one)})}")
        assert answer.status_code == 200, answer.text
    further = {"f": "remarks.thing", "op": "has", "v": node | {"f": "thing.remarks.thing"}}
    answer = ask("GET", f"/api/v1/things?{urlencode({'filter': json.dumps(further)})}")
    assert (answer.status_code, "more than 4 links and relations inside each other" in answer.text) == (422, True)
    rule = {"f": "remarks.thing", "op": "has_no", "v": {"f": "thing.remarks.thing", "op": "has_no", "v": leaf}}
    with lab.acting():
        rules = [{"name": "Odd", "access": "read", "filter": rule}]
        service.update(ROLE, role[0], {"grants": {"sample.thing": {"read": "own", "rules": rules}}})
    for collection in ("things", "remarks"):
        about = node if collection == "things" else {"f": "thing.name", "op": "eq", "v": "x"}
        answer = ask("GET", f"/api/v1/{collection}?{urlencode({'filter': json.dumps(about)})}")
        assert answer.status_code in (200, 422), answer.text
        plain.append(ask("GET", f"/api/v1/{collection}").status_code)
    assert plain == [200, 200]
