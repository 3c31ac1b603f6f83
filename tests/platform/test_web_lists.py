"""Lists on screen: the address is the state, few statements, small pages, nobody's text becomes HTML."""

import re

import pytest
from web_lab import Person, open_lab, statements, text_of

from kumiko import matching_ids
from kumiko.records import service


def fill():
    topic = service.create("sample.topic", {"name": "Alpha <b>"}).id
    for number in range(60):
        service.create(
            "sample.thing",
            {
                "name": f"Thing {number:02d} & <i>",
                "code": f"C{number}",
                "size": number,
                "price": {"value": f"{number * 1000}.50", "currency": "EUR"},
                "topic": topic if number % 2 else None,
                "due_on": "2026-01-02",
                "state": "open" if number < 55 else "done",
                "tags": ["red"] if number % 3 == 0 else [],
            },
        )


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path, fill)
    with made.acting():
        made.topic = matching_ids("sample.topic", None)[0]
    yield made
    made.database.close()


@pytest.fixture
def root(lab):
    return Person(lab, "root@example.com")


def titles(page):
    return re.findall(r'<th scope=row><a href="/things/\d+">([^<]*)</a>', page.text)


def test_a_list_takes_at_most_five_statements_and_stays_small(root):
    root.get("/things")
    with statements() as seen:
        page = root.get("/things?columns=code,size,price,topic,due_on,owner,state,weight,tags")

    assert page.status_code == 200
    assert len(titles(page)) == 50
    assert len(seen) <= 5, seen
    assert len(page.data) < 59_000


def test_what_people_wrote_stays_text(root):
    page = root.get("/things?sort=name")

    assert titles(page)[0] == "Thing 00 &amp; &lt;i&gt;"
    assert "Alpha <b>" not in page.text
    assert "Alpha &lt;b&gt;" in page.text
    assert "&amp;lt;" not in page.text


def test_rows_come_by_key_until_all_are_there(root):
    page = root.get("/things?sort=name")
    seen = titles(page)
    more = re.search(r'hx-get="(/things\?[^"]*after=[^"]*)"', page.text)[1].replace("&amp;", "&")
    rows = root.fragment(more)

    assert rows.text.lstrip().startswith("<tr id=r")
    assert [*seen, *titles(rows)] == [f"Thing {number:02d} &amp; &lt;i&gt;" for number in range(60)]
    assert "km-more" not in rows.text


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("state=done", 5),
        ("size__gte=50", 10),
        ("size__gte=50&size__lt=55", 5),
        ("price__lte=1000.50", 2),
        ("name__contains=thing+0", 10),
        ("code=C7", 1),
        ("code=C7&code=C8", 2),
        ("code__ne=C7&size__lte=8", 8),
        ("weight__empty=true&size__lt=3", 3),
        ("weight__empty=false", 0),
        ("topic.name__contains=alpha&size__lt=10", 5),
        ("owner=me&size=3", 1),
        ("tags=red&size__lt=9", 3),
        ("due_on__gte=2026-01-02&size__lt=2", 2),
        ("q=thing+17", 1),
        ("filter=%7B%22f%22%3A%22size%22%2C%22op%22%3A%22in%22%2C%22v%22%3A%5B1%2C2%5D%7D", 2),
    ],
)
def test_filters_stand_in_the_address(root, query, count):
    page = root.get(f"/things?{query}")

    assert page.status_code == 200
    assert len(titles(page)) == count


def test_a_filter_by_a_linked_record_shows_its_name_as_a_chip(lab, root):
    page = root.get(f"/things?topic={lab.topic}&size__gte=58")

    assert "Topic Alpha &lt;b&gt;" in text_of(page)
    assert "Size at least 58" in text_of(page)
    assert f'href="/things?topic={lab.topic}"' in page.text


@pytest.mark.parametrize(
    "query",
    [
        "nope=1",
        "size__gte=many",
        "sort=nope",
        "after=rubbish",
        "filter=%7B",
        "columns=nope.name",
        "size__wild=1",
        "due_on=soon",
        "topic.nope=1",
        "name.x=1",
    ],
)
def test_a_wrong_address_says_what_is_wrong_in_the_place_of_the_rows(root, query):
    page = root.get(f"/things?{query}")

    assert page.status_code == (200 if query.startswith("columns") else 422)
    assert "Traceback" not in page.text
    if page.status_code == 422:
        assert "This list cannot be shown" in page.text


def test_the_script_gets_the_list_alone(root):
    part = root.fragment("/things?state=done")

    assert "<html" not in part.text
    assert 'id="km-list"' in part.text


def test_count_and_sum_come_after_the_page(root):
    page = root.get("/things")
    href = re.search(r'hx-get="(/things/totals[^"]*)"', page.text)[1]

    assert text_of(root.fragment(href)) == "60 things · €1,770,030.00"
    assert text_of(root.fragment("/things/totals?state=done")) == "5 things · €285,002.50"


def test_a_list_without_rows_offers_a_way_on(lab, root):
    assert "Clear filters" in root.get("/things?q=nothinglikethis").text
    assert "No remarks yet" in root.get("/remarks").text


def test_a_seller_sees_only_own_things_and_an_unknown_place_is_not_there(lab):
    sam = Person(lab, "sam@example.com")

    assert titles(sam.get("/things")) == []
    assert text_of(sam.fragment("/things/totals")) == "0 things"
    assert sam.get("/nosuch").status_code == 404
    assert sam.get("/users").status_code == 200


def test_views_are_private_unless_shared(lab, root):
    sam = Person(lab, "sam@example.com")
    saved = root.post("/things/views/new?state=done&sort=-size", {"name": "Finished"})
    root.post("/things/views/new?size__gte=3", {"name": "Big", "shared": ["false", "true"]})

    assert saved.status_code == 303
    assert len(titles(root.get(saved.headers["Location"]))) == 5
    assert re.findall(r'class="km-view"[^>]*>.*?</svg>([^<]*)</a>', root.get("/things").text) == [
        "All",
        "Big",
        "Finished",
    ]
    assert re.findall(r'class="km-view"[^>]*>.*?</svg>([^<]*)</a>', sam.get("/things").text) == ["All", "Big"]
    shared = re.search(r"view=(\d+)", sam.get("/things").text)[1]
    mine = re.search(r"view=(\d+)", saved.headers["Location"])[1]
    assert sam.post(f"/things/views/{shared}/delete").status_code == 403
    assert sam.post(f"/things/views/{mine}/delete").status_code == 404
    assert root.post(f"/things/views/{mine}/delete").status_code == 303
    assert root.post("/things/views/new", {"name": " "}).status_code == 422


def test_columns_are_chosen_by_a_form_and_stay_in_the_address(root):
    assert "Price" in root.get("/things/columns").text
    answer = root.post("/things/columns?state=done", {"columns": ["", "size", "weight"]})

    assert answer.headers["Location"] == "/things?state=done&columns=size,weight"
    heads = re.findall(r'<th scope="col"[^>]*>(?:<a[^>]*>)?([A-Z]\w+)', root.get(answer.headers["Location"]).text)
    assert heads == ["Name", "Size", "Weight"]


def test_pickers_search_with_the_rights_of_lists(lab, root):
    sam = Person(lab, "sam@example.com")

    assert len(re.findall("data-key", root.fragment("/pick/things?q=thing+1").text)) == 10
    assert "Nothing found" in sam.fragment("/pick/things?q=thing").text
    assert 'data-label="Sam"' in sam.fragment("/pick/users?q=sam").text
    tags = root.fragment("/pick/tags?type=sample.thing&q=re").text
    assert re.findall(r'data-key="([^"]*)"', tags) == ["red", "re"]
    assert re.findall(r'data-key="([^"]*)"', sam.fragment("/pick/tags?type=sample.thing&q=").text) == []


def test_search_and_palette_find_what_one_may_see(lab, root):
    sam = Person(lab, "sam@example.com")

    assert "Thing 17" in root.get("/search?q=thing+17").text
    assert "Thing 17" not in sam.get("/search?q=thing+17").text
    assert "Thing 17" in root.fragment("/palette?q=thing+17&at=/").text
    assert "Thing 17" not in sam.fragment("/palette?q=thing+17&at=/").text
    assert "Things" in root.fragment("/palette?q=&at=/").text
    assert root.get("/search").status_code == 200


def test_the_live_number_moves_with_changes(lab, root):
    before = root.fragment("/live").json
    with lab.acting("root@example.com"):
        service.create("sample.topic", {"name": "new"})

    after = root.fragment("/live").json
    assert after["unit"] == before["unit"] + 1
    assert after["live"] == before["live"]
