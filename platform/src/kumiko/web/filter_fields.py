"""What a list can be filtered by: own fields, those of extensions and linked records, relations, segments; and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kumiko.host import context
from kumiko.host.context import principal
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.host.i18n import inside
from kumiko.records import filter_relations, periods, segments
from kumiko.records.catalogue import COMMON_FIELDS, TEAM, USER, FieldInfo, TypeInfo, catalogue
from kumiko.records.filter_relations import Relation
from kumiko.web.filters_form import field_at, operator_label
from kumiko.web.values import label_of
from kumiko.web.viewmodels import Option
from kumiko.web.views import tabs

UNFIT = ("list", "json", "users", "external_ids")
_TEXT = ("contains", "eq", "ne", "starts", "in", "empty", "nempty")
_NUMBER = ("eq", "ne", "gte", "lte", "gt", "lt", "between", "empty", "nempty")
_DAY = ("within", "between", "gte", "lte", "eq", "empty", "nempty")
_LINK = ("eq", "ne", "in", "nin", "empty", "nempty")
_SET = ("eq", "in", "nin", "empty", "nempty")
OPERATORS: Mapping[str, Sequence[str]] = {
    **dict.fromkeys(("text", "longtext", "email", "phone", "url"), _TEXT),
    **dict.fromkeys(("integer", "number", "percent", "money"), _NUMBER),
    **dict.fromkeys(("date", "moment"), _DAY),
    "choice": _LINK, "multichoice": _SET, "boolean": ("eq",), "link": _LINK, "tags": _SET,
    "record": ("eq", "ne", "empty", "nempty"),
}  # fmt: skip
SILENT = ("empty", "nempty", "me", "my_team")  # operators without a value
_COMMON = frozenset(one.name for one in COMMON_FIELDS)


@dataclass(frozen=True, kw_only=True)
class Subject:
    """What a condition is about: a field at a path, a relation, or a segment (neither)."""

    path: str
    label: str
    one: FieldInfo | None = None
    relation: Relation | None = None

    @property
    def operators(self) -> Sequence[str]:
        if self.relation is not None:
            return filter_relations.OPERATORS
        if self.one is None:
            return ("eq", "ne")
        known = OPERATORS.get(self.one.kind, ("eq", "ne", "empty", "nempty"))
        if self.one.kind != "link" or self.one.field.to not in (USER, TEAM):
            return known
        return ("me", "my_team", *known) if self.one.field.to == USER else ("my_team", *known)

    def operator_label(self, op: str) -> str:
        """The operator in words, as they fit to what is compared."""
        kind = self.one.kind if self.one is not None else ""
        if kind in ("tags", "multichoice") and op in ("eq", "in", "nin"):
            return {"eq": _("contains"), "in": _("contains one of"), "nin": _("contains none of")}[op]
        if kind == "" and self.relation is None:
            return _("is one of these") if op == "eq" else _("is none of these")
        if op == "my_team" and self.one is not None and self.one.field.to == TEAM:
            return _("is my team")
        return operator_label(op, kind)


Subjects = list[tuple[str, list[Subject]]]


def subjects(info: TypeInfo) -> Subjects:
    """All subjects in groups with a heading: the type's own, then by link, then relations and segments."""
    kept, key = context.current().cache, (__name__, info.key)
    if key not in kept:
        kept[key] = _subjects(info)
    found: Subjects = kept[key]
    return found


def _subjects(info: TypeInfo) -> Subjects:
    readable = info.readable(principal())
    own: list[Subject] = []
    linked: list[tuple[str, list[Subject]]] = []
    for name, one in readable.items():
        if one.kind == "list":
            parts = [item for item in one.items if item.kind in OPERATORS]
            own += [
                Subject(path=f"{name}.{item.name}", label=f"{label_of(one)}: {label_of(item)}", one=item)
                for item in parts
            ]
        if one.kind in UNFIT or not one.field.filterable:
            continue
        own.append(Subject(path=name, label=label_of(one), one=one))
        target = catalogue().find(one.field.to) if one.kind == "link" else None
        if target is not None and target.key == USER and name not in ("created_by", "updated_by"):
            team = target.readable(principal()).get("team")
            own += [Subject(path=f"{name}.team", label=f"{label_of(one)}: {label_of(team)}", one=team)] if team else []
        if target is None or target.key in (USER, TEAM) or target.type.dictionary or name in _COMMON:
            continue
        further = [
            Subject(path=f"{name}.{far.name}", label=f"{label_of(one)}: {label_of(far)}", one=far)
            for far in target.readable(principal()).values()
            if far.kind in OPERATORS and far.field.filterable and far.name not in ("created_by", "updated_by")
        ]
        linked.append((label_of(one), sorted(further, key=_by_label)))
    found = [(str(info.type.label), sorted(own, key=_by_label)), *linked]
    relations = [Subject(path=one.path, label=relation_label(info, one), relation=one) for one in _offered(info)]
    if relations:
        found.append((_("Related records"), sorted(relations, key=_by_label)))
    if segment_options(info):
        found.append((_("Saved views"), [Subject(path=segments.FIELD, label=_("Segment"))]))
    return found


def _offered(info: TypeInfo) -> list[Relation]:
    """Relations an editor offers: not who made or changed something."""
    return [
        one for one in filter_relations.relations_of(info)
        if one.field.name not in ("created_by", "updated_by") and not one.info.type.dictionary
    ]  # fmt: skip


def _by_label(one: Subject) -> str:
    return one.label.casefold()


def subject_at(info: TypeInfo, path: str) -> Subject | None:
    """The subject of a path; None when the person cannot filter by it."""
    if path == segments.FIELD and path not in info.fields:
        return Subject(path=path, label=_("Segment"))
    found = next((one for _title, group in subjects(info) for one in group if one.path == path), None)
    if found is None:
        relation = filter_relations.find_relation(info, path)
        if relation is not None:
            return Subject(path=path, label=relation_label(info, relation), relation=relation)
    return found or _further(info, path)


def _further(info: TypeInfo, path: str) -> Subject | None:
    """A field that the editor does not offer, but that somebody wrote into an address: `stage.name`."""
    head, _dot, rest = path.partition(".")
    try:
        one = field_at(info, path)
    except Invalid:
        return None
    if one.kind in UNFIT or not one.field.filterable:
        return None
    label = label_of(info.fields[head]) + (f": {label_of(one)}" if rest else "")
    return Subject(path=path, label=label, one=one)


def relation_label(info: TypeInfo, one: Relation) -> str:
    """ "Deals", and where records name this one by several fields "Deals (Billed to)"."""
    return f"{one.info.type.label_plural}{_which(info, one)}"


def relation_words(info: TypeInfo, one: Relation) -> str:
    """The same inside a sentence."""
    return f"{inside(one.info.type.label_plural)}{_which(info, one)}"


def _which(info: TypeInfo, one: Relation) -> str:
    same = [other for other in _offered(info) if other.info is one.info]
    return f" ({label_of(one.field)})" if len(same) > 1 else ""


def segment_options(info: TypeInfo, chosen: str = "") -> tuple[Option, ...]:
    """Saved views that can be named as segments: those with a filter alone."""
    return tuple(
        Option(str(one.id), one.name, chosen=str(one.id) == chosen)
        for one in tabs(info)
        if one.query.get("filter") and not one.query.get("q") and not one.paused
    )


def period_label(word: str) -> str:
    """A period in words."""
    named = {
        "today": _("today"), "yesterday": _("yesterday"), "tomorrow": _("tomorrow"),
        "this_week": _("this week"), "last_week": _("last week"), "next_week": _("next week"),
        "this_month": _("this month"), "last_month": _("last month"), "next_month": _("next month"),
        "this_quarter": _("this quarter"), "last_quarter": _("last quarter"), "next_quarter": _("next quarter"),
        "this_year": _("this year"), "last_year": _("last year"), "next_year": _("next year"),
    }  # fmt: skip
    rolling = periods.rolling_of(word)
    if rolling is None:
        return named.get(word, word)
    way, days = rolling
    return _("the last %(days)d days", days=days) if way == "last" else _("the next %(days)d days", days=days)


def period_options(chosen: str) -> tuple[Option, ...]:
    """Periods to choose from, and the one that is chosen."""
    words = dict.fromkeys((*periods.NAMED, *periods.ROLLING, *([chosen] if periods.rolling_of(chosen) else [])))
    return tuple(Option(word, period_label(word), chosen=word == chosen) for word in words)
