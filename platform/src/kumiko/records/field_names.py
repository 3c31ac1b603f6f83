"""Names of fields: as they are stored and as people write them, and why one is not there.

Fields of extensions are stored with their plugin's name (`sales:stage`); input may use either form (design 6, rule a).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from kumiko.host import context
from kumiko.host.contracts import reserved_names
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.host.manifest import Manifest
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, split_path
from kumiko.records.custom import public_name


def why_missing(info: TypeInfo, name: str) -> str:
    """A sentence for a field name that nobody answers to: `stage`, `sales:stage`, `extra_rank`, a mistake."""
    return why_off(info, name) or _("there is no field %(name)r in %(what)s",
                                    name=name[:80], what=inside(info.type.label_plural))  # fmt: skip


def why_off(info: TypeInfo, name: str) -> str:
    """A sentence when the name is that of a field whose module is switched off, else ""."""
    shown = name[:80]
    module = _module_of(name)
    if module is not None:
        return _("the field %(name)r belongs to the module %(module)s, which is switched off",
                 name=shown, module=module.title)  # fmt: skip
    if name in reserved_names(info.key):
        return _("the field %(name)r of %(what)s belongs to a module that is switched off",
                 name=shown, what=inside(info.type.label_plural))  # fmt: skip
    return ""


def _module_of(name: str) -> Manifest | None:
    """The module, installed but not running, whose field this name must be."""
    generation = context.current().generation
    if generation is None:
        return None
    plugin, colon, _plain = name.rpartition(":")
    for one in generation.off.values():
        if (colon and one.name == plugin) or (not colon and name.startswith((f"{one.prefix}_", f"{one.name}_"))):
            return one
    return None


def stored_path(info: TypeInfo, path: str) -> str:
    """A path as views and mappings keep it: `sales:stage`, so that it never means another module's `stage`."""
    return _walk(info, path, lambda one: one.journal_name)


def plain_path(info: TypeInfo, path: str) -> str:
    """A stored path as people and programs write it; as it is where its module is off."""
    return _walk(info, path, lambda one: one.name)


def public_path(info: TypeInfo, path: str) -> str:
    """A path as programs read it: as `plain_path`, with custom fields as bodies name them (`custom.size`)."""
    return _walk(info, path, lambda one: public_name(one.name))


def _walk(info: TypeInfo, path: str, name_of: Callable[[FieldInfo], str]) -> str:
    head, dot, rest = split_path(path)
    one = info.find(head)
    if one is None:
        return path
    target = catalogue().find(one.field.to) if rest and one.kind == "link" else None
    return f"{name_of(one)}{dot}{rest if target is None else _walk(target, rest, name_of)}"


Rename = Callable[[TypeInfo, str], str]


def renamed_sort(info: TypeInfo, text: str, rename: Rename) -> str:
    """`-sales:stage` for `-stage`, or the other way round."""
    return f"-{rename(info, text[1:])}" if text.startswith("-") else rename(info, text)


def _naming_type(node: Mapping[str, Any]) -> TypeInfo | None:
    """The type whose records a condition `has` speaks of: `deals.person`, `organization.deals.organization`."""
    if node.get("op") not in ("has", "has_no"):
        return None
    words = str(node.get("f", "")).split(".")[:-1]
    known = catalogue().by_collection
    return next((known[word] for word in reversed(words) if word in known), None)


def renamed_node(info: TypeInfo, node: Any, rename: Rename) -> Any:
    """A filter with its paths renamed; what is no filter stays as it is."""
    if not isinstance(node, Mapping):
        return node
    found: dict[str, Any] = {}
    inner = _naming_type(node)
    for word, value in node.items():
        if word == "v" and inner is not None:
            found[word] = renamed_node(inner, value, rename)
        elif word in ("and", "or") and isinstance(value, list):
            found[word] = [renamed_node(info, one, rename) for one in value]
        elif word == "not":
            found[word] = renamed_node(info, value, rename)
        else:
            found[word] = rename(info, value) if word == "f" and isinstance(value, str) else value
    return found
