"""Ids that lead on: a filter that names a record which became part of another one means the one that remains.

Nothing that is saved is rewritten when records are merged: lists, rules, figures and addresses are read as what they
mean now, and mean what they meant when the merge is undone. Who knows where records went registers it in
`generation.state["leads"]`: ids -> id of the record that remains, for those that have gone there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import Any

from kumiko.host import context
from kumiko.records import filter_relations
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, reading_instead
from kumiko.records.drafts import Draft

Lead = Callable[[Collection[int]], Mapping[int, int]]
DEEPEST = 12  # what is nested deeper is refused when the filter is compiled
_KNOWN = "ids that lead on"
_OWN = frozenset({"eq", "ne", "in", "nin"})


def leads_on(one: FieldInfo) -> bool:
    """Whether values of the field may name records that lead on."""
    if one.kind == "record":
        return True
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    return target is not None and "merge" in target.actions


def leading(ids: Iterable[int]) -> Mapping[int, int]:
    """Id -> id that it stands for now; asked once per id and request."""
    now = context.current()
    known: dict[int, int] = now.cache.setdefault(_KNOWN, {})
    missing = sorted({one for one in ids if 0 < one < 2**63} - known.keys())
    if missing and reading_instead() is None:
        known |= {one: one for one in missing}
        for lead in now.generation.state.get("leads", ()) if now.generation is not None else ():
            known |= lead(missing)
    return known


def forget(drafts: Collection[Draft]) -> None:
    """Records that went or came back may lead elsewhere from here on (hook `after_write`)."""
    if any(draft.action in ("deleted", "restored") for draft in drafts):
        context.current().cache.pop(_KNOWN, None)


def node_led(info: TypeInfo, node: Any) -> Any:
    """A filter as it is meant now; the node itself when nothing in it leads on."""
    ids = set(_ids(info, node))
    if not ids:
        return node
    found = leading(ids)
    return _replaced(info, node, found) if any(found.get(one, one) != one for one in ids) else node


def _ids(info: TypeInfo, node: Any, depth: int = 0) -> Iterator[int]:
    if not isinstance(node, Mapping) or depth > DEEPEST:
        return
    for word in ("and", "or"):
        for part in node[word] if isinstance(node.get(word), list) else ():
            yield from _ids(info, part, depth + 1)
    yield from _ids(info, node.get("not"), depth + 1)
    if (related := _related(node)) is not None:
        yield from _ids(related, node["v"], depth + 1)
    if _is_named(info, node):
        for value in node["v"] if isinstance(node["v"], list) else [node["v"]]:
            if (found := _id(value)) is not None:
                yield found


def _is_named(info: TypeInfo, node: Mapping[str, Any]) -> bool:
    operator = node.get("op", "eq")
    if not isinstance(operator, str) or operator not in _OWN or "v" not in node:
        return False
    one = _field(info, str(node.get("f", "")))
    return one is not None and leads_on(one)


def _field(info: TypeInfo, path: str) -> FieldInfo | None:
    head, _dot, rest = info.plain(path).partition(".")
    one = info.find(head)
    if one is None or not rest:
        return one
    if one.kind == "list":
        return next((item for item in one.items if item.name == rest), None)
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    return _field(target, rest) if target is not None else None


def _related(node: Mapping[str, Any]) -> TypeInfo | None:
    """The type that the condition on related records is about."""
    if node.get("op") not in filter_relations.OPERATORS or not isinstance(node.get("v"), Mapping):
        return None
    collection = filter_relations.collection_of(str(node.get("f", "")))
    return next((info for info in catalogue().types.values() if info.collection == collection), None)


def _id(value: Any) -> int | None:
    inner = value.get("id") if isinstance(value, Mapping) else value
    text = str(inner).strip() if isinstance(inner, int | str) and not isinstance(inner, bool) else ""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


def _replaced(info: TypeInfo, node: Any, found: Mapping[int, int], depth: int = 0) -> Any:
    if not isinstance(node, Mapping) or depth > DEEPEST:
        return node
    made = dict(node)
    for word in ("and", "or"):
        if isinstance(node.get(word), list):
            made[word] = [_replaced(info, part, found, depth + 1) for part in node[word]]
    if "not" in node:
        made["not"] = _replaced(info, node["not"], found, depth + 1)
    if (related := _related(node)) is not None:
        made["v"] = _replaced(related, node["v"], found, depth + 1)
    if _is_named(info, node):
        values = [_other(value, found) for value in (node["v"] if isinstance(node["v"], list) else [node["v"]])]
        made["v"] = list({str(value): value for value in values}.values()) if isinstance(node["v"], list) else values[0]
    return made


def _other(value: Any, found: Mapping[int, int]) -> Any:
    old = _id(value)
    new = found.get(old, old) if old is not None else None
    if new == old:
        return value
    return {**value, "id": new} if isinstance(value, Mapping) else type(value)(new)
