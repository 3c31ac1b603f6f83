"""Tasks as records: days and moments, what they are about, and what follows from them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tasks_lab import DEAL, MEETING, PERSON, TASK, user_id

from kumiko import (
    Conflict,
    Invalid,
    RecordRef,
    all_ids,
    catalogue,
    company_today,
    create,
    get,
    run_action,
    transaction,
    undo,
    unit,
    update,
    utc_now,
)
from kumiko.host import settings
from kumiko.records.dumps import dump_view
from kumiko.records.history import history


def when(record):
    return record.get("due_on"), record.get("due_at"), record.get("deadline_at")


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_a_day_is_a_day_and_a_moment_has_the_day_of_the_company(lab):
    with lab.acting():
        for zone, end, its_day, moved_to in (
            ("America/Los_Angeles", at(2031, 3, 5, 8), date(2031, 3, 4), at(2031, 3, 10, 22, 30)),  # summer time began
            ("Pacific/Auckland", at(2031, 3, 4, 11), date(2031, 3, 5), at(2031, 3, 9, 23, 30)),
        ):
            with transaction():
                settings.put({"host.zone": zone})
            settings.forget()
            day = create(TASK, {"name": "Day", "due_on": "2031-03-04"})
            moment = create(TASK, {"name": "Moment", "due_at": "2031-03-04T23:30:00Z"})
            assert when(day) == (date(2031, 3, 4), None, end), zone
            assert when(moment) == (its_day, at(2031, 3, 4, 23, 30), at(2031, 3, 4, 23, 30)), zone
            moved = update(TASK, moment.id, {"due_on": "2031-03-10"})  # the wall clock stays
            assert when(moved) == (date(2031, 3, 10), moved_to, moved_to), zone
            assert when(update(TASK, moment.id, {"due_on": None})) == (None, None, None), zone


def test_a_task_is_done_with_its_next_step_and_the_deal_knows(lab):
    with lab.acting("sam@example.com"):
        deal = create(DEAL, {"name": "Roof", "next_step": "By hand"})
        about = RecordRef(DEAL, deal.id)
        later = create(TASK, {"name": "Visit", "due_on": "2031-05-01", "related": about})
        call = create(TASK, {"name": "Call", "kind": "call", "due_on": "2031-04-01", "related": about})
        assert get(DEAL, deal.id).get("next_step") == "Call"
        with unit() as opened:
            run_action(TASK, call.id, "done", {
                "result": "Reached her", "duration_min": 5, "next_name": "Send the offer", "next_due_on": "2031-04-02",
            })  # fmt: skip
        done, after = get(TASK, call.id), get(DEAL, deal.id)
        assert (done.get("state"), done.get("in_time"), done.get("done_by").name) == ("done", True, "Sam")
        assert (after.get("next_step"), after.get("next_step_on")) == ("Send the offer", date(2031, 4, 2))
        logged = [get("deals.interaction", one) for one in all_ids(catalogue().get("deals.interaction"))]
        assert [(one.get("kind"), one.get("body"), one.get("duration_min"), one.link_id("deal")) for one in logged] == [
            ("call", "Reached her", 5, deal.id)
        ]
        with pytest.raises(Conflict, match="done already"):
            run_action(TASK, call.id, "done", {})
        undo(opened.id)
        assert (get(TASK, call.id).get("state"), get(DEAL, deal.id).get("next_step")) == ("open", "Call")
        assert all_ids(catalogue().get("deals.interaction")) == []
        for one in (call, later):
            run_action(TASK, one.id, "cancel", {"reason": "Not needed"})
        assert get(DEAL, deal.id).get("next_step") is None
        update(DEAL, deal.id, {"next_step": "By hand again"})
        assert get(DEAL, deal.id).get("next_step") == "By hand again"


def test_what_a_task_is_about_is_a_record_of_any_type_under_its_own_rights(lab):
    with lab.acting():
        person = create(PERSON, {"first_name": "Anna", "last_name": "Weber"})
        deal = create(DEAL, {"name": "Secret roof"})
        sam = user_id("Sam")
        task = create(TASK, {"name": "Look", "related": {"type": DEAL, "id": deal.id}, "owner": sam})
        named = create(TASK, {"name": "Call", "related": f"{PERSON}:{person.id}", "owner": sam})
        assert dump_view(get(TASK, named.id))["related"] == {"type": PERSON, "id": person.id, "name": "Anna Weber"}
        tasks = catalogue().get(TASK)
        assert all_ids(tasks, node={"f": "related", "op": "eq", "v": deal.id}) == [task.id]
        assert all_ids(tasks, node={"f": "related.type", "op": "eq", "v": PERSON}) == [named.id]
        update(TASK, task.id, {"related": f"{PERSON}:{person.id}"})
        change = history(TASK, task.id)[0].changes[0]
        assert (change.before_text, change.after_text) == ("Secret roof", "Anna Weber")
        undo(history(TASK, task.id)[0].unit)
        for wrong, said in (
            (17, "wanted a record"), ("deals.deal:999999999", "that you may see"),
            (f"access.user:{sam}", "that you may see"), ("nothing.here:5", "that you may see"),
        ):  # fmt: skip
            with pytest.raises(Invalid) as refused:
                update(TASK, task.id, {"related": wrong})
            assert said in refused.value.errors["related"][0], wrong
    with lab.acting("sam@example.com"):
        assert dump_view(get(TASK, task.id))["related"] == {"hidden": True}
        assert (
            update(TASK, task.id, {"related": RecordRef(DEAL, deal.id), "priority": "high"}).get("priority") == "high"
        )
        assert get(PERSON, person.id).title == "Anna Weber"  # known, as a task of his names her


def test_a_meeting_moves_as_a_whole_and_is_logged_when_it_was_held(lab):
    begin = utc_now().replace(second=0, microsecond=0) - timedelta(hours=3)
    with lab.acting("sam@example.com"):
        anna = create(PERSON, {"first_name": "Anna", "last_name": "Weber"})
        made = create(MEETING, {
            "name": "Look at the hall", "start_at": begin, "end_at": begin + timedelta(hours=1),
            "related": f"{PERSON}:{anna.id}",
            "participants": [{"person": anna.id}, {"person": anna.id, "answer": "accepted"}],
        })  # fmt: skip
        moved = update(MEETING, made.id, {"start_at": begin + timedelta(minutes=30)})
        assert moved.get("end_at") == begin + timedelta(minutes=90)
        assert [row["answer"] for row in moved.get("participants")] == ["none"]
        with pytest.raises(Invalid):
            update(MEETING, made.id, {"end_at": begin - timedelta(hours=1)})
        run_action(MEETING, made.id, "held", {"outcome": "They want two", "duration_min": 40})
        logged = get("deals.interaction", all_ids(catalogue().get("deals.interaction"))[0])
        assert (logged.title, logged.get("kind"), logged.get("body"), logged.link_id("person")) == (
            "Look at the hall", "meeting", "They want two", anna.id
        )  # fmt: skip


def test_a_plan_makes_its_tasks_once_and_not_for_what_was_there_before(lab):
    from kumiko_sales.funnel import funnel
    from kumiko_tasks import plans

    with lab.acting():
        proposal = next(one.id for one in funnel().default.stages if one.name == "Proposal")
        old = utc_now()
        deal = create(DEAL, {"name": "Roof", "owner": user_id("Sam")})
        create(
            "tasks.template", {"name": "Write the offer", "due_in": 2, "due_unit": "working_days", "stage": proposal}
        )
        create("tasks.template", {
            "name": "Approve it", "due_in": 30, "due_unit": "working_minutes", "stage": proposal, "assignee": "head",
        })  # fmt: skip
        ref = (DEAL, deal.id)
        assert plans.enter_stage(proposal, ref, user_id("Sam"), at=old) == []
        made = [get(TASK, one) for one in plans.enter_stage(proposal, ref, user_id("Sam"), at=utc_now())]
        assert [(one.title, one.get("owner").name, one.get("due_at") is None) for one in made] == [
            ("Approve it", "Hanna", False), ("Write the offer", "Sam", True)
        ]  # fmt: skip
        assert made[1].get("due_on") > company_today()
        assert plans.enter_stage(proposal, ref, user_id("Sam"), at=utc_now()) == []


def test_processes_make_and_cancel_tasks(lab):
    from kumiko import ActionCall, offered

    with lab.acting():
        deal = create(DEAL, {"name": "Roof", "owner": user_id("Sam")})
        actions = offered("declare_actions")
        values = {
            "name": "Call at once",
            "kind": "call",
            "due_in": 30,
            "due_unit": "working_minutes",
            "assignee": "owner",
        }

        def call(**given):
            return ActionCall(type_key=DEAL, record_id=deal.id, values=given, key="run 1 step 1")

        made = actions["tasks.create_task"].item.run(call(**values))
        task = get(TASK, made["task_id"])
        assert (task.get("owner").name, task.get("kind"), task.get("due_at") > utc_now()) == ("Sam", "call", True)
        assert actions["tasks.create_task"].item.describe(values) == "Task “Call at once”, due in 30 working minutes"
        assert actions["tasks.cancel_open"].item.run(call(kind="mail")) == {"count": 0}
        assert actions["tasks.cancel_open"].item.run(call(reason="lost")) == {"count": 1}
        assert get(TASK, task.id).get("state") == "cancelled"
        triggers = offered("declare_triggers")
        assert [
            triggers["tasks.task_done"].item.matches({"kind": "call"}, {"kind": kind}) for kind in ("", "call", "mail")
        ] == [True, True, False]
