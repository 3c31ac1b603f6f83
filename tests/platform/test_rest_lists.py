"""Lists over REST: parameters, pages, columns; search; what they cost; the generated dump against marshmallow's."""

import orjson
import pytest
from rest_lab import api, problem  # noqa: F401 - a fixture

from kumiko.host.context import SYSTEM, use
from kumiko.records import dumps, links, queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.outputs import output_schema
from kumiko_testing.queries import counted


@pytest.fixture
def root(api):
    return api.program("root")


@pytest.fixture
def shelf(root):
    """Five things a to e."""
    light = root.make("topics", name="Light")
    for number, name in enumerate("abcde"):
        root.make(
            "things", name=name, size=number or None, state="open", price=f"{number * 10} EUR", ready=number == 2,
            due_on=f"2026-11-{20 + number}", seen_at=f"2026-11-{20 + number}T12:00:00Z", code=f"code {name}",
            topic=light["id"] if number < 3 else None, tags=["red"] if number % 2 else ["red", "blue"],
            flavours=["sour"] if number > 3 else ["sweet", "sour"] if number == 1 else None, external_id=f"X{number}",
            parts=[{"word": f"w{number}", "topic": light["id"]}], co_owners=[],
        )  # fmt: skip
    return root


FOUND = [
    ("name=a", "a"),
    ("name=a&name=c", "ac"),
    ("name__in=a,d", "ad"),
    ("name__ne=a", "bcde"),
    ("size__gte=3", "de"),
    ("size__between=2,3", "cd"),
    ("size__empty", "a"),
    ("size__empty=false", "bcde"),
    ("size__nempty=true&size__lt=2", "b"),
    ("price__gt=20", "de"),
    ("price=20", "c"),
    ("ready=true", "c"),
    ("due_on__lte=2026-11-21", "ab"),
    ("seen_at=2026-11-22", "c"),
    ("seen_at__gte=2026-11-23T12:00:00Z", "de"),
    ("state=open&name__contains=E", "e"),
    ("code__starts=CODE%20d", "d"),
    ("topic.name=Light", "abc"),
    ("topic__empty=1", "de"),
    ("tags=blue", "ace"),
    ("tags__nin=blue", "bd"),
    ("flavours=sweet", "b"),
    ("flavours__in=sweet,sour", "be"),
    ("flavours__nin=sweet", "acde"),
    ("flavours__nempty", "be"),
    ("parts.word=w4", "e"),
    ("external_id=X3", "d"),
    ("owner__me", "abcde"),
    ("owner=me", "abcde"),
    ("q=W3", "d"),
    ("q=code%20blue", "ace"),
    ("q=nowhere", ""),
    ('filter={"or":[{"f":"name","op":"eq","v":"a"},{"f":"size","op":"gte","v":4}]}', "ae"),
    ('filter={"f":"size","op":"gte","v":2}&ready=false', "de"),
    ("filter=", "abcde"),
    ("filter={}", "abcde"),
    ("sort=-name&limit=2", "ed"),
    ("sort=size", "bcdea"),
    ("sort=-topic.name&limit=3", "cba"),
]


def test_parameters_narrow_and_order_a_list(shelf):
    answers = {}
    for question, _found in FOUND:
        order = "" if "sort=" in question else "&sort=name"
        answers[question] = "".join(shelf.names(f"/things?{question}{order}"))
    assert answers == dict(FOUND)


REFUSED = [
    ("colour=red", "colour"),
    ("name__like=a", "name__like"),
    ("size=big", "size"),
    ("size__gte=1e5", "size"),
    ("size__between=1", "size"),
    ("price__gt=much", "price"),
    ("ready=perhaps", "ready"),
    ("due_on=tomorrows", "due_on"),
    ("due_on=%2B%C2%B2", "due_on"),
    ("seen_at=9999-12-31", "seen_at"),
    ("seen_at__gte=0001-01-01T00:00:00%2B14:00", "seen_at"),
    ("tags__gt=a", "tags"),
    ("external_id__gt=a", "external_id"),
    ("flavours__gt=a", "flavours"),
    ("name.first=a", "name"),
    ("parts=a", "filter"),
    ("topic.owner.name.x=a", "name"),
    ("limit=0", "limit"),
    ("limit=201", "limit"),
    ("limit=%C2%B2", "limit"),
    ("limit=1&limit=2", "limit"),
    ("count=maybe", "count"),
    ("fields=name,colour", "fields"),
    ("fields=name.x", "fields"),
    ("sort=colour", "sort"),
    ("sort=flavours", "sort"),
    ("sort=tags", "sort"),
    ("sort=--name", "sort"),
    ("filter=x", "filter"),
    ("filter=[]", "filter"),
    ('filter={"f":"colour","op":"eq","v":1}', "colour"),
    ('filter={"f":"name","op":["eq"],"v":1}', "filter"),
    ('filter={"f":"size","op":"eq","v":123456789012345678901234567890}', "size"),
    ('filter={"f":"name","op":"in","v":[]}', "name"),
    ("filter=" + '{"not":' * 7 + '{"f":"name","op":"eq","v":"a"}' + "}" * 7, "filter"),
    ("after=junk", "after"),
    ("after=WyJhIiwxLDFd", "after"),
    ("q=%00", "q"),
    ("name=%00", "name"),
]


def test_a_parameter_that_makes_no_sense_is_refused_by_name(shelf):
    answers = {}
    for question, _wrong in REFUSED:
        status, errors = problem(shelf.get(f"/things?{question}"))
        answers[question] = (status, *errors)
    assert answers == {question: (422, wrong) for question, wrong in REFUSED}


SORTS = ["name", "-name", "size", "-size", "due_on", "-seen_at", "topic", "-price", "id", ""]


def test_pages_follow_each_other_without_gap(shelf):
    for sort in SORTS:
        found, after = [], ""
        for _ in range(10):
            page = shelf.get(f"/things?limit=2&sort={sort}{after}").json
            found += [row["name"] for row in page["data"]]
            if page["next"] is None:
                break
            after = f"&after={page['next']}"
        assert found == shelf.names(f"/things?sort={sort}"), sort
        assert sorted(found) == list("abcde"), sort


def test_a_cursor_belongs_to_its_list(shelf):
    after = shelf.get("/things?limit=2&sort=name").json["next"]
    for question in ("sort=-name", "sort=name&size__gt=1", "sort=name&q=code"):
        assert problem(shelf.get(f"/things?{question}&after={after}"))[1].keys() == {"after"}


def test_counts_are_given_when_asked_for(shelf):
    assert "count" not in shelf.get("/things").json
    assert shelf.get("/things?count=true&limit=1&size__gte=2").json["count"] == 3


def test_only_the_wanted_fields_come(shelf):
    page = shelf.get("/things?fields=name,price,topic.name,external_id&name=b").json["data"]
    assert page == [
        {
            "id": page[0]["id"], "type": "sample.thing", "version": 1, "name": "b",
            "price": {"value": "10.00", "currency": "EUR"}, "topic.name": "Light",
            "external_ids": [{"system": "", "id": "X1"}], "external_id": "X1",
        }
    ]  # fmt: skip
    assert set(shelf.get("/things?fields=id").json["data"][0]) == {"id", "type", "version"}


def test_a_list_shows_records_as_they_are_read_alone(shelf):
    for row in shelf.get("/things").json["data"]:
        assert shelf.get(f"/things/{row['id']}").json == row


def test_marshmallow_and_the_generated_dump_write_the_same_bytes(api, shelf):
    with use(api.host.context(principal=SYSTEM)):
        info = catalogue().get("sample.thing")
        page = queries.list_page(info, names=(*info.fields, "custom"), sort="id")
        types = catalogue()
        wanted = dumps.linked_in(page.plan, page.rows, page.many)
        names = links.names_of([(info, types.get(key), one) for key, one in wanted])
        generated = dumps.dump_page(page.plan, page.rows, page.many, names)
        views = [service.get(info.key, row["id"]) for row in generated]
        said = output_schema(info).dump(views, many=True)
        assert len(generated) == 5
        assert orjson.dumps(said) == orjson.dumps(generated)
        assert orjson.dumps([dumps.dump_view(view) for view in views]) == orjson.dumps(generated)


def test_search_finds_what_one_may_see(api, shelf):
    topic = shelf.make("topics", name="Code of light")
    shelf.make("topics", name="elsewhere")
    hits = shelf.get("/search?q=code%20c&collections=things,topics").json["data"]
    assert {(hit["collection"], hit["name"]) for hit in hits} >= {("things", "c")}
    assert shelf.get("/search?q=code&collections=topics").json["data"] == [
        {"type": "sample.topic", "collection": "topics", "id": topic["id"], "name": "Code of light"}
    ]
    assert [hit["collection"] for hit in api.program("ann").get("/search?q=code").json["data"]] == ["topics"]
    assert problem(shelf.get("/search"))[1].keys() == {"q"}
    assert problem(shelf.get("/search?q=a&collections=nothing"))[0] == 404
    assert shelf.get("/search?q=").json["data"] == []


def test_a_list_costs_at_most_five_statements(shelf):
    for question in ("", "?sort=-price&price__gt=0&limit=2", "?q=code", "?topic.name=Light&sort=name&limit=2"):
        shelf.get(f"/things{question}")
        with counted() as sent:
            shelf.get(f"/things{question}")
        assert len(sent) <= 5, (question, sent)


def test_a_record_and_a_change_cost_at_most_eight_statements(api, shelf):
    row = shelf.get("/things?name=b").json["data"][0]
    path = f"/things/{row['id']}"
    with counted() as sent:
        assert shelf.get(path).status_code == 200
    assert len(sent) <= 8, sent
    for version, values in enumerate(({"size": 9}, {"name": "new", "price": "3 EUR", "topic": None}), 1):
        with counted() as sent:
            assert shelf.patch(path, values, version).status_code == 200
        assert len(sent) <= 8, sent
    with counted() as sent:
        shelf.make("things", name="plain", size=1)
    assert len(sent) <= 8, sent


def test_costs_do_not_grow_with_rows(api, shelf):
    shelf.get("/things?limit=1")
    with counted() as few:
        shelf.get("/things?limit=2")
    for number in range(30):
        shelf.make("things", name=f"more {number}", parts=[{"word": "w"}] * 3, tags=["x"])
    with counted() as many:
        assert len(shelf.get("/things?limit=35").json["data"]) == 35
    assert len(many) <= len(few)


def test_every_collection_lists_and_describes_itself(api, root):
    rights = root.get("/me").json["collections"]
    assert set(rights) == {"things", "topics", "remarks", "users", "teams", "roles"}
    for collection in rights:
        page = root.get(f"/{collection}?count=true")
        assert page.status_code == 200
        assert page.json["count"] == len(page.json["data"])
