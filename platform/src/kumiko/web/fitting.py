"""What is left of a saved view whose fields are gone: its module is off, its field archived, its right taken away.

The list opens with all that still fits; its tab says what is missing (`saved_views.Tab.paused`). Programs, segments and
exports of the view itself stay refused: there nobody would see that a condition is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson
from flask import request
from werkzeug.datastructures import MultiDict

from kumiko.host.errors import Invalid
from kumiko.records import groups, queries
from kumiko.records.catalogue import TypeInfo
from kumiko.web.filters_form import OF_BOARDS, RESERVED, as_node, parse_node, query_of, read_conditions

Pairs = list[tuple[str, str]]


def address(info: TypeInfo, place: str = "") -> str:
    """Where the view that was asked for is shown without what is missing; "" when no view was, or nothing is."""
    asked = list(request.args.items(multi=True))
    if not request.args.get("view", "").isdecimal() or "after" in request.args:
        return ""
    kept = list(_kept(info, request.args))
    gone = kept == asked or not _fits(lambda: _try_all(info, MultiDict(kept)))
    return "" if gone else f"/{info.collection}{place}?{query_of(kept)}"


def _kept(info: TypeInfo, args: MultiDict[str, str]) -> Iterator[tuple[str, str]]:
    for name in args:
        for text in args.getlist(name):
            found = _part(info, name, text)
            if found:
                yield name, found


def _part(info: TypeInfo, name: str, text: str) -> str:
    """A parameter, or what of it can be used; "" for nothing."""
    if name == "columns":
        return ",".join(one for one in text.split(",") if _has_column(info, one.partition(":")[0]))
    if name == "sort":
        return text if _fits(lambda: queries.plan_of(info, names=("name",), sort=info.plain(text))) else ""
    if name == "group_by":
        return text if _fits(lambda: groups.read_grouping(info, text)) else ""
    if name == "filter":
        found: list[Any] = []
        if _fits(lambda: found.append(parse_node(text))) and (node := _pruned(info, found[0])) is not None:
            return orjson.dumps(node).decode()
        return ""
    if name in RESERVED or name in OF_BOARDS or name.startswith("_"):
        return text
    one = MultiDict([(name, text)])
    return text if _fits(lambda: _plan(info, as_node(read_conditions(info, one)))) else ""


def _has_column(info: TypeInfo, path: str) -> bool:
    return _fits(lambda: queries.plan_of(info, names=("name", info.plain(path)), sort="id"))


def _pruned(info: TypeInfo, node: Any) -> Any:
    """The filter without the conditions that must all hold and cannot be asked; None for nothing left."""
    if _fits(lambda: _plan(info, node)):
        return node
    parts = node.get("and") if isinstance(node, dict) else None
    kept = [one for part in parts if (one := _pruned(info, part)) is not None] if isinstance(parts, list) else []
    return None if not kept else kept[0] if len(kept) == 1 else {"and": kept}


def _plan(info: TypeInfo, node: Any) -> None:
    queries.plan_of(info, names=("name",), node=node, sort="id")


def _try_all(info: TypeInfo, args: MultiDict[str, str]) -> None:
    from kumiko.web.lists import ListState, shown_columns  # local: cycle

    state = ListState.of(info, args)
    queries.plan_of(info, names=shown_columns(info, state), node=state.node, sort=state.sort, q=state.q)


def _fits(ask: Callable[[], Any]) -> bool:
    try:
        ask()
    except Invalid:
        return False
    return True
