"""Which columns a list shows, in which order: a choice in the address, so that saved views keep it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request

from kumiko.host.context import principal
from kumiko.host.i18n import gettext as _
from kumiko.records.catalogue import COMMON_FIELDS, FieldInfo, TypeInfo, catalogue
from kumiko.web.addresses import columns_text
from kumiko.web.answers import done, in_dialog, page
from kumiko.web.filters_form import query_of
from kumiko.web.lists import MOST_COLUMNS, ListState, is_people, link_to, shown_columns
from kumiko.web.types import type_of
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Option
from kumiko.web.viewmodels.columns import ColumnsView
from kumiko.web.viewmodels.filters import SubjectGroup

HIDDEN_KINDS = ("list", "json", "external_ids")
_COMMON = frozenset(one.name for one in COMMON_FIELDS)


def choose_columns(collection: str) -> Response:
    """GET and POST /COLLECTION/columns: the columns in their order, and the list with those chosen.

    A button sends `_do`: `up:NAME`, `down:NAME`, `drop:NAME`, or `add`, which takes the field chosen in `_new`.
    """
    info = type_of(collection)
    pairs = parse_qsl(request.query_string.decode("utf-8", "replace"))
    state = ListState.of(info, request.args)
    known = dict(known_columns(info))
    if request.method == "GET":
        names = [name for name in shown_columns(info, state)[1:] if name in known]
        return _draw(info, pairs, names, known)
    names = [name for name in dict.fromkeys(request.form.getlist("columns")) if name in known][:MOST_COLUMNS]
    wish = request.form.get("_do", "")
    if wish:
        new = request.form.get("_new", "")
        return _draw(info, pairs, _changed(names, wish, new if new in known else ""), known)
    kept = [pair for pair in pairs if pair[0] not in ("columns", "after")]
    first = ["name"] if "name" in state.widths else []
    chosen = columns_text([*first, *names], state.widths)
    return done(f"/{collection}?{query_of([*kept, ('columns', chosen)])}")


def _changed(names: Sequence[str], wish: str, new: str) -> list[str]:
    """The columns after a button."""
    verb, _colon, name = wish.partition(":")
    found = list(names)
    if verb == "add" and new and new not in found:
        return [*found, new][:MOST_COLUMNS]
    if name in found:
        at = found.index(name)
        found.remove(name)
        if verb in ("up", "down"):
            found.insert(max(0, at + (1 if verb == "down" else -1)), name)
    return found


def known_columns(info: TypeInfo) -> Mapping[str, str]:
    """Name -> label of every column that the person may have."""
    return {option.key: option.label for group in _groups(info, ()) for option in group.options}


def _groups(info: TypeInfo, shown: Sequence[str]) -> tuple[SubjectGroup, ...]:
    """Fields to add: own ones and those of extensions, then those of linked records; without the ones shown."""
    readable = info.readable(principal())
    own = [
        Option(name, label_of(one))
        for name, one in readable.items()
        if name != "name" and name not in shown and one.kind not in HIDDEN_KINDS
    ]
    found = [SubjectGroup(str(info.type.label), tuple(sorted(own, key=_label)))]
    for name, one in readable.items():
        target = catalogue().find(one.field.to) if one.kind == "link" and not is_people(one) else None
        if target is None or name in _COMMON:
            continue
        far = [
            Option(f"{name}.{further.name}", f"{label_of(one)}: {label_of(further)}")
            for further in target.readable(principal()).values()
            if _may_be_shown(further) and f"{name}.{further.name}" not in shown
        ]
        if far:
            found.append(SubjectGroup(label_of(one), tuple(sorted(far, key=_label))))
    return tuple(found)


def _may_be_shown(one: FieldInfo) -> bool:
    """Whether a field of a linked record can be a column: those in its own table with one plain value."""
    return (
        one.extension is None and not one.is_many and bool(one.columns) and one.name not in (*_COMMON, "name")
        and one.kind not in (*HIDDEN_KINDS, "link", "record")
    )  # fmt: skip


def _label(option: Option) -> str:
    return option.label.casefold()


def _draw(info: TypeInfo, pairs: list[tuple[str, str]], names: Sequence[str], known: Mapping[str, str]) -> Response:
    query = query_of(pairs)
    view: Any = ColumnsView(
        title=_("Columns"),
        action=f"/{info.collection}/columns?{query}",
        first=label_of(info.fields["name"]),
        columns=tuple(Option(name, known[name]) for name in names),
        choices=_groups(info, names),
        cancel_href=f"/{info.collection}?{query}",
        crumbs=(link_to(info),),
    )
    return page("kumiko/columns_dialog.html" if in_dialog() else "kumiko/columns.html", v=view)
