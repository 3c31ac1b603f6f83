"""What is explained is what is enforced: random people, records and actions, told, done and listed."""

import contextlib
import random
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import select

from kumiko.access import accounts, principals, setup
from kumiko.access.models import ROLE, TEAM, USER
from kumiko.core import CORE
from kumiko.host.context import SYSTEM, acting_as, principal, transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound
from kumiko.host.scoping import trusted
from kumiko.imports.export import records as records_of_export
from kumiko.records import queries, rights, service
from kumiko.records.catalogue import catalogue
from kumiko.sharing.explaining import NEEDS, explain, holds_everywhere
from kumiko_testing.records import open_house, prepare_database

FULL = (*CORE, "kumiko_testing.sample")
THING, REMARK, PERSON, SHARE = "sample.thing", "sample.remark", "parties.person", "sharing.share"
LEVELS = ("none", "own", "team", "subtree", "all")
SMALL = {"f": "size", "op": "lt", "v": 40}
NAMED = {"f": "name", "op": "contains", "v": "7"}


def build_large(url):
    build(url, 2)


def build(url, times=1):
    """Nine people with one to three of seven roles in a tree of teams, and 100 records, some shared or co-owned."""
    dice = random.Random(6)
    prepare_database(url, FULL)
    with tempfile.TemporaryDirectory() as home:
        house = open_house(url, Path(home), FULL)
        with house.acting(SYSTEM, via="cli"):
            setup.make_roles()
            for number in range(4):
                levels = {
                    action: dice.choice(LEVELS) for action in ("read", "edit", "delete", "export", "assign", "bulk")
                }
                rules = [{"name": f"rule {number}", "access": dice.choice(("read", "edit")), "filter": SMALL}]
                grants = {"*": levels, THING: {**levels, "rules": rules} if number % 2 else levels}
                if number == 3:
                    grants[PERSON] = {"rules": [{"name": "sevens", "access": "edit", "filter": NAMED}]}
                service.create(ROLE, {"name": f"Mixed {number}", "key": f"mixed_{number}", "grants": grants})
            keys = ["seller", "head", "analyst", *(f"mixed_{number}" for number in range(4))]
            top = service.create(TEAM, {"name": "Top"}).id
            teams = [top, *(service.create(TEAM, {"name": f"Team {n}", "parent": top}).id for n in range(2))]
            teams.append(service.create(TEAM, {"name": "Deep", "parent": teams[1]}).id)
            users = []
            for number in range(9 * times):
                roles = dice.sample(keys, dice.choice((1, 1, 2, 3)))
                users.append(accounts.add_user(f"User {number}", f"u{number}@example.com", roles=roles))
                service.update(USER, users[-1], {"team": dice.choice([*teams, None])})
            service.update(TEAM, teams[1], {"head": users[0]})
            made = []
            for number in range(40 * times):
                who = {"owner": dice.choice(users), "team": dice.choice([*teams, None])}
                more = {"co_owners": [dice.choice(users)]} if dice.random() < 0.2 else {}
                made.append(
                    (THING, service.create(THING, {"name": f"thing {number}", "size": number * 2, **who, **more}).id)
                )
            for number in range(30 * times):
                who = {"owner": dice.choice(users), "team": dice.choice([*teams, None])}
                made.append((PERSON, service.create(PERSON, {"last_name": f"Person {number}", **who}).id))
            things = [record_id for key, record_id in made if key == THING]
            for number in range(30 * times):
                values = {"name": f"remark {number}", "thing": dice.choice(things), "owner": dice.choice(users)}
                made.append((REMARK, service.create(REMARK, values).id))
            shared = set()
            for _number in range(60 * times):
                key, record_id = dice.choice([one for one in made if one[0] != REMARK])
                holder = {"with_user": dice.choice(users)} if dice.random() < 0.6 else {"with_team": dice.choice(teams)}
                if (record_id, str(holder)) in shared:
                    continue
                shared.add((record_id, str(holder)))
                values = {"record": {"type": key, "id": record_id}, "access": dice.choice(("read", "edit")), **holder}
                with contextlib.suppress(Invalid):  # a role that opens nothing of the kind
                    service.create(SHARE, values)
            for key, record_id in dice.sample(made, 6):
                service.delete(key, record_id)
        house.database.close()


@pytest.fixture
def firm(clone_database, tmp_path):
    made = open_house(clone_database("rights proof", build), tmp_path, FULL)
    yield made
    made.database.close()


def everything(keys):
    """(type, id, row) of all records of these types, live ones and those in the bin."""
    found = []
    for key in keys:
        info = catalogue().get(key)
        found += [(info, row.id) for row in trusted(select(info.table.c.id).order_by(info.table.c.id))]
    return found


def told(info, record_id, person):
    """What the explanation says, the record's being in the bin set aside."""
    return {one.action: one.allowed for one in explain(info, record_id, person).verdicts}


def done(info, record_id, action, other_id):
    """Whether the service does it, tried and taken back."""
    with pytest.raises(_Back) as kept, transaction():
        raise _Back(_try(info, record_id, action, other_id))
    return kept.value.answer


class _Back(Exception):
    def __init__(self, answer):
        self.answer = answer


def _try(info, record_id, action, other_id):
    field = "last_name" if info.key == PERSON else "name"
    try:
        if action == "read":
            return service.find(info.key, record_id) is not None
        if action == "edit":
            service.update(info.key, record_id, {field: "changed in a test"})
        elif action == "delete":
            service.delete(info.key, record_id)
        elif action == "assign":
            service.update(info.key, record_id, {"owner": other_id})
        elif action == "bulk":
            return service.bulk(info.key, [record_id], values={"tags": ["x"]}).changed == 1
        else:
            rights.require("read", info)
            rights.require("export", info)
            return any(
                view.id == record_id for view in records_of_export(info, node={"f": "id", "op": "eq", "v": record_id})
            )
    except (Forbidden, NotFound):
        return False
    except Invalid as refused:
        return not any("does not allow" in line for lines in refused.errors.values() for line in lines)
    except Conflict:
        return True
    return True


def prove(house, count, seed=1):
    """Compare what is told, enforced, listed and done for `count` different (person, record, action)."""
    dice = random.Random(seed)
    with house.acting(SYSTEM) as context:
        users = sorted(row.id for row in trusted(select(catalogue().get(USER).table.c.id)))
        people = [person for one in users if (person := principals.principal_for_user(one)) is not None]
        cases = [(who, one, action) for who in range(len(people)) for one in everything((THING, PERSON, REMARK))
                 for action in NEEDS]  # fmt: skip
        chosen = sorted(dice.sample(cases, count), key=lambda case: (case[0], case[1][1]))
        asked, last, allowed = {}, -1, 0
        for who, (info, record_id), action in chosen:
            person, other = people[who], next(one for one in users if one != people[who].user_id)
            if who != last:
                with acting_as(person):
                    listed = {
                        info_.key: set(_listed(info_)) for info_, _id in everything((THING, PERSON, REMARK))[::20]
                    }
                asked, last = {}, who
            if record_id not in asked:
                context.cache.clear()
                asked[record_id] = told(info, record_id, person)
            said = asked[record_id]
            enforced = record_id in holds_everywhere(info, person, action, [record_id])
            rows = info.table
            binned, owner = trusted(select(rows.c.deleted_at, rows.c.owner_id).where(rows.c.id == record_id)).one()
            with acting_as(person):
                tried = done(info, record_id, action, other)
            case = (person.name, person.roles, info.key, record_id, action)
            if binned is not None:
                assert (enforced, record_id in listed[info.key], tried) == (False, False, False), case
                continue
            if action == "assign" and owner == other:
                tried = enforced  # nothing changes, so nobody asks for the right
            assert said[action] == enforced == tried, (case, said, enforced, tried)
            assert said["read"] == (record_id in listed[info.key]), (case, said)
            allowed += enforced
        return allowed


def _listed(info):
    if rights.level(info, principal(), "read") == "none":
        return []
    found, after = [], ""
    while True:
        page = queries.list_page(info, names=("name",), sort="id", limit=200, after=after)
        found += [row[0] for row in page.rows]
        if page.next is None:
            return found
        after = page.next


def kinds_of_ways(house):
    """Guards the proof against emptiness."""
    with house.acting(SYSTEM):
        people = [principals.principal_for_user(row.id) for row in trusted(select(catalogue().get(USER).table.c.id))]
        return {
            way.partition(":")[0]
            for info, record_id in everything((THING, PERSON, REMARK))[::3]
            for person in people
            for one in explain(info, record_id, person).verdicts
            for way in one.ways
        }


def test_what_is_explained_is_enforced_and_listed_for_random_people_records_and_actions(firm):
    assert 20 < prove(firm, 120) < 100
    assert kinds_of_ways(firm) >= {
        "owner", "co_owner", "shared", "shared_team", "team", "subtree", "rule", "parent", "all",
    }  # fmt: skip


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_ten_thousand_random_pairs_are_explained_as_they_are_enforced(clone_database, tmp_path):
    made = open_house(clone_database("large rights proof", build_large), tmp_path, FULL)
    assert 1000 < prove(made, 10_000, seed=7) < 9000
    made.database.close()
