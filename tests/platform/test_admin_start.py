"""The first hour: the welcome page, sample data that come and go whole, and steps that tick themselves off."""

import re

import admin_lab
import pytest
from admin_lab import Desk

from kumiko.access import accounts
from kumiko.access.setup import SAMPLE_PASSWORD
from kumiko.host import settings
from kumiko.records import demo, service

ANSWERS = {"company": "Acme", "currency": "USD", "zone": "Europe/Lisbon", "language": "en", "modules": ["deals"]}


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin", admin_lab.build), tmp_path)
    yield made
    made.database.close()


def counts(desk):
    with desk.acting():
        return dict(demo.counts())


FULL = {
    "access.team": 3,
    "access.user": 6,
    "deals.deal": 151,  # one came from a lead
    "deals.interaction": 300,
    "parties.organization": 61,
    "parties.person": 121,
}


def test_the_administrator_is_welcomed_once_and_nobody_else(desk):
    root, sam = desk.browser(), desk.browser("sal@example.com")

    assert (root.get("/").headers["Location"], sam.get("/").status_code) == ("/welcome", 200)
    wrong = root.submit("/welcome", {**ANSWERS, "currency": "Q", "data": "empty"})
    assert (wrong.status_code, 'value="Acme"' in wrong.text) == (422, True)
    assert root.submit("/welcome", {**ANSWERS, "data": "empty"}).status_code == 303
    page = root.get("/")
    assert (page.status_code, "Acme" in page.text) == (200, True)
    with desk.acting():
        assert (settings.get("host.currency"), settings.get("host.zone"), demo.present()) == (
            "USD", "Europe/Lisbon", False,
        )  # fmt: skip


def test_modules_that_nobody_needs_are_left_out_at_the_start(desk):
    root = desk.browser()
    root.submit("/welcome", {**ANSWERS, "modules": [], "data": "empty"})

    assert (root.get("/").status_code, root.get("/deals").status_code) == (200, 404)


@pytest.mark.timeout(180)
def test_sample_data_are_made_by_a_worker_removed_whole_and_brought_back(desk):
    root = desk.browser()
    root.submit("/welcome", {**ANSWERS, "data": "demo"})
    desk.work_off()
    made = counts(desk)
    seller = desk.browser("nora@example.com", SAMPLE_PASSWORD)
    banner = root.get("/").text

    asked = root.get("/admin/sample/remove").text
    removed = root.submit("/admin/sample/remove")
    page = root.get("/").text
    unit = re.search(r"/units/(\d+)/undo", page)[1]
    gone = counts(desk)
    with desk.acting():
        left = [one.email for one in accounts.list_accounts()]
    back = root.submit(f"/units/{unit}/undo")

    assert {key: made[key] for key in FULL} == FULL
    assert "You are looking at sample data" in banner
    assert ("Deals: 151" in asked, removed.status_code, gone) == (True, 303, {})
    assert left == ["hedy@example.com", "root@example.com", "sal@example.com"]
    assert back.status_code < 400
    assert counts(desk) == made
    assert seller.get("/").status_code == 200, "the session lives on with its user"


@pytest.mark.timeout(180)
def test_removed_sample_data_are_brought_back_where_they_were_removed(desk):
    with desk.acting():
        group = opened_group()
        for part in demo.missing():
            demo.make_part(group, part, lambda: None)
    desk.welcomed()
    root, sal = desk.browser(), desk.browser("sal@example.com")
    made = counts(desk)
    offer = "Bring sample data back"
    assert (offer in root.get("/").text, "Remove sample data" in root.get("/admin/settings").text) == (False, True)

    root.submit("/admin/sample/remove")
    root.get("/")  # the message with its Undo is gone with the next page
    offered = [offer in page.text for page in (root.get("/"), root.get("/admin/settings"), sal.get("/"))]
    refused = sal.submit("/admin/sample/bring-back").status_code
    back = root.submit("/admin/sample/bring-back")

    assert (counts(desk), made["deals.deal"]) == (made, 151)
    assert (offered, refused, back.status_code) == ([True, True, False], 403, 303)
    assert "The sample data are back." in root.says("/")
    assert offer not in root.get("/").text
    assert "There are no removed sample data." in (root.submit("/admin/sample/bring-back"), root.says("/"))[1]
    root.submit("/admin/sample/remove")
    with desk.acting():
        assert (counts(desk), len(demo.removals())) == ({}, 1)


@pytest.mark.timeout(180)
def test_sample_users_cannot_sign_in_once_the_sample_data_are_removed(desk):
    with desk.acting():
        demo.make_part(opened_group(), demo.missing()[0], lambda: None)
    nora = desk.browser("nora@example.com", SAMPLE_PASSWORD)
    root = desk.browser()
    root.submit("/admin/sample/remove")

    assert nora.get("/").status_code == 303
    again = admin_lab.Clicking(desk.host, "crm.local")
    assert again.sign_in("nora@example.com", SAMPLE_PASSWORD).status_code == 422


def opened_group():
    from kumiko.host.context import transaction
    from kumiko.records.units import open_group

    with transaction():
        return open_group("sample data", via="system")


def test_steps_tick_themselves_off_by_looking_at_the_data(desk):
    desk.welcomed()
    root = desk.browser()
    done = [ticked(root)]
    with desk.acting("root@example.com"):
        customer = service.create("parties.organization", {"name": "First"}).id
    done.append(ticked(root))
    with desk.acting("root@example.com"):
        deal = service.create("deals.deal", {"name": "First deal", "organization": customer}).id
        service.create("deals.interaction", {"kind": "call", "deal": deal, "body": "They will call back."})
    done.append(ticked(root))
    with desk.acting("root@example.com"):
        service.delete("parties.organization", customer)
    done.append(ticked(root))

    # Colleagues are there from the start.
    assert done == ["1 of 5 done", "2 of 5 done", "4 of 5 done", "3 of 5 done"]


def ticked(browser):
    found = re.search(r"\d of \d done", browser.get("/").text)
    return found[0] if found else ""


def test_steps_are_hidden_by_each_person_and_shown_again(desk):
    desk.welcomed()
    root, sam = desk.browser(), desk.browser("sal@example.com")
    root.submit("/start/steps/hide")
    hidden, other = ticked(root), ticked(sam)
    root.submit("/start/steps/show")

    assert (hidden, other, ticked(root)) == ("", "0 of 3 done", "1 of 5 done")
