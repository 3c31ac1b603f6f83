"""Lists in groups: a head per group with count and sums of ALL its rows; its rows come by key when it is opened."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from flask import Response, make_response, render_template, request

from kumiko.currencies.services import base_currency, money_day
from kumiko.host.i18n import gettext as _
from kumiko.records import groups, queries
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.records.groups import Group, Grouping, Sum
from kumiko.records.plans import Plan
from kumiko.web import as_of, converted, formats
from kumiko.web.cells_build import build_rows, columns_of
from kumiko.web.i18n import reader
from kumiko.web.lists import PAGE, ListState, editable_columns, linked_names, shown_columns
from kumiko.web.types import type_of
from kumiko.web.values import label_of, options_of
from kumiko.web.viewmodels import Column, Filters, ListView, Option
from kumiko.web.viewmodels.groups import GroupHead

MOST_SUMS = 6


def heads_of(
    info: TypeInfo, state: ListState, plan: Plan, columns: tuple[Column, ...]
) -> tuple[tuple[GroupHead, ...], str]:
    """The heads of all groups, and a sentence when there are more than are shown."""
    grouping = groups.read_grouping(info, state.group)
    named = [one.path for one in plan.columns if "." not in one.path and one.info.kind in ("money", *groups.NUMBERS)]
    named = [name for name in named if not name.endswith("year")][:MOST_SUMS]
    found = groups.list_groups(info, grouping, named, node=state.node, q=state.q,
                               base=base_currency(), day=money_day(info.key))  # fmt: skip
    heads = tuple(_head(info, state, grouping, one, columns, f"g{at}") for at, one in enumerate(found.groups))
    more = _("There are more groups; these are the %(most)d largest.", most=groups.MOST) if found.more else ""
    return heads, more


def _head(
    info: TypeInfo, state: ListState, grouping: Grouping, group: Group, columns: tuple[Column, ...], mark: str
) -> GroupHead:
    value = "" if group.value is None else str(group.value)
    label, hue = label_of_group(grouping, group.value, group.name)
    return GroupHead(
        label=label,
        hue=hue,
        count=formats.count_text(group.count),
        cells=tuple(
            (_classes(column), lines_of(info, column.name, group.sums), f"km-{mark}-{at}")
            for at, column in enumerate(columns[1:])
        ),
        rows_href=state.href(more=(("group_by", grouping.text), ("_group", value or "-")), place="/group"),
    )


def _classes(column: Column) -> str:
    return " ".join(word for word, on in (("n", column.numeric), ("f", column.phone)) if on)


def lines_of(info: TypeInfo, name: str, sums: Iterable[Sum]) -> tuple[converted.Sum, ...]:
    """What stands below a column: amounts as one total where there are rates, numbers with their average."""
    mine = [one for one in sums if one.name == name]
    if mine and info.fields[name].kind == "money":
        return converted.sums_of(mine)
    return tuple(converted.Sum(text) for one in mine for text in _number_texts(info.fields[name], one))


def _number_texts(one: FieldInfo, total: Sum) -> list[str]:
    average = formats.number_text(round(total.average, 1))
    if one.kind == "percent":
        return [_("average %(number)s", number=formats.percent_text(round(total.average, 1)))]
    number = int(total.number) if total.number == int(total.number) else round(total.number, 2)
    return [formats.number_text(number), _("average %(number)s", number=average)]


def label_of_group(grouping: Grouping, value: Any, name: str | None) -> tuple[str, str]:
    """The heading of a group and its hue."""
    one = grouping.one
    if value is None:
        return _("without %(field)s", field=label_of(one)), ""
    if one.kind == "choice":
        option = options_of(one).get(str(value))
        return (option.label, option.hue) if option else (str(value), "")
    if one.kind == "boolean":
        return f"{label_of(one)}: {_('yes') if value else _('no')}", ""
    if one.kind == "link":
        return (name or _("hidden")), ""
    return (_period_text(str(value), grouping.unit) if grouping.unit else str(value)), ""


def _period_text(text: str, unit: str) -> str:
    from babel.dates import format_date  # local: one use

    first, locale = date.fromisoformat(text[:10]), reader().locale
    if unit == "year":
        return str(first.year)
    if unit == "quarter":
        return str(format_date(first, "QQQ y", locale=locale))
    if unit == "month":
        return str(format_date(first, "LLLL y", locale=locale))
    return _("week of %(day)s", day=formats.day_text(first)) if unit == "week" else str(formats.day_text(first))


def options(info: TypeInfo, chosen: str) -> tuple[Option, ...]:
    """What a list can be grouped by; days by month, quarter and year."""
    units = {"month": _("month"), "quarter": _("quarter"), "year": _("year")}
    found: list[Option] = []
    for one in sorted(groups.groupable(info), key=lambda field: label_of(field).casefold()):
        if one.kind in ("date", "moment"):
            found += [
                Option(f"{one.name}:{unit}", f"{label_of(one)}: {word}", chosen=chosen == f"{one.name}:{unit}")
                for unit, word in units.items()
            ]
        elif one.kind in ("choice", "boolean", "link", "text") and (one.kind != "text" or not one.field.max_length):
            found.append(Option(one.name, label_of(one), chosen=chosen == one.name))
    if chosen and not any(one.chosen for one in found):
        found.append(Option(chosen, chosen, chosen=True))
    return tuple(found)


def rows(collection: str) -> Response:
    """GET /COLLECTION/group?LIST&_group=VALUE: the first rows of a group, or those behind `after`."""
    info = type_of(collection)
    state = ListState.of(info, request.args)
    grouping = groups.read_grouping(info, state.group)
    value = request.args.get("_group", "")
    mine = groups.group_node(grouping, None if value == "-" else _typed(grouping.one, value))
    node = {"and": [state.node, mine]} if state.node else mine
    fetched = queries.list_page(info, names=shown_columns(info, state), node=node, sort=state.sort, limit=PAGE,
                                after=state.after, q=state.q)  # fmt: skip
    editable = frozenset() if as_of.pairs() else editable_columns(info)
    drawn = build_rows(fetched.plan, editable)(fetched.rows, fetched.many, linked_names(fetched))
    more = [("group_by", grouping.text), ("_group", value), ("after", fetched.next or "")]
    short = ListView(
        collection, "", "", "", tuple(columns_of(fetched.plan, editable)), tuple(drawn), Filters(""),
        more_href=state.href(more=more, place="/group") if fetched.next else "",
    )  # fmt: skip
    return make_response(render_template("kumiko/_rows.html", v=short))


def _typed(one: FieldInfo, text: str) -> Any:
    return int(text) if one.kind == "link" and text.isdecimal() and len(text) < 19 else text
