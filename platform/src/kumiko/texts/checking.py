"""What a text may name, and what is wrong with one, before any record is filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import nodes
from jinja2.meta import find_undeclared_variables

from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import USER, FieldInfo, catalogue
from kumiko.records.custom import public_name
from kumiko.records.field_names import why_off
from kumiko.texts.sandbox import compiled
from kumiko.texts.shapes import unknown_sentence
from kumiko.texts.values import COMMON, COMPANY, custom_names, names_of
from kumiko.web.values import label_of

ME = ("name", "email")


def check_text(source: str, type_key: str) -> tuple[str, ...]:
    """What is wrong with a text about records of a type, as sentences with their lines; empty when it is fine."""
    try:
        _template, tree = compiled(source, False)
    except Invalid as fault:
        return (fault.message,)
    found: dict[str, None] = {}
    names: dict[str, Any] = _names(type_key, whole=True)
    free = find_undeclared_variables(tree)
    for one in tree.find_all(nodes.Name):
        if one.ctx == "load" and one.name in free and one.name not in names:
            found[_sentence(type_key, one.name, one.name, names, one.lineno)] = None
    scope: dict[str, Any] = {**names}
    for loop in tree.find_all(nodes.For):
        walked = loop.iter.node if isinstance(loop.iter, nodes.Filter) else loop.iter
        if isinstance(loop.target, nodes.Name) and walked is not None:
            scope[loop.target.name] = _entry(_meaning(walked, scope))
    for step in tree.find_all(nodes.Getattr):
        above = _meaning(step.node, scope)
        below = _below(above)
        if below is not None and step.attr not in below:
            path = f"{_path(step.node)}.{step.attr}"
            found[_sentence(_type_of(above), path, step.attr, below, step.lineno)] = None
    return tuple(found)


def text_names(type_key: str) -> list[tuple[str, str]]:
    """(placeholder, label) of what a text about records of a type can name: own fields, extensions, one link further.

    Fields that are hidden from whoever asks are left out.
    """
    info = catalogue().get(type_key)
    readable = info.readable(principal())
    found: list[tuple[str, str]] = []
    for name, one in names_of(info).items():
        if name not in readable:
            continue
        placeholder = public_name(name)
        found.append((placeholder, label_of(one)))
        found += [(f"{placeholder}.{below}", f"{label_of(one)}: {label}") for below, label in _one_further(one)]
    return [*found, *_common(set(info.fields))]


def _one_further(one: FieldInfo) -> Iterator[tuple[str, str]]:
    target = catalogue().find(one.field.to) if one.kind == "link" else None
    if target is None:
        return
    readable = target.readable(principal())
    for name, below in names_of(target).items():
        plain = below.kind not in ("link", "list", "users", "tags")
        if name in readable and plain and name not in ("created_at", "updated_at"):
            yield public_name(name), label_of(below)


def _common(taken: set[str]) -> list[tuple[str, str]]:
    known = {
        "company": ("company.name", _("Our company")),
        "today": ("today", _("Today")),
        "me": ("me.name", _("My name")),
        "link": ("link", _("Address of this page")),
    }
    return [known[name] for name in COMMON if name not in taken]


# A meaning is a FieldInfo, a mapping of names, or None: nothing is known, anything goes.


def _names(type_key: str, *, whole: bool = False) -> dict[str, Any]:
    info = catalogue().find(type_key)
    if info is None:
        return {"name": None}
    common = {"company": dict.fromkeys(COMPANY), "today": None, "me": dict.fromkeys(ME), "link": None}
    return {"id": None, "custom": custom_names(info), **(common if whole else {}), **names_of(info)}


def _below(meaning: Any) -> Mapping[str, Any] | None:
    if isinstance(meaning, FieldInfo):
        if meaning.kind == "link":
            return _names(meaning.field.to)
        if meaning.kind == "money":
            return {"currency": None, "value": None}
        return None if meaning.kind in ("json", "users", "tags", "list") else {}
    return meaning if isinstance(meaning, Mapping) else None


def _entry(meaning: Any) -> Any:
    if isinstance(meaning, FieldInfo):
        if meaning.kind == "list":
            return {item.name: item for item in meaning.items}
        if meaning.kind == "users":
            return _names(USER)
    return None


def _meaning(node: nodes.Node, scope: Mapping[str, Any]) -> Any:
    if isinstance(node, nodes.Name):
        return scope.get(node.name)
    if isinstance(node, nodes.Getattr):
        below = _below(_meaning(node.node, scope))
        return None if below is None else below.get(node.attr)
    return None


def _path(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    return f"{_path(node.node)}.{node.attr}" if isinstance(node, nodes.Getattr) else "…"


def _type_of(meaning: Any) -> str:
    return meaning.field.to if isinstance(meaning, FieldInfo) and meaning.kind == "link" else ""


def _sentence(type_key: str, path: str, name: str, names: Mapping[str, Any], line: int) -> str:
    info = catalogue().find(type_key) if type_key else None
    off = "" if info is None else why_off(info, name)
    return _("Line %(line)d: %(what)s", line=line, what=off) if off else unknown_sentence(path, name, names, line)
