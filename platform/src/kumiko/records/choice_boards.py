"""The board of a choice field: a lane per choice, and an action that moves a card by setting the field.

`Board(by="result")` is all that a module says; what is written here follows from the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from kumiko.host.declarations import Board, BoardScope, Extension, Field, Label, Lane, RecordAction, RecordType
from kumiko.host.errors import DeclarationError
from kumiko.host.i18n import lazy_gettext as _l

ACTION = "move"


def completed(board: Board, fields: Mapping[str, Field], label: Label) -> Board:
    """The board with lanes and action, for one that names only its field."""
    if board.action:
        return board
    by = fields[board.by]
    lanes = tuple(Lane(value=one.key, label=one.label, hue=one.hue) for one in by.choices)
    return replace(board, action=ACTION, scopes=lambda: (BoardScope(key="all", label=label, lanes=lanes),))


def moves(
    records: Iterable[tuple[str, RecordType]], extensions: Iterable[tuple[str, Extension]]
) -> Iterator[tuple[str, RecordAction]]:
    """The actions of such boards, each with its plugin's name."""
    for plugin, declared in records:
        if declared.board is not None and not declared.board.action:
            yield plugin, _move(plugin, declared.key, declared.board.by, declared.fields)
    for plugin, extension in extensions:
        if extension.board is not None and not extension.board.action:
            yield plugin, _move(plugin, extension.target, extension.board.by, extension.fields)


def _move(plugin: str, type_key: str, by: str, fields: Iterable[Field]) -> RecordAction:
    chosen = next((one for one in fields if one.name == by), None)
    if chosen is None or chosen.kind != "choice":
        raise DeclarationError(
            f"{plugin}: the board of {type_key} by {by!r} needs scopes and an action; they follow from the field only "
            "where it is a choice field of the same declaration",
            plugin,
        )

    return _setting(type_key, chosen, ACTION)


def _setting(type_key: str, chosen: Field, name: str) -> RecordAction:
    """The action that sets a choice field."""
    by = chosen.name

    def run(record: Any, values: Mapping[str, Any]) -> None:
        from kumiko.records import service  # local: the service reads the catalogue, which reads this module

        service.update(type_key, record.id, {by: values[by]})

    asked = replace(chosen, required=True, default=None, validate=None)
    return RecordAction(
        type=type_key, name=name, label=_l("Move"), run=run, icon="arrow-right", fields=(asked,)
    )  # fmt: skip


def of_custom(type_key: str, chosen: Field, label: Label) -> tuple[Board, RecordAction]:
    """The board of a custom choice field, and the action that moves its cards."""
    action = replace(_setting(type_key, chosen, f"{ACTION}_{chosen.name}"), fields=(replace(chosen, default=None),))
    lanes = [Lane(value=one.key, label=one.label, hue=one.hue) for one in chosen.choices]
    if not chosen.required:
        lanes.insert(0, Lane(value=None, label=_l("Without a value")))
    scope = BoardScope(key="all", label=label, lanes=tuple(lanes))
    return Board(by=chosen.name, action=action.name, scopes=lambda: (scope,)), action
