"""Running a report: groups, pivot, totals and the records behind each cell, with the rights of whoever reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from fractions import Fraction
from itertools import product
from typing import Any
from urllib.parse import urlencode

from kumiko import (
    Grouping,
    Invalid,
    KumikoError,
    Measure,
    company_zone,
    grouped_field,
    labels_of,
    measure,
    next_period,
    source_of,
)
from kumiko import gettext as _
from kumiko_analytics import rates
from kumiko_analytics.figures import as_value, said
from kumiko_analytics.formulas import Value, evaluate
from kumiko_analytics.report_form import MeasureOf, Report
from kumiko_analytics.texts import COUNT, MONEY, NUMBER, PERCENT, key_text, largest

MOST_ROWS, MOST_COLUMNS = 1000, 60
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Head:
    """A row or column of the result: its key and what people call it, one text per group."""

    key: Key
    labels: tuple[str, ...]

    @property
    def text(self) -> str:
        return " · ".join(self.labels)


@dataclass
class Result:
    """What a report gives. Values by (row, column) key and number of the measure; totals have () in a place.

    `problem`: a sentence instead; `notes`: sentences beside it.
    """

    report: Report
    rows: tuple[Head, ...] = ()
    columns: tuple[Head, ...] = ()
    values: Mapping[tuple[Key, Key], Sequence[Value]] = field(default_factory=dict)
    row_titles: tuple[str, ...] = ()
    column_titles: tuple[str, ...] = ()
    measure_titles: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    label: str = ""
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not any(row.key for row in self.rows) and not any(largest(one) for one in self.values.get(((), ()), ()))


def run(report: Report) -> Result:
    """The result; a report that cannot be run says why in a sentence."""
    try:
        return _run(report)
    except KumikoError as fault:
        return Result(report, problem=said(fault))


def _run(report: Report) -> Result:
    source = source_of(report.source)
    fields = {one: grouped_field(source, one) for one in (*report.rows, *report.columns)}
    for one, held in fields.items():
        if (held.kind in ("date", "moment")) != bool(one.unit):
            raise _invalid(_("%(name)s: days are grouped by a unit of time, other fields as they are", name=one.path))
    wanted = {str(n): one.as_measure(report.source, report.node, report.day) for n, one in enumerate(report.measures)}
    raw = _measured(report, wanted)
    numbers = range(len(report.measures))
    values = {place: [as_value(wanted[str(n)], by[str(n)]) for n in numbers] for place, by in raw.items()}
    _shares(report, values)
    row_keys = [row for row, column in values if column == () and row != ()] if report.rows else [()]
    column_keys = [column for row, column in values if row == () and column != ()] if report.columns else [()]
    notes = []
    if len(row_keys) > MOST_ROWS or len(column_keys) > MOST_COLUMNS:
        notes.append(_("Shown are the first %(rows)d rows and %(columns)d columns; the totals are of all.",
                       rows=MOST_ROWS, columns=MOST_COLUMNS))  # fmt: skip
    row_heads = _heads(report, report.rows, _ordered(report.rows, row_keys, values, by_row=True)[:MOST_ROWS])
    column_heads = _heads(report, report.columns, _ordered(report.columns, column_keys, values)[:MOST_COLUMNS])
    if any(one.how == "share" for one in report.measures) and not any(largest(one) for one in values[(), ()]):
        notes.append(_("There is nothing to divide by."))
    converted = rates.note(value for held in values.values() for value in held)
    if converted:
        notes.append(converted)
    return Result(
        report, row_heads, column_heads, values, tuple(title_of(source, one) for one in report.rows),
        tuple(title_of(source, one) for one in report.columns),
        tuple(measure_title(source, one) for one in report.measures),
        tuple(unit_of(source, one) for one in report.measures), str(source.label), notes=tuple(notes),
    )  # fmt: skip


def _measured(report: Report, wanted: Mapping[str, Measure]) -> dict[tuple[Key, Key], dict[str, Any]]:
    """What was measured by (row, column) key, totals included: sums and counts are added up from the cells, of means,
    medians and different values each total is asked for by itself."""
    width, base = len(report.rows), rates.base()
    groups = (*report.rows, *report.columns)
    cells = measure(report.source, wanted, groups=groups, base=base)
    found = {(key[:width], key[width:]): by for key, by in cells.items()}
    kinds = [pair for pair in dict.fromkeys(product((report.rows, ()), (report.columns, ()))) if (*pair[0], *pair[1]) !=
             groups]  # fmt: skip
    if all(one.how in ("count", "sum") for one in wanted.values()):
        for rows, columns in kinds:
            for key, by in cells.items():
                place = (key[:width] if rows else (), key[width:] if columns else ())
                found[place] = {name: _plus(found[place][name], value) for name, value in by.items()} if (
                    place in found) else dict(by)  # fmt: skip
        return found if ((), ()) in found else found | {((), ()): dict.fromkeys(wanted, 0)}
    for rows, columns in kinds:
        for key, by in measure(report.source, wanted, groups=(*rows, *columns), base=base).items():
            found[key[: len(rows)], key[len(rows) :]] = by
    return found


def _plus(one: Any, other: Any) -> Any:
    """Two measured numbers, or amounts by currency and day."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {key: one.get(key, 0) + other.get(key, 0) for key in {**one, **other}}
    return one if isinstance(one, Mapping) else other if isinstance(other, Mapping) else one + other


def _shares(report: Report, values: dict[tuple[Key, Key], list[Value]]) -> None:
    """Shares: each value over the whole of the report; nothing to divide by is no value."""
    whole = list(values[(), ()])
    for number, one in enumerate(report.measures):
        if one.how == "share":
            for held in values.values():
                held[number] = evaluate("part / whole", {"part": held[number], "whole": whole[number]})[0]


def _ordered(
    groups: Sequence[Grouping], keys: list[Key], values: Mapping[Any, Any], *, by_row: bool = False
) -> list[Key]:
    """Time in its order, other rows by the first measure, largest first."""
    if not groups or groups[0].unit or not by_row or len(groups) > 1:
        return sorted(keys, key=lambda key: tuple((one is None, str(one)) for one in key))
    return sorted(keys, key=lambda key: -largest(values[key, ()][0]))


def _heads(report: Report, groups: Sequence[Grouping], keys: Sequence[Key]) -> tuple[Head, ...]:
    names = [labels_of(report.source, one, dict.fromkeys(key[n] for key in keys)) for n, one in enumerate(groups)]
    return tuple(
        Head(key, tuple(key_text(key[n], names[n].get(key[n], ""), one.unit) if not isinstance(key[n], bool)
                        else (_("yes") if key[n] else _("no")) for n, one in enumerate(groups)))
        for key in keys
    )  # fmt: skip


def title_of(source: Any, one: Grouping) -> str:
    """What a group is called: the field, of a linked record with the link before it, with its unit of time."""
    head, _dot, rest = one.path.partition(".")
    held = grouped_field(source, one)
    label = str(held.field.label)
    if rest:
        label = f"{source.info.fields[source.info.plain(head)].field.label}: {label}"
    units = {"day": _("day"), "week": _("week"), "month": _("month"), "quarter": _("quarter"), "year": _("year")}
    return f"{label} ({units[one.unit]})" if one.unit else label


def how_label(how: str) -> str:
    """A measure in words."""
    return {
        "count": _("number"), "sum": _("sum"), "avg": _("mean"), "min": _("least"), "max": _("most"),
        "median": _("median"), "distinct": _("different values"), "share": _("share of the whole"),
    }[how]  # fmt: skip


def measure_title(source: Any, one: MeasureOf) -> str:
    """What a measure is called."""
    if not one.field:
        return _("Number") if one.how == "count" else _("Share of the whole")
    held = source.info.find(one.field)
    label = str(held.field.label) if held is not None else one.field
    return f"{label}: {how_label(one.how)}"


def unit_of(source: Any, one: MeasureOf) -> str:
    """Unit of a measure's values."""
    if one.how == "share":
        return PERCENT
    if one.how in ("count", "distinct"):
        return COUNT
    held = source.info.find(one.field)
    return MONEY if held is not None and held.kind == "money" else NUMBER


# ------------------------------------------------------------------ what is behind a cell


def cell_node(report: Report, row: Key, column: Key) -> Any:
    """The filter of the records behind a cell: the report's, and what the groups of the cell say."""
    source = source_of(report.source)
    nodes = [report.node] if report.node else []
    for key, groups in ((row, report.rows), (column, report.columns)):
        for value, one in zip(key, groups, strict=False):
            nodes.append(_group_node(one, value, grouped_field(source, one).kind))
    return None if not nodes else nodes[0] if len(nodes) == 1 else {"and": nodes}


def _group_node(one: Grouping, value: Any, kind: str) -> dict[str, Any]:
    if value is None:
        return {"f": one.path, "op": "empty"}
    if one.unit and isinstance(value, date):
        low, high = value, next_period(value, one.unit)
        words = [str(day) if kind == "date" else datetime.combine(day, time(), company_zone()).isoformat()
                 for day in (low, high)]  # fmt: skip
        return {"and": [{"f": one.path, "op": "gte", "v": words[0]}, {"f": one.path, "op": "lt", "v": words[1]}]}
    return {"f": one.path, "op": "eq", "v": value}


def cell_href(report: Report, row: Key, column: Key) -> str:
    """Address of the records behind a cell; "" for a dataset, whose rows are no records."""
    source = source_of(report.source)
    if source.dataset is not None:
        return ""
    node = cell_node(report, row, column)
    said = {"filter": json.dumps(node, separators=(",", ":"), default=str)} if node else {}
    return f"/{source.info.collection}?{urlencode(said)}" if said else f"/{source.info.collection}"


def plain_number(value: Value) -> float | None:
    """A number for a spreadsheet."""
    return float(value) if isinstance(value, Fraction) else None


def _invalid(sentence: str) -> Invalid:
    return Invalid(sentence, {"definition": [sentence]})
