"""Acts on many records in the browser: tags added and taken off, and above a thousand a job with a page of its own."""

import re
import threading

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine
from web_lab import Person, open_lab, text_of

from kumiko.jobs.worker import Worker
from kumiko.records import bulk, queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.history import unit_summary
from kumiko.records.units import unit

ROOT = "root@example.com"


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, ROOT)


def shelf(lab, count, **more):
    with lab.acting(ROOT), unit():
        return [service.create("sample.thing", {"name": f"Lamp {n}", "size": n, **more}).id for n in range(count)]


def tags(lab, ids):
    with lab.acting(ROOT):
        return [sorted(service.get("sample.thing", one).values["tags"]) for one in ids]


def sizes(lab):
    with lab.acting(ROOT):
        found = queries.list_page(catalogue().get("sample.thing"), names=["size"], sort="id", limit=200).rows
        return [row[2] for row in found]


def work(lab):
    """Run what is due."""
    worker = Worker(lab.host, threading.Event())
    while worker.run_once():
        pass


def undo_path(answer):
    return re.search(r"/units/\d+/undo", answer.headers["HX-Trigger"])[0]


def test_tags_are_added_and_taken_off_while_the_others_stay_and_one_undo_takes_it_back(lab, root):
    ids = shelf(lab, 2, tags=["red"]) + shelf(lab, 1, tags=["blue", "new"])
    form = root.fragment(f"/things/bulk?ids={ids[0]}", X_Dialog="1").text
    assert ("Add tags" in form, "Remove tags" in form) == (True, True)
    sent = {"ids": ",".join(map(str, ids)), "_add_tags": ["", "new", "vip"], "_drop_tags": ["", "red"]}
    answer = root.post("/things/bulk", sent, HX_Request="true", X_Dialog="1")

    assert "3 records changed" in answer.headers["HX-Trigger"]
    assert tags(lab, ids) == [["new", "vip"], ["new", "vip"], ["blue", "new", "vip"]]
    root.post(undo_path(answer), HX_Request="true")
    assert tags(lab, ids) == [["red"], ["red"], ["blue", "new"]]


def test_a_record_that_would_have_too_many_tags_is_left_and_named(lab, root):
    full, plain = shelf(lab, 1, tags=[f"t{n}" for n in range(50)]) + shelf(lab, 1)
    answer = root.post("/things/bulk", {"ids": f"{full},{plain}", "_add_tags": "more"}, HX_Request="true")
    said = text_of(root.get("/things"))
    refused = root.post("/things/bulk", {"ids": f"{full}", "_add_tags": "x" * 90})

    assert "HX-Redirect" in answer.headers
    assert "1 record changed; 1 was left as it is (tags: at most 50 tags" in said
    assert (len(tags(lab, [full])[0]), tags(lab, [plain])) == (50, [["more"]])
    assert (refused.status_code, "at most 50 tags of 80 characters" in refused.text) == (422, True)
    assert f'value="{"x" * 90}"' in refused.text, "the form shows what was sent"


@pytest.fixture
def few(monkeypatch):
    """The same work with fewer rows."""
    assert (bulk.AT_ONCE, bulk.SLICE) == (1000, 500)
    monkeypatch.setattr(bulk, "AT_ONCE", 20)
    monkeypatch.setattr(bulk, "SLICE", 10)


def test_above_a_thousand_a_job_changes_them_and_its_page_ends_with_undo(lab, root, few):
    shelf(lab, 25)
    with lab.acting(ROOT):
        gone = catalogue().get("sample.thing")
        victim = queries.all_ids(gone)[0]
    answer = root.post("/things/bulk", {"query": "", "size": "7"}, HX_Request="true", X_Dialog="1")
    path = answer.headers["HX-Redirect"]
    assert re.fullmatch(r"/things/bulk/\d+", path)
    waiting = root.get(path)
    assert ("Waits for a worker process" in waiting.text, 'hx-trigger="every 1s"' in waiting.text) == (True, True)
    assert sizes(lab) == list(range(25))
    with lab.acting(ROOT):
        service.delete("sample.thing", victim)
    work(lab)

    ended = root.get(path)
    assert "hx-trigger" not in ended.text.partition('id="km-bulk-job"')[2].partition("</main>")[0]
    assert "23 records changed." in text_of(ended)  # one had the size already, one is gone
    assert "not found, or not yours to change" in text_of(ended)
    assert sizes(lab) == [7] * 24
    undo = re.search(r'action="(/units/\d+/undo)"', ended.text)[1]
    assert root.post(undo).status_code == 303
    assert sizes(lab) == list(range(1, 25))
    assert "Undone" in text_of(root.get(path))
    assert f'action="{undo}"' not in root.get(path).text
    with lab.acting(ROOT):
        said = unit_summary(int(undo.split("/")[2]))
    assert (said.via, said.is_group, said.actor) == ("web", True, "Root")


def test_a_job_that_is_interrupted_goes_on_with_the_next_worker_where_it_was(lab, root, few):
    shelf(lab, 45)
    path = root.post("/things/bulk/delete", {"query": ""}, HX_Request="true").headers["HX-Redirect"]
    stop, units = threading.Event(), []

    def end_in_the_second_slice(_connection, _cursor, statement, *_more):
        if statement.startswith("INSERT INTO records_unit"):
            units.append(statement)
            if len(units) == 2:
                stop.set()

    event.listen(Engine, "before_cursor_execute", end_in_the_second_slice)
    try:
        Worker(lab.host, stop).run_once()
        half = root.get(path)
        assert ('value="20" max="45"' in half.text, "hx-trigger" in half.text) == (True, True)
        assert sizes(lab) == list(range(20, 45))
        work(lab)
    finally:
        event.remove(Engine, "before_cursor_execute", end_in_the_second_slice)

    assert "45 records are in the bin." in text_of(root.get(path))
    assert (sizes(lab), len(units)) == ([], 5)
    root.post(re.search(r'action="(/units/\d+/undo)"', root.get(path).text)[1])
    assert sizes(lab) == list(range(45))


def test_the_page_of_a_job_is_for_the_person_it_works_for(lab, root, few):
    shelf(lab, 25)
    path = root.post("/things/bulk", {"query": "", "_add_tags": "x"}).headers["Location"]
    assert root.get(path).status_code == 200
    assert root.get(path.replace("things", "topics")).status_code == 404
    assert Person(lab, "sam@example.com").get(path).status_code == 404
    assert root.get("/things/bulk/999999").status_code == 404
    work(lab)
    with lab.acting(ROOT):
        assert len(queries.all_ids(catalogue().get("sample.thing"), node={"f": "tags", "op": "eq", "v": "x"})) == 25


def test_a_deletion_is_previewed_with_who_names_the_records_and_the_button_does_exactly_that(lab, root):
    """What would go, what stays and names it, what is refused; nothing is written before; Undo brings all back."""
    ids = shelf(lab, 2)
    with lab.acting(ROOT):
        for number in range(3):
            service.create("sample.remark", {"name": f"Remark {number}", "thing": ids[0]})
        used = service.create("sample.topic", {"name": "Oak"}).id
        free = service.create("sample.topic", {"name": "Elm"}).id
        service.update("sample.thing", ids[1], {"topic": used})
    chosen = {"ids": ",".join(map(str, [*ids, 999_999])), "_step": "preview"}
    shown = root.post("/things/bulk/delete", chosen, HX_Request="true", X_Dialog="1")
    said = text_of(shown)

    assert (shown.status_code, "go to the bin 2" in said, "refused 1" in said) == (200, True, True), said
    assert "3 remarks, in the field “Thing”" in said, said
    assert ("Lamp 0" in said, "not found, or not yours" in said, "Delete 2 records" in said) == (True,) * 3, said
    sent = dict(re.findall(r'name="(ids|_mark)" value="([^"]*)"', shown.text))
    assert sizes(lab) == [0, 1], "a preview deletes nothing"
    with lab.acting(ROOT):
        service.update("sample.thing", ids[1], {"name": "Candle"})
    stale = root.post("/things/bulk/delete", sent, HX_Request="true", X_Dialog="1")
    assert ("since the preview" in stale.text, "Candle" in stale.text) == (True, True)
    sent = dict(re.findall(r'name="(ids|_mark)" value="([^"]*)"', stale.text))
    answer = root.post("/things/bulk/delete", sent, HX_Request="true", X_Dialog="1")
    told = answer.headers["HX-Trigger"]
    assert ("2 records are in the bin" in told, "km:close" in told, sizes(lab)) == (True, True, [])
    root.post(undo_path(answer), HX_Request="true")
    assert sizes(lab) == [0, 1]

    topics = {"ids": f"{used},{free}", "_step": "preview"}
    said = text_of(root.post("/topics/bulk/delete", topics, HX_Request="true", X_Dialog="1"))
    assert ("Oak This topic is in use (1 things)" in said, "Delete 1 record" in said) == (True, True), said


def test_above_a_thousand_the_preview_of_a_deletion_is_a_job_that_says_delete(lab, root, few):
    shelf(lab, 25)
    path = root.post("/things/bulk/delete", {"query": "", "_step": "preview"}, HX_Request="true").headers["HX-Redirect"]
    work(lab)
    page = text_of(root.get(path))
    assert ("25 would go to the bin, 0 are refused." in page, "Delete 25 records" in page, sizes(lab)) == (
        True, True, list(range(25))), page  # fmt: skip
