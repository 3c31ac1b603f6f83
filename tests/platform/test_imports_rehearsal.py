"""A rehearsal says what each row would do, accepting it writes exactly that, and what stays out can be corrected."""

import io
import json

import pytest
from access_lab import token_in
from imports_lab import Lab, build
from sqlalchemy import func, select

from kumiko.imports import engine
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Entry, Unit
from kumiko.records.queries import all_ids
from kumiko.records.undo import undo

HEAD = "Id;First;Last;Mail;Firm;Born\n"
MAPS = {
    "external_id": "Id", "first_name": "First", "last_name": "Last", "email": "Mail", "organization": "Firm",
    "birthday": "Born",
}  # fmt: skip
WISHES = {"map": MAPS, "key": "external_id", "create": ["organizations"], "duplicates": "skip"}


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("imports lab", build), tmp_path)
    yield made
    made.database.close()


def bring(lab, ask, text, *, name="people.csv", collection="persons", wishes=WISHES, accept=True):
    """Upload, rehearse and, if wished, accept; gives the address and the run."""
    data = {"collection": collection, "file": (io.BytesIO(text.encode()), name)}
    made = ask("POST", "/api/v1/imports", data=data if wishes is None else data | {"wishes": json.dumps(wishes)})
    assert made.status_code == 201, made.text
    address = made.headers["Location"]
    assert ask("POST", f"{address}/check").status_code == 202
    lab.work(lambda: ask("GET", address).json["status"] not in ("checking", "uploaded"))
    if accept:
        assert ask("POST", f"{address}/run").status_code == 202
        lab.work(lambda: ask("GET", address).json["status"] != "importing")
    return address, ask("GET", address).json


def persons(lab):
    with lab.acting():
        info = catalogue().get("parties.person")
        views = [service.get(info.key, one) for one in all_ids(info)]
        return {view.get("external_id") or view.title: (view.title, view.get("email"), view.version) for view in views}


def kinds(ask, address):
    rows = ask("GET", f"{address}/rows").json["data"]
    return {one["row"]: (one["kind"], one["reason"]) for one in rows}


def journal(lab):
    with lab.acting(), lab.database.reader.connect() as connection:
        return tuple(connection.scalar(select(func.count()).select_from(one.__table__)) for one in (Unit, Entry))


def test_accepting_a_rehearsal_writes_exactly_what_it_said(lab):
    ask = lab.program()
    bring(lab, ask, HEAD + "P1;Ann;Lee;ann@x.org;Acme;1980-02-01\nP2;Bob;Roe;bob@x.org;;\nP3;Cy;Moe;cy@x.org;;\n")
    second = HEAD + (
        "P1;Ann;Leeds;ann@x.org;Acme;1980-02-01\n"  # changed
        "P2;Bob;Roe;bob@x.org;;\n"  # equal
        "P3;Cyril;Moe;cy@x.org;;\n"  # changed, but somebody is quicker
        "P4;Dee;Fox;dee@x.org;Bolt;1.5.1990\n"  # new, with a new firm
        "P5;Eve;Kay;ANN@x.org;;\n"  # there already under another id
        "P4;Dee;Fox;;;\n"  # a key that comes twice
        "P6;;;;;x\n"  # refused
        "P7;Gus;Hay;gus@x.org;;\n"  # new, but somebody is quicker
    )
    address, run = bring(lab, ask, second, accept=False)

    said = run["check"]
    assert [said[name] for name in ("created", "updated", "unchanged", "duplicates", "refused", "made")] == [
        2, 2, 1, 2, 3, {"organizations": 1},
    ]  # fmt: skip
    assert [kind for kind, _reason in kinds(ask, address).values()] == [
        "changed", "equal", "changed", "new", "duplicate", "duplicate", "refused", "new",
    ]  # fmt: skip
    shown = {one["row"]: one for one in ask("GET", f"{address}/rows").json["data"]}
    assert shown[2]["changes"][0] == {"field": "last_name", "label": "Last name", "before": "Lee", "after": "Leeds"}
    assert {"field": "organization", "label": "Organization", "before": None, "after": "Bolt (new)"} in shown[5][
        "changes"
    ]
    assert "ann@x.org" in shown[6]["reason"]
    assert shown[6]["name"] == "Ann Lee"
    assert shown[8]["cells"]["Born"] == "x"
    before = persons(lab)
    with lab.acting():
        info = catalogue().get("parties.person")
        cy = next(one for one in all_ids(info) if service.get(info.key, one).get("external_id") == "P3")
        service.update(info.key, cy, {"last_name": "Mow"})
        service.create(info.key, {"first_name": "Gustav", "external_id": "P7"})
    taken = persons(lab)

    assert ask("POST", f"{address}/run").status_code == 202
    lab.work(lambda: ask("GET", address).json["status"] != "importing")

    done = ask("GET", address).json
    assert persons(lab) == taken | {
        "P1": ("Ann Leeds", "ann@x.org", before["P1"][2] + 1),
        "P4": ("Dee Fox", "dee@x.org", 1),
    }
    assert [done["result"][name] for name in ("created", "updated", "unchanged", "set_aside")] == [1, 1, 1, 2]
    assert done["result"]["counted"] == {
        "created parties.organization": 1, "created parties.person": 1, "changed parties.person": 1,
    }  # fmt: skip
    after = kinds(ask, address)
    assert (after[4][0], after[9][0]) == ("late", "late")
    assert "changed since the rehearsal" in after[4][1]
    assert ask("POST", f"{address}/undo").json["reverted"] == 3
    assert {name: found[:2] for name, found in persons(lab).items()} == {
        name: found[:2] for name, found in taken.items()
    }


def test_the_same_file_again_changes_nothing_and_counts_values_by_column(lab, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 7)
    ask = lab.program()
    text = HEAD + "".join(f"P{n};F{n};L{n % 9};p{n}@x.org;Firm {n % 5};1990-01-{1 + n % 28:02}\n" for n in range(40))
    bring(lab, ask, text)
    before, size = persons(lab), journal(lab)

    again, run = bring(lab, ask, text)

    assert (persons(lab), journal(lab)) == (before, size)
    assert [run["result"][name] for name in ("created", "updated", "unchanged", "refused")] == [0, 0, 40, 0]
    assert run["result"]["columns"]["Mail"] == {"given": 40, "taken": 40}
    assert (run["group"], run["result"]["counted"]) == (None, {})
    page = ask("GET", f"{again}/rows?kind=equal&limit=15").json
    numbers, pages = [one["row"] for one in page["data"]], 1
    while page["next"] is not None:
        page, pages = ask("GET", f"{again}/rows?kind=equal&limit=15&after={page['next']}").json, pages + 1
        numbers += [one["row"] for one in page["data"]]
    assert (numbers, pages) == (list(range(2, 42)), 3)


def test_refused_rows_are_corrected_in_the_browser_and_join_the_import(lab):
    browser = lab.browser()
    csrf = token_in(browser.get("/import"))
    text = "Name;Code;Size\nOne;A1;1\nTwo;A2;big\n;A3;3\n"
    file = (io.BytesIO(text.encode()), "things.csv")
    address = browser.post("/import", {"collection": "things", "file": file, "_csrf": csrf}).headers["Location"]
    form = {
        "column-0": "name",
        "column-1": "external_id",
        "column-2": "size",
        "mapping_name": "My things",
        "_csrf": csrf,
    }
    assert browser.post(f"{address}/match", form).status_code == 303
    lab.work(lambda: "Accept and import" in browser.get(address).text)
    browser.post(f"{address}/run", {"_csrf": csrf})
    lab.work(lambda: "Undo this import" in browser.get(address).text)
    page = browser.get(f"{address}?kind=refused").text
    assert 'name="cell-3-2" value="big"' in page

    nothing = browser.post(f"{address}/correct", {"cell-3-2": "7", "_csrf": csrf})
    fixed = {"take-3": "1", "cell-3-0": "Two", "cell-3-1": "A2", "cell-3-2": "7", "cell-4-0": "ignored", "_csrf": csrf}
    again = browser.post(f"{address}/correct", fixed).headers["Location"]
    lab.work(lambda: "Accept and import (1)" in browser.get(again).text)
    browser.post(f"{again}/run", {"_csrf": csrf})
    lab.work(lambda: "Undo this import" in browser.get(again).text)

    assert nothing.status_code == 422
    assert sorted(lab.things()) == [("One", "open"), ("Two", "open")]
    ask = lab.program()
    first, joined = (ask("GET", f"/api/v1/imports/{one.rpartition('/')[2]}").json for one in (address, again))
    assert joined["corrects"] == first["id"]
    assert joined["group"] == first["group"]
    refused = browser.get(f"{address}/refused").get_data(as_text=True).splitlines()
    assert refused[1:] == [
        'Two;A2;big;3;"size: A number is wanted, ""big"" was found."',
        ";A3;3;4;name: Name is needed.",
    ]
    assert ask("POST", f"/api/v1/imports/{first['id']}/undo").json["reverted"] == 2
    # The mapping was kept under its name and is taken for the same titles in another order.
    other = {"collection": "things", "file": (io.BytesIO(b"code,size,name\nB1,1,Uno\n"), "b.csv")}
    proposed = ask("POST", "/api/v1/imports", data=other).json
    assert (proposed["looks_like"], proposed["wishes"]["map"]) == (
        "memory", {"external_id": "code", "size": "size", "name": "name"},
    )  # fmt: skip


def test_an_import_pauses_goes_on_and_says_when_nobody_works(lab, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 3)
    ask, browser = lab.program(), lab.browser()
    text = "Name,Code\n" + "".join(f"Thing {n},A{n}\n" for n in range(20))
    wishes = {"map": {"name": "Name", "external_id": "Code"}}
    address, _run = bring(lab, ask, text, name="t.csv", collection="things", wishes=wishes, accept=False)
    process, paused = engine.Importer.process, []

    def pause_after_two(self, rows, *more):
        process(self, rows, *more)
        if self.report.rows == 6 and not paused:
            paused.append(ask("POST", f"{address}/pause").status_code)

    monkeypatch.setattr(engine.Importer, "process", pause_after_two)
    ask("POST", f"{address}/run")
    waits = ask("GET", address).json["waits"]
    lab.work(lambda: bool(paused))

    stopped = ask("GET", address).json
    assert "worker" in waits
    assert (paused, stopped["status"], len(lab.things())) == ([200], "paused", 6)
    assert "Paused after 6 of 20 rows." in browser.get(f"/import/{stopped['id']}").text
    assert ask("POST", f"{address}/run").status_code == 409
    assert ask("POST", f"{address}/resume").status_code == 202
    lab.work(lambda: ask("GET", address).json["status"] == "done")
    assert (len(lab.things()), ask("GET", address).json["result"]["created"]) == (20, 20)
    assert ask("POST", f"{address}/pause").status_code == 409
    with lab.acting():
        undo(stopped["group"])
    assert lab.things() == []


def test_a_row_like_a_record_or_an_earlier_row_is_left_out_changed_or_brought_in_as_wished(lab, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 3)
    ask = lab.program()
    head = "Id;First;Last;Mail;Phone;City\n"
    maps = {"external_id": "Id", "first_name": "First", "last_name": "Last", "email": "Mail", "phone": "Phone",
            "city": "City"}  # fmt: skip
    wishes = {"map": maps, "key": "external_id", "duplicates": "skip"}
    bring(lab, ask, head + "P1;Anna;Weber;anna@x.org;+49 30 1234567;Bonn\n", wishes=wishes)
    second = head + (
        "Q1;Ana;Weber;;030 1234567;\n"  # like a record by phone and a similar name
        "Q2;Tom;Roe;tom@x.org;+49 30 99887766;Ulm\n"
        "Q3;Thom;Roe;;030 99887766;\n"  # like the row above
        "Q4;Weber;Anna;other@x.org;+49 30 1234567;Bonn\n"  # surely the same as the record
        "Q5;Kim;Fox;TOM@x.org;;\n"  # the address of a row in an earlier chunk
        "Q6;Una;Day;info@y.org;;\nQ7;Ole;Kay;info@y.org;;\n"  # one desk, two people
    )
    address, run = bring(lab, ask, second, wishes=wishes, accept=False)
    said = kinds(ask, address)

    assert [said[row][0] for row in range(2, 9)] == [
        "duplicate", "new", "duplicate", "duplicate", "duplicate", "new", "new",
    ]  # fmt: skip
    why = "same phone but for the country code, similar name (76 per cent)"
    assert said[2][1] == f"it is like the person “Anna Weber”: {why}"
    assert said[4][1].startswith("it is like row 3 of this file: same phone")
    assert said[6][1] == "it is like row 3 of this file: same e-mail"

    updating, run = bring(lab, ask, second, wishes=wishes | {"duplicates": "update"})
    assert [one[0] for one in kinds(ask, updating).values()] == [
        "duplicate", "new", "duplicate", "changed", "duplicate", "new", "new",
    ]  # fmt: skip
    assert [run["result"][name] for name in ("created", "updated", "set_aside")] == [3, 1, 0]
    assert persons(lab)["Q4"][0] == "Weber Anna"

    assert ask("POST", f"{updating}/undo").status_code == 200
    _address, run = bring(lab, ask, second, wishes=wishes | {"duplicates": "create"})
    assert run["result"]["created"] == 7
