"""The same warning on every way in: the form while typing and on saving, the API; and where merged records went."""

import re

import access_lab
import duplicates_lab as lab
import pytest
from duplicates_lab import PERSON, make
from web_lab import Person, text_of

from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.duplicates import leading
from kumiko.records import service

ROOT, SAM = "root@example.com", "sam@example.com"


@pytest.fixture
def site(clone_database, tmp_path, monkeypatch):
    monkeypatch.setattr(access_lab, "CORE", CORE)
    made = access_lab.Lab(clone_database("duplicates", lab.build), tmp_path)
    with made.acting():
        setup.make_roles()
        for name, email, role in access_lab.PEOPLE:
            accounts.add_user(name, email, roles=[role], password=access_lab.PASSWORD)
    with made.acting(ROOT):
        made.anna = make(PERSON, name="Anna Weber", emails=[{"address": "anna@x.example"}], tags=["old"])
    yield made
    made.database.close()


class Visitor(Person):
    def __init__(self, site, email):
        self.browser = site.browser()
        self.browser.sign_in(email)
        self.token = access_lab.token_in(self.browser.get("/persons"))


def test_a_form_warns_while_typing_and_once_more_on_saving_and_offers_three_ways(site):
    root, sam = Visitor(site, ROOT), Visitor(site, SAM)
    short = {"_short": "1", "name": "Anna Weber", "email": "ANNA@x.example"}

    assert "This may exist already: Anna Weber 96 %, same e-mail, same name" in text_of(
        root.post("/persons/similar", short)
    )
    told = text_of(sam.post("/persons/similar", short))
    assert "A colleague may know this person already: ask your head before you add it again" in told
    assert [word for word in ("Root", "Anna", "%", "same") if word in told] == []
    asked = root.post("/persons/new", short)
    assert (asked.status_code, "Save anyway" in asked.text, "Add to this one" in asked.text) == (422, True, True)
    seen = re.findall(r'name="_seen" value="([^"]+)"', asked.text)
    assert seen == [f"{PERSON}:{site.anna}"]
    with site.acting():
        assert len(service.find(PERSON, site.anna).get("emails")) == 1

    added = root.post("/persons/new", {**short, "phone": "+49 30 1234567", "_into": str(site.anna)})
    with site.acting():
        now = service.get(PERSON, site.anna)
        assert (now.get("phone"), now.get("tags"), len(now.get("emails"))) == ("+49301234567", ["old"], 1)
    assert added.headers["Location"].endswith(f"/persons/{site.anna}")
    made = root.post("/persons/new", {**short, "_seen": seen[0]})
    assert made.status_code == 303, text_of(made)
    second = int(made.headers["Location"].rpartition("/")[2])
    assert second != site.anna

    page = root.get(f"/duplicates/merge/persons?ids={site.anna},{second}")
    assert page.status_code == 200
    done = root.post("/duplicates/merge/persons", {"ids": f"{site.anna},{second}", "winner": str(second)})
    assert done.headers["Location"].endswith(f"/persons/{second}")
    old = root.get(f"/persons/{site.anna}")
    assert (old.status_code, old.headers["Location"].rpartition("/")[2]) == (303, str(second))
    with site.acting():
        assert leading.merged_into(PERSON, site.anna) == second
    assert root.get("/duplicates/persons").status_code == root.get("/duplicates/persons/sure").status_code == 200
    assert root.get("/duplicates/users").status_code == 404


def test_the_api_tells_of_duplicates_when_asked_merges_and_says_where_a_record_went(site):
    token = site.token(ROOT)
    client = site.browser().client

    def call(method, path, body=None, **headers):
        return client.open(
            f"/api/v1{path}", method=method, json=body, headers={"Authorization": f"Bearer {token}", **headers},
            base_url="http://crm.local",
        )  # fmt: skip

    twin = {"name": "Weber, Anna", "email": "anna@X.example"}
    refused = call("POST", "/persons?duplicates=refuse", twin)
    assert (refused.status_code, refused.json["type"]) == (409, "/problems/duplicates")
    assert refused.json["duplicates"] == [
        {"type": PERSON, "collection": "persons", "id": site.anna, "name": "Anna Weber", "owner": "Root", "score": 96,
         "reasons": "same e-mail, same name"}
    ]  # fmt: skip
    made = call("POST", "/persons?duplicates=report", twin)
    assert (made.status_code, made.headers["Kumiko-Duplicates"]) == (201, str(site.anna))
    once = {"name": "Once Only", "email": "once@x.example"}
    again = [call("POST", "/persons?duplicates=refuse", once, **{"Idempotency-Key": "k1"}) for _time in (1, 2)]
    assert [(one.status_code, one.json["id"]) for one in again] == [(201, again[0].json["id"])] * 2
    second = made.json["id"]

    wrong = [
        call("POST", f"/persons/{site.anna}/merge", body)
        for body in ({}, {"others": "x"}, {"others": [second], "take": {"name": 0}})
    ]
    assert [one.status_code for one in wrong] == [422, 422, 422]
    assert [one["score"] for one in call("GET", "/duplicates/persons?least=0").json["data"]] == []  # not looked yet
    wish = {"winner": site.anna, "others": [second], "take": {"emails": site.anna}}
    shown = call("POST", "/duplicates/persons/merge", {**wish, "dry_run": True}).json
    assert (shown["record"]["name"], shown["moves"], shown["large"]) == ("Anna Weber", {}, False)
    assert call("POST", "/duplicates/persons/merge", {**wish, "others": []}).status_code == 422
    done = call("POST", "/duplicates/persons/merge", wish, **{"Idempotency-Key": "m1"}).json
    assert done["record"] == {**shown["record"], **{name: done["record"][name] for name in ("version", "updated_at")}}
    assert call("POST", "/duplicates/persons/merge", wish, **{"Idempotency-Key": "m1"}).json == done
    assert call("POST", f"/units/{done['unit']}/undo").status_code == 200
    assert call("POST", "/duplicates/persons/decide", {"left": site.anna, "right": second}).status_code == 404
    merged = call("POST", f"/persons/{site.anna}/merge", {"others": [second], "take": {"emails": site.anna}})
    assert (merged.status_code, merged.json["id"]) == (200, site.anna)
    moved = call("GET", f"/persons/{second}")
    assert (moved.status_code, moved.headers["Location"]) == (301, f"/api/v1/persons/{site.anna}")
    assert moved.json == {"merged_into": {"id": site.anna, "type": PERSON}}
