"""Moving a card: the declared action does it, the answer draws the two heads anew and offers the way back.

What is refused says why in a sentence and leaves the card where it was; what the action needs besides is asked for.
"""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request

from kumiko.currencies.services import base_currency, money_day
from kumiko.host.declarations import Lane
from kumiko.host.errors import Conflict, Forbidden, Invalid, KumikoError, NotFound, Stale, Veto
from kumiko.host.i18n import gettext as _
from kumiko.records import boards, history, service
from kumiko.records.units import unit
from kumiko.web import board_view
from kumiko.web.answers import trigger
from kumiko.web.boards import BoardState
from kumiko.web.filters_form import query_of
from kumiko.web.timeline import changes_of
from kumiko.web.toasts import as_event
from kumiko.web.types import type_of
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Toast

Refused = (Invalid, Conflict, Veto, Forbidden, NotFound, Stale)
NEIGHBOURS = ("before", "after")


def move(collection: str) -> Response:
    """POST /COLLECTION/board/move: `id` into `lane`, between the cards `before` and `after`, as of `version`.

    The query says which board is shown. A refusal is a 422 with the event `km:moved` {"id", "ok": false, "ask": address
    of a form that asks for what is missing}.
    """
    info = type_of(collection)
    state = BoardState.of(info, request.args)
    record_id, version = _number("id") or 0, _number("version")
    lane = state.find_lane(request.form.get("lane", ""))
    was = state.find_lane(request.form.get("from", ""))
    if lane is None:
        return _refuse(record_id, _("This lane is no longer there; the board is drawn anew."), fresh=True)
    wishes = {state.board.by: lane.value, "before": _number("before"), "after": _number("after")}
    try:
        with unit(reason=_("moved to %(lane)s", lane=str(lane.label))) as opened:
            record = service.run_action(
                info.key, record_id, state.board.action, _taken(state, wishes), if_match=version
            )
            unit_id, warnings = (opened.id if opened.has_effect else None), list(opened.warnings)
    except Stale:
        return _refuse(record_id, _who_was_first(state, record_id, version or 0), fresh=True)
    except Refused as fault:
        return _explain(state, record_id, lane, wishes, fault)
    toast = None
    if unit_id is not None:
        sentence = _("“%(title)s” moved to %(lane)s", title=record.title, lane=str(lane.label))
        toast = Toast(" ".join([sentence, *warnings]), f"/units/{unit_id}/undo", tone="warn" if warnings else "ok")
    return _moved(state, record_id, lane, was, toast)


def _number(name: str) -> int | None:
    text = request.form.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def _taken(state: BoardState, wishes: dict[str, Any]) -> dict[str, Any]:
    """Those values that the action declares."""
    declared = {one.name for one in state.info.actions[state.board.action].fields}
    return {name: value for name, value in wishes.items() if name in declared}


def _moved(state: BoardState, record_id: int, lane: Lane, was: Lane | None, toast: Toast | None) -> Response:
    assert state.scope is not None
    totals = boards.board_totals(
        state.info, state.board, state.scope, node=state.node, q=state.listed.q, base=base_currency(),
        day=money_day(state.info.key),
    )  # fmt: skip
    sums = {value: total for (value, _group), total in totals.items()}
    heads = board_view.heads(state, sums)
    changed = {str(one.value) for one in (lane, was) if one is not None}
    card = None
    if not state.folded(lane):
        fetched = boards.board_page(
            state.info, state.board, state.scope, node=state.node, q=state.listed.q, lanes=(lane,), only=record_id
        )
        found = fetched.lanes[lane.value].cards
        drawn = board_view.cards_of(state, found, fetched, board_view.remarks_of(state, fetched))
        card = drawn[0] if drawn else None
    response = make_response(
        render_template("kumiko/board_moved.html", heads=[one for one in heads if one.key in changed], card=card)
    )
    events: dict[str, Any] = {"km_moved": {"id": record_id, "ok": True, "gone": card is None}}
    if toast is not None:
        events["km_toast"] = as_event(toast)
    return trigger(response, **events)


def _explain(state: BoardState, record_id: int, lane: Lane, wishes: dict[str, Any], fault: KumikoError) -> Response:
    """Ask for what the action can be given; else say why not."""
    info, name = state.info, state.board.action
    errors: dict[str, list[str]] = dict(getattr(fault, "errors", {}) or {})
    given = {state.board.by, *NEIGHBOURS}
    names = [one.name for one in info.actions[name].fields]
    missing = set(names) & set(errors) - given
    if missing and set(errors) <= missing | {""}:
        pairs = [(key, str(value)) for key, value in _taken(state, wishes).items() if value is not None]
        pairs.append(("_ask", min(missing, key=names.index)))
        ask = f"/{info.collection}/{record_id}/actions/{name}?{query_of(pairs)}"
        return _answer({"km_moved": {"id": record_id, "ok": False, "ask": ask}})
    if isinstance(fault, NotFound):
        return _refuse(record_id, _("This card is no longer here; it was deleted, or is not yours to see."), fresh=True)
    lines = [line for said in errors.values() for line in said]
    sentence = " ".join(dict.fromkeys(lines)) or fault.message
    return _refuse(record_id, sentence, href=f"/{info.collection}/{record_id}" if errors else "")


def _who_was_first(state: BoardState, record_id: int, version: int) -> str:
    """Who changed the record since it was shown, and what."""
    try:
        entries = history.history(state.info.key, record_id, limit=20)
    except NotFound:
        return _("This card is no longer here; it was deleted, or is not yours to see.")
    later = [entry for entry in entries if entry.version > version]
    if not later:
        return _("Somebody changed this card first; it is where they left it.")
    place = state.info.find(state.board.position)
    order = "" if place is None else label_of(place)  # where it stands says nothing to people
    changes = [change for entry in later for change in changes_of(entry) if change.label != order][:3]
    what = "; ".join(f"{one.label}: {one.before or '—'} → {one.after or '—'}" for one in changes)
    who, title = later[0].actor or _("Kumiko"), later[0].title
    if not what:
        return _("%(who)s changed “%(title)s” before you; it was not moved.", who=who, title=title)
    return _("%(who)s changed “%(title)s” before you (%(what)s); it was not moved.", who=who, title=title, what=what)


def _refuse(record_id: int, sentence: str, *, fresh: bool = False, href: str = "") -> Response:
    toast = Toast(sentence[:600], href=href, tone="error")
    return _answer({"km_toast": as_event(toast), "km_moved": {"id": record_id, "ok": False, "ask": "", "fresh": fresh}})


def _answer(events: dict[str, Any]) -> Response:
    return trigger(make_response("", 422), **events)
