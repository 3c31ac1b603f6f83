"""Files: kept with a record and its rights, journaled, undoable; what is no file gets a sentence."""

import hashlib
import os
import tempfile
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from werkzeug.test import Client

from kumiko import Forbidden, Invalid, NotFound, attach_file, create, files_of, may, read_file, transaction, undo, unit
from kumiko.access import accounts, setup
from kumiko.files import sweeping
from kumiko.host import settings
from kumiko.host.wsgi import Host
from kumiko.records import queries, search, service
from kumiko.records.catalogue import catalogue
from kumiko_testing.records import ALL, OWN, WHOLE, open_house, person, prepare_database

FILE = "files.file"
PDF = b"%PDF-1.7 secretword"


def build(url):
    """Tables, roles, and two sellers."""
    prepare_database(url, WHOLE, ("deals",))
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), WHOLE, ("deals",))
        with house.acting(via="cli"):
            setup.make_roles()
            for name in ("Ann", "Ben"):
                accounts.add_user(name, f"{name.lower()}@example.com", roles=["seller"])
        house.database.close()


@pytest.fixture
def house(clone_database, tmp_path):
    made = open_house(clone_database("files", build), tmp_path, WHOLE, ("deals",))
    yield made
    made.database.close()


def user_id(house, name):
    with house.acting():
        return accounts.get_user_id(f"{name.lower()}@example.com")


def seller(house, name):
    return house.acting(person(user_id(house, name), name, level=OWN))


def deal_of(house, name):
    with house.acting():
        return create("deals.deal", {"name": "Roof", "owner": user_id(house, name)}).id


def count(house):
    with house.database.engine.connect() as connection:
        return connection.execute(sa.text("SELECT count(*) FROM files_file WHERE deleted_at IS NULL")).scalar_one()


def test_a_file_has_the_rights_of_its_record_at_every_way_in(house):
    on = deal_of(house, "Ann")
    with seller(house, "Ann"):
        file_id = attach_file("deals.deal", on, "offer.pdf", PDF, kind="document")
        assert read_file(file_id).__dict__ == {"name": "offer.pdf", "media_type": "application/pdf", "content": PDF}
        (one,) = files_of("deals.deal", on)
        assert (one.name, one.size_bytes, one.kind, one.made_by) == ("offer.pdf", len(PDF), "document", "Ann")
        assert [hit.title for hit in search.search("offer")] == ["offer.pdf"]
    with seller(house, "Ben"):
        with pytest.raises(NotFound):
            read_file(file_id)
        with pytest.raises(NotFound):
            attach_file("deals.deal", on, "mine.txt", b"x")
        assert (files_of("deals.deal", on), search.search("offer")) == ([], [])
        assert list(queries.all_ids(catalogue().get(FILE))) == []
    with house.acting(
        person(9003, "Reader", level={**OWN, "read": "all"})
    ):  # reads every deal, may change none of Ann's
        assert read_file(file_id).name == "offer.pdf"
        for forbidden in (
            lambda: attach_file("deals.deal", on, "mine.txt", b"x"),
            lambda: service.delete(FILE, file_id),
            lambda: service.update(FILE, file_id, {"name": "other.pdf"}),
        ):
            with pytest.raises(Forbidden):
                forbidden()
    clerk = person(9004, "Clerk")
    with house.acting(
        replace(clerk, grants={"*": ALL, "deals.deal": OWN})
    ):  # "all" files are those of all records that one may see
        assert may("read", FILE)
        assert files_of("deals.deal", on) == []
    with seller(house, "Ann"):
        service.update("deals.deal", on, {"name": "Roof 2"})
        with unit() as opened:
            service.delete(FILE, file_id)
        assert files_of("deals.deal", on) == []
        undo(opened.id)
        assert read_file(file_id).content == PDF


def test_files_on_a_customer_that_is_merely_known_stay_with_those_who_own_it(house):
    ann, ben = user_id(house, "Ann"), user_id(house, "Ben")
    with house.acting():
        customer = create("parties.person", {"last_name": "Weber", "owner": ann}).id
        create("deals.deal", {"name": "Ben's", "owner": ben, "person": customer})
        attach_file("parties.person", customer, "contract.txt", b"between Ann and Weber")
    with seller(house, "Ben"):
        assert service.get("parties.person", customer).title == "Weber"
        assert files_of("parties.person", customer) == []
    with seller(house, "Ann"):
        assert [one.name for one in files_of("parties.person", customer)] == ["contract.txt"]


def test_bytes_are_kept_once_and_swept_when_no_row_names_them(house, tmp_path):
    on = deal_of(house, "Ann")
    with seller(house, "Ann"):
        first = attach_file("deals.deal", on, "a.txt", b"same")
        second = attach_file("deals.deal", on, "../../etc/b.txt", b"same")
        with pytest.raises(ZeroDivisionError), unit():
            attach_file("deals.deal", on, "never.txt", b"rolled back")
            raise ZeroDivisionError
        assert [one.name for one in files_of("deals.deal", on)] == ["b.txt", "a.txt"]
    folder = tmp_path / "files"
    kept = {path.name: path for path in folder.glob("*/*")}
    same, orphan = (hashlib.sha256(text).hexdigest() for text in (b"same", b"rolled back"))
    assert set(kept) == {same, orphan}
    with seller(house, "Ann"):
        service.delete(FILE, second)
    for age_s, left in ((0, {same, orphan}), (2 * 86400, {same})):
        for path in folder.glob("*/*"):
            os.utime(path, (time.time() - age_s,) * 2)
        with house.acting():
            sweeping.sweep(SimpleNamespace(slice=transaction))
        assert {path.name for path in folder.glob("*/*")} == left
    with seller(house, "Ann"):
        assert read_file(first).content == b"same"
        kept[same].unlink()
        with pytest.raises(NotFound, match="restore it from a backup"):
            read_file(first)


def test_what_is_no_file_gets_a_sentence_and_leaves_nothing(house):
    on = deal_of(house, "Ann")
    with house.acting():
        settings.put({"files.max_mb": 1})
        refused = {
            ("a.txt", b""): "The file is empty",
            ("a.txt", b"x" * (1024 * 1024 + 1)): "at most 1 MB",
            ("a\x00.txt", b"x"): "NUL",
            ("a" * 300 + ".txt", b"x"): "at most 200 characters",
            ("../..", b"x"): "needs a name",
            ("setup.exe", b"x"): "is a program",
            ("photo.png", b"MZ\x90"): "is a program",
            ("photo.png", b"<html>"): "should be image/png by its name",
        }
        for (name, content), sentence in refused.items():
            with pytest.raises(Invalid, match=sentence):
                attach_file("deals.deal", on, name, content)
        with pytest.raises(Invalid, match="have no files"):
            attach_file("access.user", 1, "a.txt", b"x")
    assert count(house) == 0


@pytest.fixture
def web(house):
    """The same house behind HTTP, and a function that asks it as a seller of that name."""
    with house.acting(via="cli"):
        tokens = {name: accounts.make_token(user_id(house, name)) for name in ("ann", "ben")}
    config = replace(house.generation.config, secret_key="k" * 40, base_url="http://crm.local")
    client = Client(Host(config, database=house.database, core=WHOLE))

    def ask(name, method, path, **more):
        headers = {"Authorization": f"Bearer {tokens[name]}", "If-Match": "*", **more.pop("headers", {})}
        return client.open(path, method=method, headers=headers, **more)

    with house.acting():
        firm = create("parties.organization", {"name": "Archer", "owner": user_id(house, "Ann")})
    return SimpleNamespace(ask=ask, firm=firm.id)


def test_files_come_and_go_by_rest_and_on_the_card(house, web):
    ask, on = web.ask, web.firm
    sent = {"record_type": "organizations", "record_id": on, "name": "page.html", "content": "PHNjcmlwdD4="}
    made = ask("ann", "POST", "/api/v1/files", json=sent)
    assert made.status_code == 201, made.text
    assert (made.json["record_type"], made.json["size_bytes"]) == ("parties.organization", 8)
    path = f"/api/v1/files/{made.json['id']}"
    for address in (f"{path}/content", f"/files/{made.json['id']}/download"):
        got = ask("ann", "GET", address)
        assert (got.data, got.mimetype) == (b"<script>", "application/octet-stream")
        assert got.headers["Content-Disposition"] == "attachment; filename=page.html"
        assert got.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in got.headers["Content-Security-Policy"]
        assert ask("ben", "GET", address).status_code == 404
    form = {"record_type": "parties.organization", "record_id": str(on), "file": (BytesIO(PDF), "x.pdf")}
    assert ask("ann", "POST", "/api/v1/files", data=form).json["media_type"] == "application/pdf"
    refused = {
        "content": {**sent, "content": "%%%"},
        "record_type": {**sent, "record_type": "nothing"},
        "record_id": {**sent, "record_id": "x"},
        "name": {**sent, "name": "a/"},
        "file": {**sent, "content": ""},
        "size": {**sent, "size": 1},
    }
    for name, body in refused.items():
        answer = ask("ann", "POST", "/api/v1/files", json=body)
        assert (answer.status_code, list(answer.json["errors"])) == (422, [name]), answer.json
    assert ask("ben", "POST", "/api/v1/files", json=sent).status_code == 404
    big = BytesIO(b"x" * (26 * 1024 * 1024))
    answer = ask("ann", "POST", "/api/v1/files", data={**form, "file": (big, "big.txt")})
    assert (answer.status_code, "at most 25 MB" in answer.json["errors"]["file"][0]) == (422, True)

    card = ask("ann", "GET", f"/organizations/{on}").text
    assert f'hx-get="/organizations/{on}/panels/files/files"' in card
    panel = ask("ann", "GET", f"/organizations/{on}/panels/files/files").text
    assert ("page.html" in panel, "x.pdf" in panel, "km-drop" in panel) == (True, True, True)
    two = {"file": [(BytesIO(b"1"), "one.txt"), (BytesIO(b"2"), "two.txt")]}
    script = {"HX-Request": "true"}
    answer = ask("ann", "POST", f"/files/upload/organizations/{on}", data=two, headers=script)
    assert ("two.txt" in answer.text, "2 files are attached." in answer.headers["HX-Trigger"]) == (True, True)
    wrong = {"file": [(BytesIO(b"3"), "three.txt"), (BytesIO(b"MZ"), "four.exe")]}
    answer = ask("ann", "POST", f"/files/upload/organizations/{on}", data=wrong, headers=script)
    assert ("is a program" in answer.text, "three.txt" in answer.text) == (True, False)
    foreign = ask("ben", "POST", f"/files/upload/organizations/{on}", data={"file": (BytesIO(b"1"), "b.txt")})
    assert foreign.status_code == 404
    answer = ask("ann", "POST", f"/files/{made.json['id']}/remove", headers=script)
    assert ("page.html" in answer.text, "is in the bin" in answer.headers["HX-Trigger"]) == (False, True)
    belongs = ask("ann", "GET", f"/files/{ask('ann', 'GET', '/api/v1/files').json['data'][0]['id']}").text
    assert f'href="/organizations/{on}"' in belongs
