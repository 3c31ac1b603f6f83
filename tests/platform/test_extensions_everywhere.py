"""Fields of an extension work wherever the type's own fields do: screens, programs, files, search."""

import csv
import io
import json

import pytest
from access_lab import token_in
from extension_lab import exported, lab
from web_lab import text_of

from kumiko.imports.tables import open_table
from kumiko.records import history, search, service
from kumiko.records.catalogue import catalogue

__all__ = ["lab"]


@pytest.fixture
def kinds(lab):
    """Ids of two kinds by name."""
    with lab.acting("root"):
        return {name: service.create("extra.kind", {"name": name}).id for name in ("Fragile", "Heavy")}


def test_the_form_offers_writes_and_refuses_them(lab, kinds):
    person = lab.person()
    form = person.get("/things/new")
    for name in ("extra_phase", "extra_rank", "extra_kind", "extra_remark"):
        assert f'name="{name}"' in form.text, name
    refused = person.post("/things/new", {"name": "vase", "extra_phase": "late", "_csrf": token_in(form)})
    assert refused.status_code == 422
    assert "A late thing needs a rank." in text_of(refused)
    values = {"name": "vase", "extra_phase": "late", "extra_rank": "3", "extra_kind": str(kinds["Fragile"])}
    made = person.post("/things/new", values)
    assert made.status_code == 303, made.text
    record_id = int(made.headers["Location"].rpartition("/")[2])
    edit = person.get(f"/things/{record_id}/edit")
    assert 'value="3"' in edit.text
    assert "Fragile" in edit.text
    assert person.post(f"/things/{record_id}/edit", {"name": "vase", "extra_rank": "4"}).status_code < 400
    with lab.acting("root"):
        found = service.get("sample.thing", record_id)
        assert [found.get(name) for name in ("extra_phase", "extra_rank")] == ["late", 4]
        assert found.get("extra_kind").name == "Fragile"


def test_the_card_groups_them_under_the_modules_title_with_editors(lab, kinds):
    program, person = lab.program(), lab.person()
    made = program.make("things", name="vase", extra_rank=3, extra_kind=kinds["Heavy"], extra_remark="near the door")
    card = person.get(f"/things/{made['id']}")
    said = text_of(card)
    assert said.index("Extra") < said.index("near the door")
    assert "Heavy" in said
    assert "Early" in said
    assert f"/things/{made['id']}/cell/extra_rank?place=card" in card.text


def test_a_cell_of_a_list_and_of_a_card_changes_them_in_place(lab, kinds):
    program, person = lab.program(), lab.person()
    made = program.make("things", name="vase", extra_rank=3)
    page = person.get("/things?columns=extra_rank,extra_kind,extra_phase")
    assert all(word in text_of(page) for word in ("Rank", "Kind", "Phase", "vase"))
    cell = f"/things/{made['id']}/cell"
    assert person.get(f"{cell}/extra_rank").status_code == 200
    done = person.post(f"{cell}/extra_rank", {"extra_rank": "8", "_version": "1"}, HX_Request="true")
    assert (done.status_code, "8" in text_of(done)) == (200, True), done.text
    linked = person.post(
        f"{cell}/extra_kind", {"extra_kind": str(kinds["Heavy"]), "_version": "2", "_place": "card"}, HX_Request="true"
    )
    assert (linked.status_code, "Heavy" in text_of(linked)) == (200, True), linked.text
    refused = person.post(f"{cell}/extra_rank", {"extra_rank": "many", "_version": "3"}, HX_Request="true")
    assert refused.status_code == 422
    found = program.get(f"/things/{made['id']}").json
    assert (found["extra_rank"], found["extra_kind"]["name"], found["version"]) == (8, "Heavy", 3)


def test_the_list_filters_sorts_and_offers_them(lab, kinds):
    program, person = lab.program(), lab.person()
    for name, rank, kind in (("a", 3, "Fragile"), ("b", 1, "Heavy"), ("c", 2, "Heavy")):
        program.make("things", name=f"thing {name}", extra_rank=rank, extra_kind=kinds[kind])
    said = text_of(person.get("/things?sort=extra_rank&columns=extra_rank,extra_kind"))
    assert said.index("thing b") < said.index("thing c") < said.index("thing a")
    heavy = text_of(person.get(f"/things?extra_kind={kinds['Heavy']}"))
    assert "thing a" not in heavy
    assert "thing b" in heavy
    by_name = text_of(person.get("/things?extra_kind.name__contains=Frag"))
    assert "thing a" in by_name
    assert "thing b" not in by_name
    assert 'value="extra_rank"' in person.get("/things/filter-row").text
    assert "extra_kind" in person.get("/things/columns").text
    assert program.names("/things?sort=-extra_kind") == ["thing c", "thing b", "thing a"]
    assert program.names("/things?extra_rank__between=2,3&sort=extra_rank") == ["thing c", "thing a"]
    totals = person.get("/things/totals?extra_rank__gte=2")
    assert (totals.status_code, "2" in text_of(totals)) == (200, True)


def test_a_bulk_edit_sets_them_on_many_in_one_unit(lab, kinds):
    program, person = lab.program(), lab.person()
    ids = [program.make("things", name=str(n), extra_rank=n)["id"] for n in range(3)]
    assert 'name="extra_kind"' in person.get(f"/things/bulk?ids={ids[0]}").text
    page = person.post("/things/bulk", {"ids": ",".join(map(str, ids)), "extra_kind": str(kinds["Heavy"])})
    assert page.status_code < 400, page.text
    done = program.post(
        "/things/bulk", {"filter": {"f": "extra_rank", "op": "gte", "v": 1}, "set": {"extra_phase": "late"}}
    )
    assert (done.status_code, done.json["changed"]) == (200, 2), done.text
    rows = program.get("/things?sort=extra_rank").json["data"]
    assert [(row["extra_kind"]["name"], row["extra_phase"]) for row in rows] == [
        ("Heavy", "early"),
        ("Heavy", "late"),
        ("Heavy", "late"),
    ]
    with lab.acting("root"):
        entry = history.history("sample.thing", ids[2])[0]
        assert (entry.unit, [change.name for change in entry.changes]) == (done.json["unit"], ["extra:extra_phase"])


def test_exports_hold_them_and_come_in_again(lab, kinds, tmp_path):
    program = lab.program()
    program.make("things", name="vase", extra_rank=3, extra_kind=kinds["Fragile"], extra_remark="=cellar")
    row = next(csv.DictReader(io.StringIO(exported(lab, "csv").decode())))
    assert [row[name] for name in ("extra_phase", "extra_rank", "extra_kind", "extra_kind.id", "extra_remark")] == [
        "early", "3", "Fragile", str(kinds["Fragile"]), "'=cellar",
    ]  # fmt: skip
    (record,) = json.loads(exported(lab, "json"))
    assert record == program.get(f"/things/{record['id']}").json
    workbook = tmp_path / "things.xlsx"
    workbook.write_bytes(exported(lab, "xlsx"))
    (sheet,) = open_table(workbook, filename="things.xlsx").rows
    assert (sheet.values["extra_rank"], sheet.values["extra_kind"]) in ((3, "Fragile"), ("3", "Fragile"))

    changed = (
        exported(lab, "csv").decode().replace("Fragile", "Heavy").replace(str(kinds["Fragile"]), str(kinds["Heavy"]))
    )
    report = lab.import_csv(changed.replace("early,3", "late,4"), key="id")
    assert (report.refused, report.updated) == ({}, 1)
    found = program.get(f"/things/{record['id']}").json
    assert (found["extra_rank"], found["extra_phase"], found["extra_kind"]["name"]) == (4, "late", "Heavy")
    assert found["extra_remark"] == "=cellar"


def test_an_import_finds_the_targets_of_links_by_name_and_makes_them_where_asked(lab, kinds):
    maps = (("name", "t"), ("extra_kind", "k"), ("extra:extra_rank", "r"))
    text = "t,k,r\na,Heavy,1\nb,fragile?,2\nc,Nobody's,3\n"
    report = lab.import_csv(text, maps=maps, values=(("extra_kind", "fragile?", "Fragile"),))
    assert (report.created, list(report.refused)) == (2, [4])
    assert "Nobody's" in report.refused[4]
    again = lab.import_csv("t,k,r\nc,Nobody's,3\n", maps=maps, create=("kinds",))
    assert (again.created, again.made) == (1, {"kinds": 1})
    rows = lab.program().get("/things?sort=extra_rank").json["data"]
    assert [(row["name"], row["extra_kind"]["name"], row["extra_phase"]) for row in rows] == [
        ("a", "Heavy", "early"),
        ("b", "Fragile", "early"),
        ("c", "Nobody's", "early"),
    ]
    late = lab.import_csv("t,p\nd,late\n", maps=(("name", "t"), ("extra_phase", "p")))
    assert (late.created, late.refused) == (0, {2: "extra_rank: A late thing needs a rank."})


def test_a_file_is_mapped_to_them_by_their_labels(lab, kinds):
    person = lab.person()
    page = person.browser.client.post(
        "/import?collection=things",
        data={
            "_csrf": person.token,
            "collection": "things",
            "file": (io.BytesIO(b"Name,Kind,Rank\nx,Heavy,2\n"), "x.csv"),
        },
        base_url="http://crm.local",
        content_type="multipart/form-data",
    )
    assert page.status_code in (302, 303), page.text
    screen = person.get(page.headers["Location"])
    assert screen.status_code == 200
    from kumiko.imports import runs  # local: only here

    with lab.acting("root"):
        (run,) = runs.list_runs()
    assert dict(run.wishes.maps) == {"name": "Name", "extra_kind": "Kind", "extra_rank": "Rank"}


def test_the_api_document_describes_them_while_the_module_is_on(lab):
    said = lab.program().get("/openapi.json").json
    thing = json.dumps({name: one for name, one in said["components"]["schemas"].items() if "thing" in name.lower()})
    for name in ("extra_phase", "extra_rank", "extra_kind", "extra_remark"):
        assert f'"{name}"' in thing, name
    assert "/api/v1/kinds" in said["paths"] or "/kinds" in said["paths"]


def test_search_finds_records_by_the_text_of_an_extension(lab):
    program, person = lab.program(), lab.person()
    made = program.make("things", name="vase", extra_remark="porcelain elephant")
    program.make("things", name="chair")
    assert program.names("/things?q=elephant") == ["vase"]
    assert [row["id"] for row in program.get("/search?q=porcelain").json["data"]] == [made["id"]]
    for place in ("/search", "/palette"):
        assert "vase" in text_of(person.get(f"{place}?q=porcelain")), place
    program.patch(f"/things/{made['id']}", {"extra_remark": "wooden"}, 1)
    assert program.names("/things?q=elephant") == []
    lab.switch(on=False)
    assert program.get("/search?q=wooden").status_code == 200
    lab.switch(on=True)
    assert program.names("/things?q=wooden") == ["vase"]
    with lab.acting("root"):
        assert "extra_remark" in [one.name for one in catalogue().get("sample.thing").searchable]
        assert search.matching("wooden") is not None
