"""Rules of fields that administrators make: shown, needed or locked only when other fields have certain values.

A condition is a small part of the filter language over fields of the same record: {"and": [...]}, {"or": [...]} and
{"f", "op", "v"}. It is judged on the values a record will have, here and, with the same words, by the script of forms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import filter_values
from kumiko.records.custom import ArchivedChoice, Node
from kumiko.records.money import Money

if TYPE_CHECKING:
    from kumiko.records.catalogue import FieldInfo, TypeInfo

OPERATORS = ("eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "empty", "nempty")
KINDS = ("text", "longtext", "integer", "number", "money", "percent", "boolean", "date", "moment", "choice",
         "multichoice", "link", "email", "phone", "url")  # fmt: skip
MOST = 20
Values = Callable[[str], Any]


def holds(info: TypeInfo, node: Node, values: Values) -> bool:
    """Whether a condition is met. `values(name)` gives the value that a record will have, by plain name."""
    if "and" in node:
        return all(holds(info, one, values) for one in node["and"])
    if "or" in node:
        return any(holds(info, one, values) for one in node["or"])
    one = info.find(str(node.get("f", "")))
    if one is None:
        return False  # the field is archived, or its module is off: nobody is asked for anything because of it
    return _compare(one, values(one.name), str(node.get("op", "eq")), node.get("v"))


def is_shown(info: TypeInfo, name: str, values: Values) -> bool:
    """Whether forms show the field for a record with these values."""
    rule = info.rules.get(name)
    return rule is None or rule.shown_when is None or holds(info, rule.shown_when, values)


def is_needed(info: TypeInfo, name: str, values: Values) -> bool:
    """Whether the field must have a value."""
    rule = info.rules.get(name)
    if rule is None:
        return info.fields[name].field.required
    if not is_shown(info, name, values):
        return False
    if info.fields[name].field.required:
        return True
    return rule.required_when is not None and holds(info, rule.required_when, values)


def is_locked(info: TypeInfo, name: str, values: Values) -> bool:
    """Whether a rule keeps the field from being changed."""
    rule = info.rules.get(name)
    return rule is not None and rule.locked_when is not None and holds(info, rule.locked_when, values)


def check(draft: Any) -> None:
    """Refuse what rules of fields do not allow; history that is brought in is only warned about."""
    info: TypeInfo = draft.info
    for name, one in info.custom_fields.items():
        if one.kind in ("choice", "multichoice") and draft.changes(name) and draft.values[name]:
            _check_archived(draft, one)
    for name, rule in info.rules.items():
        if name not in info.fields or not draft.changes(name):
            continue
        label = str(info.fields[name].field.label)
        filled = draft.values[name] not in (None, "", [])
        if filled and rule.shown_when is not None and not holds(info, rule.shown_when, draft.get):
            default = info.fields[name].field.default
            if draft.is_new and default is not None and draft.values[name] == default:
                draft.values[name] = None
                continue
            when = in_words(info, rule.shown_when)
            draft.guard(name, _("“%(label)s” is only filled in when %(when)s.", label=label, when=when))
        if not draft.is_new and is_locked(info, name, draft.get):
            draft.guard(name, _("“%(label)s” cannot be changed when %(when)s.", label=label,
                                when=in_words(info, rule.locked_when or {})))  # fmt: skip


def _check_archived(draft: Any, one: FieldInfo) -> None:
    given, old = draft.values[one.name], draft.before(one.name)
    kept = set(old) if isinstance(old, list) else {old}
    for key in given if isinstance(given, list) else [given]:
        choice = one.choices.get(key)
        if isinstance(choice, ArchivedChoice) and key not in kept:
            draft.guard(one.name, _("“%(label)s” is archived; choose another one", label=str(choice.label)))


def checked(info: TypeInfo, node: Any, about: str) -> Node | None:
    """A condition as it is stored; Invalid with a sentence for anything else. `about`: the field it is for."""
    if node is None or node == {}:
        return None
    found = _checked(info, node, about, 1)
    if sum(1 for _ in _leaves(found)) > MOST:
        raise _fault(_("at most %(most)d conditions fit here", most=MOST))
    return found


def _checked(info: TypeInfo, node: Any, about: str, depth: int) -> Node:
    if not isinstance(node, Mapping) or depth > 4:
        raise _fault(_("a condition must be an object, found %(found)r", found=str(node)[:60]))
    for word in ("and", "or"):
        if word in node:
            if len(node) != 1 or not isinstance(node[word], list) or not node[word]:
                raise _fault(_("“%(word)s” holds a list of conditions and stands alone", word=word))
            return {word: [_checked(info, one, about, depth + 1) for one in node[word]]}
    if "f" not in node or set(node) - {"f", "op", "v"}:
        raise _fault(_("a condition is {“f”, “op”, “v”}, found %(found)s", found=", ".join(map(str, node)) or "{}"))
    one = info.find(str(node["f"]))
    if one is None or one.kind not in KINDS:
        raise _fault(_("conditions can look at fields of the record itself; there is no %(name)r among them",
                       name=str(node["f"])[:80]))  # fmt: skip
    if one.name == about:
        raise _fault(_("a field cannot wait for itself"))
    op = node.get("op", "eq")
    if op not in OPERATORS:
        raise _fault(_("operator %(op)r is unknown; known: %(known)s", op=str(op)[:20], known=", ".join(OPERATORS)))
    if op in ("empty", "nempty"):
        return {"f": one.journal_name, "op": op}
    value = node.get("v")
    for part in filter_values.values_of(value, one.name) if op in ("in", "nin") else [value]:
        if _wanted(one, part) is None:
            raise _fault(_("“%(label)s” cannot be compared with %(value)r", label=str(one.field.label),
                           value=str(part)[:60]))  # fmt: skip
    return {"f": one.journal_name, "op": op, "v": value}


def _fault(sentence: str) -> Invalid:
    return Invalid(sentence, {"": [sentence]})


def _leaves(node: Node) -> Any:
    for word in ("and", "or"):
        if word in node:
            for one in node[word]:
                yield from _leaves(one)
            return
    yield node


def fields_in(node: Node | None) -> set[str]:
    """Names, as they are stored, of the fields that a condition looks at."""
    return set() if not node else {str(one["f"]) for one in _leaves(node)}


def depends_on(info: TypeInfo, name: str) -> bool:
    """Whether a rule of another field looks at this one."""
    stored = info.fields[name].journal_name
    return any(
        stored in fields_in(node)
        for rule in info.rules.values()
        for node in (rule.shown_when, rule.required_when, rule.locked_when)
    )


def resolved(info: TypeInfo, node: Node | None) -> Node | None:
    """A condition for the script of a form: plain names, and days instead of words for them."""
    if not node:
        return None
    for word in ("and", "or"):
        if word in node:
            return {word: [resolved(info, one) for one in node[word]]}
    one = info.find(str(node["f"]))
    if one is None:
        return {"or": []}
    value = node.get("v")
    if one.kind in ("date", "moment") and value is not None:
        value = [str(_wanted(one, part)) for part in value] if isinstance(value, list) else str(_wanted(one, value))
    return {"f": one.name, "op": node.get("op", "eq"), "v": value, "kind": one.kind}


# ------------------------------------------------------------------ comparing


def _compare(one: FieldInfo, value: Any, op: str, wanted: Any) -> bool:
    empty = value is None or value == "" or (not value and isinstance(value, Sequence | frozenset))
    if op in ("empty", "nempty"):
        return empty == (op == "empty")
    if one.kind == "boolean" and empty:
        value, empty = False, False
    if op in ("ne", "nin"):
        return not _compare(one, value, "eq" if op == "ne" else "in", wanted)
    if empty:
        return False
    many = [_wanted(one, part) for part in (wanted if isinstance(wanted, list) else [wanted])]
    if one.kind == "multichoice":
        return any(part in value for part in many)
    held = _held(one, value)
    if op in ("eq", "in"):
        return held in many
    low = many[0]
    if low is None:
        return False
    answers: dict[str, bool] = {"gt": held > low, "gte": held >= low, "lt": held < low, "lte": held <= low}
    return answers.get(op, False)


def _held(one: FieldInfo, value: Any) -> Any:
    """A value of a record, comparable with `_wanted`."""
    if isinstance(value, Money):
        return Decimal(value.value)
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if one.kind in ("integer", "number", "percent"):
        return Decimal(str(value))
    if one.kind == "link":
        return getattr(value, "id", value)
    return value


def _wanted(one: FieldInfo, value: Any) -> Any:
    """A value of a condition, comparable with `_held`; None when it does not fit the field."""
    try:
        if one.kind in ("integer", "number", "percent", "money"):
            return Decimal(str(value["value"] if isinstance(value, Mapping) else value))
        if one.kind == "boolean":
            return filter_values.truth_of(value, one.name)
        if one.kind in ("date", "moment"):
            return filter_values.date_of(value, one.name).isoformat()
        if one.kind == "link":
            return filter_values.link_id_of(value, one.name)
        if one.kind in ("choice", "multichoice"):
            return value if value in one.choices else None
    except (Invalid, ArithmeticError, KeyError, ValueError):
        return None
    return str(value) if value not in (None, "") and not isinstance(value, list | Mapping) else None


# ------------------------------------------------------------------ in words


def in_words(info: TypeInfo, node: Node) -> str:
    """A condition as people read it: “Kind” is Rent and “Rooms” is more than 2."""
    if "and" in node:
        return _(" and ").join(in_words(info, one) for one in node["and"])
    if "or" in node:
        return _(" or ").join(in_words(info, one) for one in node["or"])
    one = info.find(str(node.get("f", "")))
    label = str(one.field.label) if one is not None else str(node.get("f", ""))
    op, value = node.get("op", "eq"), node.get("v")
    told = [_told(one, part) for part in (value if isinstance(value, list) else [value])]
    words = {
        "eq": _("“%(label)s” is %(value)s"), "ne": _("“%(label)s” is not %(value)s"),
        "in": _("“%(label)s” is %(value)s"), "nin": _("“%(label)s” is not %(value)s"),
        "gt": _("“%(label)s” is more than %(value)s"), "gte": _("“%(label)s” is at least %(value)s"),
        "lt": _("“%(label)s” is less than %(value)s"), "lte": _("“%(label)s” is at most %(value)s"),
        "empty": _("“%(label)s” is empty"), "nempty": _("“%(label)s” is filled in"),
    }  # fmt: skip
    return words[op].replace("%(label)s", label).replace("%(value)s", _(" or ").join(told))


def _told(one: FieldInfo | None, value: Any) -> str:
    if one is None or value is None:
        return str(value or "")
    if one.kind in ("choice", "multichoice"):
        found = one.choices.get(str(value))
        return str(found.label) if found is not None else str(value)
    if one.kind == "boolean":
        return _("yes") if _wanted(one, value) else _("no")
    return str(value["value"]) if isinstance(value, Mapping) and "value" in value else str(value)
