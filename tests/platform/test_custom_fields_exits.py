"""A custom field is at home on every way out and in, whatever its kind and whatever right a role has to it."""

import io
import json
import re
import tempfile
import zipfile
from contextlib import suppress
from html import unescape
from pathlib import Path

import pytest
from admin_lab import PASSWORD, PEOPLE, Desk
from rest_lab import Program
from sqlalchemy import text, update

from kumiko.access import accounts, setup
from kumiko.core import CORE
from kumiko.duplicates import merging
from kumiko.host.columns import utc_now
from kumiko.host.context import SYSTEM, use
from kumiko.host.errors import Forbidden, KumikoError
from kumiko.imports import export, samples
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.jobs.models import job_table
from kumiko.leaving import inventory
from kumiko.operate import lifecycle
from kumiko.records import erasing, queries, reindex, service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids
from kumiko.texts import check_text, record_values, render_text, text_names
from kumiko_testing.records import open_house, prepare_database

#: Kind -> (value of Ann, value of Ben, how a page shows Ben's, what a form sends for Ben's).
KINDS = {
    "text": ("blue door", "red <b>gate</b>", "red <b>gate</b>", "red <b>gate</b>"),
    "longtext": ("two\nlines", "one line", "one line", "one line"),
    "integer": (3, 4000, "4,000", "4000"),
    "number": (12.5, 70.25, "70.25", "70.25"),
    "money": ({"value": "950.00", "currency": "EUR"}, {"value": "1200.50", "currency": "EUR"}, "1,200.50",
              {"": "1200.50", "_currency": "EUR"}),
    "date": ("2026-12-01", "2027-01-15", "2027", "2027-01-15"),
    "moment": ("2026-11-22T09:30:00Z", "2027-02-01T18:00:00Z", "2027", "2027-02-01T18:00"),
    "boolean": (False, True, "yes", "true"),
    "choice": ("good", "bad", "Bad", "bad"),
    "multichoice": (["lift"], ["lift", "roof"], "Roof", ["lift", "roof"]),
    "email": ("ann@example.com", "ben@example.org", "ben@example.org", "ben@example.org"),
    "phone": ("+4930123456", "+4940765432", "+49", "+49 40 765432"),
    "url": ("https://ann.example", "https://ben.example/x", "ben.example", "ben.example/x"),
    "user": ("sal", "hedy", "Hedy", "hedy"),
    "link": ("Anchor Ltd", "Boat Ltd", "Boat Ltd", "Boat Ltd"),
}  # fmt: skip
CHOICES = {
    "choice": [{"label": "Good"}, {"label": "Bad", "hue": "red"}],
    "multichoice": [{"label": "Lift"}, {"label": "Roof"}],
}
SEARCHED = ("text", "longtext", "email", "phone", "url")
UNSORTED = ("longtext", "multichoice")
GROUPED = ("choice", "boolean", "user", "link", "text", "email", "phone", "url", "date", "moment")
PERSON = "parties.person"


def build(url: str) -> None:
    """A house with deals and processes, a field of every kind of persons, and two persons who have them all."""
    prepare_database(url, CORE, ("deals", "processes"))
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            north = service.create("access.team", {"name": "North"}).id
            for name, email, role in PEOPLE:
                accounts.add_user(name, email, roles=[role], password=PASSWORD, team_id=north)
            lifecycle.enable(("deals", "processes"), probing=False)
        house.database.close()
        made = Stage(url, Path(home))
        made.fill()
        made.database.close()


class Stage(Desk):
    """The house, with what the exits work on."""

    def fill(self):
        """Fields, firms and persons."""
        self.welcomed()
        self.root = self.program("root@example.com")
        for kind in KINDS:
            self.root.make("custom-fields", name=f"X {kind}", key=f"x_{kind}", kind=kind, record_type="persons",
                           choices=CHOICES.get(kind, []), searchable=kind in SEARCHED, board=kind == "choice",
                           target="organizations" if kind == "link" else None)  # fmt: skip
        for name in ("Anchor Ltd", "Boat Ltd"):
            self.root.make("organizations", name=name)
        self.look()
        self.root.make("persons", last_name="Ann", custom=self.first)
        self.root.make("persons", last_name="Ben", custom=self.second)
        self.root.make("persons", last_name="Cy")

    def look(self):
        """What is there."""
        self.root = self.program("root@example.com")
        firms = self.root.get("/organizations").json["data"]
        self.firms = {row["name"]: row["id"] for row in firms}
        self.first = {f"x_{kind}": self.id_of(kind, one[0]) for kind, one in KINDS.items()}
        self.second = {f"x_{kind}": self.id_of(kind, one[1]) for kind, one in KINDS.items()}

    def open(self):
        """Take part, as an administrator with a browser and a token."""
        self.look()
        self.web = self.browser()
        self.ann, self.ben, self.cy = sorted(row["id"] for row in self.root.get("/persons").json["data"])
        self.shown_first, self.shown_second = (self.custom(one) for one in (self.ann, self.ben))

    def program(self, email):
        with use(self.host.context(principal=SYSTEM, via="cli")):
            return Program(self.host, accounts.make_token(accounts.get_user_id(email)))

    def id_of(self, kind, value):
        if kind == "user":
            return self.user_id(f"{value}@example.com")
        return self.firms[value] if kind == "link" else value

    def custom(self, record_id, program=None):
        return (program or self.root).get(f"/persons/{record_id}").json["custom"]

    def change(self, record_id, **values):
        """Change a person as the administrator."""
        seen = self.root.get(f"/persons/{record_id}").json
        changed = self.root.patch(f"/persons/{record_id}", values, seen["version"])
        assert changed.status_code == 200, changed.text
        return changed.json

    def put(self, record_id, values):
        """Write custom values again, behind an exit; no kind fails by that."""
        self.root.post("/persons/bulk", {"ids": [record_id], "set": {"custom": values}})
        return {}

    def form(self):
        """What a form sends for Ben's values."""
        sent = {}
        for kind, (_one, _two, _shown, typed) in KINDS.items():
            name = f"custom_x_{kind}"
            if isinstance(typed, dict):
                sent |= {f"{name}{end}": value for end, value in typed.items()}
            else:
                sent[name] = str(self.id_of(kind, typed)) if kind in ("user", "link") else typed
        return sent


def wrong(found, wanted):
    """Kinds whose value differs -> what was found."""
    return {key[2:]: found.get(key) for key in wanted if found.get(key) != wanted[key]}


def unseen(page, kinds=KINDS):
    """Kinds that a page does not show -> what was looked for."""
    seen = unescape(page)
    return {kind: KINDS[kind][2] for kind in kinds if KINDS[kind][2] not in seen}


# ------------------------------------------------------------------ the exits: each gives the kinds that fail


def exit_rest(on):
    made = on.root.make("persons", last_name="Dee", custom=on.second)
    assert on.root.delete(f"/persons/{made['id']}", made["version"]).status_code in (200, 204)
    return wrong(made["custom"], on.shown_second)


def exit_form(on):
    page = on.web.get("/persons/new").text
    missing = {kind: "no input" for kind in KINDS if f'name="custom_x_{kind}"' not in page}
    owner = {"owner": str(on.user_id("root@example.com"))}
    made = on.web.submit("/persons/new", {"last_name": "Form", "_anew": "1", **owner, **on.form()})
    assert made.status_code == 303, re.findall(r"[^<>]*error[^>]*>([^<]+)<", made.text)
    found = wrong(on.custom(made.headers["Location"].split("?")[0].rsplit("/", 1)[1]), on.shown_second)
    on.web.submit(made.headers["Location"].split("?")[0] + "/delete")
    return missing | found


def exit_card(on):
    return unseen(on.web.get(f"/persons/{on.ben}").text)


def exit_cell(on):
    failed, sent = {}, on.form()
    for kind in KINDS:
        path = f"/persons/{on.cy}/cell/custom_x_{kind}"
        if on.web.get(path).status_code != 200:
            failed[kind] = "no editor"
            continue
        own = {key: value for key, value in sent.items() if key.startswith(f"custom_x_{kind}")}
        answer = on.web.submit(path, own)
        if answer.status_code != 200:
            failed[kind] = answer.status_code
    return failed | wrong(on.custom(on.cy), on.shown_second) | on.put(on.cy, dict.fromkeys(on.first))


def exit_column(on):
    names = ",".join(f"custom_x_{kind}" for kind in KINDS)
    offered = on.web.get("/persons/columns").text
    missing = {kind: "not offered" for kind in KINDS if f"custom_x_{kind}" not in offered}
    return missing | unseen(on.web.get(f"/persons?columns={names}").text)


def exit_sort(on):
    failed = {}
    for kind in KINDS:
        down = on.root.get(f"/persons?sort=-custom.x_{kind}")
        if kind in UNSORTED:
            failed |= {} if down.status_code == 422 else {kind: down.status_code}
        elif down.status_code != 200 or down.json["data"][0]["name"] not in ("Ann", "Ben"):
            failed[kind] = down.text[:200]
    return failed


def exit_filter(on):
    failed = {}
    for kind in KINDS:
        key, value = f"custom.x_{kind}", on.second[f"x_{kind}"]
        value = value[1] if kind == "multichoice" else value["value"] if kind == "money" else value
        value = value[:10] if kind == "moment" else value
        for node, wanted in (({"f": key, "op": "eq", "v": value}, ["Ben"]), ({"f": key, "op": "empty"}, ["Cy"]),
                             ({"f": key, "op": "ne", "v": value}, None)):  # fmt: skip
            found = on.root.get("/persons", query_string={"sort": "id", "filter": json.dumps(node)})
            if found.status_code != 200:
                failed[kind] = found.json.get("errors")
            elif wanted is not None and [row["name"] for row in found.json["data"]] != wanted:
                failed[kind] = (node, [row["name"] for row in found.json["data"]])
        page = on.web.get("/persons", query_string={"filter": json.dumps({"f": key, "op": "eq", "v": value})})
        if page.status_code != 200 or "Ben" not in page.text:
            failed[kind] = page.status_code
    editor = on.web.get("/persons/filter").text
    return failed | {kind: "not offered" for kind in KINDS if f"custom_x_{kind}" not in editor}


def exit_groups(on):
    failed = {}
    for kind in GROUPED:
        page = on.web.get(f"/persons?group_by=custom_x_{kind}&columns=custom_x_integer")
        if page.status_code != 200 or unseen(page.text, [kind]):
            failed[kind] = page.status_code
    return failed


def exit_board(on):
    """A page layout puts the fields on cards, six at a time; a card that is moved to a lane has its choice."""
    failed, kinds = {}, list(KINDS)
    body = {"record_type": "persons", "sections": [{"title": "", "fields": ["last_name"]}]}
    layout = on.root.make("layouts", **body)
    for start in range(0, len(kinds), 6):
        names = [f"custom.x_{kind}" for kind in kinds[start : start + 6]]
        layout = on.root.patch(f"/layouts/{layout['id']}", {"cards": names}, layout["version"]).json
        page = on.web.get("/persons/board?board=custom_x_choice").text
        failed |= unseen(page, [kind for kind in kinds[start : start + 6] if kind != "choice"])  # that is the lane
    on.root.delete(f"/layouts/{layout['id']}", layout["version"])
    sent = {"id": str(on.cy), "lane": "bad", "version": str(on.root.get(f"/persons/{on.cy}").json["version"])}
    moved = on.web.submit("/persons/board/move?board=custom_x_choice", sent)
    if on.custom(on.cy)["x_choice"] != "bad":
        failed["choice"] = ("not moved", moved.status_code, moved.text[:200])
    return failed | on.put(on.cy, {"x_choice": None})


def exit_view(on):
    failed = {}
    for kind in KINDS:
        key = f"custom.x_{kind}"
        body = {"collection": "persons", "name": f"V {kind}", "columns": ["name", key],
                "filter": {"f": key, "op": "nempty"}, "sort": "id" if kind in UNSORTED else f"-{key}"}  # fmt: skip
        body |= {"group": key} if kind in GROUPED else {}
        made = on.root.post("/views", body)
        if made.status_code != 201 or made.json["filter"] != body["filter"] or made.json["columns"][-1] != key:
            failed[kind] = made.text[:200]
            continue
        page = on.web.get(f"/persons?view={made.json['id']}")
        failed |= {} if page.status_code in (200, 302, 303) else {kind: page.status_code}
        on.root.delete(f"/views/{made.json['id']}")
    return failed


def exit_bulk(on):
    form = on.web.get("/persons/bulk", query_string={"ids": str(on.cy)}).text
    missing = {kind: "not offered" for kind in KINDS if f"custom_x_{kind}" not in form}
    sent = on.form()
    sent = {name: value for name, value in sent.items() if name != "custom_x_multichoice"}
    on.web.submit("/persons/bulk", {"ids": str(on.cy), **sent})
    found = on.custom(on.cy)
    done = on.root.post("/persons/bulk", {"ids": [on.cy], "set": {"custom": on.second}})
    assert done.status_code == 200, done.text
    plain = {key: value for key, value in on.shown_second.items() if key != "x_multichoice"}
    return (
        missing
        | wrong(found, plain)
        | wrong(on.custom(on.cy), on.shown_second)
        | on.put(on.cy, dict.fromkeys(on.first))
    )


def exit_search(on):
    asked = {"text": "red gate", "longtext": "one line", "email": "ben@example.org", "phone": "40765432",
             "url": "ben.example"}  # fmt: skip
    return {kind: found for kind, words in asked.items()
            if (found := on.root.names(f"/persons?q={words}")) != ["Ben"]}  # fmt: skip


def exit_tables(on):
    """Export, change everything, bring the export in again: as before. And once more: nothing changes."""
    failed = {}
    for file_format in ("csv", "xlsx", "json"):
        with on.acting("root@example.com"):
            file = io.BytesIO()
            export.export_to(file, "persons", file_format)
        on.root.post("/persons/bulk", {"ids": [on.ann, on.ben], "set": {"custom": dict.fromkeys(on.first)}})
        for again in (False, True):
            with on.acting("root@example.com"):
                table = open_table(file.getvalue(), filename=f"persons.{file_format}")
                report = Importer(table, compile_plan(Wishes(collection="persons", key="id"), table.columns)).run()
            if report.refused or (again and report.unchanged != report.rows):
                failed[file_format] = (report.refused, report.unchanged, report.rows)
        lost = wrong(on.custom(on.ann), on.shown_first) | wrong(on.custom(on.ben), on.shown_second)
        failed |= {f"{kind} {file_format}": value for kind, value in lost.items()}
    return failed


def exit_sample(on):
    with on.acting("root@example.com"):
        file = io.BytesIO()
        samples.write_sample(file, catalogue().get(PERSON), "csv")
        table = open_table(file.getvalue(), filename="sample.csv")
        plan = compile_plan(Wishes(collection="persons"), table.columns)
        report = Importer(table, plan).run()
    titles = [one.strip('"') for one in file.getvalue().decode("utf-8-sig").splitlines()[0].split(",")]
    return {kind: "no column" for kind in KINDS if f"custom.x_{kind}" not in titles} | (
        {"import": report.refused} if report.refused else {}
    )


def exit_openapi(on):
    said = on.root.get("/openapi.json").json
    own = said["components"]["schemas"][PERSON]["properties"]["custom"]["properties"]
    named = (
        {one.get("name") for one in said["paths"]["/persons"]["get"]["parameters"]}
        if "/persons" in said["paths"]
        else {one.get("name") for one in said["paths"]["/api/v1/persons"]["get"]["parameters"]}
    )
    return {kind: "not described" for kind in KINDS if f"x_{kind}" not in own} | {
        kind: "no filter" for kind in KINDS if f"custom.x_{kind}" not in named
    }


def exit_process(on):
    """A condition on the field, and an action that sets it."""
    failed = {}
    for kind in KINDS:
        key, value = f"custom.x_{kind}", on.second[f"x_{kind}"]
        cond = value[1] if kind == "multichoice" else value["value"] if kind == "money" else value
        draft = {"format": 1, "trigger": {"on": "changed", "field": "job_title"}, "stop_when": [],
                 "if": {"f": key, "op": "nempty"},
                 "steps": [{"id": "s1", "kind": "branch", "paths": [
                     {"id": "s2", "if": {"f": key, "op": "eq", "v": cond[:10] if kind == "moment" else cond},
                      "steps": [{"id": "s3", "kind": "set", "values": {key: on.first[f"x_{kind}"]}}]},
                     {"id": "s4", "steps": []}]}]}  # fmt: skip
        with on.acting("root@example.com"):
            try:
                made = service.create("processes.process", {"name": kind, "about": PERSON, "draft": draft})
                service.run_action("processes.process", made.id, "publish", {})
            except Exception as fault:
                failed[kind] = (str(fault), getattr(fault, "errors", ""))
    on.work_off()
    on.change(on.ben, job_title="again")
    on.work_off()
    failed |= wrong(on.custom(on.ben), on.shown_first)
    return failed | on.put(on.ben, on.second)


def exit_merge(on):
    """The loser's value can be taken, kind by kind; undo gives both back."""
    take = {f"custom_x_{kind}": on.ben for kind in KINDS}
    with on.acting("root@example.com"):
        wish = merging.Wish(type_key=PERSON, winner=on.ann, losers=(on.ben,), take=take)
        done = merging.merge(wish)
    failed = wrong(on.custom(on.ann), on.shown_second)
    on.root.post(f"/units/{done.unit}/undo", {})
    failed |= wrong(on.custom(on.ann), on.shown_first) | wrong(on.custom(on.ben), on.shown_second)
    page = on.web.get(f"/duplicates/merge/persons?ids={on.ann},{on.ben}")
    return failed | {kind: page.status_code for kind in KINDS if f"X {kind}" not in page.text}


def exit_past(on):
    """History tells before and after, undo restores, and the past is as it was."""
    at = utc_now().isoformat()
    failed = wrong(on.change(on.ann, custom=on.second)["custom"], on.shown_second)
    entry = on.root.get(f"/persons/{on.ann}/history").json["data"][0]
    told = {one["field"] for one in entry["changes"]}
    failed |= {kind: "not in history" for kind in KINDS if f"custom.x_{kind}" not in told}
    page = on.web.get(f"/persons/{on.ann}/history").text
    failed |= {kind: f"history page lacks {text}" for kind, text in unseen(page).items()}
    past = on.root.get(f"/persons/{on.ann}", query_string={"as_of": at})
    failed |= wrong(past.json["custom"], on.shown_first)
    node = {"and": [{"f": f"custom.x_{kind}", "op": "nempty"} for kind in KINDS]}
    for kind in ("money", "moment", "choice", "link"):
        asked = {"as_of": at, "filter": json.dumps(node), "sort": f"custom.x_{kind}"}
        rows = on.root.get("/persons", query_string=asked).json
        names = sorted(row["name"] for row in rows.get("data", ()) if row["name"] in ("Ann", "Ben", "Cy"))
        failed |= {} if names == ["Ann", "Ben"] else {kind: rows}
    on.root.post(f"/units/{entry['unit']}/undo", {})
    return failed | wrong(on.custom(on.ann), on.shown_first)


def exit_personal_data(on):
    job = on.root.post("/personal-data/package", {"persons": [on.ben]})
    assert job.status_code == 202, job.text
    on.work_off()
    file = max((on.host.config.home).rglob("*.zip"), key=lambda one: one.stat().st_mtime)
    with zipfile.ZipFile(file) as zipped:
        rows = [json.loads(line) for line in zipped.read("records/parties_person.jsonl").splitlines()]
    held = next(row["custom"] for row in rows if row["id"] == on.ben)
    held = json.loads(held) if isinstance(held, str) else held
    return {kind: "not in the package" for kind in KINDS if held.get(f"x_{kind}") is None}


def exit_text(on):
    """A mail, a document or a message of a process names the field; whoever writes it is told of a slip."""
    failed = {}
    with on.acting("root@example.com"):
        offered = {name for name, _label in text_names(PERSON)}
        for kind in KINDS:
            name = f"custom.x_{kind}" + (".name" if kind in ("user", "link") else "")
            told = render_text("{{ " + name + " }}", record_values(PERSON, on.ben)).text
            wanted = {"multichoice": "Lift", "boolean": "yes", "phone": "+49"}.get(kind, KINDS[kind][2])
            failed |= {} if wanted in unescape(told) and name in offered else {kind: (told, name in offered)}
        failed |= {} if check_text("{{ custom.x_txt }}", PERSON) else {"slip": "not told"}
    return failed


def exit_index(on):
    """The database answers a filter, and an order, by the field's own index."""
    on.work_off()
    failed = {}
    with on.acting("root@example.com"), on.database.engine.connect() as connection:
        if not on.database.is_sqlite:  # three rows: only whoever may not read all of them takes an index
            for way in ("seqscan", "bitmapscan", "sort"):
                connection.execute(text(f"SET enable_{way} = off"))
        verb = "EXPLAIN QUERY PLAN" if on.database.is_sqlite else "EXPLAIN"
        info, ids = (
            catalogue().get(PERSON),
            {row["key"]: row["id"] for row in on.root.get("/custom-fields").json["data"]},
        )
        for kind in (kind for kind in KINDS if kind not in UNSORTED):
            value = on.second[f"x_{kind}"]
            node = {"f": f"custom.x_{kind}", "op": "eq", "v": value["value"] if kind == "money" else value}
            index = f"ix_custom_{ids[f'x_{kind}']}_{'link' if kind == 'user' else kind}"
            for wish in ({"node": node, "sort": "id"}, {"sort": f"custom_x_{kind}"}):
                if kind in ("user", "link") and "node" not in wish:
                    continue  # an order by a name, which another table holds
                said = queries.plan_of(info, names=("name",), **wish).first
                words = str(said.compile(on.database.engine, compile_kwargs={"literal_binds": True}))
                words = words.replace("%%", "%").replace("__[POSTCOMPILE_n]", "50").replace(":n", "50")
                plan = "\n".join(" ".join(map(str, row)) for row in connection.exec_driver_sql(f"{verb} {words}", ()))
                failed |= {} if index in plan else {kind: (wish, plan)}
    return failed


EXITS = {name.removeprefix("exit_"): function for name, function in list(globals().items()) if name.startswith("exit_")}


@pytest.fixture
def on(clone_database, tmp_path):
    made = Stage(clone_database("custom exits", build), tmp_path)
    made.open()
    yield made
    made.database.close()


def test_a_field_of_every_kind_is_at_home_on_every_way_out_and_in(on):
    failed = {name: found for name, function in EXITS.items() if (found := function(on))}
    assert failed == {}


# ------------------------------------------------------------------ rights to single fields

VALUES = ("red <b>gate", "one line", "4,000", "70.25", "1,200.50", "1200.5", "ben@example.org", "40765432",
          "40 765432", "ben.example")  # fmt: skip
MARKS = (*VALUES, "Boat Ltd", *(f"X {kind}" for kind in KINDS))


def limit(on, how):
    """The role of sellers has this right to every one of the fields."""
    with on.acting():
        roles = {service.get("access.role", one).get("key"): one for one in all_ids(catalogue().get("access.role"))}
        limits = {PERSON: {f"custom_x_{kind}": how for kind in KINDS}}
        service.update("access.role", roles["seller"], {"fields": limits})


def test_a_field_that_a_role_may_not_see_leaves_by_no_exit(on):
    names = ",".join(f"custom_x_{kind}" for kind in KINDS)
    on.change(on.ben, custom=on.first, owner=on.user_id("sal@example.com"))
    on.change(on.ben, custom=on.second)
    body = {"collection": "persons", "name": "All", "columns": ["name", *names.split(",")], "shared": True,
            "filter": {"f": "custom.x_integer", "op": "eq", "v": 4000}}  # fmt: skip
    view = on.root.post("/views", body).json["id"]
    root, moment = on.web, utc_now().isoformat()
    paths = [f"/persons/{on.ben}", f"/persons/{on.ben}/edit", f"/persons/{on.ben}/history", f"/persons/{on.ben}/peek",
             "/persons/new", "/persons", f"/persons?columns={names}", f"/persons?view={view}", "/persons/columns",
             "/persons/filter", f"/persons/bulk?ids={on.ben}", f"/persons/board?board=custom_x_choice&columns={names}",
             f"/duplicates/merge/persons?ids={on.ann},{on.ben}", f"/persons/{on.ben}?as_of={moment[:19]}",
             "/search?q=red+gate", "/import/persons", "/api/v1/persons", f"/api/v1/persons/{on.ben}",
             f"/api/v1/persons/{on.ben}/history", "/api/v1/changes", "/api/v1/views",
             f"/api/v1/persons?as_of={moment[:19]}Z"]  # fmt: skip
    limit(on, "hidden")
    sal, program = on.browser("sal@example.com"), on.program("sal@example.com")
    leaks, seen = {}, 0
    for path in paths:
        ask = program.get if path.startswith("/api/") else sal.get
        page = ask(path.removeprefix("/api/v1"))
        told = unescape(page.text)
        marks = VALUES if path.endswith("/changes") else MARKS  # there definitions and organizations are, too
        leaks |= {path: found} if (found := [mark for mark in marks if mark in told]) else {}
        leaks |= {path: page.status_code} if page.status_code >= 500 else {}
        seen += any(mark in unescape(root.get(path).text) for mark in MARKS) if not path.startswith("/api/") else 0
    assert leaks == {}, leaks
    assert "X link" not in sal.get(f"/organizations/{on.firms['Boat Ltd']}").text
    version = on.root.get(f"/persons/{on.ben}").json["version"]
    assert seen > 10  # the same pages tell the administrator
    for kind in KINDS:
        asked = (f"sort=custom.x_{kind}", f"custom.x_{kind}__nempty=true", f"fields=custom.x_{kind}")
        assert {program.get(f"/persons?{one}").status_code for one in asked} == {422}, kind
        assert sal.get(f"/persons/{on.ben}/cell/custom_x_{kind}").status_code == 404, kind
        assert sal.get(f"/persons?group_by=custom_x_{kind}").status_code in (200, 422), kind
        assert program.patch(f"/persons/{on.ben}", {"custom": {f"x_{kind}": None}}, version).status_code == 422, kind
    with on.database.engine.begin() as connection:  # the search forgets it in the background
        waiting = update(job_table).where(job_table.c.name == reindex.JOB)
        connection.execute(waiting.values(run_at=job_table.c.created_at))
    on.work_off()
    assert program.names("/persons?q=red gate") == []
    with on.acting("sal@example.com"):
        file = io.BytesIO()
        samples.write_sample(file, catalogue().get(PERSON), "csv")
        with suppress(Forbidden):
            export.export_to(file, "persons", "json")
        assert b"custom.x_" not in file.getvalue()
        assert b"red <b>" not in file.getvalue()
    assert wrong(on.custom(on.ben), on.shown_second) == {}


def test_a_field_that_a_role_may_only_read_is_changed_by_no_way_in(on):
    on.change(on.ben, owner=on.user_id("sal@example.com"))
    limit(on, "read")
    sal, program = on.browser("sal@example.com"), on.program("sal@example.com")
    form = sal.get(f"/persons/{on.ben}/edit").text
    assert [kind for kind in KINDS if re.search(rf'name="custom_x_{kind}"(?![^>]*(readonly|disabled))', form)] == []
    version = str(on.root.get(f"/persons/{on.ben}").json["version"])
    changed = {**on.form(), "custom_x_text": "mine", "custom_x_integer": "1"}
    sal.submit(f"/persons/{on.ben}/edit", {"last_name": "Ben", "_version": version, **changed})
    for kind in KINDS:
        value = on.first[f"x_{kind}"]
        assert sal.submit(f"/persons/{on.ben}/cell/custom_x_{kind}", changed).status_code == 403, kind
        assert program.patch(f"/persons/{on.ben}", {"custom": {f"x_{kind}": value}}, int(version)).status_code == 422, (
            kind
        )
        done = program.post("/persons/bulk", {"ids": [on.ben], "set": {"custom": {f"x_{kind}": value}}})
        assert done.status_code in (403, 422), kind
    table = f"id,custom.x_text,custom.x_integer\n{on.ben},mine,1\n"
    with on.acting("sal@example.com"), suppress(KumikoError):
        rows = open_table(table.encode(), filename="persons.csv")
        Importer(rows, compile_plan(Wishes(collection="persons", key="id"), rows.columns)).run()
    sal.submit("/persons/board/move?board=custom_x_choice", {"id": str(on.ben), "lane": "good", "version": version})
    assert wrong(on.custom(on.ben), on.shown_second) == {}
    assert on.custom(on.ben, program) == on.shown_second


# ------------------------------------------------------------------ links that nobody programmed


def test_a_link_that_an_administrator_made_is_followed_like_one_of_a_module(on):
    """Merge, hand-over, the bin and personal data: whatever looks for who names a record finds custom links, too."""
    on.root.make("custom-fields", name="Friend", key="friend", kind="link", record_type="persons", target="persons")
    dee = on.root.make("persons", last_name="Dee", custom={"friend": on.ben})
    card = on.web.get(f"/persons/{on.ben}").text
    assert ("Linked by your own fields" in card, f'href="/persons/{dee["id"]}">Dee</a>' in card) == (True, True)
    assert "Linked by your own fields" not in on.web.get(f"/persons/{on.ann}").text
    firm = on.web.get(f"/organizations/{on.firms['Boat Ltd']}").text
    assert "Persons (X link)" in firm
    linked = on.root.post("/personal-data/find", {"persons": [on.ben]}).json["linked"]
    assert linked == {"Persons": 1}
    with on.acting("root@example.com"):
        done = merging.merge(merging.Wish(type_key=PERSON, winner=on.ann, losers=(on.ben,)))
    assert on.custom(dee["id"])["friend"] == {"id": on.ann, "name": "Ann"}
    on.root.post(f"/units/{done.unit}/undo", {})
    assert on.custom(dee["id"])["friend"] == {"id": on.ben, "name": "Ben"}
    on.root.delete(f"/persons/{on.ben}", on.root.get(f"/persons/{on.ben}").json["version"])
    with on.acting("root@example.com"):
        left = erasing.erase([(PERSON, on.ben)]).left
        held = {one.key: one.count for one in inventory.inventory(accounts.get_user_id("sal@example.com"))}
    assert left == [("Ben", "1 person still name it")]
    assert held[f"{PERSON}:custom_x_user"] == 1  # Ann's
