"""The oracle of undo: random writes of three people over every record type, undone in random order, leave nothing."""

import random
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
import undo_lab
from sqlalchemy import or_, select

from kumiko.access import accounts, principals, setup
from kumiko.core import CORE
from kumiko.host.columns import table_of
from kumiko.host.context import SYSTEM
from kumiko.host.errors import Conflict, KumikoError
from kumiko.host.scoping import trusted
from kumiko.records import service
from kumiko.records.models import Unit
from kumiko.records.undo import undo
from kumiko_deals.setup import make_lists
from kumiko_sales.setup import make_pipeline
from kumiko_testing.records import open_house, prepare_database

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = tuple(sorted(path.parent.name for path in (ROOT / "plugins").glob("*/pyproject.toml")))
PEOPLE = ("root@example.com", "hedy@example.com", "sam@example.com")
_unit = table_of(Unit)


def build(url):
    """All modules, a team, three people with different roles, and some records of every type to begin with."""
    prepare_database(url, CORE, PLUGINS)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), CORE, PLUGINS)
        assert dict(house.generation.failed) == {}
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            north = service.create("access.team", {"name": "North"}).id
            for name, role in (("root", "administrator"), ("hedy", "head"), ("sam", "seller")):
                user_id = accounts.add_user(name.title(), f"{name}@example.com", roles=[role])
                service.update("access.user", user_id, {"team": north})
            make_lists()
            make_pipeline()
        with house.acting(SYSTEM) as now:
            for email in PEOPLE:
                now.as_principal(principals.principal_for_email(email))
                chaos = undo_lab.Chaos(random.Random(email))
                for _round in range(2):
                    for info in chaos.infos():
                        for _attempt in range(3):
                            with suppress(KumikoError):
                                chaos.create(info)
                                break
        house.database.close()


@pytest.fixture
def full_house(clone_database, tmp_path):
    made = open_house(clone_database("undo oracle", build), tmp_path, CORE, PLUGINS)
    yield made
    made.database.close()


def act_at_random(house, dice, writes):
    """As many accepted writes by three people in turn."""
    chaos = undo_lab.Chaos(dice)
    with house.acting(SYSTEM) as now:
        people = [principals.principal_for_email(email) for email in PEOPLE]
        for _number in range(writes * 6):
            if sum(chaos.done.get(name, 0) for name in DEEDS) >= writes:
                break
            now.as_principal(dice.choice(people))
            chaos.act()
    return chaos


DEEDS = ("create", "update", "delete", "restore", "bulk", "action", "undo", "grouped")


def undo_all(house, dice, after):
    """Undo every unit since, in random order; what rules refuse at first is tried again."""
    with house.acting(SYSTEM):
        # Undone as well: what was undone of the time before, so that redo has its part.
        own = or_(_unit.c.via != "undo", _unit.c.undo_of <= after)
        query = select(_unit.c.id).where(_unit.c.id > after, _unit.c.undone_at.is_(None), own)
        open_units = list(trusted(query.where(_unit.c.is_group.is_(False))).scalars())
        left = []
        for _round in range(6):
            dice.shuffle(open_units)
            left = []
            for unit in open_units:
                try:
                    result = undo(unit)
                except Conflict:
                    continue  # undone together with another
                if not result.complete:
                    left.append((unit, result.refused, result.waiting))
            if not left:
                break
            open_units = [unit for unit, _refused, _waiting in left]
        return left


def walk(house, seed, writes):
    dice = random.Random(seed)
    with house.acting(SYSTEM):
        start, first = undo_lab.snapshot(), undo_lab.newest_unit()
        highest = max(
            trusted(select(info.table.c.id).order_by(info.table.c.id.desc()).limit(1)).scalar() or 0
            for info in undo_lab.Chaos(dice).infos()
        )
    chaos = act_at_random(house, dice, writes)
    left = undo_all(house, dice, first)
    with house.acting(SYSTEM):
        end = undo_lab.snapshot()
        changed = undo_lab.difference(start, end, highest)
        alive = undo_lab.live_newer(highest)
    assert {"left": left, "alive": alive, "changed": changed} == {"left": [], "alive": [], "changed": []}
    return chaos


def test_random_writes_of_three_people_undone_in_random_order_leave_nothing(full_house):
    chaos = walk(full_house, 1, 60)
    assert all(chaos.done.get(name) for name in ("create", "update", "delete", "bulk", "action", "undo"))


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(2, 12))
def test_three_hundred_random_writes_undone_in_random_order_leave_nothing(full_house, seed):
    chaos = walk(full_house, seed, 300)
    assert sum(chaos.done.get(name, 0) for name in DEEDS) >= 300


def test_a_derived_name_goes_back_although_the_last_undo_moves_nothing_else(full_house):
    with full_house.acting(SYSTEM) as now:
        now.as_principal(principals.principal_for_email(PEOPLE[0]))
        customer, other = (service.create("parties.organization", {"name": name}).id for name in ("Oak", "Lamp"))
        quote = service.create("sales.quote", {"organization": customer}).id
        before = service.get("sales.quote", quote).get("name")
        service.update("parties.organization", customer, {"name": "River"})
        renamed = undo_lab.newest_unit()
        units = []
        for organization in (other, customer):
            service.update("sales.quote", quote, {"organization": organization})
            units.append(undo_lab.newest_unit())
        between = service.get("sales.quote", quote).get("name")
        for one in (renamed, *units):
            assert undo(one).complete
        assert ("Oak" in before, "River" in between) == (True, True)
        assert service.get("sales.quote", quote).get("name") == before
