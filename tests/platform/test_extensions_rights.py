"""Rules (c) and (d) of extensions: side rows are read as far as their records; one version stands for all."""

import pytest
from extension_lab import make_tables
from sqlalchemy import exists, func, select, union_all
from sqlalchemy.orm import aliased

from kumiko.host.columns import table_of
from kumiko.host.errors import ScopeError, Stale
from kumiko.records import history, queries, service
from kumiko.records.catalogue import catalogue
from kumiko_testing.extra.models import ThingSide
from kumiko_testing.records import ALL, CORE, OWN, open_house, person
from kumiko_testing.sample.models import Thing

ANN, BEN = person(5, "Ann", level=OWN), person(6, "Ben", level=OWN)
ROOT = person(9, "Root", level=ALL)


@pytest.fixture
def house(clone_database, tmp_path):
    """Three things: two of Ann's with ranks 1 and 2 (the second is in the bin), one of Ben's with rank 4."""
    made = open_house(clone_database("extended tables", make_tables), tmp_path, (*CORE, "kumiko_testing.extra"))
    with made.acting(ANN):
        mine = service.create("sample.thing", {"name": "mine", "extra_rank": 1, "size": 10}).id
        gone = service.create("sample.thing", {"name": "gone", "extra_rank": 2, "size": 20}).id
        service.delete("sample.thing", gone)
    with made.acting(BEN):
        service.create("sample.thing", {"name": "his", "extra_rank": 4, "size": 40})
    made.mine = mine
    yield made
    made.database.close()


other = aliased(ThingSide)
few = select(ThingSide.record_id, ThingSide.extra_rank).cte("few")

#: What each shape says of ranks: Ann reads 1, Ben 4, Root 1 and 4.
SHAPES = {
    "rows": select(ThingSide.extra_rank),
    "the class": select(ThingSide),
    "an alias": select(other.extra_rank),
    "joined to the record": select(ThingSide.extra_rank).join(Thing, Thing.id == ThingSide.record_id),
    "joined from the record": select(ThingSide.extra_rank).select_from(Thing).join(
        ThingSide, Thing.id == ThingSide.record_id
    ),
    "outer joined": select(ThingSide.extra_rank).select_from(Thing).outerjoin(
        ThingSide, Thing.id == ThingSide.record_id
    ),
    "exists": select(ThingSide.extra_rank).where(exists().where(other.record_id == ThingSide.record_id)),
    "a subquery": select(select(ThingSide.extra_rank).subquery().c.extra_rank),
    "a common table": select(few.c.extra_rank),
    "in a list": select(ThingSide.extra_rank).where(ThingSide.record_id.in_(select(other.record_id))),
    "a union": union_all(select(ThingSide.extra_rank), select(ThingSide.extra_rank).where(ThingSide.size > 999)),
    "groups": select(ThingSide.extra_rank, func.count(ThingSide.record_id)).group_by(ThingSide.extra_rank),
}  # fmt: skip
SUMS = {
    "a count": (select(func.count()).select_from(ThingSide), {"Ann": 1, "Ben": 1, "Root": 2}),
    "a sum": (select(func.sum(ThingSide.extra_rank)), {"Ann": 1, "Ben": 4, "Root": 5}),
    "the sum of a copy": (select(func.sum(ThingSide.size)), {"Ann": 10, "Ben": 40, "Root": 50}),
    "the greatest": (select(func.max(other.extra_rank)), {"Ann": 1, "Ben": 4, "Root": 4}),
    "a scalar subquery": (
        select(select(func.sum(ThingSide.extra_rank)).scalar_subquery()).select_from(Thing).limit(1),
        {"Ann": 1, "Ben": 4, "Root": 5},
    ),
}
READ = {"Ann": [1], "Ben": [4], "Root": [1, 4]}


def test_every_shape_of_query_reads_side_rows_as_far_as_their_records(house):
    for who in (ANN, BEN, ROOT):
        for name, statement in SHAPES.items():
            with house.acting(who) as context:
                rows = context.session.execute(statement).all()
            ranks = [row[0].extra_rank if isinstance(row[0], ThingSide) else row[0] for row in rows]
            assert sorted(ranks) == READ[who.name], (who.name, name)


def test_aggregates_over_side_rows_count_readable_records_only(house):
    for who in (ANN, BEN, ROOT):
        for name, (statement, expected) in SUMS.items():
            with house.acting(who) as context:
                assert context.session.execute(statement).scalar() == expected[who.name], (who.name, name)


def test_one_row_is_got_only_with_its_record(house):
    with house.acting(BEN) as context:
        assert context.session.get(ThingSide, house.mine) is None
    with house.acting(ANN) as context:
        assert context.session.get(ThingSide, house.mine).extra_rank == 1


SIDE = table_of(ThingSide)
RAW = {
    "the table": select(SIDE),
    "its column": select(SIDE.c.extra_rank),
    "a sum of it": select(func.sum(SIDE.c.extra_rank)),
    "the table inside a query of classes": select(Thing.id).join(SIDE, SIDE.c.record_id == Thing.id),
    "the table in a subquery": select(Thing.id).where(Thing.id.in_(select(SIDE.c.record_id))),
    "an alias of the table": select(SIDE.alias().c.extra_rank),
}


@pytest.mark.parametrize("shape", RAW)
def test_the_raw_side_table_is_refused(house, shape):
    with house.acting(ANN) as context, pytest.raises(ScopeError):
        context.session.execute(RAW[shape])
    with house.acting(ANN) as context, pytest.raises(ScopeError):
        context.session.connection().execute(RAW["the table"])


def test_nobody_writes_side_rows_but_the_record_service(house):
    with house.acting(ANN) as context:
        row = context.session.get(ThingSide, house.mine)
        row.extra_rank = 9
        with pytest.raises(ScopeError):
            context.session.flush()


def test_hidden_copies_and_fields_are_no_way_round_field_rights(house):
    """A hidden size is not told by its copy, a hidden rank by neither of its names."""
    blind = person(9, "Root", level=ALL, hidden={"sample.thing": frozenset({"size", "extra_rank"})})
    from kumiko.host.errors import Invalid  # local: only here

    with house.acting(blind):
        info = catalogue().get("sample.thing")
        assert {"size", "extra_rank"}.isdisjoint(service.get("sample.thing", house.mine).values)
        for name in ("size", "extra_rank", "extra:extra_rank"):
            with pytest.raises(Invalid):
                queries.list_page(info, node={"f": name, "op": "gt", "v": 0}, sort="extra_phase")
            with pytest.raises(Invalid):
                queries.list_page(info, sort=name)
        shown = [change.name for entry in history.history("sample.thing", house.mine) for change in entry.changes]
    assert "extra:extra_phase" in shown
    assert {"extra:extra_rank", "size"}.isdisjoint(shown)


def test_hidden_fields_stay_hidden_in_the_history_while_their_module_is_off(clone_database, tmp_path):
    url = clone_database("extended tables", make_tables)
    on, off = open_house(url, tmp_path, (*CORE, "kumiko_testing.extra")), open_house(url, tmp_path, CORE)
    blind = person(9, "Root", level=ALL, hidden={"sample.thing": frozenset({"extra_rank"})})
    with on.acting(ROOT):
        made = service.create("sample.thing", {"name": "a", "extra_rank": 7}).id
    with off.acting(blind):
        shown = [change.name for entry in history.history("sample.thing", made) for change in entry.changes]
        assert "extra:extra_phase" in shown
        assert "extra:extra_rank" not in shown
    with off.acting(ROOT):
        shown = [change.name for entry in history.history("sample.thing", made) for change in entry.changes]
        assert "extra:extra_rank" in shown
    on.database.close()


# ------------------------------------------------------------------ one version


def test_a_change_of_only_an_extension_counts_as_a_version_of_the_record(house):
    with house.acting(ANN):
        first = service.update("sample.thing", house.mine, {"extra_rank": 3}, if_match=1)
        assert first.version == 2
        with pytest.raises(Stale) as late:
            service.update("sample.thing", house.mine, {"extra_rank": 5}, if_match=1)
        assert late.value.current_version == 2
        assert service.get("sample.thing", house.mine).get("extra_rank") == 3


def test_of_two_who_change_a_field_of_the_record_and_one_of_the_extension_the_second_hears_of_the_first(house):
    with house.acting(ANN):
        seen = service.get("sample.thing", house.mine).version
        service.update("sample.thing", house.mine, {"extra_phase": "late"}, if_match=seen)
        with pytest.raises(Stale):
            service.update("sample.thing", house.mine, {"name": "other"}, if_match=seen)
        service.update("sample.thing", house.mine, {"name": "other"}, if_match=seen + 1)
        with pytest.raises(Stale):
            service.update("sample.thing", house.mine, {"extra_rank": 2}, if_match=seen + 1)
        found = service.get("sample.thing", house.mine)
        assert (found.version, found.get("name"), found.get("extra_phase")) == (seen + 2, "other", "late")
        entries = history.history("sample.thing", house.mine)
        assert [(entry.version, [change.name for change in entry.changes]) for entry in entries[:2]] == [
            (3, ["name", "label"]),
            (2, ["extra:extra_phase"]),
        ]
