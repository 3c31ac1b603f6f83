"""Figures over records: counts, sums, means and medians by group, over everything that the reader may see.

The filters are those of lists (`kumiko.records.filters`), the conditions of rights those of every list, so that a
number and the list behind it come from one definition. Measures of one source are computed in few statements, each with
its own filter inside: a page of twenty figures reads a table once and not twenty times.

Amounts are kept per currency, never added across; with `base`, amounts of other currencies also per day, so that the
caller can convert each by the rate of its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import ColumnElement, Float, and_, case, cast, distinct, func, literal_column, null, or_, select, true

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.offers import Measure
from kumiko.records import filters, links
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.measure_days import bucket, days_between
from kumiko.records.measure_sources import Rows, Source, rows_of, source_of

MOST_GROUPS = 5000
HOWS = ("count", "sum", "avg", "min", "max", "median", "distinct")
NUMBERS = ("integer", "number", "percent", "money")
_SPLIT = 1_000_000  # 64 bits do not hold the sum of a few large amounts; both databases add the two parts exactly

#: An amount: (currency, day it is converted at or None) -> minor units.
Amounts = dict[tuple[str, date | None], int]
Key = tuple[Any, ...]


@dataclass(frozen=True)
class Grouping:
    """One way to split a figure: by a field or a field of a linked record; days and moments by `unit`."""

    path: str
    unit: str = ""  # day, week, month, quarter, year


@dataclass
class _Sum:
    """What has been read of one measure in one group."""

    number: float = 0
    count: int = 0
    amounts: Amounts = field(default_factory=dict)
    counts: Amounts = field(default_factory=dict)
    best: Any = None


@dataclass(frozen=True)
class _Part:
    """A measure inside a statement: its condition and where its columns stand."""

    name: str
    measure: Measure
    condition: ColumnElement[bool]
    value: ColumnElement[Any] | None
    is_money: bool


def measure(
    type_key: str, wanted: Mapping[str, Measure], *, groups: Sequence[Grouping] = (), node: Any = None, base: str = ""
) -> dict[Key, dict[str, Any]]:
    """Group key -> name -> value, for measures of one source; without groups the only key is ().

    A value is a number, None where there is nothing to take a mean, least or most of, or of money an `Amounts`; a count
    with a money field has the same form, with counts. Keys hold ids of links, keys of choices, first days of periods
    (date), and None for nothing. `node`: a filter for all of them. Invalid says what cannot be measured.
    """
    source = source_of(type_key)
    wanted = {name: settled(one) for name, one in wanted.items()}
    if not groups:
        found: dict[Key, dict[str, _Sum]] = {(): {name: _Sum() for name in wanted}}
    else:
        found = {}
    for names in _statements(source.info, wanted, base):
        _read(source, {name: wanted[name] for name in names}, groups, node, base, found)
    return {
        key: {name: _value(wanted[name], sums.get(name) or _Sum()) for name in wanted}
        for key, sums in sorted(found.items(), key=lambda item: tuple(_order(one) for one in item[0]))
    }


def settled(one: Measure) -> Measure:
    """The measure with its filter as it is now."""
    return replace(one, node=one.node()) if callable(one.node) else one


def measured_ids(type_key: str, one: Measure, *, after: int = 0, limit: int = 200) -> list[int]:
    """Ids of the records behind a measure, by id, beyond `after`: each once."""
    source, one = source_of(type_key), settled(one)
    rows = rows_of(source, [one.field, one.until, one.weight], [one.node])
    conditions = [*rows.conditions, *([filters.compile_filter(rows.info, one.node, rows.where)] if one.node else [])]
    key = rows.where.id
    query = select(key).select_from(rows.source).where(*conditions, key > after).distinct().order_by(key).limit(limit)
    return list(rows.execute(query).scalars())


def _order(value: Any) -> tuple[int, Any]:
    return (0, 0) if value is None else (1, str(value) if not isinstance(value, int | float) else value)


def _is_money(info: TypeInfo, one: Measure) -> bool:
    return bool(one.field) and one.how != "distinct" and filters.readable_field(info, one.field).kind == "money"


def _statements(info: TypeInfo, wanted: Mapping[str, Measure], base: str) -> list[list[str]]:
    """Names that are read together: those of one money field share its currency, medians stand alone."""
    by_field: dict[tuple[str, str], list[str]] = {}
    plain: list[str] = []
    alone: list[list[str]] = []
    for name, one in wanted.items():
        if one.how not in HOWS:
            raise _refused(_("“%(how)s” cannot be measured; known: %(known)s", how=one.how, known=", ".join(HOWS)))
        if one.how == "median":
            alone.append([name])
        elif _is_money(info, one):
            by_field.setdefault((one.field, one.day if base else ""), []).append(name)
        else:
            plain.append(name)
    made = list(by_field.values())
    if made and all(wanted[name].how in ("count", "sum", "avg", "min", "max") for name in plain):
        made[0] += plain
    elif plain:
        made.append(plain)
    return made + alone


def _read(
    source: Source, wanted: Mapping[str, Measure], groups: Sequence[Grouping], node: Any, base: str,
    found: dict[Key, dict[str, _Sum]],
) -> None:  # fmt: skip
    paths = [path for one in wanted.values() for path in (one.field, one.until, one.weight)]
    nodes = [node, *(one.node for one in wanted.values())]
    rows = rows_of(source, [*paths, *(one.path for one in groups), *(one.day for one in wanted.values())], nodes)
    keys = [_key_column(rows, one) for one in groups]
    parts = [_part(rows, name, one) for name, one in wanted.items()]
    money = next((part for part in parts if part.is_money), None)
    currency, day = _money_columns(rows, money, base)
    conditions = [*rows.conditions, *([filters.compile_filter(rows.info, node, rows.where)] if node else [])]
    if all(part.measure.node for part in parts):
        conditions.append(or_(*(part.condition for part in parts)))
    split = [*keys, *([currency] if money else []), *([day] if day is not None else [])]
    if parts[0].measure.how == "median":
        query = _median(rows, parts[0], split, conditions)
    else:
        columns = [column for part in parts for column in _columns(part)]
        query = select(*split, *columns).select_from(rows.source).where(*conditions).group_by(*split)
    answers = rows.execute(query.limit(MOST_GROUPS * 4 + 1)).all()
    width = len(keys)
    sizes = [1 if part.measure.how == "median" else len(_columns(part)) for part in parts]  # once, not for each row
    for row in answers:
        key = tuple(_plain_key(value, one) for value, one in zip(row[:width], groups, strict=True))
        code = row[width] if money else None
        at = None
        if day is not None and row[width + 1] is not None:
            at = row[width + 1] if isinstance(row[width + 1], date) else date.fromisoformat(str(row[width + 1])[:10])
        sums = found.setdefault(key, {})
        place = len(split)
        for part, count in zip(parts, sizes, strict=True):
            _add(sums.setdefault(part.name, _Sum()), part, row[place : place + count], code, at)
            place += count
    if len(found) > MOST_GROUPS:
        raise _refused(_("more than %(most)d groups come out; group by something coarser, or filter", most=MOST_GROUPS))


def _part(rows: Rows, name: str, one: Measure) -> _Part:
    info = rows.info
    condition = filters.compile_filter(info, one.node, rows.where) if one.node else true()
    if not one.field:
        if one.how != "count":
            raise _refused(_("“%(how)s” needs a field", how=one.how))
        return _Part(name, one, condition, None, is_money=False)
    held = filters.readable_field(info, one.field)
    if not held.columns:
        raise _refused(_("%(name)s cannot be measured: it is a list", name=one.field), one.field)
    column = rows.where.column(held)
    if one.until:
        days = days_between(held, column, *_second(rows, one))
        return _Part(name, one, condition, case((days >= 0, days)), is_money=False)  # backwards: no length of time
    if one.how not in ("count", "distinct") and held.kind not in NUMBERS:
        if one.how not in ("min", "max") or held.kind not in ("date", "moment"):
            raise _refused(_("%(name)s is no number; it can be counted only", name=one.field), one.field)
        return _Part(name, one, condition, column, is_money=False)
    value: ColumnElement[Any] = column
    if one.weight:
        weight = filters.readable_field(info, one.weight)
        value = cast(column, Float(53)) * cast(func.coalesce(rows.where.column(weight), 0), Float(53))
    return _Part(name, one, condition, value, is_money=held.kind == "money" and one.how != "distinct")


def _second(rows: Rows, one: Measure) -> tuple[FieldInfo, ColumnElement[Any]]:
    other = filters.readable_field(rows.info, one.until)
    return other, rows.where.column(other)


def _money_columns(rows: Rows, money: _Part | None, base: str) -> tuple[ColumnElement[Any], ColumnElement[Any] | None]:
    if money is None:
        return null(), None
    held = filters.readable_field(rows.info, money.measure.field)
    currency = rows.where.column(held, 1)
    if not base or not money.measure.day:
        return currency, None
    at = filters.readable_field(rows.info, money.measure.day)
    day = bucket(at, rows.where.column(at), "day")
    return currency, case((currency == base, null()), else_=day)


def _columns(part: _Part) -> list[ColumnElement[Any]]:
    one, condition, value = part.measure, part.condition, part.value
    if value is None:
        return [func.sum(case((condition, 1), else_=0))]
    filled = and_(condition, value.is_not(None))
    if one.how == "count":
        return [func.sum(case((filled, 1), else_=0))]
    if one.how == "distinct":
        return [func.count(distinct(case((condition, value))))]
    if one.how in ("min", "max"):
        return [getattr(func, one.how)(case((condition, value)))]
    number = func.sum(case((filled, 1), else_=0))
    if part.is_money and not one.weight:
        high = value // _SPLIT
        return [
            number,
            func.sum(case((filled, high), else_=0)),
            func.sum(case((filled, value - high * _SPLIT), else_=0)),
        ]
    return [number, func.sum(case((filled, cast(value, Float(53))), else_=0.0)), literal_column("0")]


def _median(rows: Rows, part: _Part, split: list[Any], conditions: list[ColumnElement[bool]]) -> Any:
    """The mean of the one or two values in the middle of each group."""
    assert part.value is not None
    named = [column.label(f"k{number}") for number, column in enumerate(split)]
    value = part.value.label("v")
    inner = (
        select(
            *named, value,
            func.row_number().over(order_by=part.value, partition_by=split or None).label("place"),
            func.count().over(partition_by=split or None).label("n"),
        )
        .select_from(rows.source)
        .where(*conditions, part.condition, part.value.is_not(None))
        .subquery()
    )  # fmt: skip
    keys = [inner.c[f"k{number}"] for number in range(len(split))]
    middle = (inner.c.place * 2).between(inner.c.n, inner.c.n + 2)
    return select(*keys, func.avg(cast(inner.c.v, Float(53)))).where(middle).group_by(*keys)


def _add(into: _Sum, part: _Part, columns: Sequence[Any], code: str | None, at: date | None) -> None:
    one = part.measure
    if one.how in ("count", "distinct"):
        into.count += int(columns[0] or 0)
        if part.is_money and code is not None and columns[0]:
            into.counts[code, at] = into.counts.get((code, at), 0) + int(columns[0])
        return
    if one.how in ("min", "max", "median"):
        value = columns[0]
        if value is None:
            return
        if part.is_money and code is not None:
            into.amounts[code, at] = int(Decimal(str(value)).to_integral_value(ROUND_HALF_UP))
        elif into.best is None or (value < into.best) == (one.how == "min"):
            into.best = value
        return
    number, high, low = columns
    if not number:
        return
    into.count += int(number)
    if not part.is_money:
        into.number += float(high)
    elif code is not None:
        whole = round_half_up(Decimal(high) / 100) if one.weight else int(high) * _SPLIT + int(low)
        into.amounts[code, at] = into.amounts.get((code, at), 0) + whole
        into.counts[code, at] = into.counts.get((code, at), 0) + int(number)


def _value(one: Measure, read: _Sum) -> Any:
    if one.how in ("count", "distinct"):
        return dict(read.counts) if read.counts else read.count
    if read.amounts or read.counts:
        if one.how == "avg":
            return {key: round_half_up(Decimal(total) / read.counts[key]) for key, total in read.amounts.items()}
        return dict(read.amounts)
    if one.how in ("min", "max", "median"):
        return None if read.best is None else float(read.best) if not hasattr(read.best, "year") else read.best
    if one.how == "avg":
        return read.number / read.count if read.count else None
    return read.number


def round_half_up(value: Decimal) -> int:
    """A whole number of minor units."""
    return int(value.to_integral_value(ROUND_HALF_UP))


def grouped_field(source: Source, one: Grouping) -> FieldInfo:
    """The field whose values the keys of a grouping are; Invalid when nothing can be grouped by it."""
    head, _dot, rest = one.path.partition(".")
    held = filters.readable_field(source.info, head)
    if rest:
        target = source.target(held)
        if target is None:
            raise _refused(_("%(path)r leads nowhere", path=one.path), one.path)
        held = filters.readable_field(target, rest)
    if held.is_many or held.kind in ("json", "longtext", "multichoice") or "." in rest:
        raise _refused(_("figures cannot be grouped by %(name)s", name=one.path), one.path)
    return held


def _key_column(rows: Rows, one: Grouping) -> ColumnElement[Any]:
    held = grouped_field(rows.origin, one)
    head, _dot, rest = one.path.partition(".")
    if rest:
        column: ColumnElement[Any] = rows.far_column(filters.readable_field(rows.info, head), held)
    else:
        column = rows.where.column(held)
    if held.kind in ("date", "moment"):
        return bucket(held, column, one.unit or "month")
    return column


def _plain_key(value: Any, one: Grouping) -> Any:
    return date.fromisoformat(value) if one.unit and isinstance(value, str) else value


def _refused(sentence: str, name: str = "measure") -> Invalid:
    return Invalid(sentence, {name: [sentence]})


def labels_of(type_key: str, one: Grouping, keys: Iterable[Any]) -> dict[Any, str]:
    """Key of a grouping -> what people call it, for links and choices: records that one may not see are left out.

    Days, numbers and texts are their own names and left to the caller, who knows the reader's language.
    """
    source = source_of(type_key)
    held = grouped_field(source, one)
    wanted = [key for key in keys if key is not None]
    if held.kind == "choice":
        return {key: str(held.choices[key].label) for key in wanted if key in held.choices}
    target = catalogue().find(held.field.to) if held.kind == "link" else None
    if target is None or not wanted:
        return {}
    names = links.names_of((source.type, target, key) for key in wanted)
    return {key: name for (_type, key), name in names.items()}
