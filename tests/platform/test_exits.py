"""What leaves is logged, limited and marked; unusual reading is slowed; a mark survives and changes nothing."""

import csv
import io

import admin_lab
import pytest
from python_calamine import CalamineWorkbook

from kumiko.access import accounts
from kumiko.exits import exporting, marks, reading
from kumiko.exits.marks import Mark
from kumiko.host import settings
from kumiko.host.errors import Forbidden, Invalid, TooMany
from kumiko.imports import export
from kumiko.notify.services import own_notices
from kumiko.records import service
from kumiko.records.catalogue import catalogue

PERSON = "parties.person"
SECRET = "k" * 40


@pytest.fixture
def desk(clone_database, tmp_path):
    made = admin_lab.Desk(clone_database("admin", admin_lab.build), tmp_path)
    made.welcomed()
    with made.acting():
        team = accounts.find_team_id("North")
        service.update("access.team", team, {"head": made.user_id("root@example.com")})
        rows = [{"last_name": f"Ångström {number}", "owner": made.user_id("hedy@example.com"), "team": team}
                for number in range(12)]  # fmt: skip
        made.ids = service.create_many(PERSON, rows)
        made.north = team
    yield made
    made.database.close()


def exported(desk, email, file_format="csv", **more):
    with desk.acting(email):
        stream = io.BytesIO()
        export.export_to(stream, "persons", file_format, bom=True, **more)
        return stream.getvalue()


def log(desk):
    with desk.acting("root@example.com"):
        return [
            (row["user_name"], row["collection"], row["file_format"], row["row_count"], row["status"])
            for row in reversed(exporting.newest(50))
        ]


def saved_as_csv(raw):
    """As a spreadsheet program does: opened, and saved as CSV."""
    rows = CalamineWorkbook.from_filelike(io.BytesIO(raw)).get_sheet_by_index(0).to_python()
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def test_the_mark_of_a_file_names_who_took_it_out_and_survives_opening_and_saving(desk, tmp_path):
    hedy = desk.user_id("hedy@example.com")
    book, text = exported(desk, "hedy@example.com", "xlsx"), exported(desk, "hedy@example.com")
    assert [one[:4] for one in log(desk)] == [("Hedy", "persons", "xlsx", 12), ("Hedy", "persons", "csv", 12)]
    for raw, number in ((book, 0), (text, 1), (saved_as_csv(book), 0), (text.decode("utf-8-sig").encode("utf-16"), 1)):
        (mark,) = marks.read(io.BytesIO(raw), SECRET)
        with desk.acting("root@example.com"):
            line = exporting.line_of(mark)
        assert (mark.user_id, line["file_format"]) == (hedy, ("xlsx", "csv")[number])
    assert marks.read(io.BytesIO(text), "another key") == []
    answer = desk.browser().submit("/exports/mark", {"file": (io.BytesIO(text), "leaked.csv")})
    assert "Hedy took it out on" in answer.text

    names = [row["name"] for row in csv.DictReader(io.StringIO(text.decode("utf-8-sig")))]
    assert names != [marks.without(name) for name in names]
    assert sorted(marks.without(name) for name in names) == sorted(f"Ångström {number}" for number in range(12))


def test_an_export_that_comes_in_again_changes_nothing(desk, tmp_path):
    from kumiko.imports.engine import Importer
    from kumiko.imports.plan import compile_plan
    from kumiko.imports.tables import open_table
    from kumiko.imports.wishes import Wishes

    for name, raw in (
        ("a.csv", exported(desk, "hedy@example.com")),
        ("a.xlsx", exported(desk, "hedy@example.com", "xlsx")),
    ):
        (tmp_path / name).write_bytes(raw)
        with desk.acting("root@example.com"):
            table = open_table(tmp_path / name, filename=name)
            report = Importer(table, compile_plan(Wishes(collection="persons", key="id"), table.columns)).run()
        said = report.as_json()
        assert (said["created"], said["updated"], said["unchanged"]) == (0, 0, 12), said


def test_zero_width_signs_that_are_no_mark_stay():
    persian = "می‌خواهم"
    sign = marks.sealed(Mark(7, exporting.utc_now(), 3), SECRET)
    assert marks.without(persian + sign) == persian
    assert len(sign) == marks.LENGTH


def test_above_the_limit_of_a_day_the_head_is_asked_and_the_allowed_export_is_fetched_once(desk):
    with desk.acting():
        settings.put({"exits.rows_per_day": 20})
    exported(desk, "hedy@example.com")
    with pytest.raises(Forbidden, match="8 are left today"):
        exported(desk, "hedy@example.com")
    with desk.acting("root@example.com"):
        assert [one.text for one in own_notices()] == ["Hedy asks to export persons above the limit of 20 a day."]
    root = desk.browser()
    waiting = next(line for line in root.get("/exports").text.split('action="/exports/') if line[:1].isdigit())
    assert root.submit(f"/exports/{waiting.partition('/')[0]}/allow").status_code == 303
    with pytest.raises(Forbidden):
        exported(desk, "hedy@example.com", q="Ångström")
    assert exported(desk, "hedy@example.com")
    with pytest.raises(Forbidden):
        exported(desk, "hedy@example.com")
    with desk.acting():
        settings.put({"exits.above": "refuse"})
    with pytest.raises(Forbidden, match="Narrow the list"):
        exported(desk, "hedy@example.com")
    assert [one[4] for one in log(desk)] == ["done", "done", "waiting", "waiting", "refused"]
    assert exported(desk, "root@example.com")  # administrators have no limit


def test_a_role_may_have_a_limit_of_its_own_and_the_largest_of_several_counts(desk):
    chosen = {"rows_per_day": 20, "rows_per_role": "seller = 5\nhead=100\n"}
    roles = (("seller",), ("head",), ("seller", "head"), ("analyst",), ("seller", "analyst"), ())
    assert [exporting.limit_of(one, chosen) for one in roles] == [5, 100, 100, 20, 20, 20]
    assert exporting.limit_of(("seller", "free"), {**chosen, "rows_per_role": "free = 0"}) == 0
    for wrong in ("seller", "seller = many", "= 5", "seller = -1"):
        with pytest.raises(Invalid, match="is not understood"):
            exporting.check_role_limits(wrong)
    with desk.acting():
        settings.put({"exits.rows_per_role": "head = 5"})
    with pytest.raises(Forbidden, match="You may take out 5 records a day"):
        exported(desk, "hedy@example.com")


def test_somebody_who_opens_many_records_is_slowed_and_their_head_is_told_once(desk):
    with desk.acting():
        settings.put({"exits.cards": 5, "exits.minutes": 10, "exits.pause_s": 60})
    hedy = desk.browser("hedy@example.com")
    answers = [hedy.get(f"/persons/{record_id}") for record_id in desk.ids[:9]]
    assert [one.status_code for one in answers] == [200] * 6 + [429] * 3
    assert int(answers[-1].headers["Retry-After"]) > 30
    assert hedy.get(f"/persons/{desk.ids[0]}").status_code == 429
    with desk.acting("root@example.com"):
        assert [one.text for one in own_notices()] == [
            "Hedy opened 6 records in 10 minutes and is slowed from here on."
        ]
        week = reading.per_user(exporting.utc_now() - exporting.ALLOWED_FOR)
        assert [(row["user_id"], row["opened"]) for row in week] == [(desk.user_id("hedy@example.com"), 6)]
        with desk.acting("hedy@example.com"), pytest.raises(TooMany):
            reading.note(catalogue().get(PERSON), desk.ids[-1])
    root = desk.browser()
    assert {root.get(f"/persons/{record_id}").status_code for record_id in desk.ids} == {200}
    page = root.get("/exports/reading").text
    assert "Hedy opened 6 records in 10 minutes" in page
    assert desk.browser("sal@example.com").get("/exports/reading").status_code == 403


def test_nobody_takes_data_out_through_somebody_elses_eyes(desk):
    root = desk.browser()
    root.submit(f"/view-as/{desk.user_id('hedy@example.com')}")
    assert root.get("/persons").status_code == 200
    assert root.get("/export/persons?format=csv").status_code == 403
    assert log(desk) == []
