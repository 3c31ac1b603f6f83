"""The page of modules: what a module will add, and a worker that tries it before it is switched on."""

import re
import sys

import pytest
from admin_lab import Desk, build

from kumiko.host import processes
from kumiko.operate import checks

GOATS = """
from kumiko import JobType, MenuItem, Permission

@hookimpl
def declare_menu():
    return [MenuItem(key="goats.herd", label="Herd", href="/goats")]

@hookimpl
def declare_permissions():
    return [Permission(name="goats.milk", label="Milk goats")]

@hookimpl
def declare_jobs():
    return [JobType(name="goats.count", run=print, label="Count the herd", cron="7 5 * * *")]
{more}
"""
HERD = """
from flask import Blueprint
routes = Blueprint("goats", __name__)

@routes.get("/goats")
def herd():
    return "herd"

@hookimpl
def declare_routes():
    return [routes]
"""


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin desk of trials", build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def words(html):
    """The text of a page, one line per element."""
    return [text.strip() for text in re.sub(r"<[^>]*>", "\n", html).splitlines() if text.strip()]


def row_of(browser, name):
    page = browser.get("/admin/plugins").text
    return page.partition(f'id="plugin-{name}"')[2].partition("</li>")[0]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_a_module_will_add_is_said_before_it_is_switched_on(desk, zoo):
    zoo.add("goats", GOATS.format(more=HERD))
    browser = desk.browser()
    assert 'href="/admin/plugins/goats/adds"' in row_of(browser, "goats")
    said = words(browser.get("/admin/plugins/goats/adds", X_Dialog="1").text)
    assert said == [
        "All of this comes when it is switched on, and goes when it is switched off again; only its data stay.",
        "Entries of the menu", "Herd, which opens /goats",
        "Pages", "/goats",
        "Rights", "Milk goats: given to Administrator",
        "Background work", "Count the herd: every day at 05:07 (UTC)",
        "Close", "Switch on",
    ]  # fmt: skip
    assert "zoo_goats.plugin" not in sys.modules


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_what_is_wrong_with_a_module_is_said_instead_of_a_button(desk, zoo):
    zoo.add("goats", "raise RuntimeError('no licence')")
    said = words(desk.browser().get("/admin/plugins/goats/adds", X_Dialog="1").text)
    assert said[1:] == ["goats: RuntimeError: no licence", "Close"]


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_sellers_are_not_told_and_unknown_names_are_not_found(desk):
    assert desk.browser("sal@example.com").get("/admin/plugins/deals/adds").status_code == 403
    assert desk.browser().get("/admin/plugins/nothing/adds").status_code == 404


@pytest.fixture
def with_worker(desk, monkeypatch):
    """An installation whose worker is alive, and that makes trials."""
    monkeypatch.setenv(checks.VARIABLE, "full")
    processes.beat(desk.database, "a worker", epoch=desk.host.generation.epoch, kind="worker")
    return desk


@pytest.mark.timeout(300)
def test_a_worker_tries_a_module_and_switches_it_on(with_worker, zoo):
    zoo.add("goats", GOATS.format(more=HERD))
    browser = with_worker.browser()
    answer = browser.submit("/admin/plugins/goats/enable")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/admin/plugins")
    page = browser.get("/admin/plugins").text
    assert "Goats is checked first, which takes some seconds; then it is switched on." in page
    row = page.partition('id="plugin-goats"')[2].partition("</li>")[0]
    assert ("is being checked, which takes some seconds" in row, "hx-trigger" in row, "km-toggle" in row) == (
        True, True, False,
    )  # fmt: skip
    browser.submit("/admin/plugins/goats/enable")  # pressed twice: still one job
    with_worker.work_off()
    row = row_of(browser, "goats")
    assert ('aria-checked="true"' in row, "is being checked" in row) == (True, False)
    assert browser.get("/goats").text == "herd"


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
@pytest.mark.timeout(300)
def test_what_the_trial_finds_stands_on_the_page_with_a_button(with_worker, zoo):
    zoo.add("goats", GOATS.format(more=""))
    browser = with_worker.browser()
    browser.submit("/admin/plugins/goats/enable")
    with_worker.work_off()
    row = " ".join(words(row_of(browser, "goats")))
    assert "goats: its menu entry &#39;Herd&#39; leads to /goats, where nothing answers (404)." in row
    assert "Try again" in row
    assert 'aria-checked="false"' in row_of(browser, "goats")
