"""Rights in the session: no query shape reaches foreign rows, and what cannot be limited is refused."""

import pytest
from sqlalchemy import delete, exists, func, literal_column, select, text, union_all, update
from sqlalchemy.orm import aliased

from kumiko.host.context import Context, transaction, unscoped, use
from kumiko.host.errors import ScopeError
from kumiko.records import service
from kumiko.records.models import Entry
from kumiko_testing.records import OWN, TEAM, person
from kumiko_testing.sample.models import Remark, Thing, ThingPart, Topic

ANN = person(5, "Ann", level=OWN)
BEN = person(6, "Ben", level=OWN)
TEAMMATE = person(7, "Tom", level=TEAM, team_ids=(70,))
OTHER = aliased(Thing)


@pytest.fixture
def two(house):
    """One thing of Ann (team 70), one of Ben, each with a part and a remark."""
    with house.acting(person(5, "Ann", level=OWN, team_ids=(70,))):
        mine = service.create("sample.thing", {"name": "of Ann", "size": 1, "parts": [{"word": "a"}]})
        service.create("sample.remark", {"name": "said by Ann", "thing": mine.id})
    with house.acting(BEN):
        his = service.create("sample.thing", {"name": "of Ben", "size": 2, "parts": [{"word": "b"}]})
        service.create("sample.remark", {"name": "said by Ben", "thing": his.id})
    return house, mine.id, his.id


SHAPES = {
    "entities": lambda: select(Thing.name),
    "alias": lambda: select(OTHER.name),
    "columns": lambda: select(Thing.name, Thing.size).with_only_columns(Thing.name),
    "subquery": lambda: select(select(Thing.name).subquery().c.name),
    "cte": lambda: select(select(Thing.name).cte("c").c.name),
    "union": lambda: union_all(select(Thing.name), select(Thing.name).where(Thing.size > 99)),
    "join": lambda: select(Thing.name).join(ThingPart, ThingPart.parent_id == Thing.id),
    "in": lambda: select(Thing.name).where(Thing.id.in_(select(OTHER.id))),
    "exists": lambda: select(Thing.name).where(exists().where(OTHER.id == Thing.id)),
    "max": lambda: select(func.max(Thing.name)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_query_gives_only_own_rows(two, shape):
    house, _mine, _his = two
    with house.acting(ANN) as context:
        assert set(context.session.execute(SHAPES[shape]()).scalars()) == {"of Ann"}
    with house.acting(TEAMMATE) as context:
        assert set(context.session.execute(SHAPES[shape]()).scalars()) == {"of Ann"}
    with house.acting(person(9, "Nobody", level=OWN)) as context:
        assert set(context.session.execute(SHAPES[shape]()).scalars()) <= {None}


def test_counts_and_sums_do_not_leak(two):
    house, _mine, _his = two
    with house.acting(ANN) as context:
        assert context.session.execute(select(func.count(Thing.id), func.sum(Thing.size))).one() == (1, 1)
        inner = select(func.count(Thing.id)).scalar_subquery()
        assert context.session.execute(select(Topic.id, inner)).all() == []


def test_get_of_a_foreign_row_finds_nothing(two):
    house, mine, his = two
    with house.acting(ANN) as context:
        assert context.session.get(Thing, mine).name == "of Ann"
        assert context.session.get(Thing, his) is None


def test_nothing_of_one_person_stays_for_the_next(two):
    house, mine, _his = two
    with house.acting(ANN) as context:
        assert context.session.get(Thing, mine) is not None
        context.as_principal(BEN)
        assert context.session.get(Thing, mine) is None


def test_parts_and_hanging_records_follow_their_parent(two):
    house, _mine, _his = two
    with house.acting(ANN) as context:
        assert context.session.execute(select(ThingPart.word)).scalars().all() == ["a"]
        assert context.session.execute(select(Remark.name)).scalars().all() == ["said by Ann"]


def test_deleted_rows_are_not_read(two):
    house, mine, _his = two
    with house.acting(ANN) as context:
        service.delete("sample.thing", mine)
        assert context.session.execute(select(Thing.name)).all() == []


def test_internal_tables_give_nothing_outside_of_unscoped(two):
    house, _mine, _his = two
    with house.acting(ANN) as context:
        assert context.session.execute(select(Entry.id)).all() == []
        with unscoped("counting in a test"):
            assert len(context.session.execute(select(Entry.id)).all()) == 4


REFUSED = {
    "raw table": lambda: select(Thing.__table__.c.name),
    "raw table in a scalar subquery": lambda: select(
        Topic.id, select(Thing.__table__.c.name).limit(1).scalar_subquery()
    ),
    "raw table joined": lambda: select(Topic.id).join(Thing.__table__, Thing.__table__.c.topic_id == Topic.id),
    "text": lambda: text("SELECT name FROM sample_thing"),
    "text as columns": lambda: select(literal_column("name")).select_from(text("sample_thing")),
    "mass update": lambda: update(Thing).values(name="x"),
    "mass delete": lambda: delete(Thing),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_what_cannot_be_limited_is_refused(two, shape):
    house, _mine, _his = two
    with house.acting(ANN) as context, pytest.raises(ScopeError):
        context.session.execute(REFUSED[shape]())


def test_a_core_statement_on_the_connection_is_refused_too(two):
    house, _mine, _his = two
    with house.acting(ANN) as context, pytest.raises(ScopeError, match="limited by rights"):
        context.session.connection().execute(select(Thing.__table__.c.name))


def test_without_a_principal_there_is_no_query(two):
    house, _mine, _his = two
    with (
        use(Context(house.database, generation=house.generation)) as context,
        pytest.raises(ScopeError, match="principal"),
    ):
        context.session.execute(select(Thing.name))


def test_records_are_not_written_through_the_session(two):
    house, mine, _his = two
    with house.acting(ANN), transaction() as session:
        found = session.get(Thing, mine)
        found.name = "behind the journal"
        with pytest.raises(ScopeError, match="written by the record service"):
            session.flush()
        session.expunge_all()
