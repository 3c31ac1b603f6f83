"""Merges that very much follows: slices of a job, all or nothing, one group; filters that name who went."""

import threading

import duplicates_lab as lab
import pytest
from duplicates_lab import DEAL, PERSON, make
from sqlalchemy import event, func, select
from sqlalchemy.engine import Engine

from kumiko.duplicates import large, leading, merging
from kumiko.duplicates.merging import Wish
from kumiko.host.scoping import trusted
from kumiko.jobs.worker import Worker
from kumiko.records import queries, service, undo_jobs
from kumiko.records.catalogue import catalogue
from kumiko.records.saved_views import create_view, get_view
from kumiko_testing.records import person

ANN = person(5, "Ann", roles=("administrator",), permissions=frozenset({"jobs.manage"}))


@pytest.fixture
def house(clone_database, tmp_path, monkeypatch):
    made = lab.open_all(clone_database, tmp_path)
    monkeypatch.setattr(large, "AT_ONCE", 5)
    monkeypatch.setattr(large, "SLICE", 4)
    yield made
    made.database.close()


def two_with_deals(count=13):
    winner, loser = make(PERSON, name="Anna Weber"), make(PERSON, name="Anna M. Weber")
    service.create_many(DEAL, [{"name": f"deal {number}", "person": loser} for number in range(count)])
    service.create_many(DEAL, [{"name": f"other {number}", "person": winner} for number in range(2)])
    return winner, loser


def deals_of(*people):
    rows = catalogue().get(DEAL).table
    count = select(func.count()).select_from(rows).where(rows.c.deleted_at.is_(None))
    return [trusted(count.where(rows.c.person_id == one)).scalar_one() for one in people]


def test_a_large_merge_is_broken_off_goes_on_and_is_taken_back_as_one(house):
    with house.acting(ANN):
        winner, loser = two_with_deals()
        before = lab.picture()
        info = catalogue().get(DEAL)
        view = create_view(info, "Hers", {"filter": {"f": "person", "op": "in", "v": [loser]}}).id
        wish = Wish(type_key=PERSON, winner=winner, losers=(loser,))
        planned = merging.plan(wish, most=5)
        assert (planned.is_large, planned.moves, planned.coming, planned.after) == (True, [], {DEAL: 13}, {DEAL: 15})
    with house.acting():
        ordered = large.merge_or_order(wish)
        assert (ordered.follows, deals_of(winner, loser)) == (13, [2, 13])

    end_in_slice(house, 2)
    with house.acting(ANN):
        assert deals_of(winner, loser) == [10, 5]
    lab.run_jobs(house)
    with house.acting(ANN):
        assert (deals_of(winner, loser), leading.merged_into(PERSON, loser)) == ([15, 0], winner)
        assert large.get_progress(ordered.job).refused == ""
        assert get_view(view).filter == {"f": "person", "op": "in", "v": [winner]}
        assert len(queries.list_page(info, node={"f": "person", "op": "eq", "v": loser}).rows) == 15
        assert undo_jobs.undo_or_order(ordered.group).complete
        assert (lab.picture(), deals_of(winner, loser)) == (before, [2, 13])
        assert get_view(view).filter == {"f": "person", "op": "in", "v": [loser]}
        assert len(queries.list_page(info, node={"f": "person", "op": "eq", "v": loser}).rows) == 13


def test_a_large_merge_that_cannot_be_finished_puts_back_what_had_moved(house):
    with house.acting(ANN):
        winner, loser = two_with_deals()
    with house.acting():
        ordered = large.merge_or_order(Wish(type_key=PERSON, winner=winner, losers=(loser,)))
    end_in_slice(house, 2)
    with house.acting(ANN):
        assert deals_of(winner, loser) == [10, 5]
        service.delete(PERSON, loser)
    lab.run_jobs(house)
    with house.acting(ANN):
        progress = large.get_progress(ordered.job)
        assert (deals_of(winner, loser), progress.is_back) == ([2, 13], True)
        assert "bin" in progress.refused or "no " in progress.refused


def end_in_slice(house, number):
    """A worker that is told to stop in the slice with this number: it ends behind it."""
    stop, slices = threading.Event(), []

    def count(_connection, _cursor, statement, *_more):
        if statement.startswith("UPDATE deals_deal"):
            slices.append(statement)
            if len(slices) == number:
                stop.set()

    event.listen(Engine, "before_cursor_execute", count)
    try:
        Worker(lab.WorkerHost(house), stop).run_once()
    finally:
        event.remove(Engine, "before_cursor_execute", count)
