"""Tables that people bring: encodings, separators, workbooks, and files that are none."""

# ruff: noqa: DTZ001 - a moment in a workbook has no zone

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from kumiko.imports.tables import Row, Table, TableError, archive, open_table

DATA = Path(__file__).parent / "data"


def read(content: bytes | str, filename: str = "people.csv", **options: object) -> Table:
    raw = content.encode() if isinstance(content, str) else content
    return open_table(raw, filename=filename, **options)  # type: ignore[arg-type]


def cells(table: Table) -> list[list[object]]:
    return [list(row.values.values()) for row in table.rows]


def refusal(content: bytes | str, filename: str = "people.csv", **options: object) -> str:
    with pytest.raises(TableError) as caught:
        read(content, filename, **options)
    return caught.value.message


def workbook(fill: Callable[[xlsxwriter.Workbook], object]) -> bytes:
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    fill(book)
    book.close()
    return stream.getvalue()


def sheet_of(*lines: list[object]) -> bytes:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        for number, line in enumerate(lines):
            page.write_row(number, 0, line)

    return workbook(fill)


def ods(*rows: str) -> bytes:
    stream = io.BytesIO()
    spaces = " ".join(
        f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
    )
    with zipfile.ZipFile(stream, "w") as parts:
        parts.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        parts.writestr("META-INF/manifest.xml", '<manifest:manifest xmlns:manifest="urn:x"/>')
        parts.writestr(
            "content.xml",
            f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {spaces}><office:body>'
            f'<office:spreadsheet><table:table table:name="One">{"".join(rows)}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )
    return stream.getvalue()


def ods_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'


# --- text files ------------------------------------------------------------------------------------------------------


def test_rows_carry_their_number_and_their_values_by_title() -> None:
    table = read("Name,City\r\nAda,Paris\r\nBo,\r\n")
    assert table.columns == ["Name", "City"]
    assert table.row_count == 2
    assert list(table.rows) == [Row(2, {"Name": "Ada", "City": "Paris"}), Row(3, {"Name": "Bo", "City": None})]
    assert table.notes == ["Encoding: UTF-8.", "Separator: comma."]


def test_rows_can_be_read_again_from_the_start() -> None:
    table = read("Name,City\nAda,Paris\n")
    assert list(table.rows) == list(table.rows)


def test_a_path_is_read_in_place(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text("Name,City\nAda,Paris\n")
    assert cells(open_table(path, filename="people.csv")) == [["Ada", "Paris"]]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_letters_survive_every_usual_encoding(encoding: str) -> None:
    table = read("Name;City\nŽofie;Zürich\n".encode(encoding))
    assert (table.columns, cells(table)) == (["Name", "City"], [["Žofie", "Zürich"]])


def test_reading_as_windows_1252_is_said_with_an_example() -> None:
    notes = read("Name;City\nJosé;Zürich\n".encode("cp1252")).notes
    assert "was read as Windows-1252" in notes[0]
    assert "José" in notes[0]


def test_an_encoding_can_be_named() -> None:
    table = read("Имя;Город\nАня;Тверь\n".encode("cp1251"), encoding="cp1251")
    assert (table.columns, cells(table)) == (["Имя", "Город"], [["Аня", "Тверь"]])


@pytest.mark.parametrize("encoding", ["klingon", "hex", "rot13"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    assert "no known text encoding" in refusal("a,b\n1,2\n", encoding=encoding)


def test_a_named_encoding_that_does_not_fit_is_refused() -> None:
    assert "not text in the encoding utf-8" in refusal("Name\nJosé\n".encode("cp1252"), encoding="utf-8")


@pytest.mark.parametrize(
    ("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "vertical bar")]
)
def test_the_separator_is_found(delimiter: str, name: str) -> None:
    lines = [["Name", "Price"], ["Ada, B; C", "1"], ["Bo | D", "2"]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    table = read(text)
    assert cells(table) == lines[1:]
    assert f"Separator: {name}." in table.notes


def test_decimal_commas_do_not_win_over_semicolons() -> None:
    assert cells(read("Name;Price;Share\nAda;1,5;2,5\nBo;2,5;3,5\n")) == [["Ada", "1,5", "2,5"], ["Bo", "2,5", "3,5"]]


def test_the_separator_line_of_excel_is_obeyed_and_counted() -> None:
    table = read("sep=;\r\nName;Price\r\nAda;1\r\n")
    assert list(table.rows) == [Row(3, {"Name": "Ada", "Price": "1"})]


def test_a_separator_can_be_named() -> None:
    assert cells(read("a:b\n1:2\n", delimiter=":")) == [["1", "2"]]


def test_a_separator_of_two_characters_is_refused() -> None:
    assert "one character" in refusal("a::b\n", delimiter="::")


def test_one_column_keeps_commas_below_its_title() -> None:
    table = read("Name\nSmith, John\nBo\n")
    assert cells(table) == [["Smith, John"], ["Bo"]]
    assert any("one column" in note for note in table.notes)


def test_quoted_cells_hold_line_breaks_quotes_and_separators() -> None:
    table = read('Name,Note\nAda,"line 1\nline ""2"", end"\nBo,x\n')
    assert list(table.rows) == [
        Row(2, {"Name": "Ada", "Note": 'line 1\nline "2", end'}),
        Row(3, {"Name": "Bo", "Note": "x"}),
    ]


def test_a_quotation_mark_inside_plain_text_is_text() -> None:
    assert cells(read('Item,Size\nDisk 12",3\n')) == [['Disk 12"', "3"]]


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_lines_may_end_in_any_usual_way(newline: str) -> None:
    assert cells(read(newline.join(["a,b", "1,2", "3,4"]))) == [["1", "2"], ["3", "4"]]


def test_a_row_with_too_few_cells_has_a_problem_and_the_others_have_none() -> None:
    rows = list(read("a,b,c\n1,2\n1,2,3\n").rows)
    assert rows == [
        Row(
            2,
            {"a": "1", "b": "2", "c": None},
            "The titles ask for 3 cells, this row has 2. Check its separators and quotation marks.",
        ),
        Row(3, {"a": "1", "b": "2", "c": "3"}),
    ]


def test_a_row_with_too_many_cells_names_them() -> None:
    row = next(read("a,b\n1,2,3,4\n").rows)
    assert row.problem == (
        'The titles ask for 2 cells, this row has 4; too many: "3", "4". Check its separators and quotation marks.'
    )


def test_separators_at_the_end_of_a_line_are_no_problem() -> None:
    assert list(read("a,b\n1,2,,\n").rows) == [Row(2, {"a": "1", "b": "2"})]


def test_blank_rows_are_left_out_but_counted_in_the_numbers() -> None:
    table = read("\n\na,b\n\n1,2\n , \n3,4\n\n")
    assert [row.number for row in table.rows] == [5, 7]
    assert table.row_count == 2


def test_two_columns_of_one_title_are_refused() -> None:
    assert refusal("Name,City,Name\n1,2,3\n") == (
        'people.csv: columns A and C both have the title "Name". Rename or delete one of them.'
    )


def test_a_column_without_title_that_holds_values_is_refused() -> None:
    assert refusal("Name,,City\n1,,3\n1,x,3\n") == (
        'people.csv: column 2 (B) has no title, but row 3 holds "x" there. '
        "Give the column a title in row 1 or delete it."
    )


def test_a_column_without_title_and_values_is_left_out() -> None:
    table = read("Name,,City,\n1,,3,\n")
    assert (table.columns, cells(table)) == (["Name", "City"], [["1", "3"]])


def test_titles_only_is_a_table_without_rows_that_says_so() -> None:
    table = read("Name,City\n")
    assert (table.columns, table.row_count, cells(table)) == (["Name", "City"], 0, [])
    assert "people.csv has column titles but no rows below them." in table.notes


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff", " \n\t\n"])
def test_an_empty_file_is_refused(content: str) -> None:
    assert "is empty" in refusal(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"a,b\n1,\x002\n", "NUL"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "a picture (PNG)"),
        (b"%PDF-1.7\nxx", "a PDF document"),
        (sheet_of(["a"], ["b"]), "a workbook (XLSX, ODS)"),
        (bytes(range(1, 256)) * 20, "not text"),
        (b"\x01\x02\x03\x04\x05\x06\x07\x08abc" * 50, "control characters"),
        ("a,b\n1,2\n".encode("utf-16-le"), "NUL"),
        ("a,b\n1,2\n".encode("utf-16")[:-1], "damaged"),
        (b"\xef\xbb\xbfa,b\n\xff,2\n", "damaged"),
    ],
)
def test_a_binary_file_named_csv_is_refused_with_the_reason(content: bytes, words: str) -> None:
    assert words in refusal(content)


@given(st.binary(min_size=1, max_size=400))
def test_no_bytes_do_more_harm_than_a_refusal(content: bytes) -> None:
    for filename in ("x.csv", "x.xlsx"):
        try:
            table = open_table(content, filename=filename)
        except TableError:
            continue
        assert len(list(table.rows)) == table.row_count


@given(
    st.lists(
        st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1), min_size=2, max_size=2),
        min_size=1,
        max_size=20,
    )
)
def test_what_a_csv_writer_wrote_is_read_back(lines: list[list[str]]) -> None:
    import csv

    stream = io.StringIO(newline="")
    csv.writer(stream).writerows([["a", "b"], *(["x" + cell for cell in line] for line in lines)])
    table = read(stream.getvalue(), delimiter=",")
    assert cells(table) == [["x" + cell for cell in line] for line in lines]


def test_an_open_quotation_mark_is_found_at_its_line() -> None:
    message = refusal('a,b\n1,2\n3,"x\n5,6\n7,8\n')
    assert "opened in row 3 (line 3 of the file) is never closed" in message


def test_a_cell_beyond_the_limit_is_refused_with_its_row() -> None:
    assert "row 2" in refusal("a,b\n1," + "x" * 200_000 + "\n")


def test_an_endless_line_is_refused() -> None:
    assert "line 2 is longer" in refusal("a,b\n" + "1," * 3_000_000)


def test_a_file_beyond_the_limit_of_bytes_or_rows_is_refused() -> None:
    content = "a,b\n" + "1,2\n" * 11
    assert "48 bytes; 47 are allowed" in refusal(content, max_bytes=47)
    assert "more than 10 rows" in refusal(content, max_rows=10)
    assert read(content, max_rows=11).row_count == 11


@pytest.mark.parametrize("filename", ["people.pdf", "people", "people.xlsb", ".csv.exe"])
def test_a_name_that_no_table_has_is_refused(filename: str) -> None:
    assert "a table ends in .csv" in refusal("a,b\n", filename)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TableError, match="cannot be read"):
            open_table(path, filename="x.csv")


def test_an_apostrophe_of_an_export_is_taken_away() -> None:
    assert cells(read("Name,Phone\n'=1+1,'+49 30\n'quoted',it's\n")) == [["=1+1", "+49 30"], ["'quoted'", "it's"]]


# --- workbooks -------------------------------------------------------------------------------------------------------


def test_a_workbook_gives_typed_values() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet("Deals")
        page.write_row(0, 0, ["Name", "Won on", "Met at", "Amount", "Share", "Sum", "Open", "Code"])
        page.write(1, 0, "Ada")
        page.write_datetime(1, 1, datetime(2024, 1, 31), book.add_format({"num_format": "dd.mm.yyyy"}))
        page.write_datetime(1, 2, datetime(2024, 1, 31, 14, 30), book.add_format({"num_format": "dd.mm.yyyy hh:mm"}))
        page.write_number(1, 3, 1054)
        page.write_number(1, 4, 0.25)
        page.write_formula(1, 5, "=D2*2", None, 2108)
        page.write_boolean(1, 6, True)
        page.write_string(1, 7, "00123")

    (row,) = read(workbook(fill), "deals.xlsx").rows
    assert row == Row(
        2,
        {
            "Name": "Ada",
            "Won on": date(2024, 1, 31),
            "Met at": datetime(2024, 1, 31, 14, 30),
            "Amount": 1054,
            "Share": 0.25,
            "Sum": 2108,
            "Open": True,
            "Code": "00123",
        },
    )
    assert [type(value) for value in row.values.values()] == [str, date, datetime, int, float, int, bool, str]


def test_empty_edges_of_a_sheet_are_no_rows_and_no_columns() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(2, 1, ["Name", "City"])
        page.write_row(5, 1, ["Ada", "Paris"])
        page.write_blank(40, 9, None, book.add_format({"bold": True}))

    table = read(workbook(fill), "x.xlsx")
    assert list(table.rows) == [Row(6, {"Name": "Ada", "City": "Paris"})]


def test_merged_areas_are_said() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Name", "City"])
        page.merge_range(1, 0, 2, 0, "Ada")
        page.write(1, 1, "Paris")
        page.write(2, 1, "Lyon")

    table = read(workbook(fill), "x.xlsx")
    assert cells(table) == [["Ada", "Paris"], [None, "Lyon"]]
    assert any("1 merged areas" in note for note in table.notes)


def two_sheets(book: xlsxwriter.Workbook) -> None:
    hidden = book.add_worksheet("Secret")
    hidden.write_row(0, 0, ["x"])
    book.add_worksheet("People").write_row(0, 0, ["Name", "City"])
    book.get_worksheet_by_name("People").write_row(1, 0, ["Ada", "Paris"])
    book.add_worksheet("More").write_row(0, 0, ["Other"])
    book.get_worksheet_by_name("People").activate()
    book.get_worksheet_by_name("People").set_first_sheet()
    hidden.hide()


def test_the_first_visible_sheet_is_read_and_the_others_are_named() -> None:
    table = read(workbook(two_sheets), "x.xlsx")
    assert cells(table) == [["Ada", "Paris"]]
    assert table.notes == ['Sheet "People" was read; the workbook also has: "Secret", "More".']


def test_a_sheet_can_be_asked_for() -> None:
    assert read(workbook(two_sheets), "x.xlsx", sheet="More").columns == ["Other"]
    assert refusal(workbook(two_sheets), "x.xlsx", sheet="Deals") == (
        'x.xlsx has no sheet "Deals". Its sheets are: "Secret", "People", "More".'
    )


def test_error_cells_are_counted_in_a_note() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Name", "Share"])
        page.write(1, 0, "Ada")
        page.write_formula(1, 1, "=1/0", None, "#DIV/0!")

    table = read(workbook(fill), "x.xlsx")
    assert cells(table) == [["Ada", None]]
    assert table.notes == ["1 cells show an error such as #DIV/0! or #REF! and were read as empty."]


def test_an_old_excel_file_is_read() -> None:
    table = open_table(DATA / "people.xls", filename="people.xls")
    assert list(table.rows) == [Row(2, {"Name": "Žofie", "Born": date(1990, 5, 17), "Score": 4.5})]
    assert table.notes == ['Sheet "People" was read; the workbook also has: "Notes".']


def test_an_open_document_is_read() -> None:
    content = ods(
        f"<table:table-row>{ods_cell('Name')}{ods_cell('Born')}</table:table-row>",
        f"<table:table-row>{ods_cell('Ada')}"
        '<table:table-cell office:value-type="date" office:date-value="1990-05-17"/>'
        "</table:table-row>",
        '<table:table-row table:number-rows-repeated="1048574"><table:table-cell '
        'table:number-columns-repeated="16384"/></table:table-row>',
    )
    (row,) = read(content, "x.ods").rows
    assert row.values["Name"] == "Ada"
    born = row.values["Born"]
    assert (born.date() if isinstance(born, datetime) else born) == date(1990, 5, 17)


def test_one_value_in_the_last_corner_of_a_sheet_does_not_take_all_memory() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        page = book.add_worksheet()
        page.write_row(0, 0, ["Name", "City"])
        page.write(1_048_575, 16_383, "far")

    assert "reaches to row 1,048,576 and column 16,384" in refusal(workbook(fill), "x.xlsx")


def test_a_value_repeated_over_a_whole_sheet_does_not_take_all_memory() -> None:
    content = ods(
        '<table:table-row table:number-rows-repeated="1048576">'
        + ods_cell("x", 'table:number-columns-repeated="16384"')
        + "</table:table-row>"
    )
    assert "reaches to row 1,048,576 and column 16,384" in refusal(content, "x.ods")


def test_an_archive_that_unpacks_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 1_000_000)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as parts:
        parts.writestr("xl/worksheets/sheet1.xml", bytes(1 << 21))
    assert "unpacks to 2,097,152 bytes; 1,000,000 are allowed" in refusal(stream.getvalue(), "x.xlsx")


@pytest.mark.parametrize("filename", ["x.xlsx", "x.xls", "x.ods"])
def test_text_named_like_a_workbook_is_refused(filename: str) -> None:
    assert "does not hold a workbook" in refusal("a,b\n1,2\n", filename)


def test_a_workbook_cut_in_the_middle_is_refused() -> None:
    content = sheet_of(["a", "b"], ["1", "2"])
    assert "damaged" in refusal(content[: len(content) // 2], "x.xlsx")


def test_a_zip_archive_that_is_no_workbook_is_refused() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as parts:
        parts.writestr("readme.txt", "hello")
    assert "cannot be read as a workbook" in refusal(stream.getvalue(), "x.xlsx")


def test_a_long_sheet_is_refused_by_rows() -> None:
    assert "more than 2 rows" in refusal(sheet_of(["a"], ["1"], ["2"], ["3"]), "x.xlsx", max_rows=2)


def test_options_of_the_other_kind_of_file_are_refused() -> None:
    assert "has no sheets" in refusal("a,b\n", sheet="One")
    assert "only be given for text files" in refusal(sheet_of(["a"]), "x.xlsx", delimiter=";")


def test_rows_are_streamed_and_not_kept() -> None:
    import tracemalloc

    content = b"Name,City,Amount\n" + b"Ada Lovelace,Paris,1234.50\n" * 25_000
    tracemalloc.start()
    table = read(content)
    total = sum(1 for _ in table.rows)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (total, table.row_count) == (25_000, 25_000)
    assert peak_bytes < 6_000_000
