"""One provider of a contract takes over from another: what goes along, what is refused, what a killed worker leaves."""

import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa
from admin_lab import Desk, build

from kumiko.core import CORE
from kumiko.host import manifest, revision
from kumiko.host.errors import Conflict, Forbidden, Outdated, ResolutionError
from kumiko.operate import checks, lifecycle, replacing
from kumiko.records import handover, history, service, transfer
from kumiko.records.undo import undo
from kumiko_testing.zoo import zoo

__all__ = ["zoo"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "kumiko-deals-lite"
DEAL, INTERACTION = "deals.deal", "deals.interaction"


@pytest.fixture
def desk(zoo, clone_database, tmp_path):
    """An installation with deals, and deals-lite installed beside it."""
    zoo.install_project(EXAMPLE)
    made = Desk(clone_database("desk", build), tmp_path)
    yield made
    made.database.close()


def variant(zoo, name, *, toml=None, **changes):
    """deals-lite again under another name, with texts changed in one of its files each."""
    package = f"kumiko_{name}"
    source = EXAMPLE / "src" / "kumiko_deals_lite"
    target = zoo.folder / package
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    for path in target.rglob("*"):
        if path.suffix in (".py", ".toml"):
            text = path.read_text()
            text = text.replace("kumiko_deals_lite", package).replace("deals_lite_", f"{name}_")
            path.write_text(text.replace('"deals-lite"', f'"{name}"'))
    for file, (old, new) in {f"{key}.py": value for key, value in changes.items()}.items():
        path = target / file
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    if toml is not None:
        path = target / "plugin.toml"
        path.write_text(path.read_text().replace(*toml))
    zoo.install(name, package)
    return name


def replace(desk, old, new, email="root@example.com"):
    """Start it as somebody, let a worker do it; what became of it."""
    with desk.acting(email):
        job_id = handover.start(old, new)
    desk.work_off()
    desk.host.follow(at_once=True)
    with desk.acting():
        return handover.outcome(job_id)


def a_life(desk):
    """Records of every kind; (deal, interaction, deal in the bin, unit of a change)."""
    with desk.acting("hedy@example.com"):
        acme = service.create("parties.organization", {"name": "Acme"}).id
        anna = service.create("parties.person", {"name": "Anna"}).id
        deal = service.create(DEAL, {
            "name": "Roof", "organization": acme, "description": "A long story", "tags": ["hot"],
            "amount": {"value": "1054.00", "currency": "EUR"}, "external_id": "X-1",
            "participants": [{"person": anna, "role": "payer"}, {"person": anna, "role": "user"}],
        }).id  # fmt: skip
        said = service.create(INTERACTION, {"kind": "call", "body": "He likes it", "deal": deal}).id
        gone = service.create(DEAL, {"name": "Wall"}).id
        service.delete(DEAL, gone)
        service.update(DEAL, deal, {"next_step": "visit"})
        unit = history.history(DEAL, deal)[0].unit
    return deal, said, gone, unit


def rows(desk, table):
    with desk.database.reader.connect() as connection:
        return {row["id"]: dict(row) for row in connection.execute(sa.text(f"SELECT * FROM {table}")).mappings()}


def test_everything_that_both_keep_goes_along_and_comes_back(desk):
    deal, said, gone, unit = a_life(desk)
    before = rows(desk, "deals_deal")
    done = replace(desk, "deals", "deals-lite")
    assert (done.refused, done.succeeded) == ("", True)
    with desk.acting("hedy@example.com"):
        found = service.get(DEAL, deal)
        assert (found.title, found.get("external_id"), list(found.get("tags"))) == ("Roof", "X-1", ["hot"])
        assert [row["role"] for row in found.get("participants")] == ["payer", "user"]
        assert service.get(INTERACTION, said).get("deal").id == deal
        assert history.history(DEAL, deal)[0].unit == unit
        service.restore(DEAL, gone)
        service.update(DEAL, deal, {"name": "Green roof", "participants": []})
    assert rows(desk, "deals_deal") == before  # nobody touches the tables of the one that left
    back = replace(desk, "deals-lite", "deals")
    assert back.refused == ""
    with desk.acting("hedy@example.com"):
        found = service.get(DEAL, deal)
        assert (found.title, found.get("description")) == ("Green roof", "A long story")
        assert list(found.get("participants")) == []
        assert service.get(DEAL, gone).title == "Wall"
    with desk.acting():
        lines = [(one.act, one.subject, one.details["by"]) for one in _log("plugin.replace")]
    assert lines == [("plugin.replace", "deals-lite", "deals"), ("plugin.replace", "deals", "deals-lite")]


def _log(act):
    from kumiko.access import audit

    return audit.newest(act=act)


def test_an_undo_of_a_field_that_this_provider_does_not_keep_waits_for_the_other(desk):
    deal, *_ = a_life(desk)
    with desk.acting("hedy@example.com"):
        service.update(DEAL, deal, {"description": "Shorter", "next_step": "call"})
        unit = history.history(DEAL, deal)[0].unit
    assert replace(desk, "deals", "deals-lite").succeeded
    with desk.acting("hedy@example.com"):
        assert (undo(unit).waiting, service.get(DEAL, deal).get("next_step")) == (["deals"], "visit")
    assert replace(desk, "deals-lite", "deals").succeeded
    with desk.acting("hedy@example.com"):
        assert service.get(DEAL, deal).get("description") == "Shorter"
        assert (undo(unit).waiting, service.get(DEAL, deal).get("description")) == ([], "A long story")


def test_deleting_the_data_of_the_one_that_left_takes_nothing_from_the_one_that_keeps_them(desk):
    """Not even while that one is off: tags and the like hang on ids that both have."""
    deal, *_ = a_life(desk)
    assert replace(desk, "deals", "deals-lite").succeeded
    with desk.acting():
        lifecycle.disable("deals-lite")
    desk.host.follow(revision.read(desk.database))
    with desk.acting():
        lifecycle.purge("deals")
        lifecycle.enable(["deals-lite"])
    desk.host.follow(revision.read(desk.database))
    with desk.acting("hedy@example.com"):
        found = service.get(DEAL, deal)
        assert (list(found.get("tags")), found.get("external_id")) == (["hot"], "X-1")


REFUSALS = {
    "itself": ("deals", "deals", "deals cannot take over from itself"),
    "one that is off": ("deals-lite", "deals", "deals-lite is not switched on, so there is nothing to take over"),
    "a core part": ("parties", "deals-lite", "parties is part of the core and cannot be replaced"),
    "nothing in common": ("deals", "other", "deals deals/1, inquiries/1: they have nothing in common"),
    "what it needs is missing": ("deals", "needy", "needy needs 'moon/2', which no installed module provides"),
    "a third one claims the same": ("deals", "greedy", "greedy and farm both claim the collection 'farms'"),
    "another is not installed": ("deals", "nobody", "no plugin called 'nobody' is installed"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_what_cannot_take_over_is_refused_with_a_sentence_and_changes_nothing(case, desk, zoo):
    old, new, sentence = REFUSALS[case]
    zoo.add("other", "@hookimpl\ndef declare_services():\n    return {'moon/1': object}", toml='provides = ["moon/1"]')
    zoo.add("farm", "", toml='collections = ["farms"]')
    variant(zoo, "needy", toml=('requires = ["parties/1"]', 'requires = ["parties/1", "moon/2"]'))
    variant(zoo, "greedy", toml=('"lost-reasons"]', '"lost-reasons", "farms"]'))
    with desk.acting():
        lifecycle.enable(["farm"], probing=False)
        before = revision.read(desk.database)
        with pytest.raises((ResolutionError, Exception), match=sentence.replace("(", r"\(")):
            handover.start(old, new)
        assert revision.read(desk.database) == before


def test_who_depends_on_a_contract_that_does_not_come_along_is_named(desk, zoo):
    zoo.add(
        "twin", "@hookimpl\ndef declare_services():\n    return {'moon/1': object, 'sun/1': object}",
        toml='provides = ["moon/1", "sun/1"]',
    )  # fmt: skip
    zoo.add("half", "@hookimpl\ndef declare_services():\n    return {'sun/1': object}", toml='provides = ["sun/1"]')
    zoo.add("user", "", toml='requires = ["moon/1"]')
    with desk.acting():
        lifecycle.enable(["twin", "user"], probing=False)
        with pytest.raises(ResolutionError, match="user needs 'moon/1', which no active module provides; enable twin"):
            handover.start("twin", "half")


def test_a_provider_that_lacks_a_field_of_the_contract_is_refused(desk, zoo):
    variant(
        zoo,
        "poor",
        record_types=('            Field(name="next_step_on", kind="date", label=_l("Next step on")),\n', ""),
    )
    done = replace(desk, "deals", "poor")
    assert "deals/1 wants the field 'next_step_on' of 'deals.deal' as a date; declare it so." in done.refused
    assert (done.succeeded, desk.host.generation.is_on("deals"), desk.host.generation.is_on("poor")) == (
        False,
        True,
        False,
    )


@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_provider_that_breaks_a_promise_of_the_contract_is_refused(desk, zoo, monkeypatch):
    monkeypatch.setenv(checks.VARIABLE, "full")  # as in an installation
    variant(zoo, "liar", services=("        reopen(deal_id)\n", "        return None\n"))
    done = replace(desk, "deals", "liar")
    assert "liar: deals/1 says “A reopened deal has neither day nor reason" in done.refused, done
    assert (desk.host.generation.is_on("deals"), desk.host.generation.is_on("liar")) == (True, False)


def test_a_copy_that_fails_halfway_changes_nothing(desk, zoo):
    deal, *_ = a_life(desk)
    with desk.acting():
        for number in range(30):
            service.create(DEAL, {"name": f"Deal {number}"})
    before = rows(desk, "deals_deal")
    check = '    op.create_table(\n        "narrow_contact",\n        sa.CheckConstraint("name <> \'He likes it\'"),'
    variant(zoo, "narrow")
    path = zoo.folder / "kumiko_narrow/migrations/versions/0001_tables_of_deals_lite.py"
    text = path.read_text()
    assert '    op.create_table(\n        "narrow_contact",' in text
    path.write_text(text.replace('    op.create_table(\n        "narrow_contact",', check))
    done = replace(desk, "deals", "narrow")
    assert done.refused.startswith("The tables of narrow do not take what there is ("), done
    assert (desk.host.generation.is_on("deals"), desk.host.generation.is_on("narrow")) == (True, False)
    assert rows(desk, "deals_deal") == before
    with desk.acting("hedy@example.com"):
        assert service.update(DEAL, deal, {"next_step": "call"}).get("next_step") == "call"
    assert replace(desk, "deals", "deals-lite").succeeded  # another one is still welcome


def test_the_one_that_leaves_may_refuse(desk, zoo):
    variant(zoo, "tenacious", plugin=(
        "@hookimpl\ndef declare_models",
        '@hookimpl\ndef before_disable() -> None:\n    from kumiko import Veto\n\n    raise Veto("I stay")\n\n\n'
        "@hookimpl\ndef declare_models"))  # fmt: skip
    assert replace(desk, "deals", "tenacious").succeeded
    done = replace(desk, "tenacious", "deals")
    assert (done.refused, desk.host.generation.is_on("tenacious")) == ("I stay", True)


def test_somebody_who_switches_one_of_them_off_meanwhile_wins(desk):
    a_life(desk)
    with desk.acting("root@example.com"):
        job_id = handover.start("deals", "deals-lite")
    with desk.acting():
        lifecycle.disable("deals")
    desk.work_off()
    with desk.acting():
        done = handover.outcome(job_id)
    assert (done.succeeded, "deals is not switched on" in done.refused) == (False, True), done


def test_only_who_may_switch_modules_may_replace_and_only_one_at_a_time(desk):
    with desk.acting("sal@example.com"), pytest.raises(Forbidden):
        handover.start("deals", "deals-lite")
    with desk.acting("root@example.com"):
        job_id = handover.start("deals", "deals-lite")
        with pytest.raises(Conflict, match=f"already \\(job {job_id}\\)"):
            handover.start("deals", "deals-lite")


def test_a_write_on_the_old_generation_is_refused_and_the_request_answered_by_the_new_one(desk):
    deal, *_ = a_life(desk)
    late = desk.host.generation
    with desk.acting("root@example.com"):
        job_id = handover.start("deals", "deals-lite")
    desk.work_off()
    with desk.acting():
        assert handover.outcome(job_id).succeeded
    # The old application still knows the old tables: what it writes there would be lost.
    with desk.acting("hedy@example.com") as context:
        context.generation = late
        with pytest.raises(Outdated, match="One module has just taken over from another"):
            service.update(DEAL, deal, {"next_step": "lost"})
        assert context.outdated  # nothing was written: the whole request may be done again
    desk.host.follow(at_once=True)
    with desk.acting("hedy@example.com") as context:
        service.update(DEAL, deal, {"next_step": "kept"})
        context.generation = late
        with pytest.raises(Outdated):
            service.update(DEAL, deal, {"next_step": "lost"})
        assert not context.outdated  # doing it again would do the first part twice
    # Through the server nobody notices: the request is answered again, by the next generation.
    browser = desk.browser("hedy@example.com")
    browser.submit("/profile")
    desk.host.generation, desk.host._next_look_s = late, float("inf")
    browser.set_cookie("km_rev", late.numbers.mark)
    answer = browser.submit(f"/deals/{deal}/actions/win", {"closed_on": ""})
    assert answer.status_code < 400, answer.text
    assert rows(desk, "deals_lite_opportunity")[deal]["outcome"] == "won"
    assert rows(desk, "deals_deal")[deal]["outcome"] == "open"


def test_a_job_that_is_killed_in_the_middle_goes_on_where_it_stopped(desk, monkeypatch):
    monkeypatch.setattr(transfer, "SLICE", 5)
    with desk.acting():
        deals = [service.create(DEAL, {"name": f"Deal {number}"}).id for number in range(23)]
    with desk.acting("root@example.com"):
        job_id = handover.start("deals", "deals-lite")
    copied = []
    real = transfer.copy_range

    def dying(one, after, last):
        real(one, after, last)
        copied.append((one.old.key, after))
        if len(copied) == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(transfer, "copy_range", dying)
    with pytest.raises(KeyboardInterrupt):
        desk.work_off()
    with desk.acting():
        assert not handover.outcome(job_id).is_over
        service.update(DEAL, deals[0], {"name": "Changed meanwhile"})  # in a slice that was copied
    desk.work_off()
    desk.host.follow(at_once=True)
    with desk.acting():
        done = handover.outcome(job_id)
        assert (done.refused, done.succeeded) == ("", True)
        assert service.get(DEAL, deals[0]).title == "Changed meanwhile"
    assert len(copied) == len(set(copied)) + 1  # the slice that was cut off is the only one done twice
    assert set(rows(desk, "deals_lite_opportunity")) == set(deals)


def test_the_page_says_what_will_happen_and_what_became_of_it(desk):
    a_life(desk)
    browser = desk.browser()
    page = browser.get("/admin/plugins").text
    assert "/admin/plugins/deals/replace?by=deals-lite" in page
    asked = browser.get("/admin/plugins/deals/replace?by=deals-lite").text
    for line in (
        "Deals: 2 go along, those in the bin included",
        "Interactions: 1 go along",
        "Description of Deals: filled in 1 times, kept by Deals, not shown while Deals Lite is on",
    ):
        assert line in asked, asked
    adds = browser.get("/admin/plugins/deals-lite/adds").text
    assert ("/admin/plugins/deals/replace?by=deals-lite" in adds, ">Switch on<" in adds) == (True, False)
    answer = browser.submit("/admin/plugins/deals/replace", {"by": "deals-lite"})
    where = answer.headers["Location"]
    assert "Waits for a worker process" in browser.get(where).text
    desk.work_off()
    assert "Deals Lite has taken over" in browser.get(where).text
    assert browser.get("/admin/plugins/deals/replace?by=nobody").status_code == 200


def test_several_providers_are_installed_and_a_new_installation_takes_the_one_called_like_the_contract(zoo, desk):
    from kumiko.operate import instance

    installed = manifest.scan(CORE)
    lines: list[str] = []
    both = [installed.manifests["deals"], installed.manifests["deals-lite"]]
    assert [one.name for one in instance._without_rivals(both, [], lines)] == ["deals"]
    assert lines == ["left out: deals-lite provides deals/1 as deals does; only one of them can be on."]
    with desk.acting():
        assert [one.name for one in replacing.other_providers("deals")] == ["deals-lite"]
