"""Conditions on records that name a record: which persons have deals, which have no open task.

    {"f": "deals.organization", "op": "has", "v": {"f": "outcome", "op": "eq", "v": "open"}}
    {"f": "organization.deals.organization", "op": "has_no"}

The path is COLLECTION.FIELD, where FIELD of the collection's records names a record of this type; a link before it
(`organization.`) asks about the linked record. Only records that the person may see count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, select

from kumiko.host import context
from kumiko.host.i18n import gettext as _
from kumiko.records import rights
from kumiko.records.catalogue import FieldInfo, TypeInfo, catalogue
from kumiko.records.filter_values import invalid

OPERATORS = ("has", "has_no")
Compile = Callable[[TypeInfo, Any, Any], ColumnElement[bool]]  # the filter language itself, with its limits


@dataclass(frozen=True)
class Relation:
    """Records of `info` name those of another type by `field` (or by `item` of that list)."""

    info: TypeInfo
    field: FieldInfo
    item: FieldInfo | None = None

    @property
    def path(self) -> str:
        """`deals.organization`, `deals.contacts.person`"""
        tail = f".{self.item.name}" if self.item is not None else ""
        return f"{self.info.collection}.{self.field.name}{tail}"


def relations_of(info: TypeInfo) -> Sequence[Relation]:
    """Records that name those of the type, as far as the acting person may read them and the naming field."""
    person = context.principal()
    found = [Relation(*one) for one in catalogue().links_to.get(info.key, ())]
    return [
        one
        for one in found
        if rights.level(one.info, person, "read") != "none"
        and one.field.name in one.info.readable(person)
        and one.field.field.filterable
    ]


def find_relation(info: TypeInfo, path: str) -> Relation | None:
    """The relation at a path, when the acting person may use it."""
    return next((one for one in relations_of(info) if one.path == path), None)


def relation_at(info: TypeInfo, path: str) -> Relation:
    """The relation at a path that may begin with a link; Invalid when there is none."""
    head, _dot, rest = path.partition(".")
    one = info.readable(context.principal()).get(info.plain(head))
    if one is not None and one.kind == "link" and rest.count(".") >= 1:
        target = catalogue().find(one.field.to)
        if target is not None:
            return relation_at(target, rest)
    found = find_relation(info, path)
    if found is None:
        raise invalid(why_none(info, path), path)
    return found


def collection_of(path: str) -> str:
    """The collection that a relation speaks of: the last word before its field that is one, else the first word."""
    words = path.split(".")[:-1]
    known = catalogue().by_collection
    return next((word for word in reversed(words) if word in known), words[0] if words else path)


def why_none(info: TypeInfo, path: str) -> str:
    """A sentence for a path at which there is no relation."""
    head = path.partition(".")[0]
    generation = context.current().generation
    if head not in catalogue().by_collection and generation is not None:
        owner = generation.find_off(head)
        if owner is not None:
            title = owner.title
            return _("%(path)r belongs to the module %(module)s, which is switched off", path=path[:80], module=title)
    known = ", ".join(one.path for one in relations_of(info)[:12])
    return _("nothing names these records by %(path)r; known: %(known)s", path=path[:80], known=known or "-")


def related(info: TypeInfo, path: str, operator: str, value: Any, where: Any, compile_: Compile) -> ColumnElement[bool]:
    """The condition in SQL; `where` says where the columns of `info` are found."""
    from kumiko.records.filters import Where  # local: cycle

    head, _dot, rest = path.partition(".")
    one = info.readable(context.principal()).get(info.plain(head))
    if one is not None and one.kind == "link" and rest.count(".") >= 1:
        target = catalogue().find(one.field.to)
        if target is not None:
            table = target.table.alias()
            inner = related(target, rest, "has", value, Where(table, {}), compile_)
            seen = rights.criterion(target, context.principal(), table=table)
            among = select(table.c.id).where(*(one for one in (seen, inner) if one is not None))
            found: ColumnElement[bool] = where.column(one).in_(among)
            return found if operator == "has" else _not_or_empty(found, where.column(one))
    naming = relation_at(info, path)
    inside: ColumnElement[bool] = where.id.in_(_naming_ids(info, naming, value, compile_))
    return inside if operator == "has" else not_(inside)


def _not_or_empty(found: ColumnElement[bool], column: ColumnElement[Any]) -> ColumnElement[bool]:
    return not_(and_(column.is_not(None), found))


def _naming_ids(info: TypeInfo, naming: Relation, value: Any, compile_: Compile) -> Any:
    from kumiko.records.filters import Where  # local: cycle

    source = naming.info
    table = source.table.alias()
    sides = {side.plugin: side.table.alias() for side in source.extensions}
    joined: Any = table
    for side in source.extensions:
        joined = joined.outerjoin(sides[side.plugin], sides[side.plugin].c.record_id == table.c.id)
    where = Where(table, sides)
    if naming.item is not None:
        part = naming.field.part_table.alias()
        joined = joined.join(part, part.c.parent_id == table.c.id)
        column: ColumnElement[Any] = part.c[naming.item.columns[0].name]
    else:
        column = where.column(naming.field)
    conditions = [rights.criterion(source, context.principal(), table=table), column.is_not(None)]
    if naming.field.kind == "record":
        conditions.append(where.column(naming.field, 1) == info.key)
    if value:
        conditions.append(compile_(source, value, where))
    return select(column).select_from(joined).where(*(one for one in conditions if one is not None))
