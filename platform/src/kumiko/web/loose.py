"""Inputs for fields that belong to no record: of actions, triggers, settings of a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kumiko.host.declarations import Choice, Field
from kumiko.records import links
from kumiko.records.catalogue import FieldInfo, catalogue
from kumiko.web.forms import names_in, value_from
from kumiko.web.inputs import Typed, typed_input
from kumiko.web.viewmodels import FieldView, Option

Offers = Mapping[str, Callable[[], Sequence[Choice]]]


def loose_inputs(
    fields: Sequence[Field],
    typed: Typed,
    *,
    prefix: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
    offers: Offers | None = None,
) -> list[FieldView]:
    """Inputs for these fields as they were typed (see `typed_of` for kept values), without fields of kind list.

    `prefix` begins the inputs' names; `offers`: field -> its choices, instead of a search among all records.
    """
    wrong, found = errors or {}, []
    for one in _infos(fields):
        name = f"{prefix}{one.name}"
        lines = tuple(wrong.get(one.name, ()))
        choices = offers[one.name]() if offers and one.name in offers else None
        if choices is not None:
            chosen = typed.get(name, "")
            found.append(
                FieldView(
                    name=name, label=str(one.field.label), kind="choice", value=chosen, help=str(one.field.help),
                    required=one.field.required, errors=lines,
                    options=tuple(Option(str(o.key), str(o.label), o.hue, str(o.key) == chosen) for o in choices),
                )
            )  # fmt: skip
            continue
        found.append(typed_input(None, one, typed, name=name, errors=lines, names=_names(one, typed, name)))
    return found


def loose_typed(fields: Sequence[Field], values: Mapping[str, Any], *, prefix: str = "") -> Typed:
    """Kept values (in the form that REST takes) as if somebody had typed them, for `loose_inputs`."""
    typed = Typed()
    for one in fields:
        value, name = values.get(one.name), f"{prefix}{one.name}"
        if value is None and one.name not in values:
            value = one.default() if callable(one.default) else one.default
        if isinstance(value, Mapping):
            typed.add(f"{name}_currency", str(value.get("currency") or ""))
            value = value.get("value")
        for part in value if isinstance(value, list | tuple) else [value]:
            if part is not None:
                typed.add(name, ("true" if part else "false") if isinstance(part, bool) else str(part))
    return typed


def loose_given(fields: Sequence[Field], typed: Typed, *, prefix: str = "") -> dict[str, Any]:
    """What was typed for these fields, in the form that REST takes; those that were not sent are absent."""
    found: dict[str, Any] = {}
    for one in _infos(fields):
        name = f"{prefix}{one.name}"
        if name in typed:
            value = value_from(one, typed, name)
            is_id = one.kind == "link" and isinstance(value, str) and value.isdecimal() and len(value) < 19
            found[one.name] = int(value) if is_id else value
    return found


def _infos(fields: Sequence[Field]) -> list[FieldInfo]:
    return [FieldInfo(one, "", ()) for one in fields if one.kind != "list"]


def _names(one: FieldInfo, typed: Typed, name: str) -> dict[tuple[str, int], str]:
    if one.kind not in ("link", "users"):
        return {}
    target = catalogue().find(one.field.to)
    ids = [int(text) for text in typed.getlist(name) if text.isdecimal() and len(text) < 19]
    return links.names_of([(target, target, number) for number in ids]) if target is not None and ids else {}


__all__ = ["loose_given", "loose_inputs", "loose_typed", "names_in"]
