"""Custom fields: made by clicking or by programs, at once in every process, and at home wherever fields are."""

import io
import json
import re
from contextlib import contextmanager
from datetime import date
from html import unescape
from unittest.mock import ANY

import pytest
from admin_lab import Desk, build
from rest_lab import Program, problem
from sqlalchemy import event, text

from kumiko.access import accounts
from kumiko.fields import choices, conversion, indexes
from kumiko.host.context import SYSTEM, use
from kumiko.imports import export
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.offers import Measure
from kumiko.records import queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.measures import Grouping, measure
from kumiko.records.queries import all_ids

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
    "telephone": ("phone", "+49 30 123456", "+4930123456"),
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
        "custom.rooms=3", "custom.rooms__gt=2", "custom.size__between=12,13", "custom.rent__gte=900",
        "custom.free_on__lt=2027-01-01", "custom.seen_at=2026-11-22", "custom.state=good", "custom.extras=roof",
        "custom.pets=true", "custom.mail=ann@example.com", "custom.note__contains=BLUE", "custom.agent=" + str(agent),
        "custom.landlord.name=Lamps Ltd", "custom.rooms__nempty=true", "q=blue door",
        "filter=" + json.dumps({"or": [{"f": "custom.rooms", "op": "in", "v": [3, 4]}]}),
    ):  # fmt: skip
        assert root.names(f"/persons?{question}") == ["Ann"], question
    for key in ("rooms", "size", "rent", "free_on", "seen_at", "state", "note", "agent"):
        assert root.names(f"/persons?sort=-custom.{key}&fields=name,custom.{key}") == ["Ann", "Plain"], key
    status, errors = problem(root.post("/persons", {"last_name": "x", "custom": {"rooms": "many", "nothing": 1}}))
    assert (status, list(errors)) == (422, ["custom"])
    status, errors = problem(root.post("/persons", {"last_name": "x", "custom": {"rooms": "many", "state": "odd"}}))
    assert (status, sorted(errors)) == (422, ["custom.rooms", "custom.state"])
    with desk.acting("root@example.com"):
        for key, group, unit in (("state", "good", ""), ("free_on", date(2026, 12, 1), "month"),
                                 ("seen_at", date(2026, 11, 1), "month"), ("agent", agent, "")):  # fmt: skip
            asked = {"rent": Measure(type="parties.person", how="sum", field="custom_rent")}
            sums = measure("parties.person", asked, groups=[Grouping(f"custom_{key}", unit)])
            assert sums[group,]["rent"] == {("EUR", None): 95000}, key
    version = made["version"]
    changed = root.patch(f"/persons/{made['id']}", {"custom": {"rooms": 4, "rent": None}}, version)
    assert changed.json["custom"] == {**wanted, "rooms": 4, "rent": None}
    entry = root.get(f"/persons/{made['id']}/history").json["data"][0]
    assert {one["field"] for one in entry["changes"]} == {"custom.rooms", "custom.rent"}
    assert root.post(f"/units/{entry['unit']}/undo", {}).json["reverted"] == 1
    assert root.get(f"/persons/{made['id']}").json["custom"] == wanted
    described = root.get("/openapi.json").json["components"]["schemas"]
    assert "rooms" in described["parties.person"]["properties"]["custom"]["properties"]


def fill(desk, count):
    """Many persons, every hundredth with rooms 7, written without ceremony."""
    sqlite = desk.database.is_sqlite
    numbers = (
        f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT"
        if sqlite else f"WITH n(i) AS (SELECT generate_series(1, {count})) SELECT"
    )  # fmt: skip
    custom = "json_object('rooms', i % 100)" if sqlite else "json_build_object('rooms', i % 100)"
    now = "'2026-11-27 08:00:00.000000'" if sqlite else "now()"
    rows = (
        "INSERT INTO parties_person (id, name, last_name, created_at, updated_at, version, do_not_call,"
        f" custom) {numbers} 1000000 + i, 'P' || i, 'P' || i, {now}, {now}, 1, false, {custom} FROM n"
    )
    with desk.database.engine.begin() as connection:
        connection.execute(text(rows))
        connection.execute(text("ANALYZE"))


def explained(desk, **wishes):
    """How the database goes about a list."""
    with desk.acting():
        plan = queries.plan_of(catalogue().get("parties.person"), names=("name", "custom_rooms"), **wishes)
        said = plan.first.compile(desk.database.engine, compile_kwargs={"literal_binds": True})
        words = str(said).replace("%%", "%").replace("__[POSTCOMPILE_n]", "50").replace(":n", "50")
        verb = "EXPLAIN QUERY PLAN" if desk.database.is_sqlite else "EXPLAIN"
        with desk.database.engine.connect() as connection:
            return "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{verb} {words}", ()))


def test_a_filterable_field_has_an_index_that_lists_use_until_it_is_archived(desk):
    root = program(desk)
    fill(desk, 10_000)
    made = define(root, "rooms", "integer")
    names = [f"ix_custom_{made['id']}_integer"]
    assert work(desk) == names
    with desk.database.engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    assert names[0] in explained(desk, node={"f": "custom.rooms", "op": "eq", "v": 7}, sort="id")
    assert names[0] in explained(desk, sort="custom_rooms")
    root.get("/persons?custom.rooms=7")
    with counted(desk) as statements:
        page = root.get("/persons?custom.rooms=7&sort=-custom.rooms&limit=3").json
    assert ([row["custom"] for row in page["data"]], len(statements)) == ([{"rooms": 7}] * 3, 2)
    root.patch(f"/custom-fields/{made['id']}", {"archived": True}, made["version"])
    assert work(desk) == []
    assert problem(root.get("/persons?custom.rooms=7"))[0] == 422
    assert "custom" in root.get("/persons?limit=1").json["data"][0]


def work(desk):
    """Names of the indexes after the background work."""
    desk.work_off()
    with desk.database.engine.connect() as connection:
        return sorted(indexes.existing(connection, sqlite_db=desk.database.is_sqlite))


@contextmanager
def counted(desk, *words):
    """Statements that are sent meanwhile: over persons and definitions, or those with one of the words."""
    sent = []

    def note(_connection, _cursor, statement, *_more):
        if "host_revision" not in statement and any(
            word in statement for word in words or ("parties_person", "fields_")
        ):
            sent.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    yield sent
    event.remove(desk.database.engine, "before_cursor_execute", note)


def test_rules_refuse_in_the_same_words_whoever_writes_and_name_all_that_is_missing_at_once(desk):
    root = program(desk)
    define(root, "contract", "choice", choices=[{"label": "Rent"}, {"label": "Sale"}], default="sale")
    rent = {"f": "custom.contract", "op": "eq", "v": "rent"}
    define(root, "deposit", "money", shown_when=rent, required_when=rent)
    define(root, "flat", "text", required=True, unique=True)
    define(root, "signed_on", "date", locked_when={"f": "custom.contract", "op": "ne", "v": "rent"})
    root.make("field-rules", record_type="persons", field="job_title", required_when=rent)
    wrong = {"f": "custom.contract", "op": "eq", "v": "loan"}
    odd = {"name": "x", "kind": "text", "record_type": "persons", "shown_when": wrong}
    status, errors = problem(root.post("/custom-fields", odd))
    assert (status, errors) == (422, {"shown_when": ["“Contract” cannot be compared with 'loan'"]})
    needed = {"custom.deposit": ["Deposit is needed."], "custom.flat": ["Flat is needed."],
              "job_title": ["Job title is needed."]}  # fmt: skip
    body = {"last_name": "Ann", "custom": {"contract": "rent"}}
    assert problem(root.post("/persons", body)) == (422, needed)
    bad = {"last_name": "Ann", "birthday": "soon"}
    assert sorted(problem(root.post("/persons", bad))[1]) == ["birthday", "custom.flat"]
    only = {"custom.deposit": ["“Deposit” is only filled in when “Contract” is Rent."]}
    body = {"last_name": "Ann", "custom": {"flat": "A1", "deposit": {"value": "5", "currency": "EUR"}}}
    assert problem(root.post("/persons", body)) == (422, only)
    body["custom"]["contract"] = "rent"
    made = root.make("persons", **body, job_title="Tenant")
    taken = {"custom.flat": [f"“A1” is taken by record {made['id']}"]}
    assert problem(root.post("/persons", {"last_name": "Ben", "custom": {"flat": "A1"}})) == (422, taken)
    sale = root.make("persons", last_name="Cy", custom={"flat": "A2", "signed_on": "2026-11-27"})
    assert sale["custom"]["contract"] == "sale"
    locked = {"custom.signed_on": ["“Signed on” cannot be changed when “Contract” is not Rent."]}
    path = f"/persons/{sale['id']}"
    assert problem(root.patch(path, {"custom": {"signed_on": "2026-11-28"}}, sale["version"])) == (422, locked)
    status, errors = problem(root.patch(path, {"custom": {"contract": "rent"}}, sale["version"]))
    assert (status, sorted(errors)) == (422, ["custom.deposit", "job_title"])


def test_what_could_lose_values_is_counted_first_asks_for_a_replacement_and_is_undone_as_a_whole(desk):
    root = program(desk)
    field = define(root, "rooms", "text")
    grade = define(root, "grade", "choice", choices=[{"label": "Good"}, {"label": "Bad"}])
    given = [{"rooms": "3", "grade": "good"}, {"rooms": "4,5", "grade": "bad"}, {"rooms": "many", "grade": "bad"}]
    people = [root.make("persons", last_name=f"P{number}", custom=custom)["id"] for number, custom in enumerate(given)]

    def now(key):
        return [root.get(f"/persons/{one}").json["custom"].get(key) for one in people]

    with desk.acting("root@example.com"):
        found = conversion.preview(field["id"], "integer")
    assert (found.total, found.lost, found.examples) == (3, 2, ("4,5", "many"))
    changed = root.patch(f"/custom-fields/{field['id']}", {"kind": "integer"}, field["version"])
    assert (changed.status_code, now("rooms")) == (200, [3, None, None])
    undo(root, "custom-fields", field["id"])
    assert now("rooms") == ["3", "4,5", "many"]
    rows = [row for row in grade["choices"] if row["key"] != "bad"]
    status, errors = problem(root.patch(f"/custom-fields/{grade['id']}", {"choices": rows}, grade["version"]))
    assert (status, errors) == (
        422,
        {"choices": ["“Bad” is in use (2 persons). Archive it, or replace it by another."]},
    )
    with desk.acting("root@example.com"):
        assert choices.replace_choice(grade["id"], "bad", "good") == 2
    assert now("grade") == ["good"] * 3
    undo(root, "custom-fields", grade["id"])
    assert now("grade") == ["good", "bad", "bad"]
    first = root.get(f"/persons/{people[0]}").json
    root.patch(f"/persons/{people[0]}", {"custom": {"grade": "bad"}}, first["version"])
    both = {"and": [{"f": "custom.grade", "op": "eq", "v": "good"}, {"f": "last_name", "op": "eq", "v": "A"}]}
    view = root.post("/views", {"collection": "persons", "name": "Good ones", "filter": both}).json
    grade = root.get(f"/custom-fields/{grade['id']}").json
    archived = root.patch(f"/custom-fields/{grade['id']}", {"archived": True}, grade["version"]).json
    assert now("grade") == [None] * 3
    assert problem(root.post("/persons", {"last_name": "x", "custom": {"grade": "good"}}))[0] == 422
    browser = desk.browser()
    opened = browser.get(f"/persons?custom_grade=good&last_name=A&view={view['id']}")
    assert opened.headers["Location"] == f"/persons?last_name=A&view={view['id']}"
    told = browser.get(opened.headers["Location"]).text.replace("&#39;", "'")
    assert "Paused: the field 'custom.grade' was archived or deleted. You see it without that" in told
    undo(root, "persons", people[0])
    root.patch(f"/custom-fields/{grade['id']}", {"archived": False}, archived["version"])
    assert now("grade") == ["good", "bad", "bad"]
    root.delete(f"/custom-fields/{field['id']}", root.get(f"/custom-fields/{field['id']}").json["version"])
    assert now("rooms") == [None] * 3
    root.post(f"/custom-fields/{field['id']}/restore", {})
    assert now("rooms") == ["3", "4,5", "many"]


def undo(root, collection, record_id):
    """Undo the newest change of a record."""
    newest = root.get(f"/{collection}/{record_id}/history").json["data"][0]
    answer = root.post(f"/units/{newest['unit']}/undo", {}).json
    assert (answer["refused"], answer["waiting"]) == ([], [])


def test_custom_fields_leave_and_come_in_as_tables_and_follow_the_rights_of_each_role(desk):
    root = program(desk)
    for key, (kind, _given, _shown) in VALUES.items():
        define(root, key, kind, choices=CHOICES.get(key, []))
    define(root, "agent", "user")
    custom = {key: given for key, (_kind, given, _shown) in VALUES.items()}
    made = root.make("persons", last_name="Ann", custom={**custom, "agent": desk.user_id("sal@example.com")})
    with desk.acting("root@example.com"):
        file = io.BytesIO()
        export.export_to(file, "persons", "csv")
        titles = file.getvalue().decode().splitlines()[0].split(",")
        assert [one for one in titles if one.startswith("custom.")][:6] == [
            "custom.note", "custom.story", "custom.rooms", "custom.size", "custom.rent", "custom.rent.currency",
        ]  # fmt: skip
        table = open_table(file.getvalue(), filename="persons.csv")
        plan = compile_plan(Wishes(collection="persons", key="id"), table.columns)
        report = Importer(table, plan).run()
    assert (report.rows, report.unchanged, report.refused) == (1, 1, {})
    assert root.get(f"/persons/{made['id']}").json["version"] == 1

    with desk.acting():
        roles = {service.get("access.role", one).get("key"): one for one in all_ids(catalogue().get("access.role"))}
        limits = {"parties.person": {"custom_rent": "hidden", "custom_note": "read"}}
        service.update("access.role", roles["seller"], {"fields": limits})
    seller = program(desk, "sal@example.com")
    body = {"last_name": "Ben", "custom": {"rent": "5"}}
    assert problem(seller.post("/persons", body)) == (422, {"custom": [ANY]})
    body["custom"] = {"note": "x"}
    assert list(problem(seller.post("/persons", body))[1]) == ["custom.note"]
    ben = seller.make("persons", last_name="Ben", custom={"rooms": 2})
    assert set(ben["custom"]) == set(VALUES) - {"rent"} | {"agent"}
    assert problem(seller.get("/persons?custom.rent__gt=1"))[0] == 422
    assert problem(seller.get("/persons?sort=custom.rent"))[0] == 422


def test_two_hundred_fields_of_one_type_ask_the_database_no_more_often_than_one(desk):
    root, browser = program(desk), desk.browser()
    desk.welcomed()
    define(root, "f0", "text")
    made = root.make("persons", last_name="Ann", custom={"f0": "x"})["id"]
    pages = ("/persons", f"/persons/{made}", f"/persons/{made}/edit", "/persons/columns", "/persons/filter",
             "/persons?columns=custom_f0,custom_f100,custom_f199", "/admin/fields/persons",
             "/admin/layouts/persons")  # fmt: skip

    def asked():
        found = {}
        for path in pages:
            browser.get(path)  # what a process keeps is kept by now
            with counted(desk, "") as sent:
                assert browser.get(path).status_code in (200, 422), path
            found[path] = len(sent)
        return found

    one = asked()
    kinds = [kind for kind in VALUES.values() if kind[0] not in ("choice", "multichoice")]
    many = [{"name": f"F{n}", "key": f"f{n}", "kind": kinds[n % len(kinds)][0], "record_type": "persons"}
            for n in range(1, 200)]  # fmt: skip
    with desk.acting("root@example.com"):
        service.create_many("fields.custom_field", many)
    desk.host.follow(at_once=True)
    assert asked() == one
    values = {f"f{n}": kinds[n % len(kinds)][1] for n in range(1, 200)}
    filled = root.make("persons", last_name="Ben", custom=values)["custom"]
    assert {key: filled[key] for key in values} == {f"f{n}": kinds[n % len(kinds)][2] for n in range(1, 200)}
    assert len(labels(browser, f"/persons/{made}")) > 200


def test_each_role_has_its_own_page_made_by_clicking_and_rights_still_win(desk):
    root = desk.browser()
    desk.welcomed()
    choice = {"kind": "choice", "name": "Contract", "board": "true", "filterable": "true",
              "choices.0.label": "Rent", "choices.1.label": "Sale"}  # fmt: skip
    rent = {"shown_when_0.f": "custom_contract", "shown_when_0.op": "eq", "shown_when_0.v": "rent"}
    assert root.submit("/admin/fields/persons", choice).status_code == 303
    assert root.submit("/admin/fields/persons", {"kind": "text", "name": "Flat", **rent}).status_code == 303
    assert "shown when “Contract” is Rent" in root.get("/admin/fields/persons").text
    owner = str(desk.user_id("sal@example.com"))
    made = root.submit(
        "/persons/new", {"last_name": "Ann", "custom_contract": "rent", "custom_flat": "A1", "owner": owner}
    )
    path = made.headers["Location"]
    assert {"Contract", "Flat"} <= set(labels(root, path))
    assert "Ann" in root.get("/persons/board?board=custom_contract").text
    rules = json.loads(unescape(re.search(r'data-rules="([^"]+)"', root.get(f"{path}/edit").text)[1]))
    assert rules["rules"] == {
        "custom_flat": {"shown": {"f": "custom_contract", "op": "eq", "v": "rent", "kind": "choice"}}
    }
    everybody = ["section:0", "field:custom_flat", "field:last_name", "hidden:", "field:custom_contract"]
    seller = ["section:0", "field:custom_contract", "hidden:", "field:custom_flat", "field:phones"]
    root.submit("/admin/layouts/persons", {"item": everybody, "title.0": "First", "wide.last_name": "1"})
    root.submit("/admin/layouts/persons?role=seller", {"item": seller, "title.0": "Mine"})
    sal = desk.browser("sal@example.com")
    assert labels(root, path)[:2] == ["Flat", "Last name"]
    assert "Contract" not in labels(root, path)
    assert labels(sal, path)[:1] == ["Contract"]
    assert not {"Flat", "Phones"} & set(labels(sal, path))
    with desk.acting():
        roles = {service.get("access.role", one).get("key"): one for one in all_ids(catalogue().get("access.role"))}
        service.update("access.role", roles["seller"], {"fields": {"parties.person": {"custom_contract": "hidden"}}})
    assert "Contract" not in labels(sal, path)
    columns = {"item": [*everybody, "column:custom_flat", "column:job_title"], "show.column.custom_flat": "1"}
    root.submit("/admin/layouts/persons", columns)
    assert [heads(one) for one in (root, sal)] == [
        ["name", "custom_flat"]
    ] * 2  # the seller's page says nothing of columns
    root.submit("/admin/layouts/persons?role=seller", {"item": [*seller, "column:job_title"],
                                                       "show.column.job_title": "1"})  # fmt: skip
    assert [heads(one) for one in (root, sal)] == [["name", "custom_flat"], ["name", "job_title"]]
    flat = program(desk).get("/custom-fields?key=flat").json["data"][0]
    archived = program(desk).patch(f"/custom-fields/{flat['id']}", {"archived": True}, flat["version"]).json
    assert (heads(root)[:2], "Flat" in labels(root, path)) != (["name", "custom_flat"], True)
    assert root.get("/admin/layouts/persons").status_code == 200
    without = {"item": ["section:0", "field:last_name", "field:phones", "column:job_title"], "title.0": "First",
               "show.column.job_title": "1"}  # fmt: skip
    root.submit("/admin/layouts/persons", without)  # by somebody who cannot see the archived field there
    program(desk).patch(f"/custom-fields/{flat['id']}", {"archived": False}, archived["version"])
    assert labels(root, path)[:3] == ["Flat", "Last name", "Phones"]
    assert heads(root) == ["name", "custom_flat", "job_title"]
    root.submit("/admin/layouts/persons", {"item": ["section:0", "field:last_name", "hidden:", "field:custom_flat"]})
    assert "Flat" not in labels(root, path)
    flat = program(desk).get("/custom-fields?key=flat").json["data"][0]
    program(desk).patch(f"/custom-fields/{flat['id']}", {"required": True, "shown_when": None}, flat["version"])
    assert 'name="custom_flat"' in root.get(f"{path}/edit").text  # whoever hid it, nobody could save without it
    assert "“Flat” must be filled in by now" in root.get("/admin/layouts/persons").text
    hide = {"item": ["section:0", "field:last_name", "hidden:", "field:custom_flat"]}
    assert "forms have to show it" in root.submit("/admin/layouts/persons?role=head", hide).text
    root.submit("/admin/layouts/persons/reset")
    assert "Contract" in labels(root, path)
    refused = root.submit("/admin/layouts/persons", {"item": ["section:0", "field:last_name", "field:last_name"]})
    assert (refused.status_code, "is there twice" in refused.text) == (422, True)
    assert sal.get("/admin/layouts/persons").status_code == 403


def labels(browser, path):
    """Labels of the fields on a card, in order."""
    return re.findall(r"<dt[^>]*>([^<]+)</dt>", browser.get(path).text)


def heads(browser):
    """Names of the columns of a list that nobody arranged."""
    page = browser.get("/persons?view=").text
    return re.findall(r'<th[^>]*data-name="([^"]+)"', page)
