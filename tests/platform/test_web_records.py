"""Cards, forms, cells, merging, bulk, history and undo on screen, for every type and both databases."""

import re

import pytest
from web_lab import Person, open_lab, statements, text_of

from kumiko.records import service
from kumiko.records.money import Money


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    with made.acting("root@example.com"):
        made.topic = service.create("sample.topic", {"name": "Alpha"}).id
        made.thing = service.create(
            "sample.thing",
            {
                "name": "Lamp",
                "code": "L1",
                "price": {"value": "1000.50", "currency": "EUR"},
                "topic": made.topic,
                "remark": "first\n<b>second</b>",
                "tags": ["red"],
                "parts": [{"word": "bulb", "main": True, "topic": made.topic}],
            },
        ).id
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, "root@example.com")


def values(lab, record_id=None):
    with lab.acting():
        return dict(service.get("sample.thing", record_id or lab.thing).values)


def version(lab):
    with lab.acting():
        return service.get("sample.thing", lab.thing).version


def undo_path(answer):
    return re.search(r"/units/\d+/undo", answer.headers["HX-Trigger"])[0]


# ------------------------------------------------------------------ cards


def test_a_card_takes_at_most_eight_statements_whatever_happened(lab, root):
    with lab.acting("root@example.com"):
        for number in range(30):
            service.update("sample.thing", lab.thing, {"size": number})
            service.create("sample.remark", {"name": f"Remark {number}", "thing": lab.thing})
    with statements() as seen:
        page = root.get(f"/things/{lab.thing}")

    assert page.status_code == 200
    assert len(seen) <= 8, seen
    assert "first<br>&lt;b&gt;second&lt;/b&gt;" in page.text
    assert f'<a href="/topics/{lab.topic}">Alpha</a>' in page.text
    assert "€1,000.50" in page.text


def test_the_timeline_shows_each_item_once_page_by_page_newest_first(lab, root):
    with lab.acting("root@example.com"):
        for number in range(25):
            service.update("sample.thing", lab.thing, {"size": number})
            service.create("sample.remark", {"name": f"Remark {number}", "thing": lab.thing})
    page, found = root.get(f"/things/{lab.thing}"), []
    while True:
        found += re.findall(r'<li id="t-([er]\d+)">', page.text)
        more = re.search(r'hx-get="([^"]*/timeline\?[^"]*)"', page.text)
        if more is None:
            break
        page = root.fragment(more[1].replace("&amp;", "&"))

    assert len(found) == len(set(found)) == 51
    remarks = [int(one[1:]) for one in found if one[0] == "r"]
    assert remarks == sorted(remarks, reverse=True)
    kinds = root.get(f"/things/{lab.thing}?kind=sample.remark").text
    assert set(re.findall(r'<li id="t-([er])', kinds)) == {"r"}
    assert set(re.findall(r'<li id="t-([er])', root.get(f"/things/{lab.thing}?kind=changes").text)) == {"e"}
    assert root.get(f"/things/{lab.thing}/timeline?after=rubbish").status_code == 422


def test_something_written_down_appears_on_the_timeline(lab, root):
    answer = root.post(f"/things/{lab.thing}/timeline", {"kind": "sample.remark", "body": "Called, <b>wants</b> two"})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/things/{lab.thing}")
    page = root.get(f"/things/{lab.thing}")
    assert "Called, &lt;b&gt;wants&lt;/b&gt; two" in page.text
    assert "Saved" in page.text, "the message of the page before"
    assert "km-toast is-ok" not in root.get(f"/things/{lab.thing}").text.partition("km-toast-tpl")[0]


def test_nothing_written_is_refused_and_keeps_the_page(lab, root):
    answer = root.post(f"/things/{lab.thing}/timeline", {"kind": "sample.remark", "body": "  "})

    assert answer.status_code == 422
    assert "Write something first." in answer.text
    assert root.post(f"/things/{lab.thing}/timeline", {"kind": "nope", "body": "x"}).status_code == 404


def test_a_strangers_record_is_not_there_in_any_form(lab, root):
    sam = Person(lab, "sam@example.com")
    for path in ("", "/peek", "/edit", "/history", "/timeline", "/cell/code", "/actions/finish"):
        assert sam.get(f"/things/{lab.thing}{path}").status_code == 404, path
    for path in ("/edit", "/delete", "/restore", "/cell/code", "/actions/finish", "/timeline"):
        assert sam.post(f"/things/{lab.thing}{path}", {"code": "X"}).status_code == 404, path
    assert values(lab)["code"] == "L1"


def test_a_peek_is_a_short_card(lab, root):
    part = root.fragment(f"/things/{lab.thing}/peek")

    assert "<html" not in part.text
    assert "Lamp" in part.text
    assert "Weight" not in part.text, "empty fields are left out"


# ------------------------------------------------------------------ forms


def test_a_record_is_made_by_form_with_every_kind_of_value(lab, root):
    form = {
        "name": "Desk", "code": "D1", "remark": "one\r\ntwo", "size": "7", "weight": "1,234.5", "share": "12.5",
        "price": "2,500.75", "price_currency": "USD", "ready": ["false", "true"], "due_on": "2026-03-04",
        "seen_at": "2026-03-04T10:30", "state": "open", "flavours": ["", "sweet"], "topic": str(lab.topic),
        "tags": ["", "a", "b"], "parts.0.word": "leg", "parts.0.main": ["false", "true"], "parts.100.word": "",
    }  # fmt: skip
    answer = root.post("/things/new", form)

    made = values(lab, int(answer.headers["Location"].rpartition("/")[2]))
    assert answer.status_code == 303
    assert {name: made[name] for name in ("name", "code", "remark", "size", "weight", "share", "ready", "state")} == {
        "name": "Desk", "code": "D1", "remark": "one\ntwo", "size": 7, "weight": 1234.5, "share": 12.5, "ready": True,
        "state": "open",
    }  # fmt: skip
    assert made["price"] == Money(250075, "USD")
    assert made["due_on"].isoformat() == "2026-03-04"
    assert made["seen_at"].isoformat() == "2026-03-04T10:30:00+00:00"
    assert (made["flavours"], made["tags"], made["topic"].id) == (["sweet"], ["a", "b"], lab.topic)
    assert [row["word"] for row in made["parts"]] == ["leg"]


def test_a_refused_form_keeps_what_was_typed_with_a_sentence_at_each_field(lab, root):
    answer = root.post(
        "/things/new",
        {"name": "", "size": "seven", "price": "much", "price_currency": "EUR", "code": "KEEP", "topic": "999999"},
    )

    assert answer.status_code == 422
    for kept in ('value="seven"', 'value="much"', 'value="KEEP"'):
        assert kept in answer.text
    said = text_of(answer)
    assert "Name is needed." in said or "is needed" in said or "wanted a number" in said
    assert 'aria-invalid="true"' in answer.text


def test_the_dialog_has_the_short_form_and_leads_to_the_new_card(lab, root):
    part = root.fragment("/things/new", X_Dialog="1")
    answer = root.post(
        "/things/new", {"name": "Chair", "_short": "1"}, HX_Request="true", HX_Target="div#km-dialog-body"
    )

    assert "data-title" in part.text
    assert 'name="remark"' not in part.text
    assert re.fullmatch(r"/things/\d+", answer.headers["HX-Redirect"])


def test_an_edit_changes_what_was_sent_and_empties_what_was_emptied(lab, root):
    page = root.get(f"/things/{lab.thing}/edit")
    assert 'value="1000.50"' in page.text
    answer = root.post(
        f"/things/{lab.thing}/edit",
        {"_version": str(version(lab)), "code": "L2", "remark": "", "parts.present": "1", "tags": [""]},
    )

    after = values(lab)
    assert answer.status_code == 303
    assert (after["code"], after["remark"], after["parts"], after["tags"]) == ("L2", None, [], [])
    assert after["name"] == "Lamp"


def test_two_people_on_different_fields_are_merged_without_a_question(lab, root):
    stale = version(lab)
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.thing, {"size": 5})
    answer = root.post(
        f"/things/{lab.thing}/edit", {"_version": str(stale), "code": "MINE", "size": "", "name": "Lamp"}
    )

    assert answer.status_code == 303
    assert (values(lab)["code"], values(lab)["size"]) == ("MINE", 5)


def test_two_people_on_the_same_field_are_asked_and_nothing_is_lost(lab, root):
    stale = version(lab)
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.thing, {"code": "THEIRS", "size": 5})
    answer = root.post(f"/things/{lab.thing}/edit", {"_version": str(stale), "code": "MINE", "weight": "2", "size": ""})

    assert answer.status_code == 422
    assert "THEIRS" in answer.text
    assert "MINE" in answer.text
    assert values(lab)["code"] == "THEIRS", "nothing is written before the choice"
    fields = dict(
        re.findall(
            r'<input type="hidden" name="([^"]+)" value="([^"]*)"',
            answer.text.replace("&#34;", '"').replace('value=""MINE""', 'value="MINE"'),
        )
    )
    chosen = {
        "_merge": "1",
        "_version": fields["_version"],
        "code": '"MINE"',
        "pick-code": "mine",
        "keep-weight": '"2"',
    }
    assert root.post(f"/things/{lab.thing}/edit", chosen).status_code == 303
    after = values(lab)
    assert (after["code"], after["weight"], after["size"]) == ("MINE", 2.0, 5)


def test_bad_forms_never_break_the_server(lab, root):
    for form in (
        {"parts.x.word": "a"},
        {"parts.0.word": ["a", "b"]},
        {"topic": "1e9"},
        {"topic": "9" * 40},
        {"seen_at": "yesterday"},
        {"size": "9" * 40},
        {"flavours": "nope"},
        {"_version": "abc", "name": "\x00"},
        {"price": "1", "price_currency": "XXXX"},
        {"_merge": "1", "pick-code": "mine", "code": "{"},
        {"name": "x" * 5000},
        {"weight": "Infinity"},
        {"weight": "1e400"},
    ):
        for path in ("/things/new", f"/things/{lab.thing}/edit"):
            assert root.post(path, form).status_code in (303, 422), (path, form)


# ------------------------------------------------------------------ cells


def test_a_cell_is_edited_in_the_list_and_can_be_undone(lab, root):
    root.get("/things")
    editor = root.fragment(f"/things/{lab.thing}/cell/price?place=list")
    assert f'hx-target="#r{lab.thing} [data-f=price]"' in editor.text
    now = str(version(lab))
    with statements() as seen:
        answer = root.post(
            f"/things/{lab.thing}/cell/price",
            {"price": "99", "price_currency": "EUR", "_version": now, "_place": "list"},
            HX_Request="true",
        )

    assert answer.text == '<td class="n f e" data-f=price><button>€99.00</button>'
    assert values(lab)["price"] == Money(9900, "EUR")
    undone = root.post(undo_path(answer), HX_Request="true")
    assert "1 record taken back" in undone.headers["HX-Trigger"]
    assert values(lab)["price"] == Money(100050, "EUR")
    assert len([one for one in seen if not one.startswith("BEGIN")]) <= 8, seen


def test_a_refused_cell_keeps_its_text(lab, root):
    answer = root.post(
        f"/things/{lab.thing}/cell/size",
        {"size": "many", "_version": str(version(lab)), "_place": "card"},
        HX_Request="true",
    )

    assert answer.status_code == 422
    assert 'value="many"' in answer.text
    assert 'hx-target="#p-size"' in answer.text
    assert values(lab)["size"] is None


def test_a_stale_cell_only_asks_when_it_is_the_same_value(lab, root):
    stale = str(version(lab))
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.thing, {"code": "THEIRS"})
    other = root.post(
        f"/things/{lab.thing}/cell/size", {"size": "3", "_version": stale, "_place": "card"}, HX_Request="true"
    )
    same = root.post(
        f"/things/{lab.thing}/cell/code", {"code": "MINE", "_version": stale, "_place": "card"}, HX_Request="true"
    )

    assert other.status_code == 200
    assert same.status_code == 422
    assert "Root set this to THEIRS meanwhile" in same.text
    assert values(lab)["code"] == "THEIRS"
    again = re.search(r'name="_version" value="(\d+)"', same.text)[1]
    assert (
        root.post(
            f"/things/{lab.thing}/cell/code", {"code": "MINE", "_version": again, "_place": "card"}, HX_Request="true"
        ).status_code
        == 200
    )
    assert values(lab)["code"] == "MINE"


@pytest.mark.parametrize(
    "name",
    [
        "name",
        "remark",
        "topic",
        "tags",
        "parts",
        "ready",
        "flavours",
        "state",
        "due_on",
        "seen_at",
        "owner",
        "co_owners",
    ],
)
def test_every_kind_of_value_has_an_editor_on_the_card(lab, root, name):
    assert "km-cell-form" in root.fragment(f"/things/{lab.thing}/cell/{name}?place=card").text


def test_kept_values_have_no_editor(lab, root):
    assert root.fragment(f"/things/{lab.thing}/cell/created_at").status_code == 403
    assert root.fragment(f"/things/{lab.thing}/cell/label").status_code == 403
    assert root.fragment(f"/things/{lab.thing}/cell/nope").status_code == 404


# ------------------------------------------------------------------ deleting, actions, bulk


def test_a_deleted_record_is_in_the_bin_with_its_history_until_restored(lab, root):
    answer = root.post(f"/things/{lab.thing}/delete")
    assert answer.headers["Location"] == "/things"
    assert "Lamp" not in text_of(root.get("/things")).replace("“Lamp” is in the bin", "")
    assert "Lamp" in root.get("/things/bin").text
    assert "This record is in the bin." in root.get(f"/things/{lab.thing}").text
    assert root.get(f"/things/{lab.thing}/history").status_code == 200
    assert root.get(f"/things/{lab.thing}/edit").status_code == 409
    assert root.post(f"/things/{lab.thing}/restore").status_code == 303
    assert "Lamp" in root.get("/things").text


def test_an_action_asks_for_its_values_and_refuses_in_its_own_dialog(lab, root):
    assert "On" in root.fragment(f"/things/{lab.thing}/actions/finish", X_Dialog="1").text
    wrong = root.post(f"/things/{lab.thing}/actions/finish", {"on": "soon"}, HX_Request="true", X_Dialog="1")
    assert wrong.status_code == 422
    assert "wanted a date" in wrong.text
    assert root.post(f"/things/{lab.thing}/actions/finish", {"on": "2026-05-06"}).status_code == 303
    assert values(lab)["state"] == "done"
    assert root.post(f"/things/{lab.thing}/actions/finish", {"on": "2026-05-06"}).status_code in (409, 422)
    assert root.get(f"/things/{lab.thing}/actions/nope").status_code == 403


def test_bulk_changes_the_chosen_ones_and_leaves_the_rest_of_their_fields(lab, root):
    with lab.acting("root@example.com"):
        other = service.create("sample.thing", {"name": "Desk", "size": 1}).id
    assert "What you leave empty stays as it is." in root.fragment(f"/things/bulk?ids={other}", X_Dialog="1").text
    answer = root.post(
        "/things/bulk",
        {"ids": f"{lab.thing},{other}", "size": "9", "code": "", "_clear": "weight"},
        HX_Request="true",
        X_Dialog="1",
    )

    assert "2 records changed" in answer.headers["HX-Trigger"]
    assert [values(lab, one)["size"] for one in (lab.thing, other)] == [9, 9]
    assert values(lab)["code"] == "L1"
    root.post(undo_path(answer), HX_Request="true")
    assert [values(lab, one)["size"] for one in (lab.thing, other)] == [None, 1]


def test_bulk_may_mean_everything_that_matches(lab, root):
    with lab.acting("root@example.com"):
        for number in range(5):
            service.create("sample.thing", {"name": f"Desk {number}", "size": number})
    answer = root.post("/things/bulk/delete", {"query": "size__gte=2"}, HX_Request="true")

    assert "3 records are in the bin" in answer.headers["HX-Trigger"]
    root.post(undo_path(answer), HX_Request="true")
    assert len(re.findall(r"<tr id=r", root.get("/things").text)) == 6


def test_bulk_without_values_or_records_says_so(lab, root):
    assert "Fill in what shall be changed." in root.post("/things/bulk", {"ids": str(lab.thing)}).text
    assert "No records are chosen." in root.post("/things/bulk", {"size": "1"}).text
    wrong = root.post("/things/bulk", {"ids": str(lab.thing), "size": "x"})
    assert (wrong.status_code, 'value="x"' in wrong.text) == (422, True)
    assert root.post("/things/bulk/delete", {}).status_code == 422


# ------------------------------------------------------------------ history and undo


def test_history_and_unit_pages_say_what_changed_and_undo_it(lab, root):
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.thing, {"price": {"value": "5", "currency": "USD"}, "topic": None})
    page = root.get(f"/things/{lab.thing}/history")
    unit = re.search(r'href="/units/(\d+)"', page.text)[1]

    assert "€1,000.50" in page.text
    assert "$5.00" in page.text
    assert "Alpha" in root.get(f"/units/{unit}").text
    assert root.post(f"/units/{unit}/undo").status_code == 303
    assert values(lab)["price"] == Money(100050, "EUR")
    assert "Undone" in root.get(f"/units/{unit}").text
    assert root.post(f"/units/{unit}/undo").status_code == 409
    assert root.get("/units/999999").status_code == 404
    assert Person(lab, "sam@example.com").get(f"/units/{unit}").status_code == 404


def test_an_undo_that_keeps_later_values_says_which(lab, root):
    with lab.acting("root@example.com"):
        service.update("sample.thing", lab.thing, {"code": "A"})
        service.update("sample.thing", lab.thing, {"code": "B"})
    listed = re.findall(r'action="/units/(\d+)/undo"', root.get(f"/things/{lab.thing}/history").text)
    units = list(dict.fromkeys(listed))
    asked = root.post(f"/units/{units[1]}/undo")
    assert (asked.status_code, asked.headers["Location"].partition("?")[0]) == (303, f"/units/{units[1]}/undo")
    form = root.get(asked.headers["Location"]).text
    assert f'name="pick-{lab.thing}:code" value="back"' in form
    assert "changed by Root" in form
    answer = root.post(f"/units/{units[1]}/undo", {"_asked": "1", f"pick-{lab.thing}:code": "keep"})

    assert answer.status_code == 200
    assert "1 value kept because it was changed later" in answer.text
    assert values(lab)["code"] == "B"


def test_get_never_writes(lab, root):
    with statements() as seen:
        for path in (
            "/things",
            f"/things/{lab.thing}",
            f"/things/{lab.thing}/edit",
            "/things/new",
            "/things/bin",
            "/search?q=lamp",
        ):
            root.get(path)

    assert [one for one in seen if one.split()[0].upper() in ("INSERT", "UPDATE", "DELETE", "BEGIN")] == []


def test_the_page_of_a_refusal_says_what_to_do(lab, root):
    page = root.get("/things/999999")

    assert page.status_code == 404
    assert "There is no thing 999999 that you may see." in page.text
    assert "km-shell" in page.text
    assert root.get("/nosuch/1/2/3").status_code == 404
    assert root.post("/things/1").status_code == 405


def test_assets_are_kept_for_a_year_and_nothing_else_is_served(lab, root):
    page = root.get("/things").text
    sheet = re.search(r'href="(/a/web/[0-9a-f]+/kit\.css)"', page)[1]
    answer = root.get(sheet, Accept_Encoding="gzip, br")

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert root.get(re.sub("/a/web/[0-9a-f]+", "/a/web/old", sheet)).headers["Cache-Control"] == "no-cache"
    assert root.get("/a/web/x/../plugin.py").status_code == 404
    assert root.get("/a/web/x/%2e%2e/plugin.py").status_code == 404
    assert root.get("/a/nobody/x/y.js").status_code == 404
    assert lab.browser().get(sheet).status_code == 200, "also for people who are not signed in"
