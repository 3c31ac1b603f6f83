"""Processes run: what starts them, what their steps do, what they wait for, how they end."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from kumiko import Conflict, Forbidden, Invalid, company_today, create, get, run_action, undo, update
from kumiko.host.columns import table_of
from kumiko_processes import control
from kumiko_processes.models import Clock

NOTE = {"id": "s1", "kind": "action", "action": "toys.note", "values": {"text": "Call {{ name }}"}}


def test_a_process_does_its_steps_about_each_new_record_once(lab):
    lab.publish([NOTE, {"id": "s2", "kind": "set", "values": {"campaign": "by {{ s1.note }}"}}])
    deal_id = lab.deal(name="Barn")
    lab.work_off()
    (campaign,) = lab.read(deal_id, "campaign")
    assert (lab.runs(), lab.steps(), lab.notes()) == (
        [("done", None)], [("s1", "done"), ("s2", "done")], ["Call Barn"],
    )  # fmt: skip
    assert campaign.startswith("by ")


def test_only_what_the_trigger_means_starts_and_only_where_the_conditions_fit(lab):
    source = {"f": "campaign", "op": "eq", "v": "web"}
    trigger = {"on": "changed", "field": "next_step", "to": "call"}
    lab.publish([{"id": "s1", "kind": "set", "values": {"competitor": "{{ organization.name }} {{ name }}"}}], trigger,
                **{"if": source})  # fmt: skip
    fits, other = lab.deal(campaign="web"), lab.deal(campaign="fair")
    for deal_id in (fits, other):
        lab.change(deal_id, next_step="wait")
        lab.change(deal_id, next_step="call", next_step_on="2030-01-01")
    lab.work_off()
    assert (lab.runs(), lab.read(fits, "competitor"), lab.read(other, "competitor")) == (
        [("done", None)], ("Roof",), (None,),
    )  # fmt: skip


def test_a_wait_ends_with_time_or_event_and_a_branch_takes_the_first_path_that_fits(lab):
    wait = {
        "id": "s1", "kind": "wait", "for": "event", "event": {"on": "toys.answered"}, "amount": 3, "unit": "days",
        "paths": [{"id": "s2", "steps": [{"id": "s3", "kind": "set", "values": {"campaign": "answered"}}]},
                  {"id": "s4", "steps": [{"id": "s5", "kind": "set", "values": {"campaign": "silent"}}]}],
    }  # fmt: skip
    branch = {
        "id": "s6", "kind": "branch",
        "paths": [{"id": "s7", "if": {"f": "campaign", "op": "eq", "v": "answered"},
                   "steps": [{"id": "s8", "kind": "set", "values": {"competitor": "warm"}}]},
                  {"id": "s9", "if": None, "steps": [{"id": "s10", "kind": "set", "values": {"competitor": "cold"}}]}],
    }  # fmt: skip
    lab.publish([wait, branch, {"id": "s11", "kind": "set", "values": {"next_step": "joined"}}])
    answers, is_silent = lab.deal(), lab.deal()
    lab.work_off()
    assert [state for state, _error in lab.runs()] == ["waiting", "waiting"]
    with lab.acting("root@example.com"):
        create("deals.interaction", {"kind": "mail", "direction": "in", "name": "Yes", "deal": answers})
    lab.work_off()
    lab.later()
    found = [lab.read(deal_id, "campaign", "competitor", "next_step") for deal_id in (answers, is_silent)]
    assert (found, lab.runs()) == (
        [("answered", "warm", "joined"), ("silent", "cold", "joined")], [("done", None), ("done", None)],
    )  # fmt: skip


def test_an_answer_stops_the_series_and_a_person_stops_the_rest(lab):
    send = {"kind": "action", "action": "toys.send", "values": {"text": "Still there, {{ name }}?"}}
    wait = {"kind": "wait", "for": "time", "amount": 3, "unit": "days"}
    series = [{**send, "id": "s1"}, {**wait, "id": "s2"}, {**send, "id": "s3"}]
    process_id = lab.publish(series, stop_when=[{"on": "toys.answered"}])
    answered, other = lab.deal(name="One"), lab.deal(name="Two")
    lab.work_off()
    with lab.acting("root@example.com"):
        create("deals.interaction", {"kind": "mail", "direction": "in", "name": "Yes", "deal": answered})
    lab.work_off()
    assert [state for state, _error in lab.runs()] == ["stopped", "waiting"]
    with lab.acting("root@example.com"):
        run_action("processes.process", process_id, "stop_runs", {})
    lab.later()
    sent = [payload["text"] for payload, _status in lab.jobs("toys.deliver")]
    assert (sent, [state for state, _error in lab.runs()]) == (
        ["Still there, One?", "Still there, Two?"], ["stopped", "stopped"],
    )  # fmt: skip
    assert other


def test_a_failing_step_is_tried_again_then_told_and_goes_on_from_there(lab):
    lab.publish([NOTE, {"id": "s2", "kind": "action", "action": "toys.fail", "values": {}},
                 {"id": "s3", "kind": "set", "values": {"campaign": "after"}}])  # fmt: skip
    deal_id = lab.deal()
    lab.work_off()
    assert lab.runs() == [("waiting", None)]
    for _try in range(3):
        lab.later()
    (run_id,) = lab.run_ids()
    assert (lab.runs(), lab.notes()) == ([("failed", "RuntimeError: the printer is on fire")], ["Call Roof"])
    assert lab.steps() == [("s1", "done"), *[("s2", "failed")] * 4]
    lab.act(run_id, "skip")
    lab.work_off()
    assert (lab.read(deal_id, "campaign"), lab.runs(), lab.notes()) == (("after",), [("done", None)], ["Call Roof"])


def test_an_undo_takes_back_what_a_run_did_and_ends_it(lab):
    lab.publish([NOTE, {"id": "s2", "kind": "set", "values": {"campaign": "by process", "next_step": "call"}},
                 {"id": "s3", "kind": "action", "action": "toys.send", "values": {"text": "Hello"}},
                 {"id": "s4", "kind": "wait", "for": "time", "amount": 3, "unit": "days"},
                 {**NOTE, "id": "s5"}])  # fmt: skip
    deal_id = lab.deal(campaign="fair")
    lab.work_off()
    (run_id,) = lab.run_ids()
    lab.change(deal_id, next_step="by hand")
    with lab.acting("root@example.com"):
        result = control.undo_run(get("processes.run", run_id))
        left = control.not_recallable(run_id)
    lab.later()
    assert (lab.read(deal_id, "campaign", "next_step"), lab.notes(), lab.runs()) == (
        ("fair", "by hand"), [], [("undone", None)],
    )  # fmt: skip
    assert ([one["field"] for one in result.overwritten], left) == (["next_step"], ["Send a toy: Hello"])


def test_an_undo_of_its_group_by_any_way_ends_a_run(lab):
    wait = {"id": "s2", "kind": "wait", "for": "time", "amount": 3, "unit": "days"}
    lab.publish([NOTE, wait, {**NOTE, "id": "s3"}])
    lab.deal()
    lab.work_off()
    with lab.acting("root@example.com"):
        undo(get("processes.run", lab.run_ids()[0]).get("effects"))
    lab.later()
    assert (lab.runs(), lab.notes()) == ([("undone", None)], [])


def test_steps_have_the_rights_of_whom_the_process_runs_as(lab):
    mine = lab.publish([NOTE], {"on": "manual"}, "hanna@example.com")
    foreign = lab.deal()  # of root, whom the head of no team does not see
    with lab.acting("root@example.com"), pytest.raises(Conflict, match="conditions of this process do not fit"):
        run_action("processes.process", mine, "start", {"record": foreign})
    with lab.acting("hanna@example.com"), pytest.raises(Invalid, match="not accepted"):
        with lab.house.acting():
            root_id = get("processes.process", mine).link_id("runs_as")
        update("processes.process", mine, {"runs_as": root_id - 1})
    with lab.acting("sam@example.com"), pytest.raises(Forbidden):
        create("processes.process", {"name": "Mine", "about": "deals.deal"})


def test_loops_are_found_when_saving_and_stopped_when_running(lab):
    own = [{"id": "s1", "kind": "set", "values": {"campaign": "again"}}]
    with pytest.raises(Invalid) as refused:
        lab.publish(own, {"on": "changed", "field": "campaign"})
    assert "start this process again" in str(refused.value.errors)
    lab.publish(
        [{"id": "s1", "kind": "set", "values": {"competitor": "{{ name }}"}}], {"on": "changed", "field": "campaign"}
    )
    with pytest.raises(Invalid) as refused:
        lab.publish(own, {"on": "changed", "field": "competitor"})
    assert "which starts this one again" in str(refused.value.errors)
    # What no check can see: an action that makes what the trigger waits for.
    lab.publish([{"id": "s1", "kind": "create", "type": "deals.interaction", "values": {"kind": "note", "name": "x"}}],
                {"on": "changed"}, about="deals.interaction")  # fmt: skip


def test_too_many_runs_for_a_record_are_stopped_with_why(lab):
    process_id = lab.publish([NOTE], {"on": "changed", "field": "campaign"})
    with lab.acting("root@example.com"):
        update("processes.process", process_id, {"per_record_per_hour": 2})
    deal_id = lab.deal()
    for number in range(4):
        lab.change(deal_id, campaign=f"number {number}")
        lab.work_off()
    assert [state for state, _error in lab.runs()] == ["done", "done", "stopped", "stopped"]
    assert "2 times for this record within an hour" in lab.runs()[-1][1]


def test_runs_keep_the_edition_they_began_with_and_an_earlier_one_comes_back(lab):
    wait = {"id": "s1", "kind": "wait", "for": "time", "amount": 1, "unit": "days"}
    process_id = lab.publish([wait, {"id": "s2", "kind": "set", "values": {"campaign": "first"}}])
    deal_id = lab.deal()
    lab.work_off()
    with lab.acting("root@example.com"):
        record = get("processes.process", process_id)
        draft = {**record.get("draft"), "steps": [{"id": "s9", "kind": "set", "values": {"campaign": "second"}}]}
        update("processes.process", process_id, {"draft": draft})
        run_action("processes.process", process_id, "publish", {})
    other = lab.deal()
    lab.later()
    assert (lab.read(deal_id, "campaign"), lab.read(other, "campaign")) == (("first",), ("second",))
    with lab.acting("root@example.com"):
        run_action("processes.process", process_id, "go_back", {"edition": 1})
        run_action("processes.process", process_id, "publish", {})
        assert get("processes.process", process_id).get("edition") == 3


def test_the_clock_starts_what_has_become_due_once(lab):
    trigger = {"on": "date", "field": "expected_close_on", "amount": 3, "unit": "days", "side": "before", "at": "00:00"}
    lab.publish([NOTE], trigger)
    lab.publish([{"id": "s1", "kind": "set", "values": {"campaign": "matched"}}], {"on": "match"},
                **{"if": {"f": "next_step", "op": "eq", "v": "nothing"}})  # fmt: skip
    soon = lab.deal(expected_close_on=(company_today_of(lab) + timedelta(days=3)).isoformat())
    lab.deal(expected_close_on=(company_today_of(lab) + timedelta(days=9)).isoformat())
    clock = table_of(Clock)
    with lab.database.engine.begin() as connection:
        connection.execute(sa.update(clock).values(looked_at=sa.bindparam("at", type_=clock.c.looked_at.type)),
                           {"at": lab.ago(days=1)})  # fmt: skip
    lab.change(soon, next_step="nothing")
    for _minute in range(2):
        lab.run_watch()
        lab.work_off()
    assert (lab.notes(), lab.read(soon, "campaign")) == (["Call Roof"], ("matched",))


def company_today_of(lab):
    with lab.acting():
        return company_today()
