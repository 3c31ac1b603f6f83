"""Rules (e) and (f) of extensions: while the module is off its fields are named, waited for and refused, never lost."""

import csv
import io
import json

import pytest
from access_lab import token_in
from extension_lab import exported, lab
from sqlalchemy import select, text
from web_lab import text_of

from kumiko.host.columns import table_of
from kumiko.host.errors import Invalid
from kumiko.host.scoping import trusted
from kumiko.imports import runs
from kumiko.imports.wishes import Wishes
from kumiko.records import history, service
from kumiko.records.models import Entry, SavedView
from kumiko.records.undo import undo

__all__ = ["lab"]

WATCHED = ("size", "extra_rank", "extra_phase", "extra_kind")
OFF = "the field '{}' belongs to the module Extra, which is switched off"


@pytest.fixture
def thing(lab):
    """A thing of kind "Fragile", rank 2 and late; its id and the unit that made it so."""
    with lab.acting("root"):
        kind = service.create("extra.kind", {"name": "Fragile"}).id
        made = service.create("sample.thing", {"name": "vase", "size": 1}).id
        service.update("sample.thing", made, {"size": 2, "extra_kind": kind, "extra_rank": 2, "extra_phase": "late"})
        unit = history.history("sample.thing", made)[0].unit
    return made, unit, kind


# ------------------------------------------------------------------ the journal


def test_an_entry_says_by_itself_what_the_link_of_an_extension_named(lab, thing):
    made, unit, kind = thing
    with lab.acting():
        names = trusted(select(table_of(Entry).c.names).where(table_of(Entry).c.unit_id == unit)).scalar_one()
    assert names == {"extra:extra_kind": {str(kind): "Fragile"}}
    program, person = lab.program(), lab.person()
    lab.switch(on=False)

    told = program.get(f"/things/{made}/history").json["data"][0]
    changes = {change["field"]: change for change in told["changes"]}
    assert changes["extra:extra_kind"]["after"] == {"id": kind, "name": "Fragile"}
    assert changes["extra:extra_kind"]["before"] is None
    assert changes["extra:extra_rank"]["after"] == 2
    entries = program.get(f"/units/{unit}").json["entries"]
    assert {change["field"]: change["after"] for change in entries[0]["changes"]}["extra:extra_kind"] == {
        "id": kind,
        "name": "Fragile",
    }
    for path in (f"/things/{made}/history", f"/units/{unit}", f"/things/{made}"):
        page = person.get(path)
        assert page.status_code == 200
        assert "Fragile" in text_of(page), path


def test_names_with_rights_of_their_own_are_asked_for_and_not_copied():
    from kumiko.records.history import json_form, readable_text  # local: the pure part of the rule

    kept, names = {"@type": "parties.person"}, {("parties.person", 7): "Ann"}
    assert readable_text(None, 7, names, kept) == "Ann"
    assert json_form(None, 7, names, kept) == {"id": 7, "name": "Ann"}
    assert json_form(None, 8, names, kept) == {"hidden": True}
    assert json_form(None, 8, names, {"8": "Fragile"}) == {"id": 8, "name": "Fragile"}
    assert json_form(None, "late", {}, None) == "late"


def test_undo_while_the_module_is_off_does_the_rest_lists_it_and_finishes_after_its_return(lab, thing):
    made, unit, _kind = thing
    program, person = lab.program(), lab.person()
    lab.switch(on=False)

    page = person.post(f"/units/{unit}/undo")
    assert page.status_code < 400
    assert "extra" in text_of(person.get(page.headers.get("Location", f"/units/{unit}")))
    told = program.get(f"/units/{unit}").json
    assert told["undone_at"] is None
    with lab.acting("root"):
        assert service.get("sample.thing", made).get("size") == 1
    again = program.post(f"/units/{unit}/undo").json
    assert (again["reverted"], again["waiting"], again["refused"]) == (0, ["extra"], [])

    lab.switch(on=True)
    with lab.acting("root"):
        before = service.get("sample.thing", made)
        assert (before.get("size"), before.get("extra_rank"), before.get("extra_phase")) == (1, 2, "late")
    last = program.post(f"/units/{unit}/undo").json
    assert (last["reverted"], last["waiting"]) == (1, [])
    with lab.acting("root"):
        after = service.get("sample.thing", made)
        assert [after.get(name) for name in WATCHED] == [1, None, "early", None]
    assert program.get(f"/units/{unit}").json["undone_at"] is not None


def test_one_field_of_an_extension_is_taken_back_by_either_name(lab, thing):
    made, unit, _kind = thing
    with lab.acting("root"):
        entry = history.history("sample.thing", made)[0].id
        assert undo(unit, entry_id=entry, name="extra_phase").reverted == 1
        assert undo(unit, entry_id=entry, name="extra:extra_kind").reverted == 1
        after = service.get("sample.thing", made)
        assert [after.get(name) for name in WATCHED] == [2, 2, "early", None]


# ------------------------------------------------------------------ REST


CALLS = {
    "extra_rank=2": "extra_rank",
    "extra:extra_rank__gte=2": "extra:extra_rank__gte",
    "sort=-extra_rank": "sort",
    "sort=extra:extra_rank": "sort",
    "fields=name,extra_rank": "fields",
    "filter=" + json.dumps({"f": "extra_rank", "op": "eq", "v": 2}): "extra_rank",
    "filter=" + json.dumps({"and": [{"not": {"f": "extra:extra_kind", "op": "empty"}}]}): "extra:extra_kind",
    "filter=" + json.dumps({"f": "extra_kind.name", "op": "eq", "v": "Fragile"}): "extra_kind",
}


def test_a_list_that_names_a_field_of_a_module_that_is_off_is_422_by_name_and_comes_back(lab, thing):
    program = lab.program()
    for path in CALLS:
        assert program.get(f"/things?{path}").status_code == 200, path
    lab.switch(on=False)
    for path, member in CALLS.items():
        refused = program.get(f"/things?{path}")
        assert (refused.status_code, list(refused.json["errors"])) == (422, [member]), (path, refused.text)
        assert "belongs to the module Extra, which is switched off" in refused.text, path
    assert program.names("/things") == ["vase"]
    lab.switch(on=True)
    for path in CALLS:
        assert program.names(f"/things?{path}&count=true") == ["vase"] or "fields" in path, path


def test_writing_a_field_of_a_module_that_is_off_is_422_by_name_and_changes_nothing(lab, thing):
    made, _unit, kind = thing
    program = lab.program()
    lab.switch(on=False)
    for name in ("extra_rank", "extra:extra_rank"):
        sentence = {name: [OFF.format(name)]}
        for answer in (
            program.patch(f"/things/{made}", {"size": 9, name: 1}, 2),
            program.post("/things", {"name": "b", name: 1}),
            program.post("/things/bulk", {"ids": [made], "set": {name: 1}}),
        ):
            assert (answer.status_code, answer.json["errors"]) == (422, sentence), answer.text
    bulk = program.post("/things/bulk", {"filter": {"f": "extra_rank", "op": "eq", "v": 2}, "delete": True})
    assert (bulk.status_code, bulk.json["errors"]) == (422, {"extra_rank": [OFF.format("extra_rank")]})
    assert program.get(f"/things/{made}").json["size"] == 2
    gone = program.get(f"/kinds/{kind}")
    assert (gone.status_code, gone.json["type"], gone.json["module"]) == (404, "/problems/module-off", "extra")


# ------------------------------------------------------------------ views


def test_a_saved_view_keeps_the_full_names_pauses_by_name_and_works_again(lab, thing):
    program = lab.program()
    named = {"f": "extra_kind.name", "op": "contains", "v": "F"}
    node = {"and": [{"f": "extra_rank", "op": "gte", "v": 1}, {"or": [named]}]}
    columns = ["name", "extra_kind"]
    body = {"collection": "things", "name": "ranked", "filter": node, "sort": "-extra_rank", "columns": columns}
    made = program.post("/views", body)
    assert made.status_code == 201, made.text
    shown = made.json
    assert [shown[name] for name in ("filter", "sort", "columns", "paused")] == [node, "-extra_rank", columns, ""]
    assert stored_query(lab) == {
        "filter": {
            "and": [
                {"f": "extra:extra_rank", "op": "gte", "v": 1},
                {"or": [{"f": "extra:extra_kind.name", "op": "contains", "v": "F"}]},
            ]
        },
        "sort": "-extra:extra_rank",
        "columns": ["name", "extra:extra_kind"],
    }
    lab.switch(on=False)
    paused = program.get(f"/views/{made.json['id']}").json
    assert paused["paused"] == "Paused: " + OFF.format("extra:extra_kind")
    assert paused["sort"] == "-extra:extra_rank"
    renamed = program.patch(f"/views/{made.json['id']}", {"name": "still there"})
    assert (renamed.status_code, renamed.json["name"]) == (200, "still there")
    lab.switch(on=True)
    back = program.get(f"/views/{made.json['id']}").json
    assert {**back, "name": "ranked"} == shown


def stored_query(lab):
    with lab.acting():
        return trusted(select(table_of(SavedView).c.query)).scalar_one()


def test_a_view_of_the_screens_opens_with_a_sentence_while_the_module_is_off(lab, thing):
    person = lab.person()
    node = json.dumps({"f": "extra_kind.name", "op": "eq", "v": "Fragile"})
    address = f"/things/views/new?extra_rank__gte=1&sort=-extra_rank&columns=size,extra_kind&filter={node}"
    saved = person.post(address, {"name": "Fragile ones"})
    assert saved.status_code == 303, saved.text
    assert stored_query(lab) == {
        "filter": {"and": [{"f": "extra:extra_rank", "op": "gte", "v": "1"},
                           {"f": "extra:extra_kind.name", "op": "eq", "v": "Fragile"}]},
        "sort": "-extra:extra_rank",
        "columns": ["size", "extra:extra_kind"],
    }  # fmt: skip

    def view():
        page = person.get("/things")
        assert page.status_code == 200
        href = next(part for part in page.text.split('href="') if "view=" in part.split('"')[0]).split('"')[0]
        return href.replace("&amp;", "&")

    assert "extra_rank__gte=1" in view()
    assert "vase" in text_of(person.get(view()))
    lab.switch(on=False)
    assert f"Paused: {OFF.format('extra:extra_kind')}" in person.get("/things/views").text.replace("&#39;", "'")
    opened = person.get(view())
    kept = f"/things?columns=size&{view().rpartition('&')[2]}"
    assert (opened.status_code, opened.headers["Location"]) == (302, kept), "all that is left, and which view it is"
    said = text_of(person.get(kept)).replace("&#39;", "'")
    assert (f"Paused: {OFF.format('extra:extra_rank')}" in said, "You see it without that" in said) == (True, True)
    assert "vase" in said
    by_hand = person.get("/things?extra_rank__gte=1")
    assert (by_hand.status_code, "This list cannot be shown" in by_hand.text) == (422, True)
    both = "/things/board?size__gte=0&extra_rank__gte=1&view=" + view().rpartition("=")[2]
    assert person.get(both).headers["Location"] == both.replace("extra_rank__gte=1&", "")
    assert "vase" in text_of(person.get("/things"))
    for path in ("/things/totals", "/things/columns", "/things/bulk"):
        answer = person.get(view().replace("/things", path, 1))
        assert answer.status_code < 500, path
    lab.switch(on=True)
    assert "vase" in text_of(person.get(view()))


def test_columns_of_a_module_that_is_off_are_left_out_of_a_list(lab, thing):
    person = lab.person()
    assert "Fragile" in text_of(person.get("/things?columns=size,extra_kind"))
    lab.switch(on=False)
    page = person.get("/things?columns=size,extra_kind,extra:extra_rank")
    assert page.status_code == 200
    assert "vase" in text_of(page)
    assert "Fragile" not in text_of(page)


# ------------------------------------------------------------------ files


def test_an_export_leaves_out_what_is_off_and_refuses_a_filter_that_names_it(lab, thing):
    node = {"f": "extra_rank", "op": "eq", "v": 2}
    on = next(csv.DictReader(io.StringIO(exported(lab, "csv", node=node).decode())))
    assert (on["extra_rank"], on["extra_kind"]) == ("2", "Fragile")
    lab.switch(on=False)
    off = next(csv.DictReader(io.StringIO(exported(lab, "csv").decode())))
    assert off["name"] == "vase"
    assert not any(name.startswith("extra") for name in off)
    for file_format in ("csv", "xlsx", "json"):
        for wish in ({"node": node}, {"sort": "extra_rank"}):
            with pytest.raises(Invalid) as refused:
                exported(lab, file_format, **wish)
            assert OFF.format("extra_rank") in str(refused.value.errors), wish
    lab.switch(on=True)
    assert exported(lab, "csv", node=node).decode().count("Fragile") == 1


def test_an_import_that_maps_to_a_field_that_is_off_is_refused_by_name_and_writes_nothing(lab, thing):
    lab.switch(on=False)
    for name in ("extra_rank", "extra:extra_rank"):
        with pytest.raises(Invalid) as refused:
            lab.import_csv("t,r\nnew,3\n", maps=(("name", "t"), (name, "r")))
        assert refused.value.message == f"{name} cannot be filled: {OFF.format(name)}."
    with lab.acting("root"):
        assert trusted(text("SELECT count(*) FROM sample_thing")).scalar_one() == 1


def test_a_mapping_kept_with_an_upload_outlives_the_pause(lab, thing):
    wishes = Wishes(collection="things", maps=(("name", "t"), ("extra_kind", "k")), sets=(("extra_rank", "5"),))
    with lab.acting("root"):
        run = runs.upload("things", "list.csv", io.BytesIO(b"t,k\nglass,Fragile\n"), wishes=wishes)
        assert run.wishes == wishes
    with lab.acting():
        kept = trusted(text("SELECT wishes FROM imports_run")).scalar_one()
    kept = json.loads(kept) if isinstance(kept, str) else kept
    assert (kept["map"], kept["set"]) == ({"name": "t", "extra:extra_kind": "k"}, {"extra:extra_rank": "5"})
    person = lab.person()
    lab.switch(on=False)
    with lab.acting("root"):
        with pytest.raises(Invalid) as refused:
            runs.start(run.id, check=False)
        assert OFF.format("extra:extra_kind") in refused.value.message
    assert person.get(f"/import/{run.id}").status_code == 200
    lab.switch(on=True)
    with lab.acting("root"):
        runs.start(run.id, check=False)
    lab.work()
    with lab.acting("root"):
        assert runs.get_run(run.id).result["created"] == 1
        found = service.get("sample.thing", max_id())
        assert (found.get("name"), found.get("extra_rank"), found.get("extra_kind").name) == ("glass", 5, "Fragile")


def max_id():
    return trusted(text("SELECT max(id) FROM sample_thing")).scalar_one()


# ------------------------------------------------------------------ the deal itself


def test_without_the_module_its_fields_vanish_everywhere_and_the_record_stays_whole(lab, thing):
    made, _unit, _kind = thing
    program, person = lab.program(), lab.person()
    on = program.get(f"/things/{made}").json
    assert (on["extra_rank"], on["extra_phase"], on["extra_kind"]["name"]) == (2, "late", "Fragile")
    lab.switch(on=False)
    off = program.get(f"/things/{made}").json
    assert not [name for name in off if name.startswith("extra")]
    assert {name: value for name, value in on.items() if not name.startswith("extra")} == off
    assert "extra_" not in program.get("/openapi.json").text
    card, form = text_of(person.get(f"/things/{made}")), person.get(f"/things/{made}/edit")
    assert "Aside" not in card
    assert "extra_rank" not in form.text
    assert person.get(f"/things/{made}/cell/extra_rank").status_code == 404
    changed = person.post(
        f"/things/{made}/edit", {"name": "vase", "size": "8", "extra_rank": "9", "_csrf": token_in(form)}
    )
    assert changed.status_code < 400, changed.text
    lab.switch(on=True)
    back = program.get(f"/things/{made}").json
    assert (back["size"], back["extra_rank"], back["extra_kind"]["name"]) == (8, 2, "Fragile")
