"""The record service: what it writes, what it refuses, on both databases."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert

from kumiko.host.context import transaction
from kumiko.host.errors import Conflict, Forbidden, Invalid, NotFound, Stale, Veto
from kumiko.host.scoping import trusted
from kumiko.records import dumps, history, search, service
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Share
from kumiko_testing.records import ALL, OWN, person

ANN, BEN = person(5, "Ann"), person(6, "Ben")
SELLER_ANN, SELLER_BEN = person(5, "Ann", level=OWN), person(6, "Ben", level=OWN)


def plain(view):
    """The REST form without what the clock decides."""
    found = dumps.dump_view(view)
    return {name: value for name, value in found.items() if name not in ("created_at", "updated_at")}


def test_a_created_record_reads_back_as_it_was_answered(house):
    with house.acting(ANN):
        topic = service.create("sample.topic", {"name": "Alpha"})
        made = service.create(
            "sample.thing",
            {
                "name": "  One  two ",
                "price": {"value": "10.5", "currency": "USD"},
                "topic": {"id": topic.id},
                "due_on": "2026-02-03",
                "seen_at": "2026-02-03T10:00:00+02:00",
                "tags": ["x", "y"],
                "flavours": ["sour"],
                "ready": True,
                "parts": [{"word": "hi", "topic": topic.id, "main": True}, {"word": "ho"}],
                "external_id": "E1",
            },
        )

        read = service.get("sample.thing", made.id)

    assert dumps.dump_view(read) == dumps.dump_view(made)
    assert plain(read) == {
        "id": made.id,
        "type": "sample.thing",
        "version": 1,
        "name": "One two",
        "code": None,
        "remark": None,
        "size": None,
        "weight": None,
        "share": None,
        "price": {"value": "10.50", "currency": "USD"},
        "ready": True,
        "due_on": "2026-02-03",
        "seen_at": "2026-02-03T08:00:00Z",
        "state": "open",
        "flavours": ["sour"],
        "topic": {"id": topic.id, "name": "Alpha"},
        "label": "One two",
        "parts": [
            {"id": made.get("parts")[0]["id"], "word": "hi", "main": True, "topic": {"id": topic.id, "name": "Alpha"}},
            {"id": made.get("parts")[1]["id"], "word": "ho", "main": None, "topic": None},
        ],
        "owner": {"id": 5, "name": "Ann"},
        "team": None,
        "co_owners": [],
        "tags": ["x", "y"],
        "external_ids": [{"system": "", "id": "E1"}],
        "created_by": {"id": 5, "name": "Ann"},
        "updated_by": {"id": 5, "name": "Ann"},
        "external_id": "E1",
        "custom": {},
    }


def test_ids_are_unique_in_the_whole_installation_and_never_reused(house):
    with house.acting(ANN):
        ids = [service.create("sample.topic", {"name": "a"}).id, service.create("sample.thing", {"name": "b"}).id]
        service.delete("sample.thing", ids[1])
        ids.append(service.create("sample.thing", {"name": "c"}).id)

    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({}, "name", "is needed"),
        ({"name": "x", "colour": "red"}, "colour", "there is no field 'colour'"),
        ({"name": "x", "label": "mine"}, "label", "kept by the system"),
        ({"name": "x", "created_at": "2026-01-01"}, "created_at", "kept by the system"),
        ({"name": "x", "size": "12.5"}, "size", "whole number"),
        ({"name": "x", "size": -1}, "size", "wanted 0 or more, found"),
        ({"name": "x", "share": 140}, "share", "from 0 to 100"),
        ({"name": "x", "due_on": "03.02.2026"}, "due_on", "wanted a date such as"),
        ({"name": "x", "seen_at": "2026-02-03T10:00"}, "seen_at", "with zone"),
        ({"name": "x", "price": {"value": "1.005", "currency": "USD"}}, "price", "more decimals than USD"),
        ({"name": "x", "price": {"value": "1", "currency": "XXZ"}}, "price", "unknown"),
        ({"name": "x", "price": True}, "price", "wanted an amount"),
        ({"name": "x", "state": "later"}, "state", "wanted one of: open, waiting, checked, done"),
        ({"name": "x", "topic": 999}, "topic", "there is no topic 999"),
        ({"name": "x", "topic": "Alpha"}, "topic", "wanted the id"),
        ({"name": "x", "parts": [{"word": "a"}, {"wrod": "b"}]}, "parts", "row 2"),
        ({"name": "x", "parts": "a"}, "parts", "list of rows"),
        ({"name": "x", "parts": [{"topic": 999}]}, "parts", "row 1: there is no topic"),
        ({"name": "a\x00b"}, "name", "NUL"),
        ({"name": "x" * 301}, "name", "at most 300"),
        ({"name": ["x"]}, "name", "wanted a text"),
        ({"name": "x", "custom": {"size": 1}}, "custom", "no custom field 'size'"),
        ({"name": "x", "state": "done"}, "code", "needs a code"),
    ],
)
def test_wrong_values_are_refused_with_field_and_sentence_and_nothing_is_written(house, values, field, words):
    with house.acting(ANN):
        with pytest.raises(Invalid) as refused:
            service.create("sample.thing", values)

        assert words in " ".join(refused.value.errors[field])
        assert search.search("x") == []


def test_a_rule_for_peoples_hands_only_warns_for_imported_history(house):
    with house.acting(ANN, via="import"):
        made = service.create("sample.thing", {"name": "x", "state": "done"})

    assert made.get("state") == "done"


def test_a_plugin_may_veto_with_a_reason(house):
    with house.acting(ANN), pytest.raises(Veto, match="nothing may be called veto"):
        service.create("sample.thing", {"name": "veto"})


def test_an_update_without_effect_leaves_no_trace(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x", "tags": ["a"], "parts": [{"word": "w"}]})
        rows = [{"id": made.get("parts")[0]["id"], "word": "w"}]
        same = service.update("sample.thing", made.id, {"name": "x", "tags": ["a"], "parts": rows})

        assert same.version == 1
        assert len(history.history("sample.thing", made.id)) == 1


def test_a_stale_update_is_refused_and_names_the_current_version(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x"})
        service.update("sample.thing", made.id, {"name": "y"}, if_match=1)

        with pytest.raises(Stale) as refused:
            service.update("sample.thing", made.id, {"size": 3}, if_match=1)

        assert refused.value.current_version == 2
        assert service.get("sample.thing", made.id).get("size") is None


def test_list_rows_are_journaled_one_by_one(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x", "parts": [{"word": "a"}, {"word": "b"}]})
        first, second = (row["id"] for row in made.get("parts"))
        service.update("sample.thing", made.id, {"parts": [{"id": second, "word": "B"}, {"word": "c"}]})

        entry = history.history("sample.thing", made.id)[0]
        third = service.get("sample.thing", made.id).get("parts")[1]["id"]

    assert {change.name: (change.before, change.after) for change in entry.changes} == {
        f"parts#{first}": ({"word": "a", "position": 0}, None),
        f"parts#{second}": ({"word": "b", "position": 1}, {"word": "B", "position": 0}),
        f"parts#{third}": (None, {"word": "c", "position": 1}),
    }


def test_a_row_of_another_record_cannot_be_taken_over(house):
    with house.acting(ANN):
        mine = service.create("sample.thing", {"name": "x", "parts": [{"word": "a"}]})
        other = service.create("sample.thing", {"name": "y"})
        with pytest.raises(Invalid, match="not accepted"):
            service.update("sample.thing", other.id, {"parts": [{"id": mine.get("parts")[0]["id"], "word": "z"}]})

        assert service.get("sample.thing", mine.id).get("parts")[0]["word"] == "a"


def test_a_record_is_found_by_its_new_external_id_and_no_more_by_the_former(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "Lamp", "external_id": "OLD-77"})
        service.update("sample.thing", made.id, {"external_id": "NEW-88"})
        assert [hit.id for hit in search.search("new-88")] == [made.id]
        assert search.search("old-77") == []


def test_an_external_id_names_one_live_record(house):
    with house.acting(ANN):
        first = service.create("sample.thing", {"name": "x", "external_id": "E"})
        with pytest.raises(Invalid, match="not accepted"):
            service.create("sample.thing", {"name": "y", "external_id": "E"})
        service.delete("sample.thing", first.id)

        assert service.create("sample.thing", {"name": "y", "external_id": "E"}).get("external_id") == "E"


def test_links_can_be_written_by_external_id(house):
    with house.acting(ANN):
        topic = service.create("sample.topic", {"name": "Alpha", "external_id": "T1"})
        made = service.create("sample.thing", {"name": "x", "topic": {"external_id": "T1"}})

        assert made.link_id("topic") == topic.id
        with pytest.raises(Invalid):
            service.create("sample.thing", {"name": "x", "topic": {"external_id": "T2"}})


def test_the_bin_keeps_and_gives_back(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "Needle", "parts": [{"word": "a"}], "tags": ["t"]})
        service.delete("sample.thing", made.id)
        with pytest.raises(NotFound):
            service.get("sample.thing", made.id)
        assert search.search("needle") == []

        service.restore("sample.thing", made.id)

        back = service.get("sample.thing", made.id)
        assert (back.get("name"), back.get("tags"), back.version) == ("Needle", ["t"], 3)
        assert [hit.id for hit in search.search("needle")] == [made.id]


def test_a_dictionary_value_in_use_is_replaced_not_deleted(house):
    with house.acting(ANN):
        old = service.create("sample.topic", {"name": "Old"})
        new = service.create("sample.topic", {"name": "New"})
        made = service.create("sample.thing", {"name": "x", "topic": old.id})
        with pytest.raises(Conflict, match="in use .1 things."):
            service.delete("sample.topic", old.id)

        assert service.replace_value("sample.topic", old.id, new.id) == 1

        assert service.get("sample.thing", made.id).link_id("topic") == new.id
        with pytest.raises(NotFound):
            service.get("sample.topic", old.id)


def test_sellers_see_and_change_only_their_own(house):
    with house.acting(SELLER_ANN):
        mine = service.create("sample.thing", {"name": "mine"})
    with house.acting(SELLER_BEN):
        with pytest.raises(NotFound):
            service.get("sample.thing", mine.id)
        with pytest.raises(NotFound):
            service.update("sample.thing", mine.id, {"name": "stolen"})
        with pytest.raises(NotFound):
            service.delete("sample.thing", mine.id)
        with pytest.raises(NotFound):
            history.history("sample.thing", mine.id)
        assert search.search("mine") == []


def test_a_co_owned_record_is_own(house):
    with house.acting(SELLER_ANN):
        mine = service.create("sample.thing", {"name": "mine"})
    with house.acting(ANN), transaction():
        trusted(insert(Share.__table__), {"record_id": mine.id, "user_id": 6})
    with house.acting(SELLER_BEN):
        assert service.update("sample.thing", mine.id, {"size": 1}).get("size") == 1


def test_reading_without_the_right_to_edit_is_told_apart_from_not_existing(house):
    reader = person(7, "Rita", level={**OWN, "read": "all"})
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x"})
    with house.acting(reader):
        assert service.get("sample.thing", made.id).title == "x"
        with pytest.raises(Forbidden, match="not change it"):
            service.update("sample.thing", made.id, {"name": "y"})


def test_an_item_hangs_on_its_record(house):
    with house.acting(SELLER_ANN):
        mine = service.create("sample.thing", {"name": "mine"})
        said = service.create("sample.remark", {"name": "hello", "thing": mine.id})
    with house.acting(SELLER_BEN):
        with pytest.raises(NotFound):
            service.get("sample.remark", said.id)
        with pytest.raises(Invalid):
            service.create("sample.remark", {"name": "spy", "thing": mine.id})
        alone = service.create("sample.remark", {"name": "alone"})
    with house.acting(SELLER_ANN):
        assert service.get("sample.remark", said.id).title == "hello"
        with pytest.raises(NotFound):
            service.get("sample.remark", alone.id)


def test_hidden_fields_are_neither_shown_nor_writable_nor_in_the_history(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x", "price": "10 USD"})
    blind = person(8, "Bo", level=ALL, hidden={"sample.thing": frozenset({"price"})})
    with house.acting(blind):
        assert "price" not in service.get("sample.thing", made.id).values
        with pytest.raises(Invalid, match="not accepted"):
            service.update("sample.thing", made.id, {"price": "1 USD"})
        assert "price" not in {change.name for change in history.history("sample.thing", made.id)[0].changes}


def test_bulk_changes_in_one_unit_and_names_what_it_left(house):
    with house.acting(SELLER_BEN):
        foreign = service.create("sample.thing", {"name": "b"}).id
    with house.acting(SELLER_ANN):
        ids = [service.create("sample.thing", {"name": f"a{number}", "code": "c"}).id for number in range(3)]
        bare = service.create("sample.thing", {"name": "bare"}).id
        result = service.bulk("sample.thing", [*ids, bare, foreign], values={"state": "done"})

    assert result.changed == 3
    assert result.refused == {foreign: "not found, or not yours to change", bare: "code: A done thing needs a code."}
    with house.acting(ANN):
        assert [service.get("sample.thing", one).get("state") for one in [*ids, bare]] == ["done"] * 3 + ["open"]
        assert {history.history("sample.thing", one)[0].unit for one in ids} == {result.unit}


def test_an_action_runs_in_one_unit_and_states_its_fact_once(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x", "code": "c"})
        after = service.run_action("sample.thing", made.id, "finish", {"on": "2026-03-01"}, if_match=1)

        assert (after.get("state"), after.get("due_on"), after.version) == ("done", date(2026, 3, 1), 2)
        with pytest.raises(Conflict, match="not possible"):
            service.run_action("sample.thing", made.id, "finish", {})
        with pytest.raises(NotFound):
            service.run_action("sample.thing", made.id, "explode", {})


def test_moments_are_aware_utc_on_both_databases(house):
    with house.acting(ANN):
        made = service.create("sample.thing", {"name": "x", "seen_at": "2026-07-01T00:30:00+05:00"})

        assert service.get("sample.thing", made.id).get("seen_at") == datetime(2026, 6, 30, 19, 30, tzinfo=UTC)


def test_the_catalogue_knows_what_links_to_a_type(house):
    with house.acting(ANN):
        named = {
            (info.key, field.name, item.name if item else None)
            for info, field, item in catalogue().links_to["sample.topic"]
        }

    assert named == {("sample.thing", "topic", None), ("sample.thing", "parts", "topic")}
