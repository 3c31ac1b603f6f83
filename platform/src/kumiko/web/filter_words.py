"""A filter as a sentence: what a list shows, for people who read no JSON."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import InvalidOperation
from typing import Any

from kumiko.host.i18n import gettext as _
from kumiko.records import links, segments
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.record_refs import ref_of
from kumiko.web.filter_fields import Subject, period_label, relation_words, segment_options, subject_at
from kumiko.web.filters_form import NUMBERS
from kumiko.web.formats import day_text, number_text, read_number
from kumiko.web.values import options_of

Names = Mapping[tuple[str, int], str]
MOST_VALUES = 8


def sentence_of(info: TypeInfo, node: Any) -> str:
    """The filter in words; "" for none. Links are named as far as the person may see them."""
    if not node:
        return ""
    wanted: list[tuple[TypeInfo, TypeInfo, int]] = []
    _collect(info, node, wanted)
    return _words(info, node, links.names_of(wanted) if wanted else {}, inner=False)


def _words(info: TypeInfo, node: Any, names: Names, *, inner: bool = True) -> str:
    if not isinstance(node, Mapping):
        return str(node)
    for word, between in (("and", _(" and ")), ("or", _(" or "))):
        if isinstance(node.get(word), list):
            parts = [_words(info, one, names) for one in node[word]]
            if not parts:
                return _("everything")
            text = between.join(parts)
            return f"({text})" if inner and len(parts) > 1 else text
    if "not" in node:
        text = _words(info, node["not"], names)
        return _("not %(condition)s", condition=text if text.startswith("(") else f"({text})")
    return _condition(info, node, names)


def _condition(info: TypeInfo, node: Mapping[str, Any], names: Names) -> str:
    path, op, value = str(node.get("f", "")), str(node.get("op", "eq")), node.get("v")
    subject = subject_at(info, info.plain(path))
    if subject is None:
        return f"{path} {op} {_plain(value)}".strip()
    if subject.relation is not None:
        what = relation_words(info, subject.relation)
        if not value:
            return _("has %(what)s", what=what) if op == "has" else _("has no %(what)s", what=what)
        of = _words(subject.relation.info, value, names)
        if op == "has":
            return _("has %(what)s where %(condition)s", what=what, condition=of)
        return _("has no %(what)s where %(condition)s", what=what, condition=of)
    if subject.one is None:
        named = next((one.label for one in segment_options(info) if one.key == str(value)), str(value))
        return _("is in the segment “%(name)s”", name=named) if op == "eq" else _(
            "is not in the segment “%(name)s”", name=named)  # fmt: skip
    said = f"{subject.label} {subject.operator_label(op)}"
    if op in ("empty", "nempty", "me", "my_team"):
        return said
    return f"{said} {_value_words(subject, op, value, names)}"


def _value_words(subject: Subject, op: str, value: Any, names: Names) -> str:
    one = subject.one
    assert one is not None
    if op == "within":
        return period_label(str(value))
    values = value if isinstance(value, list) else [value]
    texts = [value_text(one, each, names) for each in values[:MOST_VALUES]]
    if op == "between" and len(texts) == 2:
        return _("%(low)s and %(high)s", low=texts[0], high=texts[1])
    text = ", ".join(texts)
    rest = len(values) - MOST_VALUES
    return _("%(some)s and %(count)d more", some=text, count=rest) if rest > 0 else text


def value_text(one: FieldInfo, value: Any, names: Names) -> str:
    """One value of a condition in words."""
    if isinstance(value, Mapping):  # an amount with its currency
        return f"{_plain(value.get('value', value.get('id')))} {value.get('currency', '')}".strip()
    text = _plain(value)
    if one.kind in ("choice", "multichoice"):
        option = options_of(one).get(text)
        return option.label if option else text
    if one.kind == "link":
        if text == "me":
            return _("me")
        return names.get((one.field.to, int(text)), text) if _is_id(text) else text
    if one.kind == "record":
        return names.get(ref_of(text) or ("", 0), text)
    if one.kind == "boolean":
        return _("yes") if text.lower() in ("true", "1", "yes") else _("no")
    if one.kind in NUMBERS:
        try:
            return number_text(float(read_number(text)))
        except (ValueError, InvalidOperation):
            return text
    if one.kind in ("date", "moment"):
        return _day(text)
    return f"“{text}”"


def _day(text: str) -> str:
    from datetime import date  # local: one use

    words = {"today": _("today"), "tomorrow": _("tomorrow"), "yesterday": _("yesterday"), "now": _("now")}
    if text in words:
        return words[text]
    digits = text[1:].rstrip("d")
    if text[:1] in ("+", "-") and digits.isdecimal():
        return _("%(days)d days ago", days=int(digits)) if text[0] == "-" else _("in %(days)d days", days=int(digits))
    try:
        return str(day_text(date.fromisoformat(text[:10])))
    except ValueError:
        return text


def _plain(value: Any) -> str:
    return "" if value is None else ("true" if value else "false") if isinstance(value, bool) else str(value)


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _collect(info: TypeInfo, node: Any, wanted: list[tuple[TypeInfo, TypeInfo, int]]) -> None:
    """The linked records that a filter names."""
    if not isinstance(node, Mapping):
        return
    for word in ("and", "or"):
        for one in node.get(word) or () if isinstance(node.get(word), list) else ():
            _collect(info, one, wanted)
    _collect(info, node.get("not"), wanted)
    path, value = str(node.get("f", "")), node.get("v")
    if not path or path == segments.FIELD:
        return
    subject = subject_at(info, info.plain(path))
    if subject is None:
        return
    if subject.relation is not None:
        _collect(subject.relation.info, value, wanted)
        return
    one = subject.one
    values = value if isinstance(value, list) else [value]
    if one is not None and one.kind == "link":
        target = catalogue().find(one.field.to)
        wanted += [(info, target, int(str(each))) for each in values if target is not None and _is_id(_plain(each))]
    elif one is not None and one.kind == "record":
        refs = [found for found in (ref_of(_plain(each)) for each in values) if found is not None]
        wanted += [(info, target, ref.id) for ref in refs if (target := catalogue().find(ref.type_key)) is not None]
