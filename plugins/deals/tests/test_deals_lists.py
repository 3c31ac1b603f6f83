"""Sources and lost reasons, the panel of a customer, sample data, tables and texts of the module."""

from pathlib import Path

import pytest

import kumiko_deals
from kumiko import (
    Conflict,
    Forbidden,
    Invalid,
    all_ids,
    catalogue,
    create,
    delete,
    find,
    get,
    group,
    run_action,
    unit,
    update,
)
from kumiko.host import manifest
from kumiko.host.context import SYSTEM, narrowed
from kumiko.operate import migrate
from kumiko.parties import demo as customers
from kumiko.records.dictionaries import replace_value
from kumiko.records.undo import undo
from kumiko_deals import demo, models, panels, queries, setup
from kumiko_deals.models import LostReason, Source
from kumiko_testing.records import ALL, OWN, person

DEAL, SOURCE, LOST_REASON = "deals.deal", "deals.source", "deals.lost_reason"
ORGANIZATION, PERSON = "parties.organization", "parties.person"
SELLER = person(9001, "Ann", level=OWN)


def names(type_key):
    return [get(type_key, one).title for one in all_ids(catalogue().get(type_key))]


def test_the_lists_come_filled_once(deals_house):
    with deals_house.acting():
        assert names(SOURCE) == [
            "Call", "E-mail", "Existing customer", "Partner", "Public relations", "Web site", "Campaign", "Other",
        ]  # fmt: skip
        assert len(names(LOST_REASON)) == 8
        for one in all_ids(catalogue().get(SOURCE)):
            delete(SOURCE, one)
        setup.make_lists()
        assert names(SOURCE) == []


def test_a_value_in_use_is_archived_or_replaced_never_deleted(deals_house):
    with deals_house.acting():
        call, mail = queries.find_value(Source, "call"), queries.find_value(Source, "E-MAIL")
        deal = create(DEAL, {"name": "Pilot", "source": call}).id
        with pytest.raises(Conflict) as fault:
            delete(SOURCE, call)
        assert fault.value.message.startswith("This source is in use (1 deals).")
        update(SOURCE, call, {"archived": True})
        assert get(DEAL, deal).get("source").name == "Call"
        with pytest.raises(Invalid) as fault:
            create(DEAL, {"name": "Other", "source": call})
        assert fault.value.errors == {"source": ["This value is archived and no longer offered; choose another one."]}
        assert replace_value(SOURCE, call, mail) == 1
        assert (get(DEAL, deal).get("source").name, find(SOURCE, call)) == ("E-mail", None)


def test_imported_history_may_name_an_archived_value(deals_house):
    with deals_house.acting():
        call = queries.find_value(Source, "call")
        update(SOURCE, call, {"archived": True})
        with group("old.csv", via="import"), unit():
            assert create(DEAL, {"name": "Old", "source": call}).get("source").name == "Call"


def test_a_list_holds_each_name_once(deals_house):
    with deals_house.acting():
        with pytest.raises(Invalid) as fault:
            create(LOST_REASON, {"name": " PRICE "})
        assert fault.value.errors == {"name": ["There is already a value “PRICE”; use it, or take another name."]}
        price = queries.find_value(LostReason, "Price")
        delete(LOST_REASON, price)
        assert create(LOST_REASON, {"name": "Price"}).id != price


def test_sellers_use_the_lists_and_heads_keep_them(deals_house):
    with deals_house.acting():
        grants = catalogue().get(SOURCE).type.grants
    seller = narrowed(SELLER, grants={"*": OWN, SOURCE: grants["seller"]})
    head = narrowed(SELLER, grants={"*": OWN, SOURCE: grants["head"]})
    with deals_house.acting(seller):
        assert get(SOURCE, queries.find_value(Source, "Call")).title == "Call"
        with pytest.raises(Forbidden):
            create(SOURCE, {"name": "Fair"})
    with deals_house.acting(head):
        made = create(SOURCE, {"name": "Fair"}).id
        assert update(SOURCE, made, {"archived": True}).get("archived") is True


def test_the_panel_sums_open_deals_per_currency_and_only_those_one_may_see(deals_house):
    with deals_house.acting():
        acme = create(ORGANIZATION, {"name": "Acme"}).id
        for number, (value, currency) in enumerate((("10", "EUR"), ("2.50", "EUR"), ("7", "USD"))):
            create(DEAL, {"name": f"Deal {number}", "amount": {"value": value, "currency": currency},
                          "organization": acme, "expected_close_on": f"2026-12-{20 - number}"})  # fmt: skip
        create(DEAL, {"name": "Unpriced", "organization": acme})
        won = create(DEAL, {"name": "Won", "amount": "99", "organization": acme}).id
        run_action(DEAL, won, "win", {})
        gone = create(DEAL, {"name": "Gone", "amount": "99", "organization": acme}).id
        delete(DEAL, gone)
    for who in (SYSTEM, person(9009, "All", level=ALL)):
        with deals_house.acting(who):
            shown = panels.PANELS[0].load(get(ORGANIZATION, acme))
            assert [deal.name for deal in shown["deals"]] == ["Deal 2", "Deal 1", "Deal 0", "Unpriced"]
            assert [(one.currency, one.amount_minor, one.count) for one in shown["sums"]] == [
                ("EUR", 1250, 2), ("USD", 700, 1),
            ]  # fmt: skip
            assert (shown["count"], shown["more"]) == (4, 0)
    with deals_house.acting(SELLER):
        assert queries.open_deals_of("organization_id", acme) == ([], [], 0)


def test_sample_data_are_plausible_and_one_undo_removes_them(deals_house):
    with deals_house.acting():
        for name in ("Sam Silva", "Nora Novak", "Bruno Costa"):
            create(
                "access.role", {"key": "seller", "name": "Seller", "kind": "seller"}
            ) if name == "Sam Silva" else None
            create("access.user", {"name": name, "roles": ["seller"]})
        with group("Sample data") as group_id:
            with unit():
                customers.make()
            with unit():
                demo.make()
        counted = {key: len(all_ids(catalogue().get(key))) for key in (ORGANIZATION, PERSON, DEAL, "deals.interaction")}
        assert counted == {ORGANIZATION: 61, PERSON: 121, DEAL: 151, "deals.interaction": 300}
        deals = [get(DEAL, one) for one in all_ids(catalogue().get(DEAL))]
        assert {deal.get("outcome") for deal in deals} == {"open", "won", "lost"}
        assert {deal.get("amount").currency for deal in deals} == {"EUR", "USD"}
        assert len({deal.link_id("owner") for deal in deals}) == 3
        assert all(deal.get("closed_on") is None for deal in deals if deal.get("outcome") == "open")
        assert all(deal.get("lost_reason") for deal in deals if deal.get("outcome") == "lost")
        assert len({get(ORGANIZATION, one).title for one in all_ids(catalogue().get(ORGANIZATION))}) == 61
        undo(group_id)
        left = {key: len(all_ids(catalogue().get(key))) for key in counted}
        assert left == dict.fromkeys(counted, 0)


def test_without_sample_customers_there_are_no_sample_deals(deals_house):
    with deals_house.acting():
        demo.make()
        assert all_ids(catalogue().get(DEAL)) == []


def test_the_migrations_make_the_tables_of_the_models(deals_house):
    from alembic.autogenerate import compare_metadata

    found = manifest.scan(()).manifests["deals"]
    url = deals_house.database.url.render_as_string(hide_password=False)
    with migrate.comparing(url, migrate.history_of(found), models.Base.metadata) as context:
        assert compare_metadata(context, models.Base.metadata) == []


def test_purging_leaves_no_table(deals_house):
    from sqlalchemy import inspect

    found = manifest.scan(()).manifests["deals"]
    url = deals_house.database.url.render_as_string(hide_password=False)
    deals_house.database.engine.dispose()
    migrate.downgrade_to_base(url, migrate.history_of(found))
    left = [name for name in inspect(deals_house.database.engine).get_table_names() if name.startswith("deals_")]
    assert left == []


def test_the_readme_has_the_headings_of_a_module():
    text = (Path(kumiko_deals.__file__).parents[2] / "README.md").read_text("utf-8")
    found = [line.removeprefix("## ") for line in text.splitlines() if line.startswith("## ")]
    assert found == ["What it is", "Install", "Use", "Settings", "Events", "Permissions", "Removal", "Development"]
