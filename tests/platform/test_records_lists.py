"""Lists: key-set pages, filters against an oracle, capped counts, sums per currency, the REST form."""

import random
from datetime import date, timedelta

import pytest

from kumiko.host.errors import Invalid
from kumiko.records import dumps, queries, service
from kumiko.records.catalogue import catalogue
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann")
SELLER = person(6, "Ben", level=OWN)
START = date(2026, 1, 1)


@pytest.fixture
def shelf(house):
    """41 things with gaps in every column; gives (house, list of plain dicts in order of creation)."""
    dice = random.Random(7)
    rows = []
    with house.acting(ANN):
        topics = {name: service.create("sample.topic", {"name": name}).id for name in ("Alpha", "beta", "Émile")}
        for number in range(41):
            row = {
                "name": dice.choice(["Apple", "apple pie", "Bär", "BÄRLAUCH", "x_y", "x%y", "zebra"]) + f" {number}",
                "size": dice.choice([None, 1, 2, 3, 10]),
                "price": dice.choice([None, ("5", "EUR"), ("7.5", "EUR"), ("5", "USD")]),
                "due_on": dice.choice([None, START + timedelta(days=dice.randrange(5))]),
                "topic": dice.choice([None, *topics]),
                "ready": dice.choice([None, True, False]),
                "tags": dice.sample(["red", "blue"], dice.randrange(3)),
            }
            given = {
                **row,
                "topic": topics.get(row["topic"]),
                "price": row["price"] and {"value": row["price"][0], "currency": row["price"][1]},
            }
            row["id"] = service.create("sample.thing", given).id
            rows.append(row)
    return house, rows


def walk(info, limit=7, **wishes):
    """Ids of all pages of a list."""
    found, after, pages = [], "", 0
    while True:
        page = queries.list_page(info, limit=limit, after=after, **wishes)
        found += [row[0] for row in page.rows]
        pages += 1
        if page.next is None:
            return found
        assert pages < 100
        after = page.next


@pytest.mark.parametrize(
    "sort",
    [
        "size",
        "-size",
        "due_on",
        "-due_on",
        "price",
        "-price",
        "topic",
        "-topic",
        "id",
        "-id",
        "created_at",
        "-created_at",
        "-ready",
    ],
)
def test_pages_by_key_show_every_row_once_in_order_with_empties_last(shelf, sort):
    house, rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        found = walk(info, sort=sort)
        whole = [row[0] for row in queries.list_page(info, limit=200, sort=sort).rows]

    assert found == whole
    assert sorted(found) == sorted(row["id"] for row in rows)
    name = sort.lstrip("-")
    by_id = {row["id"]: row for row in rows}
    if name in ("size", "due_on", "topic", "price"):
        filled = [by_id[one][name] is not None for one in found]
        assert filled == sorted(filled, reverse=True)
    if name in ("size", "due_on"):
        values = [by_id[one][name] for one in found if by_id[one][name] is not None]
        assert values == sorted(values, reverse=sort.startswith("-"))


FILTERS = [
    ({"f": "size", "op": "eq", "v": 2}, lambda r: r["size"] == 2),
    ({"f": "size", "op": "ne", "v": 2}, lambda r: r["size"] != 2),
    ({"f": "size", "op": "in", "v": [1, 10]}, lambda r: r["size"] in (1, 10)),
    ({"f": "size", "op": "nin", "v": [1, 10]}, lambda r: r["size"] not in (1, 10)),
    ({"f": "size", "op": "between", "v": [2, 3]}, lambda r: r["size"] in (2, 3)),
    ({"f": "size", "op": "empty"}, lambda r: r["size"] is None),
    ({"not": {"f": "size", "op": "gt", "v": 1}}, lambda r: r["size"] is None or r["size"] <= 1),
    ({"f": "name", "op": "contains", "v": "bär"}, lambda r: "bär" in r["name"].lower()),
    ({"f": "name", "op": "starts", "v": "APPLE"}, lambda r: r["name"].lower().startswith("apple")),
    ({"f": "name", "op": "contains", "v": "x_y"}, lambda r: "x_y" in r["name"]),
    ({"f": "name", "op": "contains", "v": "%"}, lambda r: "%" in r["name"]),
    ({"f": "price", "op": "gte", "v": 5.5}, lambda r: r["price"] == ("7.5", "EUR")),
    ({"f": "price", "op": "eq", "v": {"value": "5", "currency": "USD"}}, lambda r: r["price"] == ("5", "USD")),
    (
        {"f": "due_on", "op": "lte", "v": "2026-01-02"},
        lambda r: r["due_on"] is not None and r["due_on"] <= date(2026, 1, 2),
    ),
    ({"f": "topic.name", "op": "eq", "v": "beta"}, lambda r: r["topic"] == "beta"),
    ({"f": "topic", "op": "nempty"}, lambda r: r["topic"] is not None),
    ({"f": "ready", "op": "eq", "v": True}, lambda r: r["ready"] is True),
    ({"f": "ready", "op": "eq", "v": False}, lambda r: r["ready"] is not True),
    ({"f": "tags", "op": "eq", "v": "red"}, lambda r: "red" in r["tags"]),
    ({"f": "tags", "op": "empty"}, lambda r: not r["tags"]),
    ({"f": "owner", "op": "me"}, lambda r: True),
    ({"f": "created_at", "op": "gte", "v": "today"}, lambda r: True),
    ({"f": "created_at", "op": "lt", "v": "-1d"}, lambda r: False),
    (
        {
            "and": [
                {"f": "size", "op": "gt", "v": 1},
                {"or": [{"f": "tags", "op": "eq", "v": "blue"}, {"f": "topic", "op": "empty"}]},
            ]
        },
        lambda r: (r["size"] or 0) > 1 and ("blue" in r["tags"] or r["topic"] is None),
    ),
    ({"and": []}, lambda r: True),
]


def test_filters_give_what_the_oracle_gives(shelf):
    house, rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        found = [(node, sorted(walk(info, limit=50, node=node, sort="id"))) for node, _oracle in FILTERS]
        counts = [queries.count_capped(info, node=node) for node, _oracle in FILTERS]

    expected = [(node, [row["id"] for row in rows if oracle(row)]) for node, oracle in FILTERS]
    assert found == expected
    assert counts == [len(ids) for _node, ids in expected]


@pytest.mark.parametrize(
    ("node", "words"),
    [
        ({"f": "colour", "op": "eq", "v": 1}, "there is no field 'colour'"),
        ({"f": "size", "op": "like", "v": 1}, "operator 'like' is unknown"),
        ({"f": "size", "op": "eq", "v": "many"}, "whole number"),
        ({"f": "size", "op": "in", "v": []}, "list of 1 to"),
        ({"f": "size", "op": "in", "v": 3}, "list of 1 to"),
        ({"f": "size", "op": "between", "v": [1]}, "two values"),
        ({"f": "size", "op": "eq", "v": 2**70}, "too large"),
        ({"f": "due_on", "op": "eq", "v": "31.12.2026"}, "wants a date"),
        ({"f": "due_on", "op": "gt", "v": None}, "wants a date"),
        ({"f": "parts", "op": "eq", "v": 1}, "filter by a part"),
        ({"f": "parts.colour", "op": "eq", "v": 1}, "no part"),
        ({"f": "size.x", "op": "eq", "v": 1}, "leads nowhere"),
        ({"and": [], "or": []}, "stands alone"),
        ({"and": {}}, "list of conditions"),
        ([], "must be an object"),
        ({"op": "eq"}, "a condition is"),
        ({"f": "price", "op": "gt", "v": "nan"}, "wants a number"),
        ({"f": "price", "op": "gt", "v": {"value": "x"}}, "wants a number"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_with_a_sentence(house, node, words):
    with house.acting(ANN), pytest.raises(Invalid) as refused:
        info = catalogue().get("sample.thing")
        queries.list_page(info, node={"and": [node]})

    assert words in refused.value.message


def test_a_filter_is_limited_in_depth_and_size(house):
    deep = {"f": "size", "op": "eq", "v": 1}
    for _ in range(7):
        deep = {"and": [deep]}
    wide = {"or": [{"f": "size", "op": "eq", "v": one} for one in range(80)]}
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        for node in (deep, wide):
            with pytest.raises(Invalid, match="too large"):
                queries.list_page(info, node=node)


def test_a_hidden_field_cannot_be_found_by_filter_or_sort(house):
    blind = person(8, "Bo", hidden={"sample.thing": frozenset({"price"})})
    with house.acting(blind):
        info = catalogue().get("sample.thing")
        for wish in ({"node": {"f": "price", "op": "gt", "v": 5}}, {"sort": "price"}, {"names": ["price"]}):
            with pytest.raises(Invalid, match="there is no field 'price'"):
                queries.list_page(info, **wish)
        assert "price" not in [column.path for column in queries.list_page(info).plan.columns]


def test_a_cursor_is_bound_to_its_sort_and_filter(shelf):
    house, _rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        after = queries.list_page(info, limit=5, sort="size").next
        for wishes in (
            {"sort": "-size"},
            {"sort": "size", "node": {"f": "size", "op": "eq", "v": 1}},
            {"sort": "size", "q": "apple"},
        ):
            with pytest.raises(Invalid, match="another sort or filter"):
                queries.list_page(info, after=after, **wishes)
        for broken in ("x", "%%%", "W10", after[:-4]):
            with pytest.raises(Invalid):
                queries.list_page(info, sort="size", after=broken)


def test_counts_are_capped(shelf):
    house, _rows = shelf
    with house.acting(ANN):
        assert queries.count_capped(catalogue().get("sample.thing"), cap=10) == 11


def test_sums_never_add_two_currencies_and_follow_rights(shelf):
    house, rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        sums = {total.currency: (total.minor, total.count) for _none, total in queries.totals(info, ["price"])}
    with house.acting(SELLER):
        none = queries.totals(catalogue().get("sample.thing"), ["price"])

    cents = [(round(float(row["price"][0]) * 100), row["price"][1]) for row in rows if row["price"]]
    expected = {
        code: (sum(minor for minor, one in cents if one == code), sum(1 for _minor, one in cents if one == code))
        for code in ("EUR", "USD")
    }
    assert sums == expected
    assert none == []


def test_another_person_on_the_same_cached_statement_sees_only_his_own(shelf):
    house, _rows = shelf
    with house.acting(SELLER):
        info = catalogue().get("sample.thing")
        assert walk(info) == []
        mine = service.create("sample.thing", {"name": "mine"}).id
        assert walk(info) == [mine]
    with house.acting(person(9, "Cid", level=OWN)):
        assert walk(info) == []


def test_search_narrows_a_list(shelf):
    house, rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        found = sorted(walk(info, q="barlauch"))

    assert found == [row["id"] for row in rows if row["name"].startswith("BÄRLAUCH")]


def test_the_rest_form_of_a_list_row_equals_that_of_the_single_record(shelf):
    house, rows = shelf
    with house.acting(ANN):
        info = catalogue().get("sample.thing")
        names = list(info.fields)
        page = queries.list_page(info, names=names, limit=200, sort="id")
        listed = dumps.dump_page(page.plan, page.rows, page.many, {})
        single = [dumps.dump_view(service.get("sample.thing", row["id"])) for row in rows]

    for one in single:
        one.pop("custom")
        for name in ("owner", "created_by", "updated_by"):  # user 5 is known to himself only in this house
            one[name] = {"id": 5}
    for one in listed:
        for name in ("owner", "created_by", "updated_by"):
            one[name] = {"id": one[name].get("id", 5)}
    assert listed == single
