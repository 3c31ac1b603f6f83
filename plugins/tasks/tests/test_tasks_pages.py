"""Pages of tasks over HTTP: what they show to whom, what numbers open, and what they cost."""

import json
import re
from datetime import timedelta
from urllib.parse import unquote

import pytest
from tasks_lab import DEAL, MEETING, TASK, user_id, words_of

from kumiko import RecordRef, all_ids, catalogue, create, get, run_action, undo, utc_now
from kumiko.core import CORE
from kumiko.records.dumps import dump_view
from kumiko_tasks import my_day
from kumiko_testing.queries import counted
from kumiko_testing.records import open_house


def today():
    """Today's date; the company of the tests is in UTC."""
    return utc_now().date()


@pytest.fixture
def filled(lab):
    """Tasks of two sellers: overdue, today, later, without a day, done in time and late."""
    day0 = today()
    with lab.acting(via="import"):
        sam, sue = user_id("Sam"), user_id("Sue")
        deal = create(DEAL, {"name": "Roof", "owner": sam})
        about = RecordRef(DEAL, deal.id)
        values = [
            {"name": "Sam late", "due_on": day0 - timedelta(days=2), "owner": sam, "related": about},
            {"name": "Sam later", "due_on": day0 + timedelta(days=3), "owner": sam, "related": about},
            {"name": "Sam whenever", "owner": sam},
            {"name": "Sam today", "due_on": day0, "owner": sam, "effort_min": 90},
            {"name": "Sue late", "due_on": day0 - timedelta(days=1), "owner": sue},
        ]
        for number in range(4):  # done: three in time, one late
            day = day0 - timedelta(days=5)
            at = utc_now() - timedelta(days=2 if number == 3 else 6)
            values.append({"name": f"Sam done {number}", "due_on": day, "state": "done", "done_at": at, "owner": sam})
        values.append({"name": "Sam cancelled", "due_on": day0 - timedelta(days=5), "state": "cancelled", "owner": sam})
        for one in values:
            create(TASK, one)
        create(MEETING, {"name": "Hall", "start_at": utc_now() + timedelta(minutes=1), "owner": sam, "related": about})
    return deal


def order(words, *names):
    """The names in the order in which they stand on a page; those that are missing are left out."""
    return sorted((name for name in names if name in words), key=words.index)


def test_my_day_shows_what_is_late_what_is_today_and_what_comes(lab, filled):
    sam, hanna = lab.browser("sam@example.com"), lab.browser("hanna@example.com")
    page = words_of(sam.get("/tasks/day"))
    names = ("Sam late", "Hall", "Sam today", "Sam later", "Sam whenever", "Sue late", "Sam done 0")
    assert order(page, *names) == ["Sam late", "Hall", "Sam today", "Sam later", "Sam whenever"]
    assert order(words_of(hanna.get("/tasks/day?who=all")), "Sam late", "Sue late") == ["Sam late", "Sue late"]
    assert words_of(sam.get("/tasks/day?who=all")) == page
    with lab.acting():
        sue = user_id("Sue")
    assert (sam.get(f"/tasks/day?who={sue}").status_code, hanna.get(f"/tasks/day?who={sue}").status_code) == (422, 200)
    assert "All done" in hanna.get("/tasks/day").text
    added = sam.post("/tasks/quick", {"name": "Ring Anna", "due_on": str(today()), "_back": "//evil.example"})
    assert (added.status_code, added.headers["Location"].partition("?")[0]) == (303, "/tasks/day")
    for address in ("/tasks/calendar", "/tasks/calendar?view=day", "/tasks/calendar?view=month", "/tasks/report"):
        answer = words_of(sam.get(address))
        assert ("Ring Anna" in answer or "report" in address, "Sue late" in answer) == (True, False), address
    assert order(words_of(hanna.get("/tasks/calendar?view=team")), "Sam late", "Sue late") == ["Sam late", "Sue late"]
    wrong = ("/tasks/calendar?view=year", "/tasks/calendar?on=tomorrow", "/tasks/calendar?on=9999-12-31",
             "/tasks/report?period=x", "/tasks/report?from=2026-02-30", "/tasks/from-template?related=17")  # fmt: skip
    assert [sam.get(address).status_code for address in wrong] == [422] * len(wrong)
    assert (sam.get("/tasks/workload").status_code, hanna.get("/tasks/workload").status_code) == (403, 200)


def test_each_number_of_the_report_opens_the_tasks_behind_it(lab, filled):
    start = (today() - timedelta(days=30)).isoformat()
    address = f"/tasks/report?from={start}&until={today()}"
    hanna, sam = lab.browser("hanna@example.com"), lab.browser("sam@example.com")
    page = hanna.get(address).text
    rows = {}
    for name, cells in re.findall(r'<th scope="row">(\w+)</th>(.*?)</tr>', page, re.DOTALL):
        numbers = []
        for cell in re.findall(r'<td class="n">(.*?)</td>', cells)[:5]:
            shown = int(re.sub(r"<[^>]+>", "", cell))
            href = re.search(r'href="([^"]+)"', cell)
            if href is not None:
                node = json.loads(unquote(href[1].partition("filter=")[2]).replace("+", " "))
                with lab.acting("hanna@example.com"):
                    assert len(all_ids(catalogue().get(TASK), node=node)) == shown, (name, node)
            numbers.append(shown)
        rows[name] = numbers
    # due, done in time, done late, overdue, not due yet
    assert rows == {"Sam": [6, 3, 1, 1, 1], "Sue": [1, 0, 0, 1, 0], "Together": [7, 3, 1, 2, 1]}
    assert "50.0 %" in page  # K39 of Sam: 3 / 6
    own = sam.get(address).text
    assert ("Sue" in own, "Together" in own) == (False, False)


def test_work_is_moved_in_one_act_that_one_undo_takes_back(lab, filled):
    hanna = lab.browser("hanna@example.com")
    with lab.acting():
        sam, sue = user_id("Sam"), user_id("Sue")
    assert hanna.post("/tasks/workload/move", {"from": sam, "to": sam, "which": "open"}).status_code == 422
    moved = hanna.post("/tasks/workload/move", {"from": sam, "to": sue, "which": "open"})
    assert moved.status_code == 303
    with lab.acting():
        tasks = catalogue().get(TASK)
        mine = {"and": [{"f": "owner", "op": "eq", "v": sue}, {"f": "state", "op": "eq", "v": "open"}]}
        assert len(all_ids(tasks, node=mine)) == 5
        from kumiko.records.history import history

        one = next(one for one in all_ids(tasks, node=mine) if get(TASK, one).title == "Sam late")
        undo(history(TASK, one)[0].unit)
        assert len(all_ids(tasks, node=mine)) == 1


def test_pages_cost_the_same_however_much_they_show(lab, filled):
    sam, hanna = lab.browser("sam@example.com"), lab.browser("hanna@example.com")
    with lab.acting():
        task = all_ids(catalogue().get(TASK), node=named("Sam late"))[0]
    limits = {
        (sam, "/tasks?state=open"): 5,
        (sam, f"/tasks/{task}"): 8,
        (sam, "/tasks/day"): 10,
        (hanna, "/tasks/day?who=all"): 10,
        (hanna, "/tasks/calendar?view=team"): 10,
        (hanna, "/tasks/workload"): 10,
        (hanna, "/tasks/report"): 10,
    }
    found = {}
    for (browser, path), most in limits.items():
        browser.get(path)
        with counted() as statements:
            assert browser.get(path).status_code == 200
        if len(statements) > most:
            found[path] = (len(statements), statements)
    assert found == {}
    panel = sam.get(f"/deals/{filled.id}/panels/tasks/tasks").text
    assert ("Sam late" in panel, "Hall" in panel, f'value="deals.deal:{filled.id}"' in panel) == (True, True, True)
    answer = sam.api("GET", "/api/v1/tasks?related=" + str(filled.id) + "&fields=name,related&sort=name").get_json()
    about = {"type": DEAL, "id": filled.id, "name": "Roof"}
    assert [(one["name"], one["related"]) for one in answer["data"]] == [("Sam late", about), ("Sam later", about)]


def test_tasks_go_on_without_deals_and_stages(lab, filled, tmp_path):
    for others in ((), ("deals",), ("sales",)):
        house = open_house(lab.url, tmp_path, CORE, (*others, "tasks"))
        assert dict(house.generation.failed) == {}
        with house.acting():
            about = dump_view(get(TASK, all_ids(catalogue().get(TASK), node=named("Sam late"))[0]))["related"]
            made = create(TASK, {"name": f"With {others}", "kind": "call", "due_on": today()})
            run_action(TASK, made.id, "done", {"result": "Done", "next_name": "More"})
            shown = [line.name for part in my_day.my_day().parts for line in part.lines]
        assert about == ({"type": DEAL, "id": filled.id, "name": "Roof"} if "deals" in others else {"hidden": True})
        assert shown == []  # of the system itself
        house.database.close()


def named(name):
    return {"f": "name", "op": "eq", "v": name}
