"""The filter language: one JSON form for lists, views, segments, exports, bulk edits and REST (design 6).

    {"and": [{"f": "outcome", "op": "eq", "v": "open"},
             {"or": [{"f": "amount", "op": "gt", "v": 9000}, {"f": "organization.city", "op": "eq", "v": "Oslo"}]}]}

Fields are checked against what the person may READ, or a hidden value could be found by bisection. A path through a
link ("organization.city") only reaches records that the person may see.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy import ColumnElement, FromClause, String, and_, cast, func, not_, or_, select, true

from kumiko.host import context
from kumiko.host.errors import Invalid
from kumiko.host.i18n import gettext as _
from kumiko.records import rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue, item_fields
from kumiko.records.models import ExternalId, Share, Tag
from kumiko.records.money import exponent
from kumiko.records.schemas import company_currency

MAX_DEPTH = 6
MAX_NODES = 60
MAX_VALUES = 1000

OPERATORS = (
    "eq", "ne", "in", "nin", "gt", "gte", "lt", "lte", "between", "contains", "starts", "empty", "nempty", "me",
)  # fmt: skip

_tag, _share, _external = Tag.__table__, Share.__table__, ExternalId.__table__


@dataclass(frozen=True)
class Where:
    """Where a compiled condition finds its columns: the base rows, and per extension plugin its side rows."""

    base: FromClause
    sides: Mapping[str, FromClause]

    def column(self, one: FieldInfo, number: int = 0) -> ColumnElement[Any]:
        source = self.sides[one.plugin] if one.extension else self.base
        return source.c[one.columns[number].name]


def parse(text: str | bytes | None) -> dict[str, Any] | None:
    """The filter as an object; Invalid when the text is no JSON object."""
    if not text:
        return None
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError as fault:
        raise _invalid(_("the filter is no JSON: %(why)s", why=str(fault))) from None
    if not isinstance(found, dict):
        raise _invalid(_("the filter must be a JSON object such as %(example)s", example='{"f":"name","op":"eq","v":"x"}'))
    return found


def compile_filter(info: TypeInfo, node: Any, where: Where) -> ColumnElement[bool]:
    """The filter as an SQL condition; Invalid with a sentence for anything it does not understand."""
    budget = [MAX_NODES]
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
    one = info.find(str(node.get("f", "")).partition(".")[0].rpartition(":")[2])
    return {one.plugin} if one is not None and one.extension else set()


def _node(info: TypeInfo, node: Any, where: Where, depth: int, budget: list[int]) -> ColumnElement[bool]:
    budget[0] -= 1
    if budget[0] < 0 or depth > MAX_DEPTH:
        raise _invalid(
            _("the filter is too large: at most %(nodes)d conditions, %(depth)d deep", nodes=MAX_NODES, depth=MAX_DEPTH)
        )
    if not isinstance(node, Mapping):
        raise _invalid(_("a condition must be an object, found %(found)r", found=str(node)[:60]))
    for word, join in (("and", and_), ("or", or_)):
        if word in node:
            if len(node) != 1 or not isinstance(node[word], list):
                raise _invalid(_("“%(word)s” holds a list of conditions and stands alone", word=word))
            parts = [_node(info, one, where, depth + 1, budget) for one in node[word]]
            return join(*parts) if parts else true()
    if "not" in node:
        inner = _node(info, node["not"], where, depth + 1, budget)
        return not_(func.coalesce(inner, False))
    unknown = set(node) - {"f", "op", "v"}
    if unknown or "f" not in node:
        raise _invalid(_("a condition is {“f”, “op”, “v”}, found %(found)s", found=", ".join(map(str, node)) or "{}"))
    operator = node.get("op", "eq")
    if not isinstance(operator, str) or operator not in OPERATORS:
        raise _invalid(_("operator %(op)r is unknown; known: %(known)s", op=operator, known=", ".join(OPERATORS)))
    return _condition(info, str(node["f"]), operator, node.get("v"), where)


def _condition(info: TypeInfo, path: str, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    name, _dot, rest = path.partition(".")
    if name == "id":
        return _compare(where.base.c.id, operator, value, _integer, path)
    if name == "external_id":
        return _external_condition(info, operator, value, where)
    one = readable_field(info, name)
    if rest:
        return _through(info, one, rest, operator, value, where)
    if not one.field.filterable:
        raise _invalid(_("lists cannot be filtered by %(name)r", name=name))
    if one.kind == "list":
        raise _invalid(_("filter by a part of %(name)r, such as %(name)s.%(part)s", name=name,
                         part=one.field.items[0].name))  # fmt: skip
    if one.kind == "tags":
        return _tag_condition(operator, value, where)
    column = where.column(one)
    if operator in ("empty", "nempty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    return _by_kind(one, column, operator, value, where)


def readable_field(info: TypeInfo, name: str) -> FieldInfo:
    """The field by plain or qualified name; Invalid when there is none that the person may read."""
    found = info.readable(context.principal()).get(name.rpartition(":")[2])
    if found is None:
        raise _invalid(
            _("there is no field %(name)r in %(what)s", name=name, what=str(info.type.label_plural).lower()), name
        )
    return found


def _by_kind(
    one: FieldInfo, column: ColumnElement[Any], operator: str, value: Any, where: Where
) -> ColumnElement[bool]:
    name = one.name
    if one.kind == "link":
        if operator == "me":
            return column == context.principal().user_id
        return _compare(column, operator, value, _link_id, name)
    if one.kind == "money":
        return _money_condition(one, column, operator, value, where)
    if one.kind == "boolean":
        wanted = _truth(value, name)
        yes = column.is_(True)
        return yes if wanted == (operator != "ne") else or_(column.is_(False), column.is_(None))
    if one.kind in ("integer",):
        return _compare(column, operator, value, _integer, name)
    if one.kind in ("number", "percent"):
        return _compare(column, operator, value, _number, name)
    if one.kind == "date":
        return _compare(column, operator, value, _date, name)
    if one.kind == "moment":
        return _moment_condition(column, operator, value, name)
    if one.kind == "choice":
        return _compare(column, operator, value, _text, name)
    if one.kind == "multichoice":
        return _multichoice_condition(column, operator, value, name)
    if one.kind == "json":
        raise _invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)
    return _text_condition(column, operator, value, name)


def _compare(
    column: ColumnElement[Any], operator: str, value: Any, read: Callable[[Any, str], Any], name: str
) -> ColumnElement[bool]:
    if operator in ("empty", "nempty"):
        return column.is_(None) if operator == "empty" else column.is_not(None)
    if operator in ("in", "nin"):
        values = [read(one, name) for one in _values(value, name)]
        return column.in_(values) if operator == "in" else or_(column.not_in(values), column.is_(None))
    if operator == "between":
        low, high = _pair(value, name)
        return column.between(read(low, name), read(high, name))
    wanted = read(value, name)
    if operator == "eq":
        return column == wanted
    if operator == "ne":
        return or_(column != wanted, column.is_(None))
    orders = {"gt": column > wanted, "gte": column >= wanted, "lt": column < wanted, "lte": column <= wanted}
    if operator in orders:
        return orders[operator]
    raise _invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)


def _text_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    if operator in ("contains", "starts"):
        wanted = _fold(_text(value, name).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_"))
        return _folded(column).like(f"%{wanted}%" if operator == "contains" else f"{wanted}%", escape="\\")
    return _compare(column, operator, value, _text, name)


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
        return or_(*(_money_condition(one, column, "eq", amount, where) for amount in _values(value, one.name)))
    places = exponent(code or company_currency())
    condition = _compare(column, operator, value, lambda amount, name: round(_number(amount, name) * 10**places), one.name)
    return and_(condition, currency == code) if code else condition


def _moment_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    """A plain date means the whole day in the reader's zone; periods are half-open."""
    if operator == "between":
        low, high = _pair(value, name)
        return and_(column >= _moment(low, name, end=False), column < _moment(high, name, end=True))
    if operator in ("eq", "ne") and isinstance(value, str) and len(value) == 10:
        inside = and_(column >= _moment(value, name, end=False), column < _moment(value, name, end=True))
        return inside if operator == "eq" else not_(inside)
    end = operator in ("gt", "lte")
    if isinstance(value, str) and len(value) == 10:
        boundary = _moment(value, name, end=end)
        return column >= boundary if operator in ("gt", "gte") else column < boundary
    return _compare(column, operator, value, lambda one, label: _moment(one, label, end=False), name)


def _multichoice_condition(column: ColumnElement[Any], operator: str, value: Any, name: str) -> ColumnElement[bool]:
    """Whether one of the values is among the chosen ones, which are kept as a JSON list of texts."""
    if operator not in ("eq", "ne", "in", "nin", "contains"):
        raise _invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)
    wanted = _values(value, name) if operator in ("in", "nin") else [value]
    kept = cast(column, String)
    inside = or_(*(kept.contains(json.dumps(_text(one, name)), autoescape=True) for one in wanted))
    return or_(not_(inside), column.is_(None)) if operator in ("ne", "nin") else inside


def _tag_condition(operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    _require_set_operator("tags", operator)
    tagged = select(_tag.c.record_id)
    if operator in ("empty", "nempty"):
        inside = where.base.c.id.in_(tagged)
        return inside if operator == "nempty" else not_(inside)
    values = [_text(one, "tags") for one in (_values(value, "tags") if operator in ("in", "nin") else [value])]
    inside = where.base.c.id.in_(tagged.where(_tag.c.value.in_(values)))
    return inside if operator in ("eq", "in", "contains") else not_(inside)


def _require_set_operator(name: str, operator: str) -> None:
    if operator not in ("eq", "ne", "in", "nin", "contains", "empty", "nempty"):
        raise _invalid(_("%(name)s cannot be compared by %(op)r", name=name, op=operator), name)


def _external_condition(info: TypeInfo, operator: str, value: Any, where: Where) -> ColumnElement[bool]:
    _require_set_operator("external_id", "gt" if operator == "contains" else operator)
    rows = select(_external.c.record_id).where(_external.c.type_key == info.key, _external.c.system == "")
    if operator in ("empty", "nempty"):
        inside = where.base.c.id.in_(rows)
        return inside if operator == "nempty" else not_(inside)
    values = [
        _text(one, "external_id")
        for one in (_values(value, "external_id") if operator in ("in", "nin") else [value])
    ]
    inside = where.base.c.id.in_(rows.where(_external.c.value.in_(values)))
    return not_(inside) if operator in ("ne", "nin") else inside


def _through(
    info: TypeInfo, one: FieldInfo, rest: str, operator: str, value: Any, where: Where
) -> ColumnElement[bool]:
    if one.kind == "link":
        target = catalogue().find(one.field.to)
        if target is None:
            raise _invalid(_("the module that holds %(name)r is switched off", name=one.name), one.name)
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
            raise _invalid(_("%(name)s has no part %(part)r; known: %(known)s", name=one.name, part=rest,
                             known=", ".join(items)), one.name)  # fmt: skip
        part = one.part_table.alias()
        inner = _by_kind(item, part.c[item.columns[0].name], operator, value, Where(part, {}))
        return where.base.c.id.in_(select(part.c.parent_id).where(inner))
    raise _invalid(_("%(name)r leads nowhere: it is no link", name=one.name), one.name)


# ------------------------------------------------------------------ values


def _values(value: Any, name: str) -> Sequence[Any]:
    if not isinstance(value, list) or not value or len(value) > MAX_VALUES:
        raise _invalid(_("%(name)s wants a list of 1 to %(limit)d values", name=name, limit=MAX_VALUES), name)
    return value


def _pair(value: Any, name: str) -> tuple[Any, Any]:
    if not isinstance(value, list) or len(value) != 2:
        raise _invalid(_("%(name)s between wants two values", name=name), name)
    return value[0], value[1]


def _text(value: Any, name: str) -> str:
    if isinstance(value, dict | list) or value is None or (isinstance(value, str) and "\x00" in value):
        raise _invalid(_("%(name)s wants a text", name=name), name)
    return str(value)


def _integer(value: Any, name: str) -> int:
    try:
        number = int(str(value).strip())
    except ValueError:
        raise _invalid(_("%(name)s wants a whole number, found %(found)r", name=name, found=str(value)[:60]), name) from None
    if abs(number) >= 2**63:
        raise _invalid(_("%(name)s: %(found)s is too large", name=name, found=number), name)
    return number


def _link_id(value: Any, name: str) -> int:
    if value == "me":
        return context.principal().user_id or 0
    return _integer(value.get("id") if isinstance(value, Mapping) else value, name)


def _number(value: Any, name: str) -> float:
    try:
        number = float(str(value).strip())
    except ValueError:
        number = float("nan")
    if number != number or abs(number) > 1e15:
        raise _invalid(_("%(name)s wants a number, found %(found)r", name=name, found=str(value)[:60]), name)
    return number


def _truth(value: Any, name: str) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "1", "yes"):
        return True
    if word in ("false", "0", "no"):
        return False
    raise _invalid(_("%(name)s wants true or false, found %(found)r", name=name, found=str(value)[:60]), name)


#: Words for days that move with the calendar; a saved view stays right tomorrow.
_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}


def _date(value: Any, name: str) -> date:
    text = str(value).strip()
    if text in _DAYS:
        return datetime.now(_zone()).date() + timedelta(days=_DAYS[text])
    if text[:1] in ("+", "-") and text[1:].rstrip("d").isdecimal() and len(text) < 7:
        return datetime.now(_zone()).date() + timedelta(days=int(text.rstrip("d")))
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _invalid(
            _("%(name)s wants a date such as 2026-11-22, or today, +7d; found %(found)r", name=name, found=text[:60]), name
        ) from None


def _moment(value: Any, name: str, *, end: bool) -> datetime:
    text = str(value).strip()
    if len(text) > 10:
        try:
            moment = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
        except ValueError:
            moment = None
        if moment is not None and moment.tzinfo is not None and 1 < moment.year < 9999:
            return moment.astimezone(UTC)
        raise _invalid(
            _("%(name)s wants a moment with zone such as 2026-11-22T09:30:00Z, found %(found)r", name=name, found=text[:60]),
            name,
        )
    day = _date(text, name)
    if not 1 < day.year < 9999:
        raise _invalid(_("%(name)s wants a day of the years 2 to 9998", name=name), name)
    day += timedelta(days=1 if end else 0)
    return datetime.combine(day, time(), _zone()).astimezone(UTC)


def _zone() -> ZoneInfo:
    from kumiko.host import settings  # local: cycle

    name = context.principal().zone or str(settings.get("host.zone", "UTC"))
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")


def _invalid(sentence: str, name: str = "filter") -> Invalid:
    return Invalid(sentence, {name: [sentence]})


