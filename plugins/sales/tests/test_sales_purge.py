"""Deleting the data of a module: what goes, what stays, the archive first, a stop halfway, and an empty start after."""

import json
import zipfile
from threading import Event

import pytest
import sqlalchemy as sa
from sales_lab import DEAL, new_deal
from sales_web import text_of

from kumiko import create, principal, services, update
from kumiko.admin import module_export
from kumiko.host.base import table_of
from kumiko.host.errors import Conflict
from kumiko.host.models import PluginState
from kumiko.jobs.worker import Worker
from kumiko.operate import lifecycle, migrate
from kumiko.records import saved_views
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Entry, ExternalId, SavedView, SearchDocument, Share, Tag


@pytest.fixture
def filled(web):
    """Ids of a client, a deal of Sam with everything that can hang on it, and a saved view of deals."""
    with web.acting("sam@example.com"):
        sam = principal().user_id
    with web.acting("sue@example.com"):
        sue = principal().user_id
    with web.acting():
        client = create("parties.organization", {"name": "Client", "tags": ["vip"]}).id
        deal = create(DEAL, {
            "name": "Big one", "owner": sam, "co_owners": [sue], "tags": ["hot"], "external_id": "X1",
            "organization": client,
        }).id  # fmt: skip
        create("deals.interaction", {"kind": "note", "deal": deal, "body": "@Root, please look"})
        info = catalogue().get(DEAL)
        stage = web.stage_id("Proposal")
        saved_views.create_view(info, "Hot", {"filter": {"f": "stage", "op": "eq", "v": stage}}, shared=True)
    return {"client": client, "deal": deal}


def work_off(web):
    worker = Worker(web.host, Event())
    while worker.run_once():
        pass


def off(web, name, cascade=False):
    with web.acting():
        lifecycle.disable(name, cascade=cascade)
    web.host.follow(at_once=True)


def on(web, *names):
    with web.acting():
        lifecycle.enable(names, probing=False)
    web.host.follow(at_once=True)


def rows(web, model, *conditions):
    with web.database.reader.connect() as connection:
        table = table_of(model)
        return connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one()


def tables(web, prefix):
    return sorted(name for name in sa.inspect(web.database.engine).get_table_names() if name.startswith(prefix))


def test_everything_of_deals_goes_and_the_journal_stays(web, filled):
    work_off(web)
    off(web, "deals")
    root = web.person("root@example.com")
    asked = text_of(root.get("/admin/plugins/deals/purge"))
    for line in ("Deals: 1", "Interactions: 1", "Tags: 1", "Shares with others: 1", "Names in other systems: 1",
                 "Saved views of these records: 1", "Entries of the search: ", "Type deals to confirm"):  # fmt: skip
        assert line in asked, asked
    assert "Entries of the journal: " in asked.partition("Tables: ")[2]
    refused = root.post("/admin/plugins/deals/purge", {"typed": "sales"})
    assert "the name was not typed" in text_of(root.get(refused.headers["Location"]))
    assert tables(web, "deals_") != []
    entries = rows(web, Entry)
    root.post("/admin/plugins/deals/purge", {"typed": "deals"})
    assert tables(web, "deals_") == []
    deals = [DEAL, "deals.interaction", "deals.source", "deals.lost_reason"]
    for model in (SearchDocument, ExternalId, SavedView):
        assert rows(web, model, table_of(model).c.type_key.in_(deals)) == 0
    for model in (Tag, Share):
        assert rows(web, model, table_of(model).c.record_id == filled["deal"]) == 0
    assert rows(web, Tag, table_of(Tag).c.record_id == filled["client"]) == 1
    assert rows(web, Entry) == entries
    with web.database.reader.connect() as connection:
        mine = sa.select(Entry.unit_id).where(Entry.record_id == filled["deal"]).limit(1)
        unit = connection.execute(mine).scalar_one()
    assert "Big one" in text_of(root.get(f"/units/{unit}"))
    assert web.person("sue@example.com").get(f"/units/{unit}").status_code == 404
    on(web, "deals")
    assert json.loads(root.api("GET", "/api/v1/deals").data)["data"] == []
    assert json.loads(root.api("GET", "/api/v1/sources").data)["data"] != []  # the lists that it starts with
    with web.acting():
        assert new_deal(name="Fresh") > filled["deal"]


def test_fields_of_sales_go_and_come_back_empty(web, filled):
    with web.acting():
        update(DEAL, filled["deal"], {"stage": web.stage_id("Proposal")})
    off(web, "sales")
    root = web.person("root@example.com")
    asked = text_of(root.get("/admin/plugins/sales/purge"))
    assert "Saved views of other records that name its fields: 1, stay" in asked
    root.post("/admin/plugins/sales/purge", {"typed": "sales"})
    assert tables(web, "sales_") == []
    with web.acting():
        assert [one.name for one in saved_views.list_views()] == ["Hot"]
    on(web, "sales")
    with web.acting():
        deal = services.get("deals/1") and catalogue().get(DEAL)
        assert deal.find("stage") is not None
    work_off(web)
    assert root.get("/deals/board").status_code == 200
    listed = json.loads(root.api("GET", "/api/v1/deals").data)["data"]
    assert [(one["name"], one["stage"]["name"]) for one in listed] == [("Big one", "Prospecting")]


@pytest.mark.parametrize("name", ["deals", "sales"])
def test_a_module_is_removed_without_a_trace_and_starts_again(web, filled, name):
    """U18: the removal of every module is part of its automatic tests."""
    off(web, name)
    with web.acting():
        lifecycle.purge(name)
    web.host.follow(at_once=True)
    assert tables(web, f"{name}_") == []
    assert [table for table in sa.inspect(web.database.engine).get_table_names() if name in table] == []
    assert rows(web, PluginState, table_of(PluginState).c.name == name) == 0
    on(web, name)
    assert dict(web.host.generation.failed) == {}
    assert web.person("root@example.com").get("/deals").status_code == 200


def test_a_stop_halfway_is_said_and_finished_by_doing_it_again(web, filled, monkeypatch):
    off(web, "deals")
    real = migrate.downgrade_to_base

    def full_disk(url, history):
        raise migrate.MigrationFailed("no space left on device")

    monkeypatch.setattr(migrate, "downgrade_to_base", full_disk)
    root = web.person("root@example.com")
    root.post("/admin/plugins/deals/purge", {"typed": "deals"})
    page = text_of(root.get("/admin/plugins/deals"))
    assert "Deleting its data stopped halfway (no space left on device); delete its data again to finish." in page
    assert "Delete the rest" in page
    with web.acting(), pytest.raises(Conflict, match="the data of deals are half deleted; finish that"):
        lifecycle.enable(["deals"], probing=False)
    monkeypatch.setattr(migrate, "downgrade_to_base", real)
    root.post("/admin/plugins/deals/purge", {"typed": "deals"})
    assert tables(web, "deals_") == []
    on(web, "deals")
    assert json.loads(root.api("GET", "/api/v1/deals").data)["data"] == []


@pytest.mark.parametrize("running", [True, False])
def test_an_archive_holds_every_collection_and_the_fields_of_others(web, filled, running):
    if not running:
        off(web, "sales")
        off(web, "deals")
    root = web.person("root@example.com")
    for name in ("deals", "sales"):
        root.post(f"/admin/plugins/{name}/export")
    work_off(web)
    page = root.get("/admin/plugins/deals")
    with web.acting():
        path = module_export.archives("deals")[0]
        other = module_export.archives("sales")[0]
    assert f"/admin/plugins/deals/archives/{path.name}" in page.text
    answer = root.get(f"/admin/plugins/deals/archives/{path.name}")
    assert (answer.status_code, answer.mimetype, len(answer.data)) == (200, "application/zip", path.stat().st_size)
    assert root.get("/admin/plugins/deals/archives/nothing.zip").status_code == 404
    assert web.person("sam@example.com").get(f"/admin/plugins/deals/archives/{path.name}").status_code == 403
    with zipfile.ZipFile(path) as archive:
        found = {name: json.loads(archive.read(name)) for name in archive.namelist()}
    assert {"deals.json", "interactions.json", "sources.json", "lost-reasons.json", "about.json"} <= set(found)
    assert [(one["name"], one["organization"]["name"], one["tags"]) for one in found["deals.json"]] == [
        ("Big one", "Client", ["hot"])
    ]
    assert oct(path.stat().st_mode & 0o777) == "0o600"
    with zipfile.ZipFile(other) as archive:
        fields = json.loads(archive.read("fields of deals.json"))
        assert [(one["name"], one["stage"]["name"]) for one in fields] == [("Big one", "Prospecting")]
        assert "tables/sales_stay.json" in archive.namelist()
