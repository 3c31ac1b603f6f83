"""Several at once: a field of the record and one of its extension, and copies that are settled under writers."""

import threading
import time

import pytest
from extension_lab import lab
from sqlalchemy import update

from kumiko.host.columns import table_of
from kumiko.host.context import transaction
from kumiko.host.errors import Stale
from kumiko.host.scoping import trusted
from kumiko.records import history, service, sides
from kumiko.records.catalogue import catalogue
from kumiko_testing.extra.models import ThingSide

__all__ = ["lab"]

ROUNDS = 8


def together(*works):
    """Run functions at the same time, each in a thread of its own; gives what they raised."""
    gate, faults = threading.Barrier(len(works)), []

    def run(work):
        gate.wait()
        try:
            work()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


def writing(lab, record_id, values, **more):
    def work():
        with lab.acting("root"):
            service.update("sample.thing", record_id, values, **more)

    return work


def test_a_field_of_the_record_and_one_of_the_extension_at_once_make_two_versions(lab):
    with lab.acting("root"):
        made = service.create("sample.thing", {"name": "a", "size": 0, "extra_rank": 0}).id
    for n in range(1, ROUNDS + 1):
        assert together(writing(lab, made, {"size": n}), writing(lab, made, {"extra_rank": n})) == []
    with lab.acting("root"):
        found = service.get("sample.thing", made)
        assert (found.version, found.get("size"), found.get("extra_rank")) == (2 * ROUNDS + 1, ROUNDS, ROUNDS)
        versions = [entry.version for entry in history.history("sample.thing", made)]
        assert versions == list(range(2 * ROUNDS + 1, 0, -1))
        info = catalogue().get("sample.thing")
        assert sides.differences(info, info.extensions[0]) == (0, 0)


def test_of_two_who_saw_the_same_version_exactly_one_wins(lab):
    with lab.acting("root"):
        made = service.create("sample.thing", {"name": "a"}).id
    for n in range(1, ROUNDS + 1):
        works = (writing(lab, made, {"size": n}, if_match=n), writing(lab, made, {"extra_rank": n}, if_match=n))
        (late,) = together(*works)
        assert isinstance(late, Stale)
        assert late.current_version == n + 1


def test_who_waits_for_a_record_sees_what_the_other_wrote_into_the_extension(lab):
    with lab.acting("root"):
        made = service.create("sample.thing", {"name": "a", "extra_rank": 0}).id
    is_written = threading.Event()

    def first():
        with lab.acting("root"), transaction():
            service.update("sample.thing", made, {"extra_rank": 1})
            is_written.set()
            time.sleep(0.4)  # the other one comes to wait meanwhile

    def back():
        is_written.wait(10)
        with lab.acting("root"):
            service.update("sample.thing", made, {"extra_rank": 0})

    assert together(first, back) == []
    with lab.acting("root"):
        assert service.get("sample.thing", made).get("extra_rank") == 0
        entries = history.history("sample.thing", made)
        assert [[(one.before, one.after) for one in entry.changes] for entry in entries[:2]] == [[(1, 0)], [(0, 1)]]


@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_copies_settled_under_writers_end_in_step(lab):
    with lab.acting("root"):
        ids = [service.create("sample.thing", {"name": str(n), "size": n}).id for n in range(12)]
    side = table_of(ThingSide)

    def settle():
        for _round in range(ROUNDS):
            with lab.acting(), transaction():
                trusted(update(side).where(side.c.record_id.in_(ids)).values(size=-1))
            with lab.acting(), transaction():
                info = catalogue().get("sample.thing")
                sides._refresh_slices(info, info.extensions[0])

    def write(start):
        def work():
            for n in range(start, start + 3 * ROUNDS):
                with lab.acting("root"):
                    service.update("sample.thing", ids[n % 12], {"size": 100 + n})

        return work

    faults = together(settle, write(0), write(5))
    assert faults == []
    with lab.acting():
        info = catalogue().get("sample.thing")
        assert sides.differences(info, info.extensions[0]) == (0, 0)
