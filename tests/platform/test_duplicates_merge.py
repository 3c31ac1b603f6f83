"""Merging: what points to the loser follows, what is shown beforehand is what is done, undo brings all of it back."""

import duplicates_lab as lab
import pytest
from duplicates_lab import DEAL, LEAD, ORGANIZATION, PERSON, make
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kumiko.duplicates import choosing, leading, merging, moving
from kumiko.duplicates.merging import Wish
from kumiko.host.errors import Conflict, Invalid, NotFound
from kumiko.records import service
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


def test_everything_of_every_module_follows_and_undo_restores_all_exactly(all_on):
    for type_key in (PERSON, ORGANIZATION, LEAD, DEAL):
        with all_on.acting(ANN):
            winner = make(type_key, name="Anna Weber", tags=["a"], external_id="W1")
            loser = make(type_key, name="Anna M. Weber", tags=["b"], external_id="L1")
            places = lab.name_everywhere(type_key, loser)
            before, info = lab.picture(), catalogue().get(type_key)
            wish = Wish(type_key=type_key, winner=winner, losers=(loser,))

            planned = merging.plan(wish)
            done = merging.merge(wish)

            named = moving.counts(moving.naming(info, [winner], beside=[winner, loser]))
            assert named == planned.after == planned.coming == done.moved
            assert sum(named.values()) == places
            assert moving.naming(info, [loser], beside=[winner, loser]) == []
            assert done.record.get("tags") == ["a", "b"]
            outside = [{"system": "", "id": "W1"}, {"system": f"merged {loser}", "id": "L1"}]
            assert done.record.get("external_ids") == outside
            assert leading.merged_into(type_key, loser) == winner
            assert undo(done.unit).complete
            assert lab.picture() == before
            assert leading.merged_into(type_key, loser) is None


words = st.sampled_from(["", "Anna", "Bo", "Weber", "Lee"])
addresses = st.lists(st.sampled_from(["a@x.example", "b@x.example", "c@y.example"]), max_size=2, unique=True)
persons = st.fixed_dictionaries(
    {
        "first_name": st.just("P"),
        "last_name": words,
        "job_title": words,
        "birthday": st.sampled_from([None, "1990-05-01", "1991-01-31"]),
        "do_not_call": st.booleans(),
        "source": words,
        "lifecycle_stage": st.sampled_from([None, "customer"]),
        "emails": addresses.map(lambda many: [{"address": one, "opted_out": one[0] == "a"} for one in many]),
        "tags": st.lists(st.sampled_from(["x", "y", "z"]), max_size=2, unique=True),
        "addresses": st.lists(st.fixed_dictionaries({"city": st.sampled_from(["Bonn", "Ulm"])}), max_size=2),
    }
)
FREE = ("last_name", "job_title", "birthday", "lifecycle_stage", "emails", "tags", "addresses")


def test_what_is_shown_beforehand_is_what_is_done_and_undo_takes_it_back(all_on):
    @settings(max_examples=20, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(st.lists(persons, min_size=2, max_size=4), st.data())
    def merged(made, data):
        with all_on.acting(ANN):
            ids = [make(PERSON, **one) for one in made]
            winner = data.draw(st.sampled_from(ids))
            take = data.draw(st.dictionaries(st.sampled_from(FREE), st.sampled_from(ids), max_size=3))
            before = {one: picture(one) for one in ids}
            wish = Wish(type_key=PERSON, winner=winner, losers=tuple(one for one in ids if one != winner), take=take)

            planned = merging.plan(wish)
            done = merging.merge(wish)

            stored = merging.Draft(planned.info, "changed", {}, lab.load_states(planned.info, [winner])[winner])
            assert plain(planned.result()) == plain({name: stored.get(name) for name in planned.info.fields})
            assert {row["address"] for row in stored.get("emails") or ()} >= (
                set() if "emails" in take else {row["address"] for one in made for row in one["emails"]}
            )
            assert stored.get("source") == (made[0]["source"] or next((o["source"] for o in made if o["source"]), None))
            assert undo(done.unit).complete
            assert {one: picture(one) for one in ids} == before

    merged()


def picture(record_id):
    values = service.get(PERSON, record_id).values
    return {name: value for name, value in values.items() if name not in lab.STAMPS}


def plain(values):
    """Without ids and stamps, which only writing gives."""
    found = {}
    for name, value in values.items():
        if isinstance(value, list):
            value = [{key: part for key, part in row.items() if key != "id"} for row in value]
        if name not in lab.STAMPS:
            found[name] = value or None
    return found


def test_a_closed_deal_goes_only_when_somebody_says_so_and_foreign_records_are_not_moved_by_anybody(all_on):
    with all_on.acting(ANN):
        won = make(DEAL, name="Lamps", amount="900 EUR")
        service.run_action(DEAL, won, "win", {})
        other = make(DEAL, name="Lamps again", amount="100 EUR")
        with pytest.raises(Conflict, match="it is won"):
            merging.merge(Wish(type_key=DEAL, winner=other, losers=(won,)))
        kept = merging.merge(Wish(type_key=DEAL, winner=won, losers=(other,))).record
        assert (kept.get("outcome"), str(kept.get("amount").value)) == ("won", "900.00")

        third = make(DEAL, name="Lamps third")
        moved = merging.merge(
            Wish(type_key=DEAL, winner=third, losers=(won,), take={"outcome": won}, accept=frozenset([won]))
        )
        assert [moved.record.get(name) for name in ("outcome", "closed_on")] == ["won", kept.get("closed_on")]
        assert leading.merged_into(DEAL, other) == third  # by way of the one that went meanwhile

    with all_on.acting(BEN):
        mine, twice = make(PERSON, name="Jo Lee"), make(PERSON, name="Jo B. Lee")
        free = make(PERSON, name="J. Lee")
    with all_on.acting(ANN):
        hers = make(PERSON, name="Ann's own")
        make(DEAL, name="of Ann", person=twice)
    with all_on.acting(BEN):
        with pytest.raises(Conflict, match="1 deals"):
            merging.merge(Wish(type_key=PERSON, winner=mine, losers=(twice,)))
        with pytest.raises(NotFound):
            merging.merge(Wish(type_key=PERSON, winner=mine, losers=(hers,)))
        with pytest.raises(Invalid, match="not accepted"):
            merging.merge(Wish(type_key=PERSON, winner=mine, losers=(free,), take={"job_title": hers}))
        merging.merge(Wish(type_key=PERSON, winner=mine, losers=(free,), take={"emails": choosing.ALL}))
        assert service.find(PERSON, free) is None
