"""Definitions, rules and layouts as every process holds them: read once per catalogue number, by one connection."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from kumiko.fields import definitions
from kumiko.fields.layouts import Layout
from kumiko.fields.record_types import CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.records.catalogue import Catalogue, TypeInfo
from kumiko.records.completion import Additions, Changed, CustomField, completed

log = logging.getLogger("kumiko.fields")
_field, _rule, _layout = (table_of(one.model) for one in (CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT))
_choice = next(table_of(one.model) for one in CUSTOM_FIELD.fields if one.name == "choices" and one.model)
_KEPT = "records_now"
_LAYOUTS = "fields.layouts"
Rows = tuple[tuple[Mapping[str, Any], ...], ...]


def complete(generation: Any) -> Catalogue:
    """The catalogue of this generation's number; the same object as before when nothing was made meanwhile."""
    state, number = generation.state, generation.numbers.catalogue
    base: Catalogue = state["records"]
    rows = _read()
    if rows is None:
        return base
    held = state.get(_KEPT)
    if held is not None and held[1] == rows:
        state[_KEPT] = (number, rows, held[2])
        return held[2]  # type: ignore[no-any-return]
    fields, choices, rules, layouts = rows
    made = completed(base, _additions(base, fields, choices, rules)) if fields or rules else base
    state[_LAYOUTS] = {(row["record_type"], row["role_id"]): Layout.of(row) for row in layouts}
    state[_KEPT] = (number, rows, made)
    return made


def layouts_now() -> Mapping[tuple[str, int | None], Layout]:
    """(type key, id of a role or None) -> layout, as of this generation's number."""
    from kumiko.records.catalogue import catalogue  # local: reads them when they are not there yet

    catalogue()
    generation = context.current().generation
    found: Mapping[tuple[str, int | None], Layout] = {} if generation is None else generation.state.get(_LAYOUTS, {})
    return found


def _read() -> Rows | None:
    # A connection of its own: what an open transaction has not committed must not be kept for everybody.
    reason = "everybody works with the fields that definitions describe"
    with context.unscoped(reason), context.current().database.reader.connect() as connection:
        try:
            return (
                _rows(connection, _field, "position", "id"),
                _rows(connection, _choice, "parent_id", "position", "id"),
                _rows(connection, _rule, "id"),
                _rows(connection, _layout, "id"),
            )
        except (OperationalError, ProgrammingError) as fault:  # its tables are not migrated yet
            log.warning("custom fields cannot be read: %s", fault.orig)
            return None


def _rows(connection: Connection, table: Table, *order: str) -> tuple[Mapping[str, Any], ...]:
    query = select(table)
    if "deleted_at" in table.c:
        query = query.where(table.c.deleted_at.is_(None))
    # A definition without a position stands behind the others, in the order in which they were made.
    keys = [table.c[name].is_(None) for name in order if table.c[name].nullable] + [table.c[name] for name in order]
    return tuple(dict(row) for row in connection.execute(query.order_by(*keys)).mappings())


def _additions(base: Catalogue, fields: Any, choices: Any, rules: Any) -> dict[str, Additions]:
    offered: dict[int, list[Mapping[str, Any]]] = {}
    for row in choices:
        offered.setdefault(row["parent_id"], []).append(row)
    made: dict[str, list[CustomField]] = {}
    for row in fields:
        if row["key"] and row["kind"]:
            made.setdefault(row["record_type"], []).append(definitions.custom_field(row, offered.get(row["id"], ())))
    changes: dict[str, dict[str, Changed]] = {}
    for row in rules:
        info = base.find(row["record_type"])
        if info is not None:
            changes.setdefault(info.key, {})[info.plain(row["field"])] = _changed(info, row)
    return {
        key: Additions(fields=tuple(made.get(key, ())), changes=changes.get(key, {}))
        for key in {*made, *changes} if base.find(key) is not None
    }  # fmt: skip


def _changed(info: TypeInfo, row: Mapping[str, Any]) -> Changed:
    one = info.find(row["field"])
    default = None
    if one is not None and row["default"]:
        default = definitions.with_default(one.field, row["default"]).default
    return Changed(required=bool(row["required"]), default=default, rule=definitions.rule_of(row))
