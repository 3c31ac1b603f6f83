"""The rules of events (design 2): the journal is the event, slices, order per record, replays, chains that end."""

import threading
import time

import pytest
from sqlalchemy import select
from test_records_catch_up import ANN, Same, Town, change, make, prepare, sizes

from kumiko.host.columns import table_of, utc_now
from kumiko.host.context import SYSTEM
from kumiko.host.errors import DeclarationError
from kumiko.jobs.models import job_table
from kumiko.jobs.worker import Worker
from kumiko.records import events, service
from kumiko.records.events import check_subscriptions
from kumiko.records.models import ContractEvent
from kumiko.records.units import REACTION_ENTRIES, unit
from kumiko_testing.extra import plugin as extra


@pytest.fixture
def town(clone_database, tmp_path):
    made = Town(clone_database("extended house", prepare), tmp_path)
    yield made
    made.database.close()


def deliveries(town, **wanted):
    """(subscription, unit, offset, status) of each delivery, oldest first."""
    with town.database.reader.connect() as connection:
        query = select(job_table).where(job_table.c.name == events.JOB).order_by(job_table.c.id)
        rows = connection.execute(query).mappings().all()
    return [(*row["payload"].values(), row["status"]) for row in rows if wanted.items() <= row["payload"].items()]


def facts(town):
    with town.database.reader.connect() as connection:
        table = table_of(ContractEvent)
        return [tuple(row) for row in connection.execute(select(table.c.unit_id, table.c.name, table.c.payload))]


def test_the_journal_entry_is_the_event_and_a_fact_is_stated_once_with_its_unit(town):
    thing = make(town.on, name="thing")
    changed = change(town.on, thing, {"size": 1})
    with town.on.acting(ANN), unit() as opened:
        service.run_action("sample.thing", thing, "finish", {"on": "2026-03-01"})
    assert facts(town) == [(opened.id, "sample.finished/1", {"on": "2026-03-01"})]
    # Nothing of what happened is copied into a job: it names the unit.
    assert deliveries(town, unit=changed) == [("extra.changes", changed, 0, "ready")]
    assert deliveries(town, unit=opened.id) == [
        ("extra.changes", opened.id, 0, "ready"),
        ("extra.finish", opened.id, 0, "ready"),
    ]


def test_jobs_are_made_per_subscriber_and_unit_in_slices_of_500(town):
    with town.on.acting(ANN), unit() as opened:
        for number in range(1001):
            service.create("sample.thing", {"name": str(number)})
    assert deliveries(town) == [("extra.replayed", opened.id, offset, "ready") for offset in (0, 500, 1000)]
    town.work()
    assert [len(what) for _event, _unit, what in town.heard()] == [500, 500, 1]


def test_a_unit_that_is_rolled_back_states_nothing(town):
    thing = make(town.on, name="thing")
    town.work()
    told = town.heard()
    with pytest.raises(ZeroDivisionError), town.on.acting(ANN), unit():
        service.run_action("sample.thing", thing, "finish", {"on": "2026-03-01"})
        raise ZeroDivisionError
    town.work()
    assert (facts(town), town.heard()) == ([], told)


@pytest.mark.parametrize("via", ["import", "undo", "merge", "restore"])
def test_history_reaches_only_who_asked_for_replays(via, town):
    thing = make(town.on, via=via, name="thing")
    change(town.on, thing, {"size": 1}, via=via)
    assert [one[0] for one in deliveries(town)] == ["extra.replayed"]


def test_a_delivery_that_is_tried_again_holds_up_its_record_and_nothing_else(town, monkeypatch):
    first, second = make(town.on, name="first"), make(town.on, name="second")
    town.work()
    sick, hear = [first], extra._hear_changes

    def hear_or_raise(delivery):
        if any(one.record_id in sick for one in delivery.changes):
            raise RuntimeError("not now")
        hear(delivery)

    wanted = town.on.generation.subscriptions["extra.changes"]
    monkeypatch.setitem(
        town.on.generation.subscriptions,
        "extra.changes",
        type(wanted)(wanted.plugin, _replaced(wanted.item, handler=hear_or_raise)),
    )
    for size in (1, 2, 3):
        change(town.on, first, {"size": size})
        change(town.on, second, {"size": size})
    worker = Worker(Same(town.on), threading.Event())
    while worker.run_once():
        pass
    assert (sizes(town, first), sizes(town, second)) == ([], [1, 2, 3])
    sick.clear()
    with town.database.engine.begin() as connection:  # its time to be tried again has come
        connection.execute(job_table.update().where(job_table.c.status == "ready").values(run_at=utc_now()))
    town.work()
    assert sizes(town, first) == [1, 2, 3]


def test_a_dead_letter_holds_up_nobody(town):
    thing = make(town.on, name="thing")
    for day in ("2000-01-01", "2026-03-01"):
        with town.on.acting(ANN):
            service.update("sample.thing", thing, {"state": "open"})
            service.run_action("sample.thing", thing, "finish", {"on": day})
    until = time.monotonic() + 20
    while town.unfinished() and time.monotonic() < until:
        town.work()
    assert [status for *_rest, status in deliveries(town, subscription="extra.finish")] == ["dead", "done"]
    assert [what for event, _unit, what in town.heard() if event == "sample.finished/1"] == [{"on": "2026-03-01"}]


def test_deliveries_of_a_module_that_is_off_wait_for_it(town):
    thing = make(town.on, name="thing")
    change(town.on, thing, {"size": 1})
    town.work(town.off)
    assert (town.heard(), [status for *_rest, status in deliveries(town)]) == ([], ["ready", "ready"])
    town.work()
    assert sizes(town, thing) == [1]


def _replaced(item, **changes):
    from dataclasses import replace

    return replace(item, **changes)


def _answer_with(town, monkeypatch, answer):
    wanted = town.on.generation.subscriptions["extra.changes"]
    item = _replaced(wanted.item, handler=answer)
    monkeypatch.setitem(town.on.generation.subscriptions, "extra.changes", type(wanted)(wanted.plugin, item))


def test_a_handler_that_changes_the_record_it_is_told_of_comes_to_an_end(town, monkeypatch):
    def count_up(delivery):
        for one in delivery.changes:
            record = service.get("sample.thing", one.record_id)
            service.update("sample.thing", one.record_id, {"size": (record.get("size") or 0) + 1})

    _answer_with(town, monkeypatch, count_up)
    thing = make(town.on, name="thing")
    change(town.on, thing, {"size": 100})
    town.work()
    with town.on.acting(ANN):
        assert service.get("sample.thing", thing).get("size") == 100 + events.DEPTH
    assert [status for *_rest, status in deliveries(town, subscription="extra.changes")] == ["done"] * 5 + ["dead"]
    with town.database.reader.connect() as connection:
        said = connection.execute(select(job_table.c.last_error).where(job_table.c.status == "dead")).scalar_one()
    assert said.partition("\n")[0] == (
        "record.changed/1 was not told to extra.changes: this change is the answer to an event, which was the answer "
        "to an event, and so on, 5 times. Two modules answer each other, or one answers itself; switch off what was "
        "enabled last and report it to whoever made it."
    )
    change(town.on, thing, {"size": 200})  # what a person does begins anew
    town.work()
    with town.on.acting(ANN):
        assert service.get("sample.thing", thing).get("size") == 200 + events.DEPTH


def test_a_handler_that_makes_a_storm_keeps_nothing_of_it(town, monkeypatch):
    def storm(_delivery):
        for number in range(10_000):
            service.create("sample.topic", {"name": str(number)})

    _answer_with(town, monkeypatch, storm)
    thing = make(town.on, name="thing")
    change(town.on, thing, {"size": 1})
    town.work()
    assert [status for *_rest, status in deliveries(town, subscription="extra.changes")] == ["dead"]
    with town.database.reader.connect() as connection:
        said = connection.execute(select(job_table.c.last_error).where(job_table.c.status == "dead")).scalar_one()
        topics = connection.exec_driver_sql("SELECT count(*) FROM sample_topic").scalar_one()
    assert said.startswith(f"A reaction to an event wanted to change more than {REACTION_ENTRIES} records at once")
    assert topics == 0


@pytest.mark.parametrize(
    ("name", "payload", "sentence"),
    [
        ("sample.melted/1", {}, "no module that is on declares the event 'sample.melted/1'"),
        ("sample.finished/1", {}, "has the fields on; missing: on; not among them: none"),
        ("sample.finished/1", {"on": None, "by": 1}, "has the fields on; missing: none; not among them: by"),
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_fact_is_declared_and_has_exactly_its_fields(name, payload, sentence, town):
    thing = make(town.on, name="thing")
    with pytest.raises(DeclarationError, match=sentence), town.on.acting(SYSTEM), unit():
        service.emit(name, service.get("sample.thing", thing), payload)
    assert facts(town) == []


@pytest.mark.parametrize(
    ("event", "sentence"),
    [
        ("deals.deal_wno/1", "waits for 'deals.deal_wno/1', which does not exist; there are deals.deal_won/1"),
        ("record.melted/1", "which does not exist; there are record.changed/1, record.created/1, record.deleted/1"),
        ("parties.moved/1", "which does not exist; there are none"),
        ("deals.deal_won/1", ""),  # of a module that is off
        ("unknown.thing/1", ""),  # of a contract that is not installed
    ],
)
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_subscription_waits_for_an_event_that_may_come(event, sentence, town, monkeypatch):
    wanted = town.on.generation.subscriptions["extra.finish"]
    item = _replaced(wanted.item, event=event)
    monkeypatch.setitem(town.on.generation.subscriptions, "extra.finish", type(wanted)(wanted.plugin, item))
    if not sentence:
        check_subscriptions(town.on.generation)
        return
    with pytest.raises(DeclarationError) as refused:
        check_subscriptions(town.on.generation)
    assert sentence in refused.value.message
    assert (refused.value.plugin, refused.value.message.startswith("extra, declare_subscriptions: ")) == ("extra", True)
