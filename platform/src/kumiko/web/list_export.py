"""A list as a file as it is seen: its columns under their titles, its order, its filter, its groups with subtotals.

Values are those of a spreadsheet (numbers, days), not of a page. Subtotals are of the rows in the file: whoever may
take out less than they see gets sums of what they take.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

from kumiko.currencies.services import base_currency, convert, money_day
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.imports import export
from kumiko.imports.cells import OutCell
from kumiko.notify.mentions import without_marks
from kumiko.records import dumps, groups, queries, rights
from kumiko.records.catalogue import TypeInfo
from kumiko.records.days import company_zone
from kumiko.records.money import decimal_string
from kumiko.records.plans import Plan, PlanColumn
from kumiko.web import formats
from kumiko.web.cells_build import column_label
from kumiko.web.list_groups import label_of_group
from kumiko.web.lists import ListState, count_word, linked_names, shown_columns
from kumiko.web.values import options_of

FORMATS = ("csv", "xlsx")
MOST_GROUPS = 10_000
Values = dict[str, Any]


def export_seen(stream: IO[bytes], info: TypeInfo, state: ListState, file_format: str) -> int:
    """Write the list to a binary stream; gives how many records. Forbidden without the right to export."""
    names = shown_columns(info, state)
    plan = queries.plan_of(info, names=names, node=state.node, sort=state.sort, q=state.q)
    grouping = groups.read_grouping(info, state.group) if state.group else None
    table = _Table(info, state, plan, grouping)
    question = {name: value for name, value in (
        ("filter", state.node), ("q", state.q), ("columns", names), ("sort", state.sort), ("group_by", state.group),
    ) if value}  # fmt: skip
    return export.table_to(stream, info, file_format, table.titles, table.rows(), question=question, fields=names,
                           name_at=1 if grouping is not None else 0, node=state.node, q=state.q)  # fmt: skip


@dataclass
class _Sums:
    """What stands below a group: amounts by column, currency and day, numbers by column."""

    count: int = 0
    amounts: dict[str, dict[tuple[str, date | None], int]] = field(default_factory=dict)
    numbers: dict[str, list[float]] = field(default_factory=dict)

    def add(self, plan: Plan, values: Values, day: date | None, base: str) -> None:
        self.count += 1
        for column in plan.columns:
            value = values.get(column.path)
            if value is None or column.path.endswith("year"):
                continue
            if column.info.kind == "money":
                key = (value[1], day if base and value[1] != base else None)
                by = self.amounts.setdefault(column.path, {})
                by[key] = by.get(key, 0) + value[0]
            elif column.info.kind in groups.NUMBERS:
                self.numbers.setdefault(column.path, []).append(value)


class _Table:
    def __init__(self, info: TypeInfo, state: ListState, plan: Plan, grouping: groups.Grouping | None) -> None:
        self.info, self.state, self.plan, self.grouping = info, state, plan, grouping
        self.base = base_currency()
        day = money_day(info.key)
        self.day = day if self.base and day in info.readable(principal()) else ""
        self.converts = bool(self.base) and any(one.info.kind == "money" for one in plan.columns)

    @property
    def titles(self) -> list[str]:
        found = [column_label(self.info, PlanColumn(self.grouping.path, self.grouping.one, 0, 0, sortable=False))
                 ] if self.grouping is not None else []  # fmt: skip
        for column in self.plan.columns:
            label = column_label(self.info, column)
            found += [label, _("%(field)s: currency", field=label)] if column.info.kind == "money" else [label]
        return [*found, _("Rates used")] if self.grouping is not None and self.converts else found

    def rows(self) -> Iterator[tuple[bool, list[OutCell]]]:
        """(whether it is a record, its cells)"""
        if self.grouping is None:
            for values, _day in self._records(self.state.node):
                yield True, self._cells(values)
            return
        found = groups.list_groups(self.info, self.grouping, node=self.state.node, q=self.state.q, most=MOST_GROUPS)
        if found.more:
            sentence = _("There are more than %(most)d groups; group by something else.", most=MOST_GROUPS)
            raise Invalid(sentence, {"group_by": [sentence]})
        whole = _Sums()
        for group in found.groups:
            label = label_of_group(self.grouping, group.value, group.name)[0]
            node = {"and": [self.state.node, group.node]} if self.state.node else group.node
            sums = _Sums()
            for values, day in self._records(node):
                for one in (sums, whole):
                    one.add(self.plan, values, day, self.base)
                yield True, [label, *self._cells(values), *([None] if self.converts else [])]
            if sums.count:
                yield from self._subtotal(label, sums)
        if whole.count:
            yield from self._subtotal(_("All together"), whole)

    def _records(self, node: Any) -> Iterator[tuple[Values, date | None]]:
        """Values by column of the records that the person may take out, and the day of their rate."""
        names = [column.path for column in self.plan.columns]
        asked = [*names, self.day] if self.day and self.day not in names else names
        after = ""
        while True:
            page = queries.list_page(self.info, names=asked, node=node, sort=self.state.sort, limit=queries.MAX_LIMIT,
                                     after=after, q=self.state.q)  # fmt: skip
            mine = rights.allowed(self.info, "export", [row[0] for row in page.rows])
            linked = linked_names(page)
            told = dumps.dump_page(page.plan, page.rows, page.many, linked)
            for row, shown in zip(page.rows, told, strict=True):
                if row[0] in mine:
                    values = {one.path: _value(one, row, shown, linked) for one in page.plan.columns}
                    yield values, _day(values.get(self.day))
            if page.next is None:
                return
            after = page.next

    def _cells(self, values: Values) -> list[OutCell]:
        found: list[OutCell] = []
        for column in self.plan.columns:
            value = values[column.path]
            if column.info.kind == "money":
                found += [Decimal(decimal_string(*value)), value[1]] if value is not None else [None, None]
            else:
                found.append(value)
        return found

    def _subtotal(self, label: str, sums: _Sums) -> Iterator[tuple[bool, list[OutCell]]]:
        """One row; further ones for amounts that have no rate, each in its own currency."""
        amounts = {path: convert(by) for path, by in sums.amounts.items()}
        kept = {path: list(one.minor().items()) for path, one in amounts.items()}
        notes = list(dict.fromkeys(one.note for one in amounts.values() if one.note))
        for number in range(max([len(one) for one in kept.values()] or [1])):
            said = _("Sum of %(count)s %(what)s", count=formats.count_text(sums.count),
                     what=count_word(self.info, sums.count))  # fmt: skip
            cells: list[OutCell] = [label, None if number else said]
            for column in self.plan.columns[1:]:
                if column.info.kind == "money":
                    code, minor = (kept.get(column.path, []) + [("", 0)] * (number + 1))[number]
                    cells += [Decimal(decimal_string(minor, code)), code] if code else [None, None]
                else:
                    cells.append(_of_numbers(column, sums.numbers.get(column.path, [])) if not number else None)
            yield False, [*cells, *(["; ".join(notes) if not number else None] if self.converts else [])]


def _of_numbers(column: PlanColumn, numbers: Sequence[float]) -> OutCell:
    if not numbers:
        return None
    whole = sum(numbers)
    return round(whole / len(numbers), 2) if column.info.kind == "percent" else whole


def _value(column: PlanColumn, row: Any, told: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> Any:
    """As it goes into a cell; of an amount minor units and currency."""
    one = column.info
    if not column.width:
        return _many_text(told.get(column.path))
    value = row[column.start]
    if value is None:
        return None
    if one.kind == "money":
        return value, row[column.start + 1]
    if one.kind == "link":
        return row[column.start + 1]  # None: hidden
    if one.kind == "record":
        return names.get((row[column.start + 1], value))
    if one.kind == "choice":
        option = options_of(one).get(value)
        return option.label if option else value
    if one.kind == "multichoice":
        known = options_of(one)
        return "; ".join(known[key].label if key in known else key for key in value)
    if one.kind == "json":
        return str(value)
    return without_marks(value) if one.kind == "longtext" else value


def _many_text(held: Any) -> str | None:
    """Tags, users, external ids and rows of a list field in one cell."""
    texts = []
    for one in held or ():
        if isinstance(one, Mapping):
            parts = [_part_text(value) for name, value in one.items() if name != "id" or len(one) == 1]
            texts.append(", ".join(part for part in parts if part))
        else:
            texts.append(str(one))
    return "; ".join(text for text in texts if text) or None


def _part_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return str(value.get("name") or "")
    return "" if value is None or isinstance(value, bool) else str(value)


def _day(value: Any) -> date | None:
    return value.astimezone(company_zone()).date() if isinstance(value, datetime) else value
