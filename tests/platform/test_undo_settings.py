"""Settings stand in the journal with before and after, and a change of them is taken back like any other."""

import pytest
from admin_lab import Desk, build

from kumiko.host import settings
from kumiko.records import history
from kumiko.records.catalogue import catalogue
from kumiko.records.queries import all_ids


@pytest.fixture
def desk(clone_database, tmp_path):
    made = Desk(clone_database("admin lab", build), tmp_path)
    made.welcomed()
    yield made
    made.database.close()


def kept(desk, *keys):
    with desk.acting():
        return tuple(settings.get(key) for key in keys)


def test_a_change_of_settings_stands_in_the_journal_and_goes_back_alone(desk):
    root, seller = desk.browser(), desk.browser("sal@example.com")
    before = kept(desk, "host.currency", "host.zone", "host.company")
    root.submit("/admin/settings", {"company": "Acme", "currency": "USD", "zone": "Asia/Tokyo", "language": "en"})
    root.submit("/admin/settings", {"company": "Acme", "currency": "GBP", "zone": "Asia/Tokyo", "language": "en"})
    assert kept(desk, "host.currency", "host.zone") == ("GBP", "Asia/Tokyo")
    with desk.acting("root@example.com"):
        by_key = {}
        for one in all_ids(catalogue().get("admin.setting")):
            entries = history.history("admin.setting", one)
            by_key[entries[0].title] = entries
        currency, zone = by_key["Currency"], by_key["Time zone"]
        told = [(e.actor, c.label, c.before_text, c.after_text) for e in currency[:2] for c in e.changes]
        assert told == [("Root", "Value", "USD", "GBP"), ("Root", "Value", before[0], "USD")]
        first = zone[0].unit
    # One unit for what was saved together; the later change of the currency is a conflict that is asked about.
    asked = root.submit(f"/units/{first}/undo", {})
    assert asked.status_code == 303
    said = root.get(asked.headers["Location"]).text
    assert all(word in said for word in ("Currency", "GBP", before[0]))
    root.submit(f"/units/{first}/undo", {"_asked": "1"})
    assert kept(desk, "host.currency", "host.zone", "host.company") == ("GBP", before[1], before[2])
    root.submit(f"/units/{currency[0].unit}/undo", {})
    assert kept(desk, "host.currency") == (before[0],)
    # Sellers neither see nor undo it.
    assert seller.get(f"/units/{first}").status_code == 404
    assert seller.get("/settings").status_code in (403, 404)
    # What happened as a whole stands on the page of the journal, and is undone there.
    page = root.get("/journal").text
    assert "Time zone" in page
    assert f'action="/units/{currency[0].unit}/undo"' not in page
    assert "Time zone" not in seller.get("/journal").text
