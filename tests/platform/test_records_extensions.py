"""Fields of another plugin on a type, and the delivery of events to subscribers."""

import threading

import pytest
from sqlalchemy import select

from kumiko.host.context import SYSTEM, transaction, unscoped
from kumiko.host.database import engine_for_migration, normalise_url
from kumiko.host.errors import Invalid
from kumiko.jobs.worker import Worker
from kumiko.records import dumps, history, queries, service, sides
from kumiko.records.catalogue import catalogue
from kumiko.records.undo import undo
from kumiko_testing import records
from kumiko_testing.extra.models import Base, Heard, ThingSide
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann", roles=("administrator",))
CORE_WITH_EXTRA = (*records.CORE, "kumiko_testing.extra")


def prepare(url):
    records.prepare_database(url)
    engine = engine_for_migration(normalise_url(url))
    Base.metadata.create_all(engine)
    engine.dispose()


@pytest.fixture
def extended(clone_database, tmp_path):
    """(house with the extension, the same database without it)."""
    url = clone_database("extended house", prepare)
    on, off = records.open_house(url, tmp_path, CORE_WITH_EXTRA), records.open_house(url, tmp_path)
    yield on, off
    on.database.close()


def side_of(context, record_id):
    with unscoped("looking at side rows in a test"):
        row = context.session.execute(select(ThingSide).where(ThingSide.record_id == record_id)).scalar_one()
    return {
        "extra_phase": row.extra_phase,
        "extra_rank": row.extra_rank,
        "owner_id": row.owner_id,
        "size": row.size,
        "gone": row.deleted_at is not None,
    }


def test_extension_fields_are_written_read_and_journaled_like_own_ones(extended):
    on, _off = extended
    with on.acting(ANN) as context:
        made = service.create("sample.thing", {"name": "a", "size": 3})
        assert dumps.dump_view(made)["extra_phase"] == "early"
        service.update("sample.thing", made.id, {"extra_phase": "late", "extra_rank": 4, "size": 5}, if_match=1)

        entry = history.history("sample.thing", made.id)[0]
        assert {c.name: (c.before, c.after) for c in entry.changes} == {
            "extra:extra_phase": ("early", "late"),
            "extra:extra_rank": (None, 4),
            "size": (3, 5),
        }
        assert entry.version == 2
        assert side_of(context, made.id) == {
            "extra_phase": "late",
            "extra_rank": 4,
            "owner_id": 5,
            "size": 5,
            "gone": False,
        }
        service.delete("sample.thing", made.id)
        assert side_of(context, made.id)["gone"]


def test_the_extensions_own_rules_hold(extended):
    on, _off = extended
    with on.acting(ANN), pytest.raises(Invalid) as refused:
        service.create("sample.thing", {"name": "a", "extra_phase": "late"})

    assert refused.value.errors == {"extra_rank": ["A late thing needs a rank."]}


def test_lists_filter_and_sort_by_extension_fields_within_rights(extended):
    on, _off = extended
    with on.acting(person(6, "Ben", level=OWN)):
        foreign = service.create("sample.thing", {"name": "b", "extra_rank": 9}).id
    with on.acting(person(5, "Ann", level=OWN)):
        ids = [service.create("sample.thing", {"name": str(rank), "extra_rank": rank}).id for rank in (3, None, 1, 2)]
        info = catalogue().get("sample.thing")
        names, node = ["name", "extra_phase", "extra_rank"], {"f": "extra_rank", "op": "gte", "v": 2}
        up = [row[0] for row in queries.list_page(info, names=names, sort="extra_rank").rows]
        found = [row[0] for row in queries.list_page(info, node=node, sort="-extra_rank").rows]
        pages, after = [], ""
        while after is not None:
            page = queries.list_page(info, sort="-extra_rank", limit=1, after=after)
            pages += [row[0] for row in page.rows]
            after = page.next

    assert up == [ids[2], ids[3], ids[0], ids[1]]
    assert found == [ids[0], ids[3]]
    assert pages == [ids[0], ids[3], ids[2], ids[1]]
    assert foreign not in up


def test_while_the_plugin_is_off_its_fields_are_unknown_and_undo_waits_for_it(extended):
    on, off = extended
    with on.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "extra_rank": 1})
        service.update("sample.thing", made.id, {"name": "b", "extra_rank": 2})
        unit = history.history("sample.thing", made.id)[0].unit
    with off.acting(ANN):
        assert "extra_rank" not in service.get("sample.thing", made.id).values
        with pytest.raises(Invalid):
            service.update("sample.thing", made.id, {"extra_rank": 5})
        result = undo(unit)
        assert (result.reverted, result.waiting) == (1, ["extra"])
        assert service.get("sample.thing", made.id).get("name") == "a"
    with on.acting(ANN):
        again = undo(unit)
        assert (again.reverted, again.waiting) == (1, [])
        assert service.get("sample.thing", made.id).get("extra_rank") == 1


def test_a_record_made_while_the_plugin_was_off_gets_its_side_row_with_the_next_change(extended):
    on, off = extended
    with off.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "size": 7})
    with on.acting(ANN) as context:
        assert service.get("sample.thing", made.id).get("extra_rank") is None
        service.update("sample.thing", made.id, {"extra_rank": 2})
        assert side_of(context, made.id) == {
            "extra_phase": None,
            "extra_rank": 2,
            "owner_id": 5,
            "size": 7,
            "gone": False,
        }


def test_on_its_return_the_plugin_finds_rows_for_all_records_and_fresh_mirrors(extended):
    on, off = extended
    with on.acting(ANN):
        old = service.create("sample.thing", {"name": "old", "size": 1, "extra_rank": 3}).id
        gone = service.create("sample.thing", {"name": "gone", "size": 1}).id
    with off.acting(ANN):
        new = service.create("sample.thing", {"name": "new", "size": 7}).id
        service.update("sample.thing", old, {"size": 2})
        service.delete("sample.thing", gone)
    with on.acting(SYSTEM), transaction():
        sides.settle(on.generation, "extra")
    with on.acting(ANN) as context:
        assert [side_of(context, one) for one in (old, new, gone)] == [
            {"extra_phase": "early", "extra_rank": 3, "owner_id": 5, "size": 2, "gone": False},
            {"extra_phase": "early", "extra_rank": None, "owner_id": 5, "size": 7, "gone": False},
            {"extra_phase": "early", "extra_rank": None, "owner_id": 5, "size": 1, "gone": True},
        ]
        assert service.get("sample.thing", new).get("extra_phase") == "early"


class SameHouse:
    """What a worker needs of a host: a database and a generation that stays."""

    def __init__(self, house):
        self.database, self.generation = house.database, house.generation

    def follow(self):
        return self.generation


def heard(house):
    with house.acting(ANN) as context, unscoped("reading what a subscriber kept"):
        rows = context.session.execute(select(Heard).order_by(Heard.id)).scalars().all()
        return [(row.event, row.unit, row.what) for row in rows]


def work_off(house):
    worker = Worker(SameHouse(house), threading.Event())
    done = 0
    while worker.run_once():
        done += 1
        assert done < 100
    return done


def test_subscribers_hear_of_each_unit_once_and_not_of_imports(extended):
    on, _off = extended
    with on.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "code": "c"})
        service.update("sample.thing", made.id, {"name": "b"})
        service.run_action("sample.thing", made.id, "finish", {"on": "2026-03-01"})
        units = [entry.unit for entry in history.history("sample.thing", made.id)][::-1]
    with on.acting(ANN, via="import"):
        service.update("sample.thing", made.id, {"name": "imported"})
        other = service.create("sample.thing", {"name": "also imported"})
        imported = history.history("sample.thing", other.id)[0].unit

    assert work_off(on) > 0

    told = {(event, unit): what for event, unit, what in heard(on)}
    assert sorted(told) == sorted(
        [
            ("record", units[0]),
            ("record", units[1]),
            ("record", units[2]),
            ("sample.finished/1", units[2]),
            ("record", imported),
        ]
    )
    assert told["record", units[1]] == [["changed", made.id, {"name": "b", "label": "c b"}]]
    assert told["sample.finished/1", units[2]] == {"on": "2026-03-01"}


def test_a_subscriber_that_raises_does_not_harm_the_write_or_others(extended):
    on, _off = extended
    with on.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "code": "c"})
        service.run_action("sample.thing", made.id, "finish", {"on": "2000-01-01"})
        assert service.get("sample.thing", made.id).get("state") == "done"
    work_off(on)

    assert [event for event, _unit, _what in heard(on)] == ["record", "record"]
