"""The result of a report as a table of a page, a file, a mail, a chart: one form for all, so that they agree."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from kumiko import company_currency, exponent
from kumiko import gettext as _
from kumiko_analytics.formulas import Amounts, Value, rounded
from kumiko_analytics.reports import Head, Key, Result, cell_href
from kumiko_analytics.texts import MONEY, PERCENT, chart_number, largest, value_text


@dataclass(frozen=True)
class TableCell:
    """A value; `heat` from 0 to 5: how large it is among its column's measure."""

    text: str
    href: str = ""
    heat: int = 0


@dataclass(frozen=True)
class TableRow:
    labels: tuple[str, ...]
    cells: tuple[TableCell, ...]
    is_total: bool = False


@dataclass(frozen=True)
class Table:
    heads: tuple[str, ...]
    rows: tuple[TableRow, ...]
    label_count: int


def table_of(result: Result, *, linked: bool = True) -> Table:
    """Rows, columns, and the whole: a column of totals right of a pivot, a row of totals below."""
    columns = [*result.columns]
    if result.report.columns:
        columns.append(Head((), (_("In all"),)))
    many = len(result.measure_titles)
    heads = [
        (column.text if many == 1 else f"{column.text} · {title}") if result.report.columns else title
        for column in columns for title in result.measure_titles
    ]  # fmt: skip
    top = [max((largest(held[n]) for (row, column), held in result.values.items() if row and (column or not
                result.report.columns)), default=0) for n in range(many)]  # fmt: skip
    rows = [
        TableRow(row.labels, tuple(_cells(result, row.key, columns, top, linked))) for row in result.rows if row.key
    ]
    labels = max(len(result.row_titles), 1)
    whole = (_("In all"), *([""] * (labels - 1)))
    rows.append(TableRow(whole, tuple(_cells(result, (), columns, [], linked)), is_total=True))
    return Table((*(result.row_titles or ("",)), *heads), tuple(rows), labels)


def _cells(result: Result, row: Key, columns: Sequence[Head], top: Sequence[Any], linked: bool) -> Iterator[TableCell]:
    for column in columns:
        held = result.values.get((row, column.key))
        for number, unit in enumerate(result.units):
            if held is None:
                yield TableCell("")
                continue
            value = held[number]
            heat = int(min(largest(value) / top[number], 1) * 5) if top and top[number] > 0 else 0
            href = cell_href(result.report, row, column.key) if linked else ""
            yield TableCell(value_text(value, unit), href, max(heat, 0) if result.report.columns else 0)


def chart_of(result: Result) -> str:
    """What <km-chart> draws: rows along the axis, columns (or measures) as series; "" without a chart."""
    kind = result.report.chart
    rows = [row for row in result.rows if row.key][:60]
    if not kind or not rows:
        return ""
    unit = result.units[0]
    codes = _currencies(result)
    series: list[dict[str, Any]] = []
    if result.report.columns:
        parts = [(column.text, column.key, 0) for column in result.columns[:20]]
    else:
        parts = [(title, (), n) for n, title in enumerate(result.measure_titles) if result.units[n] == unit]
    for name, key, number in parts[:1] if kind == "pie" else parts:
        for code in codes:
            data = [chart_number(_at(result, row.key, key, number), unit, code) for row in rows]
            series.append({"name": f"{name} ({code})" if len(codes) > 1 else name, "data": data})
    sign = "%" if unit == PERCENT else codes[0] if unit == MONEY and len(codes) == 1 else ""
    return json.dumps({"kind": kind, "labels": [row.text for row in rows], "series": series, "unit": sign})


def _currencies(result: Result) -> list[str]:
    """Currencies of the amounts; a list of one empty word where there are none."""
    found = {code for held in result.values.values() for one in held if isinstance(one, Amounts) and one.is_money
             for code in one.by}  # fmt: skip
    return sorted(found) or [company_currency() if MONEY in result.units else ""]


def _at(result: Result, row: Key, column: Key, number: int) -> Value:
    held = result.values.get((row, column))
    return None if held is None else held[number]


def file_rows(result: Result) -> tuple[list[str], list[list[Any]]]:
    """Titles and rows for a file: numbers as numbers, amounts in a column per currency."""
    codes = _currencies(result)
    columns = [*result.columns, *([Head((), (_("In all"),))] if result.report.columns else [])]
    titles = list(result.row_titles) or [""]
    for column in columns:
        for title, unit in zip(result.measure_titles, result.units, strict=True):
            name = f"{column.text} · {title}" if result.report.columns else title
            titles += [f"{name} ({code})" for code in codes] if unit == MONEY else [name]
    rows = [row for row in result.rows if row.key]
    whole = Head((), (_("In all"), *([""] * (max(len(result.row_titles), 1) - 1))))
    return titles, [[*row.labels, *_numbers(result, row.key, columns, codes)] for row in (*rows, whole)]


def _numbers(result: Result, row: Key, columns: Sequence[Head], codes: Sequence[str]) -> Iterator[Any]:
    for column in columns:
        for number, unit in enumerate(result.units):
            value = _at(result, row, column.key, number)
            if unit == MONEY:
                for code in codes:
                    yield _amount(value, code)
            elif isinstance(value, Amounts):
                yield float(sum(value.by.values()))
            else:
                yield None if value is None else int(value) if value.denominator == 1 else float(value)


def _amount(value: Value, code: str) -> float | None:
    if isinstance(value, Amounts):
        value = value.by.get(code)
    return None if value is None else rounded(value) / 10 ** exponent(code)
