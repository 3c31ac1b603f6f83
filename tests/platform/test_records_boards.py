"""Boards below the screen: cards of all lanes in one statement, sums over everything that the person may see."""

from datetime import date

import pytest
from access_lab import statements

from kumiko.host.declarations import Board, BoardScope, Lane
from kumiko.host.errors import Invalid
from kumiko.records import boards, service
from kumiko.records.boards import Amount, LaneTotal
from kumiko.records.catalogue import catalogue
from kumiko_testing import records
from kumiko_testing.extra.models import Base
from kumiko_testing.extra.plugin import BOARD as SIDE_BOARD
from kumiko_testing.records import OWN, TEAM, person
from kumiko_testing.sample.plugin import BOARD

ANN = person(5, "Ann", roles=("administrator",))
BEN = person(6, "Ben", level=OWN)
CLEO = person(7, "Cleo", level=TEAM, team_ids=(70,))
CORE_WITH_EXTRA = (*records.CORE, "kumiko_testing.extra")


def prepare(url):
    from kumiko.host.database import engine_for_migration, normalise_url

    records.prepare_database(url)
    engine = engine_for_migration(normalise_url(url))
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture
def house(clone_database, tmp_path):
    made = records.open_house(clone_database("extended house", prepare), tmp_path, CORE_WITH_EXTRA)
    yield made
    made.database.close()


def thing(name, **values):
    return service.create("sample.thing", {"name": name, **values}).id


def price(value, currency="EUR"):
    return {"value": value, "currency": currency}


def names(page, lane):
    return [card.get("name") for card in page.lanes[lane].cards]


def cards_of(board, **wishes):
    info = catalogue().get("sample.thing")
    return boards.board_page(info, board, board.scopes()[0], **wishes)


def sums_of(board, **wishes):
    info = catalogue().get("sample.thing")
    return dict(boards.board_totals(info, board, board.scopes()[0], **wishes))


@pytest.mark.parametrize("board", [BOARD, SIDE_BOARD], ids=["own fields", "fields of an extension"])
def test_cards_stand_by_position_then_id_and_those_without_one_are_last(house, board):
    lane = {"state": "open"} if board is BOARD else {"extra_phase": "early"}
    at = "weight" if board is BOARD else "extra_rank"
    with house.acting(ANN):
        for name, position in (("c", 3), ("none 1", None), ("a", 1), ("b 1", 2), ("none 2", None), ("b 2", 2)):
            thing(name, **lane, **{at: position})
        page = cards_of(board)
        first = cards_of(board, per_lane=2)
        cursor = next(iter(first.lanes.values())).next
        value = next(iter(lane.values()))
        rest, seen = [], first
        while seen.lanes[value].next:
            seen = cards_of(board, per_lane=2, after={value: seen.lanes[value].next}, lanes=[seen.lanes[value].lane])
            rest += names(seen, value)

    assert names(page, value) == ["a", "b 1", "b 2", "c", "none 1", "none 2"]
    assert page.lanes[value].next is None
    assert cursor is not None
    assert [*names(first, value), *rest] == names(page, value)


def test_the_page_takes_one_statement_whatever_the_number_of_lanes_and_cards(house):
    with house.acting(ANN):
        topic = service.create("sample.topic", {"name": "Alpha"}).id
        for number in range(40):
            state = ("open", "waiting", "checked", "done")[number % 4]
            thing(f"t{number:02d}", state=state, weight=number, topic=topic, code="x")
        cards_of(BOARD)
        with statements() as seen:
            page = cards_of(BOARD)
        with statements() as summed:
            totals = sums_of(BOARD)

    assert len(seen) == 1, seen
    assert len(summed) == 1, summed
    assert [len(lane.cards) for lane in page.lanes.values()] == [10, 10, 10, 10]
    assert [total.count for total in totals.values()] == [10, 10, 10, 10]
    card = page.lanes["waiting"].cards[0]
    assert (card.get("name"), card.get("state"), card.link_id("topic"), card.get("topic").name) == (
        "t01", "waiting", topic, "Alpha")  # fmt: skip


@pytest.mark.parametrize("board", [BOARD, SIDE_BOARD], ids=["own fields", "fields of an extension"])
def test_everybody_sees_and_sums_only_what_is_his(house, board):
    lane = {"state": "open"} if board is BOARD else {"extra_phase": "early"}
    value = next(iter(lane.values()))
    with house.acting(ANN):
        thing("of Ann", **lane, price=price("1"), owner=None)
        shared = thing("shared with Ben", **lane, price=price("20"))
        gone = thing("in the bin", **lane, price=price("500"))
        service.delete("sample.thing", gone)
    with house.acting(BEN):
        thing("of Ben", **lane, price=price("300"))
    with house.acting(records.person(5, "Ann")):
        from sqlalchemy import insert, update

        from kumiko.host.context import transaction
        from kumiko.host.scoping import trusted
        from kumiko.records.models import Share

        info = catalogue().get("sample.thing")
        with transaction():  # what co-owners and teams come to, without the users and teams themselves
            trusted(insert(Share.__table__), {"record_id": shared, "user_id": 6})
            for table in (info.table, *(side.table for side in info.extensions)):
                key = table.c.id if table is info.table else table.c.record_id
                trusted(update(table).where(key == shared).values(team_id=70))

    seen = {}
    for who in (ANN, BEN, CLEO):
        with house.acting(who):
            page = cards_of(board)
            totals = sums_of(board)
            seen[who.name] = (sorted(names(page, value)), totals[value, None])

    assert seen == {
        "Ann": (["of Ann", "of Ben", "shared with Ben"], LaneTotal(3, (Amount("EUR", 32100),))),
        "Ben": (["of Ben", "shared with Ben"], LaneTotal(2, (Amount("EUR", 32000),))),
        "Cleo": (["shared with Ben"], LaneTotal(1, (Amount("EUR", 2000),))),
    }


@pytest.mark.parametrize("board", [BOARD, SIDE_BOARD], ids=["own fields", "fields of an extension"])
def test_currencies_are_summed_apart_with_weights_over_more_than_the_page(house, board):
    lane = {"state": "open"} if board is BOARD else {"extra_phase": "early"}
    value = next(iter(lane.values()))
    with house.acting(ANN):
        for number in range(20):
            thing(f"e{number}", **lane, price=price("100.00"), share=25)
        thing("dollars", **lane, price=price("7.50", "USD"), share=50)
        thing("certain yen", **lane, price=price("999", "JPY"))
        thing("without amount", **lane, share=50)
        totals = sums_of(board)

    assert totals == {
        (value, None): LaneTotal(
            23, (Amount("EUR", 200_000, 50_000), Amount("JPY", 999, None), Amount("USD", 750, 375))
        )
    }


def test_a_hidden_amount_shows_no_sums_and_a_hidden_lane_no_board(house):
    blind = person(8, "Dee", hidden={"sample.thing": frozenset({"price"})})
    lost = person(9, "Eve", hidden={"sample.thing": frozenset({"state"})})
    with house.acting(ANN):
        thing("a", state="open", price=price("1"), share=10)
    with house.acting(blind):
        assert sums_of(BOARD) == {("open", None): LaneTotal(1)}
        assert cards_of(BOARD).lanes["open"].cards[0].get("price") is None
    with house.acting(lost):
        info = catalogue().get("sample.thing")
        assert boards.board_field(info, BOARD) is None
        with pytest.raises(Invalid):
            cards_of(BOARD)


def test_filters_and_words_narrow_cards_and_sums_alike(house):
    node = {"and": [{"f": "size", "op": "gte", "v": 2}, {"f": "topic.name", "op": "eq", "v": "Alpha"}]}
    with house.acting(ANN):
        topic = service.create("sample.topic", {"name": "Alpha"}).id
        for number in range(4):
            thing(f"lamp {number}", state="open", size=number, topic=topic, price=price("1"))
        thing("desk", state="open", size=9, price=price("1"))
        for board, value in ((BOARD, "open"), (SIDE_BOARD, "early")):
            assert names(cards_of(board, node=node), value) == ["lamp 2", "lamp 3"]
            assert sums_of(board, node=node)[value, None].count == 2
            assert names(cards_of(board, q="desk"), value) == ["desk"]
            assert sums_of(board, q="desk")[value, None].count == 1


def test_sums_of_an_extension_come_from_its_copies_alone_while_they_answer(house):
    with house.acting(BEN):
        thing("a", extra_phase="early", price=price("3"), share=50, size=4)
        asked = {}
        for word, wishes in {
            "plain": {}, "copied field": {"node": {"f": "size", "op": "gte", "v": 1}},
            "other field": {"node": {"f": "code", "op": "empty"}}, "by owner": {"by": "owner"},
        }.items():  # fmt: skip
            with statements() as seen:
                totals = sums_of(SIDE_BOARD, **wishes)
            asked[word] = "JOIN sample_thing" in seen[0]
            assert list(totals.values()) == [LaneTotal(1, (Amount("EUR", 300, 150),))]

    assert asked == {"plain": False, "copied field": False, "other field": True, "by owner": False}


def test_lanes_may_be_records_and_owners_make_rows(house):
    with house.acting(ANN):
        first, second = (service.create("sample.topic", {"name": name}).id for name in ("Alpha", "Beta"))
        thing("a", topic=first, price=price("1"))
        thing("b", topic=second, price=price("2"))
        thing("nowhere", price=price("4"))
    with house.acting(BEN):
        thing("c", topic=second, price=price("8"), due_on=date(2026, 2, 3))
    lanes = tuple(Lane(value=topic, label=str(topic)) for topic in (first, second))
    board = Board(by="topic", scopes=lambda: (BoardScope(key="x", label="X", lanes=lanes),), action="move",
                  amount="price", fields=("due_on",))  # fmt: skip
    with house.acting(ANN):
        page = cards_of(board)
        totals = sums_of(board, by="owner")

    assert {value: names(page, value) for value in page.lanes} == {first: ["a"], second: ["b", "c"]}
    assert page.lanes[second].cards[1].link_id("topic") == second
    assert totals == {
        (first, 5): LaneTotal(1, (Amount("EUR", 100),)),
        (second, 5): LaneTotal(1, (Amount("EUR", 200),)),
        (second, 6): LaneTotal(1, (Amount("EUR", 800),)),
    }


def test_a_cursor_of_another_lane_or_filter_is_refused(house):
    with house.acting(ANN):
        for number in range(4):
            thing(f"t{number}", state="open", weight=number)
        cursor = cards_of(BOARD, per_lane=1).lanes["open"].next
        for wishes in ({"after": {"waiting": cursor}}, {"after": {"open": cursor}, "q": "x"}):
            with pytest.raises(Invalid):
                cards_of(BOARD, **wishes)
        with pytest.raises(Invalid):
            cards_of(BOARD, per_lane=5000)
