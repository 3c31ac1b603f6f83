"""Undo of much, the past and the bin in the browser and over the same house's REST-like addresses."""

import re
import threading
from urllib.parse import quote

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine
from web_lab import Person, open_lab, text_of

from kumiko.host.columns import utc_now
from kumiko.jobs.worker import Worker
from kumiko.records import erasing, history, queries, service, undo_jobs
from kumiko.records.catalogue import catalogue
from kumiko.records.units import group, unit

ROOT = "root@example.com"


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, ROOT)


def sizes(lab):
    with lab.acting(ROOT):
        found = queries.list_page(catalogue().get("sample.thing"), names=["size"], sort="id", limit=200).rows
        return [row[2] for row in found]


def test_much_is_undone_by_a_job_that_goes_on_after_an_interruption_and_can_be_done_again(lab, root, monkeypatch):
    monkeypatch.setattr(undo_jobs, "AT_ONCE", 20)
    monkeypatch.setattr(undo_jobs, "SLICE", 10)
    with lab.acting(ROOT):
        with unit():
            ids = [service.create("sample.thing", {"name": f"Lamp {n}", "size": n}).id for n in range(35)]
        with group("all to seven") as group_id:
            service.bulk("sample.thing", ids, values={"size": 7})
    started = root.post(f"/units/{group_id}/undo", {"_asked": "1"})
    path = started.headers["Location"]
    assert re.fullmatch(rf"/units/{group_id}/undo/\d+", path)
    assert "Waits for a worker process" in root.get(path).text
    stop, units = threading.Event(), []

    def end_in_the_second_slice(_connection, _cursor, statement, *_more):
        if statement.startswith("INSERT INTO records_unit"):
            units.append(statement)
            if len(units) == 2:
                stop.set()

    event.listen(Engine, "before_cursor_execute", end_in_the_second_slice)
    try:
        Worker(lab.host, stop).run_once()
    finally:
        event.remove(Engine, "before_cursor_execute", end_in_the_second_slice)
    assert ('value="20" max="' in root.get(path).text, sizes(lab)[:15].count(7), sizes(lab)[15:]) == (
        True, 15, list(range(15, 35)),
    )  # fmt: skip
    Worker(lab.host, threading.Event()).run_once()

    ended = text_of(root.get(path))
    assert ("34 records taken back." in ended, sizes(lab)) == (True, list(range(35)))
    again = re.search(r'action="(/units/\d+/undo)"', root.get(path).text)[1]
    redo = root.post(again, {"_asked": "1"}).headers["Location"]
    while Worker(lab.host, threading.Event()).run_once():
        pass
    assert ("34 records taken back." in text_of(root.get(redo)), sizes(lab)) == (True, [7] * 35)
    assert Person(lab, "sam@example.com").get(path).status_code == 404


def test_lists_boards_and_cards_show_the_past_and_nothing_to_change_it_with(lab, root):
    with lab.acting(ROOT):
        one = service.create("sample.thing", {"name": "Lamp", "code": "A"}).id
    then = quote(utc_now().isoformat())
    with lab.acting(ROOT):
        service.update("sample.thing", one, {"name": "Desk"})
        service.create("sample.thing", {"name": "Chair"})
    listed, card = root.get(f"/things?as_of={then}"), root.get(f"/things/{one}?as_of={then}")
    for page in (listed, card):
        assert ("Lamp" in page.text, "Desk" in page.text, "As of" in text_of(page)) == (True, False, True)
    assert "Chair" not in listed.text
    for word in ("/things/new", f"/things/{one}/edit", "/bulk", "/actions/", "/undo"):
        main = card.text.partition("<main")[2] + listed.text.partition("<main")[2]
        assert word not in main, word
    assert "as_of=" in re.search(rf'href="(/things/{one}[^"]*)"', listed.text)[1]
    filtered = root.get(f"/things?as_of={then}&name__contains=desk")
    assert "Nothing matches" in filtered.text
    wrong = root.get("/things?as_of=2190-01-01")
    assert (wrong.status_code, "lies ahead" in wrong.text) == (422, True)


def test_the_bin_shows_all_types_with_who_and_how_and_many_are_restored_at_once(lab, root):
    with lab.acting(ROOT):
        ids = [service.create("sample.thing", {"name": f"Lamp {n}"}).id for n in range(3)]
        topic = service.create("sample.topic", {"name": "Alpha"}).id
        service.bulk("sample.thing", ids[:2], remove=True)
        service.delete("sample.topic", topic)
    page = root.get("/bin")
    said = text_of(page)
    assert [word in said for word in ("Lamp 0", "Lamp 1", "Alpha", "deleted by Root", "Lamp 2")] == [True] * 4 + [False]
    assert "Restore with 1 other" in said
    assert "Alpha" not in text_of(root.get("/things/bin"))
    refs = [f"sample.thing:{ids[0]}", f"sample.topic:{topic}"]
    root.post("/bin/restore", {"ref": refs, "_back": "/bin"})
    with lab.acting(ROOT):
        assert [service.find("sample.thing", one) is not None for one in ids] == [True, False, True]
        assert service.find("sample.topic", topic) is not None
    seller = Person(lab, "sam@example.com")
    assert seller.post("/bin/erase", {"ref": refs}).status_code == 403


def test_only_what_nothing_names_is_erased_and_an_undo_says_so(lab, root):
    with lab.acting(ROOT):
        topic = service.create("sample.topic", {"name": "Alpha"}).id
        one = service.create(
            "sample.thing", {"name": "Lamp", "topic": topic, "parts": [{"word": "w"}], "tags": ["x"]}
        ).id
        service.update("sample.thing", one, {"name": "Desk"})
        made = history.history("sample.thing", one)[0].unit
        service.delete("sample.topic", topic, replaced=True)
        left = erasing.erase([("sample.topic", topic), ("sample.thing", one)])
        assert (left.count, left.left) == (0, [("Alpha", "1 thing still name it")])
        service.delete("sample.thing", one)
    asked = root.post("/bin/erase", {"ref": [f"sample.thing:{one}"], "_back": "/bin"})
    assert "This cannot be taken back" in asked.text
    root.post("/bin/erase", {"ref": [f"sample.thing:{one}"], "_back": "/bin", "_sure": "1"})
    with lab.acting(ROOT):
        from kumiko.host.scoping import trusted
        from kumiko.records.models import Entry
        from kumiko.records.undo import undo

        table = catalogue().get("sample.thing").table
        assert trusted(select(table.c.id).where(table.c.id == one)).all() == []
        entries = trusted(select(Entry.__table__).where(Entry.__table__.c.record_id == one)).mappings().all()
        assert {(entry["before"], entry["after"], entry["title"]) for entry in entries} == {(None, None, "")}
        assert erasing.erase([("sample.topic", topic)]).count == 1
        assert undo(made).refused == [{"count": 1, "reason": "erased for good"}]


def test_whoever_makes_what_lies_in_the_bin_is_offered_to_restore_it(lab, root):
    with lab.acting(ROOT):
        topic = service.create("sample.topic", {"name": "Alpha"}).id
        thing = service.create("sample.thing", {"name": "Lamp", "external_id": "E1"}).id
        service.delete("sample.topic", topic)
        service.delete("sample.thing", thing)
    asked = root.post("/topics/new", {"name": "Alpha"})
    assert (asked.status_code, f'href="/topics/{topic}"' in asked.text, "lies in the bin" in asked.text) == (
        422, True, True,
    )  # fmt: skip
    assert root.post("/topics/new", {"name": "Alpha", "_anew": "1"}).status_code == 303
    with lab.acting(ROOT):
        service.create("sample.thing", {"name": "Lamp again", "external_id": "E1"})  # uniqueness ignores the bin
        with pytest.raises(Exception, match="not accepted") as refused:
            service.restore("sample.thing", thing)
        assert "already names record" in refused.value.errors["external_id"][0]


def test_lists_in_groups_and_the_rows_of_a_group_show_the_past(lab, root):
    with lab.acting(ROOT):
        one = service.create("sample.thing", {"name": "Lamp", "state": "open", "price": "5 EUR"}).id
        service.create("sample.thing", {"name": "Stool", "price": "7 USD"})
    then = quote(utc_now().isoformat())
    with lab.acting(ROOT):
        service.update("sample.thing", one, {"name": "Desk", "state": "done", "code": "A", "price": "6 EUR"})
        service.create("sample.thing", {"name": "Chair", "state": "open"})
    page = root.get(f"/things?as_of={then}&group_by=state")
    rows = [address.replace("&amp;", "&") for address in re.findall(r'="(/things/group\?[^"]*)"', page.text)]
    assert (page.status_code, len(rows)) == (200, 1)
    shown = [root.fragment(address) for address in rows]
    assert all("as_of=" in address for address in rows)
    said = " ".join(one.text for one in shown)
    assert [word in said for word in ("Lamp", "Stool", "Desk", "Chair")] == [True, True, False, False]
    assert "/cell/" not in said
    assert re.search(rf'href="/things/{one}\?as_of=', said)
