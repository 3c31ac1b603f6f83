"""Counts and sums of boards: one grouped statement over ALL records that the person may see, never adding currencies.

Where an extension keeps lanes and copies of the base columns in its side table, and nothing else is asked, the side
table alone answers: a covering index on it then takes a quarter of the time of the join (extension-study 3.1).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Float,
    Select,
    case,
    cast,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    type_coerce,
    union_all,
)

from kumiko.host import context
from kumiko.host.declarations import Board, BoardScope
from kumiko.host.scoping import trusted
from kumiko.records import filters, leads, queries, rights
from kumiko.records.catalogue import ExtensionInfo, FieldInfo, TypeInfo, catalogue
from kumiko.records.filters import Where, compile_filter
from kumiko.records.measure_days import bucket
from kumiko.records.plans import Builder, asked

PERCENT = 100  # weights are whole percents


@dataclass(frozen=True, slots=True)
class Amount:
    """Sum of one currency in minor units; `weighted_minor` is None where nothing is weighted.

    `day`: by whose rate it is converted, when sums were asked for by day.
    """

    currency: str
    minor: int
    weighted_minor: int | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class LaneTotal:
    """How many records a lane holds, and their sums, one per currency."""

    count: int = 0
    amounts: tuple[Amount, ...] = ()

    def __add__(self, other: LaneTotal) -> LaneTotal:
        """Both together, currency by currency."""
        sums: dict[tuple[str, str], Amount] = {_by(one): one for one in self.amounts}
        for one in other.amounts:
            had = sums.get(_by(one))
            weighted = [part.weighted_minor for part in (had, one) if part and part.weighted_minor is not None]
            minor = one.minor + (had.minor if had else 0)
            sums[_by(one)] = Amount(one.currency, minor, sum(weighted) if weighted else None, one.day)
        return LaneTotal(self.count + other.count, tuple(sums[key] for key in sorted(sums)))


def _by(one: Amount) -> tuple[str, str]:
    return one.currency, one.day.isoformat() if one.day is not None else ""


Query = Select[Any] | CompoundSelect[Any]
Totals = Mapping[tuple[Any, Any], LaneTotal]


def board_totals(
    info: TypeInfo, board: Board, scope: BoardScope, *, node: Any = None, q: str = "", by: str = "", base: str = "",
    day: str = "",
) -> Totals:  # fmt: skip
    """(lane value, None) -> count and sums over all records that the person may see, also those beyond the page.

    `by`: name of a link field; its stored value then takes the place of None. `base` and `day`: amounts in currencies
    other than `base` come by the day of this field, so that each is converted by the rate of its day.

    Records without an amount only count; those without a weight have no part in the weighted sum.
    Without the right to see the amount there are only counts.
    """
    whole = both(scope.node, node)
    query = _statement(info, board, scope, whole, q, by, (base, day) if base and day in info.fields else ("", ""))
    found: dict[tuple[Any, Any], LaneTotal] = {}
    for lane, group, currency, on, count, minor, weighted in trusted(query, queries.who()):
        amounts: tuple[Amount, ...] = ()
        if currency is not None and minor is not None:
            part = None if weighted is None else round(weighted / PERCENT)
            amounts = (Amount(currency, int(minor), part, date.fromisoformat(on) if on else None),)
        found[lane, group] = found.get((lane, group), LaneTotal()) + LaneTotal(count, amounts)
    return found


def both(one: Any, other: Any) -> Any:
    """Two filters that must both hold; either may be missing."""
    return {"and": [dict(one), other]} if one and other else dict(one) if one else other


def driven_by(info: TypeInfo, board: Board, node: Any) -> tuple[str, ...]:
    """Plugins whose side tables a board starts from: those of its order, its lanes and its filter."""
    heads = [info.fields[name] for name in (board.position, board.by) if name]
    named = sorted(filters.extensions_in(info, node)) if node else []
    return tuple(dict.fromkeys([*(one.plugin for one in heads if one.extension), *named]))


def _statement(
    info: TypeInfo, board: Board, scope: BoardScope, node: Any, q: str, by: str, days: tuple[str, str]
) -> Query:
    node = leads.node_led(info, node)
    text = json.dumps(node) if node else ""
    values = tuple(lane.value for lane in scope.lanes)
    shape = (board.by, board.amount, board.weight, by, *days)
    key = ("board sums", info.key, shape, values, text, rights.signature(context.principal()))
    shared = queries.may_be_shared(text, q) and len(text) < 2000
    cache = catalogue().cache
    if shared and key in cache:
        found: Query = cache[key]
        return found
    made = _build(info, board, values, node, q, by, days)
    if shared:
        if len(cache) > queries.PLANS_KEPT:
            cache.clear()
        cache[key] = made
    return made


def _among(at: ColumnElement[Any], values: tuple[Any, ...]) -> ColumnElement[bool]:
    """Whether a card stands in one of the lanes; the lane of None is for cards without a value."""
    named = at.in_([value for value in values if value is not None])
    return or_(named, at.is_(None)) if None in values else named


def _build(
    info: TypeInfo, board: Board, values: tuple[Any, ...], node: Any, q: str, by: str, days: tuple[str, str]
) -> Query:
    readable = info.readable(context.principal())
    lane = filters.readable_field(info, board.by)
    amount, weight = readable.get(board.amount), readable.get(board.weight)
    group = filters.readable_field(info, by) if by else None
    base, day = days[0], readable.get(days[1]) if amount is not None else None
    asked_of = [one for one in (lane, amount, weight, group, day) if one is not None]
    alone = None if q.strip() else _from_copies(info, lane, asked_of, node)
    where, source, conditions, readable_by = alone if alone is not None else _from_all(info, board, node, q)
    at = where.column(lane)
    found: list[Any] = [at, where.column(group) if group is not None else literal_column("NULL")]
    if amount is None:
        nothing: Any = literal_column("NULL")
        found += [nothing, nothing, func.count(), nothing, nothing]
        groups = [at, *found[1:2]] if group is not None else [at]
    else:
        minor, currency = where.column(amount), where.column(amount, 1)
        weighted: Any = literal_column("NULL")
        if weight is not None:  # a float: no integer overflows, and numerics take PostgreSQL three times as long
            product = cast(minor, Float(53)) * type_coerce(where.column(weight), Float)
            weighted = func.sum(product, type_=Float())  # whole numbers: exact up to 2**53, in whatever order
        on: Any = literal_column("NULL")
        if day is not None:
            on = case((currency == base, null()), else_=bucket(day, where.column(day), "day"))
        found += [currency, on, func.count(), func.sum(minor), weighted]
        groups = [at, currency, *([on] if day is not None else []), *(found[1:2] if group is not None else ())]
    query = select(*found).select_from(source).where(_among(at, values), *conditions).group_by(*groups)
    parts = [query.where(one) for one in readable_by]
    return union_all(*parts) if len(parts) > 1 else parts[0]


#: Where columns are found, what is read, conditions, and ways to be readable that exclude each other: an index finds
#: the few rows of each, but would be scanned for "one or the other".
Sources = tuple[Where, Any, list[ColumnElement[bool]], list[ColumnElement[bool]]]


def _from_all(info: TypeInfo, board: Board, node: Any, q: str) -> Sources:
    builder = Builder(info, driven_by=driven_by(info, board, node))
    conditions = [rights.criterion(info, context.principal(), table=builder.base)]
    if node:
        conditions.append(compile_filter(info, node, builder.where))
    if q.strip():
        conditions.append(asked(builder, q))
    return builder.where, builder.source, [one for one in conditions if one is not None], [true()]


def _from_copies(info: TypeInfo, lane: FieldInfo, fields: list[FieldInfo], node: Any) -> Sources | None:
    """The side table alone, when it holds everything that is asked for and says who may read; else None."""
    side = lane.extension
    if side is None:
        return None
    kept = set(side.extension.mirrors)
    if not all(_is_kept(one, side, kept) for one in (*fields, *_named(info, node))):
        return None
    may_read = rights.mirrored(info, context.principal(), side.table)
    if may_read is None:
        return None
    where = Where(side.table, {side.plugin: side.table}, side)
    return where, side.table, [compile_filter(info, node, where)] if node else [], may_read


def _is_kept(one: FieldInfo | None, side: ExtensionInfo, kept: set[str]) -> bool:
    if one is None or not one.columns or one.custom is not None:
        return False
    if one.extension is not None:
        return one.extension is side
    return all(column.name in kept for column in one.columns)


def _named(info: TypeInfo, node: Any) -> list[FieldInfo | None]:
    """The fields that a filter names; None for one that leads elsewhere."""
    if not isinstance(node, Mapping):
        return []
    for word in ("and", "or"):
        if isinstance(node.get(word), list):
            return [found for one in node[word] for found in _named(info, one)]
    if "not" in node:
        return _named(info, node["not"])
    path = str(node.get("f", ""))
    return [None if "." in path else info.find(path.rpartition(":")[2])]
