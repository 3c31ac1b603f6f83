"""The filter language as people use it: relations, periods, segments, the editor's tree, groups with sums."""

import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from web_lab import Person, open_lab, statements, text_of
from werkzeug.datastructures import MultiDict

from kumiko.host.errors import Invalid
from kumiko.records import groups, queries, saved_views, service
from kumiko.records.catalogue import catalogue
from kumiko.records.periods import days_of
from kumiko.records.units import unit
from kumiko.web import filter_tree
from kumiko.web.addresses import pairs_of

ROOT, SAM = "root@example.com", "sam@example.com"
TODAY = datetime.now(UTC).date()


@pytest.fixture
def lab(clone_database, tmp_path):
    made = open_lab(clone_database, tmp_path)
    with made.acting(ROOT), unit():
        topics = [service.create("sample.topic", {"name": name}).id for name in ("Alpha", "Beta", "Gamma")]
    made.rows = []
    for owner in (ROOT, SAM):
        with made.acting(owner), unit():
            for number in range(15):
                values = {
                    "name": f"{owner[:4]} {number:02d}",
                    "code": "c",
                    "size": number if number % 5 else None,
                    "state": ("open", "done", None)[number % 3],
                    "topic": (*topics[:2], None)[number % 3],
                    "price": {"value": number * 100, "currency": "EUR" if number % 2 else "USD"},
                    "due_on": (TODAY + timedelta(days=(number - 7) * 20)).isoformat(),
                    "flavours": ["sweet"] if number % 4 == 0 else [],
                    "ready": bool(number % 2),
                    "seen_at": f"2026-0{number % 3 + 1}-15T12:00:00Z",
                }
                made.rows.append({**values, "id": service.create("sample.thing", values).id, "owner": owner})
    made.topics = topics
    yield made
    made.database.close()


def ids(info, node):
    return queries.all_ids(info, node=node)


def test_relations_periods_teams_and_segments_find_what_a_loop_finds(lab):
    with lab.acting(ROOT):
        topics, things = catalogue().get("sample.topic"), catalogue().get("sample.thing")
        alpha, beta, gamma = lab.topics
        large = {"f": "size", "op": "gte", "v": 12}
        assert ids(topics, {"f": "things.topic", "op": "has"}) == [alpha, beta]
        assert ids(topics, {"f": "things.topic", "op": "has_no"}) == [gamma]
        expected = sorted({row["topic"] for row in lab.rows if (row["size"] or 0) >= 12 and row["topic"]})
        assert ids(topics, {"f": "things.topic", "op": "has", "v": large}) == expected
        none_large = {"f": "topic.things.topic", "op": "has_no", "v": large}
        assert ids(things, none_large) == [row["id"] for row in lab.rows if row["topic"] not in expected]
        with pytest.raises(Invalid, match="nothing names these records by 'walls.topic'"):
            ids(topics, {"f": "walls.topic", "op": "has"})

        for word in ("today", "this_month", "last_quarter", "this_year", "last_30_days", "next_90_days", "next_week"):
            low, high = days_of(word, "x")
            inside = [row["id"] for row in lab.rows if low <= date.fromisoformat(row["due_on"]) <= high]
            assert ids(things, {"f": "due_on", "op": "within", "v": word}) == inside, word
        with pytest.raises(Invalid, match="this_quarter"):
            ids(things, {"f": "due_on", "op": "within", "v": "someday"})
        assert ids(things, {"f": "owner", "op": "my_team"}) == [], "root is in no team"

        kept = saved_views.create_view(
            things, "Large", {"filter": {"and": [large, {"f": "ready", "op": "eq", "v": True}]}}
        )
        wanted = [row["id"] for row in lab.rows if (row["size"] or 0) >= 12 and row["ready"]]
        segment = {"f": "segment", "op": "eq", "v": kept.id}
        assert ids(things, segment) == wanted
        assert ids(things, {"f": "segment", "op": "ne", "v": kept.id}) == [
            r["id"] for r in lab.rows if r["id"] not in wanted
        ]
        assert ids(topics, {"f": "things.topic", "op": "has", "v": segment}) == sorted(
            {row["topic"] for row in lab.rows if row["id"] in wanted and row["topic"]}
        )
        service.update("sample.thing", wanted[0], {"size": 1})
        assert ids(things, segment) == wanted[1:], "a segment keeps itself current"
        with pytest.raises(Invalid, match="names itself"):
            saved_views.update_view(kept.id, query={"filter": segment})
            ids(things, segment)
    with lab.acting(SAM):
        things, topics = catalogue().get("sample.thing"), catalogue().get("sample.topic")
        with pytest.raises(Invalid, match="no view"):
            ids(things, {"f": "segment", "op": "eq", "v": kept.id})
        mine = [row for row in lab.rows if row["owner"] == SAM]
        seen = ids(topics, {"f": "things.topic", "op": "has", "v": {"f": "name", "op": "starts", "v": "root"}})
        assert (ids(things, None), seen) == ([row["id"] for row in mine], []), "relations count what one may see"


def random_node(rng, depth=0):
    if depth < 3 and rng.random() < 0.45:
        parts = [random_node(rng, depth + 1) for _ in range(rng.randint(1, 3))]
        word = rng.choice(("and", "or", "not"))
        return {"not": parts[0]} if word == "not" else {word: parts}
    return rng.choice(
        (
            {"f": "size", "op": rng.choice(("gte", "lt", "eq", "ne")), "v": rng.randint(0, 14)},
            {"f": "size", "op": "between", "v": [3, 9]},
            {"f": "state", "op": rng.choice(("in", "nin")), "v": ["open"]},
            {"f": "state", "op": "empty"},
            {"f": "topic.name", "op": "contains", "v": "alph"},
            {"f": "ready", "op": "eq", "v": rng.random() < 0.5},
            {"f": "owner", "op": rng.choice(("me", "my_team"))},
            {"f": "due_on", "op": "within", "v": "this_year"},
            {"f": "flavours", "op": "eq", "v": "sweet"},
            {"f": "flavours", "op": "nin", "v": ["sweet"]},
        )
    )


def test_the_editors_tree_and_the_address_mean_the_same_as_the_filter(lab):
    """50 random filters: through the tree, a form and back, and through an address and back, find the same rows."""
    rng = random.Random(20261127)
    from kumiko.web.lists import ListState

    with lab.acting(ROOT) as context:
        info = catalogue().get("sample.thing")
        with context.generation.app.test_request_context("/"):
            for number in range(50):
                node = random_node(rng)
                expected = ids(info, node)
                tree = filter_tree.tree_of(info, node)
                form = MultiDict(sent_by(tree))
                again = filter_tree.node_of(info, filter_tree.typed_tree(info, form), strict=True)
                assert ids(info, again) == expected, (number, node, again)
                state = ListState.of(info, MultiDict(pairs_of(info, {"filter": node})))
                assert ids(info, state.node) == expected, (number, node, state.node)


def sent_by(part, at="n"):
    """What the editor's form sends for a tree."""
    if isinstance(part, filter_tree.Group):
        found = [(f"{at}.w", part.word)]
        for number, one in enumerate(part.parts):
            found += sent_by(one, f"{at}.{number}")
        return found
    if part.raw is not None:
        return [(f"{at}.raw", json.dumps(part.raw))]
    values = [(f"{at}.v", part.values[0]), (f"{at}.v2", part.values[1])] if part.op == "between" else [
        (f"{at}.v", value) for value in part.values]  # fmt: skip
    inner = sent_by(part.inner, f"{at}.h") if part.inner is not None else []
    return [(f"{at}.f", part.path), (f"{at}.was", part.path), (f"{at}.op", part.op), *values, *inner]


def test_a_filter_is_put_together_by_buttons_alone_and_said_as_a_sentence(lab):
    root = Person(lab, ROOT)
    page = root.get("/things/filter?size__gte=12")
    assert ("Size at least 12" in text_of(page), "6 things" in text_of(page)) == (True, True)
    form = {"n.w": "or", "n.0.f": "size", "n.0.was": "size", "n.0.op": "gte", "n.0.v": "12"}
    grown = root.post("/things/filter?sort=name", {**form, "_do": "group:n"})
    assert 'name="n.1.0.f"' in grown.text
    assert 'data-at="n.1.0.f"' in grown.text, "the cursor goes to the new condition"
    form |= {"n.1.w": "and", "n.1.0.f": "topic.name", "n.1.0.op": "contains", "n.1.0.was": "topic.name",
             "n.1.0.v": "bet", "n.1.1.f": "owner", "n.1.1.op": "me", "n.1.1.was": "owner"}  # fmt: skip
    counted = root.post("/things/filter/count", form)
    assert text_of(counted) == "Size at least 12 or (Topic: Name contains “bet” and Owner is me) 10 things"
    shown = root.post("/things/filter?sort=name", form)
    assert shown.status_code == 303
    listed = root.get(shown.headers["Location"])
    assert len(re.findall(r"<tr id=r", listed.text)) == 10
    assert "Size at least 12 or (Topic: Name contains “bet” and Owner is me)" in text_of(listed)
    less = root.post("/things/filter", {**form, "_do": "drop:n.1.0"})
    assert 'value="bet"' not in less.text
    lacking = root.post("/things/filter", {**form, "n.0.v": ""})
    assert (lacking.status_code, "The condition on “Size” lacks its value." in lacking.text) == (422, True)


def shown_groups(info, text, **more):
    found = groups.list_groups(info, groups.read_grouping(info, text), ("price", "size"), **more)
    return [(one.name or one.value, one.count, [(s.name, s.currency, s.minor or s.number, s.count) for s in one.sums],
             sorted(ids(info, one.node if not more.get("node") else {"and": [more["node"], one.node]})))
            for one in found.groups]  # fmt: skip


@pytest.mark.parametrize("who", [ROOT, SAM])
def test_groups_count_and_sum_all_rows_that_one_may_see(lab, who):
    keys = {
        "state": lambda row: row["state"],
        "topic": lambda row: dict(zip(lab.topics, ("Alpha", "Beta", "Gamma"), strict=True)).get(row["topic"]),
        "ready": lambda row: row["ready"],
        "seen_at:month": lambda row: row["seen_at"][:8] + "01",
        "due_on:year": lambda row: f"{row['due_on'][:4]}-01-01",
        "topic.name": lambda row: dict(zip(lab.topics, ("Alpha", "Beta", "Gamma"), strict=True)).get(row["topic"]),
    }
    with lab.acting(who):
        info = catalogue().get("sample.thing")
        for text, key in keys.items():
            rows = [row for row in lab.rows if (who == ROOT or row["owner"] == SAM) and (row["size"] or 0) < 13]
            expected = {}
            for row in rows:
                expected.setdefault(key(row), []).append(row)
            node = {"not": {"f": "size", "op": "gte", "v": 13}}
            found = shown_groups(info, text, node=node)
            assert {name: (count, listed) for name, count, _sums, listed in found} == {
                name: (len(mine), sorted(row["id"] for row in mine)) for name, mine in expected.items()
            }, text
            for name, _count, sums, _listed in found:
                money = {}
                for row in expected[name]:
                    code = row["price"]["currency"]
                    total, count = money.get(code, (0, 0))
                    money[code] = (total + row["price"]["value"] * 100, count + 1)
                sizes = [row["size"] for row in expected[name] if row["size"] is not None]
                wanted = [("price", code, *money[code]) for code in sorted(money)]
                assert sums == [*wanted, *([("size", "", float(sum(sizes)), len(sizes))] if sizes else [])], (
                    text,
                    name,
                )


def test_a_grouped_list_takes_few_statements_and_its_groups_open_page_by_page(lab, monkeypatch):
    from kumiko.web import list_groups

    monkeypatch.setattr(list_groups, "PAGE", 4)
    root = Person(lab, ROOT)
    root.get("/things?group_by=state")
    with statements() as seen:
        page = root.get("/things?group_by=state&columns=size,price,topic")
    assert len(seen) <= 5, seen
    assert page.text.count("data-group=") == 3
    assert "without State" in text_of(page)
    href = re.search(r'data-group="([^"]*)"', page.text)[1].replace("&amp;", "&")
    names, pages = [], 0
    while href:
        with statements() as seen:
            part = root.fragment(href)
        assert len(seen) <= 3, seen
        names += re.findall(r'<th scope=row><a href="/things/\d+">([^<]*)</a>', part.text)
        more = re.search(r'class="km-more" hx-get="([^"]*)"', part.text)
        href, pages = (more[1].replace("&amp;", "&") if more else ""), pages + 1
    assert (sorted(names), pages) == (sorted(row["name"] for row in lab.rows if row["state"] == "open"), 3)
    refused = root.get("/things?group_by=flavours")
    assert (refused.status_code, "cannot be grouped" in refused.text) == (422, True)


def test_columns_keep_their_order_and_width_in_the_address(lab):
    root = Person(lab, ROOT)
    moved = root.post("/things/columns?columns=size:90,price", {"columns": ["size", "price"], "_do": "down:size"})
    assert moved.text.index('name="columns" value="price"') < moved.text.index('name="columns" value="size"')
    more = root.post("/things/columns", {"columns": ["size"], "_do": "add", "_new": "topic.label"})
    assert more.status_code == 200
    shown = root.post("/things/columns?columns=size:90&sort=name", {"columns": ["price", "size"]})
    assert dict(parse_qsl(shown.headers["Location"].partition("?")[2])) == {"sort": "name", "columns": "price,size:90"}
    page = root.get(shown.headers["Location"])
    heads = re.findall(r'data-name="(\w+)"(?: data-width="(\d+)")?', page.text)
    assert heads == [("name", ""), ("price", ""), ("size", "90")]


def test_periods_begin_and_end_where_the_calendar_says():
    day = date(2026, 5, 13)  # a Wednesday
    assert {
        word: days_of(word, "x", today=day) for word in ("this_week", "last_quarter", "next_month", "last_7_days")
    } == {
        "this_week": (date(2026, 5, 11), date(2026, 5, 17)),
        "last_quarter": (date(2026, 1, 1), date(2026, 3, 31)),
        "next_month": (date(2026, 6, 1), date(2026, 6, 30)),
        "last_7_days": (date(2026, 5, 7), date(2026, 5, 13)),
    }


def test_what_makes_no_sense_is_answered_with_a_sentence(lab):
    root = Person(lab, ROOT)
    deep = '{"not":' * 300 + '{"f":"size"}' + "}" * 300
    for path in (
        "/things/group", "/things/group?group_by=state&_group=nope", "/things/group?group_by=topic&_group=x",
        "/things/group?group_by=seen_at:year&_group=9999-12-01", "/things/group?group_by=due_on&_group=soon",
        f"/things?filter={deep}", f"/things/filter?filter={deep}", "/things?group_by=state:month",
        "/things/views/999", "/things?due_on__within=someday", '/things?filter={"f":"walls.topic","op":"has"}',
        '/things?filter={"f":"segment","op":"gt","v":1}', "/things/filter?nope=1",
    ):  # fmt: skip
        assert root.get(path).status_code in (200, 404, 422), path
    for data in ({"_do": "drop:x.y"}, {"n.0.raw": "{"}, {"n.0.f": "size", "n.0.op": "between", "n.0.v": "a"},
                 {"n.0.f": "remarks.thing", "n.0.op": "has", "n.0.h.0.f": "name", "n.0.h.0.v": ""},
                 {f"n.{one}.f": "size" for one in range(90)}, {"_do": "add:n.7.h"}):  # fmt: skip
        for path in ("/things/filter", "/things/filter/count"):
            assert root.post(path, data).status_code in (200, 303, 422), (path, data)
    kept = root.get('/things/filter?filter={"or":[{"f":"walls","op":"eq","v":1},{"f":"size","op":"gte","v":2}]}')
    assert "walls eq 1" in text_of(kept), "what cannot be taken apart is kept, and can be removed"
