"""Conditions with and, or, not and relations inside a form of one's own: drawn as the filter editor draws them.

The form sends `n...` (see `kumiko.web.filter_tree`) and, of a button inside, `_do`: the caller then draws it anew
instead of saving. Kept filters name fields by their stored names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from kumiko.host.errors import Invalid
from kumiko.records.catalogue import catalogue
from kumiko.records.field_names import plain_path, renamed_node, stored_path
from kumiko.web.conditions import check_conditions
from kumiko.web.filter_editor import count_text, drawn
from kumiko.web.filter_tree import Group, Leaf, change, node_of, tree_of, typed_tree
from kumiko.web.filter_words import sentence_of
from kumiko.web.inputs import Typed
from kumiko.web.viewmodels.filters import EditorGroup


@dataclass(frozen=True, kw_only=True)
class ConditionTree:
    """What `kumiko/filter_parts.html` draws. `sentence`: what it says so far, or what is wrong; `count`: how many
    records fit now. `root` is None while the module that keeps these records is off."""

    root: EditorGroup | None
    sentence: str = ""
    count: str = ""
    cursor: str = ""


def condition_tree(type_key: str, node: Any) -> ConditionTree:
    """A kept filter as inputs."""
    info = catalogue().find(type_key)
    if info is None:
        return ConditionTree(root=None, sentence=orjson.dumps(node).decode() if node else "")
    root = tree_of(info, renamed_node(info, node, plain_path))
    return _shown(type_key, root if root.parts else Group(parts=[Leaf()]), "")


def condition_tree_typed(type_key: str, typed: Typed) -> ConditionTree:
    """The inputs as they were typed, after what the pressed button says."""
    root = typed_tree(catalogue().get(type_key), typed)
    wish = typed.get("_do", "")
    return _shown(type_key, root, change(root, wish) if wish else "")


def condition_tree_given(type_key: str, typed: Typed) -> Any:
    """The filter that was typed, fields under their stored names; None for none. Invalid with why."""
    info = catalogue().get(type_key)
    node = node_of(info, typed_tree(info, typed), strict=True)
    check_conditions(type_key, node)
    return renamed_node(info, node, stored_path)


def _shown(type_key: str, root: Group, cursor: str) -> ConditionTree:
    info = catalogue().get(type_key)
    try:
        node = node_of(info, root)
        said, count = sentence_of(info, node), count_text(info, node) if node is not None else ""
    except Invalid as fault:
        said, count = " ".join(line for lines in fault.errors.values() for line in lines) or fault.message, ""
    return ConditionTree(root=drawn(info, root), sentence=said, count=count, cursor=cursor)
