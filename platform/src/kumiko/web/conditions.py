"""Conditions of the filter language inside a form: as rows of inputs, as a sentence, checked and applied.

A row sends `PREFIXn.f`, `PREFIXn.op` and `PREFIXn.v`. What does not fit into rows (or, not) is edited as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import filters, queries
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.field_names import plain_path, renamed_node, stored_path
from kumiko.web.filter_words import sentence_of
from kumiko.web.filters_form import BY_KIND, NUMBERS, Condition, _chip_value, _link_names, field_at, operator_label
from kumiko.web.forms import value_from
from kumiko.web.inputs import Typed, typed_input
from kumiko.web.values import label_of
from kumiko.web.viewmodels import FieldView, Option

MOST_ROWS = 20


@dataclass(frozen=True, kw_only=True)
class ConditionRow:
    """One condition as inputs; a new one has no `operators` and no `value`."""

    field: FieldView
    operators: FieldView | None = None
    value: FieldView | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionsView:
    """The inputs of a filter: rows, the last one blank, or `text` (JSON) for what does not fit into rows."""

    rows: tuple[ConditionRow, ...] = ()
    text: FieldView | None = None


@dataclass(frozen=True, kw_only=True)
class ConditionWords:
    """A condition as people read it: field, operator and value, each in words."""

    field: str
    op: str
    value: str


def conditions_view(type_key: str, node: Any, *, prefix: str = "c") -> ConditionsView:
    """The inputs for a kept filter."""
    flat = _flat(node)
    info = catalogue().find(type_key)
    if flat is None or info is None:
        kept = orjson.dumps(node, option=orjson.OPT_INDENT_2).decode()
        help_text = _("It says “or” or “not”, so it is shown in the filter language; empty it to begin with rows.")
        return ConditionsView(text=FieldView(name=f"{prefix}json", label=_("Conditions"), kind="json", value=kept,
                                             help=help_text, wide=True))  # fmt: skip
    typed = Typed()
    for number, one in enumerate(flat):
        path = plain_path(info, str(one.get("f", "")))
        typed.add(f"{prefix}{number}.f", path)
        op, value = one.get("op", "eq"), one.get("v")
        if op == "nempty":
            op, value = "empty", "false"
        elif op == "empty":
            value = "true"
        typed.add(f"{prefix}{number}.op", op)
        typed.add(f"{prefix}{number}.v", ("true" if value else "false") if isinstance(value, bool) else
                  "" if value is None else str(value))  # fmt: skip
    return conditions_typed(type_key, typed, prefix=prefix)


def conditions_typed(type_key: str, typed: Typed, *, prefix: str = "c") -> ConditionsView:
    """The inputs as they were typed, and a blank row behind them."""
    if f"{prefix}json" in typed and typed.get(f"{prefix}json", "").strip():
        return ConditionsView(text=FieldView(name=f"{prefix}json", label=_("Conditions"), kind="json",
                                             value=typed[f"{prefix}json"], wide=True))  # fmt: skip
    info = catalogue().get(type_key)
    rows = [_row(info, typed, f"{prefix}{number}.", typed.get(f"{prefix}{number}.f", ""))
            for number in _numbers(typed, prefix) if typed.get(f"{prefix}{number}.f")]  # fmt: skip
    numbers = _numbers(typed, prefix)
    return ConditionsView(rows=(*rows, _row(info, typed, f"{prefix}{max(numbers, default=-1) + 1}.", "")))


def conditions_given(type_key: str, typed: Typed, *, prefix: str = "c") -> Any:
    """The filter that was typed, fields under their stored names; None for none. Invalid with why."""
    info = catalogue().get(type_key)
    text = typed.get(f"{prefix}json", "").strip()
    if text:
        node: Any = filters.parse(text)
    else:
        nodes = [one for number in _numbers(typed, prefix) if (one := _given(info, typed, f"{prefix}{number}."))]
        node = None if not nodes else nodes[0] if len(nodes) == 1 else {"and": nodes}
    check_conditions(type_key, node)
    return renamed_node(info, node, stored_path)


def check_conditions(type_key: str, node: Any) -> None:
    """Invalid, with sentences, when the acting person cannot filter records of the type so."""
    if node is not None:
        info = catalogue().get(type_key)
        queries.plan_of(info, names=("name",), node=renamed_node(info, node, plain_path), sort="id")


def matching_ids(type_key: str, node: Any, ids: Sequence[int] | None = None) -> list[int]:
    """Ids of the records (among `ids`) that a kept filter fits and the acting person may see, ascending."""
    info = catalogue().get(type_key)
    plain = None if node is None else renamed_node(info, node, plain_path)
    if ids is None:
        return queries.all_ids(info, node=plain)
    found: list[int] = []
    for start in range(0, len(ids), 500):
        among = {"f": "id", "op": "in", "v": list(ids[start : start + 500])}
        found += queries.all_ids(info, node=among if plain is None else {"and": [among, plain]})
    return found


def conditions_words(type_key: str, node: Any) -> list[ConditionWords]:
    """A kept filter in words; one "condition" of JSON where it says "or" or "not" or names what is not there."""
    info = catalogue().find(type_key)
    flat = _flat(node)
    if flat is None or info is None:
        said = orjson.dumps(node).decode()[:300]
        if info is not None:
            said = sentence_of(info, renamed_node(info, node, plain_path))
        return [ConditionWords(field=_("Condition"), op="", value=said)]
    found = []
    for one in flat:
        path = plain_path(info, str(one.get("f", "")))
        op, value = str(one.get("op", "eq")), one.get("v")
        try:
            field = field_at(info, path) if path not in ("id", "external_id") else None
        except Invalid as fault:
            found.append(ConditionWords(field=path, op=operator_label(op), value=fault.message))
            continue
        if field is None:
            found.append(ConditionWords(field=path, op=operator_label(op), value=str(value)))
            continue
        texts = tuple(("true" if each else "false") if isinstance(each, bool) else str(each)
                      for each in (value if isinstance(value, list) else [] if value is None else [value]))  # fmt: skip
        condition = Condition(path, op, texts, field)
        names = _link_names(info, [condition])
        shown = (
            "" if op in ("empty", "nempty", "me") else ", ".join(_chip_value(condition, each, names) for each in texts)
        )
        head, _dot, rest = path.partition(".")
        label = label_of(info.fields[info.plain(head)]) + (f": {label_of(field)}" if rest else "")
        found.append(ConditionWords(field=label, op=operator_label(op, field.kind), value=shown))
    return found


def fields_in(node: Any) -> set[str]:
    """The first names of all paths in a filter, as they are kept."""
    if not isinstance(node, Mapping):
        return set()
    found: set[str] = {str(node["f"]).partition(".")[0]} if "f" in node else set()
    for word in ("and", "or"):
        found |= set().union(*(fields_in(one) for one in node.get(word) or ()), set())
    return found | fields_in(node.get("not"))


def _flat(node: Any) -> list[Mapping[str, Any]] | None:
    """The conditions of a filter that all must hold; None when it is not of this form."""
    if node is None:
        return []
    if not isinstance(node, Mapping):
        return None
    parts = node["and"] if set(node) == {"and"} and isinstance(node["and"], list) else [node]
    fit = all(isinstance(one, Mapping) and "f" in one and not isinstance(one.get("v"), list | dict) for one in parts)
    return list(parts) if fit and len(parts) <= MOST_ROWS else None


def _numbers(typed: Typed, prefix: str) -> list[int]:
    found = {key[len(prefix) :].partition(".")[0] for key in typed if key.startswith(prefix) and key.endswith(".f")}
    return sorted(int(one) for one in found if one.isdecimal() and len(one) < 4)[:MOST_ROWS]


def _row(info: TypeInfo, typed: Typed, start: str, path: str) -> ConditionRow:
    readable = info.readable(principal())
    options = [
        Option(name, label_of(one), chosen=name == path)
        for name, one in readable.items() if one.kind in BY_KIND and one.field.filterable
    ]  # fmt: skip
    if "." in path:  # of a linked record: kept as it is
        options.append(Option(path, path, chosen=True))
    options.sort(key=lambda option: option.label.casefold())
    field = FieldView(name=f"{start}f", label=_("Field"), kind="choice", value=path, options=tuple(options))
    if not path:
        return ConditionRow(field=field)
    try:
        one = field_at(info, path)
    except Invalid as fault:
        return ConditionRow(field=replace(field, errors=(fault.message,)))
    known = BY_KIND.get(one.kind, ("eq",))
    op = typed.get(f"{start}op", "")
    op = op if op in known else known[0]
    operators = tuple(Option(word, operator_label(word, one.kind), chosen=word == op) for word in known)
    return ConditionRow(
        field=field,
        operators=FieldView(name=f"{start}op", label=_("Condition"), kind="choice", value=op, options=operators,
                            required=True),
        value=_value(info, one, op, typed, f"{start}v"),
    )  # fmt: skip


def _value(info: TypeInfo, one: FieldInfo, op: str, typed: Typed, name: str) -> FieldView:
    label, text = _("Value"), typed.get(name, "")
    if op == "empty" or one.kind == "boolean":
        yes = text != "false"
        options = (Option("true", _("yes"), chosen=yes), Option("false", _("no"), chosen=not yes))
        return FieldView(name=name, label=label, kind="choice", value="true" if yes else "false", options=options,
                         required=True)  # fmt: skip
    if one.kind in ("date", "moment"):
        return FieldView(name=name, label=label, value=text, placeholder="2026-12-31, today, +7, -30")
    if one.kind in ("choice", "multichoice", "link"):
        kind = replace(one.field, kind="choice") if one.kind == "multichoice" else one.field
        if one.kind == "link" and text == "me":
            return FieldView(name=name, label=label, value=text)
        target = catalogue().find(one.field.to) if one.kind == "link" else None
        names = {}
        if target is not None and text.isdecimal() and len(text) < 19:
            from kumiko.records import links  # local: only for links

            names = links.names_of([(info, target, int(text))])
        made = typed_input(info, FieldInfo(kind, one.plugin, ()), typed, name=name, required=False, names=names)
        return replace(made, label=label, help="")
    return FieldView(name=name, label=label, value=text)


def _given(info: TypeInfo, typed: Typed, start: str) -> dict[str, Any] | None:
    path = typed.get(f"{start}f", "")
    if not path:
        return None
    one = field_at(info, path)
    known = BY_KIND.get(one.kind, ("eq",))
    op = typed.get(f"{start}op", "")
    op = op if op in known else known[0]
    text = typed.get(f"{start}v", "").strip()
    if op == "empty":
        return {"f": path, "op": "empty" if text != "false" else "nempty"}
    if one.kind == "boolean":
        return {"f": path, "op": op, "v": text != "false"}
    if not text:
        raise Invalid(_("The condition on “%(field)s” lacks its value.", field=label_of(one)))
    value = value_from(one, typed, f"{start}v") if one.kind in NUMBERS else text
    if isinstance(value, Mapping):
        value = value["value"]
    return {"f": path, "op": op, "v": value}
