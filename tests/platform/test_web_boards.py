"""Boards on screen: few statements, the list's filters and views, moves with a way back, refusals in words."""

import json
import re
import time
from dataclasses import replace

import pytest
from babel import Locale
from sqlalchemy import func, select
from web_lab import Person, open_lab, statements, text_of
from werkzeug.datastructures import MultiDict

from kumiko import matching_ids
from kumiko.host.columns import table_of
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Unit
from kumiko.web import board_view, boards, formats


def fill():
    topic = service.create("sample.topic", {"name": "Alpha <b>"}).id
    for number in range(30):
        service.create(
            "sample.thing",
            {
                "name": f"Thing {number:02d} & <i>",
                "size": number,
                "weight": number,
                "share": 50,
                "price": {"value": "1000", "currency": "EUR" if number % 2 else "USD"},
                "topic": topic,
                "state": "open" if number < 20 else "checked",
                "due_on": "2025-01-02" if number == 3 else None,
            },
        )


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path, fill)
    with made.acting():
        (made.topic,) = matching_ids("sample.topic", None)
        made.ids = sorted(matching_ids("sample.thing", None))
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, "root@example.com")


def titles(page, lane=""):
    part = page.text
    if lane:
        part = re.search(rf'data-lane="{lane}".*?</ol>', page.text, re.S)[0]
    return re.findall(r'<a href="/things/\d+" tabindex="-1"[^>]*>([^<]*)</a>', part)


def events(answer):
    return json.loads(answer.headers.get("HX-Trigger", "{}"))


def version_of(lab, record_id):
    with lab.acting():
        return service.get("sample.thing", record_id).version


def move(person, record_id, lane, version, query="", **more):
    data = {"id": str(record_id), "lane": lane, "version": str(version), "from": "open", **more}
    return person.post(f"/things/board/move?{query}", data, HX_Request="true")


def test_a_board_takes_at_most_eight_statements_and_shows_heads_over_everything(root):
    root.get("/things/board")
    with statements() as seen:
        page = root.get("/things/board")

    assert page.status_code == 200
    assert len(seen) <= 8, seen
    assert len(titles(page, "open")) == 12
    assert titles(page, "open")[0] == "Thing 00 &amp; &lt;i&gt;"
    assert "Alpha <b>" not in page.text
    words = text_of(page)
    assert "20 things €10K · €5K weighted $10K · $5K weighted" in words
    assert "Show more · 8" in words
    assert "0 / 3" in words
    assert "Late" in words


def test_more_cards_come_behind_those_that_are_shown(root):
    page = root.get("/things/board")
    more = re.search(r'hx-get="(/things/board/lane\?[^"]*)"', page.text)[1].replace("&amp;", "&")
    rest = root.fragment(more)

    assert [*titles(page, "open"), *titles(rest)] == [f"Thing {number:02d} &amp; &lt;i&gt;" for number in range(20)]
    assert "km-lane-more" not in rest.text


def test_a_closed_lane_is_folded_until_its_address_opens_it(lab, root):
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.ids[0], {"state": "done", "code": "x"})

    assert titles(root.get("/things/board"), "done") == []
    assert titles(root.get("/things/board?open=done"), "done") == ["Thing 00 &amp; &lt;i&gt;"]
    assert "1 thing" in text_of(root.get("/things/board"))


def test_filters_scopes_and_views_are_shared_with_the_list(lab, root):
    page = root.get("/things/board?size__gte=18&q=thing")
    assert titles(page, "open") == ["Thing 18 &amp; &lt;i&gt;", "Thing 19 &amp; &lt;i&gt;"]
    assert "Size at least 18" in text_of(page)
    assert 'href="/things?q=thing&amp;size__gte=18"' in page.text

    listed = root.get("/things?size__gte=18")
    assert 'href="/things/board?size__gte=18"' in listed.text
    assert root.get("/things?scope=all&open=done&by=owner&size__gte=18").status_code == 200

    saved = root.post("/things/views/new?size__gte=18&scope=all&_layout=board", {"name": "Large"})
    view = re.search(r"/things/board\?size__gte=18&scope=all&view=(\d+)", saved.headers["Location"])
    assert view is not None
    assert f'href="/things/board?size__gte=18&amp;scope=all&amp;view={view[1]}"' in root.get("/things/board").text
    opens = f'href="/things/board?size__gte=18&amp;scope=all&amp;view={view[1]}"'
    assert opens in root.get("/things").text, "what was saved as a board opens as one"

    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.ids[5], {"ready": True})
    assert titles(root.get("/things/board?scope=ready"), "open") == ["Thing 05 &amp; &lt;i&gt;"]
    assert titles(root.get("/things/board?ready=true"), "open") == ["Thing 05 &amp; &lt;i&gt;"]
    assert 'href="/things?ready=true"' in root.get("/things/board?scope=ready").text


def test_what_matches_nothing_or_makes_no_sense_says_so(root):
    page = root.get("/things/board?size__gte=99")
    assert "No things fit these filters." in text_of(page)
    assert "Clear filters" in text_of(page)

    wrong = root.get("/things/board?nope=1")
    assert wrong.status_code == 422
    assert "This board cannot be shown" in text_of(wrong)
    assert root.get("/topics/board").status_code == 404
    assert root.get("/things/board/lane?_lane=nope").status_code == 404


def test_a_seller_sees_and_counts_only_his_own(lab, root):
    sam = Person(lab, "sam@example.com")
    page = sam.get("/things/board")

    assert titles(page) == []
    assert "€" not in text_of(page)
    assert move(sam, lab.ids[0], "waiting", 1).status_code == 422
    assert version_of(lab, lab.ids[0]) == 1


def test_a_move_draws_both_heads_and_the_card_and_offers_undo(lab, root):
    with statements() as seen:
        answer = move(root, lab.ids[3], "waiting", 1)

    assert answer.status_code == 200
    assert len(seen) <= 25, len(seen)
    assert re.findall(r'hx-target="([^"]*)"', answer.text) == ["#lane-0-head", "#lane-1-head", f"#c{lab.ids[3]}"]
    assert "19 things" in text_of(answer)
    assert "1 thing, at most 3" in text_of(answer)
    assert 'data-v="2"' in answer.text
    said = events(answer)
    assert said["km:moved"] == {"id": lab.ids[3], "ok": True, "gone": False}
    assert said["km:toast"]["msg"] == "“Thing 03 & <i>” moved to Waiting"
    root.post(said["km:toast"]["undo"], HX_Request="true")
    assert titles(root.get("/things/board"), "open")[3] == "Thing 03 &amp; &lt;i&gt;"


def test_a_card_stands_between_its_new_neighbours(lab, root):
    first, second = lab.ids[20:22]
    answer = move(root, lab.ids[0], "checked", 1, after=str(first), before=str(second))

    assert answer.status_code == 200
    assert titles(root.get("/things/board"), "checked")[:3] == [
        "Thing 20 &amp; &lt;i&gt;", "Thing 00 &amp; &lt;i&gt;", "Thing 21 &amp; &lt;i&gt;"]  # fmt: skip


def test_who_comes_second_reads_who_was_first_and_what_it_was(lab, root):
    move(root, lab.ids[0], "waiting", 1)
    answer = move(root, lab.ids[0], "checked", 1)

    assert answer.status_code == 422
    said = events(answer)
    assert said["km:moved"] == {"id": lab.ids[0], "ok": False, "ask": "", "fresh": True}
    assert said["km:toast"]["msg"] == (
        "Root changed “Thing 00 & <i>” before you (State: Open → Waiting); it was not moved."
    )
    assert said["km:toast"]["tone"] == "error"
    assert titles(root.get("/things/board"), "waiting") == ["Thing 00 &amp; &lt;i&gt;"]


def test_a_refusal_is_a_sentence_and_missing_input_a_form(lab, root):
    with lab.acting("root@example.com"):
        stuck = service.create("sample.thing", {"name": "stuck"}).id
    refused = events(move(root, stuck, "waiting", 1))
    assert refused["km:toast"]["msg"] == "A stuck thing stays where it is."
    assert refused["km:moved"]["ok"] is False

    asked = events(move(root, lab.ids[0], "done", 1, before=str(lab.ids[1])))["km:moved"]["ask"]
    assert asked == f"/things/{lab.ids[0]}/actions/move?state=done&before={lab.ids[1]}&_ask=code"
    form = root.get(asked, X_Dialog="1")
    assert re.search(r'<option value="done" selected>', form.text)
    assert f'<input type="hidden" name="before" value="{lab.ids[1]}">' in form.text
    assert 'name="code"' in form.text
    data = {"state": "done", "code": "K1"}
    place = "http://crm.local/things/board?scope=all"
    sent = root.post(f"/things/{lab.ids[0]}/actions/move", data, HX_Request="true", X_Dialog="1", HX_Current_URL=place)
    assert {"km:close", "km:reload", "km:toast"} == set(events(sent))


def test_a_vanished_lane_or_card_is_told(lab, root):
    assert "no longer there" in events(move(root, lab.ids[0], "nowhere", 1))["km:toast"]["msg"]
    assert "no longer here" in events(move(root, 99_999_999, "waiting", 1))["km:toast"]["msg"]
    assert "no longer here" in events(move(root, "x", "waiting", "y"))["km:toast"]["msg"]


def test_a_new_record_begins_in_the_lane_whose_plus_was_pressed(lab, root):
    page = root.get("/things/board?scope=ready")
    assert 'href="/things/new?state=waiting&amp;ready=true"' in page.text
    form = root.get("/things/new?state=waiting", X_Dialog="1")
    assert '<option value="waiting" selected>' in form.text
    place = "http://crm.local/things/board"
    data = {"_short": "1", "name": "Fresh", "state": "waiting"}
    sent = root.post("/things/new", data, HX_Request="true", X_Dialog="1", HX_Current_URL=place)
    assert {"km:close", "km:reload", "km:toast"} == set(events(sent))
    assert titles(root.get("/things/board"), "waiting") == ["Fresh"]


def soon(ask, status):
    """The answer, once it is the one: on PostgreSQL news wait for older transactions, also those of other tests."""
    until = time.monotonic() + 20
    while True:
        answer = ask()
        if answer.status_code == status or time.monotonic() > until:
            assert answer.status_code == status
            return answer
        time.sleep(0.1)


def settled_mark(lab, root):
    """The mark of a board once everything written so far lies before it: transactions of other tests hold it back."""
    until = time.monotonic() + 20
    while True:
        mark = re.search(r'mark="([\d.]+)"', root.get("/things/board").text)[1]
        with lab.acting("root@example.com"):
            newest = trusted(select(func.max(table_of(Unit).c.xact))).scalar() or 0  # none on SQLite
        if int(mark.partition(".")[0]) >= newest:
            return mark
        assert time.monotonic() < until, "a transaction elsewhere does not end"
        time.sleep(0.1)


def test_news_are_asked_in_one_statement_and_nothing_is_written(lab, root):
    mark = settled_mark(lab, root)
    root.get(f"/things/board/since?n={mark}")
    with statements() as seen:
        nothing = root.get(f"/things/board/since?n={mark}")
    assert nothing.status_code == 204
    assert sum("records_entry" in one for one in seen) == 1
    assert not [one for one in seen if not one.lstrip().upper().startswith(("SELECT", "WITH", "BEGIN", "ROLLBACK"))]

    with lab.acting("root@example.com"):
        service.create("sample.topic", {"name": "elsewhere"})
    assert root.get(f"/things/board/since?n={mark}").status_code == 204
    move(root, lab.ids[0], "waiting", 1)
    told = soon(lambda: root.get(f"/things/board/since?n={mark}"), 200)
    soon(lambda: root.get(f"/things/board/since?n={told.json['n']}"), 204)
    assert root.get("/things/board/since?n=rubbish").status_code == 200


def test_rows_by_owner_come_with_counts_and_load_apart(lab, root):
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.ids[0], {"owner": lab.user_id("sam@example.com")})
        service.update("sample.thing", lab.ids[1], {"owner": None})
    with statements() as seen:
        page = root.get("/things/board?by=owner")
    words = text_of(page)
    assert len(seen) <= 8, seen
    assert "Root 28 records" in words
    assert "Sam 1 record" in words
    assert "Without owner 1 record" in words
    row = re.search(r'hx-get="(/things/board/row\?[^"]*_owner=none)"', page.text)[1].replace("&amp;", "&")
    assert titles(root.fragment(row)) == ["Thing 01 &amp; &lt;i&gt;"]
    rest = row.replace("_owner=none", "_owner=others")
    assert titles(root.fragment(rest)) == []


def test_a_refresh_keeps_as_many_cards_as_were_shown(root):
    page = root.fragment("/things/board?_shown=open:20,checked:x,nope:4")
    assert len(titles(page, "open")) == 20


def test_without_any_board_the_page_says_what_to_do(lab):
    """As for somebody whose team works in no pipeline: the plugin offers no scope."""
    with lab.acting("sam@example.com"), lab.host.generation.app.test_request_context("/things/board"):
        state = boards.BoardState.of(catalogue().get("sample.thing"), MultiDict())
        view = board_view.view_of(replace(state, scopes=(), scope=None), "0.0")
        setup = replace(
            state, scopes=(), scope=None, board=replace(state.board, manage="/lanes", manages="sample.thing")
        )
        managed = board_view.view_of(setup, "0.0")

    assert (view.lanes, view.move_href, view.empty.title) == ((), "", "There is no board for you yet")
    assert (view.empty.action.label, view.empty.action.href) == ("Show the list", "/things")
    assert "Ask an administrator" in view.empty.text
    assert (managed.empty.action.label, managed.empty.action.href) == ("Set up the lanes", "/lanes")


@pytest.mark.parametrize(
    ("language", "minor", "currency", "shown"),
    [
        ("en", 3_470_000_000, "EUR", "€34.7M"),
        ("en", 12_345_600, "EUR", "€123.5K"),
        ("en", 99_950, "USD", "$1,000"),
        ("en", 1_234_567, "JPY", "¥1.2M"),
        ("de", 52_400_000, "EUR", "524.000\u00a0€"),
        ("de", 230_000_000, "EUR", "2,3\u00a0Mio.\u00a0€"),
    ],
)
def test_sums_are_short_in_the_readers_way(language, minor, currency, shown):
    assert formats._compact(Locale.parse(language), minor, currency) == shown
