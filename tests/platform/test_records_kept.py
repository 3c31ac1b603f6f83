"""Statements kept for all people with the same rights: each of them still gets only their own rows."""

import pytest
from sqlalchemy import select

from kumiko.host.context import acting_as
from kumiko.host.errors import NotFound
from kumiko.host.scoping import trusted
from kumiko.records import queries, rights, search, service
from kumiko.records.catalogue import catalogue
from kumiko_testing.records import OWN, TEAM, person

ANN = person(5, "Ann", level=OWN)
BEN = person(6, "Ben", level=OWN)
NORTH = person(7, "Nora", level=TEAM, team_ids=(70,))
SOUTH = person(8, "Sol", level=TEAM, team_ids=(80, 81))
EVERYBODY = {"of Ann": (ANN, 70), "of Ben": (BEN, 80)}


@pytest.fixture
def shared(house):
    """One thing of Ann in team 70, one of Ben in team 80; ids by name."""
    made = {}
    for name, (owner, team_id) in EVERYBODY.items():
        with house.acting(person(owner.user_id, owner.name, level=OWN, team_ids=(team_id,))):
            made[name] = service.create("sample.thing", {"name": name}).id
    return house, made


def seen(made):
    """What the one who acts gets, by each way that keeps its statement."""
    info = catalogue().get("sample.thing")
    listed = {row[2] for row in queries.list_page(info, names=("name",)).rows}
    found = {hit.title for hit in search.search("of", types=["sample.thing"])}
    read = {name for name, record_id in made.items() if service.find("sample.thing", record_id) is not None}
    return listed, found, read


def test_people_with_equal_rights_see_their_own_one_after_the_other(shared):
    house, made = shared
    for who, name in ((ANN, "of Ann"), (BEN, "of Ben"), (NORTH, "of Ann"), (SOUTH, "of Ben"), (ANN, "of Ann")):
        with house.acting(who):
            assert seen(made) == ({name}, {name}, {name})


def test_whoever_acts_inside_an_act_is_asked_anew(shared):
    house, made = shared
    with house.acting(ANN):
        assert seen(made) == ({"of Ann"},) * 3
        with acting_as(BEN):
            assert seen(made) == ({"of Ben"},) * 3
        assert seen(made) == ({"of Ann"},) * 3


def test_changing_is_limited_by_the_one_who_changes(shared):
    house, made = shared
    for who, own, other in ((ANN, "of Ann", "of Ben"), (BEN, "of Ben", "of Ann")):
        with house.acting(who):
            service.update("sample.thing", made[own], {"size": 3})
            with pytest.raises(NotFound):
                service.update("sample.thing", made[other], {"size": 3})


def test_a_condition_is_made_once_for_equal_rights_and_apart_for_others(shared):
    house, _made = shared
    info = house.generation.state["records"].get("sample.thing")
    kept = []
    for who in (ANN, BEN, NORTH):
        with house.acting(who):
            kept.append(rights.criterion(info, who))
    assert kept[0] is kept[1]
    assert kept[0] is not kept[2]


def test_rights_of_somebody_else_are_fixed_to_them(shared):
    house, _made = shared
    info = house.generation.state["records"].get("sample.thing")
    with house.acting(ANN):
        of_ben = select(info.table.c.name).where(rights.criterion(info, BEN))
        assert trusted(of_ben).scalars().all() == ["of Ben"]
