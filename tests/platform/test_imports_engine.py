"""Imports through the engine: mapping, links, keys, refusals, groups and their undo, on both databases."""

import pytest
from sqlalchemy import func, select

from kumiko.host.context import transaction
from kumiko.host.errors import Forbidden, Invalid, NotFound
from kumiko.host.scoping import trusted
from kumiko.imports import engine
from kumiko.imports.engine import Importer
from kumiko.imports.plan import compile_plan
from kumiko.imports.tables import open_table
from kumiko.imports.wishes import Wishes
from kumiko.records import service
from kumiko.records.catalogue import catalogue
from kumiko.records.models import Entry, Unit
from kumiko.records.undo import undo
from kumiko_testing.records import OWN, person

ANN = person(5, "Ann")
THINGS = {"name": "title", "external_id": "code", "code": "code"}


def importer(csv, collection="things", maps=THINGS, *, dry_run=False, **more):
    table = open_table(csv.encode(), filename="file.csv")
    more.setdefault("sets", ())
    wishes = Wishes(collection=collection, maps=tuple(maps.items()), **more)
    return Importer(table, compile_plan(wishes, table.columns), dry_run=dry_run)


def bring(csv, collection="things", maps=THINGS, **more):
    return importer(csv, collection, maps, **more).run()


def counts(report):
    return (report.rows, report.created, report.updated, report.unchanged, len(report.refused))


def ids_of(type_key):
    table = catalogue().get(type_key).table
    return trusted(select(table.c.id).where(table.c.deleted_at.is_(None)).order_by(table.c.id)).scalars().all()


def live(type_key, *names):
    """Values of all live records of a type, by id."""
    views = [service.get(type_key, record_id) for record_id in ids_of(type_key)]
    return [tuple(view.title if name == "name" else view.get(name) for name in names) for view in views]


def journal_size():
    return tuple(
        trusted(select(func.count()).select_from(table)).scalar() for table in (Unit.__table__, Entry.__table__)
    )


def test_rows_become_records_with_values_of_every_kind(house):
    csv = (
        "code;title;price;due;seen;state;size;ready;share;tags;flavours\n"
        "A1;  First  thing ;1.234,50;31.12.2025;2025-06-01 10:00;Done;1.000;ja;12,5 %;x, y;sweet\n"
    )
    maps = THINGS | {
        "price": "price", "due_on": "due", "seen_at": "seen", "state": "state", "size": "size", "ready": "ready",
        "share": "share", "tags": "tags", "flavours": "flavours",
    }  # fmt: skip
    with house.acting(ANN):
        report = bring(csv, maps=maps, sets=(("price.currency", "USD"),), decimal_mark=",")
        view = service.get("sample.thing", ids_of("sample.thing")[0])

    assert report.refused == {}
    assert counts(report) == (1, 1, 0, 0, 0)
    assert view.title == "First thing"
    assert (view.get("price").minor, view.get("price").currency) == (123450, "USD")
    assert view.get("due_on").isoformat() == "2025-12-31"
    assert view.get("seen_at").isoformat() == "2025-06-01T10:00:00+00:00"
    assert (view.get("state"), view.get("size"), view.get("ready"), view.get("share")) == ("done", 1000, True, 12.5)
    assert (view.get("tags"), view.get("flavours"), view.get("external_id")) == (["x", "y"], ["sweet"], "A1")
    assert view.link_id("owner") == 5


def test_a_second_import_with_the_same_key_changes_nothing_and_leaves_no_trace(house):
    csv = "code,title\nA1,One\nA2,Two\n"
    with house.acting(ANN):
        bring(csv)
        before = journal_size()

        again = bring(csv)

        assert counts(again) == (2, 0, 0, 2, 0)
        assert again.group_id is None
        assert journal_size() == before


def test_a_row_with_a_known_key_changes_only_what_differs_and_empty_cells_change_nothing(house):
    with house.acting(ANN):
        bring("code,title,size\nA1,One,1\nA2,Two,2\n", maps=THINGS | {"size": "size"})

        report = bring("code,title,size\nA1,One,7\nA2,,\n", maps=THINGS | {"size": "size"})

        assert counts(report) == (2, 0, 1, 1, 0)
        assert live("sample.thing", "name", "size") == [("One", 7), ("Two", 2)]
        assert [service.get("sample.thing", one).version for one in ids_of("sample.thing")] == [2, 1]


def test_a_key_that_comes_twice_in_one_file_is_refused_at_its_second_row(house):
    with house.acting(ANN):
        report = bring("code,title\nA1,One\nA1,Uno\n")

        assert report.refused == {3: "external_id 'A1' stands in row 2 already; a key can come once in a file"}
        assert live("sample.thing", "name") == [("One",)]


def test_without_a_mapped_key_every_row_makes_a_record(house):
    with house.acting(ANN):
        bring("title\nOne\nOne\n", maps={"name": "title"})

        assert live("sample.thing", "name") == [("One",), ("One",)]


def test_refused_rows_are_named_with_their_reasons_and_the_others_come_in(house):
    csv = "code,title,size,state\nA1,One,x,open\nA2,,1,open\nA3,Three,3,gone\nA4,veto,4,open\nA5,Five,5,DONE\n"
    with house.acting(ANN):
        report = bring(csv, maps=THINGS | {"size": "size", "state": "state"})

        assert report.refused == {
            2: 'size: A number is wanted, "x" was found.',
            3: "name: Name is needed.",
            4: "state: 'gone' is not offered; wanted one of: open (Open), waiting (Waiting), checked (Checked), "
            "done (Done)",
            5: "nothing may be called veto",
        }
        assert live("sample.thing", "name", "state") == [("Five", "done")]
        assert {name: (one.given, one.taken) for name, one in report.columns.items()} == {
            "title": (4, 1), "code": (5, 1), "size": (5, 1), "state": (5, 1),
        }  # fmt: skip


def test_rules_that_guard_people_only_warn(house):
    with house.acting(ANN):
        report = bring("title,state\nOne,done\n", maps={"name": "title", "state": "state"})

        assert counts(report) == (1, 1, 0, 0, 0)
        assert report.shown_warnings == [(2, "A done thing needs a code.")]


def test_links_are_found_by_external_id_then_by_name(house):
    with house.acting(ANN):
        service.create("sample.topic", {"name": "Alpha", "external_id": "T1"})
        service.create("sample.topic", {"name": "Beta"})

        report = bring(
            "code,title,topic\nA1,One,T1\nA2,Two,Beta\nA3,Three,Gamma\nA4,Four,\n", maps=THINGS | {"topic": "topic"}
        )

        assert report.refused == {4: "topic: there is no topic 'Gamma' that you may see"}
        assert [(name, link and link.name) for name, link in live("sample.thing", "name", "topic")] == [
            ("One", "Alpha"), ("Two", "Beta"), ("Four", None),
        ]  # fmt: skip


def test_an_ambiguous_name_is_refused_with_the_ids_it_could_mean(house):
    with house.acting(ANN):
        ids = [service.create("sample.topic", {"name": "Alpha"}).id for _one in range(2)]

        report = bring("title,topic\nOne,Alpha\n", maps={"name": "title", "topic": "topic"})

        assert report.refused == {
            2: f"topic: 2 topics are meant by 'Alpha' (ids {ids[0]}, {ids[1]}); name one by its external id"
        }


def test_missing_links_are_made_once_when_asked_for_and_only_for_rows_that_come_in(house):
    csv = "code,title,topic\nA1,One,Alpha\nA2,Two,Alpha\nA3,veto,Beta\n"
    with house.acting(ANN):
        report = bring(csv, maps=THINGS | {"topic": "topic"}, create=("topics",))

        assert report.made == {"topics": 1}
        assert live("sample.topic", "name") == [("Alpha",)]
        assert report.refused == {4: "nothing may be called veto"}


def test_a_dry_run_reports_the_same_and_writes_nothing(house):
    csv = "code,title,topic\nA1,One,Alpha\nA2,Two,Alpha\nA3,veto,Beta\n"
    with house.acting(ANN):
        before = journal_size()
        dry = bring(csv, maps=THINGS | {"topic": "topic"}, create=("topics",), dry_run=True)

        assert journal_size() == before
        assert live("sample.thing", "name") == []
        real = bring(csv, maps=THINGS | {"topic": "topic"}, create=("topics",))
        assert (counts(dry), dry.made, dry.refused) == (counts(real), real.made, real.refused)
        assert (dry.group_id, real.group_id is not None) == (None, True)


def test_undo_of_the_group_takes_every_chunk_and_what_was_made_for_links(house, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 2)
    with house.acting(ANN):
        bring("code,title,size\nA0,Old,1\n", maps=THINGS | {"size": "size"})
        csv = "code,title,size,topic\n" + "".join(f"A{n},Thing {n},5,T{n % 2}\n" for n in range(5))

        report = bring(csv, maps=THINGS | {"size": "size", "topic": "topic"}, create=("topics",))
        assert counts(report) == (5, 4, 1, 0, 0)
        result = undo(report.group_id)

        assert (result.overwritten, result.refused, result.waiting) == ([], [], [])
        assert live("sample.thing", "name", "size", "topic") == [("Old", 1, None)]
        assert live("sample.topic", "name") == []


def test_a_killed_import_leaves_whole_chunks_and_a_rerun_completes_it(house, monkeypatch):
    monkeypatch.setattr(engine, "CHUNK", 2)
    csv = "code,title\n" + "".join(f"A{n},Thing {n}\n" for n in range(5))
    with house.acting(ANN):
        first = importer(csv)
        chunks = first.chunks()
        first.process(next(chunks), transaction)
        assert len(live("sample.thing", "name")) == 2

        again = bring(csv)

        assert counts(again) == (5, 3, 0, 2, 0)
        assert len(live("sample.thing", "name")) == 5


def test_without_the_right_to_create_nothing_is_imported(house):
    nobody = person(9, "Nobody", level=dict.fromkeys(OWN, "none"))
    with house.acting(nobody), pytest.raises(Forbidden, match="does not allow you to create things"):
        bring("code,title\nA1,One\n")


def test_records_of_others_are_neither_changed_nor_doubled(house):
    with house.acting(ANN):
        bring("code,title\nA1,One\n")
    with house.acting(person(6, "Ben", level=OWN)):
        report = bring("code,title\nA1,Mine\nA2,Two\n")

        assert report.refused == {2: "external_id 'A1' names a record that you may not change"}
        assert counts(report) == (2, 1, 0, 0, 1)


def test_fields_that_are_read_only_for_the_person_cannot_be_mapped(house):
    reader = person(5, "Ann", read_only_fields={"sample.thing": frozenset({"code"})})
    with (
        house.acting(reader),
        pytest.raises(Invalid, match="The field code is kept by the system or read-only for you"),
    ):
        bring("code,title\nA1,One\n")


@pytest.mark.parametrize(
    ("maps", "more", "sentence"),
    [
        ({"name": "nope"}, {}, "The file has no column 'nope'; its columns are: code, title"),
        ({"nmae": "title"}, {}, r"Things have no field 'nmae' .* Did you mean name\?"),
        ({"label": "title"}, {}, "The field label is kept by the system"),
        ({"name": "title"}, {"key": "code"}, "The key code is not mapped to a column"),
        ({"name": "title"}, {"key": "nope"}, "Things have no field 'nope' that could be a key"),
        ({"name": "title", "state": "code"}, {"key": "state"}, "state cannot be a key"),
        ({"name": "title"}, {"values": (("state", "x", "open"),)}, "Values of state are given, but no column"),
        ({"name": "title"}, {"create": ("topics",)}, "topics shall be made where they are missing, but no column"),
        ({"name.first": "title"}, {}, "name.first leads nowhere: name is no link"),
        ({}, {}, None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_whole_import_is_one_sentence(house, maps, more, sentence):
    with house.acting(ANN):
        before = journal_size()
        if sentence is None:  # "code" bears the name of a field, so a mapping is not needed
            assert importer("code,title\nA1,One\n", maps=maps, **more).plan.columns == ("code",)
            return
        with pytest.raises(Invalid, match=sentence):
            bring("code,title\nA1,One\n", maps=maps, **more)
        assert journal_size() == before


def test_an_unknown_collection_and_an_unknown_created_one_are_named(house):
    with house.acting(ANN):
        with pytest.raises(NotFound, match="There is no collection 'thongs'; there are: .*things"):
            bring("title\nOne\n", "thongs")
        with pytest.raises(NotFound, match="There is no collection 'tropics'"):
            bring("code,title\nA1,One\n", create=("tropics",))


def test_words_of_the_file_are_translated(house):
    with house.acting(ANN):
        report = bring(
            "title,state\nOne,Closed\nTwo,running\n",
            maps={"name": "title", "state": "state"},
            values=(("state", "Closed", "done"), ("state", "Running", "open")),
        )
        assert report.refused == {}
        assert live("sample.thing", "name", "state") == [("One", "done"), ("Two", "open")]


def test_a_column_decides_by_itself_which_way_its_days_are_written(house):
    with house.acting(ANN):
        bring("title,due\nOne,3/4/2025\nTwo,4/30/2025\n", maps={"name": "title", "due_on": "due"})
        report = bring("title,due\nThree,3/4/2025\n", maps={"name": "title", "due_on": "due"})
        told = bring("title,due\nFour,3/4/2025\n", maps={"name": "title", "due_on": "due"}, date_order="dmy")

        assert [day.isoformat() for _name, day in live("sample.thing", "name", "due_on")] == [
            "2025-03-04", "2025-04-30", "2025-04-03",
        ]  # fmt: skip
        assert "say whether the day or the month comes first" in report.refused[2]
        assert told.refused == {}
