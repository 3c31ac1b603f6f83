"""Merging: what points to the loser follows, what is shown beforehand is what is done, undo brings all of it back."""

import duplicates_lab as lab
import pytest
from duplicates_lab import DEAL, LEAD, ORGANIZATION, PERSON, make

from kumiko.duplicates import leading, merging, moving
from kumiko.duplicates.merging import Wish
from kumiko.records.catalogue import catalogue
from kumiko.records.undo import undo
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann", roles=("administrator",))
BEN = person(6, "Ben", level=OWN)


@pytest.fixture
def all_on(clone_database, tmp_path):
    made = lab.open_all(clone_database, tmp_path)
    yield made
    made.database.close()


@pytest.mark.parametrize("type_key", [PERSON, ORGANIZATION, LEAD, DEAL])
def test_everything_of_every_module_follows_and_undo_restores_all_exactly(all_on, type_key):
    with all_on.acting(ANN):
        winner = make(type_key, name="Anna Weber", tags=["a"], external_id="W1")
        loser = make(type_key, name="Anna M. Weber", tags=["b"], external_id="L1")
        places = lab.name_everywhere(type_key, loser)
        before = lab.picture()
        info = catalogue().get(type_key)
        wish = Wish(type_key=type_key, winner=winner, losers=(loser,))

        planned = merging.plan(wish)
        done = merging.merge(wish)

        assert sum(done.moved.values()) == sum(planned.coming.values()) == places
        assert moving.naming(info, [loser], beside=[winner, loser]) == []
        assert moving.counts(moving.naming(info, [winner], beside=[winner, loser])) == planned.after == planned.coming
        assert sorted(done.record.get("tags")) == ["a", "b"]
        assert leading.merged_into(type_key, loser) == winner
        assert undo(done.unit).complete
        assert lab.picture() == before
        assert leading.merged_into(type_key, loser) is None
