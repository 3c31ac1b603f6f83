"""Boards of records: the address is the state, as in lists, with which it shares filters and saved views.

/things/board?board=FIELD&scope=KEY&by=owner&open=LANE,LANE&<filters of the list>
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Response, make_response, redirect, render_template, request

from kumiko import features
from kumiko.host.context import current
from kumiko.host.declarations import Board, BoardScope, Lane
from kumiko.host.errors import Invalid, NotFound
from kumiko.host.i18n import gettext as _
from kumiko.records import boards, news
from kumiko.records.catalogue import TypeInfo
from kumiko.web import board_view, fitting, view_pages
from kumiko.web.answers import is_htmx, page
from kumiko.web.board_cards import with_chosen_fields
from kumiko.web.filters_form import Condition
from kumiko.web.lists import ListState
from kumiko.web.types import type_of

NOBODY, OTHERS = "none", "others"


@dataclass(frozen=True)
class BoardState:
    """What an address says about a board."""

    info: TypeInfo
    board: Board
    scopes: tuple[BoardScope, ...]
    scope: BoardScope | None
    listed: ListState
    by_owner: bool
    opened: frozenset[str]
    limits: Mapping[Any, int]

    @classmethod
    def of(cls, info: TypeInfo, args: Any) -> BoardState:
        """The state in a query; NotFound for a type without a board that the person may see."""
        board = info.board_by(args.get("board", ""))
        if board is not None and board.feature:
            features.require(board.feature)
        off = None if board is not None else features.board_off(current().generation, info.key)
        if off is not None:
            raise off
        if board is None or boards.board_field(info, board) is None:
            raise NotFound(
                _(
                    "%(what)s have no board now; the module that gives it may be off. Their list is at %(path)s.",
                    what=str(info.type.label_plural),
                    path=f"/{info.collection}",
                )
            )
        known = board.scopes()
        state = ListState.of(info, args)
        scope = next((one for one in known if one.key == args.get("scope", "")), None)
        if scope is None:  # a list filtered to one scope leads to that scope
            scope = next((one for one in known if _condition_of(one, state) is not None), known[0] if known else None)
        same = _condition_of(scope, state) if scope is not None else None
        if same is not None:
            state = replace(state, conditions=tuple(one for one in state.conditions if one is not same))
        opened = frozenset(args.get("open", "")[:2000].split(",")) - {""}
        limits = _limits(args.get("_shown", ""), scope)
        board = with_chosen_fields(info, board)
        return cls(info, board, known, scope, state, args.get("by") == "owner", opened, limits)

    @property
    def node(self) -> Any:
        return self.listed.node

    @property
    def own(self) -> list[tuple[str, str]]:
        """Parameters that only boards have."""
        return [
            ("board", "" if self.board == self.info.board else self.board.by),
            ("scope", self.scope.key if self.scope is not None else ""),
            ("by", "owner" if self.by_owner else ""),
            ("open", ",".join(sorted(self.opened))),
        ]

    def href(
        self, *, without: Condition | None = None, more: Iterable[tuple[str, str]] = (), place: str = "/board"
    ) -> str:
        """Address of this board with changes; later pairs win."""
        return self.listed.href(without=without, more=[*self.own, *more], place=place)

    def folded(self, lane: Lane) -> bool:
        """Whether a lane shows its count and sum only."""
        return lane.closed and str(lane.value) not in self.opened

    @property
    def unfolded(self) -> tuple[Lane, ...]:
        return tuple(lane for lane in self.scope.lanes if not self.folded(lane)) if self.scope is not None else ()

    def find_lane(self, key: str) -> Lane | None:
        """The lane of the scope with this value."""
        lanes = self.scope.lanes if self.scope is not None else ()
        return next((lane for lane in lanes if str(lane.value) == key), None)

    def list_href(self) -> str:
        """The same records as a list: a scope that is one condition becomes a filter."""
        pair = pair_of(self.scope) if self.scope is not None else None
        return self.listed.href(more=[pair] if pair else [])


def pair_of(scope: BoardScope) -> tuple[str, str] | None:
    """Field and value of a scope that is one condition; else None."""
    node = scope.node or {}
    if set(node) != {"f", "op", "v"} or node["op"] != "eq" or not isinstance(node["v"], int | str):
        return None
    value = str(node["v"]).lower() if isinstance(node["v"], bool) else str(node["v"])
    return str(node["f"]).rpartition(":")[2], value


def _condition_of(scope: BoardScope, state: ListState) -> Condition | None:
    pair = pair_of(scope)
    return next((one for one in state.conditions if pair is not None and one.pairs == (pair,)), None)


def _limits(text: str, scope: BoardScope | None) -> dict[Any, int]:
    """`LANE:24,LANE:36`: how many cards the page that asks already shows."""
    wanted: dict[str, int] = {}
    for part in text[:4000].split(","):
        key, _colon, number = part.rpartition(":")
        if key and number.isdecimal() and len(number) < 6:
            wanted[key] = min(max(int(number), boards.PER_LANE), boards.MOST_PER_LANE)
    lanes = scope.lanes if scope is not None else ()
    return {lane.value: wanted[str(lane.value)] for lane in lanes if str(lane.value) in wanted}


def show(collection: str) -> Response:
    """GET /COLLECTION/board: the page, or its part for filters and refreshes."""
    info = type_of(collection)
    template = "kumiko/board_part.html" if is_htmx() else "kumiko/board.html"
    mark = news.mark_now()
    try:
        state = BoardState.of(info, request.args)
        view = board_view.view_of(state, mark)
        view = replace(view, menu=(*view.menu, *view_pages.menu_of(info, state.listed, state.own)))
    except Invalid as fault:
        if left := fitting.address(info, "/board"):
            return make_response(redirect(left))
        return page(template, 422, v=board_view.refused(info, fault))
    return page(template, v=view)


def lane(collection: str) -> Response:
    """GET /COLLECTION/board/lane: the next cards of a lane, behind `after`."""
    state = BoardState.of(type_of(collection), request.args)
    chosen = state.find_lane(request.args.get("_lane", ""))
    if chosen is None or state.scope is None:
        raise NotFound(_("There is no such lane; load the page again."))
    place, node = request.args.get("_owner", ""), state.node
    if place:
        node = boards.both(owner_node(state, place), node)
    fetched = boards.board_page(
        state.info, state.board, state.scope, node=node, q=state.listed.q, lanes=(chosen,),
        after={chosen.value: state.listed.after} if state.listed.after else None,
    )  # fmt: skip
    made = board_view.more_cards(state, chosen, fetched, place, _number(request.args.get("_left", "")))
    return make_response(render_template("kumiko/board_lane.html", lane=made))


def row(collection: str) -> Response:
    """GET /COLLECTION/board/row: the cards of one owner, lane by lane."""
    state = BoardState.of(type_of(collection), request.args)
    place = request.args.get("_owner", "")
    if state.scope is None or not place:
        raise NotFound(_("There is no such row; load the page again."))
    node = boards.both(owner_node(state, place), state.node)
    lanes = board_view.row_lanes(state, node, place)
    return make_response(render_template("kumiko/board_row.html", lanes=lanes, place=place))


def owner_node(state: BoardState, place: str) -> dict[str, Any]:
    """Filter of a row: the records of one owner, of nobody, or of all who have no row of their own."""
    if place == NOBODY:
        return {"f": "owner", "op": "empty"}
    if place == OTHERS:
        return board_view.others_node(state)
    return {"f": "owner", "op": "eq", "v": _number(place)}


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def since(collection: str) -> Response:
    """GET /COLLECTION/board/since?n=MARK: 204 while nothing of the type changed, else {"n": mark of now}.

    The mark of now also stands in the header Kumiko-Mark.
    """
    info = type_of(collection)
    mark, changed = news.changed_since(info.key, request.args.get("n", ""))
    response = make_response({"n": mark} if changed else "", 200 if changed else 204)
    response.headers["Kumiko-Mark"] = mark
    response.headers["Cache-Control"] = "no-store"
    return response
