"""What a board shows: heads with counts and sums, cards, rows by owner, and what an empty board says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kumiko.currencies.services import base_currency, money_day
from kumiko.host.context import principal
from kumiko.host.declarations import Badge, Board, Lane
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import boards, links
from kumiko.records.boards import BoardPage, CardRow, LaneTotal, Totals
from kumiko.records.catalogue import USER, TypeInfo, catalogue
from kumiko.records.money import Money
from kumiko.records.plans import PlanColumn
from kumiko.records.record_refs import RecordRef
from kumiko.records.views import LinkValue
from kumiko.web import as_of, converted, formats, views
from kumiko.web.board_cards import MOST_FACTS, fact_text, shown_on_cards
from kumiko.web.converted import Sum
from kumiko.web.filters_form import chips, filter_row, query_of, quick_filters
from kumiko.web.i18n import ngettext
from kumiko.web.lists import layouts_of, link_to, own_boards
from kumiko.web.types import may_create, may_edit, path_of
from kumiko.web.values import label_of, options_of, value_text
from kumiko.web.viewmodels import (
    Action,
    BoardCard,
    BoardLane,
    BoardRow,
    BoardView,
    CardBadge,
    CardFact,
    Empty,
    Filters,
    LaneHead,
    Link,
    Person,
)

if TYPE_CHECKING:
    from kumiko.web.boards import BoardState

MOST_ROWS = 20
NOTHING = LaneTotal()


def view_of(state: BoardState, mark: str) -> BoardView:
    """The board of a state, with its frame."""
    info, scope = state.info, state.scope
    if scope is None:
        return _frame(state, mark, empty=_no_scope(state))
    found = boards.board_totals(
        info, state.board, scope, node=state.node, q=state.listed.q, by="owner" if state.by_owner else "",
        base=base_currency(), day=money_day(info.key),
    )  # fmt: skip
    totals: dict[Any, LaneTotal] = {}
    for (lane, _owner), total in found.items():
        totals[lane] = totals.get(lane, NOTHING) + total
    if state.by_owner:
        lanes = tuple(BoardLane(head) for head in heads(state, totals))
        rows = _rows(state, _ranked(state, found))
        nothing = not rows
    else:
        fetched = boards.board_page(
            info, state.board, scope, node=state.node, q=state.listed.q, per_lane=_per_lane(state), lanes=state.unfolded
        )
        lanes, rows = lanes_of(state, totals, fetched), ()
        nothing = not any(total.count for total in totals.values())
    note = ""
    if nothing and state.listed.narrows:
        note = _("No %(what)s fit these filters.", what=inside(info.type.label_plural))
    return _frame(state, mark, lanes=lanes, rows=rows, note=note)


def _per_lane(state: BoardState) -> int | Mapping[Any, int]:
    return state.limits or boards.PER_LANE


def _frame(
    state: BoardState, mark: str, *, lanes: tuple[BoardLane, ...] = (), rows: tuple[BoardRow, ...] = (),
    empty: Empty | None = None, note: str = "",
) -> BoardView:  # fmt: skip
    info, scope = state.info, state.scope
    path = f"/{info.collection}"
    kept = (*state.listed.keep(), *(pair for pair in (*state.own, ("filter", state.listed.filter)) if pair[1]))
    conditions = list(state.listed.conditions)
    quick = tuple(one for one in quick_filters(info, conditions) if one.name != state.board.by)
    active = {one.name for one in quick if one.active}
    loose = [one for one in conditions if not (one.param in active and len(one.values) == 1)]
    clear = f"{path}/board?scope={scope.key}" if scope is not None and state.listed.narrows else ""
    may_move = scope is not None and may_edit(info) and not principal().read_only
    return BoardView(
        collection=info.collection,
        title=str(info.type.label_plural),
        path=path,
        filters=Filters(
            action=f"{path}/board", q=state.listed.q, quick=quick, chips=chips(info, loose, state),
            search_label=_("Search %(what)s", what=inside(info.type.label_plural)),
            add=filter_row(info), clear_href=clear, keep=kept,
            editor_href=state.href(place="/filter", more=[("_layout", "board")]),
        ),
        lanes=lanes,
        rows=rows,
        scopes=_scope_links(state),
        scope=str(scope.label) if scope is not None else "",
        views=views.links_of(info, state.listed.view, place="/board", more=state.own),
        save_view_href=state.href(place="/views/new", more=[("_layout", "board")]) if state.listed.narrows else "",
        layouts=layouts_of(state.list_href(), state.href(more=[("board", "")]), board=True,
                           own=own_boards(state.info, state.listed, state.board)),
        groupings=_groupings(state) if scope is not None else (),
        actions=_actions(state),
        menu=_menu(state),
        move_href=state.href(place="/board/move") if may_move and state.board.action in info.actions else "",
        since_href=f"{path}/board/since",
        mark=mark,
        ordered=bool(state.board.position),
        empty=empty,
        note=note,
    )  # fmt: skip


def _scope_links(state: BoardState) -> tuple[Link, ...]:
    if len(state.scopes) < 2:
        return ()
    return tuple(
        Link(str(one.label), state.href(more=[("scope", one.key), ("open", "")]), active=one is state.scope)
        for one in state.scopes
    )


def _groupings(state: BoardState) -> tuple[Link, ...]:
    if "owner" not in state.info.readable(principal()):
        return ()
    return (
        Link(_("All together"), state.href(more=[("by", "")]), "layout-kanban", active=not state.by_owner),
        Link(_("By owner"), state.href(more=[("by", "owner")]), "users", active=state.by_owner),
    )


def _actions(state: BoardState) -> tuple[Action, ...]:
    info = state.info
    if not may_create(info) or principal().read_only:
        return ()
    label = _("New %(what)s", what=inside(info.type.label))
    return (Action(label, f"/{info.collection}/new", "plus", primary=True, dialog=True, keys="c"),)


def _menu(state: BoardState) -> tuple[Action, ...]:
    board, scope = state.board, state.scope
    found = () if as_of.pairs() or scope is None else (as_of.chooser(state.href()),)
    if scope is None or not _may_manage(board):
        return found
    return (*found, Action(_("Set up the lanes"), board.manage.replace("{key}", scope.key), "settings"))


def _may_manage(board: Board) -> bool:
    """Whether the person may set lanes up: whoever may edit the records that they are."""
    info = catalogue().find(board.manages)
    return bool(board.manage) and info is not None and may_edit(info)


def _no_scope(state: BoardState) -> Empty:
    board, label = state.board, inside(state.info.type.label_plural)
    title = _("There is no board for you yet")
    if "{key}" not in board.manage and _may_manage(board):
        setup = Action(_("Set up the lanes"), board.manage, "settings", primary=True)
        return Empty(title, _("Lanes say which steps %(what)s go through.", what=label), "layout-kanban", setup)
    text = _("Lanes say which steps %(what)s go through. Ask an administrator to set them up for you.", what=label)
    return Empty(title, text, "layout-kanban", Action(_("Show the list"), f"/{state.info.collection}", "list"))


def refused(info: TypeInfo, fault: Invalid) -> BoardView:
    """The frame with the sentence in the place of the lanes: a saved view may name a field that is gone."""
    path = f"/{info.collection}/board"
    lines = [line for said in fault.errors.values() for line in said] or [fault.message]
    clear = Action(_("Clear filters"), path, "filter-off")
    return BoardView(
        info.collection, str(info.type.label_plural), f"/{info.collection}",
        Filters(path, add=filter_row(info), clear_href=path),
        empty=Empty(_("This board cannot be shown"), " ".join(dict.fromkeys(lines)), "filter-off", clear),
        layouts=layouts_of(f"/{info.collection}", path, board=True), crumbs=(link_to(info),),
    )  # fmt: skip


# ------------------------------------------------------------------ lanes


def heads(state: BoardState, totals: Mapping[Any, LaneTotal]) -> list[LaneHead]:
    """The heads of all lanes."""
    assert state.scope is not None
    creatable = may_create(state.info) and not principal().read_only
    return [
        _head(state, number, lane, totals.get(lane.value, NOTHING), creatable=creatable)
        for number, lane in enumerate(state.scope.lanes)
    ]


def _head(state: BoardState, number: int, lane: Lane, total: LaneTotal, *, creatable: bool) -> LaneHead:
    key, folded = str(lane.value), state.folded(lane)
    count = formats.count_text(total.count)
    shown = f"{count} / {formats.count_text(lane.limit)}" if lane.limit is not None else count
    said = f"{count} {inside(state.info.type.label if total.count == 1 else state.info.type.label_plural)}"
    if lane.limit is not None:
        said = _("%(count)s, at most %(most)s", count=said, most=formats.count_text(lane.limit))
    others = state.opened - {key}
    opened = ",".join(sorted(others | {key} if folded else others))
    preset = [(state.board.by, key), *([pair] if (pair := scope_pair(state)) else [])]
    return LaneHead(
        number=number, key=key, label=str(lane.label), hue=lane.hue or "gray", count=shown, count_text=said,
        sums=sums_of(total), note=str(lane.note), folded=folded, closed=lane.closed,
        over=lane.limit is not None and total.count >= lane.limit,
        fold_href=state.href(more=[("open", opened)]) if lane.closed else "",
        new_href=f"/{state.info.collection}/new?{query_of(preset)}" if creatable and not lane.closed else "",
    )  # fmt: skip


def scope_pair(state: BoardState) -> tuple[str, str] | None:
    """The field and value that every record of the scope has, when the scope is one condition."""
    from kumiko.web.boards import pair_of  # local: cycle

    return pair_of(state.scope) if state.scope is not None else None


def sums_of(total: LaneTotal) -> tuple[Sum, ...]:
    """Sums, with the weighted ones, in short form: "€34.7M", "€3.5M"."""
    return converted.sums_of(total.amounts, short=True)


def lanes_of(state: BoardState, totals: Mapping[Any, LaneTotal], fetched: BoardPage) -> tuple[BoardLane, ...]:
    """All lanes with the cards that were read."""
    assert state.scope is not None
    remarks = remarks_of(state, fetched)
    made: list[BoardLane] = []
    taken = False
    for lane, head in zip(state.scope.lanes, heads(state, totals), strict=True):
        listed = fetched.lanes.get(lane.value)
        if listed is None:
            made.append(BoardLane(head))
            continue
        cards = cards_of(state, listed.cards, fetched, remarks, first=not taken)
        taken = taken or bool(cards)
        left = totals.get(lane.value, NOTHING).count - len(cards)
        more, text = _more(state, lane, listed.next, left, "")
        made.append(BoardLane(head, cards, more, text))
    return tuple(made)


def more_cards(state: BoardState, lane: Lane, fetched: BoardPage, place: str, left: int) -> BoardLane:
    """The next cards of a lane; `left`: how many there were before them."""
    listed = fetched.lanes[lane.value]
    cards = cards_of(state, listed.cards, fetched, remarks_of(state, fetched))
    more, text = _more(state, lane, listed.next, left - len(cards), place)
    head = LaneHead(0, str(lane.value), str(lane.label), "gray", "", "")
    return BoardLane(head, cards, more, text, place)


def _more(state: BoardState, lane: Lane, cursor: str | None, left: int, place: str) -> tuple[str, str]:
    if cursor is None:
        return "", ""
    pairs = [("_lane", str(lane.value)), ("after", cursor), ("_owner", place), ("_left", str(max(left, 0)))]
    text = _("Show more") if left <= 0 else f"{_('Show more')} · {formats.count_text(left)}"
    return state.href(place="/board/lane", more=pairs), text


def remarks_of(state: BoardState, fetched: BoardPage) -> Mapping[int, tuple[Badge, ...]]:
    """Remarks of the plugin that declared the board, by record."""
    cards = fetched.cards
    told = state.board.badges is not None and cards and not as_of.pairs()  # remarks are about today
    return state.board.badges(cards) if told else {}  # type: ignore[misc]


def cards_of(
    state: BoardState, rows: tuple[CardRow, ...], fetched: BoardPage, remarks: Mapping[int, tuple[Badge, ...]], *,
    first: bool = False,
) -> tuple[BoardCard, ...]:  # fmt: skip
    """Cards as the page shows them."""
    board, info = state.board, state.info
    shown, most = shown_on_cards(info, board, fetched.columns)
    lead = next((column for column in shown if column.info.kind in ("link", "record")), None)
    named = _named(info, shown, rows)
    made: list[BoardCard] = []
    for number, row in enumerate(rows):
        facts: list[CardFact] = []
        beside: CardFact | None = None
        for column in shown:
            value = _shown(row.values.get(column.path), named)
            if value is None or value == "" or column is lead:
                continue
            option = options_of(column.info).get(value) if column.info.kind == "choice" else None
            text = fact_text(column, value_text(column.info, value), chosen=most > MOST_FACTS)
            fact = CardFact(label_of(column.info), text, option.hue if option else "")
            if beside is None and not facts and column.info.kind in ("date", "choice"):
                beside = fact
            else:
                facts.append(fact)
        amount, owner = row.get(board.amount), row.get("owner")
        made.append(
            BoardCard(
                id=row.id,
                version=row.version,
                title=str(row.get("name") or row.id),
                href=path_of(info.key, row.id),
                amount=formats.money_text(amount.minor, amount.currency) if isinstance(amount, Money) else "",
                line="" if lead is None else value_text(lead.info, _shown(row.values.get(lead.path), named)),
                beside=beside,
                facts=tuple(facts[:most]),
                badges=tuple(CardBadge(str(one.text), one.tone, one.icon) for one in remarks.get(row.id, ())),
                owner=Person.of(owner.name, owner.id) if isinstance(owner, LinkValue) and owner.name else None,
                first=first and number == 0,
            )
        )
    return tuple(made)


def _named(info: TypeInfo, shown: Sequence[PlanColumn], rows: Sequence[CardRow]) -> dict[tuple[str, int], str]:
    """Names of the records of any type that cards name."""
    paths = [column.path for column in shown if column.info.kind == "record"]
    refs = {ref for path in paths for row in rows if isinstance(ref := row.values.get(path), RecordRef)}
    found = [(info, target, ref.id) for ref in refs if (target := catalogue().find(ref.type_key)) is not None]
    return links.names_of(found) if found else {}


def _shown(value: Any, named: Mapping[tuple[str, int], str]) -> Any:
    if not isinstance(value, RecordRef):
        return value
    return LinkValue(value.id, named.get(value, ""), hidden=value not in named, type=value.type_key)


# ------------------------------------------------------------------ rows by owner


def _ranked(state: BoardState, found: Totals) -> list[tuple[int | None, LaneTotal]]:
    """Owners with what they have in the lanes that are open, most records first."""
    shown = {lane.value for lane in state.unfolded}
    sums: dict[int | None, LaneTotal] = {}
    for (lane, owner), total in found.items():
        if lane in shown:
            sums[owner] = sums.get(owner, NOTHING) + total
    return sorted(sums.items(), key=lambda pair: (-pair[1].count, pair[0] or 0))


def others_node(state: BoardState) -> dict[str, Any]:
    """Filter for the records of all who have no row of their own."""
    assert state.scope is not None
    found = boards.board_totals(state.info, state.board, state.scope, node=state.node, q=state.listed.q, by="owner")
    own = [owner for owner, _total in _ranked(state, found)[:MOST_ROWS]]
    ids = [owner for owner in own if owner is not None]
    parts: list[dict[str, Any]] = [{"f": "owner", "op": "nin", "v": ids}] if ids else []
    return {"and": [*parts, *([{"f": "owner", "op": "nempty"}] if None in own else [])]}


def _rows(state: BoardState, ranked: list[tuple[int | None, LaneTotal]]) -> tuple[BoardRow, ...]:
    own, rest = ranked[:MOST_ROWS], ranked[MOST_ROWS:]
    user = catalogue().get(USER)
    names = links.names_of([(state.info, user, owner) for owner, _total in own if owner is not None])
    rows = [
        _row(state, str(owner) if owner else "none", names.get((USER, owner or 0), ""), total) for owner, total in own
    ]
    if rest:
        total = NOTHING
        for _owner, one in rest:
            total += one
        rows.append(_row(state, "others", _("Others"), total))
    return tuple(rows)


def _row(state: BoardState, key: str, name: str, total: LaneTotal) -> BoardRow:
    label = name or (_("Without owner") if key == "none" else _("hidden"))
    return BoardRow(
        key, label, Person.of(name, int(key)) if key.isdecimal() and name else None,
        ngettext("%(num)s record", "%(num)s records", total.count), sums_of(total),
        state.href(place="/board/row", more=[("_owner", key)]),
    )  # fmt: skip


def row_lanes(state: BoardState, node: Any, place: str) -> tuple[BoardLane, ...]:
    """The lanes of one row with their first cards."""
    assert state.scope is not None
    fetched = boards.board_page(
        state.info, state.board, state.scope, node=node, q=state.listed.q, lanes=state.unfolded
    )  # fmt: skip
    remarks = remarks_of(state, fetched)
    made: list[BoardLane] = []
    for number, lane in enumerate(state.scope.lanes):
        head = LaneHead(number, str(lane.value), str(lane.label), "gray", "", "", folded=state.folded(lane))
        listed = fetched.lanes.get(lane.value)
        cards = () if listed is None else cards_of(state, listed.cards, fetched, remarks)
        more, text = ("", "") if listed is None else _more(state, lane, listed.next, 0, place)
        made.append(BoardLane(head, cards, more, text, place))
    return tuple(made)
