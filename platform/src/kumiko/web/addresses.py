"""Saved lists as addresses and addresses as saved lists: one form below, readable parameters above."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from kumiko.records import filters
from kumiko.records.catalogue import TypeInfo
from kumiko.web.filters_form import OF_BOARDS, RESERVED

#: Operators that a parameter cannot carry: they hold another filter.
_NESTED = ("has", "has_no")


def pairs_of(info: TypeInfo, query: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parameters of a saved list (plain names): simple conditions by field, all others in `filter`."""
    pairs, rest = split_node(info, query.get("filter"))
    if rest is not None:
        pairs.append(("filter", orjson.dumps(rest).decode()))
    pairs += [
        (name, str(query[key]))
        for key, name in (("q", "q"), ("sort", "sort"), ("group", "group_by"))
        if query.get(key)
    ]  # fmt: skip
    columns = query.get("columns") or ()
    if columns:
        pairs.append(("columns", columns_text(columns, query.get("widths") or {})))
    if query.get("kind") == "board":
        pairs += [(name, str(value)) for name, value in (query.get("board") or {}).items() if name in OF_BOARDS]
    return pairs


def columns_text(columns: Iterable[str], widths: Mapping[str, int]) -> str:
    """`name:260,amount`: columns with the pixels they were given."""
    return ",".join(f"{name}:{widths[name]}" if name in widths else name for name in columns)


def read_columns(info: TypeInfo, text: str, most: int) -> tuple[tuple[str, ...], dict[str, int]]:
    """Columns and widths of such a text."""
    columns: dict[str, None] = {}
    widths: dict[str, int] = {}
    for part in text.split(","):
        name, colon, digits = part.rpartition(":")
        if not colon or not digits.isdecimal() or len(digits) > 4:
            name, digits = part, ""
        if name and len(columns) < most:
            plain = info.plain(name)
            columns[plain] = None
            if digits and 40 <= int(digits) <= 1200:
                widths[plain] = int(digits)
    return tuple(columns), widths


def split_node(info: TypeInfo, node: Any) -> tuple[list[tuple[str, str]], Any]:
    """Parameters for the conditions of a filter that fit into them, and what remains as a filter, or None."""
    if not node:
        return [], None
    whole = isinstance(node, Mapping) and set(node) == {"and"} and isinstance(node["and"], list)
    pairs: list[tuple[str, str]] = []
    rest: list[Any] = []
    taken: set[str] = set()
    for part in node["and"] if whole else [node]:
        made = _pairs(info, part)
        if not made or made[0][0] in taken:
            rest.append(part)
        else:
            taken.add(made[0][0])
            pairs += made
    return pairs, None if not rest else rest[0] if len(rest) == 1 else {"and": rest}


def _pairs(info: TypeInfo, part: Any) -> list[tuple[str, str]]:
    """One condition as parameters of one name; empty when it does not fit."""
    if not isinstance(part, Mapping) or "f" not in part:
        return []
    path, op, value = str(part["f"]), str(part.get("op", "eq")), part.get("v")
    head = path.partition(".")[0]
    if info.find(head) is None or "__" in path or op not in filters.OPERATORS or op in _NESTED:
        return []
    if path in RESERVED or path.startswith("_"):
        return []
    if op in ("empty", "nempty"):
        return [(f"{path}__empty", "true" if op == "empty" else "false")]
    if op == "me":
        return [(path, "me")]
    if op == "my_team":
        return [(f"{path}__my_team", "true")]
    values = value if op in ("in", "nin", "between") else [value]
    if not isinstance(values, list) or not values or not all(_is_plain(one) for one in values):
        return []
    name = path if op == "eq" else f"{path}__{op}"
    return [(name, _text(one)) for one in values]


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and value != "")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
