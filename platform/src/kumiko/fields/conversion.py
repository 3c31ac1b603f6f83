"""Another kind for a custom field: what becomes of its values, looked at beforehand, then done value by value."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from marshmallow import ValidationError
from sqlalchemy import func, select

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
from kumiko.records.states import State, load_states
from kumiko.records.writer import write

SLICE = 1000
#: Values that one request converts by itself; more are work for the background (`kumiko.fields.changing`).
AT_ONCE = 2000
SHOWN = 5
CHOICES = 200
#: What a preview may take; what it did not look at by then is said.
PREVIEW_S = 4.0


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What another kind would do: how many values there are, how many of those looked at would be lost, and a few of
    these. `looked`: fewer than `total` when there are more different values than a page can wait for."""

    total: int
    lost: int
    examples: tuple[str, ...]
    looked: int = 0


def preview(field_id: int, kind: str, target: str = "") -> Preview:
    """Try the conversion without writing anything: each different value once."""
    view = service.get(FIELD, field_id)
    info = catalogue().get(str(view.get("record_type"))).whole
    old = info.find_kept(f"custom.{view.get('key')}")
    if old is None:
        return Preview(total=0, lost=0, examples=())
    row = {**view.values, "kind": kind, "target": target or view.get("target")}
    offered = view.get("choices") or ()
    if kind in definitions.CHOICES and not offered:
        offered = [{"key": label, "label": label} for label in labels_of(info, old)]
    new, total = made(row, offered), count(info, old)
    looked, lost, examples, until = 0, 0, dict[str, None](), time.monotonic() + PREVIEW_S
    for value, times in _different(info, old):
        looked += times
        if converted(old, new, value) is None:
            lost += times
            if len(examples) < SHOWN:
                examples[_text(old, value)[:60]] = None
        if time.monotonic() > until:
            break
    return Preview(total=max(total, looked), lost=lost, examples=tuple(examples), looked=looked)


def count(info: TypeInfo, one: FieldInfo) -> int:
    """How many records, in the bin or not, have a value in the field."""
    table, value = info.stored(one)
    return int(trusted(select(func.count()).select_from(table).where(value.is_not(None))).scalar_one())


def labels_of(info: TypeInfo, one: FieldInfo) -> list[str]:
    """The different values of a field as labels of choices, the most frequent first, at most `CHOICES`."""
    found = dict.fromkeys(_text(one, value).strip()[:80] for value, _times in _different(info, one, CHOICES))
    return [label for label in found if label]


def _different(info: TypeInfo, one: FieldInfo, most: int | None = None) -> Iterator[tuple[Any, int]]:
    """Each different value of a field with the number of records that have it, the most frequent first."""
    table, first = info.stored(one)
    columns = [first, *([info.stored(one, 1)[1]] if one.kind == "money" else [])]
    counted = func.count()
    query = select(*columns, counted).select_from(table).where(first.is_not(None)).group_by(*columns)
    for row in trusted(query.order_by(counted.desc(), *columns).limit(most)):
        value = Money(row[0], row[1] or "") if one.kind == "money" else row[0]
        if value is not None:
            yield value, row[-1]


def convert(draft: Draft) -> None:
    """Change the values of all records to a definition's new kind, in the open unit; what does not fit is emptied.

    Conflict when they are too many for that.
    """
    known = catalogue().find(str(draft.get("record_type")))
    info = known.whole if known is not None else None
    old = info.find_kept(f"custom.{draft.get('key')}") if info is not None else None
    if info is None or old is None:
        return
    if count(info, old) > AT_ONCE:
        raise Conflict(_("More than %(most)d records have a value in it. Use the action “convert”: it works in the"
                         " background.", most=AT_ONCE))  # fmt: skip
    new = made({name: draft.get(name) for name in draft.info.fields}, draft.get("choices") or ())
    last = 0
    while (last := step(info, old, new, last).last) > 0:
        pass


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one slice did. `last`: id of its last record, 0 when there was none."""

    last: int
    done: int = 0
    lost: int = 0


def step(info: TypeInfo, old: FieldInfo, new: FieldInfo, after: int) -> Step:
    """Convert the values of the next records by id, in the open unit."""
    table, value = info.stored(old)
    query = select(table.c.id).where(value.is_not(None), table.c.id > after).order_by(table.c.id).limit(SLICE)
    ids = list(trusted(query).scalars())
    if not ids:
        return Step(last=0)
    known: dict[Any, Any] = {}
    drafts, lost = [], 0
    for state, held in _held(info, old, ids):
        key = repr(held)
        if key not in known:
            known[key] = converted(old, new, held)
        state.values[old.name] = held
        drafts.append(Draft(info, "changed", {old.name: known[key]}, state))
        lost += known[key] is None
    if drafts:
        write(context.current().unit, drafts)
    return Step(last=ids[-1], done=len(ids), lost=lost)


def _held(info: TypeInfo, one: FieldInfo, ids: list[int]) -> Iterator[tuple[State, Any]]:
    for state in load_states(info, ids, lock=True, many=False).values():
        held = one.custom.from_stored(state.custom) if one.custom is not None else None
        if held is not None:
            yield state, held


def made(row: dict[str, Any], choices: Any) -> FieldInfo:
    """The field that a definition would make."""
    return definitions.info_of(definitions.custom_field(row, choices).field)


def converted(old: FieldInfo, new: FieldInfo, value: Any) -> Any:
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
    text = text.strip()
    if text in new.choices:
        return text
    return next((key for key, one in new.choices.items() if str(one.label).casefold() == text[:80].casefold()), text)


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
