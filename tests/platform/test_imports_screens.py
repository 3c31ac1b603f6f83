"""Imports over HTTP: the pages of the wizard, /api/v1/imports, downloads; with the worker at work in between."""

import io
import json

import pytest
from access_lab import token_in
from imports_lab import Lab, build

from kumiko.access import audit
from kumiko.exits import marks
from kumiko.imports import engine
from kumiko.jobs import queries, services
from kumiko.records import service

FILE = b"title,code,state\nOne,A1,Finished\nTwo,A2,open\n,A3,open\n"


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("imports lab", build), tmp_path)
    yield made
    made.database.close()


def test_a_file_goes_through_all_steps_of_the_wizard_and_back(lab):
    browser = lab.browser()
    page = browser.get("/import?collection=things")
    assert page.status_code == 200
    csrf = token_in(page)

    sent = browser.post("/import", {"collection": "things", "file": (io.BytesIO(FILE), "mine.csv"), "_csrf": csrf})
    assert sent.status_code == 303
    address = sent.headers["Location"]
    match = browser.get(address)
    assert match.status_code == 200
    assert 'name="column-1"' in match.text
    form = {"column-0": "name", "column-1": "external_id", "column-2": "state", "_csrf": csrf}
    assert browser.post(f"{address}/match", form | {"column-0": "nope"}).status_code == 422
    assert browser.post(f"{address}/match", form | {"word:state:Finished": "done"}).status_code == 303
    lab.work(lambda: "import (2)" in browser.get(address).text)
    checked = browser.get(address).text
    assert "Name is needed." in checked
    assert lab.things() == []

    assert browser.post(f"{address}/run", {"_csrf": csrf}).status_code == 303
    lab.work(lambda: "Undo this import" in browser.get(address).text)

    assert lab.things() == [("One", "done"), ("Two", "open")]
    refused = browser.get(f"{address}/refused")
    assert refused.get_data(as_text=True).splitlines() == [
        "\ufefftitle,code,state,row,reason",
        ",A3,open,4,name: Name is needed.",
    ]
    assert list((lab.home / "imports").iterdir()) == []


def test_programs_upload_check_import_and_undo(lab):
    ask = lab.program()
    wishes = {
        "map": {"name": "title", "external_id": "code", "state": "state"},
        "values": {"state": {"Finished": "done"}},
    }

    made = ask(
        "POST", "/api/v1/imports",
        data={"collection": "things", "file": (io.BytesIO(FILE), "mine.csv"), "wishes": json.dumps(wishes)},
    )  # fmt: skip
    assert made.status_code == 201, made.text
    address = made.headers["Location"]
    assert made.json["columns"][0] == {"name": "title", "samples": ["One", "Two"]}
    assert ask("POST", f"{address}/check").status_code == 202
    assert ask("POST", f"{address}/run").status_code == 409
    lab.work(lambda: ask("GET", address).json["status"] == "checked")
    check = ask("GET", address).json["check"]
    assert (check["created"], check["refused"], check["group"]) == (2, 1, None)
    assert ask("POST", f"{address}/run").status_code == 202
    lab.work(lambda: ask("GET", address).json["status"] == "done")

    done = ask("GET", address).json
    assert (done["result"]["created"], done["result"]["refused"], done["result"]["problems"]) == (
        2, 1, [{"row": 4, "reason": "name: Name is needed."}],
    )  # fmt: skip
    assert ask("GET", f"{address}/refused").status_code == 200
    assert ask("POST", f"/api/v1/units/{done['group']}/undo").json["reverted"] == 2
    assert lab.things() == []


def test_an_import_that_is_cut_off_goes_on_where_it_was(lab, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 2)
    ask = lab.program()
    text = "code,name\n" + "".join(f"A{n},{'' if n in (1, 7) else f'Thing {n}'}\n" for n in range(9))
    wishes = '{"map": {"external_id": "code", "name": "name"}}'
    file = (io.BytesIO(text.encode()), "a.csv")
    made = ask("POST", "/api/v1/imports", data={"collection": "things", "file": file, "wishes": wishes})
    address = made.headers["Location"]
    process, cuts = engine.Importer.process, []

    def cut_off(self, rows, *more):
        if self.report.rows >= 4 and not cuts:
            cuts.append(self.report.rows)
            raise ConnectionError("the process ends here")
        process(self, rows, *more)

    monkeypatch.setattr(engine.Importer, "process", cut_off)
    ask("POST", f"{address}/run")
    lab.work(lambda: bool(cuts))
    with lab.acting():
        services.retry(queries.list_jobs(name="imports.run")[0].id)
    lab.work(lambda: ask("GET", address).json["status"] == "done")

    result = ask("GET", address).json["result"]
    assert cuts == [4]
    assert (result["rows"], result["created"], result["refused"], len(lab.things())) == (9, 7, 2, 7)
    assert [one["row"] for one in result["problems"]] == [3, 9]
    assert ask("POST", f"/api/v1/units/{result['group']}/undo").json["reverted"] == 7


@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n123", "a.csv", "it holds a picture (PNG)"),
        (b"", "a.csv", "is empty (0 bytes)"),
        (b"a,a\n1,2\n", "a.csv", "both have the title"),
        (b"a\n1\n", "a.pdf", "a table ends in .csv"),
        (b"not a workbook", "a.xlsx", "does not hold a workbook"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_sentence(lab, content, name, sentence):
    ask = lab.program()

    answer = ask("POST", "/api/v1/imports", data={"collection": "things", "file": (io.BytesIO(content), name)})

    assert answer.status_code == 422
    assert sentence in answer.json["detail"]
    assert list((lab.home / "imports").iterdir()) == []


def test_what_is_not_understood_is_refused_by_name(lab):
    ask = lab.program()

    def upload(**more):
        return ask("POST", "/api/v1/imports", data={"file": (io.BytesIO(FILE), "a.csv"), **more})

    assert upload().json["errors"] == {"collection": ["say which collection the rows belong to"]}
    assert upload(collection="nothings").status_code == 404
    assert upload(collection="things", colour="red").json["errors"]["colour"]
    assert upload(collection="things", wishes="[1]").status_code == 422
    assert upload(collection="things", wishes='{"map": {"name": 1, "x": []}}').status_code == 422
    assert upload(collection="things", wishes='{"maps": {}}').json["errors"]["maps"]
    assert upload(collection="things", wishes='{"map": {"nmae": "title"}}').status_code == 422
    assert ask("POST", "/api/v1/imports", data={"collection": "things"}).json["errors"]["file"]
    assert ask("GET", "/api/v1/imports/99").status_code == 404
    assert ask("GET", "/api/v1/imports").json == {"data": [], "next": None}


def test_people_without_the_permission_import_nothing_and_see_no_imports_of_others(lab):
    root, sam = lab.program(), lab.program("sam@example.com")
    made = root("POST", "/api/v1/imports", data={"collection": "things", "file": (io.BytesIO(FILE), "a.csv")})
    address = made.headers["Location"]

    data = {"collection": "things", "file": (io.BytesIO(FILE), "a.csv")}
    assert sam("POST", "/api/v1/imports", data=data).status_code == 403
    assert [sam(method, address).status_code for method in ("GET", "DELETE")] == [404, 404]
    assert sam("POST", f"{address}/run").status_code == 404
    assert lab.browser("sam@example.com").get("/import").status_code == 403
    assert root("DELETE", address).status_code == 204
    assert list((lab.home / "imports").iterdir()) == []


def test_a_list_is_downloaded_in_each_format_and_noted_in_the_log(lab):
    with lab.acting():
        service.create("sample.thing", {"name": "=1+1", "code": "A1", "state": "open"})
        service.create("sample.thing", {"name": "Two", "code": "A2", "state": "done", "external_id": "x"})
    browser = lab.browser()

    text = browser.get("/export/things?format=csv").get_data(as_text=True)
    book = browser.get("/export/things?format=xlsx")
    listed = browser.get('/export/things?format=json&filter={"f":"state","op":"eq","v":"done"}')

    assert text.startswith("\ufeffid,external_id,name,code,")
    assert ",'=1+1,A1," in marks.without(text)
    assert book.data.startswith(b"PK")
    assert [one["name"] for one in listed.json] == ["Two"]
    assert browser.get("/export/things?format=doc").status_code == 422
    assert lab.browser("sam@example.com").get("/export/things?format=csv").status_code == 403
    with lab.acting():
        assert [row.act for row in audit.newest(act="export")] == ["export"] * 3
