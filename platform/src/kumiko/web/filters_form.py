"""Filters of a list in its address, and as the controls of the filter bar.

    /things?state=open&size__gte=3&topic.name__contains=x&owner=me      one condition per parameter, all must hold
    /things?filter={"or":[...]}                                          anything else, in the filter language

A parameter is FIELD or FIELD__OPERATOR; sent twice it means "one of".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import InvalidOperation
from typing import Any
from urllib.parse import urlencode

from werkzeug.datastructures import MultiDict

from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import filters, links
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.record_refs import ref_of
from kumiko.web.formats import number_text, read_number
from kumiko.web.forms import named_in
from kumiko.web.inputs import input_of
from kumiko.web.values import label_of, options_of
from kumiko.web.viewmodels import Chip, FieldView, FilterRow, Option, QuickFilter

RESERVED = frozenset({"q", "sort", "after", "view", "columns", "filter", "as_of", "group_by"})
OF_BOARDS = frozenset({"scope", "by", "open", "board"})
MOST = 30
MOST_BRACKETS = 250
_TEXT = ("contains", "eq", "ne", "starts", "empty")
_ORDER = ("eq", "gte", "lte", "gt", "lt", "empty")
BY_KIND: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(("text", "longtext", "email", "phone", "url"), _TEXT),
    **dict.fromkeys(("integer", "number", "percent", "money"), _ORDER),
    **dict.fromkeys(("date", "moment"), ("gte", "lte", "eq", "empty")),
    "choice": ("eq", "ne", "empty"),
    "multichoice": ("eq", "ne", "empty"),
    "boolean": ("eq",),
    "link": ("eq", "ne", "empty"),
    "record": ("eq", "ne", "empty"),
    "tags": ("eq", "ne", "empty"),
}
NUMBERS = ("integer", "number", "percent", "money")


def operator_label(op: str, kind: str = "") -> str:
    """An operator in words."""
    if kind in ("date", "moment") and op in ("gte", "lte"):
        return _("from") if op == "gte" else _("until")
    words = {
        "eq": _("is"), "ne": _("is not"), "contains": _("contains"), "starts": _("starts with"),
        "gt": _("more than"), "gte": _("at least"), "lt": _("less than"), "lte": _("at most"), "empty": _("is empty"),
        "in": _("is one of"), "nin": _("is none of"), "between": _("between"), "nempty": _("is set"), "me": _("is me"),
        "my_team": _("is in my team"), "within": _("lies in"), "has": _("there are"), "has_no": _("there are no"),
    }  # fmt: skip
    return words.get(op, op)


@dataclass(frozen=True, slots=True)
class Condition:
    """One parameter of the address. `path`: field, or field of a linked record; `values`: as sent."""

    path: str
    op: str
    values: tuple[str, ...]
    one: FieldInfo

    @property
    def param(self) -> str:
        return self.path if self.op == "eq" else f"{self.path}__{self.op}"

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple((self.param, value) for value in self.values)


def read_conditions(info: TypeInfo, args: MultiDict[str, str]) -> list[Condition]:
    """The conditions of an address; Invalid names a parameter that is no field."""
    found: list[Condition] = []
    for name in args:
        if name in RESERVED or name.startswith("_") or (name in OF_BOARDS and _is_of_board(info, name)):
            continue
        values = tuple(value for value in args.getlist(name) if value != "")
        if not values:
            continue
        path, _mark, op = name.partition("__")
        path = info.plain(path)
        one = field_at(info, path)
        op = op or "eq"
        if op not in filters.OPERATORS or op in ("me", "has", "has_no"):
            sentence = _("the condition %(op)r is unknown", op=op)
            raise Invalid(sentence, {name: [sentence]})
        if one.kind == "boolean" or op in ("empty", "nempty", "my_team"):
            values = values[-1:]
        found.append(Condition(path, op, values, one))
    if len(found) > MOST:
        raise Invalid(_("at most %(most)d conditions fit into an address", most=MOST))
    return found


def _is_of_board(info: TypeInfo, name: str) -> bool:
    """Whether a parameter is for the type's board: lists and boards share their addresses."""
    return info.board is not None and info.find(name) is None


def field_at(info: TypeInfo, path: str) -> FieldInfo:
    """The field at a path that the person may read; Invalid when there is none."""
    head, _dot, rest = path.partition(".")
    one = filters.readable_field(info, head)
    if not rest:
        return one
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    if target is not None and "." not in rest:
        return filters.readable_field(target, rest)
    item = next((FieldInfo(item, one.plugin, ()) for item in one.field.items if item.name == rest), None)
    if item is None:
        sentence = _("%(path)r leads nowhere", path=path)
        raise Invalid(sentence, {path: [sentence]})
    return item


def as_node(conditions: Iterable[Condition], more: Any = None) -> Any:
    """The conditions in the filter language, or None."""
    nodes = [_node(one) for one in conditions]
    if more:
        nodes.append(more)
    return None if not nodes else nodes[0] if len(nodes) == 1 else {"and": nodes}


def _node(condition: Condition) -> dict[str, Any]:
    op, values = condition.op, [_value(condition.one, value) for value in condition.values]
    if op in ("empty", "nempty"):
        yes = condition.values[-1].lower() not in ("false", "0", "no")
        return {"f": condition.path, "op": "empty" if yes == (op == "empty") else "nempty"}
    if op == "my_team":
        return {"f": condition.path, "op": op}
    if op in ("in", "nin", "between"):
        return {"f": condition.path, "op": op, "v": values}
    if len(values) > 1 and op in ("eq", "ne"):
        return {"f": condition.path, "op": "in" if op == "eq" else "nin", "v": values}
    nodes = [{"f": condition.path, "op": op, "v": value} for value in values]
    return nodes[0] if len(nodes) == 1 else {"and": nodes}


def _value(one: FieldInfo, text: str) -> Any:
    if one.kind in NUMBERS:
        try:
            return read_number(text)
        except (ValueError, InvalidOperation):
            return text
    return text


def chips(info: TypeInfo, conditions: list[Condition], state: Any) -> tuple[Chip, ...]:
    """Active filters that have no select of their own, each with the address without it."""
    names = _link_names(info, conditions)
    return tuple(
        Chip(
            label=_chip_label(info, condition),
            value=", ".join(_chip_value(condition, value, names) for value in condition.values),
            remove_href=state.href(without=condition),
            params=condition.pairs,
        )
        for condition in conditions
    )


def _chip_label(info: TypeInfo, condition: Condition) -> str:
    head, _dot, rest = condition.path.partition(".")
    label = label_of(info.fields[head]) + (f": {label_of(condition.one)}" if rest else "")
    return label if condition.op == "eq" else f"{label} {operator_label(condition.op, condition.one.kind)}"


def _chip_value(condition: Condition, value: str, names: Mapping[tuple[str, int], str]) -> str:
    one = condition.one
    if condition.op == "within":
        from kumiko.web.filter_fields import period_label  # local: cycle

        return period_label(value)
    if condition.op == "my_team":
        return ""
    if condition.op in ("empty", "nempty"):
        return _("yes") if value.lower() not in ("false", "0", "no") else _("no")
    if one.kind == "choice" or one.kind == "multichoice":
        option = options_of(one).get(value)
        return option.label if option else value
    if one.kind == "link":
        return (
            _("me") if value == "me" else names.get((one.field.to, int(value)) if value.isdecimal() else ("", 0), value)
        )
    if one.kind == "record":
        return names.get(ref_of(value) or ("", 0), value)
    if one.kind == "boolean":
        return _("yes") if value == "true" else _("no")
    if one.kind in NUMBERS:
        try:
            return number_text(float(read_number(value)))
        except (ValueError, InvalidOperation):
            return value
    return value


def _link_names(info: TypeInfo, conditions: Iterable[Condition]) -> dict[tuple[str, int], str]:
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    for condition in conditions:
        if condition.one.kind == "record":
            wanted += named_in(info, condition.values)
        target = catalogue().find(condition.one.field.to) if condition.one.kind == "link" else None
        if target is not None:
            wanted += [
                (info, target, int(value)) for value in condition.values if value.isdecimal() and len(value) < 19
            ]
    return links.names_of(wanted) if wanted else {}


def quick_filters(info: TypeInfo, conditions: list[Condition]) -> tuple[QuickFilter, ...]:
    """Selects for the first choice fields of the list and for "mine"."""
    given = {one.param: one.values for one in conditions if len(one.values) == 1}
    found: list[QuickFilter] = []
    readable = info.readable(principal())
    names = [name for name in (*info.list_columns, *info.fields) if name in readable and "." not in name]
    for name in dict.fromkeys(names):
        one = readable[name]
        if one.kind == "choice" and one.field.filterable and len(one.field.choices) <= 12 and len(found) < 2:
            value = given.get(name, ("",))[0]
            options = tuple(Option(o.key, o.label, chosen=o.key == value) for o in options_of(one).values())
            found.append(QuickFilter(name, label_of(one), options, active=bool(value)))
    if "owner" in readable and not info.type.public:
        value = given.get("owner", ("",))[0]
        if value in ("", "me"):
            mine = Option("me", _("Mine"), chosen=value == "me")
            found.append(QuickFilter("owner", label_of(readable["owner"]), (mine,), active=value == "me"))
    return tuple(found)


def filter_row(info: TypeInfo, field: str = "", op: str = "") -> FilterRow:
    """The row of a filter being added: fields, operators of the chosen one, input of the value."""
    readable = info.readable(principal())
    options = [
        Option(name, label_of(one), chosen=name == field)
        for name, one in readable.items()
        if one.kind in BY_KIND and one.field.filterable
    ]
    options.sort(key=lambda option: option.label.casefold())
    href = f"/{info.collection}/filter-row"
    one = readable.get(field)
    if one is None or one.kind not in BY_KIND or not one.field.filterable:
        return FilterRow(tuple(options), row_href=href)
    known = BY_KIND[one.kind]
    op = op if op in known else known[0]
    operators = tuple(Option(word, operator_label(word, one.kind), chosen=word == op) for word in known)
    return FilterRow(tuple(options), operators, _value_input(info, one, op), href)


def _value_input(info: TypeInfo, one: FieldInfo, op: str) -> FieldView:
    name = one.name if op == "eq" else f"{one.name}__{op}"
    if op == "empty":
        return FieldView(name=name, label=_("Empty"), kind="boolean", value="true")
    made = input_of(info, one, name=name, required=False)
    if one.kind == "moment":
        return FieldView(name=name, label=_("Value"), kind="date")
    if one.kind == "money":
        return FieldView(name=name, label=_("Value"), kind="number")
    if one.kind in ("tags", "longtext", "email", "phone", "url"):
        return FieldView(name=name, label=_("Value"))
    if one.kind == "multichoice":
        return FieldView(name=name, label=_("Value"), kind="choice", options=made.options)
    if one.kind == "boolean":
        return FieldView(
            name=name, label=_("Value"), kind="choice", options=(Option("true", _("yes")), Option("false", _("no")))
        )
    return replace(made, label=_("Value"), help="")


def query_of(pairs: Iterable[tuple[str, str]]) -> str:
    """An address's query, readable where it can be."""
    return urlencode([pair for pair in pairs if pair[1] != ""], safe=":,.-")


def parse_node(text: str) -> Any:
    """The `filter` parameter; Invalid when it is no filter, or one that nobody could compile."""
    if text.count("{") + text.count("[") > MOST_BRACKETS:
        sentence = _("the filter is too large: at most %(nodes)d conditions, %(depth)d deep",
                     nodes=filters.MAX_NODES, depth=filters.MAX_DEPTH)  # fmt: skip
        raise Invalid(sentence, {"filter": [sentence]})
    return filters.parse(text) if text else None
