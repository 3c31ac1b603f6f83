"""A list leaves as it is seen: columns, order, filter and groups, with sums of what is in the file."""

import csv
import io
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from access_lab import statements
from imports_lab import Lab, build
from python_calamine import CalamineWorkbook

from kumiko.access import accounts, audit
from kumiko.access.models import ROLE
from kumiko.exits import marks
from kumiko.records import queries, service
from kumiko.records.catalogue import catalogue
from kumiko.records.units import unit

HEAD = ["State", "Name", "Price", "Price: currency", "Size", "Topic", "Rates used"]


@pytest.fixture
def lab(clone_database, tmp_path):
    made = Lab(clone_database("imports lab", build), tmp_path)
    with made.acting(), unit():
        service.create("currencies.rate", {"currency": "USD", "valid_on": datetime.now(UTC).date(), "rate": 0.5})
        topic = service.create("sample.topic", {"name": "Oak"}).id
        for name, state, size, value, currency in (
            ("Two", "open", 2, "20.00", "USD"), ("One", "open", 1, "10.00", "EUR"), ("=3", "done", 3, "30", "JPY"),
            ("Four", "done", None, None, ""), ("Five", None, 5, "1.00", "EUR"), ("Far", "open", 90, "9.00", "EUR"),
        ):  # fmt: skip
            price = {"value": value, "currency": currency} if value else None
            values = {"name": name, "code": "c", "state": state, "size": size, "price": price, "topic": topic}
            service.create("sample.thing", values)
    yield made
    made.database.close()


def table(answer):
    return list(csv.reader(io.StringIO(marks.without(answer.get_data(as_text=True)).removeprefix("\ufeff"))))


def test_groups_leave_with_their_subtotals_in_the_order_and_columns_that_are_seen(lab):
    root, day = lab.browser(), datetime.now(UTC).date().isoformat()
    asked = {"columns": "price,size,topic", "sort": "-name", "group_by": "state", "size__lte": "9"}
    query = urlencode(asked | {"as": "seen"})
    got = table(root.get(f"/export/things?{query}&format=csv"))
    rate = f"1 USD = 0.5 EUR ({day})"
    assert got == [
        HEAD,
        ["Open", "Two", "20.00", "USD", "2", "Oak", ""],
        ["Open", "One", "10.00", "EUR", "1", "Oak", ""],
        ["Open", "Sum of 2 things", "20.00", "EUR", "3", "", rate],
        ["Done", "'=3", "30", "JPY", "3", "Oak", ""],
        ["Done", "Sum of 1 thing", "30", "JPY", "3", "", "no rate for JPY, not added"],
        ["without State", "Five", "1.00", "EUR", "5", "Oak", ""],
        ["without State", "Sum of 1 thing", "1.00", "EUR", "5", "", ""],
        ["All together", "Sum of 4 things", "21.00", "EUR", "11", "", f"{rate}; no rate for JPY, not added"],
        ["All together", "", "30", "JPY", "", "", ""],
    ]
    book = io.BytesIO(root.get(f"/export/things?{query}&format=xlsx").data)
    cells = CalamineWorkbook.from_filelike(book).get_sheet_by_index(0).to_python()
    assert [marks.without(row[1]) for row in cells] == [row[1] for row in got]
    assert (cells[1][2], cells[3][4]) == (20.0, 3.0), "numbers are numbers"

    plain = table(root.get(f"/export/things?{urlencode({'columns': 'size', 'sort': 'size', 'as': 'seen'})}&format=csv"))
    assert plain[0] == ["Name", "Size"]
    assert [row[0] for row in plain[1:]] == ["One", "Two", "'=3", "Five", "Far", "Four"]
    dialog = root.get(f"/export/things?{urlencode(asked)}", X_Dialog="1").text
    assert ("with its groups and their sums" in dialog, "group_by=state&amp;as=seen&amp;format=xlsx" in dialog) == (
        True, True), dialog  # fmt: skip


def test_only_what_one_may_take_out_is_in_file_and_sums_and_the_log_knows_of_it(lab):
    asked = f"/export/things?{urlencode({'columns': 'size', 'group_by': 'state', 'as': 'seen', 'format': 'csv'})}"
    assert lab.browser("sam@example.com").get(asked).status_code == 403
    with lab.acting():
        seller = queries.list_page(catalogue().get(ROLE), names=("name",), node={"f": "key", "op": "eq", "v": "seller"})
        service.update(ROLE, seller.rows[0][0], {"grants": {"sample.thing": {"read": "all", "export": "own"}}})
        sam = accounts.get_user_id("sam@example.com")
        service.create("sample.thing", {"name": "Mine", "size": 7, "state": "open", "owner": sam})
    sam = lab.browser("sam@example.com")
    assert sam.get("/things?columns=size&group_by=state").text.count("data-group=") == 3
    assert table(sam.get(asked)) == [
        ["State", "Name", "Size"], ["Open", "Mine", "7"], ["Open", "Sum of 1 thing", "7"],
        ["All together", "Sum of 1 thing", "7"],
    ]  # fmt: skip
    assert sam.get(asked.replace("csv", "json")).status_code == 422
    assert sam.get(asked.replace("group_by=state", "group_by=nothing")).status_code == 422
    with lab.acting():
        (line,) = audit.newest(act="export")
        assert (line.actor, line.subject, line.details["group_by"]) == ("Sam", "things", "state")
    with statements() as few:
        sam.get(asked)
    assert len(few) < 40, few
