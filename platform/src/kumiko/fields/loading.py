"""Definitions, rules and layouts as every process holds them: read once per catalogue number, by one connection."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Table, and_, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from kumiko.access.models import Role
from kumiko.fields import definitions
from kumiko.fields.layouts import Layout
from kumiko.fields.record_types import CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT
from kumiko.host import context
from kumiko.host.columns import table_of
from kumiko.records.catalogue import Catalogue, TypeInfo
from kumiko.records.completion import Additions, Changed, CustomField, completed
from kumiko.records.field_names import plain_path

log = logging.getLogger("kumiko.fields")
_field, _rule, _layout = (table_of(one.model) for one in (CUSTOM_FIELD, FIELD_RULE, PAGE_LAYOUT))
_choice = next(table_of(one.model) for one in CUSTOM_FIELD.fields if one.name == "choices" and one.model)
_role = table_of(Role)
PREVIEW = "fields.preview"  # key of a context's cache: a layout to look at before it is kept
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
        return held[2]
    fields, choices, rules, layouts = rows
    made = completed(base, _additions(base, fields, choices, rules)) if fields or rules else base
    state[_LAYOUTS] = {
        (row["record_type"], row["role_key"] or ""): Layout.of(row)
        for row in layouts
        if row["role_id"] is None or row["role_key"]
    }
    state[_KEPT] = (number, rows, made)
    return made


def layout_for(info: TypeInfo, roles: Iterable[str]) -> Layout | None:
    """The layout of the first of these roles that has one, else everybody's; None when nothing was arranged."""
    shown: Layout | None = context.current().cache.get((PREVIEW, info.key))
    if shown is not None:
        return shown
    known = layouts_now()
    if not known:
        return None
    own = next((known[info.key, role] for role in roles if (info.key, role) in known), None)
    return own or known.get((info.key, ""))


def columns_for(info: TypeInfo, roles: Iterable[str]) -> tuple[str, ...]:
    """Plain names of the columns that a list starts with: of the role's layout, else everybody's, else as it comes."""
    return _chosen(info, roles, "columns") or info.list_columns


def card_fields_for(info: TypeInfo, roles: Iterable[str]) -> tuple[str, ...]:
    """Plain names of the fields that cards of boards show; empty when nobody chose any."""
    return _chosen(info, roles, "cards")


def _chosen(info: TypeInfo, roles: Iterable[str], part: str) -> tuple[str, ...]:
    found = layout_for(info, roles)
    if found is None:
        return ()
    everybody = layouts_now().get((info.key, ""))
    chosen = getattr(found, part) or (getattr(everybody, part) if everybody is not None else ())
    return tuple(plain_path(info, name) for name in chosen)


def layouts_now() -> Mapping[tuple[str, str], Layout]:
    """(type key, key of a role or "") -> layout, as of this generation's number."""
    from kumiko.records.catalogue import catalogue  # local: reads them when they are not there yet

    catalogue()
    generation = context.current().generation
    found: Mapping[tuple[str, str], Layout] = {} if generation is None else generation.state.get(_LAYOUTS, {})
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
                _layout_rows(connection),
            )
        except (OperationalError, ProgrammingError) as fault:  # its tables are not migrated yet
            log.warning("custom fields cannot be read: %s", fault.orig)
            return None


def _layout_rows(connection: Connection) -> tuple[Mapping[str, Any], ...]:
    query = (
        select(_layout, _role.c.key.label("role_key"))
        .outerjoin(_role, and_(_role.c.id == _layout.c.role_id, _role.c.deleted_at.is_(None)))
        .where(_layout.c.deleted_at.is_(None))
        .order_by(_layout.c.id)
    )
    return tuple(dict(row) for row in connection.execute(query).mappings())


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
