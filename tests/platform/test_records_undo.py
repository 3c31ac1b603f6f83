"""Undo by the value rule of design 2: examples, and the oracle "all units undone, in any order, give the start"."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kumiko.host.errors import Conflict, NotFound
from kumiko.records import history, service, undo_jobs, units
from kumiko.records.undo import Choices, undo
from kumiko.records.undo_conflicts import told
from kumiko.records.undo_preview import preview
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann", roles=("administrator",))
SELLER = person(6, "Ben", level=OWN)


def units_of(record_id):
    return [entry.unit for entry in history.history("sample.thing", record_id)]


def test_undoing_a_change_puts_the_old_values_back(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "tags": ["x"], "parts": [{"word": "w"}], "price": "5 EUR"})
        service.update("sample.thing", made.id, {"name": "b", "tags": ["y"], "parts": [], "price": None})
        result = undo(units_of(made.id)[0])
        back = service.get("sample.thing", made.id)

    assert (result.reverted, result.overwritten, result.refused, result.waiting) == (1, [], [], [])
    assert {**back.values, "updated_at": 0} == {**made.values, "updated_at": 0}


def test_undoing_an_overwritten_unit_marks_it_and_says_who_holds_the_field(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a"})
        service.update("sample.thing", made.id, {"name": "b"})
        service.update("sample.thing", made.id, {"name": "c"})
        later, middle, _first = units_of(made.id)

        result = undo(middle)

        assert service.get("sample.thing", made.id).get("name") == "c"
        assert {"type": "sample.thing", "id": made.id, "field": "name", "by": later} in result.overwritten
        undo(later)
        assert service.get("sample.thing", made.id).get("name") == "a"


def test_a_unit_is_undone_once_and_its_undo_can_be_undone(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a"})
        service.update("sample.thing", made.id, {"name": "b"})
        unit = units_of(made.id)[0]
        result = undo(unit)
        with pytest.raises(Conflict, match="undone already"):
            undo(unit)

        undo(result.unit)

        assert service.get("sample.thing", made.id).get("name") == "b"
        undo(unit)
        assert service.get("sample.thing", made.id).get("name") == "a"


def test_undoing_a_creation_bins_the_record_and_redo_brings_it_back(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a"})
        result = undo(units_of(made.id)[0])
        with pytest.raises(NotFound):
            service.get("sample.thing", made.id)

        undo(result.unit)

        assert service.get("sample.thing", made.id).get("name") == "a"


def test_undoing_a_deletion_restores(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a"})
        service.delete("sample.thing", made.id)
        undo(units_of(made.id)[0])

        assert service.get("sample.thing", made.id).get("name") == "a"


def test_one_field_of_an_entry_can_be_undone_alone(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "size": 1})
        service.update("sample.thing", made.id, {"name": "b", "size": 2})
        entry = history.history("sample.thing", made.id)[0]
        undo(entry.unit, entry_id=entry.id, name="size")
        now = service.get("sample.thing", made.id)

    assert (now.get("name"), now.get("size")) == ("b", 1)


def test_a_group_is_undone_as_one(house):
    with house.acting(ANN):
        with units.group("two things") as group_id:
            first = service.create("sample.thing", {"name": "a"})
            second = service.create("sample.thing", {"name": "b"})
        result = undo(group_id)

        assert result.reverted == 2
        for one in (first, second):
            with pytest.raises(NotFound):
                service.get("sample.thing", one.id)


def test_undo_touches_only_what_the_person_may_edit_today(house):
    with house.acting(SELLER):
        with units.group("mine") as group_id:
            kept = service.create("sample.thing", {"name": "kept"})
            given_away = service.create("sample.thing", {"name": "given"})
        service.update("sample.thing", given_away.id, {})
    with house.acting(ANN):
        from sqlalchemy import update

        from kumiko.host.context import transaction
        from kumiko.host.scoping import trusted
        from kumiko_testing.sample.models import Thing

        with transaction():
            trusted(update(Thing.__table__).where(Thing.__table__.c.id == given_away.id).values(owner_id=5))
    with house.acting(SELLER):
        result = undo(group_id)

        assert result.reverted == 1
        assert result.refused == [{"count": 1, "reason": "not yours to change today"}]
        with pytest.raises(NotFound):
            service.get("sample.thing", kept.id)
    with house.acting(ANN):
        assert service.get("sample.thing", given_away.id).get("name") == "given"


def test_strangers_cannot_undo_what_they_cannot_see(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a"})
        unit = units_of(made.id)[0]
    with house.acting(SELLER), pytest.raises(NotFound):
        undo(unit)


values = st.fixed_dictionaries(
    {},
    optional={
        "name": st.sampled_from("abc"),
        "size": st.one_of(st.none(), st.integers(0, 3)),
        "price": st.sampled_from([None, "1 EUR", "2 USD"]),
        "tags": st.lists(st.sampled_from("xyz"), max_size=2),
        "words": st.lists(st.sampled_from("pqr"), max_size=3),
    },
)
steps = st.lists(st.one_of(values, st.just("delete"), st.just("restore")), min_size=1, max_size=6)


def shown(record_id):
    found = service.find("sample.thing", record_id)
    if found is None:
        return "gone"
    rows = [{**row} for row in found.get("parts")]
    return {name: found.get(name) for name in ("name", "size", "price", "tags", "label", "owner")} | {"parts": rows}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=steps, order=st.randoms(use_true_random=False))
def test_all_units_undone_in_any_order_give_the_start_state(house, plan, order):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "start", "tags": ["z"], "parts": [{"word": "s"}]})
        start = shown(made.id)
        creation = units_of(made.id)[0]
        alive = True
        for step in plan:
            if step == "delete" and alive:
                service.delete("sample.thing", made.id)
                alive = False
            elif step == "restore" and not alive:
                service.restore("sample.thing", made.id)
                alive = True
            elif isinstance(step, dict) and alive:
                change = dict(step)
                words = change.pop("words", None)
                if words is not None:
                    kept = service.get("sample.thing", made.id).get("parts")
                    rows = [{"id": row["id"], "word": word} for row, word in zip(kept, words, strict=False)]
                    change["parts"] = rows + [{"word": word} for word in words[len(rows) :]]
                service.update("sample.thing", made.id, change)
        done = [unit for unit in units_of(made.id) if unit != creation]
        order.shuffle(done)
        undone = [undo(unit).unit for unit in done]

        assert shown(made.id) == start

        order.shuffle(undone)
        for unit in undone:
            undo(unit)
        assert {unit for unit in units_of(made.id) if unit in done} == set(done)


# ------------------------------------------------------------------ undo of undo, conflicts, rights to fields


def test_undoing_the_undo_of_one_field_and_undoing_that_again(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "a", "size": 1})
        service.update("sample.thing", made.id, {"name": "b", "size": 2})
        entry = history.history("sample.thing", made.id)[0]

        def size():
            return service.get("sample.thing", made.id).get("size")

        first = undo(entry.unit, entry_id=entry.id, name="size")
        second = undo(first.unit)
        after_redo = (size(), history.unit_summary(entry.unit).undone_at, history.unit_summary(first.unit).undone_at)
        third = undo(second.unit)
        assert (after_redo[:2], size()) == ((2, None), 1)
        assert after_redo[2] is not None
        assert history.unit_summary(first.unit).undone_at is None  # it counts again
        undo(third.unit)
        undo(entry.unit)
        assert (size(), service.get("sample.thing", made.id).get("name")) == (1, "a")


def test_conflicts_are_told_before_with_both_values_and_the_person_chooses(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "start", "code": "C1"})
        service.update("sample.thing", made.id, {"name": "first", "code": "C2"})
        unit = units_of(made.id)[0]
    with house.acting(person(7, "Cid", roles=("administrator",))):
        service.update("sample.thing", made.id, {"name": "second"})
    with house.acting(ANN):
        later = units_of(made.id)[0]
        before = preview(unit)
        (told_one,) = [one for one in told(before.conflicts) if one.conflict.field == "name"]
        assert (told_one.label, told_one.now, told_one.back, told_one.actor) == ("Name", "second", "start", "Cid")
        assert (told_one.conflict.by, before.records, before.refused, before.waiting) == (later, 1, [], [])

        result = undo(unit, choices=Choices(back=frozenset({(made.id, "name")})))

        now = service.get("sample.thing", made.id)
        assert (now.get("name"), now.get("code"), result.put_back, result.overwritten) == ("start", "C1", 1, [])
        undo(units_of(made.id)[0])  # what was put back is a change like any other
        assert service.get("sample.thing", made.id).get("name") == "second"


def test_a_new_record_that_others_worked_on_is_a_conflict_and_can_be_kept(house):
    with house.acting(ANN), units.group("two things") as group_id:
        ids = [service.create("sample.thing", {"name": name}).id for name in ("a", "b")]
    with house.acting(person(7, "Cid", roles=("administrator",))):
        service.update("sample.thing", ids[0], {"code": "by Cid"})
    with house.acting(ANN):
        found = preview(group_id)
        assert [(one.key, one.back) for one in found.conflicts] == [(f"{ids[0]}:@exists", False)]
        result = undo(group_id, choices=Choices(keep=frozenset({(ids[0], "@exists")})))
        assert (result.reverted, service.find("sample.thing", ids[1])) == (1, None)
        assert service.get("sample.thing", ids[0]).get("code") == "by Cid"
        assert history.unit_summary(group_id).undone_at is None


def test_undo_leaves_fields_that_the_persons_role_may_not_change(house):
    locked = replace(SELLER, read_only_fields={"sample.thing": frozenset({"size"})})
    with house.acting(SELLER):
        made = service.create("sample.thing", {"name": "a", "size": 1})
        service.update("sample.thing", made.id, {"name": "b", "size": 2})
        unit = units_of(made.id)[0]
    with house.acting(locked):
        result = undo(unit)
        now = service.get("sample.thing", made.id)
        assert (now.get("name"), now.get("size")) == ("a", 2)
        assert result.refused == [{"count": 1, "reason": "a field that your role may not change"}]
    with house.acting(SELLER):
        undo(unit)  # the rest of it, by somebody who may
        assert service.get("sample.thing", made.id).get("size") == 1
        assert history.unit_summary(unit).undone_at is not None


def test_much_is_undone_in_slices_and_goes_on_where_it_was_killed(house, monkeypatch):
    monkeypatch.setattr(undo_jobs, "SLICE", 7)
    with house.acting(ANN):
        start = [service.create("sample.thing", {"name": f"t{number}", "size": 0}).id for number in range(20)]
        with units.group("many") as group_id:
            made = [service.create("sample.thing", {"name": f"n{number}"}).id for number in range(5)]
            service.bulk("sample.thing", start, values={"size": 9})
        with house.acting(person(7, "Cid", roles=("administrator",))):
            service.update("sample.thing", start[3], {"size": 4})

    def sizes():
        found = [service.find("sample.thing", one) for one in (*start, *made)]
        return [one.get("size") if one else "gone" for one in found]

    with house.acting(ANN):

        class Killed(BaseException):
            pass

        def dies(done, _total):
            if done >= 14:
                raise Killed

        with pytest.raises(Killed):
            undo_jobs.undo_in_slices(group_id, dies)
        half = sizes()
        result = undo_jobs.undo_in_slices(group_id)

        assert half == [9, 9, 9, 4, 9, 9] + [0] * 14 + [None] * 5
        assert sizes() == [0] * 3 + [4] + [0] * 16 + ["gone"] * 5
        assert (result.reverted, result.refused) == (10, [])
        assert history.unit_summary(group_id).undone_at is not None
