"""The page of one module: state, failures in words, time, features with buttons, what is gone while it is off."""

import re

import pytest
import sqlalchemy as sa
from access_lab import statements
from admin_lab import Desk, build

from kumiko import spending
from kumiko.admin import time_spent
from kumiko.admin.models import TimeSpent
from kumiko.host import guard
from kumiko.host.base import table_of
from kumiko.operate import features, lifecycle
from kumiko.records import saved_views, service
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin", build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def words(answer):
    """The text of a page, blanks folded."""
    return " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())


def test_the_page_says_what_a_module_is_and_how_it_is(desk):
    root = desk.browser()
    assert 'href="/admin/plugins/deals"' in root.get("/admin/plugins").text
    page = words(root.get("/admin/plugins/deals"))
    for text in ("It is on.", "Installed version 0.1.0", "Running version 0.1.0", "Offers others deals/1",
                 "Cannot run without Customers", "Kinds of records Deals, Interactions", "Nothing failed.",
                 "It works in the background, for everybody.", "switched on (version 0.1.0)"):  # fmt: skip
        assert text in page, page
    assert "It is part of the core and always on." in words(root.get("/admin/plugins/jobs"))
    assert root.get("/admin/plugins/nothing").status_code == 404
    assert desk.browser("sal@example.com").get("/admin/plugins/deals").status_code == 403


def test_looking_writes_nothing(desk):
    root = desk.browser()
    root.get("/admin/plugins/deals")
    with statements() as seen:
        root.get("/admin/plugins/deals")
    assert [one for one in seen if not one.startswith(("SELECT", "BEGIN"))] == []


def test_failures_are_listed_in_words_with_a_button_that_helps(desk):
    for _ in range(2):
        try:
            raise ZeroDivisionError("three <b>goats</b>")
        except ZeroDivisionError as fault:
            guard.record("deals", "panel", fault)
    guard.flush(desk.database)
    root = desk.browser()
    answer = root.get("/admin/plugins/deals")
    page = words(answer)
    assert "ZeroDivisionError: three &lt;b&gt;goats&lt;/b&gt;" in page
    assert "In a panel on somebody else&#39;s page. The page was shown without it. 2 times first" in page
    assert "raise ZeroDivisionError" in answer.text
    root.submit("/admin/plugins/deals/forgive")
    assert "Nothing failed." in words(root.get("/admin/plugins/deals"))


def test_time_is_counted_in_memory_and_added_up_by_every_process(desk):
    spending.take()
    for seconds in (0.1, 0.3):
        spending.spend("deals", "panel", seconds)
    time_spent.keep(desk.database)
    spending.spend("deals", "panel", 0.2)
    spending.spend("deals", "handler", 0.004)
    time_spent.keep(desk.database)
    time_spent.keep(desk.database)
    with desk.acting():
        lines = [(one.label, one.count, round(one.total_s, 3), round(one.mean_ms), round(one.slowest_ms))
                 for one in time_spent.lines_of("deals")]  # fmt: skip
    assert lines == [("Panels on other pages", 3, 0.6, 200, 300), ("Reactions to changes", 1, 0.004, 4, 4)]
    table = table_of(TimeSpent)
    with desk.database.reader.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 2
    assert "Panels on other pages 3 0.6 200.0 300" in words(desk.browser().get("/admin/plugins/deals"))


def test_panels_of_a_module_are_counted(desk):
    with desk.acting():
        client = service.create("parties.organization", {"name": "Client"}).id
    root = desk.browser()
    spending.take()
    root.get(f"/organizations/{client}")
    assert spending.take()["deals", "panel"].runs == 2, "its open deals, and writing to it"


def test_features_are_switched_on_the_page_for_everybody_and_for_roles(desk):
    root = desk.browser()
    path = "/admin/plugins/deals/features/open_deals"
    root.submit(path, {"on": "0"})
    assert "“Open deals of a customer” is off. All data are kept." in root.says("/admin/plugins/deals")
    with desk.acting():
        assert not features.get_feature("deals", "open_deals").on
    root.submit(path, {"on": "1"})
    root.submit(path, {"for": "roles", "roles": ["head", "analyst"]})
    with desk.acting():
        roles = {one.key: one.on for one in features.get_feature("deals", "open_deals").roles}
    assert roles == {"administrator": True, "head": True, "seller": False, "analyst": True}
    with desk.acting():
        seller = all_ids(catalogue().get("access.role"), node={"f": "key", "op": "eq", "v": "seller"})[0]
    assert "Deals: Open deals of a customer" in root.get(f"/admin/roles/{seller}").text
    root.submit("/admin/plugins/deals/features/nothing", {"on": "0"})
    assert "deals has no feature" in root.says("/admin/plugins/deals")
    assert desk.browser("hedy@example.com").submit(path, {"on": "0"}).status_code == 403


def test_what_is_gone_while_a_module_is_off_is_listed_with_counts(desk):
    with desk.acting():
        client = service.create("parties.organization", {"name": "Client"}).id
        service.create("deals.deal", {"name": "Big one", "organization": client})
        saved_views.create_view(catalogue().get("deals.deal"), "Mine", {}, shared=True)
    said = words(desk.browser().get("/admin/plugins/deals/disable"))
    for text in ("Deals (1 records, kept)", "Panels: Open deals", "1 saved view of its records"):
        assert text in said, said


def test_a_module_that_others_need_is_refused_to_programs_with_their_names(bare, zoo):
    service_of = "@hookimpl\ndef declare_services():\n    return {'goats/1': dict}\n"
    zoo.add("goats", service_of, toml='provides = ["goats/1"]')
    zoo.add("barns", toml='requires = ["goats/1"]')
    host = bare.host()
    with bare.acting(host):
        lifecycle.enable(["goats", "barns"], probing=False)
        with pytest.raises(lifecycle.NeededByOthers) as refused:
            lifecycle.disable("goats")
    assert refused.value.dependents == ["barns"]
