"""Boards: the first cards of every lane in one statement, and counts and sums of all of them in another.

One `LIMIT` per lane, joined by UNION ALL: each part walks an index and stops (a window function over all records takes
a hundred times as long, extension-study 3.1). Rights, filters, columns and names of links are those of lists. Sums read
an extension's copies of the base columns where those answer everything that is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, literal, select, tuple_, union_all

from kumiko.host import context
from kumiko.host.declarations import Board, BoardScope, Lane
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import filters, leads, queries, rights
from kumiko.records.board_sums import Amount, LaneTotal, Totals, board_totals, both, driven_by
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.filters import compile_filter
from kumiko.records.money import Money
from kumiko.records.plans import Builder, PlanColumn, add_column, asked
from kumiko.records.record_refs import RecordRef
from kumiko.records.states import Many, load_many
from kumiko.records.views import LinkValue

PER_LANE = 12
MOST_PER_LANE = 200

__all__ = [
    "PER_LANE", "Amount", "BoardPage", "CardRow", "LanePage", "LaneTotal", "Totals", "board_field", "board_page",
    "board_totals", "both", "card_names",
]  # fmt: skip


@dataclass(frozen=True)
class CardRow:
    """A card: the record's id and version, the value of its lane, and what it shows, by name as a `RecordView` has it.

    This is what a board's `badges` get.
    """

    id: int
    version: int
    lane: Any
    values: Mapping[str, Any]

    def get(self, name: str) -> Any:
        """A shown value; None when it is empty or not shown."""
        return self.values.get(name)

    def link_id(self, name: str) -> int | None:
        """Id of a shown link's target, or None."""
        value = self.values.get(name)
        return value.id if isinstance(value, LinkValue) else None


@dataclass(frozen=True)
class LanePage:
    """The cards of a lane in their order; `next`: cursor of those that follow, None when there are no more."""

    lane: Lane
    cards: tuple[CardRow, ...]
    next: str | None


@dataclass(frozen=True)
class BoardPage:
    """Lanes by value, and the columns that their cards show; lists and sets of a card by its id."""

    columns: tuple[PlanColumn, ...]
    lanes: Mapping[Any, LanePage]
    many: Mapping[int, Many]

    @property
    def cards(self) -> list[CardRow]:
        return [card for lane in self.lanes.values() for card in lane.cards]


@dataclass(frozen=True)
class _Cards:
    """A ready statement: rows are id, version, shown values, what they are ordered by, number of the lane."""

    query: Any
    columns: tuple[PlanColumn, ...]
    by: FieldInfo


Cursor = tuple[Any, int, bool]  # what the last card is ordered by, its id, whether that is null


def board_field(info: TypeInfo, board: Board) -> FieldInfo | None:
    """The field whose values are the lanes; None when the person may not see it, and so has no board."""
    return info.readable(context.principal()).get(board.by)


def card_names(info: TypeInfo, board: Board) -> tuple[str, ...]:
    """Names of the fields that the person sees on a card: title, sum, those declared, owner."""
    readable = info.readable(context.principal())
    wanted = dict.fromkeys(("name", board.amount, *board.fields, *(() if info.type.public else ("owner",))))
    return tuple(name for name in wanted if name and name.partition(".")[0] in readable)


def board_page(
    info: TypeInfo,
    board: Board,
    scope: BoardScope,
    *,
    node: Any = None,
    q: str = "",
    per_lane: int | Mapping[Any, int] = PER_LANE,
    after: Mapping[Any, str] | None = None,
    lanes: Sequence[Lane] | None = None,
    only: int | None = None,
) -> BoardPage:
    """The cards of lanes (default: all of the scope), in one statement however many lanes there are.

    `node`: filter besides the scope's own; `after`: lane value -> cursor; `per_lane`: how many, or lane value -> how
    many; `only`: id of the one card to read. Cards stand in the order of the position field, those without a position
    last, ties by id.
    """
    shown = tuple(scope.lanes if lanes is None else lanes)
    if not shown:
        return BoardPage((), {}, {})
    whole = both(scope.node, node)
    bounds = [_bound(info, scope, lane, whole, q) for lane in shown]
    cursors = [
        queries.read_cursor(text, bound, board.position or "id") if (text := (after or {}).get(lane.value)) else None
        for lane, bound in zip(shown, bounds, strict=True)
    ]
    ready = _statement(info, board, shown, whole, q, cursors, single=only is not None)
    limits = [_limit(per_lane, lane) for lane in shown]
    parameters: dict[str, Any] = {**queries.who(), "only": only}
    for number, (limit, cursor) in enumerate(zip(limits, cursors, strict=True)):
        value, last_id = (None, None) if cursor is None else cursor[:2]
        parameters |= {f"n{number}": limit + 1, f"v{number}": value, f"i{number}": last_id}
    found: list[list[Any]] = [[] for _lane in shown]
    for row in trusted(ready.query, parameters):
        found[row[-1]].append(row)
    pages: dict[Any, LanePage] = {}
    for lane, rows, limit, bound in zip(shown, found, limits, bounds, strict=True):
        rows.sort(key=_place)
        cut = rows[:limit]
        more = queries.make_cursor(bound, cut[-1][-2], cut[-1][0]) if len(rows) > limit else None
        pages[lane.value] = LanePage(lane, tuple(_card(row, lane, ready) for row in cut), more)
    many_names = [column.path for column in ready.columns if column.width == 0]
    ids = [card.id for page in pages.values() for card in page.cards]
    return BoardPage(ready.columns, pages, load_many(info, ids, many_names) if many_names and ids else {})


def _limit(per_lane: int | Mapping[Any, int], lane: Lane) -> int:
    wanted = per_lane if isinstance(per_lane, int) else per_lane.get(lane.value, PER_LANE)
    if not 1 <= wanted <= MOST_PER_LANE:
        sentence = _("a lane shows from 1 to %(most)d cards, found %(found)d", most=MOST_PER_LANE, found=wanted)
        raise Invalid(sentence, {"limit": [sentence]})
    return wanted


def _bound(info: TypeInfo, scope: BoardScope, lane: Lane, node: Any, q: str) -> str:
    said = json.dumps(["board", info.key, scope.key, str(lane.value), node, q])
    return hashlib.blake2b(said.encode(), digest_size=6).hexdigest()


def _place(row: Any) -> tuple[bool, Any, int]:
    return row[-2] is None, row[-2], row[0]


def _card(row: Any, lane: Lane, ready: _Cards) -> CardRow:
    by = LinkValue(lane.value, str(lane.label)) if ready.by.kind == "link" else lane.value
    values = {column.path: _value(column, row) for column in ready.columns if column.width}
    return CardRow(row[0], row[1], lane.value, {ready.by.name: by, **values})


def _value(column: PlanColumn, row: Any) -> Any:
    value = row[column.start]
    if value is None:
        return None
    if column.info.kind == "money":
        return Money(value, row[column.start + 1] or "")
    if column.info.kind == "link":
        name = row[column.start + 1]
        return LinkValue(value, name or "", hidden=name is None and not column.open)
    if column.info.kind == "record":
        return RecordRef(row[column.start + 1] or "", value)
    return value


# ------------------------------------------------------------------ the statement


def _statement(
    info: TypeInfo, board: Board, lanes: Sequence[Lane], node: Any, q: str, cursors: Sequence[Cursor | None], *,
    single: bool,
) -> _Cards:  # fmt: skip
    """The statement for these wishes, from the cache where it may be shared."""
    names = card_names(info, board)
    node = leads.node_led(info, node)
    text = json.dumps(node) if node else ""
    phases = tuple(None if cursor is None else cursor[2] for cursor in cursors)
    values = tuple(lane.value for lane in lanes)
    person = context.principal()
    key = ("board", info.key, board.by, board.position, names, values, text, phases, single, rights.signature(person))
    shared = queries.may_be_shared(text, q) and len(text) < 2000
    cache = catalogue().cache
    if shared and key in cache:
        found: _Cards = cache[key]
        return found
    made = _build(info, board, lanes, node, q, names, phases, single=single)
    if shared:
        if len(cache) > queries.PLANS_KEPT:
            cache.clear()
        cache[key] = made
    return made


def _build(
    info: TypeInfo, board: Board, lanes: Sequence[Lane], node: Any, q: str, names: Sequence[str],
    phases: Sequence[bool | None], *, single: bool,
) -> _Cards:  # fmt: skip
    person = context.principal()
    builder = Builder(info, driven_by=driven_by(info, board, node))
    by = filters.readable_field(info, board.by)
    order = None if not board.position else builder.where.column(info.fields[board.position])
    nullable = order is not None and bool(info.fields[board.position].columns[0].nullable)
    selected: list[Any] = [builder.base.c.id, builder.base.c.version]
    columns = tuple(add_column(builder, name, selected) for name in names)
    selected.append(builder.id if order is None else order)
    conditions = [rights.criterion(info, person, table=builder.base)]
    if node:
        conditions.append(compile_filter(info, node, builder.where))
    if q.strip():
        conditions.append(asked(builder, q))
    if single:
        conditions.append(builder.id == bindparam("only", type_=builder.id.type))
    kept = [one for one in conditions if one is not None]
    scopes: list[ColumnElement[bool] | None] = [None]
    if builder.driver is not None:
        scopes = [*(rights.mirrored(info, person, builder.driver) or (None,))]
    parts: list[Select[Any]] = []
    for number, (lane, phase) in enumerate(zip(lanes, phases, strict=True)):
        for own in scopes:
            where = and_(builder.where.column(by) == lane.value, *kept, *(() if own is None else (own,)))
            rows = select(*(column.label(f"c{place}") for place, column in enumerate(selected)))
            rows = rows.add_columns(literal(number, type_=Integer, literal_execute=True).label("lane"))
            rows = rows.select_from(builder.source).where(where)
            rows = rows.limit(bindparam(f"n{number}", type_=Integer, literal_execute=True))
            parts += _phases(rows, builder.id, order, nullable=nullable, phase=phase, number=number)
    ready = [select(part.subquery(f"p{number}")) for number, part in enumerate(parts)]
    return _Cards(union_all(*ready) if len(ready) > 1 else ready[0], columns, by)


def _phases(
    rows: Select[Any], key: ColumnElement[int], order: ColumnElement[Any] | None, *, nullable: bool,
    phase: bool | None, number: int,
) -> list[Select[Any]]:  # fmt: skip
    """Cards with a position in its order, then those without by id: an index answers each, but not both at once.

    `phase`: None for the start, else whether the cursor stands among the cards without a position.
    """
    last_id = bindparam(f"i{number}", type_=key.type)
    if order is None:
        return [(rows if phase is None else rows.where(key > last_id)).order_by(key)]
    found: list[Select[Any]] = []
    if phase is not True:
        filled = rows.where(order.is_not(None)) if nullable else rows
        if phase is False:
            filled = filled.where(tuple_(order, key) > tuple_(bindparam(f"v{number}", type_=order.type), last_id))
        found.append(filled.order_by(order, key))
    if nullable:
        empty = rows.where(order.is_(None))
        found.append((empty.where(key > last_id) if phase is True else empty).order_by(key))
    return found
