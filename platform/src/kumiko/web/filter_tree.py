"""Filters as trees of conditions: read from the filter language and from forms, written back, changed by buttons.

A form names a part by its place: `n` is the whole, `n.0` its first part. A group sends `n.w` (and, or, not), a
condition `n.0.f`, `n.0.op`, `n.0.v` and, for the end of a range, `n.0.v2`; conditions on related records are the group
`n.0.h`. What does not fit is kept as it is in `n.0.raw`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import filter_relations, filters
from kumiko.records.catalogue import FieldInfo, TypeInfo
from kumiko.web.filter_fields import SILENT, Subject, subject_at
from kumiko.web.filters_form import NUMBERS, parse_node
from kumiko.web.forms import _number
from kumiko.web.inputs import Typed

WORDS = ("and", "or", "not")
ROOT = "n"
DEEPEST = 4  # groups in groups that the editor offers
MANY = ("in", "nin")


@dataclass
class Leaf:
    """One condition; `path` is "" while nothing is chosen. `raw`: a condition the editor cannot take apart."""

    path: str = ""
    op: str = ""
    values: list[str] = field(default_factory=list)
    inner: Group | None = None
    raw: Any = None


@dataclass
class Group:
    """Conditions joined by a word."""

    word: str = "and"
    parts: list[Leaf | Group] = field(default_factory=list)


# ------------------------------------------------------------------ the filter language


def tree_of(info: TypeInfo, node: Any) -> Group:
    """The filter as a tree; a condition alone becomes a group of one."""
    if not node:
        return Group(parts=[])
    found = _part_of(info, node)
    return found if isinstance(found, Group) else Group(parts=[found])


def _part_of(info: TypeInfo, node: Any) -> Leaf | Group:
    if isinstance(node, Mapping):
        for word in ("and", "or"):
            if isinstance(node.get(word), list):
                return Group(word, [_part_of(info, one) for one in node[word]])
        inside = node.get("not")
        if isinstance(inside, Mapping):
            listed = inside.get("or")
            return Group("not", [_part_of(info, one) for one in (listed if isinstance(listed, list) else [inside])])
        leaf = _leaf_of(info, node)
        if leaf is not None:
            return leaf
    return Leaf(raw=node)


def _leaf_of(info: TypeInfo, node: Mapping[str, Any]) -> Leaf | None:
    path, op, value = info.plain(str(node.get("f", ""))), str(node.get("op", "eq")), node.get("v")
    subject = subject_at(info, path)
    if subject is None:
        return None
    if subject.relation is not None:
        inner = tree_of(subject.relation.info, value) if value else Group()
        return Leaf(path, op, inner=inner) if op in filter_relations.OPERATORS else None
    if op == "eq" and value == "me" and "me" in subject.operators:
        return Leaf(path, "me")
    if subject.one is not None and subject.one.kind in ("tags", "multichoice") and op in ("ne", "contains"):
        op = "nin" if op == "ne" else "eq"
    if op not in subject.operators:
        return None
    if op in SILENT:
        return Leaf(path, op)
    values = value if isinstance(value, list) else [value]
    if any(isinstance(one, Mapping | list) or one is None for one in values) or (op == "between" and len(values) != 2):
        return None
    return Leaf(path, op, [("true" if one else "false") if isinstance(one, bool) else str(one) for one in values])


def node_of(info: TypeInfo, part: Leaf | Group, *, strict: bool = False) -> Any:
    """The part in the filter language; None when it says nothing yet. `strict`: Invalid for a half-filled condition."""
    if isinstance(part, Group):
        nodes = [one for one in (node_of(info, each, strict=strict) for each in part.parts) if one is not None]
        if not nodes:
            return None
        if part.word == "not":
            return {"not": nodes[0] if len(nodes) == 1 else {"or": nodes}}
        return nodes[0] if len(nodes) == 1 else {part.word: nodes}
    if part.raw is not None:
        return part.raw
    subject = subject_at(info, part.path) if part.path else None
    if subject is None:
        return None
    if subject.relation is not None:
        inner = node_of(subject.relation.info, part.inner or Group(), strict=strict)
        return {"f": part.path, "op": part.op} if inner is None else {"f": part.path, "op": part.op, "v": inner}
    if part.op in SILENT:
        return {"f": part.path, "op": part.op}
    values = [_value(subject.one, text) for text in part.values if text.strip()]
    if not values or (part.op == "between" and len(values) != 2):
        if strict:
            raise Invalid(_("The condition on “%(field)s” lacks its value.", field=subject.label))
        return None
    return {"f": part.path, "op": part.op, "v": values if part.op in (*MANY, "between") else values[0]}


def _value(one: FieldInfo | None, text: str) -> Any:
    text = text.strip()
    if one is not None and one.kind in NUMBERS:
        return _number(text)
    if one is not None and one.kind == "boolean":
        return text == "true"
    if (one is None or one.kind == "link") and text.isdecimal() and len(text) < 19:
        return int(text)
    return text


# ------------------------------------------------------------------ forms


def typed_tree(info: TypeInfo, form: Typed, at: str = ROOT) -> Group:
    """The tree as a form sent it."""
    return _typed_group(info, form, at, [filters.MAX_NODES])


def _typed_group(info: TypeInfo, form: Typed, at: str, left: list[int]) -> Group:
    word = form.get(f"{at}.w", "and")
    group = Group(word if word in WORDS else "and")
    for number in _numbers(form, at):
        left[0] -= 1
        if left[0] < 0:
            raise Invalid(_("a filter has at most %(most)d conditions", most=filters.MAX_NODES))
        place = f"{at}.{number}"
        if f"{place}.w" in form:
            group.parts.append(_typed_group(info, form, place, left))
        else:
            group.parts.append(_typed_leaf(info, form, place, left))
    return group


def _typed_leaf(info: TypeInfo, form: Typed, at: str, left: list[int]) -> Leaf:
    if form.get(f"{at}.raw"):
        return Leaf(raw=parse_node(form[f"{at}.raw"]))
    path = form.get(f"{at}.f", "")
    subject = subject_at(info, path) if path else None
    if subject is None:
        return Leaf(path)
    op = form.get(f"{at}.op", "")
    known = subject.operators
    leaf = Leaf(path, op if op in known else known[0])
    if subject.relation is not None:
        leaf.inner = _typed_group(subject.relation.info, form, f"{at}.h", left)
        return leaf
    if form.get(f"{at}.was", path) == path:  # what was typed for another field fits no more
        leaf.values = _typed_values(subject, leaf.op, form, at)
    return leaf


def _typed_values(subject: Subject, op: str, form: Typed, at: str) -> list[str]:
    sent = [text for text in form.getlist(f"{at}.v") if text != ""]
    if op == "between":
        return [form.get(f"{at}.v", ""), form.get(f"{at}.v2", "")]
    if op in MANY and subject.one is not None and subject.one.kind in ("text", "longtext", "email", "phone", "url"):
        return [line.strip() for text in sent for line in text.splitlines() if line.strip()]
    return sent if op in MANY else sent[:1]


def _numbers(form: Typed, at: str) -> list[int]:
    start = f"{at}."
    found = {key[len(start) :].partition(".")[0] for key in form if key.startswith(start)}
    return sorted(int(one) for one in found if one.isdecimal() and len(one) < 4)


# ------------------------------------------------------------------ buttons


def change(root: Group, wish: str) -> str:
    """Do what a button says: `add:n.0`, `group:n`, `drop:n.0.1`. Gives the place that wants the cursor."""
    verb, _colon, at = wish.partition(":")
    if verb in ("add", "group"):
        group = find(root, at)
        if isinstance(group, Leaf):
            group = group.inner
        if group is None:
            return ""
        group.parts.append(Leaf() if verb == "add" else Group("or", [Leaf(), Leaf()]))
        place = f"{at}.{len(group.parts) - 1}"
        return f"{place}.f" if verb == "add" else f"{place}.0.f"
    if verb == "drop":
        place, _dot, number = at.rpartition(".")
        group = find(root, place)
        holder = group.inner if isinstance(group, Leaf) else group
        if holder is not None and number.isdecimal() and int(number) < len(holder.parts):
            del holder.parts[int(number)]
        return f"{place}.add"
    return ""


def find(root: Group, at: str) -> Leaf | Group | None:
    """The part at a place; `h` is the group of conditions on related records."""
    here: Leaf | Group | None = root
    for word in at.split(".")[1:]:
        if isinstance(here, Leaf):
            here = here.inner if word == "h" else None
        elif here is not None and word.isdecimal() and int(word) < len(here.parts):
            here = here.parts[int(word)]
        else:
            return None
    return here


def leaves(part: Leaf | Group) -> Iterator[Leaf]:
    """All conditions, those on related records too."""
    if isinstance(part, Group):
        for one in part.parts:
            yield from leaves(one)
        return
    yield part
    if part.inner is not None:
        yield from leaves(part.inner)
