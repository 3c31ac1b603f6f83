"""Typed values from text: numbers, money, days, moments, yes and no."""

# ruff: noqa: DTZ001 - a moment in a workbook has no zone

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kumiko.imports.cells import Cell, neutralise, restore
from kumiko.imports.values import (
    DateOrder,
    DecimalMark,
    ValueFault,
    column_date_order,
    column_decimal_mark,
    parse_boolean,
    parse_date,
    parse_moment,
    parse_money_minor,
    parse_number,
)

BERLIN = ZoneInfo("Europe/Berlin")


# --- text that could act as a formula --------------------------------------------------------------------------------

formula_like = st.text(alphabet="'=+-@\t\r\n ab1\uff1d") | st.text()


@given(formula_like)
def test_restoring_gives_back_exactly_what_was_neutralised(text: str) -> None:
    assert restore(neutralise(text)) == text


@given(formula_like)
def test_neutralised_text_never_starts_like_a_formula(text: str) -> None:
    assert not neutralise(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d"))


@pytest.mark.parametrize(
    ("text", "written"),
    [("=1+1", "'=1+1"), ("'=1+1", "''=1+1"), ("''=1", "'''=1"), ("'quoted'", "'quoted'"), ("a=b", "a=b"), ("", "")],
)
def test_only_dangerous_text_gets_an_apostrophe(text: str, written: str) -> None:
    assert neutralise(text) == written


# --- numbers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("0", "0"),
        ("42", "42"),
        (" -7 ", "-7"),
        ("+3", "3"),
        ("\u22125", "-5"),
        ("(5)", "-5"),
        ("(1,234.50)", "-1234.50"),
        ("1100.04", "1100.04"),
        ("4269.9", "4269.9"),
        ("0.125", "0.125"),
        ("0,125", "0.125"),
        (".5", "0.5"),
        ("5.", "5"),
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234,567", "1234567"),
        ("1.234.567", "1234567"),
        ("1 234,50", "1234.50"),
        ("1\u00a0234", "1234"),
        ("1\u202f234,567", "1234.567"),
        ("1'234.50", "1234.50"),
        ("12,34,567.8", "1234567.8"),
        ("1234,567", "1234.567"),
        ("1E+05", "100000"),
        ("-1.5e-3", "-0.0015"),
        (5, "5"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.3"),
        (1e20, "100000000000000000000"),
    ],
)
def test_numbers_of_many_countries_are_read(cell: Cell, number: str) -> None:
    assert parse_number(cell) == Decimal(number)


@pytest.mark.parametrize(("mark", "number"), [(".", "1234"), (",", "1.234")])
def test_the_decimal_mark_decides_a_number_of_two_readings(mark: DecimalMark, number: str) -> None:
    assert parse_number("1,234", mark) == Decimal(number)


def test_a_number_of_two_readings_is_refused_without_a_decimal_mark() -> None:
    with pytest.raises(ValueFault) as caught:
        parse_number("1,234")
    assert caught.value.message == (
        'A number is wanted, "1,234" was found. '
        "It can be read in two ways; say whether the decimal mark is a dot or a comma."
    )


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "abc",
        "12abc",
        "1-2",
        "5-",
        "(5",
        "--5",
        "(-5)x",
        "1,23.45",
        "1.2.3",
        "192.168.1.1",
        "1 23",
        "NaN",
        "inf",
        "１２",
        "1_000",
        "9" * 61,
        "1e999",
        ".",
        ",",
        "-",
        None,
        True,
        float("nan"),
        float("inf"),
        date(2024, 1, 1),
    ],
)
def test_what_is_no_number_is_refused(cell: Cell) -> None:
    with pytest.raises(ValueFault, match="is wanted"):
        parse_number(cell)


@given(
    st.decimals(min_value=-(10**12), max_value=10**12, places=2, allow_nan=False),
    st.sampled_from([(",", "."), (".", ","), (" ", ","), ("\u202f", ","), ("'", ".")]),
)
def test_a_formatted_amount_is_read_back_exactly(amount: Decimal, style: tuple[str, str]) -> None:
    group, mark = style
    text = f"{amount:,.2f}".translate(str.maketrans({",": group, ".": mark}))
    assert parse_money_minor(text, "EUR") == int(amount * 100)


@given(st.text(max_size=30) | st.from_regex(r"[-+(]?[0-9., ']{1,12}[)]?", fullmatch=True))
def test_any_text_is_a_number_or_a_fault(text: str) -> None:
    for parse in (parse_number, lambda cell: parse_money_minor(cell, "USD"), parse_boolean, parse_date):
        with suppress(ValueFault):
            parse(text)
    column_decimal_mark([text])
    column_date_order([text])


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,234", "2,500.75"], "."),
        (["1.234", "2,5"], ","),
        (["$1,234", "$ 0.99"], "."),
        (["1,234", "2,500"], None),
        (["1.5", "1,5"], None),
        (["192.168.1.1", "x", None, 5], None),
        ([], None),
    ],
)
def test_a_column_decides_the_decimal_mark(cells: list[Cell], mark: DecimalMark | None) -> None:
    assert column_decimal_mark(cells) == mark


# --- money -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "currency", "minor"),
    [
        ("1054", "USD", 105400),
        ("1,054.5", "USD", 105450),
        ("$ 5.00", "USD", 500),
        ("-$5", "USD", -500),
        ("$-5", "USD", -500),
        ("($1,234.50)", "USD", -123450),
        ("USD 12.34", "USD", 1234),
        ("12,34 EUR", "EUR", 1234),
        ("5 €", "EUR", 500),
        ("1 234,50 ₽", "RUB", 123450),
        ("1 234,50 руб.", "RUB", 123450),
        ("500", "JPY", 500),
        ("¥500", "JPY", 500),
        ("1.2345", "KWD", None),
        ("1.234,567", "KWD", 1234567),
        (12.5, "USD", 1250),
        (0.1 + 0.2, "USD", 30),
        (7, "USD", 700),
        ("usd 5", "USD", 500),
        ("US$5", "USD", 500),
        ("R$ 5,50", "BRL", 550),
    ],
)
def test_amounts_become_minor_units(cell: Cell, currency: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(ValueFault, match="at most 3 decimals"):
            parse_money_minor(cell, currency)
    else:
        assert parse_money_minor(cell, currency) == minor


@pytest.mark.parametrize(
    ("cell", "currency", "words"),
    [
        ("€ 5", "USD", "An amount in USD is wanted"),
        ("EUR 5", "USD", "An amount in USD is wanted"),
        ("5.999", "USD", "two ways"),
        ("5.9999", "USD", "at most 2 decimals"),
        (12.345, "USD", "at most 2 decimals"),
        ("5.5", "JPY", "at most 0 decimals"),
        ("99999999999999999999", "USD", "A smaller amount"),
        ("1e30", "USD", "A smaller amount"),
        ("", "USD", "An amount in USD"),
        ("$", "USD", "An amount in USD"),
        ("--5", "USD", "An amount in USD"),
        ("5", "XYZ", "The code of a currency"),
        (None, "USD", "A number is wanted, nothing was found"),
    ],
)
def test_amounts_that_do_not_fit_are_refused(cell: Cell, currency: str, words: str) -> None:
    with pytest.raises(ValueFault, match=words):
        parse_money_minor(cell, currency)


# --- days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "order", "day"),
    [
        ("2016-10-20", None, date(2016, 10, 20)),
        ("2016/10/20", None, date(2016, 10, 20)),
        ("20161020", None, date(2016, 10, 20)),
        ("2016-10-20 00:00:00", None, date(2016, 10, 20)),
        ("2016-10-20T00:00", None, date(2016, 10, 20)),
        ("20.10.2016", None, date(2016, 10, 20)),
        ("3.4.2016", None, date(2016, 4, 3)),
        ("3. 4. 2016", None, date(2016, 4, 3)),
        ("20/10/2016", None, date(2016, 10, 20)),
        ("10/20/2016", None, date(2016, 10, 20)),
        ("4/4/2016", None, date(2016, 4, 4)),
        ("3/4/2016", "dmy", date(2016, 4, 3)),
        ("3/4/2016", "mdy", date(2016, 3, 4)),
        ("3-4-2016", "mdy", date(2016, 3, 4)),
        ("20 Oct 2016", None, date(2016, 10, 20)),
        ("20-Oct-2016", None, date(2016, 10, 20)),
        ("October 20, 2016", None, date(2016, 10, 20)),
        ("2016-02-29", None, date(2016, 2, 29)),
        (date(2016, 10, 20), None, date(2016, 10, 20)),
        (datetime(2016, 10, 20), None, date(2016, 10, 20)),
    ],
)
def test_days_are_read(cell: Cell, order: DateOrder | None, day: date) -> None:
    assert parse_date(cell, order) == day


@pytest.mark.parametrize(
    ("cell", "order", "words"),
    [
        ("3/4/2016", None, "say whether the day or the month comes first"),
        ("20/10/2016", "mdy", "no such day"),
        ("10/20/2016", "dmy", "no such day"),
        ("2015-02-29", None, "no such day"),
        ("0016-10-20", None, "is wanted"),
        ("3/4/16", None, "four digits"),
        ("20 Okt 2016", None, "month as a number"),
        ("2016-10-20 14:30", None, "time of day"),
        ("2016-10-20T00:00Z", None, "time of day"),
        (datetime(2016, 10, 20, 1), None, "time of day"),
        (42663, None, "format the column as a date"),
        (True, None, "is wanted"),
        (None, None, "nothing was found"),
        ("soon", None, '"soon" was found'),
    ],
)
def test_what_is_no_day_is_refused(cell: Cell, order: DateOrder | None, words: str) -> None:
    with pytest.raises(ValueFault, match=words):
        parse_date(cell, order)


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(["dmy", "mdy"]), st.sampled_from("/-."))
def test_every_day_is_read_back_in_its_order(day: date, order: DateOrder, separator: str) -> None:
    first, second = (day.day, day.month) if order == "dmy" else (day.month, day.day)
    text = f"{first}{separator}{second}{separator}{day.year}"
    assert parse_date(text, order) == day
    assert column_date_order([text]) in (order, None)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["3/4/2016", "20/10/2016"], "dmy"),
        (["3/4/2016", "10/20/2016 14:30"], "mdy"),
        (["3/4/2016", "4/4/2016"], None),
        (["20/10/2016", "10/20/2016"], None),
        (["2016-10-20", None, 5, "x", "99/99/2016"], None),
        ([], None),
    ],
)
def test_a_column_decides_the_order_of_its_days(cells: list[Cell], order: DateOrder | None) -> None:
    assert column_date_order(cells) == order


# --- moments ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2024-01-31 14:30", datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        ("2024-07-31T14:30:15.25", datetime(2024, 7, 31, 12, 30, 15, 250_000, tzinfo=UTC)),
        ("2024-01-31T14:30:00Z", datetime(2024, 1, 31, 14, 30, tzinfo=UTC)),
        ("2024-01-31T14:30:00+05:30", datetime(2024, 1, 31, 9, 0, tzinfo=UTC)),
        ("2024-01-31 14:30-08", datetime(2024, 1, 31, 22, 30, tzinfo=UTC)),
        ("31.01.2024 14:30", datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        ("1/31/2024, 2:30 PM", datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        ("1/31/2024 12:05 a.m.", datetime(2024, 1, 30, 23, 5, tzinfo=UTC)),
        ("2024-01-31", datetime(2024, 1, 30, 23, 0, tzinfo=UTC)),
        ("2024-10-27 02:30", datetime(2024, 10, 27, 0, 30, tzinfo=UTC)),
        (datetime(2024, 1, 31, 14, 30), datetime(2024, 1, 31, 13, 30, tzinfo=UTC)),
        (date(2024, 1, 31), datetime(2024, 1, 30, 23, 0, tzinfo=UTC)),
    ],
)
def test_moments_become_utc(cell: Cell, moment: datetime) -> None:
    found = parse_moment(cell, BERLIN)
    assert (found, found.tzinfo) == (moment, UTC)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("2024-03-31 02:30", "skipped"),
        (datetime(2024, 3, 31, 2, 30), "skipped"),
        ("2024-01-31 24:30", "no such time"),
        ("2024-01-31 14:60", "no such time"),
        ("1/31/2024 13:30 PM", "no such time"),
        ("2024-01-31 14:30+99:00", "no such offset"),
        ("9999-12-31 23:59-12:00", "is wanted"),
        ("3/4/2024 14:30", "two ways"),
        ("14:30", "is wanted"),
        (45322.6, "date and time"),
        (None, "nothing was found"),
    ],
)
def test_what_is_no_moment_is_refused(cell: Cell, words: str) -> None:
    with pytest.raises(ValueFault, match=words):
        parse_moment(cell, BERLIN)


@given(st.datetimes(min_value=datetime(1000, 1, 2), max_value=datetime(9999, 12, 30)))
def test_every_moment_in_utc_is_read_back(moment: datetime) -> None:
    assert parse_moment(moment.isoformat() + "Z", BERLIN) == moment.replace(tzinfo=UTC)


# --- yes and no ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cell", [True, 1, 1.0, "1", "TRUE", " Yes ", "y", "on", "x", "Ja", "да"])
def test_words_for_yes(cell: Cell) -> None:
    assert parse_boolean(cell) is True


@pytest.mark.parametrize("cell", [False, 0, "0", "false", "No", "off", "nein", "нет"])
def test_words_for_no(cell: Cell) -> None:
    assert parse_boolean(cell) is False


@pytest.mark.parametrize("cell", ["", "maybe", 2, 0.5, None, date(2024, 1, 1)])
def test_other_words_are_refused(cell: Cell) -> None:
    with pytest.raises(ValueFault, match="Yes or no"):
        parse_boolean(cell)
