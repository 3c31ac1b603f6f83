"""Records as of a moment: after random changes, lists, filters and records at T equal what was there at T."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from kumiko.host.columns import utc_now
from kumiko.host.errors import Conflict, Invalid, NotFound
from kumiko.records import as_of, history, links, queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.dumps import dump_page, dump_view, linked_in
from kumiko.records.undo import undo
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann", roles=("administrator",))
FILTERS = (
    {"f": "size", "op": "gte", "v": 3},
    {"and": [{"f": "tags", "op": "eq", "v": "x"}, {"f": "name", "op": "contains", "v": "1"}]},
    {"f": "parts.word", "op": "eq", "v": "w2"},
    {"f": "topic.name", "op": "starts", "v": "b"},
    {"f": "price", "op": "gt", "v": 20},
)


def listing(node=None, q="", sort="name"):
    """A list as REST tells it, all columns, without what a change leaves behind."""
    info = catalogue().get("sample.thing")
    names = [name for name in info.fields if name not in ("updated_by",)]
    page = queries.list_page(info, names=names, node=node, sort=sort, limit=200, q=q)
    refs = [(info, catalogue().get(key), one) for key, one in linked_in(page.plan, page.rows, page.many)]
    return dump_page(page.plan, page.rows, page.many, links.names_of(refs) if refs else {})


def everything():
    lists = [listing(), *(listing(node) for node in FILTERS), listing(q="name 1"), listing(sort="-size")]
    count = queries.count_capped(catalogue().get("sample.thing"), node=FILTERS[0])
    sums = queries.totals(catalogue().get("sample.thing"), ["price"], node=FILTERS[0])
    cards = []
    for row in lists[0][:3]:
        cards.append(dump_view(service.get("sample.thing", row["id"])))
    return lists, count, sums, cards


def change(dice, ids, topics):
    """One random write; gives whether something may have happened."""
    choice = dice.randrange(9)
    one = dice.choice(ids)
    try:
        if choice == 0:
            ids.append(service.create("sample.thing", {"name": f"new {dice.randrange(30)}", "size": 1}).id)
        elif choice == 1:
            service.delete("sample.thing", one)
        elif choice == 2:
            service.restore("sample.thing", one)
        elif choice == 3:
            service.update("sample.topic", dice.choice(topics), {"name": dice.choice(["alpha", "beta", "bond"])})
        elif choice == 4:
            chosen = dice.sample(ids, min(4, len(ids)))
            service.bulk("sample.thing", chosen, values={"size": dice.randrange(6)}, add_tags=["x"])
        elif choice == 5:
            parts = service.get("sample.thing", one).get("parts")
            kept = [{"id": row["id"], "word": f"w{dice.randrange(4)}"} for row in parts[1:]]
            service.update("sample.thing", one, {"parts": [*kept, {"word": f"w{dice.randrange(4)}"}]})
        elif choice == 6:
            service.update("sample.thing", one, {"topic": dice.choice([None, *topics]), "tags": dice.sample("xyz", 2)})
        elif choice == 7:
            price = dice.choice([None, f"{dice.randrange(50)} EUR"])
            service.update("sample.thing", one, {"name": f"name {dice.randrange(30)}", "price": price})
        else:
            undo(dice.choice(history.history("sample.thing", one, limit=3)).unit)
    except (NotFound, Conflict, Invalid):
        return


def test_lists_filters_sums_and_cards_as_of_a_moment_equal_what_was_there_then(house):
    dice = random.Random(8)
    taken = []
    with house.acting(ANN):
        topics = [service.create("sample.topic", {"name": name}).id for name in ("alpha", "beta")]
        ids = [service.create("sample.thing", {"name": f"name {n}", "size": n % 5}).id for n in range(15)]
        for number in range(300):
            if number % 60 == 0:
                taken.append((utc_now(), everything()))
            change(dice, ids, topics)
    with house.acting(ANN):
        now = everything()
        for at, there in taken:
            with as_of.reading(at):
                assert everything() == there
            assert there != now
        assert all(taken[-1][1][0])  # each filter finds something
        assert everything() == now


def test_rights_are_those_of_today_and_nothing_can_be_written(house):
    with house.acting(ANN):
        mine = service.create("sample.thing", {"name": "Ben's", "owner": None}).id
        theirs = service.create("sample.thing", {"name": "Ann's"}).id
    ben = person(6, "Ben", level=OWN)
    with house.acting(ben):
        own = service.create("sample.thing", {"name": "own"}).id
    at = utc_now()
    with house.acting(ben):
        service.update("sample.thing", own, {"name": "own, later"})
        with as_of.reading(at):
            assert [row["name"] for row in listing()] == ["own"]
            for hidden in (mine, theirs):
                with pytest.raises(NotFound):
                    service.get("sample.thing", hidden)
            with pytest.raises(Conflict, match="Nothing can be written"):
                service.update("sample.thing", own, {"name": "x"})
            with pytest.raises(Conflict, match="Nothing can be written"):
                service.create("sample.thing", {"name": "x"})
        assert service.get("sample.thing", own).get("name") == "own, later"


def test_a_moment_is_a_day_a_local_time_or_rfc_3339_and_lies_in_the_past(house):
    with house.acting(ANN):
        assert as_of.moment_of("2026-03-01T10:00:00Z") == datetime(2026, 3, 1, 10, tzinfo=UTC)
        assert as_of.moment_of("2026-03-01") == datetime(2026, 3, 2, tzinfo=UTC)
        assert as_of.moment_of(utc_now().date().isoformat()) <= utc_now()
        for wrong in ("yesterday", "2026-13-01", (utc_now() + timedelta(days=3)).isoformat(), "99999-01-01"):
            with pytest.raises(Invalid):
                as_of.moment_of(wrong)
