"""The page (and dialog) on which a list's filter is put together: groups in groups, relations, a sentence, a count."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import orjson
from flask import Response, request
from werkzeug.datastructures import MultiDict

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import links, queries
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.web import formats
from kumiko.web.addresses import split_node
from kumiko.web.answers import done, in_dialog, is_htmx, page
from kumiko.web.filter_fields import SILENT, Subject, period_options, segment_options, subject_at, subjects
from kumiko.web.filter_tree import DEEPEST, MANY, ROOT, Group, Leaf, change, node_of, tree_of, typed_tree
from kumiko.web.filter_words import sentence_of
from kumiko.web.filters_form import NUMBERS, query_of
from kumiko.web.inputs import Typed, typed_input
from kumiko.web.lists import ListState, count_word, link_to
from kumiko.web.types import type_of
from kumiko.web.values import options_of
from kumiko.web.viewmodels import FieldView, Option
from kumiko.web.viewmodels.filters import EditorGroup, EditorRow, FilterEditorView, SubjectGroup

Names = dict[tuple[str, int], str]


def edit(collection: str) -> Response:
    """GET and POST /COLLECTION/filter?LIST: the editor; what it posts draws it anew or leads to the list."""
    info = type_of(collection)
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"))
    if request.method == "GET":
        state = ListState.of(info, MultiDict(pairs))
        root = tree_of(info, state.node)
        if not root.parts:
            root.parts.append(Leaf())
        return _draw(info, pairs, root)
    wish = request.form.get("_do", "")
    try:
        root = typed_tree(info, request.form)
        if wish:
            return _draw(info, pairs, root, at=change(root, wish))
        node = node_of(info, root, strict=True)
        queries.plan_of(info, names=("name",), node=node, sort="id")
    except Invalid as fault:
        lines = [line for said in fault.errors.values() for line in said] or [fault.message]
        return _draw(info, pairs, typed_tree(info, request.form), errors=tuple(dict.fromkeys(lines)))
    return done(f"/{collection}{_place(pairs)}?{query_of(_listed(info, pairs, node))}")


def _place(pairs: list[tuple[str, str]]) -> str:
    return "/board" if ("_layout", "board") in pairs else ""


def _listed(info: TypeInfo, pairs: list[tuple[str, str]], node: Any) -> list[tuple[str, str]]:
    """The list's parameters with another filter."""
    kept = [pair for pair in pairs if pair[0] in ("q", "sort", "columns", "group_by", "view", "scope", "by")
            and info.find(pair[0]) is None]  # fmt: skip
    simple, rest = split_node(info, node)
    return [*simple, *([("filter", orjson.dumps(rest).decode())] if rest is not None else []), *kept]


def count(collection: str) -> Response:
    """POST /COLLECTION/filter/count: how many records what was typed so far fits, and what it says."""
    info = type_of(collection)
    try:
        node = node_of(info, typed_tree(info, request.form))
        return page("kumiko/filter_count.html", count=count_text(info, node), sentence=sentence_of(info, node))
    except Invalid as fault:
        lines = [line for said in fault.errors.values() for line in said] or [fault.message]
        return page("kumiko/filter_count.html", count="", sentence=" ".join(lines))


def count_text(info: TypeInfo, node: Any, q: str = "") -> str:
    """ "12 deals", "1,000+ deals"."""
    found = queries.count_capped(info, node=node, q=q)
    capped = found > queries.COUNT_CAP
    shown = f"{formats.count_text(queries.COUNT_CAP)}+" if capped else formats.count_text(found)
    return f"{shown} {count_word(info, found)}"


def _draw(
    info: TypeInfo, pairs: list[tuple[str, str]], root: Group, *, at: str = "", errors: tuple[str, ...] = ()
) -> Response:
    try:
        node = node_of(info, root)
        counted, sentence = count_text(info, node), sentence_of(info, node)
    except Invalid as fault:
        counted, sentence = "", ""
        if not errors:
            errors = tuple(line for said in fault.errors.values() for line in said) or (fault.message,)
    query = query_of(pairs)
    view = FilterEditorView(
        title=_("Filter %(what)s", what=str(info.type.label_plural)),
        action=f"/{info.collection}/filter?{query}",
        root=drawn(info, root),
        sentence=sentence,
        count=counted,
        count_href=f"/{info.collection}/filter/count",
        cancel_href=f"/{info.collection}{_place(pairs)}?{query}",
        crumbs=(link_to(info),),
        errors=errors,
    )
    part = in_dialog() or is_htmx()
    status = 422 if errors and request.method == "POST" else 200
    return page("kumiko/filter_part.html" if part else "kumiko/filter.html", status, v=view, at=at)


def drawn(info: TypeInfo, root: Group) -> EditorGroup:
    """A tree of conditions as inputs, with the names of what it names."""
    return _group(info, root, ROOT, 1, _names(info, root))


def _group(info: TypeInfo, group: Group, at: str, depth: int, names: Names) -> EditorGroup:
    said = {"and": _("all of these"), "or": _("any of these"), "not": _("none of these")}
    parts = tuple(
        _group(info, one, f"{at}.{number}", depth + 1, names) if isinstance(one, Group)
        else _row(info, one, f"{at}.{number}", number, depth, names)
        for number, one in enumerate(group.parts)
    )  # fmt: skip
    words = tuple(Option(word, label, chosen=word == group.word) for word, label in said.items())
    return EditorGroup(at, _("Group of conditions"), words, parts, may_nest=depth < DEEPEST)


def _row(info: TypeInfo, leaf: Leaf, at: str, number: int, depth: int, names: Names) -> EditorRow:
    label = _("Condition %(number)d", number=number + 1)
    if leaf.raw is not None:
        return EditorRow(at, label, kept=sentence_of(info, leaf.raw), raw=orjson.dumps(leaf.raw).decode())
    subject = subject_at(info, leaf.path) if leaf.path else None
    choices = tuple(
        SubjectGroup(title, tuple(Option(one.path, one.label, chosen=one.path == leaf.path) for one in group))
        for title, group in subjects(info)
    )
    if subject is None:
        return EditorRow(at, label, choices)
    if not any(option.chosen for group in choices for option in group.options):
        choices = (*choices, SubjectGroup(_("Further"), (Option(subject.path, subject.label, chosen=True),)))
    known = tuple(Option(op, subject.operator_label(op), chosen=op == leaf.op) for op in subject.operators)
    inner = None
    if subject.relation is not None:
        inner = _group(subject.relation.info, leaf.inner or Group(), f"{at}.h", depth + 1, names)
    return EditorRow(at, label, choices, known, _inputs(info, subject, leaf, at, names), inner=inner)


def _inputs(info: TypeInfo, subject: Subject, leaf: Leaf, at: str, names: Names) -> tuple[FieldView, ...]:
    """The inputs of a condition's value, as they fit to field and operator."""
    op, one, name = leaf.op, subject.one, f"{at}.v"
    if subject.relation is not None or op in SILENT:
        return ()
    first = leaf.values[0] if leaf.values else ""
    label = _("Value")
    if one is None:
        return (FieldView(name, _("Segment"), "choice", value=first, options=segment_options(info, first)),)
    if op == "within":
        return (FieldView(name, _("Period"), "choice", value=first, options=period_options(first), required=True),)
    if one.kind == "boolean":
        either = (Option("true", _("yes"), chosen=first != "false"), Option("false", _("no"), chosen=first == "false"))
        return (FieldView(name, label, "choice", value=first or "true", options=either, required=True),)
    if one.kind in ("choice", "multichoice"):
        kind: Any = "multichoice" if op in MANY else "choice"
        options = tuple(replace(option, chosen=option.key in leaf.values) for option in options_of(one).values())
        return (FieldView(name, label, kind, value=first, options=options),)
    if one.kind in ("link", "tags", "record"):
        return (_picked(info, one, leaf, name, names),)
    if op == "between":
        second = leaf.values[1] if len(leaf.values) > 1 else ""
        return (_plain(one, name, _("From"), first), _plain(one, f"{at}.v2", _("Until"), second))
    if op in MANY:
        return (FieldView(name, _("Values, one per line"), "longtext", value="\n".join(leaf.values)),)
    return (_plain(one, name, label, first),)


def _plain(one: FieldInfo, name: str, label: str, text: str) -> FieldView:
    if one.kind in ("date", "moment"):
        is_word = bool(text) and not text[:1].isdecimal()  # today, -30: words of the filter language
        return FieldView(name, label, "text" if is_word else "date", value=text[:10])
    return FieldView(name, label, "integer" if one.kind == "integer" else "number" if one.kind in NUMBERS else "text",
                     value=text)  # fmt: skip


def _picked(info: TypeInfo, one: FieldInfo, leaf: Leaf, name: str, names: Names) -> FieldView:
    typed = Typed([(name, text) for text in leaf.values])
    made = typed_input(info, one, typed, name=name, required=False, names=names)
    if one.kind == "tags" or leaf.op in MANY:

        def shown(text: str) -> str:
            key = (one.field.to, int(text)) if text.isdecimal() else ("", 0)
            return names.get(key, text) if one.kind == "link" else text

        chosen = tuple(Option(text, shown(text)) for text in leaf.values)
        return replace(made, kind="tags", label=_("Values"), chosen=chosen, help="", placeholder=_("Choose"))
    return replace(made, label=_("Value"), help="", create_href="")


def _names(info: TypeInfo, root: Group) -> Names:
    """Names of all linked records that the conditions name."""
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []

    def collect(about: TypeInfo, part: Group | Leaf) -> None:
        for leaf in [part] if isinstance(part, Leaf) else part.parts:
            if isinstance(leaf, Group):
                collect(about, leaf)
                continue
            subject = subject_at(about, leaf.path) if leaf.path else None
            if subject is None:
                continue
            if subject.relation is not None and leaf.inner is not None:
                collect(subject.relation.info, leaf.inner)
            target = catalogue().find(subject.one.field.to) if subject.one and subject.one.kind == "link" else None
            if target is not None:
                wanted.extend((about, target, int(one)) for one in leaf.values if one.isdecimal() and len(one) < 19)

    collect(info, root)
    return links.names_of(wanted) if wanted else {}
