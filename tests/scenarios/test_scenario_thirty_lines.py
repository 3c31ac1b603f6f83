"""A module in thirty lines: the smallest package of a vendor, and everything that its declarations give."""

import io
import json
import re
import tokenize
from pathlib import Path

import pytest
from openapi_spec_validator import validate
from vendor_lab import Office, furnish, installed, text_of

from kumiko.host.base import table_of

PROJECT = Path(__file__).resolve().parents[2] / "examples/kumiko-visits"
NO_CODE = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
AUGUST = "2026-08-03T09:00:00Z"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    with installed(PROJECT, tmp_path_factory.mktemp("visits")) as name:
        yield name


@pytest.fixture
def office(package, clone_database, tmp_path):
    """An office in which visits are on."""

    def build(url):
        furnish(url)
        made = Office(url, tmp_path)
        made.switch_on(package)
        made.database.close()

    made = Office(clone_database("office with visits", build), tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def sam(office):
    return office.person("sam")


def titles(page):
    return re.findall(r'<a href="/visits/\d+"[^>]*>([^<]+)</a>', page.text)


def test_the_module_is_one_file_of_at_most_thirty_lines():
    files = sorted(path.relative_to(PROJECT / "src/kumiko_visits") for path in PROJECT.rglob("src/**/*.py"))
    written = [path for path in files if "migrations" not in path.parts and path.name != "__init__.py"]
    text = (PROJECT / "src/kumiko_visits/plugin.py").read_text("utf-8")
    lines = {
        number
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in NO_CODE
        for number in range(token.start[0], token.end[0] + 1)
    }
    assert [str(path) for path in written] == ["plugin.py"]
    assert len(lines) <= 30
    assert max(map(len, text.splitlines())) <= 120
    assert (PROJECT / "src/kumiko_visits/__init__.py").read_text("utf-8").count("\n") == 1


def test_a_running_office_gets_it_and_loses_it_and_keeps_what_was_written(package, clone_database, tmp_path):
    office = Office(clone_database("office without modules", furnish), tmp_path)
    root = office.person("root")
    assert root.get("/visits").status_code == 404
    office.switch_on(package)
    assert 'href="/visits"' in root.get("/persons").text
    made = root.make("visits", name="First look", visited_at=AUGUST)

    office.switch_off(package)
    refused = root.api("GET", f"/visits/{made['id']}")
    assert (refused.status_code, refused.json["type"], refused.json["module"]) == (
        404,
        "/problems/module-off",
        "visits",
    )
    assert (root.get("/visits").status_code, 'href="/visits"' in root.get("/persons").text) == (404, False)
    office.switch_on(package)
    assert root.api("GET", f"/visits/{made['id']}").json == made
    office.database.close()


def test_the_form_makes_and_changes_a_visit_and_says_what_is_wrong(office, sam):
    acme = sam.make("organizations", name="Acme")["id"]
    form = text_of(sam.get("/visits/new"))
    assert [
        word for word in ("Purpose", "Organization", "Visited at", "Result", "Money spent") if word not in form
    ] == []
    sent = {
        "name": "Show the new press", "organization": str(acme), "visited_at": "2026-08-03T11:00",
        "result": "interested", "spent": "42.50", "spent_currency": "EUR",
    }  # fmt: skip
    for wrong, sentence in (
        ({"name": ""}, "Purpose is needed."),
        ({"spent": "-1"}, "wanted 0 or more, found -1"),
        ({"result": "sold"}, "is not offered; wanted one of: planned, interested, not_now"),
    ):
        refused = sam.post("/visits/new", {**sent, **wrong})
        assert (refused.status_code, sentence in text_of(refused)) == (422, True), sentence

    made = sam.post("/visits/new", sent)
    assert made.status_code == 303
    path = made.headers["Location"]
    card = text_of(sam.get(path))
    for word in ("Show the new press", "Acme", "Interested", "42.50"):
        assert word in card, word
    changed = sam.post(f"{path}/edit", {**sent, "result": "not_now", "_version": "1"})
    assert changed.status_code == 303, text_of(changed)
    assert "Not now" in text_of(sam.get(path))
    history = text_of(sam.get(f"{path}/history"))
    assert ("Interested" in history, "Not now" in history) == (True, True)


def test_the_list_is_filtered_sorted_and_searched(sam):
    for number in range(3):
        sam.make("visits", name=f"Tour {number}", result="planned" if number else "interested", spent=f"{number} EUR")
    assert titles(sam.get("/visits?sort=name")) == ["Tour 0", "Tour 1", "Tour 2"]
    assert titles(sam.get("/visits?result=planned&sort=-spent")) == ["Tour 2", "Tour 1"]
    assert titles(sam.get("/visits?q=tour+1")) == ["Tour 1"]
    assert titles(sam.get("/visits?result=interested&spent__gte=1")) == []
    found = sam.api("GET", "/search?q=tour").json["data"]
    assert sorted(one["name"] for one in found) == ["Tour 0", "Tour 1", "Tour 2"]


def test_many_are_changed_at_once_and_that_is_taken_back(sam):
    ids = [sam.make("visits", name=f"Tour {number}")["id"] for number in range(4)]
    answer = sam.post("/visits/bulk", {"ids": ",".join(map(str, ids)), "result": "not_now"}, HX_Request="true")
    results = [one["result"] for one in sam.api("GET", "/visits").json["data"]]
    assert results == ["not_now"] * 4
    assert answer.headers["HX-Redirect"] == "/visits"
    shown = sam.get("/visits")
    assert "4 records changed" in shown.text
    sam.post(re.search(r"/units/\d+/undo", shown.text)[0])
    assert [one["result"] for one in sam.api("GET", "/visits").json["data"]] == ["planned"] * 4


def test_the_choice_field_makes_a_board_and_moving_a_card_sets_it(sam):
    acme = sam.make("organizations", name="Acme")["id"]
    made = sam.make("visits", name="Tour", organization=acme, spent="12.50 EUR")
    board = sam.get("/visits/board")
    lanes = re.findall(r'data-lane="(\w+)"', board.text)
    assert (board.status_code, list(dict.fromkeys(lanes))) == (200, ["planned", "interested", "not_now"])
    assert [word for word in ("Tour", "Acme", "€12.50") if word not in text_of(board)] == []
    moved = sam.post(
        "/visits/board/move",
        {"id": str(made["id"]), "lane": "interested", "from": "planned", "version": "1"}, HX_Request="true",
    )  # fmt: skip
    assert moved.status_code == 200
    assert json.loads(moved.headers["HX-Trigger"])["km:moved"] == {"id": made["id"], "ok": True, "gone": False}
    assert sam.api("GET", f"/visits/{made['id']}").json["result"] == "interested"


def test_it_stands_on_the_timeline_of_the_customer_with_a_moment_and_without(sam):
    acme = sam.make("organizations", name="Acme")["id"]
    sam.make("visits", name="Long ago", organization=acme, visited_at=AUGUST)
    sam.make("visits", name="Some day", organization=acme)
    for path in (f"/organizations/{acme}", f"/organizations/{acme}?kind=visits.visit", f"/organizations/{acme}/peek"):
        page = text_of(sam.get(path))
        assert 0 < page.find("Some day") < page.find("Long ago"), path
    for number in range(25):
        sam.make("visits", name=f"Tour {number}", organization=acme, **({"visited_at": AUGUST} if number % 2 else {}))
    seen, path = [], f"/organizations/{acme}?kind=visits.visit"
    while path:
        page = sam.get(path.replace("&amp;", "&"), HX_Request="true" if "after" in path else "").text
        seen += re.findall(r'<li id="t-r(\d+)">', page)
        more = re.search(r'hx-get="([^"]*/timeline\?[^"]*)"', page)
        path = more[1] if more else ""
    assert len(seen) == len(set(seen)) == 27


FILE = """external_id,name,organization,result,spent
v1,Look,Acme,interested,12.50 EUR
v2,Talk,Acme,planned,
"""


def test_a_file_is_imported_twice_by_its_key_taken_back_and_exported(office):
    root = office.person("root")
    root.make("organizations", name="Acme")
    first = imported(office, root, FILE)
    again = imported(office, root, FILE.replace("Talk", "Long talk") + "v3,Tour,Acme,never,\n")
    assert [counts(one) for one in (first, again)] == [(2, 0, 0, 0), (0, 1, 1, 1)]
    assert visits(root) == [("Long talk", "v2", "planned", None), ("Look", "v1", "interested", "12.50")]

    answer = root.get("/export/visits?format=csv&sort=name")
    assert (answer.status_code, answer.text.count("\n")) == (200, 3)
    assert ("Look" in answer.text, "12.50" in answer.text) == (True, True)
    assert office.person("sam").get("/export/visits?format=csv").status_code == 403

    root.api("POST", f"/units/{again['group']}/undo")
    assert visits(root) == [("Look", "v1", "interested", "12.50"), ("Talk", "v2", "planned", None)]
    root.api("POST", f"/units/{first['group']}/undo")
    assert visits(root) == []


def imported(office, person, text):
    """The run of an import, done."""
    wishes = json.dumps({"key": "external_id"})
    made = person.send(
        "/imports", {"collection": "visits", "file": (io.BytesIO(text.encode()), "v.csv"), "wishes": wishes}
    )
    assert made.status_code == 201, made.text
    path = f"/imports/{made.json['id']}"
    assert person.api("POST", f"{path}/run").status_code == 202
    office.work()
    return person.api("GET", path).json


def counts(run):
    return tuple(run["result"][word] for word in ("created", "updated", "unchanged", "refused"))


def visits(person):
    found = person.api("GET", "/visits?sort=name").json["data"]
    return [(one["name"], one["external_id"], one["result"], (one["spent"] or {}).get("value")) for one in found]


def test_programs_make_change_and_undo_under_versions_that_are_checked(sam):
    made = sam.make("visits", name="Tour", visited_at=AUGUST, spent={"value": "10.00", "currency": "EUR"})
    path = f"/visits/{made['id']}"
    assert (made["result"], made["spent"], made["visited_at"]) == (
        "planned",
        {"value": "10.00", "currency": "EUR"},
        AUGUST,
    )
    assert sam.api("PATCH", path, {"result": "interested"}).status_code == 428
    assert sam.api("PATCH", path, {"result": "interested"}, If_Match='"7"').status_code == 412
    assert sam.api("PATCH", path, {"result": "sold"}, If_Match='"1"').status_code == 422
    changed = sam.api("PATCH", path, {"result": "interested"}, If_Match='"1"')
    assert (changed.status_code, changed.json["result"], changed.headers["ETag"]) == (200, "interested", '"2"')
    entries = sam.api("GET", f"{path}/history").json["data"]
    assert [(one["action"], one["via"]) for one in entries] == [("changed", "api"), ("created", "api")]
    undone = sam.api("POST", f"/units/{entries[0]['unit']}/undo")
    assert undone.status_code == 200
    assert sam.api("GET", path).json["result"] == "planned"
    assert sam.api("POST", f"{path}/move", {"result": "not_now"}).json["result"] == "not_now"
    assert sam.api("DELETE", path, If_Match='"4"').status_code == 204
    assert sam.api("POST", f"{path}/restore").json["result"] == "not_now"


def test_openapi_describes_it(sam):
    document = sam.api("GET", "/openapi.json").json
    validate(document)
    told = document["components"]["schemas"]["visits.visit.create"]
    assert told["required"] == ["name"]
    assert told["properties"]["result"]["enum"] == ["planned", "interested", "not_now", None]
    assert told["properties"]["name"]["maxLength"] == 300
    ends = ("", "/{id}", "/{id}/restore", "/{id}/history", "/{id}/move", "/bulk")
    assert [end for end in ends if f"/visits{end}" not in document["paths"]] == []


def test_a_seller_sees_own_visits_and_an_analyst_reads_all_and_writes_none(office, sam):
    made = sam.make("visits", name="Tour")
    sue, ana = office.person("sue"), office.person("ana")
    assert sue.api("GET", "/visits").json["data"] == []
    for path in ("", "/edit", "/history", "/peek"):
        assert sue.get(f"/visits/{made['id']}{path}").status_code == 404, path
    assert sue.api("PATCH", f"/visits/{made['id']}", {"name": "Mine"}, If_Match='"1"').status_code == 404
    assert titles(sue.get("/visits?q=tour")) == []
    assert [one["name"] for one in ana.api("GET", "/visits").json["data"]] == ["Tour"]
    assert ana.api("PATCH", f"/visits/{made['id']}", {"name": "Mine"}, If_Match='"1"').status_code == 403
    assert ana.api("POST", "/visits", {"name": "Mine"}).status_code == 403


def test_own_statements_reach_the_table_through_the_declaration(office):
    from kumiko_visits.plugin import VISIT

    assert table_of(VISIT.model).name == "visits_visit"


def test_one_entry_of_the_menu_is_marked_the_nearest(zoo, office):
    zoo.add(
        "rounds",
        """
        from kumiko import MenuItem
        @hookimpl
        def declare_menu():
            return [MenuItem(key="rounds.board", label="Rounds", href="/visits/board")]
        """,
    )
    office.switch_on("rounds")
    root = office.person("root")
    marked = []
    for path in ("/visits", "/visits/board", "/visits/new"):
        menu = root.get(path).text.partition("km-side-foot")[0]
        marked.append(set(re.findall(r'href="([^"]+)" aria-current="page"', menu)))
    assert marked == [{"/visits"}, {"/visits/board"}, {"/visits"}]
