"""Whether values that are not stored (yet) meet filters: the filters' own SQL, on one row made of the values."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any, TypeVar

from sqlalchemy import case, cast, literal, null, select

from kumiko.host import context
from kumiko.host.scoping import trusted
from kumiko.records import forms
from kumiko.records.catalogue import catalogue
from kumiko.records.filters import Where, compile_filter

Key = TypeVar("Key", bound=Hashable)


def matching_filters(type_key: str, values: Mapping[str, Any], nodes: Mapping[Key, Any]) -> list[Key]:
    """Keys of the filters that a record with these values would meet; one statement for all.

    Values are Python values by field name, links are ids; fields that are not given are empty, those of extensions and
    rows of lists always are. Invalid when a filter is none of this type, or names such a field.
    """
    info = catalogue().get(type_key)
    given: dict[str, Any] = {}
    for name, value in values.items():
        one = info.find(name)
        if one is not None and not one.extension and not one.is_many:
            forms.put_columns(one, value, given)
    columns = [_value(given.get(column.name), column.type).label(column.name) for column in info.table.columns]
    row = select(*columns).subquery("tried")
    where = Where(row, {side.plugin: side.table for side in info.extensions})
    tests = [case((compile_filter(info, node, where), 1), else_=0) for node in nodes.values()]
    if not tests:
        return []
    found = trusted(select(*tests).select_from(row)).one()
    return [key for key, answer in zip(nodes, found, strict=True) if answer]


def _value(value: Any, kind: Any) -> Any:
    if value is None:
        return cast(null(), kind)
    if context.current().database.is_sqlite:
        return literal(value, kind)  # a cast would make a number of a moment there
    return cast(literal(value, kind), kind)
