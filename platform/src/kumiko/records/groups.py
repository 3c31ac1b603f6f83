"""Lists in groups: count and sums of each group over ALL rows that the person may see, and the filter of its rows.

A grouping is the name of a field (`stage`, `owner`, `organization.city`), for days and moments with a period
(`closed_on:month`). Sums never add two currencies. The largest `MOST` groups are given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Float, String, case, cast, func, literal_column, null, or_, select, union_all

from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import queries, rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.days import company_zone
from kumiko.records.field_names import why_missing
from kumiko.records.measure_days import bucket, next_period
from kumiko.records.plans import Plan

MOST = 200
UNITS = ("day", "week", "month", "quarter", "year")
KINDS = ("choice", "boolean", "link", "text", "email", "phone", "url", "date", "moment")
NUMBERS = ("integer", "number", "percent")


@dataclass(frozen=True, kw_only=True)
class Grouping:
    """What a list is grouped by. `unit`: period of days and moments, else ""."""

    path: str
    one: FieldInfo
    unit: str = ""

    @property
    def text(self) -> str:
        return f"{self.path}:{self.unit}" if self.unit else self.path


@dataclass(frozen=True, kw_only=True)
class Sum:
    """Sum of a column over a group: of one currency in minor units, or of plain numbers. `count`: rows that have it.

    `day`: by whose rate an amount is converted, when sums were asked for by day.
    """

    name: str
    count: int
    currency: str = ""
    minor: int = 0
    number: float = 0.0
    day: date | None = None

    @property
    def average(self) -> float:
        """Of plain numbers."""
        return self.number / self.count if self.count else 0.0


@dataclass(frozen=True, kw_only=True)
class Group:
    """One group. `value` is None for rows without a value; `name`: of a linked record, None when it is hidden.

    `node`: the filter that its rows meet besides that of the list.
    """

    value: Any
    name: str | None
    count: int
    node: Mapping[str, Any]
    sums: tuple[Sum, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Groups:
    """All groups in order. `more`: there are further ones, smaller than these."""

    grouping: Grouping
    groups: tuple[Group, ...] = field(default=())
    more: bool = False


def read_grouping(info: TypeInfo, text: str) -> Grouping:
    """The grouping that a text names; Invalid when lists cannot be grouped so."""
    path, colon, unit = text.rpartition(":")
    if not colon or unit not in UNITS:
        path, unit = text, ""
    path = info.plain(path)
    head, _dot, rest = path.partition(".")
    person = context.principal()
    one = info.readable(person).get(head)
    if one is not None and rest:
        target = catalogue().find(one.field.to) if one.kind == "link" else None
        one = target.readable(person).get(rest) if target is not None else None
        if one is not None and one.kind == "link":
            one = None
    if one is None:
        raise _refused(why_missing(info, head if info.find(head) is None else path))
    if one.kind not in KINDS or not one.field.filterable:
        raise _refused(_("lists cannot be grouped by %(name)r", name=path))
    if one.kind in ("date", "moment"):
        unit = unit or "month"
    elif unit:
        raise _refused(_("%(name)r is no day: it has no %(unit)s", name=path, unit=unit))
    return Grouping(path=path, one=one, unit=unit)


def groupable(info: TypeInfo) -> list[FieldInfo]:
    """Own and extension fields that a list of the type can be grouped by."""
    readable = info.readable(context.principal())
    return [one for one in readable.values() if one.kind in KINDS and one.field.filterable and one.name != "name"]


def list_groups(
    info: TypeInfo, grouping: Grouping, sums: Sequence[str] = (), *, node: Any = None, q: str = "", base: str = "",
    day: str = "", most: int = MOST,
) -> Groups:  # fmt: skip
    """The groups of a list. `sums`: own fields with amounts or numbers to be summed. At most two statements.

    `base` and `day`: amounts in currencies other than `base` come by the day of this field, so that each is converted
    by the rate of its day.
    """
    at = info.readable(context.principal()).get(day) if base and day else None
    named = tuple(name for name in sums if info.readable(context.principal())[name].kind in ("money", *NUMBERS))
    asked = (grouping.path.partition(".")[0], *named, *([day] if at is not None else []))
    plan = queries.plan_of(info, names=(grouping.path,), node=node, sort="id", q=q, grouped=asked)
    key, shown = _columns(plan, grouping)
    counting = (
        select(key, *shown, func.count())
        .select_from(plan.source)
        .where(plan.where)
        .group_by(key, *shown)
        .order_by(func.count().desc(), key)
        .limit(most + 1)
    )
    rows = list(trusted(counting, queries.who()))
    more = len(rows) > most
    rows = rows[:most]
    among = [row[0] for row in rows] if more else None
    found = _sums(info, plan, key, named, among, base, at) if named and rows else {}
    groups = [
        Group(value=row[0], name=row[1] if shown else None, count=row[-1], node=group_node(grouping, row[0]),
              sums=tuple(found.get(row[0], ())))
        for row in rows
    ]  # fmt: skip
    return Groups(grouping=grouping, groups=tuple(_ordered(grouping, groups, _places(info, grouping))), more=more)


def group_node(grouping: Grouping, value: Any) -> dict[str, Any]:
    """The filter of a group's rows; `value` as it was given, or as text from an address."""
    path, one = grouping.path, grouping.one
    if value is None or value == "":
        if "." in path:  # also rows without the link, and those whose target is out of sight
            return {"not": {"f": path, "op": "nempty"}}
        return {"f": path, "op": "empty"}
    if one.kind == "boolean":
        return {"f": path, "op": "eq", "v": str(value).lower() in ("true", "1")}
    if not grouping.unit:
        return {"f": path, "op": "eq", "v": value}
    try:
        first = date.fromisoformat(str(value)[:10])
        end = next_period(first, grouping.unit)
    except (ValueError, OverflowError):
        raise _refused(_("wanted a day such as 2026-11-01, found %(found)r", found=str(value)[:40])) from None
    low, high = (first.isoformat(), end.isoformat()) if one.kind == "date" else (_midnight(first), _midnight(end))
    return {"and": [{"f": path, "op": "gte", "v": low}, {"f": path, "op": "lt", "v": high}]}


def _midnight(day: date) -> str:
    return datetime(day.year, day.month, day.day, tzinfo=company_zone()).isoformat()


def _columns(plan: Plan, grouping: Grouping) -> tuple[Any, list[Any]]:
    """What rows are grouped by, and the name of a linked record."""
    column = plan.columns[0]
    chosen = list(plan.first.selected_columns)
    value = chosen[column.start]
    if grouping.unit:
        return bucket(grouping.one, value, grouping.unit), []
    if grouping.one.kind == "link":
        return value, [chosen[column.start + 1]]
    if grouping.one.kind in ("text", "email", "phone", "url"):
        return func.nullif(value, ""), []
    return value, []


def _sums(
    info: TypeInfo, plan: Plan, key: Any, named: Sequence[str], among: Sequence[Any] | None, base: str,
    at: FieldInfo | None,
) -> dict[Any, list[Sum]]:  # fmt: skip
    parts = []
    for number, name in enumerate(named):
        one = info.fields[name]
        column = plan.places.column(one)
        is_money = one.kind == "money"
        code = plan.places.column(one, 1) if is_money else cast(null(), String)
        minor = cast(func.sum(column), BigInteger) if is_money else cast(null(), BigInteger)
        plain = cast(null(), Float) if is_money else cast(func.sum(column), Float)
        on: Any = cast(null(), String)
        if is_money and at is not None:
            on = case((code == base, null()), else_=cast(bucket(at, plan.places.column(at), "day"), String))
        query = (
            select(key.label("k"), literal_column(str(number)).label("n"), code.label("c"),
                   func.count(column).label("x"), minor.label("m"), plain.label("p"), on.label("d"))
            .select_from(plan.source)
            .where(plan.where, column.is_not(None))
            .group_by(key, *([code] if is_money else []), *([on] if is_money and at is not None else []))
        )  # fmt: skip
        if among is not None:
            kept = key.in_([one for one in among if one is not None])
            query = query.where(or_(kept, key.is_(None)) if None in among else kept)
        parts.append(query)
    found: dict[Any, list[Sum]] = {}
    for value, number, code, count, minor, plain, on in trusted(
        union_all(*parts) if len(parts) > 1 else parts[0], queries.who()
    ):
        made = Sum(name=named[int(number)], count=count, currency=code or "", minor=int(minor or 0),
                   number=float(plain or 0), day=date.fromisoformat(on[:10]) if on else None)  # fmt: skip
        found.setdefault(value, []).append(made)
    for sums in found.values():
        sums.sort(key=lambda one: (named.index(one.name), one.currency, one.day or date.min))
    return found


def _places(info: TypeInfo, grouping: Grouping) -> Mapping[Any, int]:
    """Where values stand that have an order of their own: that of the board, of the declaration, of their positions."""
    if info.board is not None and info.board.by == grouping.path:
        lanes = [lane.value for scope in info.board.scopes() for lane in scope.lanes]
        return {value: number for number, value in enumerate(dict.fromkeys(lanes))}
    if grouping.one.kind == "choice":
        return {key: number for number, key in enumerate(grouping.one.choices)}
    target = catalogue().find(grouping.one.field.to) if grouping.one.kind == "link" else None
    if target is None or not target.type.dictionary or "position" not in target.table.c:
        return {}
    table = target.table
    seen = rights.criterion(target, context.principal(), table=table)
    query = select(table.c.id).order_by(table.c.position, table.c.id).limit(MOST * 5)
    found = trusted(query if seen is None else query.where(seen), queries.who()).scalars()
    return {record_id: number for number, record_id in enumerate(found)}


def _ordered(grouping: Grouping, groups: Sequence[Group], order: Mapping[Any, int]) -> list[Group]:
    """In their own order, yes before no, newest first (periods), by name; rows without a value come last."""

    def place(group: Group) -> tuple[Any, ...]:
        value = group.value
        if order:
            return (order.get(value, len(order)), str(group.name or value))
        if grouping.one.kind == "boolean":
            return (not value, "")
        return (0, (group.name or "￿").casefold() if grouping.one.kind == "link" else str(value).casefold())

    filled = sorted((one for one in groups if one.value is not None), key=place, reverse=bool(grouping.unit))
    return [*filled, *(one for one in groups if one.value is None)]


def _refused(sentence: str) -> Invalid:
    return Invalid(sentence, {"group": [sentence]})
