"""The filter language: one JSON form for lists, views, segments, exports, bulk edits and REST (design 6).

    {"and": [{"f": "outcome", "op": "eq", "v": "open"},
             {"or": [{"f": "amount", "op": "gt", "v": 9000}, {"f": "organization.city", "op": "eq", "v": "Oslo"}]}]}

Fields are checked against what the person may READ, or a hidden value could be found by bisection. A path through a
link ("organization.city") only reaches records that the person may see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import ColumnElement, FromClause, String, and_, cast, func, not_, or_, select, true

from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.host.i18n import gettext as _
from kumiko.records import filter_relations, leads, rights, segments
from kumiko.records.catalogue import TEAM, USER, ExtensionInfo, FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.field_names import why_missing
from kumiko.records.filter_values import (
    date_of,
    integer_of,
    invalid,
    link_id_of,
    moment_of,
    number_of,
    pair_of,
    record_id_of,
    text_of,
    truth_of,
    values_of,
)
from kumiko.records.models import ExternalId, Share, Tag
from kumiko.records.money import exponent
from kumiko.records.periods import days_of
from kumiko.records.schemas import company_currency

MAX_DEPTH = 6
MAX_NODES = 60
MAX_LEAPS = (
    4  # relations and links inside each other: each is a subquery with its rights, and SQLite's parser has a stack
)

OPERATORS = (
    "eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "between", "within", "contains", "starts", "empty", "nempty",
    "me", "my_team", *filter_relations.OPERATORS,
)  # fmt: skip

_tag, _share, _external = table_of(Tag), table_of(Share), table_of(ExternalId)


@dataclass(frozen=True)
class Where:
    """Where a compiled condition finds its columns: the base rows, and per extension plugin its side rows.

    `driver`: the side table that a list starts from; what it holds copies of is read there, so that its indexes count.
    """

    base: FromClause
    sides: Mapping[str, FromClause]
    driver: ExtensionInfo | None = None

    @property
    def id(self) -> ColumnElement[int]:
        return self.base.c.id if self.driver is None else self.driver.key

    def column(self, one: FieldInfo, number: int = 0) -> ColumnElement[Any]:
        if one.custom is not None:
            return one.at(self.base, number)
        name = one.columns[number].name
        if one.extension:
            return self.sides[one.plugin].c[name]
        if self.driver is not None and name in self.driver.mirrors:
            return self.driver.table.c[name]
        return self.base.c[name]

    def shown(self, one: FieldInfo, number: int = 0) -> ColumnElement[Any]:
        """The column as it is shown: of a record's own fields never the copy."""
        source = self.sides[one.plugin] if one.extension else self.base
        return one.at(source, number)


def parse(text: str | bytes | None) -> dict[str, Any] | None:
    """The filter as an object; Invalid when the text is no JSON object."""
    if not text:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise invalid(_("the filter is no JSON: %(why)s", why=str(fault))) from None
    if not isinstance(found, dict):
        raise invalid(
            _("the filter must be a JSON object such as %(example)s", example='{"f":"name","op":"eq","v":"x"}')
        )
    return found


def compile_filter(info: TypeInfo, node: Any, where: Where) -> ColumnElement[bool]:
    """The filter as an SQL condition; Invalid with a sentence for anything it does not understand."""
    budget = [MAX_NODES, 0]
    return _node(info, node, where, 1, budget)


def extensions_in(info: TypeInfo, node: Any) -> set[str]:
    """Plugins whose extension fields a filter names directly."""
    if not isinstance(node, dict):
        return set()
    for word in ("and", "or"):
        if word in node and isinstance(node[word], list):
            return set().union(*(extensions_in(info, one) for one in node[word])) if node[word] else set()
    if "not" in node:
        return extensions_in(info, node["not"])
    if node.get("f") == segments.FIELD and segments.FIELD not in info.fields:
        return extensions_in(info, segments.node_of(info, node.get("op", "eq"), node.get("v")))
    one = info.find(str(node.get("f", "")).partition(".")[0])
    return {one.plugin} if one is not None and one.extension else set()


def _node(info: TypeInfo, node: Any, where: Where, depth: int, budget: list[int]) -> ColumnElement[bool]:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise invalid(
            _("the filter is too large: at most %(nodes)d conditions, %(depth)d deep", nodes=MAX_NODES, depth=MAX_DEPTH)
        )
    if not isinstance(node, Mapping):
        raise invalid(_("a condition must be an object, found %(found)r", found=str(node)[:60]))
    for word, join in (("and", and_), ("or", or_)):
        if word in node:
            if len(node) != 1 or not isinstance(node[word], list):
                raise invalid(_("“%(word)s” holds a list of conditions and stands alone", word=word))
            parts = [_node(info, one, where, depth + 1, budget) for one in node[word]]
            return join(*parts) if parts else true()
    if "not" in node:
        inner = _node(info, node["not"], where, depth + 1, budget)
        return not_(func.coalesce(inner, False))
    unknown = set(node) - {"f", "op", "v"}
    if unknown or "f" not in node:
        raise invalid(_("a condition is {“f”, “op”, “v”}, found %(found)s", found=", ".join(map(str, node)) or "{}"))
    operator = node.get("op", "eq")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise invalid(_("operator %(op)r is unknown; known: %(known)s", op=operator, known=", ".join(OPERATORS)))
    path = str(node["f"])
    leaps = path.count(".")
    if budget[1] + leaps > MAX_LEAPS:
        raise invalid(_("the filter leads over more than %(most)d links and relations inside each other",
                        most=MAX_LEAPS))  # fmt: skip
    if operator in filter_relations.OPERATORS:

        def inside(of: TypeInfo, inner: Any, place: Where) -> ColumnElement[bool]:
            budget[1] += leaps
            found = _node(of, inner, place, depth + 1, budget)
            budget[1] -= leaps
            return found

        return filter_relations.related(info, path, operator, node.get("v"), where, inside)
    if path == segments.FIELD and path not in info.fields:
        return _node(info, segments.node_of(info, operator, node.get("v")), where, depth + 1, budget)
    return _condition(info, path, operator, node.get("v"), where)


def _condition(info: TypeInfo, path: str, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    name, _dot, rest = info.plain(path).partition(".")
    if name == "id":
        return _compare(where.id, operator, value, integer_of, path)
    if name == "external_id":
        return _external_condition(info, operator, value, where)
    one = readable_field(info, name)
    if rest:
        return _through(info, one, rest, operator, value, where)
    if not one.field.filterable:
        raise invalid(_("lists cannot be filtered by %(name)r", name=name))
    if one.kind == "list":
        raise invalid(_("filter by a part of %(name)r, such as %(name)s.%(part)s", name=name,
                         part=one.field.items[0].name))  # fmt: skip
    if one.kind == "tags":
        return _tag_condition(info, operator, value, where)
    column = where.column(one)
    if operator in ("empty", "nempty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    return _by_kind(one, column, operator, value, where)


def readable_field(info: TypeInfo, name: str) -> FieldInfo:
    """The field by plain or qualified name; Invalid when there is none that the person may read."""
    found = info.find(name)
    if found is None or found.name not in info.readable(context.principal()):
        raise invalid(why_missing(info, name), name)
    return found


def _by_kind(
    one: FieldInfo, column: ColumnElement[Any], operator: str, value: Any, where: Where
) -> ColumnElement[bool]:
    name = one.name
    if one.kind == "link":
        if operator == "me":
            return column == context.principal().user_id
        if operator == "my_team":
            return _of_my_team(one, column)
        return _compare_ids(one, column, operator, value, link_id_of)
    if one.kind == "record":
        if operator not in ("eq", "ne", "in", "nin"):
            raise invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)
        return _compare_ids(one, column, operator, value, record_id_of)
    if one.kind == "money":
        return _money_condition(one, column, operator, value, where)
    if one.kind == "boolean":
        wanted = truth_of(value, name)
        yes = column.is_(True)
        return yes if wanted == (operator != "ne") else or_(column.is_(False), column.is_(None))
    if one.kind in ("integer",):
        return _compare(column, operator, value, integer_of, name)
    if one.kind in ("number", "percent"):
        return _compare(column, operator, value, number_of, name)
    if one.kind == "date":
        if operator == "within":
            return column.between(*days_of(value, name))
        return _compare(column, operator, value, date_of, name)
    if one.kind == "moment":
        return _moment_condition(column, operator, value, name)
    if one.kind == "choice":
        return _compare(column, operator, value, text_of, name)
    if one.kind == "multichoice":
        return _multichoice_condition(column, operator, value, name)
    if one.kind == "json":
        raise invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)
    return _text_condition(column, operator, value, name)


def _compare_ids(
    one: FieldInfo, column: ColumnElement[Any], operator: str, value: Any, read: Callable[[Any, str], int]
) -> ColumnElement[bool]:
    """Ids of records; one that became part of another stands for the one that remains."""
    if operator not in ("eq", "ne", "in", "nin") or not leads.leads_on(one):
        return _compare(column, operator, value, read, one.name)
    ids = [read(said, one.name) for said in (values_of(value, one.name) if operator in ("in", "nin") else [value])]
    now = leads.leading(ids)
    meant = [now.get(record_id, record_id) for record_id in ids]
    return _compare(column, operator, meant if operator in ("in", "nin") else meant[0], integer_of, one.name)


def _of_my_team(one: FieldInfo, column: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a link names one of the reader's teams, or somebody who is in one of them."""
    teams = context.principal().team_ids
    if one.field.to == TEAM:
        return column.in_(teams)
    if one.field.to != USER:
        raise invalid(_("%(name)s cannot be compared by %(op)r", name=one.name, op="my_team"), one.name)
    users = catalogue().get(USER).table.alias()
    return column.in_(select(users.c.id).where(users.c.team_id.in_(teams)))


def _compare(
    column: ColumnElement[Any], operator: str, value: Any, read: Callable[[Any, str], Any], name: str
) -> ColumnElement[bool]:
    if operator in ("empty", "nempty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    if operator in ("in", "nin"):
        values = [read(one, name) for one in values_of(value, name)]
        return column.in_(values) if operator == "in" else or_(column.not_in(values), column.is_(None))
    if operator == "between":
        low, high = pair_of(value, name)
        return column.between(read(low, name), read(high, name))
    wanted = read(value, name)
    if operator == "eq":
        same: ColumnElement[bool] = column == wanted
        return same
    if operator == "ne":
        return or_(column != wanted, column.is_(None))
    orders: dict[str, ColumnElement[bool]] = {
        "gt": column > wanted,
        "gte": column >= wanted,
        "lt": column < wanted,
        "lte": column <= wanted,
    }
    if operator in orders:
        return orders[operator]
    raise invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)


def _text_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    if operator in ("contains", "starts"):
        wanted = _fold(text_of(value, name).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))
        return _folded(column).like(f"%{wanted}%" if operator == "contains" else f"{wanted}%", escape="\\")
    return _compare(column, operator, value, text_of, name)


def _folded(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """Lower case on both databases; SQLite's own lower() only knows ASCII."""
    return func.kumiko_lower(column) if context.current().database.is_sqlite else func.lower(column)


def _fold(text: str) -> str:
    return text.lower()


def _money_condition(
    one: FieldInfo, column: ColumnElement[Any], operator: str, value: Any, where: Where
) -> ColumnElement[bool]:
    """Amounts compare as decimals in each row's own currency; {"value", "currency"} also fixes the currency."""
    currency = where.column(one, 1)
    code = ""
    if isinstance(value, Mapping):
        code, value = str(value.get("currency", "")).upper(), value.get("value")
    if operator == "in":
        return or_(*(_money_condition(one, column, "eq", amount, where) for amount in values_of(value, one.name)))
    places = exponent(code or company_currency())
    condition = _compare(
        column, operator, value, lambda amount, name: round(number_of(amount, name) * 10**places), one.name
    )
    return and_(condition, currency == code) if code else condition


def _moment_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    """A plain date means the whole day in the reader's zone; periods are half-open."""
    if operator in ("between", "within"):
        low, high = pair_of(value, name) if operator == "between" else map(str, days_of(value, name))
        return and_(column >= moment_of(low, name, end=False), column < moment_of(high, name, end=True))
    if operator in ("eq", "ne") and isinstance(value, str) and len(value) == 10:
        inside = and_(column >= moment_of(value, name, end=False), column < moment_of(value, name, end=True))
        return inside if operator == "eq" else not_(inside)
    end = operator in ("gt", "lte")
    if isinstance(value, str) and len(value) == 10:
        boundary = moment_of(value, name, end=end)
        return column >= boundary if operator in ("gt", "gte") else column < boundary
    return _compare(column, operator, value, lambda one, label: moment_of(one, label, end=False), name)


def _multichoice_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    """Whether one of the values is among the chosen ones, which are kept as a JSON list of texts."""
    if operator not in ("eq", "ne", "in", "nin", "contains"):
        raise invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)
    wanted = values_of(value, name) if operator in ("in", "nin") else [value]
    kept = cast(column, String)
    inside = or_(*(kept.contains(json.dumps(text_of(one, name)), autoescape=True) for one in wanted))
    return or_(not_(inside), column.is_(None)) if operator in ("ne", "nin") else inside


def _tag_condition(info: TypeInfo, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    _require_set_operator("tags", operator)
    tags = _tag if info.today is None else info.tag_rows  # type: ignore[attr-defined]
    tagged = select(tags.c.record_id)
    if operator in ("empty", "nempty"):
        inside = where.id.in_(tagged)
        return inside if operator == "nempty" else not_(inside)
    values = [text_of(one, "tags") for one in (values_of(value, "tags") if operator in ("in", "nin") else [value])]
    inside = where.id.in_(tagged.where(tags.c.value.in_(values)))
    return inside if operator in ("eq", "in", "contains") else not_(inside)


def _require_set_operator(name: str, operator: str) -> None:
    if operator not in ("eq", "ne", "in", "nin", "contains", "empty", "nempty"):
        raise invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)


def _external_condition(info: TypeInfo, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    _require_set_operator("external_id", "gt" if operator == "contains" else operator)
    ids = _external if info.today is None else info.external_rows  # type: ignore[attr-defined]
    rows = select(ids.c.record_id).where(ids.c.type_key == info.key, ids.c.system == "")
    if operator in ("empty", "nempty"):
        inside = where.id.in_(rows)
        return inside if operator == "nempty" else not_(inside)
    listed = values_of(value, "external_id") if operator in ("in", "nin") else [value]
    values = [text_of(one, "external_id") for one in listed]
    inside = where.id.in_(rows.where(ids.c.value.in_(values)))
    return not_(inside) if operator in ("ne", "nin") else inside


def _through(info: TypeInfo, one: FieldInfo, rest: str, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    if one.kind == "link":
        target = catalogue().find(one.field.to)
        if target is None:
            raise invalid(_("the module that holds %(name)r is switched off", name=one.name), one.name)
        table = target.table.alias()
        sides = {side.plugin: side.table.alias() for side in target.extensions}
        source: Any = table
        for side in target.extensions:
            source = source.outerjoin(sides[side.plugin], sides[side.plugin].c.record_id == table.c.id)
        inner = _condition(target, rest, operator, value, Where(table, sides))
        visible = rights.criterion(target, context.principal(), table=table)
        return where.column(one).in_(select(table.c.id).select_from(source).where(visible, inner))  # type: ignore[arg-type]
    if one.kind == "list":
        items = {item.name: item for item in item_fields(one)}
        name, _dot, further = rest.partition(".")
        item = items.get(name)
        if item is None or further:
            raise invalid(_("%(name)s has no part %(part)r; known: %(known)s", name=one.name, part=rest,
                             known=", ".join(items)), one.name)  # fmt: skip
        part = one.part_table.alias()
        inner = _by_kind(item, part.c[item.columns[0].name], operator, value, Where(part, {}))
        return where.id.in_(select(part.c.parent_id).where(inner))
    if one.kind == "record" and rest == "type":
        return _compare(where.column(one, 1), operator, value, text_of, f"{one.name}.type")
    raise invalid(_("%(name)r leads nowhere: it is no link", name=one.name), one.name)
