"""Tables that leave: what is written is read back, and nothing in it is a formula."""

# ruff: noqa: DTZ001 - a moment in a workbook has no zone

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumiko.imports import writers
from kumiko.imports.cells import OutCell
from kumiko.imports.tables import Row, TableError, open_table
from kumiko.imports.writers import RefusedRow, csv_chunks, write_csv, write_refused, write_xlsx

COLUMNS = ["Name", "Won on", "Met at", "Amount", "Open"]
LINE: list[OutCell] = ["=1+1", date(2024, 1, 31), datetime(2024, 1, 31, 13, 30, tzinfo=UTC), Decimal("12.50"), True]


def csv_of(columns: list[str], rows: list[list[OutCell]], *, bom: bool = False) -> bytes:
    stream = io.BytesIO()
    write_csv(stream, columns, rows, bom=bom)
    return stream.getvalue()


def xlsx_of(columns: list[str], rows: list[list[OutCell]]) -> bytes:
    stream = io.BytesIO()
    write_xlsx(stream, columns, rows)
    return stream.getvalue()


def test_csv_is_written_in_standard_terms() -> None:
    assert csv_of(COLUMNS, [LINE, [None, None, None, -5, False]]).decode() == (
        "Name,Won on,Met at,Amount,Open\r\n'=1+1,2024-01-31,2024-01-31T13:30:00Z,12.50,true\r\n,,,-5,false\r\n"
    )


def test_the_mark_for_spreadsheet_programs_is_written_when_asked_for() -> None:
    assert csv_of(["Name"], [], bom=True) == b"\xef\xbb\xbfName\r\n"


def test_csv_comes_in_pieces_of_limited_size() -> None:
    pieces = list(csv_chunks(["a"], (["x" * 1000] for _ in range(1000))))
    assert len(pieces) > 10
    assert max(map(len, pieces)) < 70_000
    assert open_table(b"".join(pieces), filename="x.csv").row_count == 1000


printable = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
any_text = st.one_of(st.text("'=+-@\t\r\n,;\"ab ", min_size=1, max_size=8), printable).filter(str.strip)


@given(st.lists(st.tuples(any_text, any_text), min_size=1, max_size=8))
def test_any_text_survives_csv(lines: list[tuple[str, str]]) -> None:
    table = open_table(csv_of(["a", "b"], [list(line) for line in lines]), filename="x.csv", delimiter=",")
    assert [(row.values["a"], row.values["b"]) for row in table.rows] == lines


@given(
    st.lists(
        st.tuples(printable.filter(str.strip), st.integers(-(10**14), 10**14), st.dates(date(1900, 3, 1))), max_size=5
    )
)
def test_text_numbers_and_days_survive_a_workbook(lines: list[tuple[str, int, date]]) -> None:
    table = open_table(xlsx_of(["a", "b", "c"], [list(line) for line in lines]), filename="x.xlsx")
    assert [tuple(row.values.values()) for row in table.rows] == lines


def test_a_workbook_holds_real_days_moments_and_numbers_and_no_formula() -> None:
    stream = io.BytesIO()
    assert write_xlsx(stream, COLUMNS, [LINE], zone=ZoneInfo("Europe/Berlin")) == []
    (row,) = open_table(stream.getvalue(), filename="x.xlsx").rows
    assert list(row.values.values()) == ["=1+1", date(2024, 1, 31), datetime(2024, 1, 31, 14, 30), 12.5, True]
    with zipfile.ZipFile(stream) as parts:
        page = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "'=1+1" in page


def test_addresses_and_long_numbers_stay_text() -> None:
    content = xlsx_of(["a", "b", "c"], [["https://example.org", 12345678901234567, float("nan")]])
    (row,) = open_table(content, filename="x.xlsx").rows
    assert list(row.values.values()) == ["https://example.org", "12345678901234567", "nan"]


def test_days_before_the_calendar_of_spreadsheets_stay_readable() -> None:
    content = xlsx_of(["a", "b"], [[date(1899, 5, 1), datetime(1850, 1, 2, 3, 4, tzinfo=UTC)]])
    (row,) = open_table(content, filename="x.xlsx").rows
    assert list(row.values.values()) == ["1899-05-01", "1850-01-02 03:04:00"]


def test_text_beyond_a_spreadsheet_cell_is_cut_and_said() -> None:
    stream = io.BytesIO()
    notes = write_xlsx(stream, ["a"], [["x" * 40_000]])
    assert notes == ["1 texts were longer than 32,767 characters and were cut; CSV keeps them."]
    (row,) = open_table(stream.getvalue(), filename="x.xlsx").rows
    assert row.values["a"] == "x" * 32_766 + "…"


def test_more_rows_than_a_sheet_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writers, "MAX_SHEET_ROWS", 3)
    with pytest.raises(TableError, match="Export CSV instead"):
        write_xlsx(io.BytesIO(), ["a"], [["1"], ["2"], ["3"]])


@pytest.mark.parametrize("name", ["refused.csv", "refused.xlsx"])
def test_refused_rows_are_written_with_number_and_reason(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    refused = [RefusedRow(Row(7, {"Name": "=Ada", "row": "x"}), "A number is wanted, nothing was found.")]
    assert write_refused(path, ["Name", "row"], refused) == 1
    table = open_table(path, filename=name)
    (row,) = table.rows
    assert {title: str(value) for title, value in row.values.items()} == {
        "Name": "=Ada",
        "row": "x",
        "row 2": "7",
        "reason": "A number is wanted, nothing was found.",
    }
    assert [entry.name for entry in tmp_path.iterdir()] == [name]
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_failure_while_writing_refused_rows_leaves_no_file(tmp_path: Path) -> None:
    def failing() -> object:
        yield RefusedRow(Row(2, {"a": "1"}), "no")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write_refused(tmp_path / "refused.csv", ["a"], failing())  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []
