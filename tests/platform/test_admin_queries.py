"""Pages of administrators ask the database little, and no more when there is more to show."""

import admin_lab
import pytest
from access_lab import statements
from admin_lab import Desk

from kumiko.access import accounts
from kumiko.host.context import transaction
from kumiko.jobs import enqueue
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids

#: Statements of a page, sign-in included. Pages that judge the whole installation may ask each of its parts.
USUAL, WHOLE = 8, 15


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def grow(desk, word):
    """Four more of everything that pages of administrators list; the job's id."""
    with desk.acting("root@example.com"):
        for number in range(4):
            name = f"{word} {number}"
            team = service.create("access.team", {"name": name}).id
            service.create("access.role", {"name": name, "kind": "seller"})
            accounts.add_user(name, f"{word}{number}@example.com", roles=["seller"], team_id=team)
            service.create("deals.deal", {"name": name})
            with transaction():
                job = enqueue("rest.forget_keys", {})
    return job


def first(desk, key):
    with desk.acting():
        return min(all_ids(catalogue().get(key)))


def test_pages_of_administrators_take_few_statements_however_much_there_is(desk):
    job, root = grow(desk, "a"), desk.browser()
    user, team, role = (first(desk, f"access.{word}") for word in ("user", "team", "role"))
    usual = (
        "/admin/plugins", "/admin/users", "/admin/users/new", "/admin/teams", "/admin/teams/new",
        f"/admin/teams/{team}", "/admin/roles", "/admin/roles/new", f"/admin/roles/{role}",
        f"/admin/roles/{role}/fields/deals", "/admin/settings", "/admin/jobs", f"/admin/jobs/{job}", "/admin/log",
        "/profile", "/import", "/notices",
    )  # fmt: skip
    whole = (
        "/", f"/admin/users/{user}", f"/admin/teams/{team}/dissolve", "/admin/health",
        "/admin/plugins/deals/disable", "/admin/sample/remove",
    )  # fmt: skip
    limits = dict.fromkeys(usual, USUAL) | dict.fromkeys(whole, WHOLE)
    limits["/"] = 20  # at most two for each widget of the core and of deals
    limits["/admin/plugins/deals/disable"] = (
        16  # one for each field that may name its records, that of shares among them
    )
    limits["/admin/plugins/deals/purge"] = 52  # counts each table, and each place where something of it may be left

    def statements_of(path):
        with statements() as seen:
            assert root.get(path).status_code == 200, path
        return len(seen)

    def counted():
        found = {}
        for path in limits:
            root.get(path)  # what is kept for a generation is kept now
            found[path] = min(statements_of(path) for _look in range(3))  # now and then one looks what time it is
        return found

    few = counted()
    grow(desk, "b")
    assert counted() == few
    assert {path: count for path, count in few.items() if count > limits[path]} == {}
