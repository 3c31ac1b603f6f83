"""Record types completed with what administrators made by clicking: custom fields and rules of fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from kumiko.host.declarations import Field
from kumiko.records import choice_boards, custom
from kumiko.records.catalogue import Catalogue, FieldInfo, TypeInfo
from kumiko.records.custom import FieldRule

NO_RULE = FieldRule()
OWNER = "fields"  # the core plugin that keeps the definitions


@dataclass(frozen=True, kw_only=True)
class CustomField:
    """A custom field as it was made: `field` is called `custom_KEY`; `board`: its choices are the lanes of a board."""

    key: str
    field: Field
    rule: FieldRule = NO_RULE
    unique: bool = False
    archived: bool = False
    board: bool = False
    section: str = ""


@dataclass(frozen=True, kw_only=True)
class Changed:
    """What a rule changes of a field that a module declared."""

    required: bool = False
    default: Any = None
    rule: FieldRule = NO_RULE


@dataclass(frozen=True, kw_only=True)
class Additions:
    """What was made for one record type."""

    fields: Sequence[CustomField] = ()
    changes: Mapping[str, Changed] = field(default_factory=dict)


def completed(base: Catalogue, additions: Mapping[str, Additions]) -> Catalogue:
    """The catalogue with these additions; types without any stay the very same."""
    return Catalogue(
        _completed(info, additions[info.key]) if info.key in additions else info for info in base.types.values()
    )


def _completed(info: TypeInfo, added: Additions) -> TypeInfo:
    fields = dict(info.fields)
    rules: dict[str, FieldRule] = {}
    for name, change in added.changes.items():
        one = fields.get(name)
        if one is None:
            continue
        default = one.field.default if change.default is None else change.default
        fields[name] = replace(
            one, field=replace(one.field, required=one.field.required or change.required, default=default)
        )
        rules[name] = change.rule
    own: dict[str, FieldInfo] = {}
    archived: dict[str, FieldInfo] = {}
    for made in added.fields:
        place = custom.Place(made.key, made.field.kind)
        one = FieldInfo(made.field, OWNER, place.columns, custom=place)
        if one.name in info.fields:
            continue
        (archived if made.archived else own)[one.name] = one
        if not made.archived:
            rules[one.name] = made.rule
    actions, owners, boards = dict(info.actions), dict(info.action_plugins), []
    for made in added.fields:
        if made.board and not made.archived and made.field.kind == "choice":
            board, action = choice_boards.of_custom(info.key, made.field, info.type.label_plural)
            boards.append(board)
            actions[action.name], owners[action.name] = action, OWNER
    return TypeInfo(
        info.type, info.plugin, info.table, {**fields, **own}, info.extensions, actions, owners,
        rules={name: rule for name, rule in rules.items() if rule != NO_RULE},
        unique=frozenset(made.field.name for made in added.fields if made.unique and not made.archived),
        archived=archived,
        sections={made.field.name: made.section for made in added.fields if not made.archived},
        own_boards=tuple(boards),
    )  # fmt: skip
