"""Bulk edit, import, merge and settings, undone in any order: the start again, later edits of others kept and asked."""

import random

import pytest
import undo_lab
from sqlalchemy import func, select
from test_scenario_undo_oracle import CORE, PEOPLE, PLUGINS, build

from kumiko.access import principals
from kumiko.admin import company
from kumiko.duplicates import leading, merging
from kumiko.host import settings
from kumiko.host.context import SYSTEM
from kumiko.host.scoping import trusted
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.records import service, undo_jobs
from kumiko.records.catalogue import catalogue
from kumiko.records.undo_preview import preview
from kumiko.records.units import group, unit
from kumiko_testing.records import open_house

PERSON = "parties.person"


@pytest.fixture
def full_house(clone_database, tmp_path):
    made = open_house(clone_database("undo oracle", build), tmp_path, CORE, PLUGINS)
    yield made
    made.database.close()


def bring(rows):
    """An import of persons by their external id."""
    csv = "code,first,last,job\n" + "".join(f"P{n},First {n},Brought {n},Buyer\n" for n in rows)
    table = open_table(csv.encode(), filename="persons.csv")
    maps = {"external_id": "code", "first_name": "first", "last_name": "last", "job_title": "job"}
    wishes = Wishes(collection="persons", maps=tuple(maps.items()), sets=())
    return Importer(table, compile_plan(wishes, table.columns), dry_run=False).run()


def check_all(house, seed, *, bulk, rows, pairs):
    dice = random.Random(seed)
    with house.acting(SYSTEM, via="web") as now:
        root, hedy = (principals.principal_for_email(email) for email in PEOPLE[:2])
        now.as_principal(root)
        with unit():
            ids = [
                service.create(
                    PERSON, {"first_name": f"First {n}", "last_name": f"Last {n}", "external_id": f"P{n}"}
                ).id
                for n in range(max(bulk, rows // 2))
            ]
        company.store({"currency": "EUR", "zone": "UTC"})
        start, highest = undo_lab.snapshot(), max(ids)
        counted = {
            info.key: trusted(select(func.max(info.table.c.id))).scalar() or 0 for info in catalogue().types.values()
        }
        highest = max(highest, *counted.values())

        with group("bulk edit") as bulk_group:
            service.bulk(PERSON, ids[:bulk], values={"job_title": "Chief"})
        brought = bring(range(rows // 2 * -1 + len(ids), len(ids) + rows - rows // 2))
        assert (brought.updated, brought.created) == (rows // 2, rows - rows // 2)
        with group("merge") as merge_group:
            for winner, loser in zip(ids[:pairs], ids[pairs : 2 * pairs], strict=True):
                merging.merge(merging.Wish(type_key=PERSON, winner=winner, losers=(loser,)))
        company.store({"currency": "USD", "zone": "Asia/Tokyo"})
        setting_unit = undo_lab.newest_unit()

        # Somebody else works on: on other fields, and on the very field of the bulk edit.
        now.as_principal(hedy)
        first = undo_lab.newest_unit()
        others, same = ids[2 * pairs : 2 * pairs + 3], ids[2 * pairs + 3 : 2 * pairs + 5]
        for one in others:
            service.update(PERSON, one, {"birthday": "1990-05-01"})
        for one in same:
            service.update(PERSON, one, {"job_title": "Owner"})
        now.as_principal(root)
        asked = {(one.record_id, one.field, one.now) for one in preview(bulk_group).conflicts}
        assert {(one, "job_title", "Owner") for one in same} <= asked

        deeds = [bulk_group, brought.group_id, merge_group, setting_unit]
        dice.shuffle(deeds)
        results = [undo_jobs.undo_in_slices(one) for one in deeds]
        assert all(one.complete for one in results)
        assert [service.get(PERSON, one).get("birthday").isoformat() for one in others] == ["1990-05-01"] * 3
        assert [service.get(PERSON, one).get("job_title") for one in same] == ["Owner"] * 2
        assert (settings.get("host.currency"), settings.get("host.zone")) == ("EUR", "UTC")
        assert undo_lab.live_newer(highest) == []
        assert [leading.merged_into(PERSON, one) for one in ids[pairs : 2 * pairs]] == [None] * pairs

        for one in range(undo_lab.newest_unit(), first, -1):
            head = trusted(select(undo_jobs._unit).where(undo_jobs._unit.c.id == one)).mappings().first()
            if head is not None and head["actor_id"] == hedy.user_id:
                assert undo_jobs.undo_in_slices(one).complete
        changed = undo_lab.difference(start, undo_lab.snapshot(), highest)
        assert changed == []


def test_many_kinds_of_change_undone_in_any_order_give_the_start_and_keep_what_others_did(full_house):
    check_all(full_house, 1, bulk=30, rows=40, pairs=4)


@pytest.mark.soak
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3])
def test_five_hundred_two_thousand_and_twenty_undone_in_any_order_give_the_start(full_house, seed):
    check_all(full_house, seed, bulk=500, rows=2000, pairs=20)
