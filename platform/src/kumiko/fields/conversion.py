"""Another kind for a custom field: what becomes of its values, looked at beforehand and done in the same unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import select

from kumiko.fields import definitions
from kumiko.fields.names import FIELD
from kumiko.host import context
from kumiko.host.errors import Conflict
from kumiko.host.i18n import gettext as _
from kumiko.host.scoping import trusted
from kumiko.records import links, service
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.drafts import Draft
from kumiko.records.forms import to_journal
from kumiko.records.money import Money
from kumiko.records.schemas import LinkRef, input_field
from kumiko.records.states import load_states
from kumiko.records.writer import write

SLICE = 1000
MOST = 50_000
SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What another kind would do: how many values there are, how many would be lost, and a few of those."""

    total: int
    lost: int
    examples: tuple[str, ...]


def preview(field_id: int, kind: str, target: str = "") -> Preview:
    """Try the conversion without writing anything."""
    view = service.get(FIELD, field_id)
    info = catalogue().get(str(view.get("record_type"))).whole
    old = info.find_kept(f"custom.{view.get('key')}")
    if old is None:
        return Preview(total=0, lost=0, examples=())
    new = _made({**view.values, "kind": kind, "target": target or view.get("target")}, view.get("choices") or ())
    total, lost, examples = 0, 0, dict[str, None]()
    for _state, value in _values(info, old, lock=False):
        total += 1
        if _converted(old, new, value) is None:
            lost += 1
            if len(examples) < SHOWN:
                examples[_text(old, value)[:60]] = None
    return Preview(total=total, lost=lost, examples=tuple(examples))


def convert(draft: Draft) -> None:
    """Change the values of all records to a definition's new kind, in the open unit; what does not fit is emptied."""
    known = catalogue().find(str(draft.get("record_type")))
    info = known.whole if known is not None else None
    old = info.find(f"custom.{draft.get('key')}") if info is not None else None
    if info is None or old is None:
        return
    new = _made({name: draft.get(name) for name in draft.info.fields}, draft.get("choices") or ())
    opened = context.current().unit
    waiting: list[Draft] = []
    done = 0
    for state, value in _values(info, old, lock=True):
        waiting.append(Draft(info, "changed", {old.name: _converted(old, new, value)}, state))
        state.values[old.name] = value
        if len(waiting) == SLICE:
            write(opened, waiting)
            done += len(waiting)
            waiting = []
        if done > MOST:
            raise Conflict(_("More than %(most)d records have a value; make a new field and import the values into it.",
                             most=MOST))  # fmt: skip
    if waiting:
        write(opened, waiting)


def _made(row: dict[str, Any], choices: Any) -> FieldInfo:
    return definitions.info_of(definitions.custom_field(row, choices).field)


def _values(info: TypeInfo, one: FieldInfo, *, lock: bool) -> Iterator[tuple[Any, Any]]:
    """Every record, in the bin or not, with a value in the field: its state and the value."""
    table, value = info.stored(one)
    last = 0
    while True:
        query = select(table.c.id).where(value.is_not(None), table.c.id > last).order_by(table.c.id).limit(SLICE)
        ids = list(trusted(query).scalars())
        if not ids:
            return
        last = ids[-1]
        for state in load_states(info, ids, lock=lock, many=False).values():
            held = one.custom.from_stored(state.custom) if one.custom is not None else None
            if held is not None:
                yield state, held


def _converted(old: FieldInfo, new: FieldInfo, value: Any) -> Any:
    """The value in the new kind; None when it does not fit."""
    if new.kind == "link":
        if old.kind == "link" and old.field.to == new.field.to:
            return value
        return None
    if old.kind == "moment" and new.kind == "date":
        return value.date()
    text: Any = _text(old, value)
    if new.kind == "multichoice":
        text = value if isinstance(value, list) else [_key_of(new, text)]
    elif new.kind == "choice":
        text = _key_of(new, value[0] if isinstance(value, list) and len(value) == 1 else text)
    elif new.kind == "money" and isinstance(value, int | float):
        text = str(value)
    elif new.kind in ("number", "integer") and isinstance(value, Money):
        text = value.value
    try:
        found = input_field(new).deserialize(text)
    except (ValidationError, ValueError):
        return None
    return None if isinstance(found, LinkRef) else found


def _key_of(new: FieldInfo, text: str) -> str:
    """A choice by its key, or by its label."""
    if text in new.choices:
        return text
    return next((key for key, one in new.choices.items() if str(one.label).casefold() == text.casefold()), text)


def _text(one: FieldInfo, value: Any) -> str:
    if one.kind == "choice":
        return str(one.choices[value].label) if value in one.choices else str(value)
    if one.kind == "multichoice":
        return ", ".join(str(one.choices[key].label) if key in one.choices else str(key) for key in value)
    if one.kind == "boolean":
        return "true" if value else "false"
    if one.kind == "link":
        target = catalogue().find(one.field.to)
        names = {} if target is None else links.names_of([(target, target, value)])
        return names.get((one.field.to, value), str(value))
    if isinstance(value, Money):
        return f"{value.value} {value.currency}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(to_journal(one, value))
