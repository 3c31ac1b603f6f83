"""Which fields the cards of a board show: those of the page layout of the person's role, else those of the board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kumiko.fields.layouts import MOST_CARD_FIELDS
from kumiko.fields.loading import card_fields_for
from kumiko.host.context import principal
from kumiko.host.declarations import Board
from kumiko.records.catalogue import TypeInfo
from kumiko.records.plans import PlanColumn
from kumiko.web.values import label_of

MOST_FACTS = 3


def with_chosen_fields(info: TypeInfo, board: Board) -> Board:
    """The board whose cards also read what a layout puts on them; its own fields stay, for its remarks."""
    chosen = card_fields_for(info, principal().roles)
    return replace(board, fields=tuple(dict.fromkeys((*chosen, *board.fields)))) if chosen else board


def shown_on_cards(info: TypeInfo, board: Board, columns: Sequence[PlanColumn]) -> tuple[list[PlanColumn], int]:
    """The columns that cards show, and for how many facts there is room; name, owner, sum and lane stand elsewhere."""
    by_path = {
        column.path: column
        for column in columns
        if column.width and column.path not in ("name", "owner", board.amount, board.by)
    }
    chosen = card_fields_for(info, principal().roles)
    if chosen:
        return [by_path[name] for name in chosen if name in by_path], MOST_CARD_FIELDS
    return [column for column in by_path.values() if column.info.kind != "moment"], MOST_FACTS


def fact_text(column: PlanColumn, text: str, *, chosen: bool) -> str:
    """What a card says of a field. Numbers, days and truths that somebody chose tell nothing without their label."""
    plain = chosen and column.info.kind in ("integer", "number", "percent", "money", "boolean", "date", "moment")
    return f"{label_of(column.info)}: {text}" if plain else text
